use std::{
    cell::Cell,
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
    str::FromStr,
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{SpanId, Timestamp, TraceId, digits::hex_digits};

/// The id of one exchange: a UUIDv7 (RFC 9562 section 5.7), always our own, whatever the client sent.
///
/// It stands in the request's and the response's extensions, in every entry and in the name of the dump. With
/// the `axum` feature it is an extractor that never fails:
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use tower_flightlog::RequestId;
///
/// let app: Router = Router::new().route("/", get(|id: RequestId| async move { format!("this is {id}") }));
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(Uuid);

impl RequestId {
    /// A fresh id for what begins at `at`.
    ///
    /// The random part is a per-thread SplitMix64 stream seeded from the operating system: unique, not secret.
    pub(crate) fn fresh(at: Timestamp) -> Self {
        let time = u128::from(at.as_micros() / 1000) << 80;
        // 12 and 62 of them, around version and variant.
        let random = u128::from(random() >> 52) << 64 | u128::from(random() >> 2);
        Self(Uuid::from_u128(time | 7 << 76 | 2 << 62 | random))
    }

    /// The id as a UUID.
    ///
    /// ```
    /// let id: tower_flightlog::RequestId = "0198c0de-0000-7000-8000-000000000001".parse()?;
    /// assert_eq!(id.as_uuid().get_version_num(), 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_uuid(&self) -> &Uuid {
        &self.0
    }

    /// A trace that begins with this exchange: the digits of its id.
    pub(crate) fn as_trace(&self) -> TraceId {
        TraceId::from_bytes(*self.0.as_bytes())
    }

    /// Its span in that trace.
    pub(crate) fn as_span(&self) -> SpanId {
        let (_, random) = self.0.as_u64_pair();
        SpanId::from_bytes(random.to_be_bytes())
    }

    /// The 36 characters of the id.
    #[inline]
    pub(crate) fn digits(&self) -> [u8; 36] {
        let hex = hex_digits(self.0.as_bytes());
        let mut digits = [b'-'; 36];
        put::<8>(&mut digits, 0, &hex, 0);
        put::<4>(&mut digits, 9, &hex, 8);
        put::<4>(&mut digits, 14, &hex, 12);
        put::<4>(&mut digits, 19, &hex, 16);
        put::<12>(&mut digits, 24, &hex, 20);
        digits
    }

    /// The 36 characters of the id, without an allocation.
    pub(crate) fn encode<'a>(&self, buffer: &'a mut [u8; 36]) -> &'a str {
        self.0.hyphenated().encode_lower(buffer)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.encode(&mut [0; 36]))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RequestId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Copies a group of digits. All that it gets is known when it is compiled.
#[inline(always)]
fn put<const N: usize>(digits: &mut [u8; 36], to: usize, hex: &[u8; 32], from: usize) {
    let place = digits.get_mut(to..).and_then(|rest| rest.first_chunk_mut::<N>());
    if let (Some(place), Some(group)) = (place, hex.get(from..).and_then(|rest| rest.first_chunk())) {
        *place = *group;
    }
}

/// 64 random bits: SplitMix64 over a per-thread counter.
pub(crate) fn random() -> u64 {
    thread_local!(static STATE: Cell<u64> = Cell::new(RandomState::new().build_hasher().finish()));
    STATE
        .try_with(|state| {
            let next = state.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
            state.set(next);
            let mixed = (next ^ (next >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ (mixed >> 31)
        })
        .unwrap_or_else(|_| RandomState::new().build_hasher().finish())
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, thread};

    use uuid::Variant;

    use super::RequestId;
    use crate::exchange::Timestamp;

    #[test]
    fn ids_are_version_7_and_carry_the_millisecond_they_were_made_in() {
        let id = RequestId::fresh(Timestamp::from_micros(1_795_000_000_123_456));
        assert_eq!(id.as_uuid().get_version_num(), 7);
        assert_eq!(id.as_uuid().get_variant(), Variant::RFC4122);
        assert_eq!(id.as_uuid().get_timestamp().map(|at| at.to_unix()), Some((1_795_000_000, 123_000_000)));
    }

    #[test]
    fn the_digits_are_those_that_everybody_writes() {
        for _ in 0..1000 {
            let id = RequestId::fresh(Timestamp::now());
            assert_eq!(str::from_utf8(&id.digits()), Ok(&*id.as_uuid().to_string()));
            assert_eq!(str::from_utf8(&id.digits()), Ok(id.encode(&mut [0; 36])));
        }
    }

    #[test]
    fn ids_made_in_one_millisecond_on_many_threads_differ() {
        let at = Timestamp::from_micros(1_795_000_000_123_456);
        let threads: Vec<_> = (0..4)
            .map(|_| thread::spawn(move || (0..5_000).map(|_| RequestId::fresh(at)).collect::<Vec<_>>()))
            .collect();
        let ids: HashSet<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(ids.len(), 20_000);
    }
}
