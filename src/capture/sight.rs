use std::time::{Duration, Instant};

use http::{Method, StatusCode};

use crate::exchange::{Direction, Head, InFlight, RequestId, Timestamp, TraceId};

/// What is seen of an open exchange in passing: taken under locks, redacted without.
pub(super) struct Sight {
    pub(super) request_id: RequestId,
    pub(super) trace_id: Option<TraceId>,
    pub(super) direction: Direction,
    pub(super) arrived: Instant,
    pub(super) started: Timestamp,
    pub(super) method: Method,
    /// The endpoint alone.
    pub(super) endpoint: Head,
    pub(super) status: Option<StatusCode>,
    pub(super) request_bytes: u64,
    pub(super) response_bytes: u64,
}

impl Sight {
    /// The same for everyone to see.
    pub(super) fn shown(self, now: Instant) -> InFlight {
        let age = now.saturating_duration_since(self.arrived);
        InFlight {
            request_id: self.request_id,
            trace_id: self.trace_id,
            direction: self.direction,
            method: self.method,
            endpoint: self.endpoint.endpoint().clone(),
            status: self.status,
            started: self.started,
            // In whole microseconds, as records have it.
            age: Duration::new(age.as_secs(), age.subsec_micros() * 1000),
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
        }
    }
}
