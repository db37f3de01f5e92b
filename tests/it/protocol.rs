//! What clients do to a connection: each request they begin is recorded once, and the next one is served.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    http::StatusCode,
    routing::{get, post},
};
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::ServiceExt;
use tower_flightlog::{Exchange, FlightLog, Outcome};

use crate::support::{Watcher, raw, read_until, serve, watched};

fn app(flightlog: &FlightLog) -> Router {
    let endless = || async {
        let events = tokio_stream::StreamExt::map(tokio_stream::iter(0u64..), |n| {
            Ok::<_, Infallible>(Bytes::from(format!("data: {n}\n\n")))
        });
        Body::from_stream(events)
    };
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/echo", post(|body: Bytes| async { body }))
        .route(
            "/read",
            post(|body: Body| async {
                match body.collect().await {
                    Ok(_) => StatusCode::OK,
                    Err(_) => StatusCode::BAD_REQUEST,
                }
            }),
        )
        .route("/endless", get(endless))
        .layer(flightlog.axum_layer())
}

async fn started() -> (FlightLog, Arc<Watcher>, SocketAddr) {
    let (flightlog, watcher) = watched();
    let addr = serve(app(&flightlog)).await;
    (flightlog, watcher, addr)
}

/// The records, which may come from a thread of the server's.
async fn records(watcher: Arc<Watcher>, count: usize) -> Vec<Arc<Exchange>> {
    tokio::task::spawn_blocking(move || watcher.exchanges(count)).await.unwrap()
}

#[tokio::test]
async fn pipelined_requests_are_recorded_each() {
    let (_flightlog, watcher, addr) = started().await;
    let request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(9)
        + "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answers = raw(addr, request.as_bytes()).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 10);
    let exchanges = records(watcher, 10).await;
    assert!(exchanges.iter().all(|exchange| exchange.outcome == Outcome::Complete));
}

#[tokio::test]
async fn expect_100_continue_is_one_exchange() {
    let (_flightlog, watcher, addr) = started().await;
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head = "POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    read_until(&mut stream, "100 Continue").await;
    stream.write_all(b"hello").await.unwrap();
    read_until(&mut stream, "\r\n\r\nhello").await;
    let exchange = Arc::clone(&records(watcher, 1).await[0]);
    assert_eq!((exchange.status().unwrap().as_u16(), exchange.request.body.total_bytes()), (200, 5));
}

#[tokio::test]
async fn a_client_that_closes_its_half_is_answered_and_recorded() {
    let (_flightlog, watcher, addr) = started().await;
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(b"POST /echo HTTP/1.0\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("hi"), "{answer}");
    assert_eq!(records(watcher, 1).await[0].outcome, Outcome::Complete);
}

#[tokio::test]
async fn broken_bodies_are_recorded_with_what_came() {
    for (name, body) in [
        ("garbage chunk", "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"),
        ("short body", "content-length: 10\r\n\r\nabc"),
    ] {
        let (_flightlog, watcher, addr) = started().await;
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(format!("POST /read HTTP/1.1\r\nhost: a\r\n{body}").as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let exchange = Arc::clone(&records(watcher, 1).await[0]);
        assert_eq!(exchange.request.body.total_bytes(), 3, "{name}");
        assert!(!exchange.request.body.is_complete(), "{name}");
    }
}

#[tokio::test]
async fn a_reset_in_mid_stream_is_an_abort() {
    let (_flightlog, watcher, addr) = started().await;
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    read_until(&mut stream, "data: 9\n").await;
    // The answer is not read to its end: the close is a reset.
    drop(stream);
    let exchange = Arc::clone(&records(watcher, 1).await[0]);
    assert_eq!(exchange.outcome, Outcome::AbortedInBody);
    assert!(exchange.response.as_ref().unwrap().body.total_bytes() > 9);
}

#[tokio::test]
async fn a_stream_that_is_reset_within_an_http2_connection_is_an_abort_and_others_go_on() {
    let (_flightlog, watcher, addr) = started().await;
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Empty<Bytes>>();
    let ask = |path: &str| client.get(format!("http://{addr}{path}").parse().unwrap());
    let mut endless = ask("/endless").await.unwrap();
    endless.body_mut().frame().await.unwrap().unwrap();
    drop(endless);
    let other = ask("/").await.unwrap().collect().await.unwrap().to_bytes();
    assert_eq!(other, "hello");
    let exchanges = records(watcher, 2).await;
    let mut outcomes: Vec<_> = exchanges.iter().map(|exchange| exchange.outcome.as_str()).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["aborted_in_body", "complete"]);
}

#[tokio::test]
async fn what_never_became_a_request_is_no_record_and_the_next_is() {
    let (flightlog, watcher, addr) = started().await;
    for garbage in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x7f HTTP/1.1\r\n\r\n",
        b"NONSENSE\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    raw(addr, b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n").await;
    assert_eq!(records(watcher, 1).await.len(), 1, "also without a host");
    assert_eq!(flightlog.stats().begun, 1);
}

#[tokio::test]
async fn thousands_of_requests_on_one_connection_are_recorded_each() {
    let (flightlog, _watcher, addr) = started().await;
    let mut stream = TcpStream::connect(addr).await.unwrap();
    for _ in 0..5_000 {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        read_until(&mut stream, "hello").await;
    }
    drop(stream);
    crate::support::flush(&flightlog);
    let stats = flightlog.stats();
    assert_eq!((stats.begun, stats.finished), (5_000, 5_000));
}

#[tokio::test]
async fn a_response_of_more_than_4_gib_is_counted_to_the_byte() {
    let (flightlog, watcher) = watched();
    let chunk = Bytes::from(vec![b'x'; 1 << 20]);
    let app = Router::new()
        .route(
            "/",
            get(|| async move {
                let chunks = tokio_stream::iter(std::iter::repeat_n(Ok::<_, Infallible>(chunk), 5 << 10));
                ([("content-type", "text/plain")], Body::from_stream(chunks))
            }),
        )
        .layer(flightlog.axum_layer());
    let mut body = app.oneshot(Request::new(Body::empty())).await.unwrap().into_body();
    while let Some(frame) = body.frame().await {
        frame.unwrap();
    }
    let exchange = watcher.only();
    let body = &exchange.response.as_ref().unwrap().body;
    assert_eq!((body.total_bytes(), body.captured_bytes()), (5 << 30, 64 << 10));
    assert!(flightlog.stats().captured_bytes <= 64 << 10);
}

#[tokio::test]
async fn a_million_empty_frames_cost_no_memory() {
    let (flightlog, watcher) = watched();
    let app = Router::new()
        .route(
            "/",
            post(|body: Body| async {
                let mut body = body;
                while let Some(frame) = body.frame().await {
                    frame.unwrap();
                }
            }),
        )
        .layer(flightlog.axum_layer());
    let frames = tokio_stream::iter(std::iter::repeat_n(Ok::<_, Infallible>(Bytes::new()), 1_000_000));
    app.oneshot(Request::post("/").body(Body::from_stream(frames)).unwrap()).await.unwrap();
    let exchange = watcher.only();
    assert!(exchange.request.body.is_complete());
    assert_eq!(exchange.request.body.captured_bytes(), 0);
    assert_eq!(flightlog.stats().captured_bytes, 0);
}

#[tokio::test]
async fn many_open_uploads_stay_within_the_budget() {
    let budget = 1 << 20;
    let (flightlog, watcher) = crate::support::watched_with(|log| log.capture_budget(budget));
    let (go, gate) = tokio::sync::watch::channel(false);
    let app = Router::new()
        .route(
            "/",
            post(move |body: Bytes| {
                let mut gate = gate.clone();
                async move {
                    gate.wait_for(|open| *open).await.unwrap();
                    body.len().to_string()
                }
            }),
        )
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(flightlog.axum_layer());
    let uploads: Vec<_> = (0..200)
        .map(|_| {
            let request = Request::post("/").header("content-type", "text/plain");
            let app = app.clone();
            tokio::spawn(app.oneshot(request.body(Body::from(vec![b'x'; 100_000])).unwrap()))
        })
        .collect();
    while flightlog.stats().bodies_over_budget < 100 {
        tokio::task::yield_now().await;
    }
    assert!(flightlog.stats().captured_bytes <= budget as u64);
    go.send(true).unwrap();
    for upload in uploads {
        assert_eq!(upload.await.unwrap().unwrap().into_body().collect().await.unwrap().to_bytes(), "100000");
    }
    let exchanges = records(watcher, 200).await;
    assert!(exchanges.iter().all(|exchange| exchange.request.body.total_bytes() == 100_000));
    drop(exchanges);
    flightlog.flush(Duration::from_secs(20)).unwrap();
}
