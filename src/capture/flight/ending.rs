//! How the exchange ends, exactly once: the record is made, and goes to the sinks.

use std::{
    any::Any,
    collections::BTreeMap,
    fmt,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use http::{HeaderMap, StatusCode};

use super::{
    Flight, Panic,
    state::{Ended, Told},
};
use crate::{
    capture::{answer::Answer, cause, following, lost_calls::LostCalls, report, theirs::Theirs},
    exchange::{ErrorReport, Exchange, Outcome, Started},
    stream,
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
        let known = self.0.outbound.as_ref().and_then(|outbound| outbound.known);
        let own =
            known.and_then(|known| report::of_known(error, known, &recorder.known_errors, &*recorder.scrub));
        let report =
            own.unwrap_or_else(|| report::of_display(error, &recorder.known_errors, &*recorder.scrub));
        self.finish(outcome, Some(report));
    }

    /// Ends the record. The first call counts.
    pub(crate) fn finish(&self, outcome: Outcome, error: Option<ErrorReport>) {
        let duration = self.age();
        let ended = self.lock().end(&self.0.recorder, outcome, duration);
        let Some(ended) = ended else { return };
        self.0.ended.store(true, Relaxed);
        let trail = self.trail().take();
        if let Some(seat) = self.seat() {
            self.0.recorder.clock.leave(seat);
        }

        let Ended { began, was_held, answer, grpc, policy, told } = ended;
        let grpc_status = grpc.as_ref().map(|grpc| grpc.status);
        let mut exchange = self.record(began, answer, grpc_status, outcome, duration);
        // Before the cause is looked for, which may be a call that failed.
        let calls = match self.0.instruments.get() {
            Some(instruments) => instruments.close(&mut exchange, &self.0.recorder.counters),
            None => LostCalls::default(),
        };
        let Told { reported, left, logged, asked } = told;
        exchange.error = error.or_else(|| reported.map(|reported| *reported)).or_else(|| {
            let recorder = &self.0.recorder;
            let left = || left.map(|left| left.into_report(&recorder.known_errors, &recorder.scrub));
            exchange.is_failure().then(|| {
                left()
                    .or_else(|| logged.map(|logged| *logged))
                    .unwrap_or_else(|| cause::of(&exchange, grpc.and_then(|grpc| grpc.message)))
            })
        });
        if let Some(asked) = asked {
            asked.mark(&mut exchange);
        }
        self.0.recorder.counters.finished.add(1);
        if let Some(outbound) = &self.0.outbound {
            self.tell_parent(outbound, &exchange);
        }
        if self.0.outbound.is_none() || self.0.recorder.settings.dump_outbound == Some(true) {
            self.0.recorder.sinks.claim(&mut exchange, || self.read(trail?));
        }
        if was_held && self.is_skipped(policy) && !exchange.is_remarkable() {
            return;
        }
        if was_held {
            self.0.recorder.sinks.started(&exchange.began);
        }
        following::tell_usage(&self.0.recorder, &exchange);
        let exchange = self.0.recorder.sinks.finished(exchange);
        if exchange.dump.is_some() && exchange.is_failure() {
            calls.dump(&self.0.recorder.sinks);
        }
        self.leave_to_parent(exchange);
    }

    fn record(
        &self,
        began: Arc<Started>,
        mut answer: Option<Answer>,
        grpc_status: Option<u16>,
        outcome: Outcome,
        duration: Duration,
    ) -> Exchange {
        let recorder = &self.0.recorder;
        let heard = answer.as_mut().and_then(|answer| answer.heard.take());
        let stream::Told { stats, usage } = heard.map_or_else(stream::Told::default, |heard| *heard);
        Exchange {
            finished: began.started.after(duration),
            stream: stats.map(Box::new),
            llm: usage.map(|usage| following::asked(usage, &began, &*recorder.scrub).into()),
            began,
            outcome,
            ttfb: answer.as_ref().map(|answer| answer.ttfb),
            response: answer.map(|answer| answer.into_response(recorder)),
            duration,
            grpc_status,
            slow: recorder.settings.slow.is_some_and(|limit| duration > limit),
            error: None,
            steps: Vec::new(),
            attributes: Vec::new(),
            cache: BTreeMap::new(),
            instruments_dropped: 0,
            trail: None,
            dump: None,
            dump_reason: None,
        }
    }
}
