//! How the exchange ends, exactly once: the record is made, and goes to the sinks.

use std::{any::Any, fmt, sync::Arc, time::Duration};

use http::{HeaderMap, StatusCode};

use super::{
    Flight, Panic,
    state::{Ended, Told},
};
use crate::{
    capture::{answer::Answer, cause, report, theirs::Theirs},
    exchange::{ErrorReport, Exchange, Outcome, Started},
};

impl Flight {
    /// The service, or its body, panicked; gives the payload to go on with.
    pub(crate) fn crashed(&self, panic: Panic) -> Box<dyn Any + Send> {
        self.finish(Outcome::Panicked, Some(*panic.report));
        panic.payload
    }

    /// The service panicked, and the layer answers in its place.
    pub(crate) fn answer_crash(&self, panic: Panic, status: StatusCode, headers: &HeaderMap) {
        self.answered(status, headers);
        self.finish(Outcome::Panicked, Some(*panic.report));
        drop(Theirs::new(panic.payload));
    }

    /// The service, or the response body, failed.
    pub(crate) fn fail<E: fmt::Display + 'static>(&self, outcome: Outcome, error: &E) {
        let recorder = &self.0.recorder;
        let report = report::of_display(error, &recorder.known_errors, &*recorder.scrub);
        self.finish(outcome, Some(report));
    }

    /// Ends the record. The first call counts.
    pub(crate) fn finish(&self, outcome: Outcome, error: Option<ErrorReport>) {
        let duration = self.age();
        let ended = self.lock().end(&self.0.recorder, outcome, duration);
        let Some(ended) = ended else { return };
        let trail = self.trail().take();
        if let Some(seat) = self.seat() {
            self.0.recorder.clock.leave(seat);
        }

        let Ended { began, was_held, answer, grpc, policy, told } = ended;
        let grpc_status = grpc.as_ref().map(|grpc| grpc.status);
        let mut exchange = self.record(began, answer, grpc_status, outcome, duration);
        let Told { reported, left, logged, asked } = told;
        exchange.error = error.or(reported).or_else(|| {
            let recorder = &self.0.recorder;
            let left = || left.map(|left| left.into_report(&recorder.known_errors, &recorder.scrub));
            exchange.is_failure().then(|| {
                left().or(logged).unwrap_or_else(|| cause::of(&exchange, grpc.and_then(|grpc| grpc.message)))
            })
        });
        if let Some(asked) = asked {
            asked.mark(&mut exchange);
        }
        self.0.recorder.counters.finished.add(1);
        self.0.recorder.sinks.claim(&mut exchange, || self.read(trail?));
        if was_held && self.is_skipped(policy) && !exchange.is_remarkable() {
            return;
        }
        if was_held {
            self.0.recorder.sinks.started(&exchange.began);
        }
        self.0.recorder.sinks.finished(exchange);
    }

    fn record(
        &self,
        began: Arc<Started>,
        answer: Option<Answer>,
        grpc_status: Option<u16>,
        outcome: Outcome,
        duration: Duration,
    ) -> Exchange {
        let recorder = &self.0.recorder;
        Exchange {
            finished: began.started.after(duration),
            began,
            outcome,
            ttfb: answer.as_ref().map(|answer| answer.ttfb),
            response: answer.map(|answer| answer.into_response(recorder)),
            duration,
            grpc_status,
            slow: recorder.settings.slow.is_some_and(|limit| duration > limit),
            error: None,
            trail: None,
            dump: None,
            dump_reason: None,
        }
    }
}
