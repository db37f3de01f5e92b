//! Decimal digits, eight at a time.

/// Zero to eight digits at the beginning of a text: how many there are, and what they say.
#[inline(always)]
pub(crate) fn digits(text: &[u8]) -> Option<(usize, u64)> {
    let word = u64::from_le_bytes(*text.first_chunk::<8>()?);
    let count = digits_in(word);
    Some((count, if count == 0 { 0 } else { number(word, count) }))
}

/// How many bytes of a word are digits before the first that is none. The first byte is the lowest.
#[inline(always)]
pub(crate) fn digits_in(word: u64) -> usize {
    // Digits become 0 to 9; what is more carries into the highest bit of its byte, or had it before.
    let values = word ^ 0x3030_3030_3030_3030;
    let above = ((values & 0x7f7f_7f7f_7f7f_7f7f) + 0x7676_7676_7676_7676) | values;
    (above & 0x8080_8080_8080_8080).trailing_zeros() as usize / 8
}

/// What the first `count` bytes of a word say, which are digits: one to eight.
#[inline(always)]
pub(crate) fn number(word: u64, count: usize) -> u64 {
    // As many zeros before them as there is room, then pairs, fours and all eight are added up side by side.
    let values = (word ^ 0x3030_3030_3030_3030) << ((64 - 8 * count) & 63);
    let pairs = (values & 0x0f0f_0f0f_0f0f_0f0f).wrapping_mul(2561) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(6_553_601) >> 16;
    (fours & 0x0000_ffff_0000_ffff).wrapping_mul(42_949_672_960_001) >> 32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_say_what_they_say(value in 0_u64..100_000_000, tail in r"[^0-9]{8}") {
            let text = format!("{value}{tail}");
            let count = value.to_string().len();
            prop_assert_eq!(digits(text.as_bytes()), Some((count, value)));
        }

        #[test]
        fn nothing_else_is_a_digit(bytes: [u8; 8]) {
            let count = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            prop_assert_eq!(digits_in(u64::from_le_bytes(bytes)), count);
        }
    }

    #[test]
    fn zeros_before_them_are_digits_too() {
        assert_eq!(digits(b"00000042"), Some((8, 42)));
        assert_eq!(digits(b"x1234567"), Some((0, 0)));
        assert_eq!(digits(b"1234567"), None);
    }
}
