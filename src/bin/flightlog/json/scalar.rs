//! What strings and numbers say.

use std::borrow::Cow;

use memchr::memchr;

/// A value as text: a string without its quotes, anything else as it is written.
pub(crate) fn text(value: &[u8]) -> Cow<'_, str> {
    match value {
        [b'"', inner @ .., b'"'] => unescape(inner),
        other => lossy(other),
    }
}

/// The value of a number.
pub(crate) fn number(value: &[u8]) -> Option<f64> {
    str::from_utf8(value).ok()?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The value of a whole number that is not negative; of any other number the whole part.
#[inline]
pub(crate) fn whole(value: &[u8]) -> Option<u64> {
    if !value.is_empty() && value.len() < 19 && value.iter().all(u8::is_ascii_digit) {
        return Some(value.iter().fold(0, |number, byte| number * 10 + u64::from(byte - b'0')));
    }
    number(value).filter(|number| *number >= 0.0).map(|number| number as u64)
}

/// Text, U+FFFD for what is none. Nearly all is text, which is found out faster by asking nothing else.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// What a string says, given without its quotes. What is no character becomes U+FFFD.
pub(crate) fn unescape(inner: &[u8]) -> Cow<'_, str> {
    let mut rest = lossy(inner);
    if memchr(b'\\', inner).is_none() {
        return rest;
    }
    let written = rest.to_mut().as_str();
    let mut said = String::with_capacity(written.len());
    let mut left = written;
    while let Some((before, after)) = left.split_once('\\') {
        said.push_str(before);
        let mut chars = after.chars();
        left = match chars.next() {
            Some('u') => {
                let (c, length) = unicode(chars.as_str());
                said.push(c);
                chars.as_str().get(length..).unwrap_or_default()
            }
            Some(c) => {
                said.push(match c {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    other => other,
                });
                chars.as_str()
            }
            None => "",
        };
    }
    said.push_str(left);
    said.into()
}

/// The character that four hexadecimal digits mean, or twelve with `\u` between them, and how many bytes say so.
fn unicode(text: &str) -> (char, usize) {
    let unit = |text: Option<&str>| u32::from_str_radix(text?, 16).ok();
    let Some(first) = unit(text.get(..4)) else { return ('\u{fffd}', 0) };
    if (0xd800..0xdc00).contains(&first)
        && let Some(second) = text.get(4..6).filter(|mark| *mark == "\\u").and(unit(text.get(6..10)))
        && (0xdc00..0xe000).contains(&second)
    {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(code).unwrap_or('\u{fffd}'), 10);
    }
    (char::from_u32(first).unwrap_or('\u{fffd}'), 4)
}

/// A key without its escapes.
pub(super) fn unescape_key(key: &[u8]) -> Cow<'_, [u8]> {
    match memchr(b'\\', key) {
        None => Cow::Borrowed(key),
        Some(_) => Cow::Owned(unescape(key).into_owned().into_bytes()),
    }
}
