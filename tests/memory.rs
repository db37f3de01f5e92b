//! What an open request keeps in memory. Alone in its process: the allocator counts for all threads.
#![allow(missing_docs)]
// What clippy.toml allows in tests it allows in functions that are tests, not in their helpers.
#![allow(clippy::unwrap_used)]

use std::{
    alloc::System,
    future::pending,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    task::{Context, Waker},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    routing::any,
};
use http::{Request, header};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tower::Service;
use tower_flightlog::{Console, FlightLog};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

type Asked = Pin<Box<dyn Future<Output = ()>>>;

/// So many that what others allocate now and then does not count: the clock names 256 that are open.
const OPEN: usize = 8192;
const QUESTION: &str =
    r#"{"model":"small-1","user":"u-48213","prompt":"How far is the moon from the earth?"}"#;

/// An open request keeps so much at most, beside what was captured of its body.
const MOST: usize = 1_632;

#[test]
fn an_open_request_keeps_little() {
    let dir = tempfile::tempdir().unwrap();
    let log = FlightLog::builder().dir(dir.path()).console(Console::Off).build().unwrap();
    let logged = router().layer(log.axum_layer());
    for (what, body, captured) in [("no body", "", 0), ("a body", QUESTION, QUESTION.len())] {
        let bare = kept(router(), body, || {});
        let with = kept(logged.clone(), body, || log.flush(Duration::from_secs(20)).unwrap());
        println!("{what}: {} bytes, of the log {}, captured {captured}", with, with - bare);
        let most = MOST + captured;
        assert!(with - bare <= most, "{what}: {} bytes, {most} are allowed", with - bare);
    }
}

/// Reads the body, and never answers.
fn router() -> Router {
    Router::new().route("/api/v1/generate", any(async |_: Bytes| pending::<()>().await))
}

/// Bytes that a request keeps while it is open.
fn kept(router: Router, body: &'static str, mut settle: impl FnMut()) -> usize {
    let mut router = router.with_state::<()>(());
    let mut open: Vec<Asked> = Vec::with_capacity(2 * OPEN);
    // Tables, threads and buffers, of which all later ones have the use.
    let mut ask = |open: &mut Vec<Asked>| {
        for count in 0..OPEN {
            let answer = router.call(request(body));
            let mut asked: Asked = Box::pin(async { drop(answer.await) });
            let polled = asked.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
            open.push(asked);
            if count % 64 == 0 {
                settle();
            }
        }
        settle();
    };
    ask(&mut open);
    let region = Region::new(ALLOCATOR);
    ask(&mut open);
    let change = region.change();
    (change.bytes_allocated - change.bytes_deallocated) / OPEN
}

fn request(body: &'static str) -> Request<Body> {
    let mut request = Request::post("/api/v1/generate")
        .header(header::HOST, "api.example.com")
        .header(header::USER_AGENT, "example-client/2.4.1 (linux; x86_64)")
        .header(header::ACCEPT, "application/json")
        .header(header::AUTHORIZATION, "Bearer 3f9a6c1e7b2d4a8090b1c2d3e4f5a6b7")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, body.len())
        .body(Body::from(body))
        .unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 40_404))));
    request
}
