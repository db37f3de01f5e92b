mod normal;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use super::Exchange;
use normal::normal;

/// What makes two failures the same one: endpoint, way of failing, type of the error, and its message without the parts
/// that change from one time to the next.
///
/// 16 hexadecimal digits, the same in each process and version. See [`Exchange::fingerprint`].
///
/// ```
/// use tower_flightlog::Fingerprint;
///
/// let fingerprint: Fingerprint = "00f067aa0ba902b7".parse()?;
/// assert_eq!(fingerprint.to_string(), "00f067aa0ba902b7");
/// assert!("00F067AA0BA902B7".parse::<Fingerprint>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u64);

impl Fingerprint {
    pub(super) fn of(exchange: &Exchange) -> Self {
        let report = exchange.error.as_ref();
        let message = report.map(|report| normal(report.message.as_str())).unwrap_or_default();
        let mut way = String::new();
        // Writing to a string cannot fail.
        let _ = fmt::Write::write_fmt(&mut way, format_args!("{}", Way(exchange)));
        Self::of_parts([
            &normal(exchange.request.endpoint().as_str()),
            &way,
            report.and_then(|report| report.error_type.as_deref()).unwrap_or_default(),
            &message,
        ])
    }

    /// The version of what is hashed, then each part with its length before it: no two lists of parts are one text.
    fn of_parts(parts: [&str; 4]) -> Self {
        let mut hash = Sha256::new_with_prefix(b"flightlog.fingerprint/1");
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        Self(digest.first_chunk().map_or(0, |head| u64::from_be_bytes(*head)))
    }
}

/// How an exchange ended, as far as it tells one failure from another.
struct Way<'a>(&'a Exchange);

impl fmt::Display for Way<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exchange = self.0;
        if exchange.outcome.is_failure() {
            return f.write_str(exchange.outcome.as_str());
        }
        let status = exchange.status().map(|status| status.as_u16());
        match (status, exchange.grpc_status) {
            (Some(500..), _) => {}
            (_, Some(code)) if exchange.is_failure() => return write!(f, "grpc {code}"),
            _ if exchange.slow => return f.write_str("slow"),
            _ => {}
        }
        match status {
            Some(status) => write!(f, "{status}"),
            None => f.write_str(exchange.outcome.as_str()),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not the 16 digits of a [`Fingerprint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidFingerprint;

impl fmt::Display for InvalidFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("want 16 hexadecimal digits in lower case, such as 00f067aa0ba902b7")
    }
}

impl std::error::Error for InvalidFingerprint {}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let is_ours = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_ours {
            return Err(InvalidFingerprint);
        }
        u64::from_str_radix(text, 16).map(Self).map_err(|_| InvalidFingerprint)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Fingerprint;
    use crate::export::fixtures::failed;

    fn of(changes: &[(&str, Value)]) -> String {
        failed(changes).fingerprint().to_string()
    }

    /// Dumps of other processes and versions are grouped by it.
    #[test]
    fn it_is_the_same_in_each_process_and_version() {
        assert_eq!(of(&[]), "26a1dd7d4722a93b");
        assert_eq!(of(&[("/error", Value::Null)]), "65abab8ebcbfa052");
        let fingerprint = failed(&[]).fingerprint();
        let text = serde_json::to_string(&fingerprint).unwrap();
        assert_eq!(serde_json::from_str::<Fingerprint>(&text).unwrap(), fingerprint);
    }

    #[test]
    fn what_changes_each_time_makes_no_difference_and_what_tells_failures_apart_does() {
        let message = |text: &str| of(&[("/error/message", json!(text))]);
        assert_eq!(message("no stock for article 7"), message("no stock for article 12345"));
        assert_ne!(message("no stock for article 7"), message("no price for article 7"));
        let same = [
            ("/began/request/endpoint", json!("/api/v1/orders")),
            ("/began/request/url", json!("http://127.0.0.1:3000/api/v1/orders?page=2")),
            ("/began/request_id", json!("0198c0de-0000-7000-8000-000000000002")),
            ("/error/location", json!("src/orders.rs:43")),
            ("/slow", json!(true)),
        ];
        for change in same {
            assert_eq!(of(std::slice::from_ref(&change)), of(&[]), "{}", change.0);
        }
        let others = [
            ("/began/request/endpoint", json!("/api/v1/prices")),
            ("/response/status", json!(503)),
            ("/outcome", json!("panicked")),
            ("/error/type", json!("shop::PriceError")),
            ("/error/message", json!("stock service gone")),
        ];
        let mut all: Vec<_> = others.iter().map(|change| of(std::slice::from_ref(change))).collect();
        all.push(of(&[]));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 6);
        let path = |path: &str| of(&[("/began/request/endpoint", json!(path))]);
        assert_eq!(path("/orders/7"), path("/orders/81"), "a path in place of a template");
    }

    #[test]
    fn a_part_that_moves_into_the_next_one_is_another() {
        let parts = |endpoint, way| Fingerprint::of_parts([endpoint, way, "", ""]);
        assert_ne!(parts("/a5", "00"), parts("/a", "500"));
    }

    #[test]
    fn only_16_digits_in_lower_case_are_one() {
        for text in ["", "0", "00f067aa0ba902b", "00f067aa0ba902b70", "00F067aa0ba902b7", "+0f067aa0ba902b7"]
        {
            assert!(text.parse::<Fingerprint>().is_err(), "{text}");
        }
    }
}
