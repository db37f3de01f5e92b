//! What instruments cost: the same API with the log files of the default, whose handler tells something; calls to another
//! service; streams. The first of each group is what its others are compared with.

use std::{
    convert::Infallible,
    future::{Ready, ready},
};

use axum::{
    Router,
    body::{Body, Bytes},
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::stream;
use http::{Request, StatusCode, Uri, header};
use http_body::Frame;
use http_body_util::StreamBody;
use tempfile::TempDir;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_flightlog::{Bodies, Console, FlightLog, FlightLogBuilder, RequestBody, current, debug, event};

use crate::{
    Result,
    api::{GENERATE, generate},
    asks::Ask,
    cases::Case,
    ours::Recorded,
    shapes::POST,
    stand::Stand,
    wrapped::Wrapped,
};

pub(crate) const GROUPS: &[&[Case]] = &[TELLING, CALLING, COUNTING, CHATTING];

const TELLING: &[Case] = &[
    Case { name: "no instrument", build: || telling(|| {}) },
    Case { name: "10 debug! that are off", build: || telling(|| times(10, debug_off)) },
    Case { name: "a timer", build: || telling(timer) },
    Case { name: "a timer with 3 checkpoints", build: || telling(timer_with_checkpoints) },
    Case { name: "10 timers", build: || telling(|| times(10, timer)) },
    Case { name: "a cache hit", build: || telling(cache_hit) },
    Case { name: "10 cache hits", build: || telling(|| times(10, cache_hit)) },
    Case { name: "an attribute", build: || telling(attribute) },
    Case { name: "10 times an attribute", build: || telling(|| times(10, attribute)) },
    Case { name: "an event! with 2 fields", build: || telling(tell_event) },
    Case { name: "10 event! with 2 fields", build: || telling(|| times(10, tell_event)) },
];

const CALLING: &[Case] = &[
    Case { name: "a call, the client alone", build: || calling(false) },
    Case { name: "a call through outbound_layer()", build: || calling(true) },
];

const COUNTING: &[Case] = &[
    Case { name: "64 events as text/plain", build: || streaming(EVENTS, "text/plain", events) },
    Case { name: "64 events, counted", build: || streaming(EVENTS, "text/event-stream", events) },
];

const CHATTING: &[Case] = &[
    Case { name: "64 chunks of a chat as text/plain", build: || streaming(CHAT, "text/plain", chunks) },
    Case { name: "64 chunks of a chat, usage read", build: || streaming(CHAT, "text/event-stream", chunks) },
];

fn times(count: usize, tell: fn()) {
    (0..count).for_each(|_| tell());
}

fn debug_off() {
    debug!(1, "the prompt", String::from("is not made"));
}

fn timer() {
    let _timer = current().timer("generate");
}

fn timer_with_checkpoints() {
    let timer = current().timer("generate");
    for name in ["model_loaded", "prompt_read", "first_token"] {
        timer.checkpoint(name);
    }
}

fn cache_hit() {
    current().cache_hit("prompt", "system/v3").field("size_tokens", 1500).field("age_s", 45);
}

fn attribute() {
    current().attribute("user_id", 42);
}

fn tell_event() {
    event!("text_generation_success", model_name = "small-1", generation_time = 2.34);
}

/// A handler that tells something before it answers.
fn telling(tell: fn()) -> Result<Stand> {
    let handler = move |body: Bytes| async move {
        tell();
        generate(body).await
    };
    filing(|log| log, |_| Router::new().route(GENERATE, post(handler)), (POST.asks)(), 1)
}

/// A handler that calls another service, which answers at once.
fn calling(is_recorded: bool) -> Result<Stand> {
    let routes = |log: &FlightLog| {
        let recorded = log.outbound_layer().layer(service_fn(answer::<RequestBody<Body>>));
        let handler = move |body: Bytes| async move {
            let mut call = Request::new(Body::empty());
            *call.uri_mut() = Uri::from_static("http://stock.test/reserve");
            let status = if is_recorded {
                recorded.oneshot(call).await.map(|response| response.status())
            } else {
                service_fn(answer::<Body>).oneshot(call).await.map(|response| response.status())
            };
            match status {
                Ok(StatusCode::OK) => generate(body).await.into_response(),
                _ => StatusCode::BAD_GATEWAY.into_response(),
            }
        };
        Router::new().route(GENERATE, post(handler))
    };
    let exchanges = if is_recorded { 2 } else { 1 };
    filing(|log| log, routes, (POST.asks)(), exchanges)
}

fn answer<B>(_: Request<B>) -> Ready<std::result::Result<http::Response<Body>, Infallible>> {
    ready(Ok(http::Response::new(Body::empty())))
}

/// A handler that answers with so many frames. Bodies are off: of a stream they are a cost of their own.
fn streaming(path: &'static str, content_type: &'static str, frames: fn() -> Vec<Bytes>) -> Result<Stand> {
    let frames = frames();
    let answer = frames.iter().map(Bytes::len).sum();
    let handler = move |_: Bytes| {
        let frames = frames.clone();
        async move { streamed(content_type, frames) }
    };
    let asks = (0..16).map(|seed| Ask::post(path, seed, answer)).collect();
    filing(|log| log.bodies(Bodies::Off), |_| Router::new().route(path, post(handler)), asks, 1)
}

fn streamed(content_type: &'static str, frames: Vec<Bytes>) -> Response {
    let frames = frames.into_iter().map(|frame| Ok::<_, Infallible>(Frame::data(frame)));
    ([(header::CONTENT_TYPE, content_type)], Body::new(StreamBody::new(stream::iter(frames)))).into_response()
}

const EVENTS: &str = "/api/v1/events";
const CHAT: &str = "/v1/chat/completions";

/// 30 bytes each.
fn events() -> Vec<Bytes> {
    vec![Bytes::from_static(b"data: {\"n\":1,\"text\":\"hello\"}\n\n"); 64]
}

/// As OpenAI sends them, where usage is asked for: 62 words, the reason, the usage; the end.
fn chunks() -> Vec<Bytes> {
    let words = [" the", " moon", " is", " about", " 384", ",", "400", " kilometres", " away"];
    let chunk = |choices: &str, usage: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG\",\"object\":\"chat.completion.chunk\",\
             \"created\":1741570283,\"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\
             \"system_fingerprint\":\"fp_44added55e\",\"choices\":[{choices}],\"usage\":{usage}}}\n\n"
        )
    };
    let word = |word: &&str| {
        let delta = format!(
            "{{\"index\":0,\"delta\":{{\"content\":\"{word}\"}},\"logprobs\":null,\"finish_reason\":null}}"
        );
        chunk(&delta, "null")
    };
    let mut chunks: Vec<_> = words.iter().cycle().take(62).map(word).collect();
    chunks.push(chunk("{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}", "null"));
    chunks.push(chunk("", "{\"prompt_tokens\":19,\"completion_tokens\":62,\"total_tokens\":81}"));
    chunks.push("data: [DONE]\n\n".into());
    chunks.into_iter().map(Bytes::from).collect()
}

/// Log files and dumps around these routes.
fn filing(
    set: fn(FlightLogBuilder) -> FlightLogBuilder,
    routes: impl FnOnce(&FlightLog) -> Router,
    asks: Vec<Ask>,
    exchanges: u64,
) -> Result<Stand> {
    let dir = TempDir::new()?;
    let log = set(FlightLog::builder().dir(dir.path()).console(Console::Off)).build()?;
    let router = routes(&log).layer(log.axum_layer());
    Ok(Stand::new(Wrapped::new(router, Recorded { log, exchanges, lines: 0 }).with(dir), asks))
}
