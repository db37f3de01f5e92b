//! Two ways to have errors, and a log that knows them: an enum with `thiserror`, and `anyhow`. Neither handler mentions
//! the log; what they return says it all. `cargo run --example errors`, then send it the lines it prints.
//!
//! With RUST_BACKTRACE=1 `anyhow` captures a stack, which is in the dump.
//!
//! PORT is the port on 127.0.0.1 (default 3000, 0 takes a free one); LOG_* set the log. It stops on Ctrl-C and SIGTERM.

mod any;
#[path = "../quickstart/server.rs"]
mod server;
mod typed;

use std::error::Error;

use axum::{Router, routing::get};

const TRY: &[&str] =
    &["{addr}/typed/orders/42", "{addr}/typed/orders/7", "{addr}/any/prices/tea", "{addr}/any/prices/rum"];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let flightlog = tower_flightlog::init()?;
    let app = Router::new()
        .route("/typed/orders/{id}", get(typed::order))
        .route("/any/prices/{article}", get(any::price))
        .layer(flightlog.axum_layer());
    server::serve(app, TRY).await
}
