//! What `{:?}` shows of types whose name is a secret's: `ApiKey("x")`, `Password { value: "x" }`.

use std::ops::Range;

use super::decisions::Decisions;
use super::names::NameClass;
use super::values::{bracket_end, value_after};

/// The longest name of a type that is looked at.
const LONGEST_NAME: usize = 64;

/// What a secret type holds in the parentheses that open at `at`. The name is not looked for before `floor`.
pub(super) fn in_parentheses(
    src: &[u8],
    at: usize,
    floor: usize,
    names: &Decisions<'_>,
) -> Option<Range<usize>> {
    let first = at + 1 + blanks(src.get(at + 1..)?);
    let rest = src.get(first..)?;
    let quoted = match rest {
        [b'"' | b'\'', ..] | [b'b', b'"', ..] => true,
        _ if rest.starts_with(b"Some(") => false,
        _ => return None,
    };
    if !names.is_secret(type_before(src.get(floor..at)?)) {
        return None;
    }
    if quoted {
        let value = value_after(src, first - 1)?.range;
        let behind = src.get(value.end..)?;
        let behind = behind.get(behind.iter().take_while(|b| **b == b'\\').count() + 1..).unwrap_or_default();
        let end = behind.iter().take(LONGEST_NAME).find(|b| !is_blank(**b) && **b != b',');
        if matches!(end, None | Some(b')')) {
            return Some(value);
        }
    }
    let close = bracket_end(src, at);
    let end = if src.get(close - 1) == Some(&b')') { close - 1 } else { close };
    Some(at + 1..end)
}

/// True where the field whose name stands at `name` is all that a secret type holds.
pub(super) fn in_braces(src: &[u8], name: &Range<usize>, class: NameClass, names: &Decisions<'_>) -> bool {
    let head = src.get(..name.start).unwrap_or_default();
    let Some(head) = before_blanks(head).strip_suffix(b"{") else { return false };
    let field = src.get(name.clone()).unwrap_or_default();
    let wraps =
        class == NameClass::PairValue || [&b"inner"[..], b"raw", b"data", b"text", b"bytes"].contains(&field);
    wraps && names.is_secret(type_before(before_blanks(head)))
}

fn is_blank(b: u8) -> bool {
    b.is_ascii_whitespace() || b == b'\\'
}

fn blanks(src: &[u8]) -> usize {
    src.iter().take(LONGEST_NAME).take_while(|b| is_blank(**b)).count()
}

fn before_blanks(head: &[u8]) -> &[u8] {
    let blanks = head.iter().rev().take(LONGEST_NAME).take_while(|b| b.is_ascii_whitespace()).count();
    head.get(..head.len() - blanks).unwrap_or_default()
}

fn type_before(head: &[u8]) -> &[u8] {
    let part = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'_';
    let length = head.iter().rev().take(LONGEST_NAME).take_while(part).count();
    head.get(head.len() - length..).unwrap_or_default()
}
