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

/// The hexadecimal digits of sixteen bytes: loops that compilers turn into vector instructions.
#[inline(always)]
pub(super) fn hex_digits(bytes: &[u8; 16]) -> [u8; 32] {
    let mut digits = [0; 32];
    let (pairs, _) = digits.as_chunks_mut();
    for ([high, low], byte) in pairs.iter_mut().zip(bytes) {
        (*high, *low) = (*byte >> 4, *byte & 15);
    }
    for digit in &mut digits {
        *digit += if *digit > 9 { b'a' - 10 } else { b'0' };
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{eight_digits, hex_digits};

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
