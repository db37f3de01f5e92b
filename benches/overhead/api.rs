//! The service that is asked: a small JSON API.

use std::{
    convert::Infallible,
    sync::{
        LazyLock, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::Path,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use futures_util::{StreamExt as _, stream};
use http::{StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use serde::Serialize;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::bodies::{self, FRAME};

pub(crate) const GENERATE: &str = "/api/v1/generate";
pub(crate) const FAILURE: &str =
    r#"{"error":"the store refused order 7","code":"store_refused","retry":true}"#;

/// The routes that everyone has.
pub(crate) fn bare() -> Router {
    with_generate(post(generate))
}

/// The same with a handler of one's own for the first.
pub(crate) fn with_generate(generate: MethodRouter) -> Router {
    Router::new()
        .route(GENERATE, generate)
        .route("/api/v1/orders", post(fail))
        .route("/api/v1/report", post(report))
        .route("/api/v1/import", post(import))
        .route("/api/v1/frames/{count}", get(frames))
        .route("/api/v1/slow", get(slow))
        .route("/health", get(health))
}

/// Requests that a handler has answered.
pub(crate) static ANSWERED: AtomicU64 = AtomicU64::new(0);

/// What `generate` answers.
#[derive(Serialize)]
pub(crate) struct Answer {
    id: String,
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

pub(crate) async fn generate(body: Bytes) -> Json<Answer> {
    let count = ANSWERED.fetch_add(1, Relaxed);
    let content = CONTENTS.get(count as usize % CONTENTS.len()).map_or("", String::as_str);
    Json(Answer {
        id: format!("gen-01JD3Z6W0T6N9W4S6X{count:08}"),
        object: "text.completion",
        created: 1_795_170_600 + count,
        received: body.len(),
        choices: [Choice {
            index: 0,
            message: Message { role: "assistant", content },
            finish_reason: "stop",
        }],
        usage: Usage { prompt_tokens: 42, completion_tokens: 57, total_tokens: 99 },
    })
}

static CONTENTS: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..16).map(|seed| bodies::text(seed + 1_000, 237)).collect());

async fn health() -> &'static str {
    ANSWERED.fetch_add(1, Relaxed);
    "ok"
}

async fn fail(_: Bytes) -> impl IntoResponse {
    (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, JSON)], FAILURE)
}

/// Tells something before it answers.
async fn report(body: Bytes) -> Json<Answer> {
    for step in 0..10_u64 {
        tracing::debug!(step, table = "orders", "a row was read");
    }
    generate(body).await
}

/// Reads what comes and keeps nothing.
async fn import(mut body: Body) -> Response {
    let mut received = 0;
    while let Some(Ok(frame)) = body.frame().await {
        received += frame.data_ref().map_or(0, Bytes::len);
    }
    ANSWERED.fetch_add(1, Relaxed);
    ([(header::CONTENT_TYPE, JSON)], format!("{{\"received\":\"{received:08}\"}}")).into_response()
}

/// So many frames of a JSON array.
async fn frames(Path(count): Path<usize>) -> Response {
    ANSWERED.fetch_add(1, Relaxed);
    let rows: &'static [Bytes] = &ROWS;
    let frames = rows.iter().cycle().take(count).map(|frame| Ok::<_, Infallible>(Frame::data(frame.clone())));
    ([(header::CONTENT_TYPE, JSON)], Body::new(StreamBody::new(stream::iter(frames)))).into_response()
}

/// An array for those who ask for 64 frames.
static ROWS: LazyLock<Vec<Bytes>> = LazyLock::new(|| bodies::array(64, FRAME));

/// A stream whose events come when somebody sends them, from where they come.
async fn slow() -> Response {
    ANSWERED.fetch_add(1, Relaxed);
    let Some(events) = SLOW.lock().unwrap_or_else(PoisonError::into_inner).take() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let frames = UnboundedReceiverStream::new(events).map(|event| Ok::<_, Infallible>(Frame::data(event)));
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::new(StreamBody::new(frames))).into_response()
}

pub(crate) static SLOW: Mutex<Option<UnboundedReceiver<Bytes>>> = Mutex::new(None);

const JSON: &str = "application/json";
