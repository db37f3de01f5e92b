//! Sixteen bytes at a time: where a string ends, and whether any byte in it calls for a closer look.
//!
//! Plain loops over arrays of sixteen, which compilers turn into a few vector instructions; the answers are 128
//! bits wide, eight for each byte, because that is what a vector becomes without `unsafe`.

/// What was seen in a chunk: `0xFF` in the place of each byte that counts.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    /// Quote, backslash, control characters: a run of plain bytes ends here.
    pub(super) stop: u128,
    /// Bytes that every value detector needs one of; see `detect`. One bit each.
    pub(super) trigger: u128,
    /// DEL and bytes of characters beyond ASCII.
    pub(super) wide: u128,
}

impl Seen {
    /// How many bytes come before the first stop; 16 where there is none.
    #[inline]
    pub(super) fn plain(self) -> usize {
        first(self.stop)
    }

    /// Whether there are triggers and wide bytes before byte `n`, which is at most 15.
    #[inline]
    pub(super) fn before(self, n: usize) -> (bool, bool) {
        let mask = low(n);
        (self.trigger & mask != 0, self.wide & mask != 0)
    }
}

/// The place of the first marked byte; 16 where there is none.
#[inline]
pub(super) fn first(marks: u128) -> usize {
    marks.trailing_zeros() as usize / 8
}

/// The bits of the first `n` bytes, `n` at most 15.
#[inline]
pub(super) fn low(n: usize) -> u128 {
    (1_u128 << (8 * n)) - 1
}

const ONES: u128 = 0x0101_0101_0101_0101_0101_0101_0101_0101;

/// Marks where four digits in a row begin, once per row, so that card numbers are looked at and small ones are not.
#[inline]
fn runs_of_four(digits: u128) -> u128 {
    let two = digits & digits >> 8;
    let four = two & two >> 16;
    four & !(four << 8)
}

/// Loads the chunk at `at`, or what is left of it, filled up with blanks.
#[inline]
pub(super) fn load(src: &[u8], at: usize) -> [u8; 16] {
    match src.get(at..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => *chunk,
        None => load_rest(src, at),
    }
}

#[inline(never)]
fn load_rest(src: &[u8], at: usize) -> [u8; 16] {
    let mut chunk = [b' '; 16];
    chunk.iter_mut().zip(src.get(at..).unwrap_or_default()).for_each(|(to, from)| *to = *from);
    chunk
}

#[inline]
fn lanes(chunk: [u8; 16], is: impl Fn(u8) -> bool) -> u128 {
    u128::from_le_bytes(chunk.map(|b| if is(b) { 0xFF } else { 0 }))
}

#[inline]
pub(super) fn look(chunk: [u8; 16]) -> Seen {
    let within = |b: u8, first: u8, n: u8| b.wrapping_sub(first) < n;
    // `|`, not `||`: no branches.
    let trigger = lanes(chunk, |b| {
        (b == b'J') | (b == b'b') | (b == b'k') | (b == b'x') | (b == b'_') | within(b, b':', 9)
    });
    let digits = runs_of_four(lanes(chunk, |b| within(b, b'0', 10)));
    Seen {
        stop: lanes(chunk, |b| (b == b'"') | (b == b'\\') | (b < 0x20)),
        trigger: (trigger | digits) & ONES,
        wide: lanes(chunk, |b| b >= 0x7F),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_classed_in_every_place() {
        for b in 0..=255_u8 {
            for at in 0..16 {
                let mut chunk = [b'a'; 16];
                chunk[at] = b;
                let seen = look(chunk);
                let place = |is: bool| if is { at } else { 16 };
                assert_eq!(seen.plain(), place(matches!(b, b'"' | b'\\' | 0..0x20)), "{b}");
                assert_eq!(first(seen.wide), place(b >= 0x7F), "{b}");
                assert_eq!(
                    first(seen.trigger),
                    place(matches!(b, b':'..=b'B' | b'J' | b'b' | b'k' | b'x' | b'_'))
                );
            }
        }
    }

    #[test]
    fn four_digits_in_a_row_are_marked_once() {
        let seen = look(*b"123 12345678 123");
        assert_eq!((first(seen.trigger), seen.trigger.count_ones()), (4, 1));
    }
}
