//! What is compared: one small JSON API, bare and with something around it.

use std::{
    error::Error,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Waker},
    time::Duration,
};

use axum::{Router, body::Body, routing::post};
use http::Request;
use outlet::{RequestData, RequestHandler, RequestLoggerConfig, RequestLoggerLayer, ResponseData};
use tempfile::TempDir;
use tower::{Service as _, ServiceBuilder, layer::util::Identity};
use tower_flightlog::{Bodies, Exchange, FlightLog, FlightLogBuilder, Sink};
use tower_http::{
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    trace::{DefaultOnRequest, DefaultOnResponse, TraceLayer},
};
use tracing::{Dispatch, Level, Span};
use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _};

use crate::{
    api::{bare, request},
    stand::{Flood, Stand},
};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// One row of the table.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) build: fn() -> Result<Stand>,
}

/// The first is what the others are compared with.
pub(crate) const CASES: &[Case] = &[
    Case { name: "bare router", build: || Ok(Stand::new(bare())) },
    Case { name: "a layer that does nothing", build: || Ok(Stand::new(bare().layer(Identity::new()))) },
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
    Case { name: "tower-http: ids and TraceLayer, JSON to a file", build: tower_http },
    Case { name: "outlet, doing nothing", build: || Ok(outlet()) },
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

fn stand(builder: FlightLogBuilder, attach: Attach) -> Result<Stand> {
    let log = builder.build()?;
    Ok(Stand { log: Some(log.clone()), ..Stand::new(attach(bare(), &log)) })
}

fn log(set: fn(FlightLogBuilder) -> FlightLogBuilder, attach: Attach) -> Result<Stand> {
    stand(set(FlightLog::builder().files(false).dumps(false).sink(Counting::default())), attach)
}

fn reading(attach: Attach) -> Result<Stand> {
    stand(FlightLog::builder().files(false).dumps(false).sink(Reading::default()), attach)
}

fn dumping(attach: Attach) -> Result<Stand> {
    let dir = TempDir::new()?;
    let builder = FlightLog::builder().files(false).dir(dir.path()).sink(Counting::default());
    Ok(Stand { _dir: Some(dir), ..stand(builder, attach)? })
}

/// While many others are open.
fn crowded() -> Result<Stand> {
    let mut stand = log(|log| log, axum_layer)?;
    let waiting = Router::new().route("/wait", post(std::future::pending::<()>));
    let log = stand.log.as_ref().ok_or("it has a log")?;
    let waiting = axum_layer(waiting, log).with_state::<()>(());
    for count in 0..10_000 {
        // The sink is told of each, on a thread that has to come to it.
        if count % 1000 == 0 {
            log.flush(Duration::from_secs(60))?;
        }
        let mut parts = request();
        parts.uri = http::Uri::from_static("/wait");
        let answer = waiting.clone().call(Request::from_parts(parts, Body::empty()));
        let mut open: Pin<Box<dyn Future<Output = ()>>> = Box::pin(async { drop(answer.await) });
        // As far as it gets.
        let _ = open.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        stand.open.push(open);
    }
    Ok(stand)
}

/// Dumps, and a flood of failures of which the first three have left one.
fn flooded(is_measured: bool) -> Result<Stand> {
    let mut request = request();
    request.uri = http::Uri::from_static("/api/v1/orders");
    Ok(Stand { flood: Some(Flood { request, is_measured }), ..dumping(axum_layer)? })
}

/// Log files and dumps: request and response entries with both bodies.
fn filing(set: fn(FlightLogBuilder) -> FlightLogBuilder, attach: Attach) -> Result<Stand> {
    let dir = TempDir::new()?;
    let builder = set(FlightLog::builder().dir(dir.path()).console(tower_flightlog::Console::Off));
    Ok(Stand { _dir: Some(dir), ..stand(builder, attach)? })
}

/// What people put together today: an id for each request, and two JSON lines in a file.
fn tower_http() -> Result<Stand> {
    let dir = TempDir::new()?;
    let file = std::fs::File::create(dir.path().join("api.log"))?;
    let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(file);
    let subscriber = tracing_subscriber::registry()
        .with(Targets::new().with_target("tower_http", Level::INFO))
        .with(tracing_subscriber::fmt::layer().json().with_writer(writer));
    let trace = TraceLayer::new_for_http()
        .make_span_with(span)
        .on_request(DefaultOnRequest::new().level(Level::INFO))
        .on_response(DefaultOnResponse::new().level(Level::INFO));
    let layers = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(trace)
        .layer(PropagateRequestIdLayer::x_request_id());
    let stand = Stand::new(bare().layer(layers));
    Ok(Stand { subscriber: Some((Dispatch::new(subscriber), guard)), _dir: Some(dir), ..stand })
}

/// As tower-http's own example has it, with the id that the layer before has set.
fn span(request: &Request<Body>) -> Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    tracing::info_span!(
        target: "tower_http::trace",
        "request",
        method = %request.method(),
        uri = %request.uri(),
        request_id = id,
    )
}

struct Idle(Arc<AtomicU64>);

impl RequestHandler for Idle {
    async fn handle_request(&self, _: RequestData) {}

    async fn handle_response(&self, _: RequestData, _: ResponseData) {
        self.0.fetch_add(1, Relaxed);
    }
}

fn outlet() -> Stand {
    let run = Arc::new(AtomicU64::new(0));
    let layer = RequestLoggerLayer::new(RequestLoggerConfig::default(), Idle(Arc::clone(&run)));
    Stand { spawned: Some(run), ..Stand::new(bare().layer(layer)) }
}
