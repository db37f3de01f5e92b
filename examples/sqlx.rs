//! A service with a database, SQLite in memory. No line of it tells the log of a query: sqlx does.
//!
//! `LOG_LEVEL=info,sqlx::query=debug cargo run --example sqlx`, then send it the lines it prints. Queries are in api.log
//! with the id of their request; with LOG_LEVEL=info they are not, but the dump of a request that failed has them in any
//! case: as events, and with statement, rows and time among the steps of its timing.
//!
//! sqlx runs SQLite's queries on a thread of their own and takes the present span along, by which they are known to
//! belong to a request: hence the span around all of them, of INFO or above. Without one their events are in the log
//! without an id, and in no dump. Those of PostgreSQL and MySQL need none. Of a query that fails that thread tells after
//! it answered, so that its event may come after the response: then it is in api.log, as `after_response`, and not in the
//! dump.
//!
//! PORT is the port on 127.0.0.1 (default 3000, 0 takes a free one); LOG_* set the log. It stops on Ctrl-C and SIGTERM.

#[path = "quickstart/server.rs"]
mod server;

use std::error::Error;

use axum::{
    Router,
    extract::{Path, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};
use tower::ServiceBuilder;
use tower_flightlog::current;
use tracing::Instrument;

const TRY: &[&str] = &["{addr}/articles", "{addr}/articles/2/price"];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let flightlog = tower_flightlog::init()?;
    let layers = ServiceBuilder::new().layer(flightlog.axum_layer()).layer(middleware::from_fn(in_span));
    let app = Router::new()
        .route("/articles", get(articles))
        .route("/articles/{id}/price", get(price))
        .with_state(shop().await?)
        .layer(layers);
    server::serve(app, TRY).await
}

/// One connection, as a database in memory is gone with it.
async fn shop() -> Result<SqlitePool, sqlx::Error> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect("sqlite::memory:")
        .await?;
    for statement in [
        "CREATE TABLE articles (id INTEGER PRIMARY KEY, name TEXT NOT NULL, stock INTEGER NOT NULL)",
        "INSERT INTO articles (name, stock) VALUES ('tea', 12), ('rum', 0), ('salt', 3)",
        "CREATE TABLE prices (name TEXT PRIMARY KEY, price REAL NOT NULL)",
        "INSERT INTO prices (name, price) VALUES ('salt', 0.9)",
    ] {
        sqlx::query(statement).execute(&pool).await?;
    }
    Ok(pool)
}

async fn in_span(request: Request, next: Next) -> Response {
    next.run(request).instrument(tracing::info_span!("request")).await
}

async fn articles(State(pool): State<SqlitePool>) -> Result<String, StatusCode> {
    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM articles WHERE stock > 0 ORDER BY name")
        .fetch_all(&pool)
        .await
        .map_err(failed)?;
    Ok(names.join("\n") + "\n")
}

/// Only salt has one.
async fn price(State(pool): State<SqlitePool>, Path(id): Path<i64>) -> Result<String, StatusCode> {
    let name: String = sqlx::query_scalar("SELECT name FROM articles WHERE id = ?")
        .bind(id)
        .fetch_one(&pool)
        .await
        .map_err(failed)?;
    // Crates that use `log` are heard as well.
    log::info!(target: "shop::prices", "looking up the price of {name}");
    let price: f64 = sqlx::query_scalar("SELECT price FROM prices WHERE name = ?")
        .bind(&name)
        .fetch_one(&pool)
        .await
        .map_err(failed)?;
    Ok(format!("{name}: {price}\n"))
}

#[track_caller]
fn failed(error: sqlx::Error) -> StatusCode {
    current().report_error(&error);
    StatusCode::INTERNAL_SERVER_ERROR
}
