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

    /// True where a byte belongs to a character beyond ASCII.
    #[inline]
    pub(super) fn is_wide(self) -> bool {
        self.0 & u128::from_le_bytes([0x80; 16]) != 0
    }
}

/// What the content of a string calls for.
#[derive(Clone, Copy)]
pub(super) struct Calls {
    /// A byte is there that every value detector needs one of, or digits enough for a card number.
    pub(super) detectors: bool,
    /// DEL or a character beyond ASCII.
    pub(super) wide: bool,
}

/// True where a secret or a name before one may begin or end here: a filter that lets next to no prose through.
/// `text` and `detect` then look at single bytes, see `marks`.
#[inline(always)]
fn may_be_secret(a: u8, b: u8, c: u8) -> bool {
    // `|` and `&`, not `||` and `&&`: no branches, so that sixteen places are compared at once.
    let named = (a == b':') | (a == b'=') | (a == b'_');
    let jwt = (a == b'y') & (b == b'J');
    let vendor = ((a == b'k') & (b == b'-')) | ((a == b'x') & (b == b'o'));
    let cloud = (a == b'A') & ((b == b'K') | (b == b'S') | (b == b'I'));
    let (a, b, c) = (a | 0x20, b | 0x20, c | 0x20);
    // `Bearer`, `Basic`, `BEGIN`
    let scheme = (a == b'b') & (((b == b'e') & ((c == b'a') | (c == b'g'))) | ((b == b'a') & (c == b's')));
    named | jwt | vendor | cloud | scheme
}

/// One tally per place in a chunk: loops over sixteen places become vector instructions.
#[derive(Default)]
struct Tally {
    found: [u8; 16],
    high: [u8; 16],
    digits: [u8; 16],
}

impl Tally {
    /// Adds sixteen places; each is judged with the two bytes after it.
    #[inline(always)]
    fn add(&mut self, window: &[u8; 18]) {
        let (Some(a), Some(b), Some(c)) = (
            window.first_chunk::<16>(),
            window.get(1..).and_then(<[u8]>::first_chunk::<16>),
            window.last_chunk::<16>(),
        ) else {
            return;
        };
        for (found, ((a, b), c)) in self.found.iter_mut().zip(a.iter().zip(b).zip(c)) {
            *found |= u8::from(may_be_secret(*a, *b, *c));
        }
        for (high, b) in self.high.iter_mut().zip(a) {
            *high |= b | (b + u8::from(*b == 0x7F));
        }
        for (digits, b) in self.digits.iter_mut().zip(a) {
            *digits = digits.saturating_add(u8::from(b.wrapping_sub(b'0') < 10));
        }
    }
}

/// What a string's content calls for.
#[inline]
pub(super) fn calls(content: &[u8]) -> Calls {
    if content.len() < 48 { short_calls(content) } else { long_calls(content) }
}

/// For each byte, which patterns of `may_be_secret` it may stand in: at their first place in the lowest eight bits,
/// at the second in the next, at the third in the third; the highest eight tell digits.
static PLACES: [u32; 256] = places();

/// Pattern 7 is a wide byte wherever it stands.
const WIDE: u32 = 1 << 23;

#[allow(clippy::indexing_slicing)] // at compile time
const fn places() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let b = i as u8;
        let low = b | 0x20;
        let first = bit(b == b':' || b == b'=' || b == b'_', 0)
            | bit(b == b'y', 1)
            | bit(b == b'k', 2)
            | bit(b == b'x', 3)
            | bit(b == b'A', 4)
            | bit(low == b'b', 5)
            | bit(low == b'b', 6)
            | bit(b >= 0x7F, 7);
        let second = 1
            | bit(b == b'J', 1)
            | bit(b == b'-', 2)
            | bit(b == b'o', 3)
            | bit(b == b'K' || b == b'S' || b == b'I', 4)
            | bit(low == b'e', 5)
            | bit(low == b'a', 6)
            | 1 << 7;
        let third = 0b1001_1111 | bit(low == b'a' || low == b'g', 5) | bit(low == b's', 6);
        table[i] = first | second << 8 | third << 16 | bit(b.is_ascii_digit(), 24);
        i += 1;
    }
    table
}

const fn bit(is: bool, place: u32) -> u32 {
    (is as u32) << place
}

/// All patterns at once, a byte at a time (shift-and).
#[inline]
fn short_calls(content: &[u8]) -> Calls {
    let (mut state, mut found, mut digits) = (0_u32, 0_u32, 0_u32);
    for &b in content {
        let places = PLACES.get(usize::from(b)).copied().unwrap_or(u32::MAX);
        state = (state << 8 | 0xFF) & places & 0xFF_FFFF;
        found |= state;
        digits += places >> 24;
    }
    // Two blanks: what began at the end is complete for patterns of one byte.
    for _ in 0..2 {
        state = (state << 8) & PLACES.get(usize::from(b' ')).copied().unwrap_or(u32::MAX);
        found |= state;
    }
    let found = found & 0xFF_0000;
    Calls { detectors: found & !WIDE != 0 || digits >= 13, wide: found & WIDE != 0 }
}

#[inline(never)]
fn long_calls(content: &[u8]) -> Calls {
    let mut tally = Tally::default();
    let mut rest = content;
    while let Some(window) = rest.first_chunk::<18>() {
        tally.add(window);
        rest = rest.get(16..).unwrap_or_default();
    }
    // Blanks after the end: a colon may be the last byte.
    let mut last = [b' '; 34];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    if let Some(window) = last.first_chunk::<18>() {
        tally.add(window);
    }
    if rest.len() > 16
        && let Some(window) = last.last_chunk::<18>()
    {
        tally.add(window);
    }
    let digits: u32 = tally.digits.iter().map(|n| u32::from(*n)).sum();
    Calls {
        detectors: u128::from_le_bytes(tally.found) != 0 || digits >= 13,
        wide: u128::from_le_bytes(tally.high) & u128::from_le_bytes([0x80; 16]) != 0,
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
        let is = |b: u8| {
            let y = x ^ (ONES * u64::from(b));
            y.wrapping_sub(ONES) & !y
        };
        let low = x & !HIGH;
        let from_colon =
            low.wrapping_add(ONES * (0x80 - 0x3A)) & !low.wrapping_add(ONES * (0x80 - 0x43)) & !x;
        (is(b'J') | is(b'b') | is(b'k') | is(b'x') | is(b'_') | from_colon) & HIGH
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
                assert_eq!(chunk.plain(), place(matches!(b, b'"' | b'\\' | 0..0x20)), "{b}");
                assert_eq!((chunk.is_wide(), calls(&bytes).wide), (b >= 0x80, b >= 0x7F), "{b}");
                let mark = matches!(b, b':'..=b'B' | b'J' | b'b' | b'k' | b'x' | b'_');
                assert_eq!(first(marks(chunk)), place(mark), "{b}");
            }
        }
    }

    #[test]
    fn whatever_a_detector_looks_for_is_called_for() {
        for text in [
            "a:b",
            "a=b",
            "ghp_",
            "eyJa",
            "sk-a",
            "sk_live",
            "xoxb",
            "AKIA",
            "ASIA",
            "AIza",
            "Bearer",
            "basic",
            "BEARER",
            "BEGIN",
            "4111111111111",
        ] {
            for before in 0..40 {
                let text = format!("{}{text}", " ".repeat(before));
                assert!(
                    short_calls(text.as_bytes()).detectors && long_calls(text.as_bytes()).detectors,
                    "{text}"
                );
            }
        }
        for text in ["", "It was the best of times, back to the box", "gpt-4o-mini", "2024-01-15"] {
            assert!(
                !short_calls(text.as_bytes()).detectors && !long_calls(text.as_bytes()).detectors,
                "{text}"
            );
        }
    }

    #[test]
    fn short_and_long_strings_are_judged_alike() {
        for bytes in 0..=u16::MAX {
            let [a, b] = bytes.to_le_bytes();
            for c in [b'a', b's', b'g', b' ', b'E'] {
                let (short, long) = (short_calls(&[a, b, c]), long_calls(&[a, b, c]));
                assert_eq!((short.detectors, short.wide), (long.detectors, long.wide), "{a} {b} {c}");
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
