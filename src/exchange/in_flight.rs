use std::time::Duration;

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use super::{Direction, Redacted, RequestId, Timestamp, TraceId, text};

/// An exchange that has not ended, from [`FlightLog::in_flight`](crate::FlightLog::in_flight).
///
/// ```
/// let open: tower_flightlog::InFlight = serde_json::from_str(
///     r#"{"request_id":"0198c0de-0000-7000-8000-000000000001","method":"GET","endpoint":"/orders/{id}",
///         "started":"2026-11-20T10:30:00.123456Z","age_ms":12.5,"request_bytes":0,"response_bytes":0}"#,
/// )?;
/// assert_eq!((open.age.as_micros(), open.status), (12_500, None));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InFlight {
    /// Our id for the exchange.
    pub request_id: RequestId,
    /// The trace of a valid `traceparent`, or one that began here: the request was sent, or sends one itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// Whether we answer or ask.
    #[serde(default, skip_serializing_if = "Direction::is_inbound")]
    pub direction: Direction,
    /// The method.
    #[serde(with = "text::method")]
    pub method: Method,
    /// The template of the route that matched, else the path, redacted.
    pub endpoint: Redacted,
    /// The status, once the response has begun.
    #[serde(default, with = "text::status::option", skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusCode>,
    /// When the request arrived.
    pub started: Timestamp,
    /// How long ago that was; written in milliseconds.
    #[serde(rename = "age_ms", with = "text::millis")]
    pub age: Duration,
    /// Bytes of the request's body that passed so far.
    pub request_bytes: u64,
    /// Bytes of the response's body that passed so far.
    pub response_bytes: u64,
}
