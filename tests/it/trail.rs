//! The trail: what a dump tells of the events of its request.

use std::{
    convert::Infallible,
    fmt, fs,
    future::Future,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, extract::Path as Segment, http::StatusCode, routing::get};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{runtime, sync::Barrier, sync::oneshot};
use tower::ServiceExt;
use tower_flightlog::{FlightLog, FlightLogBuilder, WithCurrent, current};
use tracing::{
    Dispatch, Instrument, Level, Metadata,
    callsite::{Callsite, Identifier},
    debug_span, dispatcher,
    field::FieldSet,
    info_span,
    metadata::Kind,
    subscriber::{self, Interest},
};
use tracing_subscriber::{
    EnvFilter, Layer, Registry, filter::LevelFilter, fmt as human, layer::SubscriberExt,
};

use crate::support::{Lines, PATIENCE, flush, validated_dump, warnings};

/// A log that dumps into a directory of its own.
struct BlackBox {
    flightlog: FlightLog,
    home: TempDir,
}

fn black_box(set: impl FnOnce(FlightLogBuilder) -> FlightLogBuilder) -> BlackBox {
    let home = tempfile::tempdir().unwrap();
    let builder = FlightLog::builder().files(false).dump_dir(home.path());
    BlackBox { flightlog: set(builder).build().unwrap(), home }
}

impl BlackBox {
    fn heard(&self) -> Dispatch {
        Dispatch::new(Registry::default().with(self.flightlog.tracing_layer()))
    }

    fn dumps(&self) -> Vec<Value> {
        flush(&self.flightlog);
        dumps(self.home.path())
    }

    #[track_caller]
    fn only(&self) -> Value {
        let mut dumps = self.dumps();
        assert_eq!(dumps.len(), 1, "{dumps:#?}");
        dumps.remove(0)
    }
}

fn dumps(home: &Path) -> Vec<Value> {
    let mut names: Vec<_> = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names.iter().map(|path| validated_dump(&fs::read_to_string(path).unwrap())).collect()
}

/// Serves one request, in this thread, whose handler does this and fails.
fn fails<F: Future<Output = ()>>(flightlog: &FlightLog, handler: impl FnOnce() -> F + Clone) {
    let service = tower::ServiceBuilder::new().layer(flightlog.layer()).service_fn(move |_: Request<_>| {
        let done = handler.clone()();
        async move {
            done.await;
            let response = Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR);
            Ok::<_, Infallible>(response.body(Body::empty()).unwrap())
        }
    });
    block_on(async {
        let response = service.oneshot(Request::new(Body::empty())).await.unwrap();
        response.into_body().collect().await.unwrap();
    });
}

fn block_on<T>(run: impl Future<Output = T>) -> T {
    runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run)
}

fn messages(dump: &Value) -> Vec<&str> {
    let events = dump["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    events.iter().map(|event| event["message"].as_str().unwrap_or_default()).collect()
}

#[test]
fn a_dump_tells_what_was_told_with_all_that_is_known_of_it() {
    let black_box = black_box(|builder| builder);
    dispatcher::with_default(&black_box.heard(), || {
        tracing::info!("before");
        fails(&black_box.flightlog, || async {
            let _outer = info_span!("checkout", cart = 7).entered();
            let _inner = debug_span!("payment").entered();
            tracing::debug!(target: "shop::pay", order = 42, owed = -3, share = 0.5, card = true, by = "ada", "paying");
            tracing::trace!("not heard");
            tracing::warn!(reason = ?"no answer");
        });
        tracing::info!("after");
    });
    let dump = black_box.only();
    let mut events = dump["events"].clone();
    for event in events.as_array_mut().unwrap() {
        let event = event.as_object_mut().unwrap();
        assert!(event.remove("at_ms").unwrap().as_f64().unwrap() < 60_000.0);
        assert!(event["location"].as_str().unwrap().starts_with("tests/it/trail.rs:"));
        event.remove("location");
    }
    assert_eq!(
        events,
        json!([
            {
                "level": "DEBUG",
                "target": "shop::pay",
                "message": "paying",
                "spans": ["checkout", "payment"],
                "fields": {"order": 42, "owed": -3, "share": 0.5, "card": true, "by": "ada"},
            },
            {"level": "WARN", "target": "it::trail", "spans": ["checkout", "payment"], "fields": {"reason": "\"no answer\""}},
        ])
    );
    assert!(dump.get("events_dropped").is_none() && dump.get("events_limited_to").is_none(), "{dump:#}");
}

#[test]
fn tasks_and_the_response_body_belong_to_their_request_and_what_comes_later_does_not() {
    let black_box = black_box(|builder| builder);
    let dispatch = black_box.heard();
    let _heard = dispatcher::set_default(&dispatch);
    let (finished, waits) = oneshot::channel::<()>();
    let waits = Arc::new(Mutex::new(Some(waits)));
    let late = Arc::new(Mutex::new(None));
    let handler = {
        let late = Arc::clone(&late);
        move || async move {
            let span = debug_span!("request");
            let _entered = span.enter();
            tokio::spawn(async { tracing::debug!("in a span") }.in_current_span()).await.unwrap();
            drop(_entered);
            tokio::spawn(async { tracing::debug!("with current") }.with_current()).await.unwrap();
            tokio::spawn(async { tracing::debug!("of nobody") }).await.unwrap();
            let waits = waits.lock().unwrap().take().unwrap();
            let later = async move {
                waits.await.unwrap();
                tracing::error!("too late");
            };
            *late.lock().unwrap() = Some(tokio::spawn(later.with_current()));
            let body = tokio_stream::StreamExt::map(tokio_stream::iter(["a", "b"]), |piece| {
                tracing::debug!(piece, "in the body");
                Ok::<_, Infallible>(Bytes::from(piece))
            });
            (StatusCode::BAD_GATEWAY, Body::from_stream(body))
        }
    };
    let app: Router = Router::new().route("/", get(handler)).layer(black_box.flightlog.axum_layer());
    block_on(async {
        let response = app.oneshot(Request::new(Body::empty())).await.unwrap();
        response.into_body().collect().await.unwrap();
        finished.send(()).unwrap();
        let late = late.lock().unwrap().take().unwrap();
        late.await.unwrap();
    });
    let dump = black_box.only();
    assert_eq!(messages(&dump), ["in a span", "with current", "in the body", "in the body"]);
    assert_eq!(dump["events"][0]["spans"], json!(["request"]));
}

#[test]
fn requests_at_once_never_mix() {
    const REQUESTS: usize = 40;
    let black_box = black_box(|builder| builder.dump_per_minute(1000));
    let dispatch = black_box.heard();
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(move || {
            let _ = Box::leak(Box::new(dispatcher::set_default(&dispatch)));
        })
        .build()
        .unwrap();
    let together = Arc::new(Barrier::new(REQUESTS));
    let handler = move |Segment(n): Segment<u64>| {
        let together = Arc::clone(&together);
        async move {
            // They are all of a kind, of which three would be kept.
            current().dump("each").unwrap();
            for round in 0..5 {
                tracing::debug!(n, round, "here");
                together.wait().await;
                let task = async move { tracing::debug!(n, round, "in a task") };
                tokio::spawn(task.instrument(info_span!("task"))).await.unwrap();
            }
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let app: Router = Router::new().route("/{n}", get(handler)).layer(black_box.flightlog.axum_layer());
    runtime.block_on(async {
        let ask = |n| {
            let app = app.clone();
            async move {
                let response =
                    app.oneshot(Request::get(format!("/{n}")).body(Body::empty()).unwrap()).await.unwrap();
                response.into_body().collect().await.unwrap();
            }
        };
        let asked: Vec<_> = (0..REQUESTS).map(|n| tokio::spawn(ask(n))).collect();
        for request in asked {
            request.await.unwrap();
        }
    });
    let dumps = black_box.dumps();
    assert_eq!(dumps.len(), REQUESTS);
    for dump in dumps {
        let n: u64 = dump["request"]["url"].as_str().unwrap().trim_start_matches('/').parse().unwrap();
        let told: Vec<_> = dump["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| {
                assert_eq!(event["fields"]["n"], n);
                (event["fields"]["round"].as_u64().unwrap(), event["message"].as_str().unwrap())
            })
            .collect();
        let expected: Vec<_> = (0..5).flat_map(|round| [(round, "here"), (round, "in a task")]).collect();
        assert_eq!(told, expected, "request {n}");
    }
}

/// What is told at each level.
async fn tell_all() {
    tracing::error!("an error");
    tracing::warn!("a warning");
    tracing::info!("an info");
    tracing::debug!("a detail");
    tracing::trace!("noise");
}

const ALL: [&str; 4] = ["an error", "a warning", "an info", "a detail"];

#[test]
fn no_level_of_the_log_empties_it() {
    for level in ["off", "error", "other_crate=trace", "info,[span]=debug", "trace"] {
        let black_box = black_box(|builder| builder.level(level));
        dispatcher::with_default(&black_box.heard(), || fails(&black_box.flightlog, tell_all));
        let dump = black_box.only();
        assert_eq!(messages(&dump), ALL, "{level}");
        assert!(dump.get("events_limited_to").is_none(), "{level}");
    }
}

#[test]
fn filters_of_other_layers_do_not_empty_it() {
    let black_box = black_box(|builder| builder.level("error"));
    let page = Lines::default();
    let writer = page.clone();
    let theirs = human::layer().with_ansi(false).with_writer(move || writer.clone());
    let registry = Registry::default()
        .with(theirs.with_filter(EnvFilter::new("warn,flightlog=off")))
        .with(black_box.flightlog.tracing_layer());
    subscriber::with_default(registry, || {
        for _ in 0..2 {
            fails(&black_box.flightlog, tell_all);
            // Nobody misses an event because filters were asked for a dump.
            tracing::error!("next");
        }
    });
    for dump in black_box.dumps() {
        assert_eq!(messages(&dump), ALL);
        assert!(dump.get("events_limited_to").is_none());
    }
    let text = page.text();
    let told: Vec<_> =
        text.lines().filter_map(|line| line.split_once(" it::trail: ")).map(|(_, told)| told).collect();
    assert_eq!(told, ["an error", "a warning", "next"].repeat(2), "{text}");
}

#[test]
fn what_a_global_filter_hides_is_told_once_and_in_each_dump() {
    for (directives, limit, expected) in [
        ("off", json!("OFF"), &ALL[..0]),
        ("error", json!("ERROR"), &ALL[..1]),
        ("info", json!("INFO"), &ALL[..3]),
        ("other_crate=trace", json!("OFF"), &ALL[..0]),
        ("debug", Value::Null, &ALL[..]),
    ] {
        for is_in_front in [true, false] {
            let black_box = black_box(|builder| builder);
            let page = Lines::default();
            let filter = EnvFilter::new(directives);
            let dispatch = if is_in_front {
                let theirs = human::layer().with_ansi(false);
                let writer = page.clone();
                Dispatch::new(
                    Registry::default()
                        .with(theirs.with_writer(move || writer.clone()))
                        .with(black_box.flightlog.tracing_layer())
                        .with(filter),
                )
            } else {
                let theirs = human::layer().with_ansi(false);
                let writer = page.clone();
                Dispatch::new(
                    Registry::default()
                        .with(filter)
                        .with(theirs.with_writer(move || writer.clone()))
                        .with(black_box.flightlog.tracing_layer()),
                )
            };
            dispatcher::with_default(&dispatch, || {
                fails(&black_box.flightlog, tell_all);
                fails(&black_box.flightlog, tell_all);
            });
            for dump in black_box.dumps() {
                assert_eq!(messages(&dump), expected, "{directives}");
                assert_eq!(dump["events_limited_to"], limit, "{directives}");
            }
            let warned: Vec<_> = page
                .text()
                .lines()
                .filter(|line| line.contains("a global filter hides"))
                .map(String::from)
                .collect();
            let is_told = ["info"].contains(&directives);
            assert_eq!(warned.len(), usize::from(is_told), "{directives}: {warned:?}");
            if is_told {
                assert!(warned[0].contains("hides events below INFO from dumps"), "{warned:?}");
                assert!(
                    warned[0].contains("`.with(fmt::layer().with_filter(EnvFilter::from_default_env()))`")
                );
            }
        }
    }
}

#[test]
fn a_level_that_is_a_layer_is_a_global_filter_too() {
    let black_box = black_box(|builder| builder);
    let registry = Registry::default().with(LevelFilter::WARN).with(black_box.flightlog.tracing_layer());
    subscriber::with_default(registry, || fails(&black_box.flightlog, tell_all));
    let dump = black_box.only();
    assert_eq!((messages(&dump), &dump["events_limited_to"]), (ALL[..2].to_vec(), &json!("WARN")));
}

#[test]
fn without_a_layer_of_ours_nothing_is_heard_and_the_dump_says_so() {
    let black_box = black_box(|builder| builder);
    let ((), warned) = warnings(|| fails(&black_box.flightlog, tell_all));
    let dump = black_box.only();
    assert_eq!((messages(&dump), &dump["events_limited_to"]), (Vec::new(), &json!("OFF")));
    assert!(!warned.iter().any(|line| line.contains("global filter")), "{warned:?}");
}

#[test]
fn the_trail_is_as_deep_as_is_asked_for() {
    for (trail, expected) in [
        ("trace", [&ALL[..], &["noise"]].concat()),
        ("warn", ALL[..2].to_vec()),
        ("trace,it=info", ALL[..3].to_vec()),
        ("off,it::trail=error", ALL[..1].to_vec()),
    ] {
        let black_box = black_box(|builder| builder.trail(trail));
        dispatcher::with_default(&black_box.heard(), || fails(&black_box.flightlog, tell_all));
        let dump = black_box.only();
        assert_eq!(messages(&dump), expected, "{trail}");
        assert!(dump.get("events_limited_to").is_none(), "{trail}");
    }
    let black_box = black_box(|builder| builder.trail("off"));
    dispatcher::with_default(&black_box.heard(), || fails(&black_box.flightlog, tell_all));
    let dump = black_box.only();
    assert!(dump.get("events").is_none() && dump.get("events_limited_to").is_none());
}

/// A place in the source that no subscriber of another test is asked about.
struct Site;

static SITE: Site = Site;
static EVENT: Metadata<'static> = place(Level::DEBUG, Kind::EVENT);
static LISTED: Metadata<'static> = place(Level::INFO, Kind::EVENT);
static SPAN: Metadata<'static> = place(Level::DEBUG, Kind::SPAN);
static BELOW: Metadata<'static> = place(Level::TRACE, Kind::EVENT);

const fn place(level: Level, kind: Kind) -> Metadata<'static> {
    let fields = FieldSet::new(&[], Identifier(&SITE));
    Metadata::new("a place", "it::trail", level, None, None, None, fields, kind)
}

impl Callsite for Site {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        &EVENT
    }
}

#[test]
fn what_is_off_hears_no_more_than_the_log_does() {
    type Set = fn(FlightLogBuilder) -> FlightLogBuilder;
    let off: [Set; 3] = [|b| b.enabled(false), |b| b.dumps(false), |b| b.trail("off")];
    let heard = |dispatch: &Dispatch| {
        [&LISTED, &EVENT, &SPAN, &BELOW].map(|place| {
            let interest = dispatch.register_callsite(place);
            assert_ne!(interest.is_always(), interest.is_never(), "never asked again");
            interest.is_always()
        })
    };
    for set in off {
        let flightlog = set(FlightLog::builder().files(false)).build().unwrap();
        let dispatch = Dispatch::new(Registry::default().with(flightlog.tracing_layer()));
        assert_eq!(heard(&dispatch), [true, false, false, false]);
    }
    let black_box = black_box(|builder| builder);
    let dispatch = black_box.heard();
    assert_eq!(heard(&dispatch), [true, true, true, false]);
    black_box.flightlog.set_enabled(false);
    assert_eq!(heard(&dispatch), [true, false, false, false]);
    black_box.flightlog.set_enabled(true);
    assert_eq!(heard(&dispatch), [true, true, true, false]);
}

#[test]
fn records_of_the_log_crate_are_told_with_their_origin() {
    let black_box = black_box(|builder| builder.trail("debug,noisy=warn"));
    let _ = tracing_log::LogTracer::init();
    dispatcher::with_default(&black_box.heard(), || {
        fails(&black_box.flightlog, || async {
            log::debug!(target: "some_crate", "connecting to {}", "10.0.0.7");
            log::info!(target: "noisy", "not wanted");
            log::trace!(target: "some_crate", "not wanted");
        });
    });
    let dump = black_box.only();
    let [event] = dump["events"].as_array().unwrap().as_slice() else { panic!("{dump:#}") };
    assert_eq!(
        (&event["target"], &event["level"], &event["message"]),
        (&json!("some_crate"), &json!("DEBUG"), &json!("connecting to 10.0.0.7"))
    );
    assert!(event["location"].as_str().unwrap().starts_with("tests/it/trail.rs:"));
    assert!(event.get("fields").is_none());
}

#[test]
fn the_last_256_events_are_kept_and_the_others_counted() {
    let black_box = black_box(|builder| builder);
    dispatcher::with_default(&black_box.heard(), || {
        fails(&black_box.flightlog, || async { (0..300).for_each(|n| tracing::debug!(n)) });
    });
    let dump = black_box.only();
    let told: Vec<_> = dump["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["fields"]["n"].as_u64().unwrap())
        .collect();
    assert_eq!(told, (44..300).collect::<Vec<_>>());
    assert_eq!(dump["events_dropped"], 44);
}

#[test]
fn memory_that_is_not_there_is_counted_and_given_back() {
    let black_box = black_box(|builder| builder.capture_budget(1000));
    dispatcher::with_default(&black_box.heard(), || fails(&black_box.flightlog, tell_all));
    let dump = black_box.only();
    assert_eq!((messages(&dump).len(), &dump["events_dropped"]), (0, &json!(4)));
    let stats = black_box.flightlog.stats();
    assert_eq!((stats.events_over_budget, stats.bodies_over_budget, stats.captured_bytes), (4, 0, 0));

    let black_box = self::black_box(|builder| builder);
    let held = Arc::new(Mutex::new(0));
    dispatcher::with_default(&black_box.heard(), || {
        fails(&black_box.flightlog, || {
            let (held, flightlog) = (Arc::clone(&held), black_box.flightlog.clone());
            async move {
                tell_all().await;
                *held.lock().unwrap() = flightlog.stats().captured_bytes;
            }
        });
    });
    assert!((1000..4000).contains(&*held.lock().unwrap()), "{held:?}");
    black_box.only();
    assert_eq!(black_box.flightlog.stats().captured_bytes, 0);
}

#[test]
fn whoever_logs_or_panics_while_he_says_something_harms_nobody() {
    struct Chatty(u32);
    impl fmt::Debug for Chatty {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            if self.0 > 0 {
                tracing::debug!(inner = ?Chatty(self.0 - 1), "saying");
                current().report_error(&std::io::Error::other("reported while saying something"));
            }
            write!(f, "said {}", self.0)
        }
    }
    struct Broken;
    impl fmt::Display for Broken {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("password=")?;
            panic!("not sayable")
        }
    }
    let black_box = black_box(|builder| builder.panic_hook(false));
    dispatcher::with_default(&black_box.heard(), || {
        fails(&black_box.flightlog, || async {
            tracing::debug!(outer = ?Chatty(2), after = 1, "saying");
            tracing::debug!(broken = %Broken, after = 2);
        });
    });
    let dump = black_box.only();
    let events = dump["events"].as_array().unwrap();
    let fields: Vec<_> = events.iter().map(|event| &event["fields"]).collect();
    assert_eq!(
        fields[fields.len() - 2..],
        [&json!({"outer": "said 2", "after": 1}), &json!({"broken": "[saying this panicked]", "after": 2})]
    );
}

#[test]
fn no_secret_is_in_it() {
    let black_box = black_box(|builder| builder.redact(["voucher"]));
    dispatcher::with_default(&black_box.heard(), || {
        fails(&black_box.flightlog, || async {
            let long = format!("{}eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0", "- ".repeat(4086));
            let _span =
                info_span!("login", password = "c4nary", key = "sk_live_c4nary1234567890abcdef").entered();
            tracing::debug!(
                password = "c4nary",
                voucher = 4242,
                pin = 1234,
                token = ?Some("c4nary"),
                card = 4_111_111_111_111_111_u64,
                card_text = 4_111_111_111_111_111_u128,
                url = "https://ada:c4nary@host/?token=c4nary",
                error = &std::io::Error::other("password=c4nary") as &(dyn std::error::Error + 'static),
                "Authorization: Bearer c4nary.c4nary"
            );
            tracing::debug!(text = &*long, "{long}");
            log::debug!(target: "some_crate", "password=c4nary");
        });
    });
    let text = serde_json::to_string(&black_box.only()).unwrap();
    for secret in ["c4nary", "4242", "1234", "4111", "eyJ"] {
        let events = text.split_once(r#""events":"#).unwrap().1.split_once(r#""outcome""#).unwrap().0;
        assert!(!events.contains(secret), "{secret} in {events}");
    }
}

#[test]
fn one_event_has_8_kib_of_text_and_says_what_was_cut() {
    let black_box = black_box(|builder| builder);
    let long = "word ".repeat(2000);
    dispatcher::with_default(&black_box.heard(), || {
        let long = long.clone();
        fails(&black_box.flightlog, || async move {
            tracing::debug!(first = &*long, second = %long, n = 7, "short");
        });
    });
    let dump = black_box.only();
    let event = &dump["events"][0];
    assert_eq!((&event["message"], &event["fields"]["n"]), (&json!("short"), &json!(7)));
    let first = event["fields"]["first"].as_str().unwrap();
    assert!(first.ends_with("…[10000 bytes]") && first.len() > 8000 && first.len() < 8300, "{}", first.len());
    assert_eq!(event["fields"]["second"], "…[10000 bytes]");
}

#[test]
fn where_nothing_fails_there_is_no_trail_in_the_record() {
    let (flightlog, watcher) =
        crate::support::watched_with(|builder| builder.dumps(true).dump_dir("/nonexistent"));
    let app: Router =
        Router::new().route("/", get(|| async { tell_all().await })).layer(flightlog.axum_layer());
    subscriber::with_default(Registry::default().with(flightlog.tracing_layer()), || {
        block_on(async {
            app.oneshot(Request::new(Body::empty())).await.unwrap().into_body().collect().await.unwrap()
        });
    });
    flightlog.flush(PATIENCE).unwrap();
    assert!(watcher.only().trail.is_none());
    assert_eq!(flightlog.stats().captured_bytes, 0);
}

#[test]
fn a_record_with_a_trail_is_read_back_as_it_was_written() {
    let (flightlog, watcher) = {
        let home = tempfile::tempdir().unwrap();
        crate::support::watched_with(|builder| builder.dumps(true).dump_dir(home.path()))
    };
    let ours = Registry::default().with(LevelFilter::INFO).with(flightlog.tracing_layer());
    subscriber::with_default(ours, || {
        fails(&flightlog, || async {
            let _span = info_span!("order").entered();
            tracing::info!(n = 1, x = -1, y = 0.25, b = true, t = "text", "told");
            tell_all().await;
        });
    });
    flightlog.flush(Duration::from_secs(20)).unwrap();
    let exchange = watcher.only();
    let trail = exchange.trail.as_ref().unwrap();
    assert_eq!((trail.events().len(), trail.dropped()), (4, 0));
    assert_eq!(trail.limited_to(), Some(LevelFilter::INFO));
    let written = serde_json::to_string(&*exchange).unwrap();
    let read: tower_flightlog::Exchange = serde_json::from_str(&written).unwrap();
    assert_eq!(read, *exchange);
    assert_eq!(serde_json::to_string(&read).unwrap(), written);
}
