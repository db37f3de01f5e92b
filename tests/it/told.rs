//! Which exchanges are told, and when: what is skipped, what is sampled, what is long in coming.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    routing::{any, get, post},
};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Channel};
use tower::ServiceExt;
use tower_flightlog::{Exchange, FlightLog, FlightLogBuilder, RoutePolicy, Sink, Started};

use crate::support::{flush, watched, watched_with};

/// What was told, in order: `> /path` and `< /path`.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Sink for Told {
    fn started(&self, started: &Arc<Started>) {
        self.0.lock().unwrap().push(format!("> {}", started.request.endpoint()));
    }

    fn finished(&self, exchange: &Arc<Exchange>) {
        self.0.lock().unwrap().push(format!("< {}", exchange.request.endpoint()));
    }
}

fn told(set: impl FnOnce(FlightLogBuilder) -> FlightLogBuilder) -> (FlightLog, Arc<Told>) {
    let told = Arc::new(Told::default());
    let builder = set(FlightLog::builder().files(false).dumps(false)).sink(Arc::clone(&told));
    (builder.build().unwrap(), told)
}

async fn ask(app: &Router, method: Method, uri: &str) -> StatusCode {
    let request = Request::builder().method(method).uri(uri).body(Body::from("body")).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    response.into_body().collect().await.unwrap();
    status
}

fn lines(flightlog: &FlightLog, told: &Told) -> Vec<String> {
    flush(flightlog);
    std::mem::take(&mut *told.0.lock().unwrap())
}

#[tokio::test]
async fn what_is_skipped_is_told_only_if_remarkable_and_then_in_order() {
    let (flightlog, told) = told(|builder| builder.skip(["/health*", "get /static/*", "/users/{id}"]));
    let fails = || async { StatusCode::INTERNAL_SERVER_ERROR };
    let app = Router::new()
        .route("/health", any(|| async { "ok" }).layer(RoutePolicy::new().bodies(false)))
        .route("/health/fails", any(fails))
        .route("/static/{*file}", any(|body: Bytes| async { body }))
        .route("/users/{id}", any(|| async { "ada" }))
        .route("/", any(|| async { "hello" }))
        .layer(flightlog.axum_layer());
    for (uri, expected) in [
        ("/health", &[][..]),
        ("/health?verbose=1", &[]),
        ("/static/a.css", &[]),
        ("/users/7", &[]),
        ("/", &["> /", "< /"]),
        ("/health/fails", &["> /health/fails", "< /health/fails"]),
    ] {
        ask(&app, Method::GET, uri).await;
        assert_eq!(lines(&flightlog, &told), expected, "{uri}");
    }
    ask(&app, Method::POST, "/static/a.css").await;
    assert_eq!(lines(&flightlog, &told), ["> /static/{*file}", "< /static/{*file}"]);
    assert_eq!(flightlog.stats().finished, 7);
}

#[tokio::test]
async fn the_original_path_is_matched_within_nested_routers_too() {
    let (flightlog, told) = told(|builder| builder.skip(["/api/health"]));
    let inner = Router::new().route("/health", get(|| async { "ok" })).layer(flightlog.axum_layer());
    let app = Router::new().nest("/api", inner.clone()).nest("/other", inner);
    ask(&app, Method::GET, "/api/health").await;
    assert!(lines(&flightlog, &told).is_empty());
    ask(&app, Method::GET, "/other/health").await;
    assert_eq!(lines(&flightlog, &told), ["> /other/health", "< /other/health"]);
}

#[tokio::test]
async fn a_skipped_exchange_whose_client_goes_is_told() {
    let (flightlog, told) = told(|builder| builder.skip(["*"]));
    let app = Router::new().route("/", get(std::future::pending::<()>)).layer(flightlog.axum_layer());
    let mut answer = Box::pin(app.oneshot(Request::new(Body::empty())));
    assert!(futures_util::poll!(&mut answer).is_pending());
    assert!(lines(&flightlog, &told).is_empty(), "a request that waits is held back");
    drop(answer);
    assert_eq!(lines(&flightlog, &told), ["> /", "< /"]);
}

#[tokio::test]
async fn the_request_id_tells_which_are_sampled() {
    let (flightlog, watcher) = watched_with(|builder| builder.sample(0.5));
    let app = Router::new().route("/", get(|| async { "hello" })).layer(flightlog.axum_layer());
    let mut expected = Vec::new();
    for _ in 0..200 {
        let response = app.clone().oneshot(Request::new(Body::empty())).await.unwrap();
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        response.into_body().collect().await.unwrap();
        // Below the half of 2^48: the first digit of the last group is below eight.
        if id.as_bytes()[24] < b'8' {
            expected.push(id);
        }
    }
    flush(&flightlog);
    let told: Vec<_> = watcher.exchanges(0).iter().map(|exchange| exchange.request_id.to_string()).collect();
    assert_eq!(told, expected);
    assert_eq!(watcher.begun(0).len(), expected.len());
    assert!((40..160).contains(&told.len()), "{}", told.len());
}

#[tokio::test]
async fn what_is_remarkable_is_told_of_no_sample_too() {
    let (flightlog, told) = told(|builder| builder.sample(0.0));
    let fails = || async { StatusCode::BAD_GATEWAY };
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/fails", get(fails))
        .layer(flightlog.axum_layer());
    assert_eq!(ask(&app, Method::GET, "/").await, StatusCode::OK);
    assert_eq!(ask(&app, Method::GET, "/nowhere").await, StatusCode::NOT_FOUND);
    assert!(lines(&flightlog, &told).is_empty());
    assert_eq!(ask(&app, Method::GET, "/fails").await, StatusCode::BAD_GATEWAY);
    assert_eq!(lines(&flightlog, &told), ["> /fails", "< /fails"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_whose_body_does_not_come_is_told_after_a_second() {
    let (flightlog, watcher) = watched();
    let app = Router::new().route("/", post(|body: Bytes| async { body })).layer(flightlog.axum_layer());
    let (mut sender, body) = Channel::<Bytes>::new(1);
    sender.send_data(Bytes::from_static(b"half")).await.unwrap();
    let request = Request::post("/").header("content-type", "text/plain").body(Body::new(body)).unwrap();
    let answer = tokio::spawn(app.oneshot(request));

    let started = watcher.begun(1).remove(0);
    let waited = started.told.as_micros() - started.started.as_micros();
    assert!(waited >= 1_000_000, "{waited}");
    assert_eq!((started.request.body.total_bytes(), started.request.body.is_complete()), (4, false));
    assert_eq!(watcher.count(), 0);

    sender.send_data(Bytes::from_static(b" and half")).await.unwrap();
    drop(sender);
    let response = tokio::time::timeout(Duration::from_secs(20), answer).await.unwrap().unwrap().unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "half and half");
    let exchange = watcher.only();
    assert_eq!(exchange.request.body.total_bytes(), 13);
    assert_eq!(watcher.begun(1).len(), 1, "told once");
}

#[tokio::test]
async fn a_request_that_is_told_at_its_end_is_told_no_later_than_that() {
    let (flightlog, watcher) = watched_with(|builder| builder.skip(["*"]));
    let app = Router::new()
        .route("/", any(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .layer(flightlog.axum_layer());
    for _ in 0..200 {
        ask(&app, Method::GET, "/").await;
    }
    for exchange in watcher.exchanges(200) {
        assert!(exchange.told <= exchange.finished, "{} > {}", exchange.told, exchange.finished);
    }
}
