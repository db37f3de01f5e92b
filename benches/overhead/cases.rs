//! What is compared: one small JSON API, bare and with something around it.

use std::{
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Waker},
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    routing::post,
};
use http::{HeaderValue, Method, Request, StatusCode, header, request::Parts};
use http_body_util::BodyExt as _;
use outlet::{RequestData, RequestHandler, RequestLoggerConfig, RequestLoggerLayer, ResponseData};
use serde::Serialize;
use tempfile::TempDir;
use tower::{Service as _, ServiceBuilder, layer::util::Identity};
use tower_flightlog::{Bodies, Exchange, FlightLog, FlightLogBuilder, Sink};
use tower_http::{
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    trace::{DefaultOnRequest, DefaultOnResponse, TraceLayer},
};
use tracing::{Dispatch, Level, Span};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _};

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

/// A router, and all that has to live as long.
pub(crate) struct Stand {
    router: Router,
    request: Parts,
    log: Option<FlightLog>,
    /// Tasks that the layer has spawned and that have run.
    spawned: Option<Arc<AtomicU64>>,
    served: u64,
    /// Requests that nobody answers.
    open: Vec<Pin<Box<dyn Future<Output = ()>>>>,
    /// Where failures are part of it.
    flood: Option<Flood>,
    subscriber: Option<(Dispatch, WorkerGuard)>,
    _dir: Option<TempDir>,
}

impl Stand {
    fn new(router: Router) -> Self {
        Self {
            router: router.with_state(()),
            request: request(),
            log: None,
            spawned: None,
            served: 0,
            open: Vec::new(),
            flood: None,
            subscriber: None,
            _dir: None,
        }
    }

    /// Requests, and all that they have left to do.
    pub(crate) async fn round(&mut self, requests: u64) -> Result<()> {
        // As many in each round, however many requests are counted.
        if let Some(Flood { request, .. }) = &self.flood {
            let request = request.clone();
            self.send(&request, FLOOD, 500, FAILURE.len()).await?;
        }
        self.serve(requests).await?;
        self.settle().await
    }

    /// Sends `count` requests, one after the other, and reads the responses to their ends.
    pub(crate) async fn serve(&mut self, count: u64) -> Result<()> {
        if let Some(Flood { request, is_measured: true }) = &self.flood {
            let request = request.clone();
            return self.send(&request, count, 500, FAILURE.len()).await;
        }
        let request = self.request.clone();
        self.send(&request, count, 200, ANSWER_LENGTH).await
    }

    async fn send(&mut self, request: &Parts, count: u64, status: u16, bytes: usize) -> Result<()> {
        let _default =
            self.subscriber.as_ref().map(|(dispatch, _)| tracing::dispatcher::set_default(dispatch));
        for _ in 0..count {
            let request = Request::from_parts(request.clone(), Body::from(Bytes::from_static(QUESTION)));
            let response = self.router.call(request).await?;
            let (parts, mut body) = response.into_parts();
            let mut length = 0;
            while let Some(frame) = body.frame().await {
                length += frame?.data_ref().map_or(0, Bytes::len);
            }
            if (parts.status.as_u16(), length) != (status, bytes) {
                return Err(format!("{} with {length} bytes", parts.status).into());
            }
            if self.spawned.is_some() {
                tokio::task::yield_now().await;
            }
        }
        self.served += count;
        Ok(())
    }

    /// Waits until what runs behind the requests has caught up, and looks whether it did all of its work.
    pub(crate) async fn settle(&self) -> Result<()> {
        if let Some(log) = &self.log {
            log.flush(Duration::from_secs(60))?;
            let stats = log.stats();
            let expected = if log.is_enabled() { self.served } else { 0 };
            if (stats.finished, stats.queue_dropped) != (expected, 0) {
                return Err(format!("of {expected} exchanges: {stats:?}").into());
            }
        }
        while self.spawned.as_ref().is_some_and(|run| run.load(Relaxed) < self.served) {
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// Failures among the others.
struct Flood {
    request: Parts,
    /// Whether they are what is measured.
    is_measured: bool,
}

/// Failures before each round.
const FLOOD: u64 = 50;
const FAILURE: &str = r#"{"error":"the store refused order 7","code":"store_refused","retry":true}"#;

/// 300 bytes.
const QUESTION: &[u8] = br#"{"model":"small-1","temperature":0.2,"max_tokens":256,"stream":false,"user":"u-48213","messages":[{"role":"system","content":"Answer in one sentence."},{"role":"user","content":"How far is the moon from the earth, and how long does light take to cross that distance on a perfectly windless night?"}]}"#;

/// What the handler answers: 500 bytes.
#[derive(Serialize)]
struct Answer {
    id: &'static str,
    object: &'static str,
    created: u64,
    received: usize,
    choices: [Choice; 1],
    usage: Usage,
}

#[derive(Serialize)]
struct Choice {
    index: u32,
    message: Message,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message {
    role: &'static str,
    content: &'static str,
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: u32,
    completion_tokens: u32,
    total_tokens: u32,
}

const ANSWER_LENGTH: usize = 500;

async fn generate(body: Bytes) -> Json<Answer> {
    let message = Message {
        role: "assistant",
        content: "The moon is about 384,400 kilometres away from the earth on average, and light needs some 1.28 \
                  seconds for that distance; at perigee it is closer to 363,300 kilometres, at apogee it is 405,500, where light takes a tenth of a second more.",
    };
    Json(Answer {
        id: "gen-01JD3Z6W0T6N9W4S6X0M1Y7K2P",
        object: "text.completion",
        created: 1_795_170_600,
        received: body.len(),
        choices: [Choice { index: 0, message, finish_reason: "stop" }],
        usage: Usage { prompt_tokens: 42, completion_tokens: 57, total_tokens: 99 },
    })
}

fn bare() -> Router {
    let fail = |_: Bytes| async {
        (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, "application/json")], FAILURE)
    };
    Router::new().route("/api/v1/generate", post(generate)).route("/api/v1/orders", post(fail))
}

fn request() -> Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = Method::POST;
    parts.uri = http::Uri::from_static("/api/v1/generate");
    for (name, value) in [
        (header::HOST, "api.example.com"),
        (header::USER_AGENT, "example-client/2.4.1 (linux; x86_64)"),
        (header::ACCEPT, "application/json"),
        (header::AUTHORIZATION, "Bearer 3f9a6c1e7b2d4a8090b1c2d3e4f5a6b7"),
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_LENGTH, "300"),
    ] {
        parts.headers.insert(name, HeaderValue::from_static(value));
    }
    // As `into_make_service_with_connect_info` leaves it.
    parts.extensions.insert(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 40_404))));
    parts
}

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
    for _ in 0..10_000 {
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
