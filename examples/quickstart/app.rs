//! The service itself: it knows nothing of the log, but for the one line where a handler says why it fails.

use std::{convert::Infallible, io, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Sse, sse::Event},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::time::sleep;
use tokio_stream::{Stream, StreamExt};
use tower_flightlog::current;

/// What to send it: arguments of curl.
pub(crate) const TRY: &[&str] = &[
    "{addr}/health",
    "{addr}/api/v1/generate -H 'content-type: application/json' -d '{\"prompt\": \"Say hello\", \"max_tokens\": 16}'",
    "{addr}/login -H 'content-type: application/json' -d '{\"user\": \"ada\", \"password\": \"hunter2\"}'",
    "{addr}/users/7/orders/42",
    "{addr}/fail -H 'authorization: Bearer s3cret'",
    "{addr}/fail/silent",
    "{addr}/panic",
    "'{addr}/slow?ms=1500'",
    "-N {addr}/stream",
    "{addr}/nowhere",
];

pub(crate) fn router() -> Router {
    let orders = Router::new().route("/{id}/orders/{order}", get(order));
    Router::new()
        .route("/health", get(|| async { "ok" }))
        .route("/api/v1/generate", post(generate))
        .route("/login", post(login))
        .route("/fail", get(fail))
        .route("/fail/silent", get(fail_silently))
        .route("/panic", get(panic))
        .route("/slow", get(slow))
        .route("/stream", get(stream))
        .nest("/users", orders)
}

#[derive(Deserialize)]
struct Prompt {
    prompt: String,
    max_tokens: Option<usize>,
}

async fn generate(Json(Prompt { prompt, max_tokens }): Json<Prompt>) -> Json<Value> {
    let words: Vec<&str> = prompt.split_whitespace().collect();
    let answer: Vec<&str> = words.iter().rev().copied().take(max_tokens.unwrap_or(64)).collect();
    tracing::info!(input_tokens = words.len(), output_tokens = answer.len(), "generated");
    Json(json!({
        "text": answer.join(" "),
        "usage": { "input_tokens": words.len(), "output_tokens": answer.len() },
    }))
}

#[derive(Deserialize)]
struct Login {
    user: String,
    password: String,
}

/// Neither the password nor the token is in any log.
async fn login(Json(Login { user, password }): Json<Login>) -> Result<Json<Value>, StatusCode> {
    if password.is_empty() {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(Json(json!({ "user": user, "token": "correct-horse-battery-staple", "expires_in": 3600 })))
}

async fn order(Path((user, order)): Path<(u32, u32)>) -> Json<Value> {
    Json(json!({ "user": user, "order": order, "state": "shipped" }))
}

#[derive(Debug, Error)]
enum OrderError {
    #[error("could not place order {order}")]
    Store { order: u32, source: StoreError },
}

#[derive(Debug, Error)]
#[error("the order store at {addr} does not answer")]
struct StoreError {
    addr: &'static str,
    source: io::Error,
}

fn place_order(order: u32) -> Result<(), OrderError> {
    tracing::warn!(attempt = 3, "giving up on the order store");
    let source = io::Error::from(io::ErrorKind::ConnectionRefused);
    Err(OrderError::Store { order, source: StoreError { addr: "10.0.0.7:5432", source } })
}

/// The client need not know why; the log is told.
async fn fail() -> Result<StatusCode, (StatusCode, Json<Value>)> {
    place_order(42).map_err(|error| {
        current().report_error(&error);
        (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": "please try again later" })))
    })?;
    Ok(StatusCode::CREATED)
}

/// Nobody says why; the log takes the cause from the answer.
async fn fail_silently() -> impl IntoResponse {
    (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": { "message": "the cache is cold" } })))
}

/// The connection closes without an answer, as ever; `.axum_layer().answer_panics(true)` would answer 500.
#[allow(clippy::panic, reason = "it shows how a panic is recorded")]
async fn panic() {
    panic!("no price for article 4711");
}

#[derive(Deserialize)]
struct Pause {
    ms: Option<u64>,
}

async fn slow(Query(Pause { ms }): Query<Pause>) -> Json<Value> {
    let ms = ms.unwrap_or(1000).min(10_000);
    tracing::info!(ms, "working");
    sleep(Duration::from_millis(ms)).await;
    Json(json!({ "waited_ms": ms }))
}

async fn stream() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let words = ["one", "event", "after", "the", "other"];
    Sse::new(
        tokio_stream::iter(words)
            .throttle(Duration::from_millis(50))
            .map(|word| Ok(Event::default().data(word))),
    )
}
