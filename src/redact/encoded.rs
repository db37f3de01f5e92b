//! Percent-encoded words within free text: a URL, a query or JSON in what stands for one value.

use std::ops::Range;

/// The word around the escape at `at`; None where that is no escape. The word does not begin before `floor`.
pub(super) fn word(src: &[u8], at: usize, floor: usize) -> Option<Range<usize>> {
    let digits = src.get(at + 1..at + 3)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let before = src.get(floor..at)?.iter().rev().take_while(|b| is_part(**b)).count();
    let behind = src.get(at..)?.iter().take_while(|b| is_part(**b)).count();
    Some(at - before..at + behind)
}

/// What is not escaped in a value, without the delimiters of URLs and queries.
fn is_part(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'%' | b'_' | b'-' | b'.' | b'~' | b'+' | b'*' | b'!')
}
