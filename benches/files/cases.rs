//! What is compared: roads from an event, or a request, to a line in a file.

use std::{
    error::Error,
    fs::{self, File},
    io::Read,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    response::IntoResponse,
    routing::post,
};
use futures_util::FutureExt as _;
use http::{HeaderValue, Method, Request, header, request::Parts};
use http_body_util::BodyExt as _;
use tower::Service as _;
use tower_flightlog::{FlightLog, FlightLogBuilder};
use tracing::{Dispatch, dispatcher::DefaultGuard};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::{Registry, layer::SubscriberExt as _};

use crate::appender::{self, Written};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// One row of the table.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) build: fn(&Path) -> Result<Stand>,
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "router, no log",
        build: |dir| Ok(Stand::new(dir, Road::Requests(router(), 0), Output::None)),
    },
    Case { name: "requests: request and response entry", build: |dir| requests(dir, 2, |log| log) },
    Case { name: "requests: response entry alone", build: |dir| requests(dir, 1, |log| log.combined(true)) },
    Case { name: "3 fields, log entry", build: |dir| ours(dir, order, |log| log) },
    Case {
        name: "3 fields, log entry, rotated at 10 MiB",
        build: |dir| ours(dir, order, |log| log.max_bytes(10 << 20)),
    },
    Case { name: "3 fields, JSON formatter, appender", build: |dir| theirs(dir, order, None) },
    Case { name: "3 fields, the same with a BufWriter", build: |dir| theirs(dir, order, Some(64 << 10)) },
    Case { name: "15 fields, log entry", build: |dir| ours(dir, exchange, |log| log) },
    Case { name: "15 fields, JSON formatter, appender", build: |dir| theirs(dir, exchange, None) },
    Case { name: "15 fields, the same with a BufWriter", build: |dir| theirs(dir, exchange, Some(64 << 10)) },
];

/// A small event.
fn order(times: u64) {
    for id in 0..times {
        tracing::info!(id, customer = "ada", total = %format_args!("{}.{}", 129, 90), "order placed");
    }
}

/// What a handmade log tells of an exchange, the body of the response as text.
fn exchange(times: u64) {
    for id in 0..times {
        tracing::info!(
            id,
            request_id = "0196f3c8-7a41-7d52-9b1e-3f5a6c7d8e90",
            method = "POST",
            endpoint = "/api/v1/generate",
            status_code = 200,
            duration_ms = 12.375,
            url = "/api/v1/generate?stream=false",
            http_version = "HTTP/1.1",
            remote_addr = "127.0.0.1",
            user_agent = "example-client/2.4.1 (linux; x86_64)",
            content_type = "application/json",
            direction = "inbound",
            request_bytes = 300,
            response_bytes = 300,
            response_body = BODY,
            "POST /api/v1/generate 200"
        );
    }
}

const BODY: &str = r#"{"id":"gen-01JD3Z6W0T6N9W4S6X0M1Y7K2P","choices":[{"index":0,"message":{"role":"assistant","content":"The moon is about 384,400 kilometres away from the earth on average, and light needs some 1.28 seconds for that distance."}}],"usage":{"prompt_tokens":42,"completion_tokens":57,"total_tokens":99}}"#;

/// Something that logs, and all that has to live as long.
pub(crate) struct Stand {
    road: Road,
    output: Output,
    dir: PathBuf,
}

enum Road {
    /// Events, by a subscriber.
    Events(Dispatch, fn(u64)),
    /// Requests, each with so many lines.
    Requests(Router, u64),
}

enum Output {
    None,
    Ours(FlightLog),
    Theirs { written: Arc<Written>, _guard: WorkerGuard },
}

/// What reached the file so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reached {
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    /// Lines for which there was no room.
    pub(crate) dropped: u64,
    pub(crate) rotations: u64,
}

const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes that may wait for our file, those included that are being written. It has room for 3.5 MiB beside those.
const MUCH: u64 = 3 << 20;
const PAUSE: Duration = Duration::from_millis(1);

impl Stand {
    fn new(dir: &Path, road: Road, output: Output) -> Self {
        Self { road, output, dir: dir.into() }
    }

    /// Lines that an entry, or a request, makes.
    pub(crate) fn lines_each(&self) -> u64 {
        match &self.road {
            Road::Events(..) => 1,
            Road::Requests(_, lines) => *lines,
        }
    }

    /// Something that tells so many entries, on the thread on which it was made.
    pub(crate) fn producer(&self) -> Producer {
        match &self.road {
            Road::Events(subscriber, tell) => {
                Producer::Events { tell: *tell, _default: tracing::dispatcher::set_default(subscriber) }
            }
            Road::Requests(router, _) => Producer::Requests(Box::new((router.clone(), request()))),
        }
    }

    /// Takes a pause where too much waits, and says that it did. The appender sees to that by itself.
    pub(crate) fn held_back(&self) -> bool {
        let Output::Ours(log) = &self.output else { return false };
        let files = log.stats().files;
        let is_too_much = files.waiting * (files.bytes / files.lines.max(1)) > MUCH;
        if is_too_much {
            thread::sleep(PAUSE);
        }
        is_too_much
    }

    /// Waits until so many lines that were told are in the file, as far as they were not dropped.
    pub(crate) fn settle(&self, lines: u64) -> Result<()> {
        match &self.output {
            Output::None => {}
            Output::Ours(log) => log.flush(PATIENCE)?,
            Output::Theirs { written, .. } => written.wait(lines),
        }
        Ok(())
    }

    pub(crate) fn reached(&self) -> Reached {
        match &self.output {
            Output::None => Reached::default(),
            Output::Ours(log) => {
                let files = log.stats().files;
                Reached {
                    lines: files.lines,
                    bytes: files.bytes,
                    dropped: files.dropped + files.lost,
                    rotations: files.rotations,
                }
            }
            Output::Theirs { written, .. } => {
                Reached { lines: written.lines(), bytes: written.bytes(), ..Reached::default() }
            }
        }
    }

    /// Counts the lines in the files: none where there are none, or where they were rotated.
    pub(crate) fn count(&self) -> Result<Option<u64>> {
        if matches!(self.output, Output::None) || self.reached().rotations > 0 {
            return Ok(None);
        }
        let (mut chunk, mut lines) = (vec![0; 1 << 20], 0);
        for file in fs::read_dir(&self.dir)? {
            let mut file = File::open(file?.path())?;
            loop {
                let read = file.read(&mut chunk)?;
                let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
                lines += bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
            }
        }
        Ok(Some(lines))
    }
}

/// One that logs, on its thread.
pub(crate) enum Producer {
    Events { tell: fn(u64), _default: DefaultGuard },
    Requests(Box<(Router, Parts)>),
}

impl Producer {
    pub(crate) fn tell(&mut self, entries: u64) -> Result<()> {
        match self {
            Self::Events { tell, .. } => tell(entries),
            Self::Requests(service) => {
                let (router, parts) = &mut **service;
                for _ in 0..entries {
                    serve(router, parts).now_or_never().ok_or("the router waits")??;
                }
            }
        }
        Ok(())
    }
}

fn ours(dir: &Path, tell: fn(u64), set: fn(FlightLogBuilder) -> FlightLogBuilder) -> Result<Stand> {
    let log = log(dir, set)?;
    let subscriber = Dispatch::new(Registry::default().with(log.tracing_layer()));
    Ok(Stand::new(dir, Road::Events(subscriber, tell), Output::Ours(log)))
}

fn theirs(dir: &Path, tell: fn(u64), buffer: Option<usize>) -> Result<Stand> {
    let (writer, guard, written) = appender::open(&dir.join("api.log"), buffer)?;
    let format = tracing_subscriber::fmt::layer().json().with_writer(writer);
    let filter = tracing_subscriber::EnvFilter::new("info");
    let subscriber = Dispatch::new(Registry::default().with(filter).with(format));
    Ok(Stand::new(dir, Road::Events(subscriber, tell), Output::Theirs { written, _guard: guard }))
}

fn requests(dir: &Path, lines: u64, set: fn(FlightLogBuilder) -> FlightLogBuilder) -> Result<Stand> {
    let log = log(dir, set)?;
    let router = router().layer(log.axum_layer());
    Ok(Stand::new(dir, Road::Requests(router, lines), Output::Ours(log)))
}

/// As it comes, but for rotation, which the appender does not do by size.
fn log(dir: &Path, set: fn(FlightLogBuilder) -> FlightLogBuilder) -> Result<FlightLog> {
    Ok(set(FlightLog::builder().dir(dir).dumps(false).max_bytes(0)).build()?)
}

/// 300 bytes.
const QUESTION: &[u8] = br#"{"model":"small-1","temperature":0.2,"max_tokens":256,"stream":false,"user":"u-48213","messages":[{"role":"system","content":"Answer in one sentence."},{"role":"user","content":"How far is the moon from the earth, and how long does light take to cross that distance on a perfectly windless night?"}]}"#;

/// 500 bytes.
const ANSWER: &[u8] = br#"{"id":"gen-01JD3Z6W0T6N9W4S6X0M1Y7K2P","object":"text.completion","created":1795170600,"received":300,"choices":[{"index":0,"message":{"role":"assistant","content":"The moon is about 384,400 kilometres away from the earth on average, and light needs some 1.28 seconds for that distance; at perigee it is closer to 363,300 kilometres, at apogee it is 405,500, where light takes a tenth of a second more."},"finish_reason":"stop"}],"usage":{"prompt_tokens":42,"completion_tokens":57,"total_tokens":99}}"#;

async fn generate(body: Bytes) -> impl IntoResponse {
    std::hint::black_box(body);
    ([(header::CONTENT_TYPE, "application/json")], Bytes::from_static(ANSWER))
}

fn router() -> Router {
    Router::new().route("/api/v1/generate", post(generate))
}

/// One request, its response read to the end.
async fn serve(router: &mut Router, parts: &Parts) -> Result<()> {
    let request = Request::from_parts(parts.clone(), Body::from(Bytes::from_static(QUESTION)));
    let mut body = router.call(request).await?.into_body();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame?.data_ref().map_or(0, Bytes::len);
    }
    if length == ANSWER.len() { Ok(()) } else { Err(format!("{length} bytes").into()) }
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
    parts.extensions.insert(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 40_404))));
    parts
}
