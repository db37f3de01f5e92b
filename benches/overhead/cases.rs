//! The flight log with one thing or another set, beside each other: where its costs come from.

use std::{
    any::Any,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Waker},
    time::Duration,
};

use axum::{Router, routing::post};
use http::Uri;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::{Service as _, layer::util::Identity};
use tower_flightlog::{Bodies, Exchange, FlightLog, FlightLogBuilder, Sink};

use crate::{
    Result, api,
    asks::Ask,
    instruments,
    ours::Recorded,
    shapes::{self, Effort, POST},
    stacks,
    stand::{Stand, runtime},
    wrapped::Wrapped,
};

/// One row of a table.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) build: fn() -> Result<Stand>,
}

/// The case of this name, warmed up; its subscriber is the global one.
pub(crate) fn warmed_up(name: &str) -> Result<(Runtime, Stand, Effort)> {
    let runtime = runtime()?;
    let entered = runtime.enter();
    let (mut stand, effort) = match shapes::stand(name) {
        Some(stand) => stand?,
        None => {
            let case = all().find(|case| case.name == name).ok_or("no such case")?;
            ((case.build)()?, Effort::SMALL)
        }
    };
    drop(entered);
    if let Some(subscriber) = stand.wrapped.subscriber.take() {
        tracing::dispatcher::set_global_default(subscriber)?;
    }
    if !name.starts_with("slow: ") {
        runtime.block_on(stand.round(effort.warm_up))?;
    }
    Ok((runtime, stand, effort))
}

/// The cases that belong to no shape.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    [CASES].into_iter().chain(instruments::GROUPS.iter().copied()).flatten()
}

/// The first is what the others are compared with.
pub(crate) const CASES: &[Case] = &[
    Case { name: stacks::BARE, build: || Ok(asked(stacks::plain(api::bare()))) },
    Case {
        name: "a layer that does nothing",
        build: || Ok(asked(stacks::plain(api::bare().layer(Identity::new())))),
    },
    Case { name: "off, axum_layer()", build: || log(|log| log.enabled(false), axum_layer) },
    Case { name: "off, layer()", build: || log(|log| log.enabled(false), any_layer) },
    Case { name: "without bodies, axum_layer()", build: || log(|log| log.bodies(Bodies::Off), axum_layer) },
    Case { name: "without bodies, layer()", build: || log(|log| log.bodies(Bodies::Off), any_layer) },
    Case { name: "a sink that counts, axum_layer()", build: || log(|log| log, axum_layer) },
    Case { name: "a sink that counts, layer()", build: || log(|log| log, any_layer) },
    Case { name: "a sink that counts, and dumps, axum_layer()", build: || dumping(axum_layer) },
    Case { name: "a sink that counts, and dumps, layer()", build: || dumping(any_layer) },
    Case { name: "the same, while others fail, axum_layer()", build: || flooded(false) },
    Case { name: "a failure that gets no dump any more, axum_layer()", build: || flooded(true) },
    Case { name: "log files, as by default, axum_layer()", build: || filing(|log| log, axum_layer) },
    Case {
        name: "log files, combined, axum_layer()",
        build: || filing(|log| log.combined(true), axum_layer),
    },
    Case {
        name: "log files, without bodies, axum_layer()",
        build: || filing(|log| log.bodies(Bodies::Off), axum_layer),
    },
    Case { name: "a sink that counts, 10,000 more open, axum_layer()", build: crowded },
    Case { name: "both bodies redacted, axum_layer()", build: || reading(axum_layer) },
    Case { name: "both bodies redacted, layer()", build: || reading(any_layer) },
];

/// Only counts.
#[derive(Default)]
struct Counting(AtomicU64);

impl Sink for Counting {
    fn finished(&self, _: &Arc<Exchange>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Has both bodies redacted, as an entry shows them.
#[derive(Default)]
struct Reading(AtomicU64);

impl Sink for Reading {
    fn finished(&self, exchange: &Arc<Exchange>) {
        let response = exchange.response.as_ref().map(|response| response.body.head());
        std::hint::black_box((exchange.request.body.head(), response));
        self.0.fetch_add(1, Relaxed);
    }
}

type Attach = fn(Router, &FlightLog) -> Router;

fn axum_layer(router: Router, log: &FlightLog) -> Router {
    router.layer(log.axum_layer())
}

fn any_layer(router: Router, log: &FlightLog) -> Router {
    router.layer(log.layer())
}

/// Asked as the table of JSON is.
fn asked(wrapped: Wrapped) -> Stand {
    Stand::new(wrapped, (POST.asks)())
}

fn logged(log: &FlightLog, attach: Attach, keep: impl Any) -> Stand {
    let exchanges = u64::from(log.is_enabled());
    let proof = Recorded { log: log.clone(), exchanges, lines: 0 };
    asked(Wrapped::new(attach(api::bare(), log), proof).with(keep))
}

fn log(set: fn(FlightLogBuilder) -> FlightLogBuilder, attach: Attach) -> Result<Stand> {
    let log = set(FlightLog::builder().files(false).dumps(false).sink(Counting::default())).build()?;
    Ok(logged(&log, attach, ()))
}

fn reading(attach: Attach) -> Result<Stand> {
    let log = FlightLog::builder().files(false).dumps(false).sink(Reading::default()).build()?;
    Ok(logged(&log, attach, ()))
}

fn dumping(attach: Attach) -> Result<Stand> {
    let dir = TempDir::new()?;
    let log = FlightLog::builder().files(false).dir(dir.path()).sink(Counting::default()).build()?;
    Ok(logged(&log, attach, dir))
}

/// Log files and dumps: request and response entries with both bodies, without a subscriber.
fn filing(set: fn(FlightLogBuilder) -> FlightLogBuilder, attach: Attach) -> Result<Stand> {
    let dir = TempDir::new()?;
    let builder = FlightLog::builder().dir(dir.path()).console(tower_flightlog::Console::Off);
    Ok(logged(&set(builder).build()?, attach, dir))
}

/// While many others are open.
fn crowded() -> Result<Stand> {
    let log = FlightLog::builder().files(false).dumps(false).sink(Counting::default()).build()?;
    let waiting = Router::new().route("/wait", post(std::future::pending::<()>));
    let waiting = axum_layer(waiting, &log).with_state::<()>(());
    let ask = Ask::get("/wait", 0, 0);
    let mut all_open: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    for count in 0..10_000 {
        // The sink is told of each, on a thread that has to come to it.
        if count % 1000 == 0 {
            log.flush(Duration::from_secs(60))?;
        }
        let mut request = ask.request();
        *request.method_mut() = http::Method::POST;
        let answer = waiting.clone().call(request);
        let mut open: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async { drop(answer.await) });
        // As far as it gets.
        let _ = open.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        all_open.push(open);
    }
    Ok(logged(&log, axum_layer, all_open))
}

/// Dumps, and a flood of failures of which the first three have left one.
fn flooded(is_measured: bool) -> Result<Stand> {
    let mut failing = Ask::post(api::GENERATE, 0, api::FAILURE.len());
    failing.parts.uri = Uri::from_static("/api/v1/orders");
    failing.status = 500;
    let mut stand = dumping(axum_layer)?;
    if is_measured {
        stand.asks = vec![failing.clone()];
    }
    stand.before = vec![failing; FLOOD];
    Ok(stand)
}

/// Failures before each round.
const FLOOD: usize = 50;
