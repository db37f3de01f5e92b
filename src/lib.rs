//! A flight log for tower services.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "init"), expect(dead_code, reason = "only `init` hears tracing events"))]

mod builder;
mod capture;
mod config;
mod console;
mod dump;
mod exchange;
mod export;
mod flightlog;
#[cfg(feature = "init")]
mod init;
mod layer;
mod redact;
mod sink;
#[cfg(test)]
mod tests;
#[cfg(feature = "init")]
mod trace;
mod tracing_events;

pub use builder::FlightLogBuilder;
pub use capture::{Current, current};
pub use config::{Console, Error, Problem, RoutePolicy, Verbosity};
pub use exchange::{
    Backtrace, Bodies, BodyText, CapturedBody, Direction, ErrorReport, Event, Exchange, Field, Headers,
    Outcome, Redacted, Request, RequestId, Response, SpanId, Started, Timestamp, TraceId, Value,
};
pub use flightlog::{FlightLog, Unwritten};
#[cfg(feature = "init")]
pub use init::init;
#[cfg(feature = "axum")]
pub use layer::AxumBody;
pub use layer::{
    AnyBody, FlightLogLayer, FlightLogService, RequestBody, ResponseBody, ResponseFuture, RoutePolicyService,
};
pub use redact::{RedactMode, RedactOptions, Redactor};
pub use sink::{MemorySink, Sink, Stats};
