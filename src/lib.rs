//! A flight log for tower services.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod capture;
mod config;
mod exchange;
mod layer;
mod redact;
mod sink;

pub use capture::{Current, current};
pub use config::{Bodies, Console, Error, Problem, RoutePolicy, Verbosity};
pub use exchange::{
    Backtrace, BodyText, CapturedBody, Direction, ErrorReport, Event, Exchange, Field, Headers, Outcome,
    Redacted, Request, RequestId, Response, SpanId, Started, Timestamp, TraceId, Value,
};
#[cfg(feature = "axum")]
pub use layer::AxumBody;
pub use layer::{
    AnyBody, FlightLogLayer, FlightLogService, RequestBody, ResponseBody, ResponseFuture, RoutePolicyService,
};
pub use redact::RedactMode;
pub use sink::{Sink, Stats};
