//! Sixteen bytes at once, in loops that compilers turn into vector instructions: those whose body is long enough not to
//! be unrolled before.

/// As many bytes as are looked at together.
pub(super) const BLOCK: usize = 16;
/// As many bytes before a block tell what a byte of it means.
pub(super) const BEFORE: usize = 4;
/// As many behind.
const BEHIND: usize = 2;
/// A block, and what stands around it.
pub(super) type Window = [u8; BEFORE + BLOCK + BEHIND];

/// True for bytes that end a string of JSON, or that a secret, its name, or something unfit to be shown may hang on;
/// for some of no meaning too, where that makes the question cheaper. `json::calm` looks closer.
#[inline(always)]
const fn matters(b: u8) -> bool {
    // `<`, `=`, `\`, `_`, DEL, and `>?]^|}~`
    (b & 0x1C == 0x1C)
        // `"`, `B`, `J`, `b`, and `*j`
        | (b & 0x17 == 0x02)
        | (b == b'%')
        | (b == b'-')
        | (b == b':')
        | (b == b'(')
        | (b == b'I')
        // Control characters, and all that is not ASCII.
        | (b.cast_signed() < 0x20)
}

/// True for bytes that matter even where a string is too short for a secret that is known by its looks. `next` is the
/// byte behind.
#[inline(always)]
const fn matters_in_short(b: u8, next: u8) -> bool {
    // `<`, `=`, `\\`, and `]|}`
    (b & 0x1E == 0x1C)
        // `:`, DEL, and `;>?z{~`
        | (b | 0x45 == 0x7F)
        | (b == b'"')
        | (b == b'%')
        | (b == b'(')
        // `--`, and a dash with a blank, or the like
        | (b | next == b'-')
        | (b.cast_signed() < 0x20)
}

/// What matters in a block: of each byte the lowest bit.
#[derive(Clone, Copy)]
pub(super) struct Marks(u128);

impl Marks {
    /// What matters in a string that ends in the first block of `text`; one byte more is needed. None near the end.
    #[inline(always)]
    pub(super) fn of_short(text: &[u8]) -> Option<Self> {
        let text: [u8; BLOCK + 1] = *text.first_chunk()?;
        let (bytes, next) = (text.first_chunk::<BLOCK>()?, text.last_chunk::<BLOCK>()?);
        let mut marks = [0; BLOCK];
        for ((mark, b), next) in marks.iter_mut().zip(bytes).zip(next) {
            *mark = u8::from(matters_in_short(*b, *next));
        }
        Some(Self(u128::from_le_bytes(marks)))
    }

    /// What matters in any string, and whether a digit may be among it.
    #[inline(always)]
    pub(super) fn of(window: &Window) -> (Self, bool) {
        let [_, _, _, _, block @ .., _, _] = *window;
        let (mut marks, mut digits) = ([0; BLOCK], [0; BLOCK]);
        for ((mark, digit), b) in marks.iter_mut().zip(&mut digits).zip(block) {
            *mark = u8::from(matters(b));
            *digit = u8::from(b & 0xF0 == 0x30);
        }
        (Self(u128::from_le_bytes(marks)), digits != [0; BLOCK])
    }

    /// How many bytes come before the first mark; no less than 16 where there is none.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // halves
    pub(super) fn first(self) -> usize {
        let low = self.0 as u64;
        if low != 0 {
            return low.trailing_zeros() as usize / 8;
        }
        8 + ((self.0 >> 64) as u64).trailing_zeros() as usize / 8
    }

    /// A bit for each byte, the first lowest.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // halves
    pub(super) fn bits(self) -> u32 {
        if self.0 == 0 {
            return 0;
        }
        // Bit 8 n goes to bit 56 + n.
        let bits = |half: u64| (half.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32;
        bits(self.0 as u64) | bits((self.0 >> 64) as u64) << 8
    }
}

/// The block at `at` where bytes are missing around it: zeros before, and behind what matters not. None where nothing of the
/// block is there.
#[cold]
pub(super) fn padded(src: &[u8], at: usize) -> Option<Window> {
    src.get(at)?;
    let mut window = [b'a'; BEFORE + BLOCK + BEHIND];
    window.first_chunk_mut().into_iter().for_each(|before| *before = [0; BEFORE]);
    let missing = BEFORE.saturating_sub(at);
    let rest = src.get(at.saturating_sub(BEFORE)..)?;
    let length = rest.len().min(window.len() - missing);
    window.get_mut(missing..missing + length)?.copy_from_slice(rest.get(..length)?);
    Some(window)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_marked_in_every_place() {
        for b in 0..=255_u8 {
            for at in 0..BLOCK {
                let mut block = [b'a'; BLOCK + 1];
                block[at] = b;
                let expected = u32::from(matters(b)) << at;
                let is_digit = b & 0xF0 == 0x30;
                for src in [&block[..], &block[..=at]] {
                    let (marks, digits) = Marks::of(&padded(src, 0).unwrap());
                    assert_eq!((marks.bits(), digits), (expected, is_digit), "{b} {at}");
                }
                let marks = Marks::of_short(&block).unwrap();
                let in_short = matters_in_short(b, b'a');
                assert_eq!(marks.bits(), u32::from(in_short) << at, "{b} {at}");
                assert_eq!(marks.first(), if in_short { at } else { BLOCK }, "{b}");
            }
        }
        for b in "\"\\:=<(%_-IJbB\u{7f}\0\n\u{80}\u{ff}".bytes() {
            assert!(matters(b), "{b}");
        }
        for b in "\"\\:=<(%\u{7f}\0\n\u{80}\u{ff}".bytes() {
            assert!(matters_in_short(b, b'a'), "{b}");
        }
        assert!(matters_in_short(b'-', b'-'));
    }

    #[test]
    fn what_is_missing_matters_not() {
        let text: Vec<u8> = (b'0'..b'W').collect();
        for (length, at) in (0..=text.len()).flat_map(|length| (0..=length + 1).map(move |at| (length, at))) {
            let window = padded(&text[..length], at);
            assert_eq!(window.is_some(), at < length);
            for (i, b) in window.iter().flatten().enumerate() {
                let outside = if at + i < BEFORE { 0 } else { b'a' };
                let expected = (at + i).checked_sub(BEFORE).and_then(|i| text[..length].get(i));
                assert_eq!(b, expected.unwrap_or(&outside), "{length} {at}");
            }
        }
    }
}
