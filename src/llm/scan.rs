//! Eight bytes at a time, with the usual carry tricks.
//!
//! A mark is the highest bit of a byte; one may be wrong only above a right one, so the first is always right.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The place of the first byte that is marked.
#[inline(always)]
pub(crate) fn find(bytes: &[u8], marks: impl Fn(u64) -> u64) -> Option<usize> {
    let place = |marked: u64| marked.trailing_zeros() as usize / 8;
    let mut from = 0;
    let (pairs, rest) = bytes.as_chunks::<16>();
    for pair in pairs {
        let pair = u128::from_le_bytes(*pair);
        let (low, high) = (marks(pair as u64), marks((pair >> 64) as u64));
        if (low | high) & HIGH != 0 {
            let low = low & HIGH;
            return Some(from + if low != 0 { place(low) } else { 8 + place(high & HIGH) });
        }
        from += 16;
    }
    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        let marked = marks(u64::from_le_bytes(*word)) & HIGH;
        if marked != 0 {
            return Some(from + place(marked));
        }
        from += 8;
    }
    // Filled up with what nobody looks for.
    let last = match bytes.last_chunk() {
        _ if rest.is_empty() => return None,
        Some(last) => {
            let bits = 8 * rest.len() as u32;
            u64::from_le_bytes(*last) >> (64 - bits) | u64::MAX << bits
        }
        None => rest.iter().rev().fold(u64::MAX, |last, b| last << 8 | u64::from(*b)),
    };
    let marked = marks(last) & HIGH;
    (marked != 0).then(|| from + place(marked))
}

/// Marks bytes that are `b`.
#[inline(always)]
pub(crate) const fn is(word: u64, b: u8) -> u64 {
    let other = word ^ (ONES * b as u64);
    other.wrapping_sub(ONES) & !other
}

/// Marks bytes below `b`, which is 0x80 at most.
#[inline(always)]
pub(crate) const fn below(word: u64, b: u8) -> u64 {
    word.wrapping_sub(ONES * b as u64) & !word
}

/// Marks brackets and braces: each brace is its bracket with one bit more.
#[inline(always)]
pub(super) const fn is_bracket(word: u64) -> u64 {
    let word = word | (ONES * 0x20);
    is(word, b'{') | is(word, b'}')
}

#[cfg(test)]
mod tests {
    use super::{below, find, is, is_bracket};

    #[test]
    fn the_first_is_found_in_every_place() {
        for length in 0..40 {
            let mut bytes = vec![b'a'; length];
            assert_eq!(find(&bytes, |w| is(w, b'x')), None);
            for at in (0..length).rev() {
                bytes[at] = b'x';
                assert_eq!(find(&bytes, |w| is(w, b'x') | is(w, b'y')), Some(at), "{length}");
            }
        }
    }

    #[test]
    fn every_byte_is_classed() {
        for b in 0..=255_u8 {
            let found = |marks: fn(u64) -> u64| find(&[b'a', b], marks).is_some();
            assert_eq!(found(|w| is(w, b'"')), b == b'"');
            assert_eq!(found(|w| below(w, 0x0E)), b < 0x0E);
            assert_eq!(found(is_bracket), matches!(b, b'[' | b']' | b'{' | b'}'), "{b}");
        }
    }
}
