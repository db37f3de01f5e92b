//! Requests that are sent: what they carry, what is recorded of them, and what their parent tells of them.

use std::{
    convert::Infallible,
    fs, io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, response::Response, routing::any};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::{
    client::legacy::{self, Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_flightlog::{
    Direction, Exchange, FlightLog, Level, Outbound, Outcome, RequestBody, RequestId, StepKind, current,
};

use crate::support::{Watcher, flush, serve, validated_dump, watched, watched_with};

type Hyper<B> = tower_flightlog::FlightLogService<Client<HttpConnector, RequestBody<B>>, Outbound>;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

fn hyper<B>(flightlog: &FlightLog) -> Hyper<B>
where
    B: http_body::Body + Send,
    B::Data: Send,
{
    let layer = flightlog.outbound_layer().error_type::<legacy::Error>();
    layer.layer(Client::builder(TokioExecutor::new()).build_http())
}

/// A service that keeps the headers it gets and answers with the body it gets.
async fn echo() -> (SocketAddr, Arc<Mutex<Vec<HeaderMap>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    let router = Router::new().fallback(any(move |request: Request| async move {
        keep.lock().unwrap().push(request.headers().clone());
        ([("content-type", "application/json"), ("x-request-id", "theirs")], request.into_body())
    }));
    (serve(router).await, seen)
}

/// A service that fails with `error` whatever it is asked.
fn fails<E: Clone + Send + 'static>(
    error: E,
) -> impl Service<http::Request<RequestBody<Body>>, Response = Response, Error = E, Future: Send> + Clone {
    service_fn(move |_| {
        let error = error.clone();
        async move { Err(error) }
    })
}

/// What a router with `handler` behind a log answers to a GET with these headers.
async fn ask<H, F>(flightlog: &FlightLog, headers: &[(&str, &str)], handler: H) -> Response
where
    H: FnOnce(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = StatusCode> + Send,
{
    let app: Router = Router::new().route("/parent", any(handler)).layer(flightlog.axum_layer());
    let mut request = http::Request::get("/parent");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

fn direction(watcher: &Watcher, count: usize, direction: Direction) -> Vec<Arc<Exchange>> {
    watcher.exchanges(count).into_iter().filter(|exchange| exchange.direction == direction).collect()
}

#[tokio::test]
async fn a_call_is_a_record_of_its_own_and_a_step_of_its_parent() {
    let (flightlog, watcher) = watched();
    let (addr, seen) = echo().await;
    let mut client = hyper(&flightlog);
    ask(&flightlog, &[("x-request-id", "outer")], async move |_: Request| {
        let before = current().request_id();
        let request = http::Request::post(format!("http://{addr}/stock?token=s3cr3t&page=2"))
            .header("content-type", "application/json")
            .header("authorization", "Bearer s3cr3t")
            .body(Full::new(Bytes::from_static(br#"{"article":7,"password":"s3cr3t"}"#)))
            .unwrap();
        let response = client.call(request).await.unwrap();
        assert_eq!(response.headers()["x-request-id"], "theirs", "nothing of the response is changed");
        assert!(response.extensions().get::<RequestId>().is_some_and(|id| Some(*id) != before));
        response.into_body().collect().await.unwrap();
        assert_eq!(current().request_id(), before);
        StatusCode::OK
    })
    .await;

    let calls = direction(&watcher, 2, Direction::Outbound);
    let parents = direction(&watcher, 2, Direction::Inbound);
    let ([call], [parent]) = (calls.as_slice(), parents.as_slice()) else {
        panic!("{calls:#?} {parents:#?}")
    };
    assert_eq!((call.outcome, call.status()), (Outcome::Complete, Some(StatusCode::OK)));
    assert_eq!(call.request.url(), &*format!("http://{addr}/stock?token=[REDACTED]&page=2"));
    assert_eq!((call.request.endpoint().as_str(), call.request.remote_addr), ("/stock", None));
    let headers = &seen.lock().unwrap()[0];
    assert_eq!(headers["x-request-id"], call.request_id.to_string());
    let (trace, span) = (call.trace_id.unwrap(), call.span_id.unwrap());
    assert_eq!(headers["traceparent"], format!("00-{trace}-{span}-01"));
    assert_eq!(call.request.header("traceparent").unwrap(), headers["traceparent"].to_str().unwrap());
    assert_eq!((parent.trace_id, parent.span_id), (call.trace_id, call.parent_span_id));
    assert_eq!(trace.to_string(), parent.request_id.to_string().replace('-', ""));
    for record in [call, parent] {
        assert!(!serde_json::to_string(record).unwrap().contains("s3cr3t"), "{record:#?}");
    }
    let shown = serde_json::to_value(&**call).unwrap();
    assert_eq!(shown["began"]["request"]["body"]["json"]["article"], 7);
    assert_eq!(shown["response"]["body"]["json"]["password"], "[REDACTED]");

    let [step] = parent.steps.as_slice() else { panic!("{:#?}", parent.steps) };
    assert_eq!((step.name.as_str(), step.kind), (&*format!("POST http://{addr}/stock"), StepKind::Outbound));
    assert_eq!((step.status, &step.error, step.request_id), (call.status(), &None, Some(call.request_id)));
    assert!(step.start + step.length <= parent.duration && step.length == call.duration);
    assert!(call.steps.is_empty());
    let began = watcher.begun(2);
    assert!(began.iter().all(|began| began.trace_id == Some(trace)), "both are told with it");
}

/// The `traceparent` and `tracestate` that are sent where the parent, and the call, came with these.
async fn sent(parent: &[(&str, &str)], own: &[(&str, &str)]) -> (Arc<Exchange>, HeaderMap) {
    let (flightlog, watcher) = watched();
    let (addr, seen) = echo().await;
    let mut client = hyper(&flightlog);
    let mut request = http::Request::get(format!("http://{addr}/")).body(Empty::<Bytes>::new()).unwrap();
    for (name, value) in own {
        request
            .headers_mut()
            .append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    ask(&flightlog, parent, async move |_: Request| client.call(request).await.unwrap().status()).await;
    let call = direction(&watcher, 2, Direction::Outbound).remove(0);
    let headers = seen.lock().unwrap().remove(0);
    (call, headers)
}

#[tokio::test]
async fn a_trace_is_continued_and_one_that_is_set_for_the_call_is_left_alone() {
    let theirs = format!("00-{TRACE}-{SPAN}-02");
    let parent = [("traceparent", theirs.as_str())];
    let state = ("tracestate", "vendor=1");
    let child = |call: &Exchange, flags: &str| {
        assert_eq!(call.trace_id.unwrap().to_string(), TRACE);
        assert_ne!(call.span_id.unwrap().to_string(), SPAN);
        format!("00-{TRACE}-{}-{flags}", call.span_id.unwrap())
    };
    let (call, headers) = sent(&parent, &[]).await;
    assert_eq!(headers["traceparent"], child(&call, "02"));
    // Passed on, with what belongs to it.
    let (call, headers) = sent(&parent, &[parent[0], state]).await;
    assert_eq!(headers["traceparent"], child(&call, "02"));
    assert_eq!(headers["tracestate"], "vendor=1");

    let other = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let (call, headers) = sent(&parent, &[("traceparent", other), state]).await;
    assert_eq!(headers["traceparent"], other);
    assert_eq!(headers["tracestate"], "vendor=1");
    assert_eq!(call.trace_id.unwrap().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(call.span_id.unwrap().to_string(), "00f067aa0ba902b7");

    for invalid in ["00-0-0-00", "nonsense"] {
        let (call, headers) = sent(&parent, &[("traceparent", invalid), state]).await;
        assert_eq!(headers["traceparent"], child(&call, "02"));
        assert!(!headers.contains_key("tracestate"));
    }
    let (call, headers) = sent(&[], &[("x-request-id", "own"), ("x-request-id", "too")]).await;
    let ids: Vec<_> = headers.get_all("x-request-id").iter().collect();
    assert_eq!(ids, [&*call.request_id.to_string()]);
}

#[tokio::test]
async fn calls_of_one_request_share_a_trace_and_one_outside_has_its_own() {
    let (flightlog, watcher) = watched();
    let (addr, _) = echo().await;
    let client = hyper(&flightlog);
    let call = move || {
        let request = http::Request::get(format!("http://{addr}/")).body(Empty::<Bytes>::new()).unwrap();
        client.clone().oneshot(request)
    };
    let twice = call.clone();
    ask(&flightlog, &[], async move |_: Request| {
        let (one, other) = tokio::join!(twice(), twice());
        assert!(one.is_ok() && other.is_ok());
        StatusCode::OK
    })
    .await;
    call().await.unwrap();
    let calls = direction(&watcher, 4, Direction::Outbound);
    assert_eq!(calls[0].trace_id, calls[1].trace_id);
    assert_ne!(calls[0].span_id, calls[1].span_id);
    assert_ne!(calls[1].trace_id, calls[2].trace_id);
    assert_eq!(calls[2].parent_span_id, None);
    assert_eq!(direction(&watcher, 4, Direction::Inbound)[0].steps.len(), 2);
}

#[tokio::test]
async fn a_call_that_fails_is_told_with_its_causes_and_has_a_dump_where_asked_for() {
    for own in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let flightlog = FlightLog::builder().dir(dir.path()).dump_outbound(own).build().unwrap();
        let mut client = hyper(&flightlog);
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        ask(&flightlog, &[], async move |_: Request| {
            let request = http::Request::get(format!("http://{free}/")).body(Empty::<Bytes>::new()).unwrap();
            client.call(request).await.unwrap_err();
            StatusCode::BAD_GATEWAY
        })
        .await;
        flush(&flightlog);
        let files = fs::read_dir(dir.path().join("dumps")).unwrap();
        let dumps: Vec<_> =
            files.map(|file| validated_dump(&fs::read_to_string(file.unwrap().path()).unwrap())).collect();
        let of = |direction: Option<&str>| {
            dumps.iter().filter(|dump| dump["direction"].as_str() == direction).collect::<Vec<_>>()
        };
        let step = &of(None)[0]["timing"]["steps"][0];
        let error = step["error"].as_str().unwrap();
        assert!(error.starts_with("client error (Connect): ") && error.contains("refused"), "{step}");
        assert_eq!(step.get("status"), None);
        assert_eq!((of(None).len(), of(Some("outbound")).len()), (1, usize::from(own)));
        for dump in of(Some("outbound")) {
            assert_eq!(dump["request_id"], step["request_id"]);
            assert_eq!(dump["error"]["type"], "hyper_util::client::legacy::client::Error");
            assert!(dump["error"]["chain"].to_string().contains("refused"));
        }
        assert_eq!(flightlog.stats().dumps_failed, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_take_too_long_are_told_whoever_gives_up() {
    let (flightlog, watcher) = watched();
    let never = || service_fn(|_: http::Request<_>| std::future::pending::<Result<Response, Infallible>>());
    let inside = ServiceBuilder::new()
        .layer(flightlog.outbound_layer())
        .timeout(Duration::from_secs(3))
        .service(never());
    let outside = ServiceBuilder::new()
        .timeout(Duration::from_secs(2))
        .layer(flightlog.outbound_layer())
        .service(never());
    ask(&flightlog, &[], async move |_: Request| {
        let request = || http::Request::get("http://stock.test/?token=s3cr3t").body(Body::empty()).unwrap();
        let inner: Result<_, BoxError> = inside.oneshot(request()).await;
        inner.unwrap_err();
        outside.oneshot(request()).await.unwrap_err();
        StatusCode::OK
    })
    .await;
    let calls = direction(&watcher, 3, Direction::Outbound);
    let ends: Vec<_> = calls.iter().map(|call| call.outcome).collect();
    assert_eq!(ends, [Outcome::ServiceError, Outcome::AbortedBeforeResponse]);
    let parent = direction(&watcher, 3, Direction::Inbound).remove(0);
    let errors: Vec<_> = parent.steps.iter().map(|step| step.error.as_ref().unwrap().as_str()).collect();
    assert_eq!(errors, ["request timed out", "aborted_before_response"]);
    assert!(parent.steps.iter().all(|step| step.name == "GET http://stock.test/"), "{:#?}", parent.steps);
}

#[tokio::test]
async fn a_request_whose_client_leaves_tells_of_the_call_it_waited_for() {
    let (flightlog, watcher) = watched();
    let never = service_fn(|_: http::Request<_>| std::future::pending::<Result<Response, Infallible>>());
    let client = flightlog.outbound_layer().layer(never);
    let parent =
        ask(&flightlog, &[], async move |request: Request| client.oneshot(request).await.unwrap().status());
    let mut parent = Box::pin(parent);
    assert!(futures_util::poll!(&mut parent).is_pending());
    let open = flightlog.in_flight();
    let directions: Vec<_> = open.iter().map(|open| open.direction).collect();
    assert_eq!(directions, [Direction::Inbound, Direction::Outbound]);
    drop(parent);
    let exchanges = watcher.exchanges(2);
    assert_eq!(exchanges[0].direction, Direction::Outbound);
    assert!(exchanges.iter().all(|exchange| exchange.outcome == Outcome::AbortedBeforeResponse));
    assert_eq!(exchanges[1].steps.len(), 1, "a request that is passed on as it is is another one");
}

#[tokio::test]
async fn a_panic_of_the_client_is_both_records_and_keeps_its_place() {
    let (flightlog, watcher) = watched();
    let panics = service_fn(|_: http::Request<RequestBody<Body>>| async {
        if true {
            panic!("the client broke, password=s3cr3t");
        }
        Ok::<Response, Infallible>(Response::default())
    });
    let client = flightlog.outbound_layer().layer(panics);
    let parent = tokio::spawn(async move {
        ask(&flightlog, &[], async move |request: Request| client.oneshot(request).await.unwrap().status())
            .await
    });
    assert!(parent.await.unwrap_err().is_panic());
    let exchanges = watcher.exchanges(2);
    for exchange in &exchanges {
        assert_eq!(exchange.outcome, Outcome::Panicked);
        assert_eq!(exchange.error.as_ref().unwrap().message, "the client broke, password=[REDACTED]");
    }
    let place = exchanges[1].error.as_ref().unwrap().location.clone();
    assert!(place.is_some_and(|place| place.starts_with("tests/it/outbound.rs:")));
}

#[tokio::test]
async fn a_call_through_two_layers_is_one_and_one_that_is_off_is_left_alone() {
    let (flightlog, watcher) = watched();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    let inner = service_fn(move |request: http::Request<RequestBody<RequestBody<Body>>>| {
        keep.lock().unwrap().push(request.headers().clone());
        async { Ok::<_, Infallible>(Response::new(Body::empty())) }
    });
    let client = flightlog.outbound_layer().layer(flightlog.outbound_layer().layer(inner));
    let request = || http::Request::get("http://stock.test/").body(Body::empty()).unwrap();
    client.clone().oneshot(request()).await.unwrap();
    assert_eq!(seen.lock().unwrap()[0]["x-request-id"], watcher.only().request_id.to_string());
    flightlog.set_enabled(false);
    client.oneshot(request()).await.unwrap();
    assert_eq!((watcher.count(), seen.lock().unwrap()[1].len()), (1, 0));
}

#[tokio::test]
async fn what_is_left_out_takes_its_calls_along_unless_they_are_remarkable() {
    let (flightlog, watcher) = watched_with(|builder| builder.skip(["/parent"]));
    let good = service_fn(|_: http::Request<RequestBody<Body>>| async {
        Ok::<_, Infallible>(Response::new(Body::empty()))
    });
    let good = flightlog.outbound_layer().layer(good);
    let bad = flightlog.outbound_layer().layer(fails(String::from("no route")));
    ask(&flightlog, &[], async move |_: Request| {
        let request = || http::Request::get("http://stock.test/parent").body(Body::empty()).unwrap();
        good.oneshot(request()).await.unwrap();
        bad.oneshot(request()).await.unwrap_err();
        StatusCode::OK
    })
    .await;
    flush(&flightlog);
    let exchanges = watcher.exchanges(1);
    assert_eq!((exchanges.len(), exchanges[0].outcome), (1, Outcome::ServiceError));
    assert_eq!(exchanges[0].error.as_ref().unwrap().message, "no route");
}

#[tokio::test]
async fn a_request_that_says_nothing_of_its_failure_names_the_call_that_failed() {
    let answers = |status: StatusCode| {
        service_fn(move |_: http::Request<RequestBody<Body>>| async move {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = status;
            Ok::<_, Infallible>(response)
        })
    };
    let (flightlog, watcher) = watched();
    let good = flightlog.outbound_layer().layer(answers(StatusCode::OK));
    let busy = flightlog.outbound_layer().layer(answers(StatusCode::SERVICE_UNAVAILABLE));
    let bad = flightlog.outbound_layer().layer(fails(String::from("no route, token=s3cr3t")));
    let request = || http::Request::get("http://stock.test/a?token=s3cr3t").body(Body::empty()).unwrap();
    ask(&flightlog, &[], {
        let good = good.clone();
        async move |_: Request| {
            bad.oneshot(request()).await.unwrap_err();
            good.oneshot(request()).await.unwrap();
            StatusCode::BAD_GATEWAY
        }
    })
    .await;
    ask(&flightlog, &[], {
        let (good, busy) = (good.clone(), busy.clone());
        async move |_: Request| {
            busy.oneshot(request()).await.unwrap();
            good.oneshot(request()).await.unwrap();
            StatusCode::INTERNAL_SERVER_ERROR
        }
    })
    .await;
    ask(&flightlog, &[], async move |_: Request| {
        busy.oneshot(request()).await.unwrap();
        current().event("lost").level(Level::ERROR).message("the stock is gone");
        StatusCode::INTERNAL_SERVER_ERROR
    })
    .await;
    ask(&flightlog, &[], async move |_: Request| {
        good.oneshot(request()).await.unwrap();
        StatusCode::INTERNAL_SERVER_ERROR
    })
    .await;
    let parents = direction(&watcher, 10, Direction::Inbound);
    let causes: Vec<_> =
        parents.iter().map(|parent| parent.error.as_ref().unwrap().message.as_str()).collect();
    assert_eq!(
        causes,
        [
            "HTTP 502 after GET http://stock.test/a failed: no route, token=[REDACTED]",
            "HTTP 500 after GET http://stock.test/a answered 503",
            "the stock is gone",
            "HTTP 500",
        ]
    );
}

#[tokio::test]
async fn steps_are_bounded_and_the_rest_is_counted() {
    let (flightlog, watcher) = watched();
    let client = flightlog.outbound_layer().layer(fails(String::from("no route")));
    ask(&flightlog, &[], async move |_: Request| {
        for _ in 0..300 {
            let request = http::Request::get("http://stock.test/").body(Body::empty()).unwrap();
            client.clone().oneshot(request).await.unwrap_err();
        }
        StatusCode::OK
    })
    .await;
    let parent = direction(&watcher, 301, Direction::Inbound).remove(0);
    assert_eq!((parent.steps.len(), parent.instruments_dropped), (256, 44));
}

#[tokio::test]
async fn reqwest_is_recorded() {
    let (flightlog, watcher) = watched();
    let (addr, seen) = echo().await;
    let reqwest = reqwest::Client::new();
    let sender = reqwest.clone();
    let client = ServiceBuilder::new()
        .layer(flightlog.outbound_layer().error_type::<reqwest::Error>())
        .service_fn(move |request: http::Request<RequestBody<reqwest::Body>>| {
            let reqwest = sender.clone();
            async move {
                let request = request.map(reqwest::Body::wrap).try_into()?;
                let response = reqwest.execute(request).await?;
                Ok::<_, reqwest::Error>(http::Response::<reqwest::Body>::from(response))
            }
        });
    let request = reqwest.post(format!("http://{addr}/echo")).body("hello").build().unwrap();
    let response = client.clone().oneshot(request.try_into().unwrap()).await.unwrap();
    let response = reqwest::Response::from(response.map(reqwest::Body::wrap));
    assert_eq!(response.text().await.unwrap(), "hello");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let request = reqwest.get(format!("http://{free}/")).build().unwrap();
    client.oneshot(request.try_into().unwrap()).await.unwrap_err();

    let exchanges = watcher.exchanges(2);
    assert_eq!((exchanges[0].outcome, exchanges[0].request.body.total_bytes()), (Outcome::Complete, 5));
    let headers = seen.lock().unwrap().remove(0);
    assert_eq!(headers["x-request-id"], exchanges[0].request_id.to_string());
    assert_eq!(headers["content-length"], "5", "the length is known as before");
    let report = exchanges[1].error.as_ref().unwrap();
    assert!(report.chain.iter().any(|cause| cause.as_str().contains("refused")), "{report:#?}");
    assert_eq!(report.error_type.as_deref(), Some("reqwest::error::Error"));
}

#[tokio::test]
async fn an_io_error_of_a_body_is_told() {
    let (flightlog, watcher) = watched();
    let broken = || {
        let frames =
            [Ok(http_body::Frame::data(Bytes::from_static(b"half"))), Err(io::Error::other("cut off"))];
        http_body_util::StreamBody::new(futures_util::stream::iter(frames))
    };
    let inner = service_fn(move |_: http::Request<RequestBody<Body>>| async move {
        Ok::<_, Infallible>(http::Response::new(broken()))
    });
    let client = flightlog.outbound_layer().layer(inner);
    ask(&flightlog, &[], async move |request: Request| {
        client.oneshot(request).await.unwrap().into_body().collect().await.unwrap_err();
        StatusCode::OK
    })
    .await;
    let parent = direction(&watcher, 2, Direction::Inbound).remove(0);
    let step = &parent.steps[0];
    assert_eq!((step.status, step.error.as_ref().unwrap().as_str()), (Some(StatusCode::OK), "cut off"));
}

#[tokio::test]
async fn a_channel_of_tonic_is_recorded_with_what_grpc_says() {
    use tonic::{body::Body, client::Grpc, transport::Channel};

    let (flightlog, watcher) = watched();
    let addr = serve(Router::new().fallback(any(async |request: Request| {
        assert_eq!(request.headers()["x-request-id"].len(), 36);
        tonic::Status::unavailable("no oven is free").into_http::<axum::body::Body>()
    })))
    .await;
    let channel = |addr: SocketAddr| {
        ServiceBuilder::new()
            .layer(flightlog.outbound_layer().error_type::<tonic::transport::Error>())
            .map_request(|request: http::Request<RequestBody<Body>>| request.map(Body::new))
            .service(Channel::from_shared(format!("http://{addr}")).unwrap().connect_lazy())
    };
    let call = async |addr: SocketAddr| {
        let mut client = Grpc::with_origin(channel(addr), format!("http://{addr}").parse().unwrap());
        client.ready().await.unwrap();
        let path = http::uri::PathAndQuery::from_static("/bakery.Ovens/Heat");
        let request = tonic::Request::new(Bytes::from_static(b"ask"));
        client.unary(request, path, crate::stacks::tonic_prost_free::BytesCodec).await.unwrap_err()
    };
    assert_eq!(call(addr).await.code(), tonic::Code::Unavailable);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(call(free).await.code(), tonic::Code::Unavailable);
    let exchanges = tokio::task::spawn_blocking(move || watcher.exchanges(2)).await.unwrap();
    assert_eq!((exchanges[0].grpc_status, exchanges[0].outcome), (Some(14), Outcome::Complete));
    assert_eq!(exchanges[0].error.as_ref().unwrap().message, "no oven is free");
    assert_eq!(exchanges[0].request.url(), &*format!("http://{addr}/bakery.Ovens/Heat"));
    let refused = exchanges[1].error.as_ref().unwrap();
    assert!(refused.chain.iter().any(|cause| cause.as_str().contains("refused")), "{refused:#?}");
}
