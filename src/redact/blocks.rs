//! Sixteen bytes at once, in loops that compilers turn into vector instructions.

/// As many bytes as are looked at together.
pub(super) const BLOCK: usize = 16;

/// True for bytes that end a string of JSON, or that a secret, its name, or something unfit to be shown may hang on;
/// for some of no meaning too, where that makes the question cheaper. `json::calm` looks closer.
#[inline(always)]
const fn matters(b: u8) -> bool {
    // `<`, `=`, `\`, `_`, DEL, and `>?]^|}~`
    (b & 0x1C == 0x1C)
        // `"`, `B`, `b`
        | (b & 0x1F == 0x02)
        // `%`, `-`
        | (b | 0x08 == b'-')
        // `:`, `J`, `z`, and `*Zj`
        | (b & 0x0F == 0x0A)
        | (b == b'(')
        | (b == b'I')
        // Control characters, and all that is not ASCII.
        | (b.cast_signed() < 0x20)
}

/// Which bytes of a block matter: a bit each, the first lowest.
#[inline(always)]
#[allow(clippy::cast_possible_truncation)] // halves
pub(super) fn marks(block: &[u8; BLOCK]) -> u32 {
    let mut marks = [0; BLOCK];
    for (mark, b) in marks.iter_mut().zip(block) {
        *mark = u8::from(matters(*b));
    }
    let marks = u128::from_le_bytes(marks);
    // Bit 8 n goes to bit 56 + n.
    let bits = |half: u64| (half.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32;
    bits(marks as u64) | bits((marks >> 64) as u64) << 8
}

/// As `marks`, for what stands at `at`; None behind the end.
#[inline(always)]
pub(super) fn marks_at(src: &[u8], at: usize) -> Option<u32> {
    let rest = src.get(at..)?;
    match rest.first_chunk() {
        Some(block) => Some(marks(block)),
        None => marks_of_rest(rest),
    }
}

/// What is missing in a block matters not.
#[cold]
fn marks_of_rest(rest: &[u8]) -> Option<u32> {
    let mut block = [b'a'; BLOCK];
    block.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    (!rest.is_empty()).then(|| marks(&block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_marked_in_every_place() {
        for b in 0..=255_u8 {
            for at in 0..BLOCK {
                let mut block = [b'a'; BLOCK];
                block[at] = b;
                let expected = u32::from(matters(b)) << at;
                assert_eq!(marks(&block), expected, "{b} {at}");
                assert_eq!(marks_at(&block[..=at], 0), Some(expected), "{b} {at}");
            }
        }
        for b in "\"\\:=<(%_-IJzbB\u{7f}\0\n\u{80}\u{ff}".bytes() {
            assert!(matters(b), "{b}");
        }
    }
}
