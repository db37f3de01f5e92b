use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::StatusCode;

use crate::exchange::{Exchange, Outcome};

/// Why an exchange is dumped, as told in the name of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    /// A status of 500 or above.
    Status(StatusCode),
    /// The service or the response body panicked.
    Panic,
    /// The service or the response body failed, or gRPC says so.
    Error,
    /// It was slow, and the other side did not wait for the end.
    Aborted,
    /// It was slow.
    Slow,
}

impl Trigger {
    /// What an exchange is dumped for, if it is. The clients' own mistakes (404, 405, 429) never are, nor is an
    /// abort by itself.
    pub(super) fn of(exchange: &Exchange) -> Option<Self> {
        let status = exchange.status();
        match exchange.outcome {
            Outcome::Panicked => return Some(Self::Panic),
            Outcome::ServiceError | Outcome::BodyError => return Some(Self::Error),
            _ => {}
        }
        if let Some(status) = status.filter(StatusCode::is_server_error) {
            return Some(Self::Status(status));
        }
        if exchange.is_failure() {
            return Some(Self::Error);
        }
        let theirs = status.is_some_and(|status| matches!(status.as_u16(), 404 | 405 | 429));
        match (exchange.slow && !theirs, exchange.outcome.is_abort()) {
            (false, _) => None,
            (true, true) => Some(Self::Aborted),
            (true, false) => Some(Self::Slow),
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => f.write_str(status.as_str()),
            Self::Panic => f.write_str("panic"),
            Self::Error => f.write_str("error"),
            Self::Aborted => f.write_str("aborted"),
            Self::Slow => f.write_str("slow"),
        }
    }
}

/// How many dumps a minute may see; 0 lets all through.
#[derive(Debug)]
pub(super) struct Rate {
    per_minute: u32,
    minute: Mutex<Option<Minute>>,
}

#[derive(Debug)]
struct Minute {
    began: Instant,
    dumps: u32,
}

impl Rate {
    pub(super) fn new(per_minute: u32) -> Self {
        Self { per_minute, minute: Mutex::default() }
    }

    /// True where one more may be written. A minute begins with the first dump after the last minute.
    pub(super) fn admits(&self, now: Instant) -> bool {
        if self.per_minute == 0 {
            return true;
        }
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        let current = minute
            .take()
            .filter(|minute| now.saturating_duration_since(minute.began) < Duration::from_secs(60))
            .unwrap_or(Minute { began: now, dumps: 0 });
        let admitted = current.dumps < self.per_minute;
        *minute = Some(Minute { dumps: current.dumps + u32::from(admitted), ..current });
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::{Value, json};

    use super::{Rate, Trigger};
    use crate::export::fixtures::failed;

    #[test]
    fn failures_and_slow_exchanges_are_dumped_and_clients_mistakes_are_not() {
        for (status, outcome, slow, grpc, expected) in [
            (json!(500), "complete", false, Value::Null, Some("500")),
            (json!(503), "aborted_in_body", true, Value::Null, Some("503")),
            (json!(200), "panicked", false, Value::Null, Some("panic")),
            (json!(500), "panicked", false, Value::Null, Some("panic")),
            (json!(404), "panicked", false, Value::Null, Some("panic")),
            (Value::Null, "service_error", false, Value::Null, Some("error")),
            (json!(200), "body_error", false, Value::Null, Some("error")),
            (json!(200), "complete", false, json!(13), Some("error")),
            (json!(200), "complete", false, json!(5), None),
            (json!(200), "complete", true, Value::Null, Some("slow")),
            (Value::Null, "aborted_before_response", true, Value::Null, Some("aborted")),
            (Value::Null, "aborted_before_response", false, Value::Null, None),
            (json!(200), "aborted_in_body", false, Value::Null, None),
            (json!(101), "upgraded", false, Value::Null, None),
            (json!(200), "complete", false, Value::Null, None),
            (json!(400), "complete", false, Value::Null, None),
            (json!(404), "complete", true, Value::Null, None),
            (json!(405), "complete", true, Value::Null, None),
            (json!(429), "complete", true, Value::Null, None),
        ] {
            let response = match &status {
                Value::Null => Value::Null,
                status => json!({"status": status, "headers": {}, "body": {}}),
            };
            let exchange = failed(&[
                ("/response", response),
                ("/outcome", json!(outcome)),
                ("/slow", json!(slow)),
                ("/grpc_status", grpc.clone()),
            ]);
            let trigger = Trigger::of(&exchange).map(|trigger| trigger.to_string());
            assert_eq!(trigger.as_deref(), expected, "{status} {outcome} slow: {slow} grpc: {grpc}");
        }
    }

    #[test]
    fn a_minute_admits_so_many_and_the_next_one_as_many_again() {
        let (rate, start) = (Rate::new(2), Instant::now());
        let admitted =
            [0, 1, 2, 59, 60, 61, 119, 120].map(|second| rate.admits(start + Duration::from_secs(second)));
        assert_eq!(admitted, [true, true, false, false, true, true, false, true]);
        let unlimited = Rate::new(0);
        assert!((0..1000).all(|_| unlimited.admits(start)));
    }
}
