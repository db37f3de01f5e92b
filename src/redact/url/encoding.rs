//! Percent-encoding (RFC 3986 section 2.1).

use std::borrow::Cow;

use super::NESTING;

/// True where something is percent-encoded.
pub(super) fn is_encoded(src: &[u8]) -> bool {
    src.windows(3).any(|w| matches!(w, [b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()))
}

/// Percent-decodes once, `+` is a blank. Invalid escapes stay.
pub(super) fn decode(src: &[u8]) -> Cow<'_, [u8]> {
    if !src.iter().any(|b| matches!(b, b'%' | b'+')) {
        return Cow::Borrowed(src);
    }
    let mut out = Vec::with_capacity(src.len());
    let mut bytes = src.iter().enumerate();
    while let Some((i, &b)) = bytes.next() {
        let escaped = if b == b'%' { src.get(i + 1..i + 3) } else { None };
        let code = escaped
            .filter(|e| e.iter().all(u8::is_ascii_hexdigit))
            .and_then(|e| std::str::from_utf8(e).ok())
            .and_then(|e| u8::from_str_radix(e, 16).ok());
        match code {
            Some(code) => {
                out.push(code);
                bytes.nth(1);
            }
            None => out.push(if b == b'+' { b' ' } else { b }),
        }
    }
    Cow::Owned(out)
}

/// A name with percent-encoding taken off as often as somebody may have put it on.
pub(in super::super) fn decode_name(name: &[u8]) -> Cow<'_, [u8]> {
    let mut name = decode(name);
    for _ in 0..NESTING {
        if !name.contains(&b'%') {
            break;
        }
        name = Cow::Owned(decode(&name).into_owned());
    }
    name
}
