//! Sixteen bytes at a time: where a string ends, and whether any byte in it calls for a closer look.
//!
//! Words of eight bytes are compared at once with the usual carry tricks. A mark may be wrong only above a right
//! one, so the first is always right; callers use the first, or look at the byte again.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Sixteen bytes, the first lowest.
#[derive(Clone, Copy)]
pub(super) struct Chunk(pub(super) u128);

impl Chunk {
    /// The chunk at `at`, or what is left of it, filled up with blanks.
    #[inline]
    pub(super) fn load(src: &[u8], at: usize) -> Self {
        match src.get(at..).and_then(<[u8]>::first_chunk) {
            Some(chunk) => Self(u128::from_le_bytes(*chunk)),
            None => Self::load_rest(src, at),
        }
    }

    #[inline(never)]
    fn load_rest(src: &[u8], at: usize) -> Self {
        let mut chunk = [b' '; 16];
        chunk.iter_mut().zip(src.get(at..).unwrap_or_default()).for_each(|(to, from)| *to = *from);
        Self(u128::from_le_bytes(chunk))
    }

    /// How many bytes come before the first quote, backslash or control character; 16 where there is none.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // halves
    pub(super) fn plain(self) -> usize {
        let low = stops(self.0 as u64);
        if low != 0 {
            return low.trailing_zeros() as usize / 8;
        }
        // 64 / 8 is 8 where there is none.
        8 + stops((self.0 >> 64) as u64).trailing_zeros() as usize / 8
    }

    /// Only the first `n` bytes, `n` at most 15.
    #[inline]
    pub(super) fn head(self, n: usize) -> Self {
        Self(self.0 & ((1_u128 << (8 * n)) - 1))
    }

    /// True where a byte is DEL or belongs to a character beyond ASCII.
    #[inline]
    pub(super) fn is_wide(self) -> bool {
        self.0 & u128::from_le_bytes([0x80; 16]) != 0 || any(self.0, |b| b == 0x7F)
    }

    /// True where a byte is there that every value detector needs one of.
    #[inline]
    pub(super) fn is_marked(self) -> bool {
        any(self.0, is_mark) || self.has_digits()
    }

    /// Four digits in a row in one half. Each card number has that, however it is grouped and wherever it begins.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // halves
    pub(super) fn has_digits(self) -> bool {
        four_digits(self.0 as u64) | four_digits((self.0 >> 64) as u64) != 0
    }
}

/// The bytes `detect` and `text` hang on, but for digits.
#[inline(always)]
fn is_mark(b: u8) -> bool {
    // `|`, not `||`: no branches.
    (b == b'J') | (b == b'b') | (b == b'k') | (b == b'x') | (b == b'_') | (b.wrapping_sub(b':') < 9)
}

/// Written so that it becomes a few vector instructions.
#[inline(always)]
fn any(chunk: u128, is: impl Fn(u8) -> bool) -> bool {
    chunk.to_le_bytes().iter().fold(false, |found, b| found | is(*b))
}

#[inline(always)]
fn stops(x: u64) -> u64 {
    let quote = x ^ (ONES * b'"' as u64);
    let slash = x ^ (ONES * b'\\' as u64);
    let control = x.wrapping_sub(ONES * 0x20) & !x;
    (quote.wrapping_sub(ONES) & !quote | slash.wrapping_sub(ONES) & !slash | control) & HIGH
}

/// A bit where four digits in a row begin.
#[inline(always)]
fn four_digits(x: u64) -> u64 {
    let value = x ^ (ONES * b'0' as u64);
    let digits = !((value & !HIGH).wrapping_add(ONES * 0x76) | value) & HIGH;
    let two = digits & digits >> 8;
    two & two >> 16
}

/// The places of all marks in a chunk, digits once per row: one bit each, in every eighth.
#[inline]
#[allow(clippy::cast_possible_truncation)] // halves
pub(super) fn marks(chunk: Chunk) -> u128 {
    let mut marks = 0;
    if any(chunk.0, is_mark) {
        for (at, b) in chunk.0.to_le_bytes().into_iter().enumerate() {
            marks |= u128::from(is_mark(b)) << (8 * at);
        }
    }
    let once = |four: u64| (four & !(four << 8)) >> 7;
    marks
        | u128::from(once(four_digits(chunk.0 as u64)))
        | u128::from(once(four_digits((chunk.0 >> 64) as u64))) << 64
}

/// The place of the first mark.
#[inline]
pub(super) fn first(marks: u128) -> usize {
    marks.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_classed_in_every_place() {
        for b in 0..=255_u8 {
            for at in 0..16 {
                let mut bytes = [b'a'; 16];
                bytes[at] = b;
                let chunk = Chunk::load(&bytes, 0);
                let place = |is: bool| if is { at } else { 16 };
                assert_eq!(chunk.plain(), place(matches!(b, b'"' | b'\\' | 0..0x20)), "{b}");
                assert_eq!(chunk.is_wide(), b >= 0x7F, "{b}");
                let mark = matches!(b, b':'..=b'B' | b'J' | b'b' | b'k' | b'x' | b'_');
                assert_eq!((chunk.is_marked(), first(marks(chunk))), (mark, place(mark)), "{b}");
            }
        }
    }

    #[test]
    fn four_digits_in_a_row_are_marked_once_per_half() {
        let found = marks(Chunk::load(b"12 4567  2345678", 0));
        assert_eq!((first(found), found.count_ones()), (3, 2));
        assert_eq!(marks(Chunk::load(b"123 567 123a567/", 0)), 0);
    }
}
