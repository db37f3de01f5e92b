//! What is told of streamed responses, and of what a language model used, on the whole road.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    routing::{any, post},
};
use futures_util::stream;
use http::{Request, Response, header};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_flightlog::{
    Bodies, BodyText, Dump, EndedBy, Event, EventKind, FlightLog, FlightLogBuilder, LlmUsage, Outcome,
    RoutePolicy, Verbosity,
};

use crate::support::{Watcher, entries, flush, validated_dump, watched_with};

const CHAT: &str = "/v1/chat/completions";
const QUESTION: &str = r#"{"messages":[{"role":"user","content":"hello"}],"stream":true,"model":"gpt-5"}"#;

/// Two pieces of a chat, usage, and the end.
const EVENTS: [&str; 4] = [
    r#"{"object":"chat.completion.chunk","model":"gpt-5-mini","choices":[{"index":0,"delta":{"content":"Hel"}}]}"#,
    r#"{"object":"chat.completion.chunk","model":"gpt-5-mini","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}"#,
    r#"{"object":"chat.completion.chunk","model":"gpt-5-mini","choices":[],"usage":{"prompt_tokens":14,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":4}}}"#,
    "[DONE]",
];

/// A frame for each event.
fn chat() -> Vec<String> {
    EVENTS.iter().map(|event| format!("data: {event}\n\n")).collect()
}

fn body(frames: Vec<String>) -> Body {
    let frames: Vec<_> =
        frames.into_iter().map(|frame| Ok::<_, Infallible>(Frame::data(Bytes::from(frame)))).collect();
    Body::new(StreamBody::new(stream::iter(frames)))
}

/// A router that answers everything with these frames.
fn answering(flightlog: &FlightLog, content_type: &'static str, frames: Vec<String>) -> Router {
    let answer = move |_: Bytes| {
        let frames = frames.clone();
        async move { ([(header::CONTENT_TYPE, content_type)], body(frames)) }
    };
    Router::new().fallback(any(answer)).layer(flightlog.axum_layer()).with_state(())
}

fn ask(path: &str) -> Request<Body> {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    request.body(Body::from(QUESTION)).unwrap()
}

async fn read(router: Router, path: &str) -> Response<Bytes> {
    let (parts, body) = router.oneshot(ask(path)).await.unwrap().into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

fn log(set: impl FnOnce(FlightLogBuilder) -> FlightLogBuilder) -> (FlightLog, Arc<Watcher>) {
    watched_with(set)
}

/// Its events of one kind, once all are told.
fn events_of(flightlog: &FlightLog, watcher: &Watcher, kind: &EventKind) -> Vec<Arc<Event>> {
    flush(flightlog);
    watcher.events().into_iter().filter(|event| event.kind == *kind).collect()
}

fn used() -> EventKind {
    EventKind::Custom("llm_usage".into())
}

#[track_caller]
fn assert_counts(usage: &LlmUsage) {
    assert_eq!((usage.provider.as_ref(), usage.operation.as_ref()), ("openai", "chat"));
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.cached_tokens), (Some(14), Some(10), Some(4)));
    assert_eq!(usage.model.as_ref().unwrap(), "gpt-5-mini");
    assert_eq!(usage.finish_reasons, ["stop"]);
}

#[tokio::test]
async fn a_stream_is_told_with_its_events_and_what_the_model_used() {
    let (flightlog, watcher) = log(|log| log);
    let answer = read(answering(&flightlog, "text/event-stream", chat()), CHAT).await;
    assert_eq!(answer.body(), &chat().concat());
    let exchange = watcher.only();
    let stats = exchange.stream.as_ref().unwrap();
    assert_eq!((stats.events, stats.bytes), (4, chat().concat().len() as u64));
    assert_eq!((stats.ended_by, stats.cut, stats.unlogged), (EndedBy::Server, false, 0));
    assert!(stats.first_byte <= stats.first_event && stats.duration <= exchange.duration);
    let usage = exchange.llm.as_ref().unwrap();
    assert_counts(usage);
    assert_eq!(usage.request_model.as_ref().unwrap(), "gpt-5");
    assert!(usage.time_to_first_token.unwrap() <= exchange.duration);

    let told = events_of(&flightlog, &watcher, &used());
    let [told] = &told[..] else { panic!("{told:?}") };
    assert_eq!(told.request_id, Some(exchange.request_id));
    let fields = serde_json::to_value(&told.fields).unwrap();
    for (name, value) in
        [("provider", json!("openai")), ("input_tokens", json!(14)), ("finish_reason", json!("stop"))]
    {
        assert!(fields.as_array().unwrap().contains(&json!({"name": name, "value": value})), "{fields}");
    }
    assert_eq!(events_of(&flightlog, &watcher, &EventKind::Stream), []);

    let written = serde_json::to_string(&*exchange).unwrap();
    assert_eq!(serde_json::from_str::<tower_flightlog::Exchange>(&written).unwrap(), *exchange);
}

#[tokio::test]
async fn usage_at_the_end_of_a_long_body_is_read() {
    let long = format!(
        r#"{{"object":"chat.completion","model":"gpt-5-mini","choices":[{{"message":{{"content":"{}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":14,"completion_tokens":10,"prompt_tokens_details":{{"cached_tokens":4}}}}}}"#,
        "x".repeat(300_000)
    );
    let frames: Vec<_> =
        long.as_bytes().chunks(8192).map(|chunk| String::from_utf8_lossy(chunk).into()).collect();
    for bodies in [Bodies::All, Bodies::Off] {
        let (flightlog, watcher) = log(|log| log.bodies(bodies).capture_limit(1024));
        read(answering(&flightlog, "application/json", frames.clone()), CHAT).await;
        let exchange = watcher.only();
        let usage = exchange.llm.as_ref().unwrap();
        assert_counts(usage);
        assert_eq!((exchange.stream.as_ref(), usage.time_to_first_token), (None, None));
        // Of the request's body nothing was kept.
        assert_eq!(usage.request_model.is_some(), bodies == Bodies::All);
    }
}

#[tokio::test]
async fn nothing_is_told_of_what_cannot_be_read() {
    let usage = EVENTS[2].replace("chat.completion.chunk", "chat.completion");
    let gzip = |encoding: &'static str| {
        move |content_type: &'static str, frame: String| {
            let headers = [(header::CONTENT_TYPE, content_type), (header::CONTENT_ENCODING, encoding)];
            Router::new().fallback(any(async move || (headers, frame)))
        }
    };
    for (encoding, content_type, path, is_told) in [
        ("identity", "application/json", CHAT, true),
        ("gzip", "application/json", CHAT, false),
        ("identity", "text/plain", CHAT, false),
        ("identity", "application/json", "/orders", false),
    ] {
        let (flightlog, watcher) = log(|log| log);
        let router = gzip(encoding)(content_type, usage.clone()).layer(flightlog.axum_layer());
        read(router.with_state(()), path).await;
        let case = format!("{encoding} {content_type} {path}");
        assert_eq!((watcher.only().llm.is_some(), &watcher.only().stream), (is_told, &None), "{case}");
        assert_eq!(events_of(&flightlog, &watcher, &used()).len(), usize::from(is_told), "{case}");
    }
    let (flightlog, watcher) = log(|log| log);
    let refused = any(async || {
        (http::StatusCode::TOO_MANY_REQUESTS, axum::Json(json!({"usage": {"prompt_tokens": 3}})))
    });
    read(Router::new().fallback(refused).layer(flightlog.axum_layer()).with_state(()), CHAT).await;
    assert_eq!(watcher.only().llm, None);
}

#[tokio::test]
async fn what_was_seen_until_the_client_left_is_told() {
    let (flightlog, watcher) = log(|log| log);
    let mut frames = chat();
    frames[1].truncate(20);
    let response = answering(&flightlog, "text/event-stream", frames).oneshot(ask(CHAT)).await.unwrap();
    let mut body = response.into_body();
    for _ in 0..2 {
        body.frame().await.unwrap().unwrap();
    }
    drop(body);
    let exchange = watcher.only();
    assert_eq!(exchange.outcome, Outcome::AbortedInBody);
    let stats = exchange.stream.as_ref().unwrap();
    assert_eq!((stats.events, stats.ended_by, stats.cut), (1, EndedBy::Client, true));
    let usage = exchange.llm.as_ref().unwrap();
    assert_eq!((usage.model.as_ref().unwrap().as_str(), usage.output_tokens), ("gpt-5-mini", None));
    assert!(usage.time_to_first_token.is_some());
}

/// A body that fails, or panics, after one event.
async fn broken(panics: bool) -> Arc<tower_flightlog::Exchange> {
    let (flightlog, watcher) = log(|log| log);
    let answer = async move || {
        let mut frames = VecDeque::from([Ok(Frame::data(Bytes::from(chat().remove(0))))]);
        frames.extend((!panics).then(|| Err(std::io::Error::other("the model is gone"))));
        let frames = stream::poll_fn(move |_| match frames.pop_front() {
            Some(frame) => std::task::Poll::Ready(Some(frame)),
            None => panic!("no more"),
        });
        ([(header::CONTENT_TYPE, "text/event-stream")], Body::new(StreamBody::new(frames)))
    };
    let router = Router::new().fallback(any(answer)).layer(flightlog.axum_layer()).with_state(());
    let reading =
        tokio::spawn(async move { router.oneshot(ask(CHAT)).await.unwrap().into_body().collect().await });
    assert_eq!(reading.await.is_err(), panics);
    watcher.only()
}

#[tokio::test]
async fn a_stream_that_breaks_is_told_as_far_as_it_came() {
    for (panics, outcome) in [(false, Outcome::BodyError), (true, Outcome::Panicked)] {
        let exchange = broken(panics).await;
        assert_eq!(exchange.outcome, outcome);
        let stats = exchange.stream.as_ref().unwrap();
        assert_eq!((stats.events, stats.ended_by), (1, EndedBy::Error));
        assert_eq!(exchange.llm.as_ref().unwrap().model.as_ref().unwrap(), "gpt-5-mini");
    }
}

#[tokio::test]
async fn each_event_is_told_at_full_verbosity_redacted_and_within_bounds() {
    let frames = vec![
        "event: delta\nda".into(),
        "ta: {\"password\":\"hunter2\",\"n\":1}\n\ndata: my api_key=".into(),
        format!(
            "sk-canary1234567890\n\ndata: {}\n\n",
            json!({"text": "x".repeat(5000), "secret": "hunter2"})
        ),
        "data:\n\n: a comment\n\n".into(),
    ];
    let (flightlog, watcher) = log(|log| log.verbosity(Verbosity::FULL));
    read(answering(&flightlog, "text/event-stream", frames), "/events").await;
    let exchange = watcher.only();
    assert_eq!(exchange.stream.as_ref().unwrap().events, 4);
    let told = events_of(&flightlog, &watcher, &EventKind::Stream);
    let events: Vec<_> = told.iter().map(|event| event.stream.as_ref().unwrap()).collect();
    assert_eq!(events.iter().map(|event| event.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(events[0].name.as_ref().unwrap(), "delta");
    let BodyText::Json(first) = events[0].data.whole() else { panic!("{:?}", events[0]) };
    assert_eq!(
        serde_json::from_str::<Value>(first.as_str()).unwrap(),
        json!({"password": "[REDACTED]", "n": 1})
    );
    let BodyText::Text { text, truncated: true } = events[2].data.whole() else { panic!("{:?}", events[2]) };
    assert!(text.as_str().starts_with(r#"{"#) && text.as_str().len() <= 2048);
    assert!(events[2].data.total_bytes() > 5000);
    assert_eq!((events[3].data.total_bytes(), events[3].data.whole()), (0, &BodyText::NotKept));
    for event in &told {
        assert_eq!((event.request_id, event.level), (Some(exchange.request_id), tracing::Level::DEBUG));
        let written = serde_json::to_string(&**event).unwrap();
        assert!(!written.contains("hunter2") && !written.contains("canary"), "{written}");
        assert_eq!(serde_json::from_str::<Event>(&written).unwrap(), **event);
    }
}

#[tokio::test]
async fn any_line_of_ndjson_that_is_json_is_data() {
    let (flightlog, watcher) = log(|log| log.verbosity(Verbosity::FULL));
    let lines = vec!["\"text\"\n5\nnull\n{\"a\":1}\nfive\n".into()];
    read(answering(&flightlog, "application/x-ndjson", lines), "/lines").await;
    let told = events_of(&flightlog, &watcher, &EventKind::Stream);
    let is_json =
        |event: &Arc<Event>| matches!(event.stream.as_ref().unwrap().data.whole(), BodyText::Json(_));
    assert_eq!(told.iter().map(is_json).collect::<Vec<_>>(), [true, true, true, true, false]);
}

#[tokio::test]
async fn events_are_not_told_where_bodies_are_not_and_past_a_bound_they_are_counted() {
    let frame = || vec!["data: 1\n\n".repeat(500)];
    for quiet in [
        (|log| log) as fn(FlightLogBuilder) -> FlightLogBuilder,
        |log| log.verbosity(Verbosity::DETAIL),
        |log| log.verbosity(Verbosity::FULL).bodies(Bodies::Off),
        |log| log.verbosity(Verbosity::FULL).bodies(Bodies::Errors),
    ] {
        let (flightlog, watcher) = log(quiet);
        read(answering(&flightlog, "text/event-stream", frame()), "/events").await;
        assert_eq!(events_of(&flightlog, &watcher, &EventKind::Stream), []);
        let stats = watcher.only().stream.clone().unwrap();
        assert_eq!((stats.events, stats.unlogged), (500, 0));
    }
    for policy in [RoutePolicy::new().bodies(false), RoutePolicy::new().skip(true)] {
        let (flightlog, watcher) = log(|log| log.verbosity(Verbosity::FULL));
        let router = Router::new()
            .fallback(any(async || ([(header::CONTENT_TYPE, "text/event-stream")], "data: 1\n\n")));
        read(router.layer(policy).layer(flightlog.axum_layer()).with_state(()), "/events").await;
        assert_eq!(events_of(&flightlog, &watcher, &EventKind::Stream), []);
    }
    let (flightlog, watcher) = log(|log| log.verbosity(Verbosity::FULL));
    let frames = frame().into_iter().cycle().take(21).collect();
    read(answering(&flightlog, "application/x-ndjson", vec!["[1]\n".into()]), "/lines").await;
    read(answering(&flightlog, "text/event-stream", frames), "/events").await;
    let exchanges = watcher.exchanges(2);
    let stats: Vec<_> = exchanges.iter().map(|exchange| exchange.stream.clone().unwrap()).collect();
    assert_eq!((stats[0].events, stats[0].unlogged), (1, 0));
    assert_eq!((stats[1].events, stats[1].unlogged), (10_500, 500));
}

#[tokio::test]
async fn what_is_skipped_tells_no_usage() {
    let (flightlog, watcher) = log(|log| log.skip([CHAT]));
    read(answering(&flightlog, "text/event-stream", chat()), CHAT).await;
    assert_eq!(events_of(&flightlog, &watcher, &used()), []);
    assert_eq!(watcher.count(), 0);
}

#[tokio::test]
async fn files_and_dumps_have_it_and_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let flightlog = FlightLog::builder().dir(dir.path()).verbosity(Verbosity::FULL).build().unwrap();
    let mut frames = chat();
    frames.insert(0, "event: hello\ndata: {\"session_token\":\"canary-1\"}\n\n".into());
    let router = Router::new().route(
        CHAT,
        post({
            let frames = frames.clone();
            async move |_: Bytes| {
                let dump = tower_flightlog::current().dump("to see what it has");
                assert!(dump.is_some());
                ([(header::CONTENT_TYPE, "text/event-stream")], body(frames))
            }
        }),
    );
    read(router.layer(flightlog.axum_layer()).with_state(()), CHAT).await;
    flush(&flightlog);
    let api = entries(dir.path(), "api.log");
    let of_type = |name: &str| api.iter().filter(|entry| entry["type"] == name).collect::<Vec<_>>();
    let streamed = of_type("stream");
    assert_eq!(streamed.len(), 5);
    assert_eq!(streamed[0]["stream"]["event"], "hello");
    assert_eq!(streamed[0]["stream"]["data"], json!({"session_token": "[REDACTED]"}));
    assert_eq!(streamed[1]["stream"]["data"], serde_json::from_str::<Value>(EVENTS[0]).unwrap());
    assert_eq!(streamed[4]["stream"]["data_text"], "[DONE]");
    let [used] = of_type("custom_event")[..] else { panic!("{api:#?}") };
    assert_eq!((&used["event_type"], &used["fields"]["output_tokens"]), (&json!("llm_usage"), &json!(10)));
    let [response] = of_type("response")[..] else { panic!("{api:#?}") };
    assert_eq!(response["stream"]["events"], 5);
    assert_eq!(response["llm"]["input_tokens"], 14);
    assert_eq!(response["llm"]["request_model"], "gpt-5");

    let dump = std::fs::read_dir(dir.path().join("dumps")).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&dump).unwrap();
    let written = validated_dump(&text);
    assert_eq!((&written["llm"], &written["timing"]["stream"]), (&response["llm"], &response["stream"]));
    let exchange = Dump::read(&dump).unwrap().exchange;
    assert_counts(exchange.llm.as_ref().unwrap());
    assert_eq!(exchange.stream.unwrap().events, 5);
    let all = std::fs::read_to_string(dir.path().join("api.log")).unwrap();
    assert!(!all.contains("canary") && !text.contains("canary"));
}

#[tokio::test(start_paused = true)]
async fn a_slow_stream_is_passed_on_as_it_comes() {
    let (flightlog, watcher) = log(|log| log);
    let slow = async || {
        let frames = stream::unfold(0, async |n| {
            tokio::time::sleep(Duration::from_millis(500)).await;
            (n < 3).then(|| (Ok::<_, Infallible>(Frame::data(Bytes::from(format!("data: {n}\n\n")))), n + 1))
        });
        ([(header::CONTENT_TYPE, "text/event-stream")], Body::new(StreamBody::new(Box::pin(frames))))
    };
    let router = Router::new().fallback(any(slow)).layer(flightlog.axum_layer()).with_state(());
    let mut body = router.oneshot(ask("/events")).await.unwrap().into_body();
    for n in 0..3 {
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), format!("data: {n}\n\n"));
    }
    assert!(body.frame().await.is_none());
    assert_eq!(watcher.only().stream.as_ref().unwrap().events, 3);
}
