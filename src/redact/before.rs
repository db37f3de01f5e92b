//! Where the name of a value in free text stands.

use std::ops::Range;

/// The furthest a name is looked for in front of its separator.
pub(super) const NAME_REACH: usize = 128;

/// The name in front of a separator, quoted or not.
pub(super) fn name_before(src: &[u8], pos: usize, floor: usize) -> Option<Range<usize>> {
    let head = src.get(floor..pos)?;
    let blank = |b: &&u8| matches!(b, b' ' | b'\t' | b'\\');
    let end = pos - head.iter().rev().take(8).take_while(blank).count();
    let head = src.get(floor..end)?;
    let last = *head.last()?;
    if matches!(last, b'"' | b'\'' | b'`') {
        let inner = head.get(..head.len() - 1)?;
        let slashes = inner.iter().rev().take_while(|b| **b == b'\\').take(8).count();
        let inner = inner.get(..inner.len() - slashes)?;
        let length = inner.iter().rev().take(NAME_REACH).take_while(|b| **b != last).count();
        let end = floor + inner.len();
        return (length > 0).then_some(end - length..end);
    }
    let part = |b: &&u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'_' | b'-' | b'.' | b'$' | b'[' | b']' | b'%' | b'+' | b'\\' | 0x80..)
    };
    let mut length = 0;
    while length < NAME_REACH {
        let head = head.get(..head.len() - length).unwrap_or_default();
        let more = head.iter().rev().take(NAME_REACH).take_while(part).count();
        length += more;
        // `pass\u{200b}word`
        length += match escaped_character(head.get(..head.len() - more).unwrap_or_default()) {
            0 => break,
            escape => escape,
        };
    }
    (length > 0).then_some(end - length..end)
}

/// How long the `\u{200b}` is that the text ends with.
fn escaped_character(head: &[u8]) -> usize {
    let Some(inner) = head.strip_suffix(b"}") else { return 0 };
    let digits = inner.iter().rev().take(6).take_while(|b| b.is_ascii_hexdigit()).count();
    let before = inner.get(..inner.len() - digits).unwrap_or_default();
    if digits > 0 && before.ends_with(b"\\u{") { digits + 4 } else { 0 }
}
