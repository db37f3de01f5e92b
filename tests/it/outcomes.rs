//! Every way an exchange can end gives exactly one record, with its true outcome.

use std::{
    convert::Infallible,
    future::{pending, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use crate::support::{raw, raw_until, serve, watched, watched_with};
use axum::{
    Router,
    body::Body,
    extract::{Request, WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
    routing::{any, get, post},
};
use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, Empty, StreamBody};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
use tower_flightlog::{Exchange, FlightLog, Outcome};
use tracing::Level;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body of these frames and then what `last` says.
fn frames(frames: Vec<Result<Frame<Bytes>, BoxError>>) -> Body {
    Body::new(StreamBody::new(tokio_stream::iter(frames)))
}

fn data(text: &'static str) -> Result<Frame<Bytes>, BoxError> {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

fn app(flightlog: &FlightLog) -> Router {
    Router::new()
        .route("/body", get(|| async { "hello" }))
        .route("/empty", get(|| async {}))
        .route("/none", get(|| async { StatusCode::NO_CONTENT }))
        .route("/same", get(|| async { StatusCode::NOT_MODIFIED }))
        .route("/chunked", get(|| async { frames(vec![data("one"), data("two")]) }))
        .route(
            "/length",
            get(|| async { ([(header::CONTENT_LENGTH, "6")], frames(vec![data("one"), data("two")])) }),
        )
        .route(
            "/trailers",
            get(|| async {
                let trailers = HeaderMap::from_iter([(
                    header::HeaderName::from_static("grpc-status"),
                    HeaderValue::from_static("13"),
                )]);
                frames(vec![data("one"), Ok(Frame::trailers(trailers))])
            }),
        )
        .route("/body-error", get(|| async { frames(vec![data("one"), Err("the disk is gone".into())]) }))
        .route(
            "/body-panic",
            get(|| async {
                let mut count = 0;
                Body::from_stream(tokio_stream::StreamExt::map(
                    tokio_stream::iter([1, 2]),
                    move |_| -> Result<Bytes, Infallible> {
                        count += 1;
                        assert!(count < 2, "the second chunk is cursed");
                        Ok(Bytes::from_static(b"first"))
                    },
                ))
            }),
        )
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("at the disco")
                }
            }),
        )
        .route("/error", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .route("/missing", get(|| async { StatusCode::NOT_FOUND }))
        .route("/limit", get(|| async { StatusCode::TOO_MANY_REQUESTS }))
        .route("/pending", get(|| async { pending::<()>().await }))
        .route(
            "/endless",
            get(|| async {
                let first = tokio_stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"data: 1\n\n"))]);
                let stream = tokio_stream::StreamExt::chain(first, tokio_stream::pending());
                ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(stream))
            }),
        )
        .route("/unread", post(|_: Request| async { "I did not look" }))
        .route("/read", post(|body: String| async move { body }))
        .route("/websocket", any(|upgrade: WebSocketUpgrade| async move { upgrade.on_upgrade(|_| async {}) }))
        .layer(flightlog.axum_layer())
}

fn get_line(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
}

/// Outcome, status, level, bytes of the response.
type Ending = (Outcome, Option<u16>, Level, u64);

fn told(exchange: &Exchange) -> Ending {
    let response = exchange.response.as_ref();
    (
        exchange.outcome,
        exchange.status().map(|status| status.as_u16()),
        exchange.level(),
        response.map_or(0, |response| response.body.total_bytes()),
    )
}

#[tokio::test]
async fn each_end_over_tcp_gives_one_record_with_its_true_outcome() {
    use Outcome::*;
    const WEBSOCKET: &str = "GET /websocket HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let post = |path: &str, length: usize, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    };
    let cases: Vec<(&str, String, Option<&str>, Ending)> = vec![
        ("200 with body", get_line("/body"), None, (Complete, Some(200), Level::INFO, 5)),
        ("200 empty", get_line("/empty"), None, (Complete, Some(200), Level::INFO, 0)),
        ("204", get_line("/none"), None, (Complete, Some(204), Level::INFO, 0)),
        ("304", get_line("/same"), None, (Complete, Some(304), Level::INFO, 0)),
        ("HEAD", get_line("/body").replace("GET", "HEAD"), None, (Complete, Some(200), Level::INFO, 0)),
        ("OPTIONS", get_line("/body").replace("GET", "OPTIONS"), None, (Complete, Some(405), Level::WARN, 0)),
        ("chunked", get_line("/chunked"), None, (Complete, Some(200), Level::INFO, 6)),
        ("HTTP/1.0", get_line("/chunked").replace("1.1", "1.0"), None, (Complete, Some(200), Level::INFO, 6)),
        ("stream with Content-Length", get_line("/length"), None, (Complete, Some(200), Level::INFO, 6)),
        ("trailers, grpc-status 13", get_line("/trailers"), None, (Complete, Some(200), Level::ERROR, 3)),
        ("404", get_line("/missing"), None, (Complete, Some(404), Level::WARN, 0)),
        ("429", get_line("/limit"), None, (Complete, Some(429), Level::INFO, 0)),
        ("500", get_line("/error"), None, (Complete, Some(500), Level::ERROR, 0)),
        ("websocket upgrade", WEBSOCKET.into(), Some("\r\n\r\n"), (Upgraded, Some(101), Level::INFO, 0)),
        (
            "SSE left by the client",
            get_line("/endless"),
            Some("data: 1"),
            (AbortedInBody, Some(200), Level::WARN, 9),
        ),
        ("request body never read", post("/unread", 3, "abc"), None, (Complete, Some(200), Level::INFO, 14)),
        ("response body error", get_line("/body-error"), None, (BodyError, Some(200), Level::ERROR, 3)),
        ("panic in the response body", get_line("/body-panic"), None, (Panicked, Some(200), Level::ERROR, 5)),
        ("panic in the future", get_line("/panic"), None, (Panicked, None, Level::ERROR, 0)),
    ];
    let mut wrong = Vec::new();
    for (name, request, until, expected) in cases {
        let (flightlog, watcher) = watched();
        let addr = serve(app(&flightlog)).await;
        match until {
            Some(until) => drop(raw_until(addr, request.as_bytes(), until).await),
            None => drop(raw(addr, request.as_bytes()).await),
        }
        let got = tokio::task::spawn_blocking(move || told(&watcher.only())).await.unwrap();
        println!("{name:32} expected {expected:?}\n{:32}      got {got:?}", "");
        if got != expected {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test]
async fn a_client_that_goes_before_the_headers_is_told() {
    let (flightlog, watcher) = watched();
    let addr = serve(app(&flightlog)).await;
    let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, get_line("/pending").as_bytes()).await.unwrap();
    while flightlog.stats().begun == 0 {
        tokio::task::yield_now().await;
    }
    drop(stream);
    let exchange = tokio::task::spawn_blocking(move || watcher.only()).await.unwrap();
    assert_eq!(told(&exchange), (Outcome::AbortedBeforeResponse, None, Level::WARN, 0));
}

#[tokio::test]
async fn a_client_that_goes_within_its_body_gives_one_record() {
    let (flightlog, watcher) = watched();
    let addr = serve(app(&flightlog)).await;
    let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
    let request =
        "POST /read HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\ncontent-type: text/plain\r\n\r\nabc";
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    while flightlog.stats().begun == 0 {
        tokio::task::yield_now().await;
    }
    drop(stream);
    let exchange = tokio::task::spawn_blocking(move || watcher.only()).await.unwrap();
    assert!(matches!(exchange.outcome, Outcome::AbortedBeforeResponse | Outcome::Complete), "{exchange:?}");
    assert!(!exchange.request.body.is_complete());
}

/// One request to a service wrapped by the layer, without a network.
async fn call<S, B>(flightlog: &FlightLog, service: S) -> Result<Response<()>, String>
where
    S: Service<http::Request<tower_flightlog::RequestBody<Empty<Bytes>>>, Response = Response<B>>,
    S::Error: std::fmt::Display + 'static,
    B: http_body::Body + Unpin,
    B::Error: std::fmt::Display + 'static,
{
    let mut service = ServiceBuilder::new().layer(flightlog.layer()).service(service);
    let request = http::Request::new(Empty::new());
    let response = service.ready().await.map_err(|error| error.to_string())?.call(request).await;
    let (parts, mut body) = response.map_err(|error| error.to_string())?.into_parts();
    while let Some(frame) = body.frame().await {
        frame.map_err(|error| error.to_string())?;
    }
    Ok(Response::from_parts(parts, ()))
}

#[derive(Debug, thiserror::Error)]
#[error("the shop is closed")]
struct Closed(#[source] std::io::Error);

#[tokio::test]
async fn a_service_error_passes_and_is_told_with_its_sources_where_the_type_is_known() {
    for (known, chain) in [(true, vec!["the key is lost"]), (false, vec![])] {
        let (flightlog, watcher) =
            watched_with(|builder| if known { builder.error_type::<Closed>() } else { builder });
        let service = service_fn(|_| async {
            Err::<Response<Empty<Bytes>>, _>(Closed(std::io::Error::other("the key is lost")))
        });
        assert_eq!(call(&flightlog, service).await.unwrap_err(), "the shop is closed");
        let exchange = watcher.only();
        assert_eq!(told(&exchange), (Outcome::ServiceError, None, Level::ERROR, 0));
        let error = exchange.error.as_ref().unwrap();
        assert_eq!(error.message, "the shop is closed");
        assert_eq!(error.chain, chain);
        assert_eq!(error.error_type.as_deref(), Some("it::outcomes::Closed"));
    }
}

#[tokio::test]
async fn a_boxed_error_tells_its_sources() {
    let (flightlog, watcher) = watched();
    let service = service_fn(|_| async {
        Err::<Response<Empty<Bytes>>, BoxError>(Box::new(Closed(std::io::Error::other("the key is lost"))))
    });
    call(&flightlog, service).await.unwrap_err();
    assert_eq!(watcher.only().error.as_ref().unwrap().chain, ["the key is lost"]);
}

#[tokio::test]
async fn a_poll_ready_error_passes_and_makes_no_record() {
    #[derive(Clone)]
    struct Unready;
    impl<R> Service<R> for Unready {
        type Response = Response<Empty<Bytes>>;
        type Error = BoxError;
        type Future = std::future::Ready<Result<Self::Response, BoxError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Err("not today".into()))
        }

        fn call(&mut self, _: R) -> Self::Future {
            unreachable!()
        }
    }
    let (flightlog, watcher) = watched();
    assert_eq!(call(&flightlog, Unready).await.unwrap_err(), "not today");
    crate::support::flush(&flightlog);
    assert_eq!(watcher.count(), 0);
}

#[tokio::test]
async fn a_panic_in_call_goes_on_and_is_told_with_its_place_and_stack() {
    let (flightlog, watcher) = watched();
    let service = service_fn(|_| -> std::future::Ready<Result<Response<Empty<Bytes>>, Infallible>> {
        panic!("no future for you")
    });
    let line = line!() - 2;
    let crash = {
        let flightlog = flightlog.clone();
        tokio::spawn(async move { call(&flightlog, service).await }).await.unwrap_err()
    };
    assert_eq!(crash.into_panic().downcast_ref::<&str>(), Some(&"no future for you"));
    let exchange = watcher.only();
    assert_eq!(told(&exchange), (Outcome::Panicked, None, Level::ERROR, 0));
    let error = exchange.error.as_ref().unwrap();
    assert_eq!(error.message, "no future for you");
    assert_eq!(error.location, Some(format!("tests/it/outcomes.rs:{line}")));
    assert!(error.backtrace.as_ref().unwrap().to_string().contains("a_panic_in_call"));
}

#[tokio::test]
async fn of_two_requests_in_one_task_only_the_one_that_panics_is_blamed() {
    let (flightlog, watcher) = watched();
    let calm = call(&flightlog, service_fn(|_| pending::<Result<Response<Empty<Bytes>>, Infallible>>()));
    let wild = call(
        &flightlog,
        service_fn(|_| async {
            tokio::task::yield_now().await;
            if true {
                panic!("wild");
            }
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }),
    );
    let both = async move {
        let mut calm = std::pin::pin!(calm);
        let mut wild = std::pin::pin!(wild);
        poll_fn(|cx| {
            assert!(calm.as_mut().poll(cx).is_pending());
            wild.as_mut().poll(cx).map(drop)
        })
        .await;
    };
    let local = std::panic::AssertUnwindSafe(both);
    assert!(futures_util::FutureExt::catch_unwind(local).await.is_err());
    let exchanges = watcher.exchanges(2);
    let mut outcomes: Vec<_> = exchanges.iter().map(|exchange| exchange.outcome.as_str()).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["aborted_before_response", "panicked"]);
}

#[tokio::test]
async fn a_future_dropped_before_its_first_poll_is_told() {
    let (flightlog, watcher) = watched();
    let mut service = ServiceBuilder::new().layer(flightlog.layer()).service(service_fn(
        |_: http::Request<tower_flightlog::RequestBody<Empty<Bytes>>>| async {
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        },
    ));
    drop(service.ready().await.unwrap().call(http::Request::new(Empty::new())));
    assert_eq!(told(&watcher.only()), (Outcome::AbortedBeforeResponse, None, Level::WARN, 0));
}

#[test]
fn a_runtime_shut_down_under_open_requests_gives_one_record_for_each() {
    let (flightlog, watcher) = watched();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let addr = serve(app(&flightlog)).await;
        for path in ["/pending", "/pending", "/endless"] {
            tokio::spawn(async move { raw(addr, get_line(path).as_bytes()).await });
        }
        while flightlog.stats().begun < 3 {
            tokio::task::yield_now().await;
        }
    });
    drop(runtime);
    let exchanges = watcher.exchanges(3);
    assert_eq!(exchanges.len(), 3);
    assert!(exchanges.iter().all(|exchange| exchange.outcome.is_abort()), "{exchanges:#?}");
}

#[tokio::test]
async fn a_request_body_that_fails_is_told_where_the_answer_is_an_error() {
    let (flightlog, watcher) = watched();
    let app = Router::new()
        .route(
            "/",
            post(|request: Request| async move {
                match request.into_body().collect().await {
                    Ok(_) => StatusCode::OK,
                    Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
                }
            }),
        )
        .layer(flightlog.axum_layer());
    let body = frames(vec![data("one"), Err("the line went dead".into())]);
    let response = app.oneshot(Request::post("/").body(body).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let exchange = watcher.only();
    assert_eq!(exchange.error.as_ref().unwrap().message, "the line went dead");
    assert_eq!(exchange.request.body.total_bytes(), 3);
    assert!(!exchange.request.body.is_complete());
}

#[tokio::test]
async fn a_body_polled_after_its_end_changes_nothing() {
    let (flightlog, watcher) = watched();
    let app = Router::new().route("/", get(|| async { "hello" })).layer(flightlog.axum_layer());
    let mut body = app.oneshot(Request::new(Body::empty())).await.unwrap().into_body();
    while body.frame().await.is_some() {}
    assert!(body.frame().await.is_none());
    drop(body);
    assert_eq!(told(&watcher.only()), (Outcome::Complete, Some(200), Level::INFO, 5));
}

#[tokio::test]
async fn a_panic_in_the_drop_of_a_future_gives_one_record() {
    struct Mine;
    impl Future for Mine {
        type Output = Result<Response<Empty<Bytes>>, Infallible>;

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
            Poll::Pending
        }
    }
    impl Drop for Mine {
        fn drop(&mut self) {
            panic!("on the way out");
        }
    }
    let (flightlog, watcher) = watched();
    let task = {
        let flightlog = flightlog.clone();
        tokio::spawn(async move { call(&flightlog, service_fn(|_| Mine)).await })
    };
    while flightlog.stats().begun == 0 {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.is_err());
    assert_eq!(watcher.only().outcome, Outcome::AbortedBeforeResponse);
}

#[tokio::test]
async fn a_panic_that_somebody_caught_lends_its_place_to_no_other() {
    let (flightlog, watcher) = watched();
    let app = Router::new()
        .route("/caught", get(|| async { drop(std::panic::catch_unwind(|| panic!("A"))) }))
        .route(
            "/resumed",
            get(|| async {
                if true {
                    std::panic::resume_unwind(Box::new("B"))
                }
            }),
        )
        .layer(flightlog.axum_layer().answer_panics(true));
    for path in ["/caught", "/resumed"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap().into_body().collect().await.unwrap();
    }
    let exchanges = watcher.exchanges(2);
    let error = exchanges[1].error.as_ref().unwrap();
    assert_eq!((error.message.as_str(), &error.location), ("B", &None));
}

#[tokio::test]
async fn a_panic_is_answered_where_that_is_asked_for() {
    let (flightlog, watcher) = watched();
    let app = Router::new()
        .route(
            "/",
            get(|| async {
                if true {
                    panic!("at the disco")
                }
            }),
        )
        .layer(flightlog.axum_layer().answer_panics(true));
    let response = raw(serve(app).await, get_line("/").as_bytes()).await;
    let exchange = watcher.only();
    assert!(response.starts_with("HTTP/1.1 500"), "{response}");
    assert!(response.contains(&format!("x-request-id: {}", exchange.request_id)), "{response}");
    assert!(response.ends_with(&format!(
        r#"{{"error":"internal server error","request_id":"{}"}}"#,
        exchange.request_id
    )));
    assert_eq!(told(&exchange), (Outcome::Panicked, Some(500), Level::ERROR, 0));
    assert_eq!(exchange.error.as_ref().unwrap().message, "at the disco");
}

#[tokio::test]
async fn the_message_of_a_500_is_found_wherever_it_stands() {
    async fn message(handler: axum::routing::MethodRouter) -> String {
        let (flightlog, watcher) = watched();
        let app = Router::new().route("/", handler).layer(flightlog.axum_layer());
        let response = app.oneshot(Request::new(Body::empty())).await.unwrap();
        response.into_body().collect().await.unwrap();
        watcher.only().error.as_ref().unwrap().message.to_string()
    }
    fn json(body: &'static str) -> impl IntoResponse {
        (StatusCode::BAD_GATEWAY, [(header::CONTENT_TYPE, "application/json")], body)
    }
    let reported = get(|| async {
        tower_flightlog::current().report_error(&Closed(std::io::Error::other("the key is lost")));
        json(r#"{"error":"not this"}"#)
    });
    assert_eq!(message(reported).await, "the shop is closed");
    let long = get(|| async {
        tower_flightlog::current().report_error(&std::io::Error::other("x".repeat(9000)));
        StatusCode::INTERNAL_SERVER_ERROR
    });
    assert_eq!(message(long).await, "…[9000 bytes]");
    assert_eq!(
        message(get(|| async { json(r#"{"detail":"no oven","error":"not this"}"#) })).await,
        "no oven"
    );
    assert_eq!(message(get(|| async { json(r#"{"error":{"message":"no flour"}}"#) })).await, "no flour");
    assert_eq!(message(get(|| async { json(r#"{"message":"no salt"}"#) })).await, "no salt");
    assert_eq!(message(get(|| async { json(r#"{"other":1}"#) })).await, "HTTP 502");
    let text = get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, "\n  boom: it broke\nmore") });
    assert_eq!(message(text).await, "boom: it broke");
    fn events(body: &'static str) -> impl IntoResponse {
        (StatusCode::BAD_GATEWAY, [(header::CONTENT_TYPE, "text/event-stream")], body)
    }
    let error = "event: error\ndata: {\"n\":1}\n\ndata: {\"error\":{\"message\":\"no yeast\"}}\n\n";
    assert_eq!(message(get(async move || events(error))).await, "no yeast");
    assert_eq!(message(get(|| async { events("id: 1\ndata: no water\n\n") })).await, "no water");
    assert_eq!(message(get(|| async { events(": nothing yet\n\n") })).await, "HTTP 502");
    assert_eq!(message(get(|| async { StatusCode::INTERNAL_SERVER_ERROR })).await, "HTTP 500");
}

#[tokio::test]
async fn dropping_everything_but_an_open_exchange_still_records_it() {
    let (flightlog, watcher) = watched();
    let app =
        Router::new().route("/", get(|| async { frames(vec![data("x")]) })).layer(flightlog.axum_layer());
    let response = app.oneshot(Request::new(Body::empty())).await.unwrap();
    drop(flightlog);
    assert_eq!(watcher.count(), 0);
    drop(response);
    // The last one out has flushed: nothing to wait for.
    assert_eq!(watcher.count(), 1);
    assert_eq!(Arc::clone(&watcher.exchanges(1)[0]).outcome, Outcome::AbortedInBody);
}
