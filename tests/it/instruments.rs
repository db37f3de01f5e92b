//! What handlers tell of their work: timers, caches, events, words for who debugs, attributes.

use std::{
    cell::Cell,
    fmt, fs, io,
    path::Path,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, body::Body, extract::Request, http::StatusCode, routing::any};
use http_body_util::BodyExt;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use tower_flightlog::{
    Console, Dump, Event, EventKind, Exchange, FlightLog, Sink, Timed, Verbosity, current, debug, event,
};
use tracing::Level;

use crate::{
    process::{Quickstart, dumped, home},
    support::{Watcher, entries, flush, validated_dump, watched, watched_with},
};

/// A log in a directory of its own.
fn logging(verbosity: u8) -> (FlightLog, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let builder = FlightLog::builder().dir(dir.path()).console(Console::Off);
    (builder.verbosity(Verbosity::new(verbosity).unwrap()).build().unwrap(), dir)
}

/// Sends one request to a handler and reads the whole answer.
async fn ask<H, T>(flightlog: &FlightLog, handler: H)
where
    H: axum::handler::Handler<T, ()>,
    T: 'static,
{
    let app = Router::new().route("/{a}", any(handler)).layer(flightlog.axum_layer());
    let response = app.oneshot(Request::get("/a").body(Body::empty()).unwrap()).await.unwrap();
    response.into_body().collect().await.unwrap();
}

/// The entries of api.log, and those of one `event_type` or type among them.
fn api(flightlog: &FlightLog, dir: &Path) -> Vec<Value> {
    flush(flightlog);
    entries(dir, "api.log")
}

fn of<'a>(entries: &'a [Value], kind: &str) -> Vec<&'a Value> {
    entries.iter().filter(|entry| entry["event_type"] == kind || entry["type"] == kind).collect()
}

fn dump(dir: &Path) -> (Value, Dump) {
    let path = fs::read_dir(dir.join("dumps")).unwrap().next().unwrap().unwrap().path();
    (validated_dump(&fs::read_to_string(&path).unwrap()), Dump::read(&path).unwrap())
}

async fn works() -> StatusCode {
    let timer = current().timer("generate");
    let loaded = timer.checkpoint("model_loaded");
    async { tokio::task::yield_now().await }.timed("store").await;
    assert!(timer.finish() >= loaded);
    StatusCode::INTERNAL_SERVER_ERROR
}

#[tokio::test]
async fn timers_are_in_entries_from_verbosity_2_and_in_the_dump_always() {
    for verbosity in [0, 2] {
        let (flightlog, dir) = logging(verbosity);
        ask(&flightlog, works).await;
        let api = api(&flightlog, dir.path());
        let (dump, read) = dump(dir.path());
        let steps = dump["timing"]["steps"].as_array().unwrap();
        let told: Vec<_> = steps.iter().map(|step| (&step["name"], &step["kind"], &step["timer"])).collect();
        let none = Value::Null;
        assert_eq!(
            told,
            [
                (&json!("generate"), &json!("timer"), &none),
                (&json!("model_loaded"), &json!("checkpoint"), &json!("generate")),
                (&json!("store"), &json!("timer"), &none),
            ]
        );
        let total = dump["timing"]["duration_ms"].as_f64().unwrap();
        for step in steps {
            let (start, length) = (step["start_ms"].as_f64().unwrap(), step["length_ms"].as_f64().unwrap());
            assert!(start >= 0.0 && length >= 0.0 && start + length <= total + 0.002, "{step} of {total}");
        }
        assert_eq!(read.exchange.steps.len(), 3);
        assert!(read.markdown().contains("| generate: model_loaded\n"), "{}", read.markdown());
        assert!(read.har().contains("\"_steps\""));

        let (response, timers) = (of(&api, "response")[0], of(&api, "timer"));
        if verbosity == 0 {
            assert!(response.get("timers").is_none() && timers.is_empty());
            continue;
        }
        assert_eq!(response["timers"], dump["timing"]["steps"]);
        let names: Vec<_> = timers.iter().map(|timer| timer["message"].as_str().unwrap()).collect();
        assert!(
            names[0].starts_with("store completed in ") && names[1].starts_with("generate completed in ")
        );
        let (message, fields) = (names[1], &timers[1]["fields"]);
        let shown: f64 = message.split(' ').nth(3).unwrap().parse().unwrap();
        assert!(message.ends_with(" ms") && (shown - fields["duration_ms"].as_f64().unwrap()).abs() < 0.006);
        let reached = &fields["checkpoints"]["model_loaded"];
        assert!(reached.as_f64().unwrap() <= fields["duration_ms"].as_f64().unwrap());
        assert_eq!((&fields["name"], &timers[0]["fields"]["name"]), (&json!("generate"), &json!("store")));
        assert_eq!((&timers[1]["level"], &timers[1]["type"]), (&json!("DEBUG"), &json!("custom_event")));
        assert_eq!(timers[1]["request_id"], response["request_id"]);
        assert!(timers[1]["location"].as_str().unwrap().starts_with("tests/it/instruments.rs:"));
    }
}

#[tokio::test]
async fn a_timer_that_asks_for_it_is_an_entry_at_its_level() {
    let (flightlog, watcher) = watched();
    ask(&flightlog, || async {
        drop(current().timer("by guard").log_level(Level::INFO));
        async {}.timed("by future").log_level(Level::WARN).await;
        drop(current().timer("unasked"));
    })
    .await;
    flush(&flightlog);
    let told: Vec<_> =
        watcher.events().iter().map(|event| (event.level, event.message.to_string())).collect();
    assert_eq!(told.len(), 2);
    assert!(told[0].0 == Level::INFO && told[0].1.starts_with("by guard completed in "));
    assert!(told[1].0 == Level::WARN && told[1].1.starts_with("by future completed in "));
}

#[tokio::test]
async fn a_future_that_is_dropped_is_unfinished_also_where_its_client_left() {
    let (flightlog, watcher) = watched();
    let app = Router::new().route(
        "/",
        any(|| async {
            std::future::pending::<()>().timed("answer").log_level(Level::INFO).await;
        }),
    );
    let app = app.layer(flightlog.axum_layer());
    let mut answer = Box::pin(app.oneshot(Request::new(Body::empty())));
    assert!(futures_util::poll!(&mut answer).is_pending());
    drop(answer);
    flush(&flightlog);
    let exchange = watcher.only();
    assert!(exchange.steps[0].unfinished && exchange.steps[0].name == "answer");
    let told = &watcher.events()[0];
    assert!(told.message.as_str().starts_with("answer was dropped after "));
    assert_eq!(json!(told.fields.last())["name"], "unfinished");
}

/// Times what it does when it is dropped.
struct TidiesUp;

impl Drop for TidiesUp {
    fn drop(&mut self) {
        drop(current().timer("tidy").log_level(Level::INFO));
    }
}

/// What became of timers and tasks that were given up.
#[track_caller]
fn assert_given_up(flightlog: &FlightLog, watcher: &Watcher) {
    flush(flightlog);
    let exchange = watcher.only();
    let steps: Vec<_> = exchange.steps.iter().map(|step| (step.name.as_str(), step.unfinished)).collect();
    assert_eq!(steps, [("doomed", true), ("done", false), ("tidy", false)]);
    let told: Vec<_> = watcher.events().iter().map(|event| event.message.to_string()).collect();
    let [done, tidy, doomed] = &told[..] else { panic!("{told:?}") };
    assert!(done.starts_with("done completed in ") && tidy.starts_with("tidy completed in "), "{told:?}");
    assert!(doomed.starts_with("doomed was dropped after "), "{told:?}");
    assert_eq!(json!(watcher.events()[2].fields.last())["name"], "unfinished");
}

#[tokio::test]
async fn what_panics_leaves_its_timers_unfinished() {
    let (flightlog, watcher) = watched();
    let app = Router::new().route(
        "/",
        any(|| async {
            let _timer = current().timer("doomed").log_level(Level::INFO);
            let _tidies_up = TidiesUp;
            drop(current().timer("done").log_level(Level::INFO));
            if true {
                panic!("no more");
            }
        }),
    );
    let app = app.layer(flightlog.axum_layer().answer_panics(true));
    app.oneshot(Request::new(Body::empty())).await.unwrap();
    assert_given_up(&flightlog, &watcher);
}

#[tokio::test]
async fn whose_client_left_leaves_its_timers_unfinished() {
    let (flightlog, watcher) = watched();
    let app = Router::new().route(
        "/",
        any(|| async {
            let _timer = current().timer("doomed").log_level(Level::INFO);
            let _tidies_up = TidiesUp;
            drop(current().timer("done").log_level(Level::INFO));
            std::future::pending::<()>().await;
        }),
    );
    let app = app.layer(flightlog.axum_layer());
    let mut answer = Box::pin(app.oneshot(Request::new(Body::empty())));
    assert!(futures_util::poll!(&mut answer).is_pending());
    drop(answer);
    assert_given_up(&flightlog, &watcher);
}

#[tokio::test]
async fn a_streamed_body_whose_client_left_tells_of_its_request_and_leaves_its_timers_unfinished() {
    let (flightlog, watcher) = watched();
    let app = Router::new().route(
        "/",
        any(|| async {
            let frames = futures_util::stream::unfold(None, |held| async move {
                if held.is_some() {
                    std::future::pending::<()>().await;
                }
                let timer = current().timer("doomed").log_level(Level::INFO);
                drop(current().timer("done").log_level(Level::INFO));
                Some((Ok::<_, std::convert::Infallible>("a piece"), Some((TidiesUp, timer))))
            });
            Body::from_stream(frames)
        }),
    );
    let app = app.layer(flightlog.axum_layer());
    let mut body = app.oneshot(Request::new(Body::empty())).await.unwrap().into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    assert_given_up(&flightlog, &watcher);
    assert!(current().request_id().is_none());
}

#[tokio::test]
async fn a_name_of_any_length_keeps_its_head() {
    let (flightlog, watcher) = watched_with(|builder| builder.verbosity(Verbosity::FULL));
    ask(&flightlog, || async {
        for first in ["alpha", "beta"] {
            let name = first.to_owned() + &"x".repeat(1 << 20);
            current().attribute(name.clone(), 1);
            current().cache_hit(name.clone(), "key");
            drop(current().timer(name.clone()));
            current().event(name);
        }
        current().attribute("api_key=hunter2 ".repeat(10_000), 1);
        // Secrets that go on past what is looked at.
        let long = "canary4canary7Q".repeat(1000);
        for begin in [
            "-----BEGIN RSA PRIVATE KEY-----\n",
            "eyJhbGciOiJIUzI1NiJ9.eyJ",
            "password=",
            "password=\"",
            "{\"password\":\"",
            "Authorization: Bearer ",
            "sk-proj-",
            "https://ada:",
        ] {
            current().attribute(format!("{begin}{long}@stock.test"), 1);
        }
    })
    .await;
    flush(&flightlog);
    let exchange = watcher.only();
    let heads = |name: &str| name.len() == 256 && (name.starts_with("alphax") || name.starts_with("betax"));
    assert!(exchange.attributes.len() > 3 && exchange.attributes[..2].iter().all(|field| heads(&field.name)));
    assert!(exchange.cache.len() == 2 && exchange.cache.keys().all(|name| heads(name)));
    assert!(exchange.steps.len() == 2 && exchange.steps.iter().all(|step| heads(step.name.as_str())));
    assert!(
        watcher.events().iter().any(|event| matches!(&event.kind, EventKind::Custom(name) if heads(name)))
    );
    assert!(exchange.attributes[2].name.starts_with("api_key=[REDACTED] "));
    for field in &exchange.attributes[3..] {
        let is_marked = field.name.contains("[REDACTED]") || field.name.starts_with("…[");
        assert!(!field.name.contains("canary") && is_marked, "{}", field.name);
    }
}

#[tokio::test]
async fn caches_are_counted_always_and_told_from_verbosity_1() {
    for verbosity in [0, 1] {
        let (flightlog, dir) = logging(verbosity);
        ask(&flightlog, || async {
            current().cache_hit("prompt", "system/v3").field("size_tokens", 1500).field("age_s", 45);
            current().cache_hit("prompt", 7);
            current().cache_miss("prompt", "token=hunter2", "new_session");
            current().cache_miss("session", "hunter2", "expired: password=hunter2");
            StatusCode::INTERNAL_SERVER_ERROR
        })
        .await;
        let api = api(&flightlog, dir.path());
        let counts = json!({"prompt": {"hits": 2, "misses": 1}, "session": {"hits": 0, "misses": 1}});
        assert_eq!(of(&api, "response")[0]["cache"], counts);
        let (dump, read) = dump(dir.path());
        assert_eq!(dump["cache"], counts);
        assert_eq!(read.exchange.cache["prompt"].hits, 2);
        let (hits, misses) = (of(&api, "cache_hit"), of(&api, "cache_miss"));
        if verbosity == 0 {
            assert!(hits.is_empty() && misses.is_empty());
            continue;
        }
        assert_eq!(hits[0]["message"], "prompt cache hit");
        let fields = json!({"cache": "prompt", "key": "system/v3", "size_tokens": 1500, "age_s": 45});
        assert_eq!(hits[0]["fields"], fields);
        assert_eq!((hits.len(), misses.len()), (2, 2));
        assert_eq!(misses[0]["message"], "prompt cache miss: new_session");
        assert_eq!(misses[0]["fields"]["key"], "token=[REDACTED]");
        let fields =
            json!({"cache": "session", "key": "[REDACTED]", "reason": "expired: password=[REDACTED]"});
        assert_eq!(misses[1]["fields"], fields);
    }
}

#[tokio::test]
async fn an_event_is_told_with_all_that_was_said_of_it() {
    #[derive(Serialize)]
    struct Usage {
        input: u32,
        output: Option<u32>,
    }
    let (flightlog, dir) = logging(0);
    ask(&flightlog, || async {
        current()
            .event("text_generation_success")
            .message("answered, password=hunter2")
            .field("model_name", "llama-3-8b")
            .field("generation_time", 2.34)
            .field("usage", Usage { input: 3, output: None })
            .field("unknown", None::<u8>);
        let error = anyhow::Error::from(io::Error::other("token=hunter2")).context("no model");
        event!("model_load_failed", level: Level::ERROR, error: &error, "file.name" = "model.bin");
        StatusCode::INTERNAL_SERVER_ERROR
    })
    .await;
    let api = api(&flightlog, dir.path());
    let told = of(&api, "text_generation_success")[0];
    let response = of(&api, "response")[0];
    assert_eq!(told["message"], "answered, password=[REDACTED]");
    assert_eq!((&told["level"], &told["type"]), (&json!("INFO"), &json!("custom_event")));
    let fields =
        json!({"model_name": "llama-3-8b", "generation_time": 2.34, "usage": {"input": 3, "output": null}});
    assert_eq!(told["fields"], fields);
    assert_eq!(told["request_id"], response["request_id"]);
    assert!(told.get("module").is_none());

    let failed = of(&api, "model_load_failed")[0];
    assert_eq!(failed["message"], "model_load_failed");
    assert_eq!(failed["module"], "it::instruments");
    assert_eq!(
        failed["fields"],
        json!({"error": "no model", "error_type": "anyhow::Error", "file.name": "model.bin"})
    );
    assert_eq!(failed["error_chain"], json!(["token=[REDACTED]"]));
    // An ERROR is in errors.log, and why the request failed.
    let errors = entries(dir.path(), "errors.log");
    assert_eq!(of(&errors, "model_load_failed")[0]["fields"], failed["fields"]);
    assert_eq!(response["error_message"], "model_load_failed");
    let (dump, _) = dump(dir.path());
    assert_eq!(dump["error"]["chain"], json!(["no model", "token=[REDACTED]"]));
}

#[tokio::test]
async fn an_event_goes_when_it_is_let_go_and_not_before() {
    let (flightlog, watcher) = watched();
    let log = flightlog.clone();
    let seen = Arc::clone(&watcher);
    ask(&flightlog, move || async move {
        let event = current().event("later");
        flush(&log);
        assert!(seen.events().is_empty());
        event.field("a", 1).send();
        flush(&log);
        assert_eq!(seen.events().len(), 1);
    })
    .await;
    assert_eq!(watcher.events()[0].kind, EventKind::Custom("later".into()));
}

#[tokio::test]
async fn of_one_event_so_much_is_told_and_the_rest_is_counted() {
    let (flightlog, watcher) = watched();
    let mut event = flightlog.current().event("many");
    for number in 0..70 {
        event = event.field(format!("f{number}"), number);
    }
    event.send();
    let mut event = flightlog.current().event("large");
    for number in 0..10 {
        event = event.field(format!("f{number}"), "x".repeat(8000));
    }
    event.send();
    flush(&flightlog);
    let dropped: Vec<_> = watcher
        .events()
        .iter()
        .map(|event| {
            let last = event.fields.last().unwrap();
            (event.fields.len(), last.name.to_string(), serde_json::to_value(&last.value).unwrap())
        })
        .collect();
    let name = String::from("fields_dropped");
    assert_eq!(dropped, [(65, name.clone(), json!(6)), (9, name, json!(2))]);
}

#[tokio::test]
async fn what_the_budget_does_not_allow_is_counted() {
    let (flightlog, watcher) = watched_with(|builder| builder.capture_budget(1000));
    ask(&flightlog, || async {
        current().attribute("short", 1);
        current().attribute("long", "x".repeat(2000));
        StatusCode::NO_CONTENT
    })
    .await;
    let exchange = watcher.only();
    assert_eq!((exchange.attributes.len(), exchange.instruments_dropped), (1, 1));
    flush(&flightlog);
    let stats = flightlog.stats();
    assert_eq!((stats.instruments_dropped, stats.captured_bytes), (1, 0));
}

#[tokio::test]
async fn debugging_is_told_at_its_level_and_above() {
    let long: Vec<u32> = (1000..1100).collect();
    for verbosity in 0..=3 {
        let (flightlog, dir) = logging(verbosity);
        let data = long.clone();
        ask(&flightlog, move || async move {
            assert_eq!(current().debug_level(), verbosity);
            assert_eq!(tower_flightlog::debug_level(), verbosity);
            for level in 1..=3 {
                assert_eq!(tower_flightlog::is_debug_enabled(level), level <= verbosity);
                current().debug(level, format_args!("level {level}"), &data);
            }
            debug!(1, "alone");
        })
        .await;
        let api = api(&flightlog, dir.path());
        let told = of(&api, "debug");
        assert_eq!(told.len(), if verbosity == 0 { 0 } else { usize::from(verbosity) + 1 });
        for (entry, level) in told.iter().zip(1..=verbosity) {
            assert_eq!(entry["message"], format!("level {level}"));
            let (data, mark) = (&entry["fields"]["data"], &entry["fields"]["data_truncated"]);
            if level == 3 {
                assert_eq!((data, mark), (&json!(long), &Value::Null));
            } else {
                assert_eq!((data.as_str().unwrap().chars().count(), mark), (200, &json!(true)));
                assert!(data.as_str().unwrap().starts_with("[1000,1001,"));
            }
        }
    }
}

#[tokio::test]
async fn what_nobody_asks_for_is_not_evaluated() {
    let (flightlog, _watcher) = watched_with(|builder| builder.verbosity(Verbosity::DEBUG));
    ask(&flightlog, || async {
        let asked = Cell::new(0);
        let ask = || asked.replace(asked.get() + 1);
        debug!(2, "never", ask());
        assert_eq!(asked.get(), 0);
        debug!(1, "once", ask());
        assert_eq!(asked.get(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_level_of_debugging_changes_while_it_runs() {
    let (flightlog, watcher) = watched();
    assert!(!flightlog.current().is_debug_enabled(1));
    flightlog.current().debug(1, "too soon", ());
    flightlog.set_verbosity(Verbosity::FULL);
    assert!(flightlog.current().is_debug_enabled(3));
    flightlog.current().debug(3, "now", ());
    flush(&flightlog);
    assert_eq!(watcher.events().len(), 1);
    assert!(watcher.events()[0].kind == EventKind::Debug && watcher.events()[0].fields.is_empty());
}

#[tokio::test]
async fn attributes_are_in_the_response_entry_and_the_dump_the_last_of_a_name() {
    let (flightlog, dir) = logging(0);
    ask(&flightlog, || async {
        current().attribute("user_id", 41);
        current().attribute("plan", json!({"name": "pro", "api_key": "hunter2", "limits": {}, "seats": []}));
        current().attribute("user_id", 42);
        current().attribute("nothing", None::<u8>);
        StatusCode::INTERNAL_SERVER_ERROR
    })
    .await;
    let api = api(&flightlog, dir.path());
    let told =
        json!({"user_id": 42, "plan": {"name": "pro", "api_key": "[REDACTED]", "limits": {}, "seats": []}});
    assert_eq!(of(&api, "response")[0]["attributes"], told);
    assert_eq!(of(&entries(dir.path(), "errors.log"), "error")[0]["attributes"], told);
    let (dump, read) = dump(dir.path());
    assert_eq!(dump["attributes"], told);
    assert!(read.markdown().contains("`user_id`: `42`"), "{}", read.markdown());
    let text = serde_json::to_string(&read.exchange).unwrap();
    assert_eq!(serde_json::from_str::<Exchange>(&text).unwrap(), read.exchange);
}

#[tokio::test]
async fn outside_of_exchanges_the_log_that_was_asked_is_told() {
    let (flightlog, dir) = logging(3);
    flightlog.current().event("model_loaded").field("layers", 32);
    flightlog.current().debug(1, "warm", ());
    flightlog.current().cache_miss("kv", 1, "cold");
    drop(flightlog.current().timer("load"));
    flightlog.current().attribute("nobody", "has this");
    flightlog.set_enabled(false);
    flightlog.current().event("off");
    let api = api(&flightlog, dir.path());
    let told: Vec<_> = api[1..].iter().map(|entry| (&entry["event_type"], entry.get("request_id"))).collect();
    assert_eq!(told.len(), 4);
    assert!(told.iter().all(|(_, id)| id.is_none()));
}

#[tokio::test]
async fn what_comes_after_its_exchange_has_its_id_and_is_kept_nowhere_else() {
    let (flightlog, watcher) = watched();
    let kept = Arc::new(std::sync::Mutex::new(None));
    let keep = Arc::clone(&kept);
    ask(&flightlog, move || async move {
        current().attribute("in_time", true);
        *keep.lock().unwrap() = Some(current());
    })
    .await;
    let late = kept.lock().unwrap().take().unwrap();
    late.attribute("late", true);
    late.timer("late").finish();
    late.event("late");
    flush(&flightlog);
    let exchange = watcher.only();
    assert_eq!((exchange.attributes.len(), exchange.steps.len()), (1, 0));
    assert_eq!(watcher.events()[0].request_id, Some(exchange.request_id));
}

#[tokio::test]
async fn what_a_sink_tells_while_it_is_told_does_not_come_back_to_it() {
    struct Chatty(std::sync::OnceLock<FlightLog>, Watcher);
    impl Sink for Chatty {
        fn event(&self, event: &Arc<Event>) {
            self.1.event(event);
            if let Some(log) = self.0.get() {
                log.current().event("again");
            }
        }
    }
    let chatty = Arc::new(Chatty(std::sync::OnceLock::new(), Watcher::default()));
    let builder = FlightLog::builder().files(false).dumps(false).sink(Arc::clone(&chatty));
    let flightlog = builder.build().unwrap();
    chatty.0.set(flightlog.clone()).unwrap();
    flightlog.current().event("once");
    flush(&flightlog);
    assert_eq!(chatty.1.events().len(), 1);
}

#[tokio::test]
async fn nothing_of_the_users_that_panics_reaches_the_request() {
    struct Bomb;
    impl fmt::Display for Bomb {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("display")
        }
    }
    impl fmt::Debug for Bomb {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("debug")
        }
    }
    impl std::error::Error for Bomb {}
    impl Serialize for Bomb {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("serialize")
        }
    }
    let (flightlog, watcher) = watched_with(|builder| builder.verbosity(Verbosity::FULL));
    ask(&flightlog, || async {
        current().event("e").message(Bomb).field("f", Bomb).error(&Bomb);
        current().cache_miss("c", Bomb, Bomb).field("f", Bomb);
        current().debug(3, Bomb, Bomb);
        current().attribute("a", Bomb);
        StatusCode::NO_CONTENT
    })
    .await;
    flush(&flightlog);
    let exchange = watcher.only();
    assert_eq!(exchange.status(), Some(StatusCode::NO_CONTENT));
    assert_eq!(watcher.events().len(), 3);
    let told = serde_json::to_string(&(watcher.events(), &*exchange)).unwrap();
    assert_eq!(told.matches("[saying this panicked]").count(), 10, "{told}");
}

/// Each place has a canary of its own, so that a leak says where it came from.
#[tokio::test]
async fn no_secret_that_is_told_is_in_any_file() {
    let canary = |place: &str| format!("password=cAnAry7f3a9b{place}");
    let (flightlog, dir) = logging(3);
    ask(&flightlog, move || async move {
        let timer = current().timer(canary("timer")).log_level(Level::INFO);
        timer.checkpoint(canary("checkpoint"));
        drop(timer);
        async {}.timed(canary("timed")).await;
        current().cache_hit(canary("cache"), canary("key")).field("x", canary("hitfield"));
        current().cache_miss("kv", canary("missed"), canary("reason"));
        current()
            .event(canary("type"))
            .message(canary("message"))
            .error(&io::Error::other(canary("error")))
            .field(canary("fieldname"), 1)
            .field("text", canary("text"))
            .field("nested", json!({"deep": [{"client_secret": canary("nested")}, canary("list")]}))
            .field("long", format!("{} {}", "x".repeat(8160), canary("cut")));
        current().event("failed").level(Level::ERROR).message(canary("cause"));
        for level in 1..=3 {
            current().debug(level, canary("debug"), json!({"token": canary("data"), "t": canary("inner")}));
        }
        current().attribute("note", canary("attribute"));
        current().attribute(canary("attributename"), json!({ canary("inname"): canary("invalue") }));
        StatusCode::INTERNAL_SERVER_ERROR
    })
    .await;
    flush(&flightlog);
    let (_, read) = dump(dir.path());
    let mut texts = vec![read.markdown(), read.har()];
    for path in ["api.log", "errors.log"] {
        entries(dir.path(), path);
        texts.push(fs::read_to_string(dir.path().join(path)).unwrap());
    }
    let dumps = fs::read_dir(dir.path().join("dumps")).unwrap();
    texts.extend(dumps.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()));
    for text in texts {
        assert!(text.contains("password=[REDACTED]"));
        if let Some(at) = text.find("cAnAry7") {
            let (from, to) = (at.saturating_sub(200), (at + 60).min(text.len()));
            panic!("{}", &text[text.floor_char_boundary(from)..text.floor_char_boundary(to)]);
        }
    }
}

#[tokio::test]
async fn instruments_of_many_tasks_at_once_are_all_there() {
    let (flightlog, watcher) = watched();
    ask(&flightlog, || async {
        let tasks: Vec<_> = (0..8)
            .map(|task| {
                let current = current();
                std::thread::spawn(move || {
                    for _ in 0..10 {
                        current.cache_hit("c", task);
                        current.timer("t").finish();
                    }
                    current.attribute(format!("a{task}"), task);
                })
            })
            .collect();
        tasks.into_iter().for_each(|task| task.join().unwrap());
    })
    .await;
    let exchange = watcher.only();
    assert_eq!(exchange.cache["c"].hits, 80);
    assert_eq!((exchange.steps.len(), exchange.attributes.len()), (80, 8));
    assert!(exchange.steps.is_sorted_by_key(|step| step.start));
}

/// `examples/instruments`, as its header says.
#[tokio::test]
async fn the_example_tells_what_happens_inside_of_requests() {
    let (_home, logs) = home();
    let begun = Instant::now();
    let example =
        Quickstart::start_example("instruments", &logs, &[("LOG_DEBUG", "2")], Stdio::piped()).await;
    let ask = |prompt: &str| {
        let body = json!({"user": 42, "prompt": prompt});
        format!("POST /generate HTTP/1.1\r\ncontent-type: application/json\r\n\r\n{body}")
    };
    for (prompt, status) in [("what is tea?", 200), ("what is tea?", 200), ("", 500)] {
        assert_eq!(example.ask(&ask(prompt)).await.status(), Some(status));
    }
    dumped(&logs, 1);
    let (exit, _) = example.stop().await;
    assert!(exit.success());
    let api = entries(&logs, "api.log");
    let loaded = of(&api, "model_loaded")[0];
    assert_eq!(loaded["fields"], json!({"model_name": "oracle-1b", "layers": 32}));
    assert!(loaded.get("request_id").is_none() && loaded["module"] == "instruments");
    let responses = of(&api, "response");
    let caches: Vec<_> = responses.iter().map(|entry| &entry["cache"]["prompt"]["hits"]).collect();
    assert_eq!(caches, [0, 1, 0]);
    assert!(responses.iter().all(|entry| entry["attributes"] == json!({"user_id": 42})));
    let names: Vec<_> =
        responses[0]["timers"].as_array().unwrap().iter().map(|timer| &timer["name"]).collect();
    assert_eq!(names, ["generate", "cache_searched", "think"]);
    let success = of(&api, "text_generation_success")[0];
    assert_eq!(success["message"], "answered in 5 words");
    let taken = Duration::from_secs_f64(success["fields"]["generation_time"].as_f64().unwrap());
    assert!(taken >= Duration::from_millis(5) && taken <= begun.elapsed());
    assert_eq!((of(&api, "cache_hit").len(), of(&api, "cache_miss").len()), (1, 2));
    let (dump, _) = dump(&logs);
    assert_eq!(dump["error"]["message"], "the model did not answer");
    assert_eq!(dump["error"]["chain"], json!(["nothing was asked"]));
    assert_eq!(dump["timing"]["steps"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_goes_on_for_ever_within_itself_ends() {
    struct Mirror;
    impl Serialize for Mirror {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq([Mirror])
        }
    }
    struct Nested;
    impl Serialize for Nested {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("in", Nested)])
        }
    }
    let (flightlog, watcher) = watched_with(|builder| builder.verbosity(Verbosity::FULL));
    ask(&flightlog, || async {
        current().attribute("mirror", Mirror);
        current().event("looked").field("nested", Nested).field("beside", 1);
        debug!(3, "looked", Mirror);
    })
    .await;
    flush(&flightlog);
    let told = json!("[more than 128 deep]");
    assert_eq!(json!(watcher.only().attributes)[0]["value"], told);
    let events = watcher.events();
    let fields: Vec<_> = events.iter().map(|event| json!(event.fields)).collect();
    assert_eq!((&fields[0][0]["value"], &fields[0][1]["value"]), (&told, &json!(1)));
    assert_eq!(fields[1][0]["value"], told);
}

#[tokio::test]
async fn what_a_handler_drops_as_its_client_leaves_is_told_of_its_request() {
    struct Farewell;
    impl Drop for Farewell {
        fn drop(&mut self) {
            event!("farewell");
            current().attribute("said", "goodbye");
        }
    }
    let (flightlog, watcher) = watched();
    let app = Router::new().route(
        "/",
        any(|| async {
            let _farewell = Farewell;
            std::future::pending::<()>().await;
        }),
    );
    let app = app.layer(flightlog.axum_layer());
    let mut answer = Box::pin(app.oneshot(Request::new(Body::empty())));
    assert!(futures_util::poll!(&mut answer).is_pending());
    drop(answer);
    flush(&flightlog);
    let exchange = watcher.only();
    assert_eq!(exchange.attributes[0].name, "said");
    assert_eq!(watcher.events()[0].request_id, Some(exchange.request_id));
    assert!(current().request_id().is_none());
}

#[tokio::test]
async fn a_thread_takes_its_exchange_along() {
    let (flightlog, watcher) = watched();
    ask(&flightlog, || async {
        let work = current().wrap(|| {
            current().attribute("on", "a thread");
            event!("from_a_thread");
        });
        assert_eq!(std::thread::spawn(current().wrap(|| 7)).join().unwrap(), 7);
        let (done, wait) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            work();
            assert!(current().request_id().is_none());
            done.send(()).unwrap();
        });
        wait.await.unwrap();
        assert!(current().request_id().is_some());
    })
    .await;
    flush(&flightlog);
    let exchange = watcher.only();
    assert_eq!(exchange.attributes.len(), 1);
    assert_eq!(watcher.events()[0].request_id, Some(exchange.request_id));
    assert_eq!(current().wrap(|| current().request_id())(), None);
}
