//! Elements of XML within free text.

use std::collections::HashMap;
use std::ops::Range;

use super::decisions::Decisions;
use super::stack;

/// The longest name of a tag that is looked at, and the longest tag.
const LONGEST_NAME: usize = 128;
const LONGEST_TAG: usize = 1024;
/// How far before a name in a tag the tag may begin.
const TAG_REACH: usize = 128;

/// Where the last closing tag of each name stands; found when first asked for. So no text is read to its end for each
/// of many elements that are never closed.
#[derive(Default)]
pub(super) struct Closings<'a>(Option<HashMap<&'a [u8], usize>>);

impl<'a> Closings<'a> {
    fn last(&mut self, src: &'a [u8], name: &[u8]) -> Option<usize> {
        let found = self.0.get_or_insert_with(|| {
            let opens = |(at, pair): (usize, &[u8])| (pair == b"</").then(|| (name_at(src, at + 2), at));
            src.windows(2).enumerate().filter_map(opens).collect()
        });
        found.get(name).copied()
    }
}

/// True where a tag with a secret's name begins.
pub(super) fn is_secret(src: &[u8], at: usize, names: &Decisions<'_>) -> bool {
    let name = name_at(src, at + 1);
    name.first().is_some_and(|b| b.is_ascii_alphabetic() || *b >= 0x80)
        && names.is_secret(local(name))
        // A path of Rust: `<app::Password as Secret>`
        && !name.windows(2).any(|pair| pair == b"::")
        && !name.windows(stack::PATH.len()).any(|part| part == stack::PATH.as_bytes())
}

/// What stands in the secret element that opens at `at`.
pub(super) fn content<'a>(
    src: &'a [u8],
    at: usize,
    cut: bool,
    closings: &mut Closings<'a>,
) -> Option<Range<usize>> {
    let name = name_at(src, at + 1);
    let start = tag_end(src, at + 1 + name.len())?;
    let end = match closings.last(src, name) {
        Some(last) if last >= start => closing(src, start, last, name),
        // Never closed: it may be no element, but a word for one, or `Option<Token>`.
        _ if is_prose(src, at, start) => return None,
        _ if cut => src.len(),
        _ => word_end(src, start),
    };
    let shown = src.get(start..end)?;
    (!shown.trim_ascii().is_empty()).then_some(start..end)
}

/// What follows a tag that holds a secret's name, which ends at `at`: `<entry key="password">x`.
pub(super) fn named_content(src: &[u8], at: usize) -> Option<Range<usize>> {
    let head = src.get(at.saturating_sub(TAG_REACH)..at)?;
    let open = head.iter().rposition(|b| matches!(b, b'<' | b'>'))?;
    if head.get(open) != Some(&b'<') || !head.get(open + 1).is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let quoted = src.get(at..)?.iter().take_while(|b| matches!(b, b'"' | b'\'' | b'\\')).count();
    let start = tag_end(src, at + quoted)?;
    let rest = src.get(start..)?;
    let shown = rest.get(..rest.iter().position(|b| *b == b'<').unwrap_or(rest.len()))?;
    (!shown.trim_ascii().is_empty()).then_some(start..start + shown.len())
}

fn name_at(src: &[u8], at: usize) -> &[u8] {
    let rest = src.get(at..).unwrap_or_default();
    let part = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':' | 0x80..);
    rest.get(..rest.iter().take(LONGEST_NAME).take_while(part).count()).unwrap_or_default()
}

fn local(name: &[u8]) -> &[u8] {
    name.rsplit(|b| *b == b':').next().unwrap_or_default()
}

/// Just past the tag whose name ends at `from`. None where nothing stands in its element.
fn tag_end(src: &[u8], from: usize) -> Option<usize> {
    let rest = src.get(from..src.len().min(from + LONGEST_TAG))?;
    let mut quote = None;
    for (at, &b) in rest.iter().enumerate() {
        match (quote, b) {
            (None, b'>') => return (rest.get(..at)?.last() != Some(&b'/')).then_some(from + at + 1),
            (None, b'<') => return None,
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(q), b) if q == b => quote = None,
            _ => {}
        }
    }
    // A quote that never closes is an apostrophe.
    rest.iter().position(|b| *b == b'>').map(|at| from + at + 1)
}

/// Where the closing tag of the element stands; the last of its name where they do not come out even.
fn closing(src: &[u8], start: usize, last: usize, name: &[u8]) -> usize {
    let mut depth = 1_usize;
    let inside = src.get(start..last).unwrap_or_default();
    for at in inside.iter().enumerate().filter(|(_, b)| **b == b'<').map(|(at, _)| start + at) {
        if src.get(at + 1) == Some(&b'/') && name_at(src, at + 2) == name {
            depth -= 1;
        } else if name_at(src, at + 1) == name && tag_end(src, at + 1 + name.len()).is_some() {
            depth += 1;
        }
        if depth == 0 {
            return at;
        }
    }
    last
}

/// True where what follows a tag, from `start` on, does not look like the content of an element.
fn is_prose(src: &[u8], at: usize, start: usize) -> bool {
    let rest = src.get(start..).unwrap_or_default();
    let Some(first) = rest.first().copied() else { return true };
    let is_type = at > 0 && src.get(at - 1).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    matches!(first, b',' | b'.' | b';' | b':' | b')' | b']' | b'}' | b'|')
        || rest.starts_with(stack::PATH.as_bytes())
        || (is_type && !first.is_ascii_alphanumeric())
}

fn word_end(src: &[u8], start: usize) -> usize {
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'<' | b'>' | b'"' | b'\'' | b'`');
    let rest = src.get(start..).unwrap_or_default();
    start + rest.iter().position(ends).unwrap_or(rest.len())
}
