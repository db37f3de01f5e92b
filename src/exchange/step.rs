//! What was done while a request was served: the waterfall of its dump.

use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{Redacted, RequestId, text};

/// Steps of one exchange that are kept, and the bytes of each text among them.
const MOST: usize = 256;
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
}

/// What kind of thing a [`Step`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepKind {
    /// A timer of the application.
    Timer,
    /// A point within a timer.
    Checkpoint,
    /// A request that was sent to another service.
    Outbound,
    /// A query of a database.
    Query,
}

impl Step {
    /// One that began `start` after the request's arrival.
    pub(crate) fn new(name: &Redacted, kind: StepKind, start: Duration, length: Duration) -> Self {
        Self {
            name: name.cut(LONGEST),
            kind,
            start: micros(start),
            length: micros(length),
            status: None,
            error: None,
            request_id: None,
            rows: None,
        }
    }

    /// The same with what went wrong.
    pub(crate) fn failed(mut self, error: Option<&Redacted>) -> Self {
        self.error = error.map(|error| error.cut(LONGEST));
        self
    }
}

/// The steps of an exchange while it lasts. It takes no memory before the first one.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    kept: Vec<Step>,
    dropped: u64,
}

impl Steps {
    /// Keeps a step, or counts it where there are many.
    pub(crate) fn push(&mut self, step: Step) {
        if self.kept.len() < MOST {
            self.kept.push(step);
        } else {
            self.dropped += 1;
        }
    }

    /// All that were kept in the order in which they began, and how many were not.
    pub(crate) fn into_parts(mut self) -> (Vec<Step>, u64) {
        self.kept.sort_by_key(|step| step.start);
        (self.kept, self.dropped)
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
        Step::new(&Redacted::literal(name), StepKind::Timer, start, length)
    }

    #[test]
    fn they_are_told_in_the_order_in_which_they_began() {
        let mut steps = Steps::default();
        for (name, start) in [("inner", 5), ("outer", 1), ("also inner", 5)] {
            steps.push(step(name, start));
        }
        let (kept, dropped) = steps.into_parts();
        assert_eq!(
            kept.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(),
            ["outer", "inner", "also inner"]
        );
        assert_eq!(dropped, 0);
    }

    #[test]
    fn those_that_are_too_many_are_counted_and_texts_are_cut() {
        let mut steps = Steps::default();
        let long: &'static str = "é".repeat(LONGEST).leak();
        for _ in 0..MOST + 3 {
            steps.push(step(long, 0).failed(Some(&Redacted::literal(long))));
        }
        let (kept, dropped) = steps.into_parts();
        assert_eq!((kept.len(), dropped), (MOST, 3));
        let last = kept.last().unwrap();
        assert_eq!(
            (last.name.as_str().len(), last.error.as_ref().unwrap().as_str().len()),
            (LONGEST, LONGEST)
        );
    }

    #[test]
    fn what_is_read_back_equals_what_was_written() {
        let whole = Step {
            status: Some(StatusCode::BAD_GATEWAY),
            request_id: Some(RequestId::fresh(super::super::Timestamp::now())),
            rows: Some(3),
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
