//! Sixteen bytes at a time: where a string ends, and where in a text a secret may be.
//!
//! Words of eight bytes are compared at once with the usual carry tricks. A mark may be wrong only above a right
//! one, so the first is always right; callers use the first, or look at the byte again.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Sixteen bytes, the first lowest.
#[derive(Clone, Copy)]
pub(super) struct Chunk(pub(super) u128);

impl Chunk {
    /// The chunk at `at`, or what is left of it, filled up with NULs.
    #[inline]
    pub(super) fn load(src: &[u8], at: usize) -> Self {
        match src.get(at..).and_then(<[u8]>::first_chunk) {
            Some(chunk) => Self(u128::from_le_bytes(*chunk)),
            None => Self::load_rest(src, at),
        }
    }

    #[inline(never)]
    fn load_rest(src: &[u8], at: usize) -> Self {
        let missing = (at + 16).saturating_sub(src.len()).min(16);
        if missing == 16 {
            return Self(0);
        }
        if let Some(last) = src.last_chunk() {
            return Self(u128::from_le_bytes(*last) >> (8 * missing));
        }
        let mut chunk = [0; 16];
        chunk.iter_mut().zip(src.get(at..).unwrap_or_default()).for_each(|(to, from)| *to = *from);
        Self(u128::from_le_bytes(chunk))
    }

    /// How many bytes come before the first quote, backslash or control character; 16 where there is none.
    #[inline]
    pub(super) fn plain(self) -> usize {
        self.until(stops)
    }

    /// How many bytes come before the first that is marked in its highest bit.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // halves
    fn until(self, marks: impl Fn(u64) -> u64) -> usize {
        let low = marks(self.0 as u64);
        if low != 0 {
            return low.trailing_zeros() as usize / 8;
        }
        // 64 / 8 is 8 where there is none.
        8 + marks((self.0 >> 64) as u64).trailing_zeros() as usize / 8
    }
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
    let half = |x: u64| {
        let equal = |x: u64, b: u8| {
            let y = x ^ (ONES * u64::from(b));
            y.wrapping_sub(ONES) & !y
        };
        let is = |b: u8| equal(x, b);
        // `%` and `-` differ in one bit.
        let percent_or_dash = equal(x | (ONES * 8), b'-');
        let low = x & !HIGH;
        let from_colon =
            low.wrapping_add(ONES * (0x80 - 0x3A)) & !low.wrapping_add(ONES * (0x80 - 0x43)) & !x;
        (is(b'(') | percent_or_dash | is(b'J') | is(b'b') | is(b'k') | is(b'x') | is(b'_') | from_colon)
            & HIGH
    };
    let marks = u128::from(half(chunk.0 as u64) >> 7) | u128::from(half((chunk.0 >> 64) as u64) >> 7) << 64;
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
                assert_eq!(
                    chunk.plain().min(at + 1),
                    if matches!(b, b'"' | b'\\' | 0..0x20) { at } else { at + 1 }
                );
                let mark = matches!(b, b'%' | b'(' | b'-' | b':'..=b'B' | b'J' | b'b' | b'k' | b'x' | b'_');
                assert_eq!(first(marks(chunk)), place(mark), "{b}");
            }
        }
    }

    #[test]
    fn the_last_chunk_is_filled_up() {
        let text: Vec<u8> = (1..=40).collect();
        for (length, at) in (0..=40).flat_map(|length| (0..=length + 3).map(move |at| (length, at))) {
            let src = &text[..length];
            let mut expected = [0; 16];
            expected.iter_mut().zip(src.iter().skip(at)).for_each(|(to, from)| *to = *from);
            assert_eq!(Chunk::load(src, at).0.to_le_bytes(), expected, "{length} {at}");
        }
    }

    #[test]
    fn four_digits_in_a_row_are_marked_once_per_half() {
        let found = marks(Chunk::load(b"12 4567  2345678", 0));
        assert_eq!((first(found), found.count_ones()), (3, 2));
        assert_eq!(marks(Chunk::load(b"123 567 123a567/", 0)), 0);
    }
}
