//! The flight log as `init()` sets it up, where stdout is no terminal: log files, dumps, both bodies, redaction, trails,
//! and its subscriber as the global one. What is said here in code is said there by LOG_* variables.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
    routing::post,
};
use http::{Request, StatusCode, Uri};
use tempfile::TempDir;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_flightlog::{Bodies, Console, FlightLog, FlightLogBuilder, RequestBody, Verbosity};
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::{
    Result, api,
    wrapped::{Proof, Wrapped},
};

/// LOG_API_CALLS=false.
pub(crate) fn off() -> Result<Wrapped> {
    started(|log| log.enabled(false), |_| api::bare(), 0)
}

/// LOG_BODIES=off.
pub(crate) fn metadata() -> Result<Wrapped> {
    started(|log| log.bodies(Bodies::Off), |_| api::bare(), 2)
}

/// LOG_BODIES=off, LOG_COMBINED=true.
pub(crate) fn metadata_combined() -> Result<Wrapped> {
    started(|log| log.bodies(Bodies::Off).combined(true), |_| api::bare(), 1)
}

/// No variable at all.
pub(crate) fn default() -> Result<Wrapped> {
    started(|log| log, |_| api::bare(), 2)
}

/// LOG_COMBINED=true.
pub(crate) fn combined() -> Result<Wrapped> {
    started(|log| log.combined(true), |_| api::bare(), 1)
}

/// LOG_DEBUG=3, LOG_HEADERS=true, LOG_LEVEL=debug, LOG_TRAIL=trace; and to generate is to call another service.
pub(crate) fn everything() -> Result<Wrapped> {
    let set =
        |log: FlightLogBuilder| log.verbosity(Verbosity::FULL).headers(true).level("debug").trail("trace");
    started(set, calling, 2)
}

fn started(
    set: impl FnOnce(FlightLogBuilder) -> FlightLogBuilder,
    routes: impl FnOnce(&FlightLog) -> Router,
    lines: u64,
) -> Result<Wrapped> {
    let dir = TempDir::new()?;
    let log = set(FlightLog::builder().dir(dir.path()).console(Console::Off)).build()?;
    let subscriber = Dispatch::new(tracing_subscriber::registry().with(log.tracing_layer()));
    let router = routes(&log).layer(log.axum_layer());
    let wrapped = Wrapped::new(router, Recorded { log, exchanges: lines.min(1), lines }).with(dir);
    Ok(Wrapped { subscriber: Some(subscriber), ..wrapped })
}

/// Routes of which the first calls another service, which answers at once.
fn calling(log: &FlightLog) -> Router {
    let client = log.outbound_layer().layer(service_fn(stock));
    api::with_generate(post(async move |body: Bytes| {
        let mut call = Request::new(Body::empty());
        *call.uri_mut() = Uri::from_static("http://stock.test/reserve");
        match client.oneshot(call).await {
            Ok(_) => api::generate(body).await.into_response(),
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        }
    }))
}

async fn stock(_: Request<RequestBody<Body>>) -> std::result::Result<Response, Infallible> {
    Ok(Response::new(Body::empty()))
}

/// What each request leaves, at least.
pub(crate) struct Recorded {
    pub(crate) log: FlightLog,
    pub(crate) exchanges: u64,
    pub(crate) lines: u64,
}

impl Proof for Recorded {
    fn done(&self) -> Result<u64> {
        self.log.flush(Duration::from_secs(60))?;
        let stats = self.log.stats();
        if self.exchanges == 0 && stats.finished > 0 {
            return Err(format!("nothing is to be recorded: {stats:?}").into());
        }
        let of = |count: u64, each: u64| count.checked_div(each).unwrap_or(u64::MAX);
        Ok(of(stats.finished, self.exchanges).min(of(stats.files.lines, self.lines)))
    }

    fn lost(&self) -> u64 {
        let stats = self.log.stats();
        stats.queue_dropped + stats.files.dropped + stats.files.lost
    }
}
