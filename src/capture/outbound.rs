//! Requests that are sent: what they carry, and whose they are.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, request::Parts};

use super::{
    flight::{Flight, WeakFlight},
    instruments::StepId,
    noted::Noted,
    report::Known,
    traceparent::TraceParent,
};
use crate::exchange::{
    Exchange, Outcome, Redacted, RequestId, SpanId, Started, Step, StepKind, TraceId, random,
};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// What a record knows of a request because it is sent.
pub(super) struct Outbound {
    /// The exchange it was sent in.
    pub(super) parent: Option<WeakFlight>,
    /// Its step there.
    pub(super) step: Option<StepId>,
    /// The error of the client.
    pub(super) known: Option<Known>,
}

impl Outbound {
    /// The exchange it was sent in, where that has not ended.
    pub(super) fn open_parent(&self) -> Option<Flight> {
        self.parent.as_ref()?.upgrade().filter(|parent| !parent.has_ended())
    }
}

/// Where a request stands in its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trace {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) parent_span_id: Option<SpanId>,
}

/// The trace of an exchange, for those it sends requests to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lineage {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    /// The caller's span, where there was a caller with one.
    pub(super) parent_span_id: Option<SpanId>,
    pub(super) flags: u8,
}

/// Stands in the extensions of a request that has a record as one that is sent.
#[derive(Clone, Copy)]
struct Recorded;

/// Marks a request; false where that was done before. The id of the exchange it may come from is not its own.
pub(super) fn mark(parts: &mut Parts) -> bool {
    if parts.extensions.insert(Recorded).is_some() {
        return false;
    }
    parts.extensions.remove::<RequestId>();
    true
}

/// Puts the ids into a request that is about to be sent. A map that is full stays as it is.
pub(super) fn address(headers: &mut HeaderMap, request_id: RequestId, parent: Option<&Flight>) -> Trace {
    if let Ok(id) = HeaderValue::from_str(request_id.encode(&mut [0; 36])) {
        let _ = headers.try_insert(super::flight::REQUEST_ID, id);
    }
    let set = TraceParent::from_header(Noted::of(headers).traceparent);
    let lineage = parent.map(Flight::lineage);
    if let Some(set) = set.filter(|set| !is_passed_on(*set, lineage)) {
        // Somebody made a span for this call: that is the one it is sent from.
        return Trace { trace_id: set.trace_id, span_id: set.parent_id, parent_span_id: None };
    }
    let trace = Trace {
        trace_id: lineage.map_or_else(|| request_id.as_trace(), |lineage| lineage.trace_id),
        span_id: SpanId::from_bytes(random().max(1).to_be_bytes()),
        parent_span_id: lineage.map(|lineage| lineage.span_id),
    };
    let flags = lineage.map_or(SAMPLED, |lineage| lineage.flags);
    let text = format!("00-{}-{}-{flags:02x}", trace.trace_id, trace.span_id);
    if let Ok(value) = HeaderValue::from_str(&text)
        && headers.try_insert(TRACEPARENT, value).is_ok()
        && set.is_none()
    {
        // It belongs to a trace that is not this one (section 3.3.1).
        headers.remove(TRACESTATE);
    }
    trace
}

/// A call that begins as a step of the exchange it is sent in.
pub(super) fn begun(call: &Started, start: Duration) -> Step {
    let name = Redacted::of_call(call.request.method.as_str(), call.request.url());
    let mut step = Step::new(name, StepKind::Outbound, start, Duration::ZERO);
    step.request_id = Some(call.request_id);
    step
}

/// The same once it is over.
pub(super) fn step(exchange: &Exchange, start: Duration) -> Step {
    let mut step = begun(exchange, start);
    step.last(exchange.duration, false);
    step.status = exchange.status();
    let is_whole = matches!(exchange.outcome, Outcome::Complete | Outcome::Upgraded);
    let error = (!is_whole).then(|| match &exchange.error {
        Some(report) => Redacted::joined(std::iter::once(&report.message).chain(&report.chain), ": "),
        None => Redacted::literal(exchange.outcome.as_str()),
    });
    step.failed(error.as_ref())
}

/// Section 3.2.2.5.1: it may have been recorded.
pub(super) const SAMPLED: u8 = 1;

/// True where this is the header that the exchange itself came with, as a gateway passes it on.
fn is_passed_on(set: TraceParent, lineage: Option<Lineage>) -> bool {
    lineage.is_some_and(|lineage| {
        (set.trace_id, Some(set.parent_id)) == (lineage.trace_id, lineage.parent_span_id)
    })
}
