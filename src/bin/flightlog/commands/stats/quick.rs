use std::hash::Hasher;

/// A hash of few instructions. Who writes the log can make its keys meet; the caps above bound what that costs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Quick(u64);

pub(super) const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Quick {
    #[inline]
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(ODD);
    }
}

impl Hasher for Quick {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        // The last word begins where eight bytes are left, so that it shares some with the one before.
        let last = bytes.last_chunk::<8>().map_or_else(|| low(bytes), |last| u64::from_le_bytes(*last));
        for word in bytes.as_chunks::<8>().0 {
            self.mix(u64::from_le_bytes(*word));
        }
        self.mix(last ^ bytes.len() as u64);
    }

    #[inline]
    fn write_u128(&mut self, number: u128) {
        self.mix(number as u64);
        self.mix((number >> 64) as u64);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

/// Fewer than eight bytes as a word.
fn low(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))
}
