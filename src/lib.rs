//! A flight log for tower services: every HTTP exchange is recorded once, with its true outcome, and each one that fails
//! leaves a file with what is needed to understand it.
//!
//! ```no_run
//! use std::net::SocketAddr;
//! use axum::{Router, routing::get};
//!
//! # #[cfg(all(feature = "init", feature = "axum"))]
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let flightlog = tower_flightlog::init()?;
//!     let app: Router = Router::new().route("/", get(|| async { "hello" })).layer(flightlog.axum_layer());
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
//!     Ok(())
//! }
//! # #[cfg(not(all(feature = "init", feature = "axum")))] fn main() {}
//! ```
//!
//! Set up in code, for any tower service, with what it records in hand:
//!
//! ```
//! use std::{convert::Infallible, sync::Arc, time::Duration};
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Full};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use tower_flightlog::{FlightLog, MemorySink, Outcome, RequestBody};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let memory = Arc::new(MemorySink::default());
//! let flightlog = FlightLog::builder().files(false).dumps(false).sink(Arc::clone(&memory)).build()?;
//! let service = ServiceBuilder::new().layer(flightlog.layer()).service(service_fn(
//!     |_: Request<RequestBody<Full<Bytes>>>| async {
//!         Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
//!     },
//! ));
//! let response = service.oneshot(Request::get("/greet?token=abc").body(Full::default())?).await?;
//! response.into_body().collect().await?;
//!
//! flightlog.flush(Duration::from_secs(5))?;
//! let exchange = &memory.exchanges()[0];
//! assert_eq!(exchange.outcome, Outcome::Complete);
//! assert_eq!(exchange.request.url(), "/greet?token=[REDACTED]");
//! # Ok(()) }
//! ```
//!
//! # Where to look
//!
//! | for | see |
//! |---|---|
//! | starting | [`init`], [`FlightLog::from_env`], [`FlightLog::builder`] |
//! | settings: variables, setters, defaults | [`FlightLogBuilder`] |
//! | layers | [`FlightLog::layer`], [`FlightLog::axum_layer`], [`RoutePolicy`] for single routes |
//! | requests to other services | [`FlightLog::outbound_layer`] |
//! | handlers | [`current`], [`RequestId`] as an extractor |
//! | why a request failed | [`Current::report_error`], [`WithError`] for `IntoResponse` of an error type |
//! | what happens inside of requests | [`Current::timer`], [`Timed`], [`Current::cache_hit`], [`Current::event`], [`event!`], [`Current::debug`], [`debug!`], [`Current::attribute`] |
//! | spawned tasks, threads | [`WithCurrent`], [`Current::wrap`] |
//! | a tracing subscriber of your own | [`FlightLog::tracing_layer`] |
//! | run time | [`FlightLog::in_flight`], [`FlightLog::set_enabled`], [`FlightLog::set_verbosity`], [`FlightLog::stats`], [`FlightLog::flush`] |
//! | outputs of your own | [`Sink`], [`Exchange`], [`MemorySink`] for tests |
//! | what never leaves | [`Redactor`], [`RedactOptions`] |
//! | what is written | [`formats`] |
//! | dumps read back: a command, a test, a text for an issue, an archive | [`Dump`] |
//!
//! # Features
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `init` | yes | [`init`] and [`FlightLog::tracing_layer`]: log entries from tracing events and the `log` crate |
//! | `axum` | yes | [`FlightLog::axum_layer`], route templates as endpoints, the address from `ConnectInfo`, the [`RequestId`] extractor |
//! | `tonic` | no | the peer address of tonic's server |
//!
//! Features add API and never change what is recorded.
//!
//! # What a request may rely on
//!
//! Bytes, frames, trailers, size hints, errors and back-pressure are the same with and without the layer; only the
//! header `x-request-id` is added. Nothing is buffered ahead of the handler or the client. Trouble with the log is a
//! warning and a counter in [`Stats`], never an error of a request. What is kept is bounded, and what a bound drops is
//! counted.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "init"), expect(dead_code, reason = "only `init` hears tracing events"))]

mod builder;
mod capture;
mod config;
mod console;
mod dump;
mod exchange;
mod export;
mod files;
mod flightlog;
pub mod formats;
#[cfg(feature = "init")]
mod init;
mod journal;
mod layer;
mod llm;
mod redact;
mod sink;
mod stream;
mod sync;
#[cfg(test)]
mod tests;
#[cfg(feature = "init")]
mod trace;
mod tracing_events;
mod writer;

pub use builder::FlightLogBuilder;
pub use capture::{
    AnyError, Current, CustomEvent, Failure, Timed, TimedFuture, Timer, WithCurrent, WithCurrentFuture,
    WithError, current, debug_level, is_debug_enabled,
};
pub use config::{Console, Error, Problem, RoutePolicy, Verbosity};
pub use exchange::{
    Backtrace, Bodies, BodyText, CacheCounts, CapturedBody, Direction, EndedBy, ErrorReport, Event,
    EventKind, Exchange, Field, Fingerprint, Headers, InFlight, InvalidFingerprint, LlmUsage, Location,
    Outcome, Redacted, Request, RequestId, Response, SpanId, Started, Step, StepKind, StreamStats,
    StreamedEvent, Timestamp, TraceId, Trail, TrailEvent, Value,
};
pub use export::{Dump, DumpError, Program, RecorderState, Similar};
pub use flightlog::{FlightLog, Unwritten};
#[cfg(feature = "init")]
pub use init::init;
#[cfg(feature = "axum")]
pub use layer::AxumBody;
pub use layer::{
    AnyBody, FlightLogLayer, FlightLogService, Outbound, RequestBody, ResponseBody, ResponseFuture,
    RoutePolicyService,
};
pub use redact::{RedactMode, RedactOptions, Redactor};
pub use sink::{FileStats, MemorySink, Sink, Stats};
/// The level of an event, which is that of [`tracing`].
pub use tracing::Level;

/// The examples in README.md are tests.
#[cfg(all(doctest, feature = "init", feature = "axum"))]
#[doc = include_str!("../README.md")]
mod readme {}
