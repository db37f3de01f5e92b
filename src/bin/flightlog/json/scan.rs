//! Where what stands in a line ends.

use memchr::memchr2;

/// Where the string that begins at `at` ends, behind its quote.
pub(crate) fn string_end(text: &[u8], at: usize) -> Option<usize> {
    if *text.get(at)? != b'"' {
        return None;
    }
    let mut at = at + 1;
    loop {
        at += special(text.get(at..)?)?;
        if *text.get(at)? == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Where the first quote or backslash is. Most strings are so short that a call of a search costs more than it saves: their
/// bytes are looked at eight at a time here.
#[inline(always)]
pub(crate) fn special(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    let mut passed = 0;
    while let Some((word, tail)) = rest.split_first_chunk::<8>()
        && passed < 32
    {
        let word = u64::from_le_bytes(*word);
        let found = byte_in(word, b'"') | byte_in(word, b'\\');
        if found != 0 {
            return Some(passed + found.trailing_zeros() as usize / 8);
        }
        passed += 8;
        rest = tail;
    }
    memchr2(b'"', b'\\', rest).map(|at| passed + at)
}

/// The highest bit of the first byte of a word that is this one; those above it may be set for no reason.
#[inline(always)]
fn byte_in(word: u64, byte: u8) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let zero = word ^ (LOW * u64::from(byte));
    zero.wrapping_sub(LOW) & !zero & (LOW << 7)
}

/// Where the first quote, brace or bracket is.
#[inline(always)]
fn structure(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*word);
        // Brackets differ from braces in this bit alone.
        let folded = word | 0x2020_2020_2020_2020;
        let found = byte_in(word, b'"') | byte_in(folded, b'{') | byte_in(folded, b'}');
        if found != 0 {
            return Some(text.len() - rest.len() + found.trailing_zeros() as usize / 8);
        }
        rest = tail;
    }
    let at = rest.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))?;
    Some(text.len() - rest.len() + at)
}

/// Where the value that begins at `at` ends.
pub(super) fn value_end(text: &[u8], at: usize) -> Option<usize> {
    match *text.get(at)? {
        b'"' => string_end(text, at),
        b'{' | b'[' => nested_end(text, at),
        b',' | b'}' | b']' | b':' => None,
        _ => {
            let rest = text.get(at..)?;
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n');
            Some(at + rest.iter().position(ends)?)
        }
    }
}

/// The value that begins at `at`; nothing where none does.
pub(crate) fn value_at(text: &[u8], at: usize) -> &[u8] {
    value_end(text, at).and_then(|end| text.get(at..end)).unwrap_or_default()
}

/// Where an object or array ends. Depth is counted, not recursed into.
fn nested_end(text: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        at += structure(text.get(at..)?)?;
        match *text.get(at)? {
            b'"' => at = string_end(text, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            _ => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
    }
}

/// The items of an array as they are written.
pub(crate) fn items(array: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let space = |at: &mut usize| {
            while matches!(array.get(*at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
                *at += 1;
            }
        };
        space(&mut at);
        if !matches!(array.get(at)?, b'[' | b',') {
            return None;
        }
        at += 1;
        space(&mut at);
        let from = at;
        at = value_end(array, at)?;
        array.get(from..at)
    })
}
