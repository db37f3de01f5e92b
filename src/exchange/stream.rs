use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{CapturedBody, Outcome, Redacted, text};

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
    /// With LOG_DEBUG=3, events that got no entry of their own: past 10,000, past a thousand in one frame, and while
    /// LOG_CAPTURE_BUDGET is spent.
    #[serde(skip_serializing_if = "is_zero")]
    pub unlogged: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One event of a streamed response, as its entry tells with LOG_DEBUG=3.
///
/// ```
/// use tower_flightlog::{BodyText, StreamedEvent};
///
/// let event: StreamedEvent = serde_json::from_str(
///     r#"{"number":2,"name":"delta","data":{"json":{"text":"Hi"},"captured_bytes":13,"total_bytes":13}}"#,
/// )?;
/// let BodyText::Json(json) = event.data.whole() else { panic!("it is JSON") };
/// assert_eq!((event.number, json.as_str()), (2, r#"{"text":"Hi"}"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StreamedEvent {
    /// Which of the stream it is, from 1.
    pub number: u64,
    /// Its name, where it has one; the first 64 bytes, redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Redacted>,
    /// Its data, redacted: JSON where they are, else text. Of long ones LOG_BODY_LIMIT is kept.
    pub data: CapturedBody,
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
