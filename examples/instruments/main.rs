//! What happens inside of requests, with a line of code each: timers, caches, events, attributes, words for who debugs.
//! `cargo run --example instruments`, then send it the lines it prints, and look into api.log and the dump.
//!
//! With LOG_DEBUG=1 hits and misses of the caches are entries too, with 2 timers, with 3 the prompts.
//!
//! PORT is the port on 127.0.0.1 (default 3000, 0 takes a free one); LOG_* set the log. It stops on Ctrl-C and SIGTERM.

mod generate;
#[path = "../quickstart/server.rs"]
mod server;

use std::error::Error;

use axum::{Router, routing::post};
use tower_flightlog::{current, event};

const TRY: &[&str] = &[
    "{addr}/generate -H 'content-type: application/json' -d '{\"user\": 42, \"prompt\": \"what is tea?\"}'",
    "{addr}/generate -H 'content-type: application/json' -d '{\"user\": 42, \"prompt\": \"what is tea?\"}'",
    "{addr}/generate -H 'content-type: application/json' -d '{\"user\": 7, \"prompt\": \"\"}'",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let flightlog = tower_flightlog::init()?;
    warm_up();
    let app = Router::new()
        .route("/generate", post(generate::generate))
        .with_state(generate::Prompts::default())
        .layer(flightlog.axum_layer());
    server::serve(app, TRY).await
}

/// Outside of requests all of it works too, without a request's id.
fn warm_up() {
    let timer = current().timer("warm_up").log_level(tracing::Level::INFO);
    timer.checkpoint("weights_read");
    event!("model_loaded", model_name = generate::MODEL, layers = 32);
}
