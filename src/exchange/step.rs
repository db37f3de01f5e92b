//! What was done while a request was served: the waterfall of its dump.

use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Redacted, RequestId, text};

/// Bytes of each text.
const LONGEST: usize = 512;

/// Something that was done while a request was served, and how long it took: one bar of the waterfall in its dump.
///
/// ```
/// use std::sync::Arc;
/// use tower_flightlog::{Exchange, Sink, StepKind};
///
/// /// Says where the time of slow requests went.
/// struct Waterfall;
///
/// impl Sink for Waterfall {
///     fn finished(&self, exchange: &Arc<Exchange>) {
///         for step in exchange.steps.iter().filter(|step| step.kind == StepKind::Outbound) {
///             println!("{:?} after {:?}: {}", step.length, step.start, step.name);
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// What it is called: `generate`, `GET http://stock.test/reserve`, `SELECT name FROM articles`. The first 512 bytes.
    pub name: Redacted,
    /// What kind of thing it is.
    pub kind: StepKind,
    /// From the request's arrival to its beginning, in milliseconds when written.
    #[serde(rename = "start_ms", with = "text::millis")]
    pub start: Duration,
    /// How long it took, in milliseconds when written.
    #[serde(rename = "length_ms", with = "text::millis")]
    pub length: Duration,
    /// What was answered, where it is a call.
    #[serde(default, with = "text::status::option", skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusCode>,
    /// What went wrong, where something did. The first 512 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Redacted>,
    /// The exchange it was, where it has a record of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The rows that a query gave or changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The timer that a checkpoint belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timer: Option<Redacted>,
    /// True where it did not come to its end: it went on when the exchange ended, or was dropped before: its future, by a panic, or as the
    /// client left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
}

/// What kind of thing a [`Step`] is.
///
/// ```
/// assert_eq!(serde_json::to_string(&tower_flightlog::StepKind::Checkpoint)?, r#""checkpoint""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepKind {
    /// What a [`Timer`](crate::Timer) measured.
    Timer,
    /// What a timer measured up to a checkpoint, since the one before or since it began.
    Checkpoint,
    /// A request that was sent to another service.
    Outbound,
    /// A query of a database.
    Query,
    /// What another release of this crate knows.
    #[serde(other)]
    Other,
}

impl StepKind {
    /// Its name, as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timer => "timer",
            Self::Checkpoint => "checkpoint",
            Self::Outbound => "outbound",
            Self::Query => "query",
            Self::Other => "other",
        }
    }
}

impl Step {
    /// One that began `start` after the request's arrival.
    pub(crate) fn new(name: Redacted, kind: StepKind, start: Duration, length: Duration) -> Self {
        Self {
            name: name.within(LONGEST),
            kind,
            start: micros(start),
            length: micros(length),
            status: None,
            error: None,
            request_id: None,
            rows: None,
            timer: None,
            unfinished: false,
        }
    }

    /// It took so long, and may not have come to its end.
    pub(crate) fn last(&mut self, length: Duration, unfinished: bool) {
        (self.length, self.unfinished) = (micros(length), unfinished);
    }

    /// Bytes of its texts.
    pub(crate) fn weight(&self) -> usize {
        let texts = [Some(&self.name), self.error.as_ref(), self.timer.as_ref()];
        texts.into_iter().flatten().map(|text| text.as_str().len()).sum()
    }

    /// The same with what went wrong.
    pub(crate) fn failed(mut self, error: Option<&Redacted>) -> Self {
        self.error = error.map(|error| error.cut(LONGEST));
        self
    }
}

/// In whole microseconds, as records have them.
fn micros(duration: Duration) -> Duration {
    Duration::new(duration.as_secs(), duration.subsec_micros() * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &'static str, start: u64) -> Step {
        let (start, length) = (Duration::from_millis(start), Duration::from_nanos(1_999));
        Step::new(Redacted::literal(name), StepKind::Timer, start, length)
    }

    #[test]
    fn texts_are_cut() {
        let long: &'static str = "é".repeat(LONGEST).leak();
        let cut = step(long, 0).failed(Some(&Redacted::literal(long)));
        assert_eq!((cut.name.as_str().len(), cut.error.unwrap().as_str().len()), (LONGEST, LONGEST));
    }

    #[test]
    fn what_is_read_back_equals_what_was_written() {
        let whole = Step {
            status: Some(StatusCode::BAD_GATEWAY),
            request_id: Some(RequestId::fresh(super::super::Timestamp::now())),
            rows: Some(3),
            timer: Some(Redacted::literal("checkout")),
            unfinished: true,
            ..step("GET http://stock.test/", 2).failed(Some(&Redacted::literal("aborted_in_body")))
        };
        for step in [whole, step("generate", 1)] {
            let text = serde_json::to_string(&step).unwrap();
            assert_eq!(serde_json::from_str::<Step>(&text).unwrap(), step, "{text}");
        }
        let text = serde_json::to_string(&step("generate", 1)).unwrap();
        assert_eq!(text, r#"{"name":"generate","kind":"timer","start_ms":1.0,"length_ms":0.001}"#);
    }
}
