//! Nobody notices the layer: the same frames, hints, errors and headers with and without it.

use std::{
    collections::VecDeque,
    convert::Infallible,
    fmt::Debug,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use proptest::{collection::vec, option, prelude::*};
use tower::{Service, ServiceBuilder, service_fn};
use tower_flightlog::{FlightLog, Outcome};

use crate::support::{raw_bytes, serve, watched};

/// What a body does at one poll.
#[derive(Clone, Debug)]
enum Step {
    Data(Vec<u8>),
    Trailers(u8),
    Error(u8),
    Pending,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => vec(any::<u8>(), 0..20).prop_map(Step::Data),
        1 => Just(Step::Data(Vec::new())),
        1 => any::<u8>().prop_map(Step::Trailers),
        1 => any::<u8>().prop_map(Step::Error),
        2 => Just(Step::Pending),
    ]
}

/// A body that follows a script, and says of itself what the script says.
#[derive(Clone, Debug)]
struct Script {
    steps: VecDeque<Step>,
    hint: Option<(u64, Option<u64>)>,
    tells_end: bool,
    /// Polls after which it is dropped.
    patience: usize,
}

fn script() -> impl Strategy<Value = Script> {
    (vec(step(), 0..12), option::of((0..100u64, option::of(0..100u64))), any::<bool>(), 0..16usize).prop_map(
        |(steps, hint, tells_end, patience)| Script { steps: steps.into(), hint, tells_end, patience },
    )
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("error {0}")]
struct Failed(u8);

impl HttpBody for Script {
    type Data = Bytes;
    type Error = Failed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failed>>> {
        match self.steps.pop_front() {
            None => Poll::Ready(None),
            Some(Step::Pending) => Poll::Pending,
            Some(Step::Data(data)) => Poll::Ready(Some(Ok(Frame::data(data.into())))),
            Some(Step::Error(number)) => Poll::Ready(Some(Err(Failed(number)))),
            Some(Step::Trailers(number)) => Poll::Ready(Some(Ok(Frame::trailers(HeaderMap::from_iter([(
                HeaderName::from_static("x-number"),
                HeaderValue::from(u16::from(number)),
            )]))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.tells_end && self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        if let Some((lower, more)) = self.hint {
            hint.set_lower(lower);
            if let Some(more) = more {
                hint.set_upper(lower + more);
            }
        }
        hint
    }
}

/// Polls a body so many times, and writes down all that can be seen of it.
fn watch<B: HttpBody<Data = Bytes>>(body: B, polls: usize) -> Vec<String>
where
    B::Error: std::error::Error,
{
    let mut body = Box::pin(body);
    let mut seen = Vec::new();
    for _ in 0..polls {
        seen.push(format!("{} {:?}", body.is_end_stream(), body.size_hint()));
        let frame = body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop()));
        seen.push(match frame {
            Poll::Pending => "pending".into(),
            Poll::Ready(None) => "end".into(),
            Poll::Ready(Some(Err(error))) => chain(&error),
            Poll::Ready(Some(Ok(frame))) => format!("{:?} {:?}", frame.data_ref(), frame.trailers_ref()),
        });
    }
    seen
}

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| (*error).source())
        .map(|error| format!("{error:?}; "))
        .collect()
}

/// All that can be seen of a response's head but the request id.
fn head<B>(response: &Response<B>) -> impl PartialEq + Debug + use<B> {
    let mut headers = response.headers().clone();
    headers.remove("x-request-id");
    (response.status(), response.version(), headers)
}

fn answer<B>(body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::IM_A_TEAPOT;
    *response.version_mut() = Version::HTTP_2;
    response.headers_mut().append("x-a", HeaderValue::from_static("1"));
    response.headers_mut().append("x-a", HeaderValue::from_bytes(b"\xff\xfe").unwrap());
    response
}

fn now<F: Future>(future: F) -> F::Output {
    match Box::pin(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

type Seen = Arc<Mutex<Vec<String>>>;

/// A service that reads its request body for a while and answers with a scripted one.
macro_rules! exchange {
    ($wrap:expr, $request:expr, $response:expr, $patience:expr) => {{
        let seen = Seen::default();
        let mut body = Some($response);
        let mut service = $wrap({
            let seen = Arc::clone(&seen);
            service_fn(move |request: Request<_>| {
                let mut head = format!("{} {:?} {:?} ", request.method(), request.uri(), request.version());
                head += &format!("{:?}", request.headers());
                let mut told = vec![head];
                told.extend(watch(request.into_body(), $patience));
                *seen.lock().unwrap() = told;
                let response = answer(body.take().unwrap());
                async move { Ok::<_, Infallible>(response) }
            })
        });
        let mut request = Request::put("/a/b?c=d").body($request).unwrap();
        request.headers_mut().insert("x-b", HeaderValue::from_static("2"));
        let response = now(service.call(request)).unwrap();
        let head = format!("{:?}", head(&response));
        let told = watch(response.into_body(), $patience);
        let request = seen.lock().unwrap().clone();
        (request, head, told)
    }};
}

proptest! {
    #[test]
    fn any_body_passes_as_it_is_and_is_recorded_once(request in script(), response in script()) {
        let (flightlog, watcher) = watched();
        let polls = request.patience;
        let without = exchange!(|service| service, request.clone(), response.clone(), polls);
        let with = exchange!(|service| ServiceBuilder::new().layer(flightlog.layer()).service(service), request, response, polls);
        prop_assert_eq!(without, with);
        crate::support::flush(&flightlog);
        prop_assert_eq!(watcher.count(), 1);
    }

    #[test]
    fn axums_body_passes_as_it_is_and_is_recorded_once(request in script(), response in script()) {
        let (flightlog, watcher) = watched();
        let polls = request.patience;
        let without = exchange!(|service| service, Body::new(request.clone()), Body::new(response.clone()), polls);
        let with = exchange!(
            |service| ServiceBuilder::new().layer(flightlog.axum_layer()).service(service),
            Body::new(request),
            Body::new(response),
            polls
        );
        prop_assert_eq!(without, with);
        crate::support::flush(&flightlog);
        prop_assert_eq!(watcher.count(), 1);
    }

    #[test]
    fn every_byte_that_passed_is_counted(request in script(), response in script()) {
        let (flightlog, watcher) = watched();
        let polls = request.patience;
        let passed = |script: &Script| {
            let polled = script.steps.iter().take(polls);
            let bytes = |step: &Step| if let Step::Data(data) = step { data.len() as u64 } else { 0 };
            polled.take_while(|step| !matches!(step, Step::Trailers(_) | Step::Error(_))).map(bytes).sum::<u64>()
        };
        let (sent, answered) = (passed(&request), passed(&response));
        let has_body = !response.is_end_stream();
        let ends_early = response.steps.iter().take(polls).any(|step| matches!(step, Step::Trailers(_) | Step::Error(_)));
        exchange!(|service| ServiceBuilder::new().layer(flightlog.layer()).service(service), request, response, polls);
        let exchange = watcher.only();
        let answer = exchange.response.as_ref().unwrap();
        if has_body {
            prop_assert_eq!(answer.body.total_bytes(), answered);
        }
        if !ends_early && exchange.outcome == Outcome::Complete {
            prop_assert!(answer.body.is_complete());
        }
        prop_assert!(exchange.request.body.total_bytes() >= sent);
    }

    #[test]
    fn switched_off_nothing_is_added(request in script(), response in script()) {
        let flightlog = FlightLog::builder().files(false).dumps(false).enabled(false).build().unwrap();
        let service = service_fn(move |_: Request<Body>| {
            let response = answer(response.clone());
            async move { Ok::<_, Infallible>(response) }
        });
        let mut service = ServiceBuilder::new().layer(flightlog.axum_layer()).service(service);
        let response = now(service.call(Request::new(Body::new(request)))).unwrap();
        prop_assert!(!response.headers().contains_key("x-request-id"));
        prop_assert!(response.extensions().is_empty());
        prop_assert_eq!(flightlog.stats().begun, 0);
    }
}

/// Routes whose answers take every form a body can have on the wire.
fn routes() -> Router {
    let stream = |count: usize| {
        Body::from_stream(tokio_stream::iter((0..count).map(|n| Ok::<_, Infallible>(format!("chunk {n};")))))
    };
    Router::new()
        .route("/full", get(|| async { "hello" }))
        .route("/empty", get(|| async {}))
        .route("/none", get(|| async { StatusCode::NO_CONTENT }))
        .route("/chunked", get(move || async move { stream(3) }))
        .route("/length", get(move || async move { ([("content-length", "24")], stream(3)) }))
        .route("/echo", get(|body: String| async move { body }))
        .route(
            "/error",
            get(|| async { (StatusCode::INTERNAL_SERVER_ERROR, [("x-a", "1"), ("x-b", "2")], "no") }),
        )
}

#[tokio::test]
async fn over_tcp_the_bytes_are_the_same_with_and_without_the_layer() {
    let (flightlog, _watcher) = watched();
    let bare = serve(routes()).await;
    let axum = serve(routes().layer(flightlog.axum_layer())).await;
    let any = serve(routes().layer(flightlog.layer())).await;
    for request in [
        "GET /full HTTP/1.1",
        "HEAD /full HTTP/1.1",
        "GET /empty HTTP/1.1",
        "GET /none HTTP/1.1",
        "GET /chunked HTTP/1.1",
        "GET /chunked HTTP/1.0",
        "HEAD /chunked HTTP/1.1",
        "GET /length HTTP/1.1",
        "GET /error HTTP/1.1",
        "GET /missing HTTP/1.1",
        "POST /full HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET /echo HTTP/1.1\r\ncontent-length: 5",
        "GET /echo HTTP/1.1\r\ntransfer-encoding: chunked",
        "GET /echo HTTP/1.1\r\ncontent-length: 5\r\nexpect: 100-continue",
    ] {
        let body = if request.contains("chunked\r\n") || request.ends_with("encoding: chunked") {
            "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        } else {
            "abcde"
        };
        let bytes = format!("{request}\r\nhost: a\r\nconnection: close\r\n\r\n{body}");
        let expected = without_what_varies(raw_bytes(bare, bytes.as_bytes()).await);
        for addr in [axum, any] {
            let got = without_what_varies(raw_bytes(addr, bytes.as_bytes()).await);
            assert_eq!(got, expected, "{request}");
        }
    }
}

/// Lines of a response but the date and the request id, which is ours to add.
fn without_what_varies(response: Vec<u8>) -> Vec<String> {
    let text = String::from_utf8(response).unwrap();
    let varies = |line: &&str| line.starts_with("date: ") || line.starts_with("x-request-id: ");
    text.split("\r\n").filter(|line| !varies(line)).map(Into::into).collect()
}

#[tokio::test]
async fn a_first_event_reaches_the_client_before_the_second_is_made() {
    let (flightlog, watcher) = watched();
    let (send, receive) = tokio::sync::mpsc::channel::<Result<Bytes, Infallible>>(1);
    let receive = Arc::new(Mutex::new(Some(receive)));
    let app = Router::new()
        .route(
            "/",
            get(move || {
                let receive = receive.lock().unwrap().take().unwrap();
                async { Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(receive)) }
            }),
        )
        .layer(flightlog.axum_layer());
    let mut stream = tokio::net::TcpStream::connect(serve(app).await).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut stream, request).await.unwrap();
    for event in ["data: one\n\n", "data: two\n\n"] {
        send.send(Ok(Bytes::from_static(event.as_bytes()))).await.unwrap();
        crate::support::read_until(&mut stream, event.trim_end()).await;
    }
    drop(send);
    crate::support::read_until(&mut stream, "0\r\n\r\n").await;
    let exchange = tokio::task::spawn_blocking(move || watcher.only()).await.unwrap();
    assert_eq!(exchange.outcome, Outcome::Complete);
    assert_eq!(exchange.response.as_ref().unwrap().body.total_bytes(), 22);
}
