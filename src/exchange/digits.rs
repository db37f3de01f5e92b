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

/// The eight hexadecimal digits of a number, in the same way.
#[inline]
pub(super) fn eight_hex_digits(number: u32) -> [u8; 8] {
    let number = u64::from(number);
    let fours = (number | number << 16) & 0xffff_0000_ffff;
    let twos = (fours | fours << 8) & 0x00ff_00ff_00ff_00ff;
    let ones = (twos | twos << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = ((ones + u64::from_le_bytes([6; 8])) >> 4) & u64::from_le_bytes([1; 8]);
    (ones + u64::from_le_bytes([b'0'; 8]) + letters * u64::from(b'a' - b'0' - 10)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{eight_digits, eight_hex_digits};

    #[test]
    fn digits_are_those_of_the_number() {
        let all = (0..100_000).chain((0..100_000_000).step_by(997)).chain([99_999_999]);
        for number in all {
            assert_eq!(str::from_utf8(&eight_digits(number)), Ok(&*format!("{number:08}")));
        }
    }

    #[test]
    fn all_bytes_have_their_two_digits() {
        for byte in 0..=u8::MAX {
            let number = u32::from_le_bytes([byte; 4]);
            assert_eq!(str::from_utf8(&eight_hex_digits(number)), Ok(&*format!("{byte:02x}").repeat(4)));
        }
    }

    proptest! {
        #[test]
        fn hexadecimal_digits_stand_in_order(number: u32) {
            let digits = eight_hex_digits(number);
            prop_assert_eq!(str::from_utf8(&digits), Ok(&*format!("{number:08x}")));
        }
    }
}
