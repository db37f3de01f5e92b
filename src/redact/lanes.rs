//! Sixteen bytes at a time: where a string ends, and whether any byte in it calls for a closer look.

/// One bit per byte of a chunk.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    /// Quote, backslash, control characters: a run of plain bytes ends here.
    pub(super) stop: u32,
    /// Bytes that every value detector needs one of; see `detect`.
    pub(super) trigger: u32,
    /// DEL and bytes of characters beyond ASCII.
    pub(super) wide: u32,
}

impl Seen {
    /// Forgets everything from `bit` on.
    #[inline]
    pub(super) fn before(self, bit: u32) -> Self {
        let mask = 1_u32.checked_shl(bit).map_or(u32::MAX, |b| b - 1);
        Self { stop: self.stop & mask, trigger: self.trigger & mask, wide: self.wide & mask }
    }
}

/// Marks each fourth digit in a row, so that card numbers are looked at and small numbers are not.
#[inline]
fn runs_of_four(digits: u32) -> u32 {
    let two = digits & digits >> 1;
    two & two >> 2
}

/// Loads the chunk at `at`, or what is left of it, filled up with blanks.
#[inline]
pub(super) fn load(src: &[u8], at: usize) -> [u8; 16] {
    if let Some(chunk) = src.get(at..).and_then(<[u8]>::first_chunk) {
        return *chunk;
    }
    let mut chunk = [b' '; 16];
    chunk.iter_mut().zip(src.get(at..).unwrap_or_default()).for_each(|(to, from)| *to = *from);
    chunk
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[allow(clippy::cast_sign_loss, clippy::cast_possible_wrap)] // lanes have no sign
pub(super) fn look(chunk: [u8; 16]) -> Seen {
    // SSE2 is part of x86_64; these are safe to call since Rust 1.87.
    use std::arch::x86_64::{
        _mm_add_epi8, _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8,
    };
    let wide = u128::from_le_bytes(chunk);
    let x = _mm_set_epi64x((wide >> 64) as u64 as i64, wide as u64 as i64);
    let is = |b: u8| _mm_cmpeq_epi8(x, _mm_set1_epi8(b as i8));
    // `b` is in first..first + n: moved to the bottom of the signed range, it is below n.
    let within = |first: u8, n: u8| {
        let moved = _mm_add_epi8(x, _mm_set1_epi8(0x80_u8.wrapping_sub(first) as i8));
        _mm_cmplt_epi8(moved, _mm_set1_epi8(0x80_u8.wrapping_add(n) as i8))
    };
    let stop = _mm_or_si128(_mm_or_si128(is(b'"'), is(b'\\')), within(0, 0x20));
    let trigger = _mm_or_si128(
        _mm_or_si128(_mm_or_si128(is(b'J'), is(b'b')), _mm_or_si128(is(b'k'), is(b'x'))),
        _mm_or_si128(is(b'_'), within(b':', 9)),
    );
    Seen {
        stop: _mm_movemask_epi8(stop) as u32,
        trigger: _mm_movemask_epi8(trigger) as u32 | runs_of_four(_mm_movemask_epi8(within(b'0', 10)) as u32),
        wide: _mm_movemask_epi8(_mm_or_si128(x, is(0x7F))) as u32,
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn look(chunk: [u8; 16]) -> Seen {
    portable(chunk)
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn portable(chunk: [u8; 16]) -> Seen {
    let bits = |is: fn(u8) -> bool| {
        chunk.iter().enumerate().fold(0, |bits, (at, &b)| bits | u32::from(is(b)) << at)
    };
    Seen {
        stop: bits(|b| matches!(b, b'"' | b'\\' | 0..0x20)),
        trigger: bits(|b| matches!(b, b':'..=b'B' | b'J' | b'b' | b'k' | b'x' | b'_'))
            | runs_of_four(bits(|b| b.is_ascii_digit())),
        wide: bits(|b| b >= 0x7F),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_classed_the_same_with_and_without_vector_instructions() {
        for b in 0..=255_u8 {
            for at in 0..16 {
                let mut chunk = *b"12345abc 67890xy";
                chunk[at] = b;
                let (fast, slow) = (look(chunk), portable(chunk));
                assert_eq!((fast.stop, fast.trigger, fast.wide), (slow.stop, slow.trigger, slow.wide), "{b} {at}");
            }
        }
    }
}
