//! Escapes of JSON strings, both ways.

use crate::exchange::must_escape;

/// True where the text begins with a character beyond ASCII that must be escaped.
pub(super) fn begins_with_acting(text: &[u8]) -> bool {
    if !matches!(text, [0xC2 | 0xD8, ..] | [0xE2, 0x80 | 0x81, ..]) {
        return false;
    }
    let head = text.get(..text.len().min(4)).unwrap_or_default();
    head.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()).is_some_and(must_escape)
}

fn push_unit(unit: u16, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        out.push(HEX.get(usize::from(unit >> shift & 15)).copied().unwrap_or(b'0'));
    }
}

/// Copies what stands between the quotes of a JSON string, with those characters escaped that must be.
pub(super) fn push_visible(content: &[u8], out: &mut Vec<u8>) {
    let mut copied = 0;
    for (at, &b) in content.iter().enumerate() {
        if !matches!(b, 0x7F | 0xC2 | 0xD8 | 0xE2) {
            continue;
        }
        let rest = content.get(at..content.len().min(at + 4)).unwrap_or_default();
        let Some(c) = rest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()) else {
            continue;
        };
        if must_escape(c) {
            out.extend_from_slice(content.get(copied..at).unwrap_or_default());
            push_unit(u16::try_from(u32::from(c)).unwrap_or(0xFFFD), out);
            copied = at + c.len_utf8();
        }
    }
    out.extend_from_slice(content.get(copied..).unwrap_or_default());
}

/// Writes text as the content of a JSON string.
pub(super) fn push_escaped(text: &[u8], out: &mut Vec<u8>) {
    let mut from = 0;
    for (at, &b) in text.iter().enumerate() {
        if b >= 0x20 && b != b'"' && b != b'\\' {
            continue;
        }
        push_visible(text.get(from..at).unwrap_or_default(), out);
        match b {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => push_unit(u16::from(b), out),
        }
        from = at + 1;
    }
    push_visible(text.get(from..).unwrap_or_default(), out);
}

/// Reads four hex digits.
pub(super) fn hex4(digits: &[u8]) -> Option<u16> {
    let digits = digits.get(..4)?;
    digits
        .iter()
        .try_fold(0_u16, |unit, &b| Some(unit << 4 | u16::try_from(char::from(b).to_digit(16)?).unwrap_or(0)))
}

/// Takes the escapes out of a string's content. Lenient: unknown escapes stand for themselves, lone surrogates
/// become U+FFFD, an escape cut off at the end is dropped.
pub(super) fn unescape(content: &[u8], out: &mut Vec<u8>) {
    let mut rest = content;
    while let Some(at) = rest.iter().position(|&b| b == b'\\') {
        let (run, tail) = rest.split_at(at);
        out.extend_from_slice(run);
        let mut push = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        let Some(&kind) = tail.get(1) else { return };
        let mut used = 2;
        match kind {
            b'n' => push('\n'),
            b'r' => push('\r'),
            b't' => push('\t'),
            b'b' => push('\u{8}'),
            b'f' => push('\u{C}'),
            // `{:?}` of Rust: `\u{200b}`
            b'u' if tail.get(2) == Some(&b'{') => {
                let digits = tail.get(3..).unwrap_or_default();
                let digits =
                    digits.get(..digits.iter().take(6).take_while(|b| b.is_ascii_hexdigit()).count());
                let digits = digits.and_then(|digits| str::from_utf8(digits).ok()).unwrap_or_default();
                let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
                if let (Some(character), Some(b'}')) = (character, tail.get(3 + digits.len())) {
                    push(character);
                    used = digits.len() + 4;
                }
            }
            b'u' => match tail.get(2..).and_then(hex4) {
                Some(unit) => {
                    used = 6;
                    let low = tail.get(6..).and_then(|t| t.strip_prefix(b"\\u")).and_then(hex4);
                    match (unit, low) {
                        (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => {
                            used = 12;
                            let code =
                                0x10000 + ((u32::from(unit) - 0xD800) << 10) + (u32::from(low) - 0xDC00);
                            push(char::from_u32(code).unwrap_or('\u{FFFD}'));
                        }
                        _ => push(char::from_u32(u32::from(unit)).unwrap_or('\u{FFFD}')),
                    }
                }
                // Cut inside the escape: what follows is its own digits.
                None if tail.len() < 6 => return,
                None => {}
            },
            b'x' => {
                let code = tail.get(2..4).and_then(|d| std::str::from_utf8(d).ok());
                if let Some(code) = code.and_then(|d| u8::from_str_radix(d, 16).ok()) {
                    used = 4;
                    push(char::from(code));
                }
            }
            other => out.push(other),
        }
        rest = tail.get(used..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}
