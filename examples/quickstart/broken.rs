//! Five ways to fail. Each leaves a dump that tells its story without this source.

use std::{convert::Infallible, io, time::Duration};

use axum::{
    Json, Router,
    http::StatusCode,
    response::{IntoResponse, Sse, sse::Event},
    routing::get,
};
use serde_json::{Value, json};
use thiserror::Error;
use tokio_stream::{Stream, StreamExt};
use tower_flightlog::current;

/// The fifth is in `/api/v1/generate`.
pub(crate) fn routes() -> Router {
    Router::new()
        .route("/fail", get(fail))
        .route("/fail/silent", get(fail_silently))
        .route("/panic", get(panic))
        .route("/stream/broken", get(stream))
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

/// The client need not know why; the log is told.
async fn fail() -> Result<StatusCode, (StatusCode, Json<Value>)> {
    place_order(42).map_err(|error| {
        current().report_error(&error);
        (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": "please try again later" })))
    })?;
    Ok(StatusCode::CREATED)
}

fn place_order(order: u32) -> Result<(), OrderError> {
    let _span = tracing::info_span!("place_order", order).entered();
    tracing::debug!(articles = 3, total = 59.97, currency = "EUR", "order is valid");
    let addr = "10.0.0.7:5432";
    for attempt in 1..=3 {
        tracing::debug!(attempt, addr, "connecting");
    }
    tracing::warn!(attempts = 3, "giving up on the order store");
    let source = io::Error::from(io::ErrorKind::ConnectionRefused);
    Err(OrderError::Store { order, source: StoreError { addr, source } })
}

/// Nobody says why; the log takes the cause from the answer.
async fn fail_silently() -> impl IntoResponse {
    tracing::debug!(key = "prices:eur", age_s = 86_400, "the cached prices are too old");
    (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": { "message": "the cache is cold" } })))
}

/// The connection closes without an answer, as ever; `.axum_layer().answer_panics(true)` would answer 500.
async fn panic() -> String {
    price_of(4711).to_string()
}

#[allow(clippy::panic, reason = "it shows how a panic is recorded")]
fn price_of(article: u32) -> u32 {
    let prices = [(4701, 1999), (4702, 2499)];
    tracing::debug!(article, known = prices.len(), "looking up the price");
    match prices.iter().find(|(known, _)| *known == article) {
        Some((_, price)) => *price,
        None => panic!("no price for article {article}"),
    }
}

/// The status is 200 and long gone when it fails.
async fn stream() -> Sse<impl Stream<Item = io::Result<Event>>> {
    let readings = [Ok::<_, Infallible>(21.5), Ok(21.7), Ok(-459.0), Ok(21.6)];
    Sse::new(tokio_stream::iter(readings).throttle(Duration::from_millis(20)).map(|Ok(celsius)| {
        tracing::debug!(celsius, "reading");
        if celsius < -273.15 {
            return Err(io::Error::other(format!("{celsius} degrees: sensor 7 is broken")));
        }
        Ok(Event::default().data(celsius.to_string()))
    }))
}
