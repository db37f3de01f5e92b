use std::{fmt, str};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// From its bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; $bytes] {
                self.0
            }

            /// Reads lower-case hexadecimal; none for any other text, and for all zeros, which stands for "no id".
            pub(crate) fn parse(digits: &[u8; 2 * $bytes]) -> Option<Self> {
                let bytes = decode(digits)?;
                (bytes != [0; $bytes]).then_some(Self(bytes))
            }

            /// Its digits, without an allocation.
            pub(crate) fn encode(self) -> [u8; 2 * $bytes] {
                hex(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(str::from_utf8(&self.encode()).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.as_bytes().try_into().ok().and_then(Self::parse).ok_or_else(|| de::Error::custom(concat!("want lower-case hexadecimal digits, twice ", $bytes)))
            }
        }
    };
}

hex_id! {
    /// The trace an exchange belongs to (W3C Trace Context section 3.2.2.3): 32 lower-case hexadecimal digits.
    ///
    /// ```
    /// let trace = tower_flightlog::TraceId::from_bytes([0xab; 16]);
    /// assert_eq!(trace.to_string(), "abababababababababababababababab");
    /// ```
    TraceId, 16
}

hex_id! {
    /// One span of a trace (W3C Trace Context section 3.2.2.4): 16 lower-case hexadecimal digits.
    ///
    /// ```
    /// assert_eq!(tower_flightlog::SpanId::from_bytes([1; 8]).to_string(), "0101010101010101");
    /// ```
    SpanId, 8
}

/// Lower-case hex digits (W3C Trace Context section 3.2.2, `HEXDIGLC`) to bytes, `2 * N == M`. Without a branch per digit, so
/// that the compiler can take 16 at a time.
pub(crate) fn decode<const M: usize, const N: usize>(digits: &[u8; M]) -> Option<[u8; N]> {
    let mut bad = 0;
    let mut nibbles = [0; M];
    for (nibble, digit) in nibbles.iter_mut().zip(digits) {
        let (number, letter) = (digit.wrapping_sub(b'0'), digit.wrapping_sub(b'a'));
        bad |= u8::from((number > 9) & (letter > 5));
        *nibble = if number <= 9 { number } else { letter.wrapping_add(10) };
    }
    let mut bytes = [0; N];
    let (pairs, _) = nibbles.as_chunks::<2>();
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = high << 4 | low;
    }
    if bad == 0 { Some(bytes) } else { None }
}

/// The digits of `bytes`, `M == 2 * N`.
fn hex<const M: usize, const N: usize>(bytes: &[u8; N]) -> [u8; M] {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' - 10 + nibble };
    let mut digits = [0; M];
    let (pairs, _) = digits.as_chunks_mut::<2>();
    for (pair, byte) in pairs.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn every_byte_is_a_digit_or_is_not() {
        for byte in 0..=u8::MAX {
            let digit = char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
            assert_eq!(decode::<2, 1>(&[b'0', byte]), digit.map(|digit| [digit as u8]), "{byte}");
            assert_eq!(decode::<2, 1>(&[byte, b'0']), digit.map(|digit| [(digit as u8) << 4]), "{byte}");
        }
    }
}
