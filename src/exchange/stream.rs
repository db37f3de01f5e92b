use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Outcome, text};

/// How a streamed response went: server-sent events, NDJSON or a JSON sequence.
///
/// Times are told from the request's arrival, but for `duration` and `largest_gap`.
///
/// ```
/// use tower_flightlog::{EndedBy, StreamStats};
///
/// let stats: StreamStats = serde_json::from_str(
///     r#"{"events":12,"bytes":3400,"first_byte_ms":80.5,"first_event_ms":80.5,"largest_gap_ms":41.0,
///         "duration_ms":350.0,"ended_by":"client","cut":true}"#,
/// )?;
/// assert_eq!((stats.events, stats.ended_by), (12, EndedBy::Client));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct StreamStats {
    /// Events that passed whole; comments are none.
    pub events: u64,
    /// Bytes that passed.
    pub bytes: u64,
    /// When the first byte passed, in milliseconds when written.
    #[serde(
        rename = "first_byte_ms",
        with = "text::millis::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub first_byte: Option<Duration>,
    /// When the first event was whole, in milliseconds when written.
    #[serde(
        rename = "first_event_ms",
        with = "text::millis::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub first_event: Option<Duration>,
    /// The longest time between two events that followed each other, in milliseconds when written.
    #[serde(
        rename = "largest_gap_ms",
        with = "text::millis::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub largest_gap: Option<Duration>,
    /// From the first byte to the end, in milliseconds when written.
    #[serde(rename = "duration_ms", with = "text::millis")]
    pub duration: Duration,
    /// Who ended it.
    pub ended_by: EndedBy,
    /// True where it ended within an event.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// Who ended a stream.
///
/// ```
/// assert_eq!(serde_json::to_string(&tower_flightlog::EndedBy::Server)?, r#""server""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EndedBy {
    /// The server: it came to its end.
    #[default]
    Server,
    /// The client, who went away.
    Client,
    /// An error or a panic in its midst.
    Error,
}

impl From<Outcome> for EndedBy {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Complete | Outcome::Upgraded => Self::Server,
            Outcome::AbortedBeforeResponse | Outcome::AbortedInBody => Self::Client,
            Outcome::ServiceError | Outcome::BodyError | Outcome::Panicked => Self::Error,
        }
    }
}
