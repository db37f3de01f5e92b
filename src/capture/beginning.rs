use std::{sync::Arc, time::Duration};

use super::tap::Tap;
use crate::exchange::{CapturedBody, SpanId, Started, Timestamp, TraceId};

/// The beginning of a record, of which sinks are told once.
pub(super) enum Beginning {
    /// Nobody was told yet: this is the only handle.
    Held(Arc<Started>),
    Told(Arc<Started>),
    Gone,
}

impl Beginning {
    /// True where nobody was told yet.
    pub(super) fn is_held(&self) -> bool {
        matches!(self, Self::Held(_))
    }

    /// The request, until the exchange ended.
    pub(super) fn started(&self) -> Option<&Started> {
        match self {
            Self::Held(started) | Self::Told(started) => Some(started),
            Self::Gone => None,
        }
    }

    /// It turns out to be part of a trace.
    pub(super) fn trace(&mut self, trace_id: TraceId, span_id: SpanId) {
        if let Self::Held(started) | Self::Told(started) = self {
            let own = Arc::make_mut(started);
            (own.trace_id, own.span_id) = (Some(trace_id), Some(span_id));
        }
    }

    /// The request as sinks are told of it; none where they were told before.
    pub(super) fn tell(&mut self, request: &mut Tap, age: impl FnOnce() -> Duration) -> Option<Arc<Started>> {
        match std::mem::replace(self, Self::Gone) {
            Self::Held(started) => {
                let told = started.started.after(age());
                let started = complete(started, body_so_far(request), told);
                *self = Self::Told(Arc::clone(&started));
                Some(started)
            }
            told => {
                *self = told;
                None
            }
        }
    }

    /// The request as the record shows it: with all of its body that passed.
    pub(super) fn end(&mut self, request: &mut Tap, age: impl FnOnce() -> Duration) -> Option<Arc<Started>> {
        match std::mem::replace(self, Self::Gone) {
            Self::Held(started) => {
                let told = started.started.after(age());
                Some(complete(started, request.take(), told))
            }
            Self::Told(started) => {
                let seen = &started.request.body;
                if (seen.total_bytes(), seen.is_complete()) == (request.total(), request.has_ended()) {
                    return Some(started);
                }
                Some(started.with_body(request.take()).into())
            }
            Self::Gone => None,
        }
    }
}

/// The beginning as sinks are told of it. Nobody else has a handle yet.
fn complete(mut started: Arc<Started>, body: CapturedBody, told: Timestamp) -> Arc<Started> {
    if let Some(own) = Arc::get_mut(&mut started) {
        own.request.body = body;
        own.told = told;
    }
    started
}

/// What of the request body can be shown now: it is given away once no more can come.
fn body_so_far(request: &mut Tap) -> CapturedBody {
    if request.has_ended() {
        return request.take();
    }
    request.peek()
}
