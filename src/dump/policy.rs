use std::fmt;

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
    /// Somebody asked for it.
    Manual,
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
        match (exchange.slow && !is_theirs(exchange), exchange.outcome.is_abort()) {
            (false, _) => None,
            (true, true) => Some(Self::Aborted),
            (true, false) => Some(Self::Slow),
        }
    }
}

/// True for the clients' own mistakes, which nothing dumps but who asks for it.
pub(super) fn is_theirs(exchange: &Exchange) -> bool {
    exchange.status().is_some_and(|status| matches!(status.as_u16(), 404 | 405 | 429))
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => f.write_str(status.as_str()),
            Self::Panic => f.write_str("panic"),
            Self::Error => f.write_str("error"),
            Self::Aborted => f.write_str("aborted"),
            Self::Slow => f.write_str("slow"),
            Self::Manual => f.write_str("manual"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Trigger;
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
}
