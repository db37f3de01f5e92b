//! An exchange as a dump: `flightlog.dump/1`, described in `schema/flightlog.dump.1.json`.
//!
//! The fields of the structs stand in the order in which they are written, the cause first. A new one needs a line
//! here and one in the schema; readers pass over what they do not know.

use std::{borrow::Cow, collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};

use super::{curl::curl, pretty::pretty};
use crate::exchange::{
    self, Backtrace, CacheCounts, CapturedBody, Direction, ErrorReport, Exchange, Field, Fingerprint,
    Headers, LlmUsage, Outcome, Redacted, RequestId, Step, StreamStats, Timestamp, TraceId, Trail,
    TrailEvent, by_name, millis_of,
};

pub(super) const SCHEMA: &str = "flightlog.dump/1";
/// The trigger of what was asked for.
const MANUAL: &str = "manual";

/// What a dump tells beside the exchange.
pub(crate) struct Context<'a, R> {
    /// Why it is written: a status, `panic`, `error`, `aborted`, `slow` or `manual`.
    pub trigger: &'a str,
    /// Who answered.
    pub service: &'a Program,
    /// What it is one of.
    pub similar: Similar,
    /// What the recorder says about itself.
    pub recorder: &'a R,
}

/// The process that answered, as a [`Dump`](crate::Dump) tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Program {
    /// The name of the service (LOG_SERVICE), else the program's.
    pub name: String,
    /// The version of the service (LOG_SERVICE).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its process id.
    pub pid: u32,
    /// The name of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

/// Other failures like the one of a [`Dump`](crate::Dump).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Similar {
    /// What they have in common.
    pub fingerprint: Fingerprint,
    /// How many of them got no dump since the last one that did.
    pub count: u64,
}

impl Similar {
    pub(crate) fn new(fingerprint: Fingerprint, count: u64) -> Self {
        Self { fingerprint, count }
    }
}

/// The text of a dump.
///
/// # Errors
/// Only where a value refuses to be written; none of ours does.
pub(crate) fn dump<R: Serialize>(
    exchange: &Exchange,
    context: &Context<'_, R>,
) -> serde_json::Result<String> {
    pretty(&Dump {
        schema: SCHEMA,
        timestamp: exchange.finished,
        trigger: context.trigger,
        reason: exchange.dump_reason.as_ref().filter(|_| context.trigger == MANUAL),
        request_id: exchange.request_id,
        client_request_id: exchange.client_request_id.as_ref(),
        parent_request_id: exchange.parent_request_id,
        trace_id: exchange.trace_id,
        direction: exchange.direction,
        outcome: exchange.outcome,
        error: exchange.error.as_ref().map(Error::of),
        timing: Timing {
            started: exchange.started,
            ttfb_ms: exchange.ttfb.map(millis_of),
            duration_ms: millis_of(exchange.duration),
            steps: exchange.waterfall(),
            stream: exchange.stream.as_deref(),
        },
        request: Request::of(&exchange.request),
        response: exchange.response.as_ref().map(Response::of),
        events: exchange.trail.as_ref().map_or(&[], Trail::events),
        events_dropped: exchange.trail.as_ref().map(Trail::dropped).filter(|dropped| *dropped > 0),
        events_limited_to: exchange.trail.as_ref().and_then(Trail::limit),
        attributes: &exchange.attributes,
        cache: &exchange.cache,
        instruments_dropped: Some(exchange.instruments_dropped).filter(|dropped| *dropped > 0),
        llm: exchange.llm.as_deref(),
        curl: curl(exchange),
        service: context.service,
        similar: context.similar,
        recorder: context.recorder,
    })
}

#[derive(Serialize)]
struct Dump<'a, R> {
    schema: &'static str,
    timestamp: Timestamp,
    trigger: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a Redacted>,
    request_id: RequestId,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_request_id: Option<&'a Redacted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_request_id: Option<RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<TraceId>,
    #[serde(skip_serializing_if = "Direction::is_inbound")]
    direction: Direction,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Error<'a>>,
    timing: Timing<'a>,
    request: Request<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Response<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    events: &'a [TrailEvent],
    #[serde(skip_serializing_if = "Option::is_none")]
    events_dropped: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events_limited_to: Option<&'static str>,
    #[serde(with = "by_name", skip_serializing_if = "<[_]>::is_empty")]
    attributes: &'a [Field],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    cache: &'a BTreeMap<Cow<'static, str>, CacheCounts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instruments_dropped: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    llm: Option<&'a LlmUsage>,
    curl: String,
    service: &'a Program,
    similar: Similar,
    recorder: &'a R,
}

#[derive(Serialize)]
struct Error<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    error_type: Option<&'a str>,
    message: &'a Redacted,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    chain: &'a [Redacted],
    #[serde(skip_serializing_if = "Option::is_none")]
    backtrace: Option<&'a Backtrace>,
}

impl<'a> Error<'a> {
    fn of(report: &'a ErrorReport) -> Self {
        Self {
            error_type: report.error_type.as_deref(),
            message: &report.message,
            location: report.location.as_deref(),
            chain: &report.chain,
            backtrace: report.backtrace(),
        }
    }
}

#[derive(Serialize)]
struct Timing<'a> {
    started: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttfb_ms: Option<f64>,
    duration_ms: f64,
    #[serde(skip_serializing_if = "is_empty")]
    steps: Cow<'a, [Step]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<&'a StreamStats>,
}

#[derive(Serialize)]
struct Request<'a> {
    method: &'a str,
    url: &'a Redacted,
    endpoint: &'a Redacted,
    http_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_addr: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer_addr: Option<IpAddr>,
    headers: &'a Headers,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a CapturedBody>,
}

impl<'a> Request<'a> {
    fn of(request: &'a exchange::Request) -> Self {
        Self {
            method: request.method.as_str(),
            url: request.url(),
            endpoint: request.endpoint(),
            http_version: request.http_version(),
            remote_addr: request.remote_addr,
            peer_addr: request.peer_addr,
            headers: request.headers(),
            body: told(&request.body),
        }
    }
}

#[derive(Serialize)]
struct Response<'a> {
    status: u16,
    headers: &'a Headers,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a CapturedBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trailers: Option<&'a Headers>,
}

impl<'a> Response<'a> {
    fn of(response: &'a exchange::Response) -> Self {
        Self {
            status: response.status.as_u16(),
            headers: response.headers(),
            body: told(&response.body),
            trailers: response.trailers.as_ref(),
        }
    }
}

fn is_empty(steps: &[Step]) -> bool {
    steps.is_empty()
}

/// A body there is something to tell about: one that had bytes, or whose end was not seen.
fn told(body: &CapturedBody) -> Option<&CapturedBody> {
    (body.total_bytes() > 0 || !body.is_complete()).then_some(body)
}

#[cfg(test)]
pub(super) mod tests;
