//! What differs for a request that is sent: whose it is, and who is told of it.

use std::{sync::Arc, time::Instant};

use http::request::Parts;

use super::{Flight, Own, WeakFlight};
use crate::{
    capture::{
        arrival, current,
        noted::Noted,
        outbound::{self, Lineage, Outbound, SAMPLED},
        recorder::Recorder,
        report::Known,
    },
    exchange::{Exchange, RequestId, Step, Timestamp},
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
        let beginning = arrival::sent(recorder, parts, &headers, request_id, trace, started);
        let outbound = Outbound { parent: parent.map(Self::downgrade), known };
        let own = Own {
            arrived,
            unwanted,
            trace_flags: SAMPLED,
            outbound: Some(outbound.into()),
            echo: None,
            trail: None,
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

    /// Something was done for it.
    fn took_step(&self, step: Step) {
        let is_open = !self.lock().finished;
        if is_open {
            self.instruments().step(step, &self.0.recorder.budget);
        }
    }

    /// The exchange it was sent in has it among its steps.
    pub(super) fn tell_parent(&self, outbound: &Outbound, exchange: &Exchange) {
        if let Some(parent) = outbound.parent.as_ref().and_then(WeakFlight::upgrade) {
            let start = self.0.arrived.saturating_duration_since(parent.0.arrived);
            parent.took_step(outbound::step(exchange, start));
        }
    }
}
