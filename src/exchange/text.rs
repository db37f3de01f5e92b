//! Methods, versions and levels as text.

use http::Version;

/// As on the wire: `HTTP/1.1`.
pub(crate) const fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

pub(crate) mod method {
    use http::Method;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(method: &Method, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(method.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Method, D::Error> {
        let text = String::deserialize(deserializer)?;
        Method::from_bytes(text.as_bytes())
            .map_err(|_| de::Error::custom(format!("{text:?} is not a method")))
    }
}

pub(crate) mod status {
    use http::StatusCode;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(status.as_u16())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StatusCode, D::Error> {
        let code = u16::deserialize(deserializer)?;
        StatusCode::from_u16(code)
            .map_err(|_| de::Error::custom(format!("{code} is not a status from 100 to 999")))
    }

    pub(crate) mod option {
        use super::{Deserialize, Deserializer, Serializer, StatusCode};

        #[derive(serde::Serialize, serde::Deserialize)]
        struct Status(#[serde(with = "super")] StatusCode);

        pub(crate) fn serialize<S: Serializer>(
            value: &Option<StatusCode>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            serde::Serialize::serialize(&value.map(Status), serializer)
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<StatusCode>, D::Error> {
            Option::<Status>::deserialize(deserializer).map(|status| status.map(|Status(status)| status))
        }
    }
}

pub(crate) mod http_version {
    use http::Version;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(version: &Version, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(super::version(*version))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Version, D::Error> {
        let text = String::deserialize(deserializer)?;
        [Version::HTTP_09, Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3]
            .into_iter()
            .find(|version| super::version(*version) == text)
            .ok_or_else(|| de::Error::custom(format!("{text:?} is not a version such as HTTP/1.1")))
    }
}

pub(crate) mod level {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use tracing::Level;

    pub(crate) fn serialize<S: Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(level.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Level, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| de::Error::custom(format!("{text:?} is not a level")))
    }
}

/// A duration that is read as milliseconds.
#[derive(serde::Deserialize)]
pub(crate) struct Millis(#[serde(with = "millis")] pub(crate) std::time::Duration);

pub(crate) mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(super::millis_of(*duration))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let millis = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(millis / 1000.0)
            .map(|duration| Duration::from_micros((duration.as_secs_f64() * 1e6).round() as u64))
            .map_err(|_| de::Error::custom(format!("{millis} is not a duration in milliseconds")))
    }

    pub(crate) mod option {
        use super::{Deserialize, Deserializer, Duration, Serializer};

        #[derive(serde::Serialize, serde::Deserialize)]
        struct Millis(#[serde(with = "super")] Duration);

        pub(crate) fn serialize<S: Serializer>(
            value: &Option<Duration>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            serde::Serialize::serialize(&value.map(Millis), serializer)
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Duration>, D::Error> {
            Option::<Millis>::deserialize(deserializer).map(|millis| millis.map(|Millis(duration)| duration))
        }
    }
}

/// Milliseconds with three decimals.
pub(crate) fn millis_of(duration: std::time::Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

/// What JSON lets stand in a string but a terminal, an editor or a script would act upon: DEL, C1, line and
/// paragraph separators, bidi controls.
pub(crate) fn must_escape(c: char) -> bool {
    matches!(c, '\u{7F}'..='\u{9F}' | '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
