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

/// Bytes as hexadecimal digits, two for each.
#[inline]
pub(super) fn hexadecimal(bytes: [u8; 16]) -> [[u8; 2]; 16] {
    let digit = |nibble: u8| nibble + b'0' + if nibble > 9 { b'a' - b'0' - 10 } else { 0 };
    bytes.map(|byte| [digit(byte >> 4), digit(byte & 15)])
}

#[cfg(test)]
mod tests {
    use super::{eight_digits, hexadecimal};

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
            let digits = hexadecimal([byte; 16]);
            assert!(digits.iter().all(|pair| str::from_utf8(pair) == Ok(&*format!("{byte:02x}"))), "{byte}");
        }
    }
}
