//! Numbers as digits, several at once.

/// The eight digits of a number below 100,000,000: halves, quarters and digits are split side by side in one word.
#[inline]
pub(crate) fn eight_digits(number: u32) -> [u8; 8] {
    let number = u64::from(number);
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | ((fours - 100 * hundreds) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    let ones = tens | ((twos - 10 * tens) << 8);
    (ones | u64::from_le_bytes([b'0'; 8])).to_le_bytes()
}

/// The three digits of a number below 1,000, from the lowest byte up; the fourth byte is zero.
#[inline(always)]
pub(crate) fn three_digits(number: u32) -> u32 {
    THREE_DIGITS.get(number as usize).copied().map_or(0, u32::from_le_bytes)
}

static THREE_DIGITS: [[u8; 4]; 1000] = {
    let mut all = [[0; 4]; 1000];
    let mut rest: &mut [[u8; 4]] = &mut all;
    let mut number = 0_u16;
    while let [first, others @ ..] = rest {
        let (hundreds, tens, ones) = (number / 100, number / 10 % 10, number % 10);
        *first = [b'0' + hundreds as u8, b'0' + tens as u8, b'0' + ones as u8, 0];
        number += 1;
        rest = others;
    }
    all
};

/// The six digits of a number below 1,000,000, from the lowest byte up; the other two bytes are zeros.
#[inline(always)]
pub(crate) fn six_digits(number: u32) -> u64 {
    u64::from(three_digits(number / 1000)) | u64::from(three_digits(number % 1000)) << 24
}

/// The hexadecimal digits of sixteen bytes: two to a word, so that compilers make vectors of all. They would make
/// fewer of what becomes part of something else.
#[inline(never)]
pub(super) fn hex_digits(bytes: &[u8; 16]) -> [u8; 32] {
    let mut digits = [0; 32];
    let mut words = [0; 16];
    for (word, byte) in words.iter_mut().zip(bytes) {
        let ones = u16::from(*byte >> 4) | u16::from(*byte & 15) << 8;
        let letters = ((ones + 0x0606) >> 4) & 0x0101;
        *word = ones + u16::from_le_bytes(*b"00") + letters * u16::from(b'a' - b'0' - 10);
    }
    let (pairs, _) = digits.as_chunks_mut();
    for (pair, word) in pairs.iter_mut().zip(words) {
        *pair = word.to_le_bytes();
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{eight_digits, hex_digits, six_digits};

    #[test]
    fn digits_are_those_of_the_number() {
        let all = (0..100_000).chain((0..100_000_000).step_by(997)).chain([99_999_999]);
        for number in all {
            assert_eq!(str::from_utf8(&eight_digits(number)), Ok(&*format!("{number:08}")));
        }
        for number in 0..1_000_000 {
            let digits = six_digits(number).to_le_bytes();
            assert_eq!(str::from_utf8(&digits), Ok(&*format!("{number:06}\0\0")));
        }
    }

    #[test]
    fn all_bytes_have_their_two_digits() {
        for byte in 0..=u8::MAX {
            let digits = hex_digits(&[byte; 16]);
            assert_eq!(str::from_utf8(&digits), Ok(&*format!("{byte:02x}").repeat(16)));
        }
    }

    proptest! {
        #[test]
        fn hexadecimal_digits_stand_in_order(number: u128) {
            let digits = hex_digits(&number.to_be_bytes());
            prop_assert_eq!(str::from_utf8(&digits), Ok(&*format!("{number:032x}")));
        }
    }
}
