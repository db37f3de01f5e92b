//! A service with a flight log. `cargo run --example quickstart`, then send it the lines it prints.
//!
//! PORT is the port on 127.0.0.1 (default 3000, 0 takes a free one); LOG_* set the log. It stops on Ctrl-C and SIGTERM
//! once the requests that are open have been answered. Stdout belongs to the log; the greeting goes to stderr.

mod app;
mod broken;
mod server;

use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let flightlog = tower_flightlog::init()?;
    server::serve(app::router().layer(flightlog.axum_layer()), app::TRY).await
}
