//! Values in free text: what stands behind `name:` or `name=`.

use std::ops::Range;

use super::MASK;

/// A value, without its quotes.
pub(super) struct Value {
    pub(super) range: Range<usize>,
    pub(super) quoted: bool,
}

/// The value behind the separator at `pos`.
pub(super) fn value_after(src: &[u8], pos: usize) -> Option<Value> {
    let colon = src.get(pos) == Some(&b':');
    let rest = src.get(pos + 1..)?;
    let operator = rest.iter().take(2).take_while(|b| matches!(b, b'=' | b'>' | b'~')).count();
    let blanks = |b: &&u8| matches!(b, b' ' | b'\t' | b'\\') || (colon && matches!(b, b'\n' | b'\r'));
    let skipped = rest.get(operator..)?.iter().take_while(blanks).count();
    let mut start = pos + 1 + operator + skipped;
    // `b'x'`, `r"x"`
    if matches!(src.get(start..start + 2), Some([b'b' | b'r' | b'f' | b'u' | b'@' | b'$', b'"' | b'\''])) {
        start += 1;
    }
    let rest = src.get(start..)?;
    let first = *rest.first()?;
    if matches!(first, b'"' | b'\'' | b'`') {
        let slashes = src.get(..start)?.iter().rev().take(16).take_while(|b| **b == b'\\').count();
        let triple = rest.get(..3).is_some_and(|q| q.iter().all(|b| *b == first));
        let open = start + if triple { 3 } else { 1 };
        let end = quote_end(src, open, first, slashes, triple);
        return Some(Value { range: open..end, quoted: true });
    }
    if matches!(first, b'{' | b'[' | b'(') && !rest.starts_with(MASK) {
        return Some(Value { range: start..bracket_end(src, start), quoted: true });
    }
    if rest.starts_with(MASK) {
        return Some(Value { range: start..start + MASK.len(), quoted: false });
    }
    let to_line_end = colon && skipped > 0;
    Some(bare(src, start, to_line_end))
}

/// Where a quoted value ends: at a quote with no more backslashes before it than the opening one had.
fn quote_end(src: &[u8], open: usize, quote: u8, slashes: usize, triple: bool) -> usize {
    let mut before = 0;
    for (at, &b) in src.iter().enumerate().skip(open) {
        if b == b'\\' {
            before += 1;
            continue;
        }
        let closes = b == quote && (before <= slashes || before % 2 == 0 && slashes == 0);
        if closes && (!triple || src.get(at..at + 3).is_some_and(|q| q.iter().all(|b| *b == quote))) {
            return at - before.min(slashes);
        }
        before = 0;
    }
    src.len()
}

/// Just past the bracket that closes the one at `open`; the end of the text where none does.
pub(super) fn bracket_end(src: &[u8], open: usize) -> usize {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, &b) in src.iter().enumerate().skip(open) {
        match (quote, b) {
            _ if escaped => escaped = false,
            (_, b'\\') => escaped = true,
            (Some(q), b) if q == b => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(b),
            (None, b'{' | b'[' | b'(') => depth += 1,
            (None, b'}' | b']' | b')') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    src.len()
}

/// A value without quotes. It ends where something else clearly begins, so that `p&q` is one password and
/// `a&b=c` is two fields.
fn bare(src: &[u8], start: usize, to_line_end: bool) -> Value {
    let rest = src.get(start..).unwrap_or_default();
    let (mut start, mut to_line_end) = (start, to_line_end);
    // `Authorization: Bearer x` keeps its scheme.
    let word = rest.iter().take(20).take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
    if rest.get(word) == Some(&b' ') && is_scheme(rest.get(..word).unwrap_or_default()) {
        start += word + 1;
        to_line_end = true;
    }
    let mut at = start;
    while let Some(&b) = src.get(at) {
        let rest = src.get(at + 1..).unwrap_or_default();
        let next = rest.first().copied().unwrap_or(b' ');
        let parted = next.is_ascii_whitespace()
            || matches!(next, b',' | b';' | b'}' | b']' | b')' | b'"' | b'\'' | b'<');
        match b {
            b'\n' | b'\r' => break,
            b' ' | b'\t' if !to_line_end => break,
            b'&' | b';' | b',' if next.is_ascii_whitespace() || begins_field(rest) => break,
            b'"' | b'\'' | b'}' | b']' | b')' | b'<' | b'>' | b'`' if parted => break,
            b'<' if next == b'/' => break,
            b'(' | b'{' | b'[' => at = bracket_end(src, at).max(at + 1) - 1,
            _ => {}
        }
        at += 1;
    }
    let blanks = src.get(start..at).unwrap_or_default().iter().rev().take_while(|b| b.is_ascii_whitespace());
    Value { range: start..at - blanks.count(), quoted: false }
}

/// True where `name=` or `"name":` follows.
fn begins_field(rest: &[u8]) -> bool {
    let part = |b: &&u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'_' | b'-' | b'.' | b'%' | b'[' | b']' | b'"' | b'\'' | b'+')
    };
    let name = rest.iter().take(64).take_while(part).count();
    name > 0 && matches!(rest.get(name), Some(b'=' | b':'))
}

pub(super) fn is_scheme(word: &[u8]) -> bool {
    [
        "bearer",
        "basic",
        "digest",
        "negotiate",
        "ntlm",
        "token",
        "apikey",
        "aws4-hmac-sha256",
        "hoba",
        "mutual",
    ]
    .iter()
    .chain(&[
        "scram-sha-1",
        "scram-sha-256",
        "vapid",
        "dpop",
        "hawk",
        "signature",
        "gnap",
        "jwt",
        "key",
        "oauth",
    ])
    .any(|scheme| word.eq_ignore_ascii_case(scheme.as_bytes()))
}

pub(super) fn is_literal(shown: &[u8]) -> bool {
    ["null", "true", "false", "none", "nil", "undefined", "nan"]
        .iter()
        .any(|literal| shown.trim_ascii().eq_ignore_ascii_case(literal.as_bytes()))
}
