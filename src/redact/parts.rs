//! Multipart text within free text: the value of a part whose name is a secret's (RFC 7578).
//!
//! Line ends may be escaped, as `{:?}` does it, once or several times.

use std::ops::Range;

/// How much of a part's head is looked at, on either side of its name.
const HEAD: usize = 512;

/// The value of the part whose name ends at `at`; None where that is no part's name. The parameter, `name=`, begins at
/// `parameter`.
pub(super) fn value(src: &[u8], parameter: usize, at: usize) -> Option<Range<usize>> {
    // Nearly all that is called so is no parameter.
    let before = src.get(..parameter)?;
    let blanks = before.iter().rev().take(8).take_while(|b| **b == b' ').count();
    if !before.get(..before.len() - blanks)?.ends_with(b";") {
        return None;
    }
    let head = src.get(at.saturating_sub(HEAD)..at)?;
    let line = (0..head.len()).rev().find(|i| is_line_end(head, *i)).map_or(0, |end| end + 1);
    let (above, line) = head.split_at(line);
    if !says_disposition(line) {
        return None;
    }
    let start = behind_blank_line(src, at)?;
    let delimiter = delimiter(above);
    let end = (start..src.len())
        .find(|i| is_line_end(src, *i) && src.get(i + 1..).is_some_and(|rest| rest.starts_with(delimiter)))
        .map_or(src.len(), |end| line_end_from(src, end, start));
    (start < end).then_some(start..end)
}

/// A line feed, or the last byte of an escaped one.
fn is_line_end(src: &[u8], at: usize) -> bool {
    match src.get(at) {
        Some(b'\n') => true,
        Some(b'n') => at > 0 && src.get(at - 1) == Some(&b'\\'),
        _ => false,
    }
}

fn says_disposition(line: &[u8]) -> bool {
    const NAME: &[u8] = b"content-disposition";
    let begins = line.iter().enumerate().filter(|(_, b)| **b | 0x20 == b'c');
    let mut names = begins.filter_map(|(at, _)| line.get(at..at + NAME.len()));
    names.any(|name| name.eq_ignore_ascii_case(NAME))
}

fn behind_blank_line(src: &[u8], at: usize) -> Option<usize> {
    let mut line = None;
    for i in at..src.len().min(at + HEAD) {
        if is_line_end(src, i) {
            let blank = |from: usize| {
                src.get(from..i)
                    .is_some_and(|line| line.iter().all(|b| matches!(b, b'\r' | b'\n' | b'\\' | b'r')))
            };
            if line.is_some_and(blank) {
                return Some(i + 1);
            }
            line = Some(i + 1);
        }
    }
    None
}

/// The line that parts the parts, or what all such lines begin with.
fn delimiter(above: &[u8]) -> &[u8] {
    let mut end = above.len();
    for i in (0..above.len()).rev() {
        let begins = i == 0 || is_line_end(above, i - 1);
        // Behind other text the boundary may stand within its line: `body: --b`.
        if (begins || above.get(i - 1).is_some_and(|b| matches!(b, b' ' | b'"' | b'\'')))
            && above.get(i..).is_some_and(|rest| rest.starts_with(b"--"))
        {
            let line = above.get(i..end).unwrap_or_default();
            let length =
                line.iter().position(|b| b.is_ascii_whitespace() || *b == b'\\').unwrap_or(line.len());
            return line.get(..length).filter(|line| line.len() > 2).unwrap_or(b"--");
        }
        if is_line_end(above, i) {
            end = i;
        }
    }
    b"--"
}

/// Where the line end that is known by its last byte begins.
fn line_end_from(src: &[u8], last: usize, floor: usize) -> usize {
    let back = |end: usize, is: fn(u8) -> bool| {
        let head = src.get(floor..end).unwrap_or_default();
        end - head.iter().rev().take(8).take_while(|b| is(**b)).count()
    };
    if src.get(last) == Some(&b'\n') {
        return back(last, |b| b == b'\r');
    }
    let end = back(last, |b| b == b'\\');
    let carriage = end > floor && src.get(end - 1) == Some(&b'r');
    let before = if carriage { back(end - 1, |b| b == b'\\') } else { end };
    if carriage && before < end - 1 { before } else { end }
}
