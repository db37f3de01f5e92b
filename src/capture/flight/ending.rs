//! How the exchange ends, exactly once: the record is made, and goes to the sinks.

use std::{
    any::Any,
    fmt,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use http::{HeaderMap, StatusCode};

use super::{Flight, Panic, state::Told};
use crate::{
    capture::{answer::Late, cause, following, lost_calls::LostCalls, report, theirs::Theirs},
    exchange::{ErrorReport, Exchange, Outcome, Redacted},
    stream,
};

impl Flight {
    /// The service, or its body, panicked; gives the payload to go on with.
    pub(crate) fn crashed(&self, panic: Panic) -> Box<dyn Any + Send> {
        self.finish(Outcome::Panicked, Some(panic.report));
        panic.payload
    }

    /// The service panicked, and the layer answers in its place.
    pub(crate) fn answer_crash(&self, panic: Panic, status: StatusCode, headers: &HeaderMap) {
        self.answered(status, headers, true, None);
        self.finish(Outcome::Panicked, Some(panic.report));
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
        self.finish(outcome, Some(report.into()));
    }

    /// Ends the record. The first call counts.
    pub(crate) fn finish(&self, outcome: Outcome, error: Option<Box<ErrorReport>>) {
        let duration = self.age();
        let mut state = self.counted();
        let Some((began, was_held)) = state.end(duration) else { return };
        let mut ended = state.record(began, outcome, duration);
        drop(state);
        self.0.ended.store(true, Relaxed);
        let trail = self.take_trail();
        if let Some(seat) = self.seat() {
            self.0.recorder.clock.leave(seat);
        }

        let recorder = &*self.0.recorder;
        let exchange = &mut ended.exchange;
        exchange.slow = recorder.settings.slow.is_some_and(|limit| duration > limit);
        let grpc_message = self.add_late(exchange, ended.late);
        // Before the cause is looked for, which may be a call that failed.
        let calls = match self.0.instruments.get() {
            Some(instruments) => instruments.close(exchange, &recorder.counters),
            None => LostCalls::default(),
        };
        if error.is_some() || ended.told.is_some() || exchange.is_failure() {
            self.explain(exchange, error, ended.told, grpc_message);
        }
        recorder.counters.finished.add(1);
        if let Some(outbound) = &self.0.outbound {
            self.tell_parent(outbound, exchange);
        }
        if self.0.outbound.is_none() || recorder.settings.dump_outbound == Some(true) {
            recorder.sinks.claim(exchange, || self.read(trail));
        }
        if was_held && self.is_skipped(ended.policy) && !exchange.is_remarkable() {
            return;
        }
        if was_held {
            recorder.sinks.started(&exchange.began);
        }
        following::tell_usage(recorder, exchange);
        recorder.sinks.finished(exchange);
        // It needs a place of its own only where somebody keeps it.
        let parent = self.parent_who_keeps(exchange);
        if parent.is_some() || recorder.sinks.keeps(exchange) {
            let exchange = Arc::new(ended.exchange);
            recorder.sinks.keep(&exchange);
            if exchange.dump.is_some() && exchange.is_failure() {
                calls.dump(&recorder.sinks);
            }
            if let Some(parent) = parent {
                parent.instruments().lost_call(exchange);
            }
        }
    }

    /// Why it failed, where it did, and which dump was asked for.
    #[cold]
    #[inline(never)]
    fn explain(
        &self,
        exchange: &mut Exchange,
        error: Option<Box<ErrorReport>>,
        told: Option<Box<Told>>,
        grpc_message: Option<Redacted>,
    ) {
        let recorder = &*self.0.recorder;
        let Told { reported, left, logged, asked } = told.map_or_else(Told::default, |told| *told);
        exchange.error = error.map(|error| *error).or(reported);
        if exchange.error.is_none() && exchange.is_failure() {
            let left = left.map(|left| left.into_report(&recorder.known_errors, &recorder.scrub));
            let told = left.or(logged);
            exchange.error = Some(told.unwrap_or_else(|| cause::of(exchange, grpc_message)));
        }
        if let Some(asked) = asked {
            asked.mark(exchange);
        }
    }

    /// What few responses have, made outside of the lock; gives what gRPC told of a failure.
    #[inline]
    fn add_late(&self, exchange: &mut Exchange, late: Late) -> Option<Redacted> {
        let Late { grpc, heard, trailers } = late;
        if let Some(heard) = heard {
            let stream::Told { stats, usage } = *heard;
            let asked = |usage| following::asked(usage, &exchange.began, &*self.0.recorder.scrub);
            exchange.llm = usage.map(asked).map(Box::new);
            exchange.stream = stats.map(Box::new);
        }
        if let (Some(trailers), Some(response)) = (trailers, &mut exchange.response) {
            response.trailers = Some(trailers.headers().clone());
        }
        grpc.and_then(|grpc| grpc.message)
    }
}
