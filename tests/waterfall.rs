//! One request with all that a waterfall is made of: its dump, and the text made of it, tell what was done in order.
//!
//! In a process of its own: SQLite's queries are told on a thread of sqlx, which hears the global subscriber only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{fs, net::SocketAddr, sync::Arc};

use axum::{Router, body::Body, extract::Request, http::StatusCode, routing::any};
use hyper_util::{
    client::legacy::{self, Client},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use sqlx::{Connection, SqlitePool, sqlite::SqlitePoolOptions};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tower::{Layer, ServiceExt};
use tower_flightlog::{Console, Dump, FlightLog, Timed, WithCurrent, current};
use tracing::Instrument;
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use tower_flightlog::formats;

/// What unit tests hold dumps against.
#[path = "../src/export/fixtures/schema.rs"]
#[allow(dead_code)]
mod schema;

async fn listen(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    addr
}

async fn stock() -> SqlitePool {
    let options = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let pool = options.connect("sqlite::memory:").await.unwrap();
    sqlx::query("CREATE TABLE stock (name TEXT NOT NULL)").execute(&pool).await.unwrap();
    pool
}

fn steps(dump: &Value) -> Vec<(String, String, f64, f64)> {
    let steps = dump["timing"]["steps"].as_array().unwrap();
    let number = |step: &Value, name: &str| step[name].as_f64().unwrap();
    let text = |step: &Value, name: &str| step[name].as_str().unwrap().to_owned();
    steps
        .iter()
        .map(|step| {
            (text(step, "kind"), text(step, "name"), number(step, "start_ms"), number(step, "length_ms"))
        })
        .collect()
}

#[tokio::test]
async fn what_was_done_is_told_in_the_order_in_which_it_began() {
    let dir = tempfile::tempdir().unwrap();
    let flightlog = FlightLog::builder().dir(dir.path()).console(Console::Off).build().unwrap();
    tracing_subscriber::registry().with(flightlog.tracing_layer()).init();

    let paid = listen(Router::new().fallback(any(async || "paid"))).await;
    let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // It accepts, and answers never.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_addr = silent.local_addr().unwrap();
    let asked = Arc::new(Notify::new());
    let notify = Arc::clone(&asked);
    tokio::spawn(async move {
        let (mut connection, _) = silent.accept().await.unwrap();
        connection.read_u8().await.unwrap();
        notify.notify_one();
        std::future::pending::<()>().await;
    });

    let client = Client::builder(TokioExecutor::new()).build_http();
    let client = flightlog.outbound_layer().error_type::<legacy::Error>().layer(client);
    let pool = stock().await;
    let work = async move || {
        let call = |addr: SocketAddr, path: &str| {
            let request = http::Request::post(format!("http://{addr}{path}"));
            client.clone().oneshot(request.body(Body::empty()).unwrap())
        };
        let whole = current().timer("checkout");
        sqlx::query("SELECT name FROM stock").fetch_all(&pool).await.unwrap();
        whole.checkpoint("stock_known");
        current().cache_miss("prices", 7, "expired");
        let payment = async {
            let response = call(paid, "/pay").await.unwrap();
            axum::body::to_bytes(Body::new(response.into_body()), 1024).await.unwrap();
            call(refused, "/receipt").timed("receipt").await.unwrap_err();
        };
        payment.timed("payment").await;
        current().cache_hit("prices", 7);
        tokio::spawn(call(silent_addr, "/newsletter").with_current());
        asked.notified().await;
        match sqlx::query("SELECT price FROM prices").fetch_all(&pool).await {
            Ok(_) => StatusCode::OK,
            Err(error) => {
                current().report_error(&error);
                // Of a query that failed its thread tells after it answered: the next answer comes behind that.
                pool.acquire().await.unwrap().ping().await.unwrap();
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    };
    let handler = move |_: Request| {
        let work = work.clone();
        async move { work().instrument(tracing::info_span!("order")).await }
    };
    let addr = listen(Router::new().route("/order", any(handler)).layer(flightlog.axum_layer())).await;
    let mut client = TcpStream::connect(addr).await.unwrap();
    client.write_all(b"GET /order HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut reply = String::new();
    client.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 500"), "{reply}");
    flightlog.flush(std::time::Duration::from_secs(20)).unwrap();

    let files = fs::read_dir(dir.path().join("dumps")).unwrap().map(|file| file.unwrap().path());
    let all: Vec<_> =
        files.map(|path| (Dump::read(&path).unwrap(), fs::read_to_string(&path).unwrap())).collect();
    let (read, text) = all.iter().find(|(dump, _)| dump.exchange.parent_request_id.is_none()).unwrap();
    assert_eq!(all.len(), 2, "the one that was refused has its own");
    let dump = schema::validated_dump(text);
    let told = steps(&dump);
    let names: Vec<_> = told.iter().map(|(kind, name, ..)| (kind.as_str(), name.as_str())).collect();
    let url = |addr: SocketAddr, path: &str| format!("POST http://{addr}{path}");
    let (pay, receipt, news) = (url(paid, "/pay"), url(refused, "/receipt"), url(silent_addr, "/newsletter"));
    assert_eq!(
        names,
        [
            ("timer", "checkout"),
            ("checkpoint", "stock_known"),
            ("query", "SELECT name FROM stock"),
            ("timer", "payment"),
            ("outbound", &pay),
            ("timer", "receipt"),
            ("outbound", &receipt),
            ("outbound", &news),
            ("query", "SELECT price FROM prices"),
        ]
    );
    let total = dump["timing"]["duration_ms"].as_f64().unwrap();
    for pair in told.windows(2) {
        assert!(pair[0].2 <= pair[1].2, "{told:#?}");
    }
    // Within what they were part of, but for the last digit.
    let within = |inner: usize, outer: usize| {
        let ((_, _, start, length), (_, _, from, room)) = (&told[inner], &told[outer]);
        assert!(*start >= from - 0.002 && start + length <= from + room + 0.004, "{inner} {outer} {told:#?}");
    };
    for (inner, outer) in [(1, 0), (2, 0), (2, 1), (3, 0), (4, 3), (5, 3), (6, 5), (8, 0)] {
        within(inner, outer);
    }
    assert!(told.iter().all(|(_, _, start, length)| start + length <= total + 0.004), "{told:#?}");
    let step = |at: usize| &dump["timing"]["steps"][at];
    assert_eq!((&step(4)["status"], step(4).get("error")), (&json!(200), None));
    assert!(step(6)["error"].as_str().unwrap().contains("refused"), "{}", step(6));
    assert_eq!((&step(7)["unfinished"], step(7).get("status")), (&json!(true), None));
    let unfinished =
        dump["timing"]["steps"].as_array().unwrap().iter().filter(|step| step["unfinished"] == true);
    assert_eq!(unfinished.count(), 1);
    assert!((told[7].2 + told[7].3 - total).abs() < 0.004, "it went on when the request ended");
    assert_eq!(dump["cache"], json!({"prices": {"hits": 1, "misses": 1}}));
    assert!(dump["error"]["message"].as_str().unwrap().contains("no such table: prices"));

    let markdown = read.markdown();
    let shown = markdown.split("### Where the time went").nth(1).unwrap().split("```").nth(1).unwrap();
    let lines: Vec<_> =
        shown.lines().filter_map(|line| line.rsplit_once("| ")).map(|(_, name)| name).collect();
    let (pay, news) = (format!("{pay} 200"), format!("{news} (unfinished)"));
    let refused = lines[6].strip_prefix(&receipt).unwrap();
    assert!(refused.starts_with(": client error (Connect): "), "{refused}");
    assert_eq!(
        lines,
        [
            "checkout",
            "checkout: stock_known",
            "SELECT name FROM stock",
            "payment",
            &pay,
            "receipt",
            lines[6],
            &news,
            "SELECT price FROM prices",
        ]
    );
    for (line, (_, _, start, length)) in shown.lines().filter(|line| line.contains("| ")).zip(&told) {
        let numbers: Vec<f64> =
            line.split('|').next().unwrap().split(" ms").filter_map(|n| n.trim().parse().ok()).collect();
        assert_eq!(numbers, [*start, *length], "{line}");
    }
}
