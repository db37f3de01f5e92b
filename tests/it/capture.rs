//! What a record holds of a request: identity, addresses, URL, bodies as far as they are kept.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    routing::{any, get, post},
};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{ServiceBuilder, ServiceExt};
use tower_flightlog::{Bodies, BodyText, Exchange, FlightLogBuilder, RoutePolicy};

use crate::support::{flush, watched, watched_with};

/// Sends one request through a router that echoes, and gives record and response.
async fn record(
    set: impl FnOnce(FlightLogBuilder) -> FlightLogBuilder,
    request: Request<Body>,
) -> (Arc<Exchange>, Response<Bytes>) {
    let (flightlog, watcher) = watched_with(set);
    let app = Router::new()
        .route("/", any(|body: Bytes| async { ([("content-type", "application/json")], body) }))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(flightlog.axum_layer());
    let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (watcher.only(), Response::from_parts(parts, body))
}

fn same(builder: FlightLogBuilder) -> FlightLogBuilder {
    builder
}

fn json(body: impl Into<Body>) -> Request<Body> {
    Request::post("/").header("content-type", "application/json").body(body.into()).unwrap()
}

#[tokio::test]
async fn a_clients_valid_id_is_recorded_and_echoed_and_an_invalid_one_is_neither() {
    let long = "a".repeat(129);
    for (sent, valid) in [
        ("order-42", true),
        ("0198C0DE-0000-7000-8000-000000000001", true),
        (&*"a".repeat(128), true),
        ("", false),
        (&*long, false),
        ("../../../etc/passwd", false),
        ("..%2f", false),
        ("a/b", false),
        ("{0198c0de-0000-7000-8000-000000000001}", false),
        ("\"}\u{7f}{\"", false),
        ("%n%s ${jndi:ldap://x}", false),
        ("a,b", false),
        ("<script>", false),
        ("-rf", false),
        ("..", false),
        ("\u{202e}abc", false),
    ] {
        let Ok(header) = HeaderValue::from_bytes(sent.as_bytes()) else { continue };
        let mut request = Request::new(Body::empty());
        request.headers_mut().insert("x-request-id", header);
        let (exchange, response) = record(same, request).await;
        let answered = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        if valid {
            assert_eq!(exchange.client_request_id.as_ref().unwrap(), sent);
            assert_eq!(answered, sent);
        } else {
            assert_eq!(exchange.client_request_id, None, "{sent:?}");
            assert_eq!(answered, exchange.request_id.to_string(), "{sent:?}");
        }
        assert_eq!(exchange.client_request_id_rejected, !valid, "{sent:?}");
        assert_ne!(exchange.request_id.to_string(), sent.to_lowercase());
    }
}

#[tokio::test]
async fn two_ids_from_a_client_are_no_id() {
    let mut request = Request::new(Body::empty());
    request.headers_mut().append("x-request-id", HeaderValue::from_static("a"));
    request.headers_mut().append("x-request-id", HeaderValue::from_static("b"));
    assert!(record(same, request).await.0.client_request_id_rejected);
}

#[tokio::test]
async fn a_valid_traceparent_gives_trace_and_parent_and_a_span_of_our_own() {
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let request = Request::get("/")
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"))
        .body(Body::empty())
        .unwrap();
    let (exchange, _) = record(same, request).await;
    assert_eq!(exchange.trace_id.unwrap().to_string(), trace);
    assert_eq!(exchange.parent_span_id.unwrap().to_string(), "b7ad6b7169203331");
    assert_ne!(exchange.span_id, exchange.parent_span_id);
    assert!(exchange.span_id.is_some());

    let request =
        Request::get("/").header("traceparent", format!("00-{trace}-0-01")).body(Body::empty()).unwrap();
    let (exchange, _) = record(same, request).await;
    assert_eq!((exchange.trace_id, exchange.span_id, exchange.parent_span_id), (None, None, None));
}

#[tokio::test]
async fn the_url_is_absolute_and_the_original() {
    for (uri, host, expected) in [
        ("/a?b=c", Some("shop.example:8080"), "http://shop.example:8080/a?b=c"),
        ("https://shop.example/a", Some("other"), "https://shop.example/a"),
        ("/a", None, "/a"),
        ("http://ada:pw@shop.example/a", None, "http://[REDACTED]@shop.example/a"),
        ("/a?token=abc&page=2", Some("h"), "http://h/a?token=[REDACTED]&page=2"),
    ] {
        let mut request = Request::get(uri).body(Body::empty()).unwrap();
        if let Some(host) = host {
            request.headers_mut().insert("host", HeaderValue::from_str(host).unwrap());
        }
        let (exchange, _) = record(same, request).await;
        assert_eq!(exchange.request.url(), expected);
    }
    let request =
        Request::builder().method("OPTIONS").uri("*").header("host", "h").body(Body::empty()).unwrap();
    let (exchange, _) = record(same, request).await;
    assert_eq!((exchange.request.url().as_str(), exchange.request.endpoint().as_str()), ("http://h", "*"));
}

#[tokio::test]
async fn the_address_is_the_peers_unless_a_trusted_proxy_says_otherwise() {
    let peer: SocketAddr = "10.0.0.7:4711".parse().unwrap();
    let request = || {
        let mut request =
            Request::get("/").header("x-forwarded-for", "6.6.6.6, 1.2.3.4").body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    };
    let addresses = |exchange: &Exchange| {
        let text = |address: Option<std::net::IpAddr>| address.map(|address| address.to_string());
        (text(exchange.request.remote_addr), text(exchange.request.peer_addr))
    };
    let (exchange, _) = record(same, request()).await;
    assert_eq!(addresses(&exchange), (Some("10.0.0.7".into()), None));
    let (exchange, _) = record(|log| log.trusted_proxies(["10.0.0.0/8".parse().unwrap()]), request()).await;
    assert_eq!(addresses(&exchange), (Some("1.2.3.4".into()), Some("10.0.0.7".into())));
    let (exchange, _) = record(|log| log.remote_addr(|_| Some([9, 9, 9, 9].into())), request()).await;
    assert_eq!(addresses(&exchange), (Some("9.9.9.9".into()), None));
    let (exchange, _) = record(same, Request::new(Body::empty())).await;
    assert_eq!(addresses(&exchange), (None, None));
}

#[tokio::test]
async fn bodies_are_redacted_shown_to_their_limit_and_counted_whole() {
    let (exchange, response) = record(same, json(r#"{"user":"ada","password":"hunter2"}"#)).await;
    assert_eq!(response.body(), r#"{"user":"ada","password":"hunter2"}"#, "what passes is not touched");
    let shown = r#"{"user":"ada","password":"[REDACTED]"}"#;
    for body in [&exchange.request.body, &exchange.response.as_ref().unwrap().body] {
        assert!(matches!(body.head(), BodyText::Json(json) if json == shown), "{body:?}");
        assert_eq!((body.total_bytes(), body.captured_bytes(), body.is_complete()), (35, 35, true));
        assert_eq!(body.content_type().unwrap(), "application/json");
    }

    let long = format!(r#"{{"password":"hunter2","text":"{}"}}"#, "some words ".repeat(20_000));
    let (exchange, _) = record(|log| log.body_limit(100).capture_limit(1000), json(long.clone())).await;
    let body = &exchange.request.body;
    assert_eq!((body.total_bytes(), body.captured_bytes()), (long.len() as u64, 1000));
    let BodyText::Text { text, truncated: true } = body.head() else { panic!("{body:?}") };
    assert!(text.as_str().len() <= 100 && text.as_str().contains("[REDACTED]"), "{text}");
    let BodyText::Text { text, truncated: true } = body.whole() else { panic!("{body:?}") };
    assert!(text.as_str().len() > 900 && !text.as_str().contains("hunter2"), "{text}");
}

#[tokio::test]
async fn without_bodies_they_are_counted_only() {
    let (exchange, _) = record(|log| log.bodies(Bodies::Off), json("{}")).await;
    let body = &exchange.request.body;
    assert_eq!((body.total_bytes(), body.captured_bytes(), body.whole()), (2, 0, &BodyText::NotKept));
}

#[tokio::test]
async fn what_is_not_text_is_told_by_size_and_digest() {
    for (content_type, encoding) in [("image/png", None), ("application/json", Some("gzip"))] {
        let mut request =
            Request::post("/").header("content-type", content_type).header("content-length", "3");
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        let (exchange, _) = record(same, request.body(Body::from("abc")).unwrap()).await;
        let body = &exchange.request.body;
        assert_eq!((body.whole(), body.total_bytes()), (&BodyText::Binary, 3));
        assert_eq!(body.sha256(), Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    }
}

#[tokio::test]
async fn past_the_budget_bodies_are_counted_not_kept_and_what_was_taken_comes_back() {
    let (flightlog, watcher) = watched_with(|log| log.capture_budget(10));
    let app = Router::new().route("/", post(|body: Bytes| async { body })).layer(flightlog.axum_layer());
    let response = app.clone().oneshot(json("0123456789012345")).await.unwrap();
    response.into_body().collect().await.unwrap();
    let exchange = watcher.only();
    assert_eq!((exchange.request.body.total_bytes(), exchange.request.body.captured_bytes()), (16, 0));
    assert!(flightlog.stats().bodies_over_budget >= 1);
    let response = app.oneshot(json("12345")).await.unwrap();
    response.into_body().collect().await.unwrap();
    let exchanges = watcher.exchanges(2);
    assert_eq!(exchanges[1].request.body.captured_bytes(), 5);
    assert!(flightlog.stats().captured_bytes >= 5, "{:?}", flightlog.stats());
}

#[tokio::test]
async fn nothing_is_held_once_all_records_are_gone() {
    let flightlog = tower_flightlog::FlightLog::builder().files(false).dumps(false).build().unwrap();
    let app = Router::new().route("/", post(|body: Bytes| async { body })).layer(flightlog.axum_layer());
    for _ in 0..10 {
        app.clone().oneshot(json("12345")).await.unwrap().into_body().collect().await.unwrap();
    }
    flush(&flightlog);
    assert_eq!(flightlog.stats().captured_bytes, 0);
    assert_eq!((flightlog.stats().begun, flightlog.stats().finished), (10, 10));
}

#[tokio::test]
async fn a_route_can_have_its_own_policy() {
    let (flightlog, watcher) = watched_with(same);
    let in_response = get(|| async {
        let mut response = Response::new(Body::from("ok"));
        response.extensions_mut().insert(RoutePolicy::new().skip(true));
        response
    });
    let app = Router::new()
        .route("/health", get(|| async { "ok" }).layer(RoutePolicy::new().skip(true)))
        .route("/response", in_response)
        .route(
            "/fails",
            get(|| async { StatusCode::INTERNAL_SERVER_ERROR }).layer(RoutePolicy::new().skip(true)),
        )
        .route("/quiet", post(|body: Bytes| async { body }).layer(RoutePolicy::new().bodies(false)))
        .route("/short", post(|body: Bytes| async { body }).layer(RoutePolicy::new().capture_limit(2)))
        .layer(flightlog.axum_layer());
    let bodiless = Request::get("/health").body(Body::empty()).unwrap();
    app.clone().oneshot(bodiless).await.unwrap().into_body().collect().await.unwrap();
    for (method, path) in
        [("GET", "/health"), ("GET", "/response"), ("GET", "/fails"), ("POST", "/quiet"), ("POST", "/short")]
    {
        let request = Request::builder().method(method).uri(path).header("content-type", "text/plain");
        let response = app.clone().oneshot(request.body(Body::from("secret")).unwrap()).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    flush(&flightlog);
    let told: Vec<_> = watcher.exchanges(4);
    let paths: Vec<_> = told.iter().map(|exchange| exchange.request.endpoint().as_str()).collect();
    // The policy in the response comes too late for the request entry of a body that was dropped unread.
    assert_eq!(paths, ["/response", "/fails", "/quiet", "/short"]);
    let kept: Vec<_> = told.iter().map(|exchange| exchange.request.body.captured_bytes()).collect();
    assert_eq!(kept[2..], [0, 2]);
    assert!(told[2..].iter().all(|exchange| exchange.request.body.total_bytes() == 6));
    assert_eq!(flightlog.stats().finished, 6);
}

#[tokio::test]
async fn a_request_without_a_body_is_told_while_its_service_waits() {
    let (flightlog, watcher) = watched();
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    let wait = Arc::new(std::sync::Mutex::new(Some(wait)));
    let app = Router::new()
        .route(
            "/",
            get(move || {
                let wait = wait.lock().unwrap().take().unwrap();
                async { wait.await.unwrap() }
            }),
        )
        .layer(flightlog.axum_layer());
    let request = tokio::spawn(app.oneshot(Request::new(Body::empty())));
    while watcher.started().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(watcher.count(), 0);
    go.send(()).unwrap();
    request.await.unwrap().unwrap().into_body().collect().await.unwrap();
    assert_eq!((watcher.exchanges(1).len(), watcher.started().len()), (1, 1));
}

#[tokio::test]
async fn a_source_of_addresses_that_panics_costs_the_address_only() {
    let (exchange, response) = record(|log| log.remote_addr(|_| panic!("no address")), json("{}")).await;
    assert_eq!((exchange.request.remote_addr, response.status()), (None, StatusCode::OK));
}

#[tokio::test]
async fn a_frame_in_pieces_is_captured_whole() {
    use bytes::Buf;
    let (flightlog, watcher) = watched();
    let mut service = ServiceBuilder::new().layer(flightlog.layer()).service_fn(
        |_: Request<tower_flightlog::RequestBody<http_body_util::Empty<Bytes>>>| async {
            let data = Bytes::from_static(b"{\"a\":").chain(Bytes::from_static(b"1}"));
            let mut response = Response::new(Full::new(data));
            response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
            Ok::<_, std::convert::Infallible>(response)
        },
    );
    let request = Request::new(http_body_util::Empty::<Bytes>::new());
    tower::Service::call(&mut service, request).await.unwrap().into_body().frame().await.unwrap().unwrap();
    let exchange = watcher.only();
    let body = &exchange.response.as_ref().unwrap().body;
    assert!(matches!(body.head(), BodyText::Json(json) if json == r#"{"a":1}"#), "{body:?}");
}

#[tokio::test]
async fn a_policy_outside_of_the_layer_holds_from_the_start() {
    let (flightlog, watcher) = watched();
    let stack = ServiceBuilder::new().layer(RoutePolicy::new().bodies(false)).layer(flightlog.axum_layer());
    let app = Router::new().route("/", post(|body: Bytes| async { body })).layer(stack);
    app.oneshot(json("{}")).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(watcher.only().request.body.captured_bytes(), 0);
}

#[tokio::test]
async fn what_takes_longer_than_slow_is_slow() {
    let (exchange, _) = record(|log| log.slow(Duration::from_nanos(1)), json("{}")).await;
    assert!(exchange.slow && exchange.level() == tracing::Level::WARN);
    let (exchange, _) = record(|log| log.slow(Duration::from_secs(3600)), json("{}")).await;
    assert!(!exchange.slow);
}

#[tokio::test]
async fn a_request_is_told_once_before_its_response_with_its_body() {
    let (flightlog, watcher) = watched();
    let app = Router::new().route("/", post(|body: Bytes| async { body })).layer(flightlog.axum_layer());
    app.oneshot(json(r#"{"n":1}"#)).await.unwrap().into_body().collect().await.unwrap();
    let exchange = watcher.only();
    let started = watcher.started();
    assert_eq!(started.len(), 1);
    assert_eq!(*started[0], *exchange.began);
}

#[tokio::test]
async fn what_was_begun_while_on_is_recorded_and_nothing_else() {
    let (flightlog, watcher) = watched();
    let app = Router::new().route("/", get(|| async { "hello" })).layer(flightlog.axum_layer());
    let open = app.clone().oneshot(Request::new(Body::empty())).await.unwrap();
    flightlog.set_enabled(false);
    let silent = app.clone().oneshot(Request::new(Body::empty())).await.unwrap();
    assert!(!silent.headers().contains_key("x-request-id"));
    open.into_body().collect().await.unwrap();
    silent.into_body().collect().await.unwrap();
    flightlog.set_enabled(true);
    app.oneshot(Request::new(Body::empty())).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(watcher.exchanges(2).len(), 2);
}

#[tokio::test]
async fn huge_and_hostile_heads_are_recorded_bounded() {
    let mut request = json("{}");
    request.headers_mut().insert("x-big", HeaderValue::from_bytes(&vec![b'a'; 64 * 1024]).unwrap());
    request.headers_mut().insert("x-bigger", HeaderValue::from_bytes(&vec![b'a'; 200 * 1024]).unwrap());
    request.headers_mut().insert("x-odd", HeaderValue::from_bytes(b"\xff\xfe\tok").unwrap());
    for _ in 0..200 {
        request.headers_mut().append("x-many", HeaderValue::from_static("sid"));
    }
    let (exchange, _) = record(same, request).await;
    let headers = exchange.request.headers();
    assert!(
        headers.get("x-big").unwrap().ends_with("…[65536 bytes]"),
        "{}",
        headers.get("x-big").unwrap().len()
    );
    assert_eq!(headers.get("x-bigger"), Some("…[204800 bytes]"));
    assert_eq!(headers.get("x-odd"), Some("\u{ff}\u{fe}\tok"));
    assert_eq!(headers.get_all("x-many").count(), 200);
}

#[tokio::test]
async fn a_sink_that_panics_or_is_slow_touches_no_request_and_no_other_sink() {
    struct Panics;
    impl tower_flightlog::Sink for Panics {
        fn finished(&self, _: &Arc<Exchange>) {
            panic!("a sink of somebody's");
        }
    }
    /// Waits until told to go on.
    struct Slow(std::sync::Mutex<std::sync::mpsc::Receiver<()>>);
    impl tower_flightlog::Sink for Slow {
        fn finished(&self, _: &Arc<Exchange>) {
            let _ = self.0.lock().unwrap().recv();
        }
    }
    let (go, gate) = std::sync::mpsc::channel();
    let (flightlog, watcher) = watched_with(|log| log.sink(Panics).sink(Slow(gate.into())));
    let app = Router::new().route("/", get(|| async { "hello" })).layer(flightlog.axum_layer());
    let count = 12_000;
    for _ in 0..count {
        let response = app.clone().oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello");
    }
    let refused = flightlog.flush(Duration::from_millis(10)).unwrap_err();
    assert!(refused.records > 0);
    drop(go);
    flush(&flightlog);
    let stats = flightlog.stats();
    assert!(stats.queue_dropped >= 1000, "{stats:?}");
    assert!(stats.sink_panics > 0);
    assert!(watcher.count() > 0 && stats.finished == count);
}

#[tokio::test]
async fn full_bodies_of_any_layer_are_recorded_too() {
    let (flightlog, watcher) = watched();
    let mut service = ServiceBuilder::new().layer(flightlog.layer()).service_fn(
        |request: Request<tower_flightlog::RequestBody<Full<Bytes>>>| async {
            let bytes = request.into_body().collect().await?.to_bytes();
            Ok::<_, std::convert::Infallible>(Response::new(Full::new(bytes)))
        },
    );
    let request =
        Request::post("/").header("content-type", "application/json").body(Full::from("[1]")).unwrap();
    let response = tower::Service::call(&mut service, request).await.unwrap();
    response.into_body().collect().await.unwrap();
    assert!(matches!(watcher.only().request.body.head(), BodyText::Json(json) if json == "[1]"));
}
