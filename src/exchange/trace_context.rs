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
            pub(crate) fn parse(text: &[u8]) -> Option<Self> {
                let mut bytes = [0; $bytes];
                (text.len() == 2 * $bytes).then_some(())?;
                for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
                    let [high, low] = pair else { return None };
                    *byte = nibble(*high)? << 4 | nibble(*low)?;
                }
                (bytes != [0; $bytes]).then_some(Self(bytes))
            }

            /// Its lower-case hexadecimal digits, without an allocation.
            pub(crate) fn encode(self) -> [u8; 2 * $bytes] {
                let mut text = [0; 2 * $bytes];
                for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
                    for (digit, nibble) in pair.iter_mut().zip([byte >> 4, byte & 15]) {
                        *digit = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
                    }
                }
                text
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
                Self::parse(text.as_bytes()).ok_or_else(|| de::Error::custom(concat!("want lower-case hexadecimal digits, twice ", $bytes)))
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

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
