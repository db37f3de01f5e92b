//! How a dump is written, as far as it is read. What is not named here is passed over.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Deserializer, de};
use tracing::level_filters::LevelFilter;

use super::{
    super::{Similar, dump::SCHEMA},
    Dump, DumpError, Program, RecorderState,
};
use crate::exchange::{
    CacheCounts, Direction, ErrorReport, Exchange, Field, LlmUsage, Millis, Outcome, Redacted, Request,
    RequestId, Response, Started, Step, StreamStats, Timestamp, TraceId, Trail, TrailEvent, by_name,
};

/// Says what a text is before it is read: one of another version may differ anywhere.
pub(super) fn check_version(text: &str) -> Result<(), DumpError> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        schema: Option<Cow<'a, str>>,
    }
    let head: Head<'_> = serde_json::from_str(text).map_err(DumpError::no_json)?;
    match head.schema.as_deref() {
        Some(SCHEMA) => Ok(()),
        other => Err(DumpError::schema(other)),
    }
}

#[derive(Deserialize)]
pub(super) struct Wire {
    #[serde(rename = "schema")]
    _schema: ThisVersion,
    timestamp: Timestamp,
    trigger: String,
    reason: Option<Redacted>,
    request_id: RequestId,
    client_request_id: Option<Redacted>,
    parent_request_id: Option<RequestId>,
    trace_id: Option<TraceId>,
    #[serde(default)]
    direction: Direction,
    outcome: Outcome,
    error: Option<ErrorReport>,
    timing: Timing,
    request: Request,
    response: Option<Response>,
    #[serde(default)]
    events: Vec<TrailEvent>,
    #[serde(default)]
    events_dropped: u64,
    events_limited_to: Option<Limit>,
    #[serde(default, with = "by_name")]
    attributes: Vec<Field>,
    #[serde(default)]
    cache: BTreeMap<Cow<'static, str>, CacheCounts>,
    #[serde(default)]
    instruments_dropped: u64,
    llm: Option<Box<LlmUsage>>,
    service: Program,
    similar: Option<Similar>,
    recorder: RecorderState,
}

#[derive(Deserialize)]
struct Timing {
    started: Timestamp,
    ttfb_ms: Option<Millis>,
    duration_ms: Millis,
    #[serde(default)]
    steps: Vec<Step>,
    stream: Option<Box<StreamStats>>,
}

impl From<Wire> for Dump {
    fn from(wire: Wire) -> Self {
        let slow = matches!(wire.trigger.as_str(), "slow" | "aborted");
        let started = Started {
            request_id: wire.request_id,
            client_request_id: wire.client_request_id,
            client_request_id_rejected: false,
            parent_request_id: wire.parent_request_id,
            trace_id: wire.trace_id,
            span_id: None,
            parent_span_id: None,
            started: wire.timing.started,
            told: wire.timing.started,
            direction: wire.direction,
            request: wire.request,
        };
        let limited_to = wire.events_limited_to.map(|Limit(level)| level);
        let exchange = Exchange {
            began: Arc::new(started),
            finished: wire.timestamp,
            outcome: wire.outcome,
            grpc_status: wire.response.as_ref().and_then(grpc_status),
            response: wire.response,
            ttfb: wire.timing.ttfb_ms.map(|Millis(duration)| duration),
            duration: wire.timing.duration_ms.0,
            slow,
            stream: wire.timing.stream,
            llm: wire.llm,
            error: wire.error,
            steps: wire.timing.steps,
            attributes: wire.attributes,
            cache: wire.cache,
            instruments_dropped: wire.instruments_dropped,
            trail: (!(wire.events.is_empty() && wire.events_dropped == 0 && limited_to.is_none()))
                .then(|| Trail::read(wire.events, wire.events_dropped, limited_to)),
            dump: None,
            dump_reason: wire.reason,
        };
        Self {
            trigger: wire.trigger,
            exchange,
            service: wire.service,
            similar: wire.similar,
            recorder: wire.recorder,
        }
    }
}

/// From the trailers, else from the headers.
fn grpc_status(response: &Response) -> Option<u16> {
    let trailers = response.trailers.as_ref();
    let told = trailers.and_then(|trailers| trailers.get("grpc-status"));
    told.or_else(|| response.headers().get("grpc-status"))?.parse().ok()
}

struct ThisVersion;

impl<'de> Deserialize<'de> for ThisVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<'_, str>::deserialize(deserializer)?;
        if name == SCHEMA { Ok(Self) } else { Err(de::Error::custom(DumpError::schema(Some(&name)))) }
    }
}

struct Limit(LevelFilter);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let level = name.parse().map_err(|_| de::Error::custom(format!("{name:?} is not a level or OFF")))?;
        Ok(Self(level))
    }
}
