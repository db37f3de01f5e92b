//! What differs for a request that is sent: whose it is, and who is told of it.

use std::{sync::Arc, time::Instant};

use http::{StatusCode, request::Parts};

use super::{Flight, Own};
use crate::{
    capture::{
        arrival, current,
        instruments::StepId,
        lost_calls,
        noted::Noted,
        outbound::{self, Lineage, Outbound, SAMPLED},
        recorder::Recorder,
        report::Known,
    },
    exchange::{Exchange, RequestId, Started, Timestamp},
};

impl Flight {
    /// Begins the record of a request that is sent, and puts its ids into it. None where the recorder is off, and where
    /// a layer further out records it already. The present exchange stays the current one.
    pub(crate) fn begin_outbound(
        recorder: &Arc<Recorder>,
        parts: &mut Parts,
        known: Option<Known>,
    ) -> Option<Self> {
        if !recorder.is_enabled() || !outbound::mark(parts) {
            return None;
        }
        let (arrived, started) = (Instant::now(), Timestamp::now());
        let request_id = RequestId::fresh(started);
        let parent = current::current();
        let parent = parent.flight();
        let trace = outbound::address(&mut parts.headers, request_id, parent);
        let unwanted = parent.map_or_else(|| !recorder.samples(request_id), Self::is_left_out);
        let headers = Noted::of(&parts.headers);
        let parent_request_id = parent.map(Self::request_id);
        let beginning =
            arrival::sent(recorder, parts, &headers, request_id, parent_request_id, trace, started);
        let beginning = Arc::new(beginning);
        let step = parent.and_then(|parent| parent.began_call(&beginning, arrived));
        let outbound = Outbound { parent: parent.map(Self::downgrade), step, known };
        let own = Own {
            arrived,
            unwanted,
            trace_flags: SAMPLED,
            outbound: Some(outbound.into()),
            echo: None,
            keeps_trail: false,
        };
        Some(Self::open(recorder, parts, &headers, beginning, own))
    }

    /// Its place in its trace, for a request that is sent from here. A trace begins where there was none.
    pub(in crate::capture) fn lineage(&self) -> Lineage {
        let mut state = self.lock();
        let id = self.0.request_id;
        let trace_id = *self.0.trace_id.get_or_init(|| {
            state.beginning.trace(id.as_trace(), id.as_span());
            id.as_trace()
        });
        let began = state.beginning.started();
        Lineage {
            trace_id,
            span_id: began.and_then(|began| began.span_id).unwrap_or_else(|| id.as_span()),
            parent_span_id: began.and_then(|began| began.parent_span_id),
            flags: self.0.trace_flags,
        }
    }

    /// True where it is told only if it ends remarkably.
    fn is_left_out(&self) -> bool {
        self.is_skipped(self.lock().policy)
    }

    /// A call begins in it, which is one of its steps; none where it has ended, or has no room for it.
    fn began_call(&self, call: &Started, at: Instant) -> Option<StepId> {
        if self.has_ended() {
            return None;
        }
        let step = outbound::begun(call, at.saturating_duration_since(self.0.arrived));
        self.instruments().open(step, &self.0.recorder.budget)
    }

    /// The exchange it was sent in is told that it is answered.
    pub(super) fn tell_parent_of_answer(&self, status: StatusCode) {
        let Some(Outbound { parent: Some(parent), step: Some(step), .. }) = self.0.outbound.as_deref() else {
            return;
        };
        if let Some(parent) = parent.upgrade() {
            parent.instruments().answered(*step, status);
        }
    }

    /// The exchange it was sent in has all of it among its steps.
    pub(super) fn tell_parent(&self, outbound: &Outbound, exchange: &Exchange) {
        let Some((parent, step)) = outbound.open_parent().zip(outbound.step) else { return };
        let start = self.0.arrived.saturating_duration_since(parent.0.arrived);
        parent.instruments().replace(step, outbound::step(exchange, start), &parent.0.recorder.budget);
    }

    /// The exchange it was sent in, which keeps it if it got no response and may be dumped with that.
    pub(super) fn parent_who_keeps(&self, call: &Exchange) -> Option<Self> {
        let outbound = self.0.outbound.as_ref()?;
        if self.0.recorder.settings.dump_outbound.is_some() || !lost_calls::is_lost(call) {
            return None;
        }
        outbound.open_parent().filter(|parent| parent.0.recorder.sinks.has_dumps())
    }
}
