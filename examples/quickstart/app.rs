//! The service itself: it knows nothing of the log.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, Query},
    http::StatusCode,
    response::{Sse, sse::Event},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_stream::{Stream, StreamExt};

use crate::broken;

/// What to send it: arguments of curl.
pub(crate) const TRY: &[&str] = &[
    "{addr}/health",
    "{addr}/api/v1/generate -H 'content-type: application/json' -d '{\"prompt\": \"Say hello\", \"max_tokens\": 16}'",
    "{addr}/login -H 'content-type: application/json' -d '{\"user\": \"ada\", \"password\": \"hunter2\"}'",
    "{addr}/users/7/orders/42",
    "{addr}/fail -H 'authorization: Bearer s3cret'",
    "{addr}/fail/silent",
    "{addr}/panic",
    "{addr}/api/v1/generate -H 'content-type: application/json' -d '{\"prompt\": \"\"}'",
    "-N {addr}/stream/broken",
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
        .route("/slow", get(slow))
        .route("/stream", get(stream))
        .nest("/users", orders)
        .merge(broken::routes())
}

#[derive(Deserialize)]
struct Prompt {
    prompt: String,
    max_tokens: Option<usize>,
}

async fn generate(Json(Prompt { prompt, max_tokens }): Json<Prompt>) -> Json<Value> {
    let words: Vec<&str> = prompt.split_whitespace().collect();
    let max_tokens = max_tokens.unwrap_or(64);
    tracing::debug!(words = words.len(), max_tokens, "planning");
    // Nobody thought of a prompt without words.
    let letters = max_tokens / words.len();
    let answer: Vec<String> = words.iter().rev().map(|word| word.chars().take(letters).collect()).collect();
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
