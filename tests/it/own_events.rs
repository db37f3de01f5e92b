//! What handlers tell by themselves, in the trail of their dump.

use std::{convert::Infallible, fs, future::Future};

use axum::body::Body;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_flightlog::{Dump, FlightLog, FlightLogBuilder, current, debug, event};
use tracing::{Level, subscriber};
use tracing_subscriber::{Registry, layer::SubscriberExt};

use crate::support::{flush, validated_dump};

/// The dump of a request whose handler does this and fails.
fn dump_of<F: Future<Output = ()>>(
    set: impl FnOnce(FlightLogBuilder) -> FlightLogBuilder,
    is_heard: bool,
    handler: impl FnOnce() -> F + Clone,
) -> (Value, Dump) {
    let home = tempfile::tempdir().unwrap();
    let flightlog = set(FlightLog::builder().files(false).dump_dir(home.path())).build().unwrap();
    let layer = is_heard.then(|| flightlog.tracing_layer());
    let _guard = subscriber::set_default(Registry::default().with(layer));
    let service = tower::ServiceBuilder::new().layer(flightlog.layer()).service_fn(move |_: Request<_>| {
        let done = handler.clone()();
        async move {
            done.await;
            let response = Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR);
            Ok::<_, Infallible>(response.body(Body::empty()).unwrap())
        }
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let response = service.oneshot(Request::new(Body::empty())).await.unwrap();
        response.into_body().collect().await.unwrap();
    });
    flush(&flightlog);
    let path = fs::read_dir(home.path()).unwrap().next().unwrap().unwrap().path();
    (validated_dump(&fs::read_to_string(&path).unwrap()), Dump::read(&path).unwrap())
}

fn names(dump: &Value) -> Vec<&str> {
    let name = |event: &'_ Value| event.get("event_type").is_some();
    let events = dump["events"].as_array().unwrap();
    events
        .iter()
        .map(|event| event[if name(event) { "event_type" } else { "message" }].as_str().unwrap())
        .collect()
}

#[derive(Debug, thiserror::Error)]
#[error("the oven is cold")]
struct Cold(#[source] std::fmt::Error);

async fn tells() {
    tracing::debug!(step = 1, "looking up");
    event!(
        "order_refused",
        message: "no oven for ada",
        level: Level::WARN,
        error: &Cold(std::fmt::Error),
        oven = json!({"name": "north", "degrees": [20, 21.5], "password": "canary-1"}),
        api_key = "canary-2",
    );
    debug!(1, "the dough", json!({"flour": 500}));
    tracing::info!("giving up");
    current().event("done").field("tries", 1).field("tries", 2);
    current().timer("bake").finish();
}

#[test]
fn they_stand_between_the_tracing_events_in_the_order_in_which_they_were_told() {
    let (dump, read) = dump_of(|log| log, true, tells);
    assert_eq!(names(&dump), ["looking up", "order_refused", "giving up", "done"]);
    let events = dump["events"].as_array().unwrap();
    assert!(events.windows(2).all(|pair| pair[0]["at_ms"].as_f64() <= pair[1]["at_ms"].as_f64()), "{dump:#}");
    let mut refused = events[1].clone();
    let location = refused.as_object_mut().unwrap().remove("location").unwrap();
    assert!(location.as_str().unwrap().starts_with("tests/it/own_events.rs:"), "{location}");
    refused.as_object_mut().unwrap().remove("at_ms").unwrap();
    assert_eq!(
        refused,
        json!({
            "level": "WARN",
            "target": "it::own_events",
            "event_type": "order_refused",
            "message": "no oven for ada",
            "fields": {
                "error": "the oven is cold",
                "error_type": "it::own_events::Cold",
                "oven": {"name": "north", "degrees": [20, 21.5], "password": "[REDACTED]"},
                "api_key": "[REDACTED]",
                "error_chain": ["an error occurred when formatting an argument"],
            },
        })
    );
    assert_eq!(events[3]["fields"], json!({"tries": 2}), "each name once");
    assert!(!dump.to_string().contains("canary"), "{dump:#}");
    assert!(read.markdown().contains("WARN  it::own_events order_refused: no oven for ada error="));
    let trail = read.exchange.trail.unwrap();
    assert_eq!(trail.events()[1].event_type.as_deref(), Some("order_refused"));
    assert!(trail.events()[0].event_type.is_none());
}

#[test]
fn what_is_for_who_debugs_is_there_where_it_is_enabled() {
    let (dump, _) = dump_of(|log| log.verbosity(tower_flightlog::Verbosity::new(1).unwrap()), true, tells);
    assert_eq!(names(&dump), ["looking up", "order_refused", "debug", "giving up", "done"]);
    let event = &dump["events"][2];
    assert_eq!((&event["message"], &event["level"]), (&json!("the dough"), &json!("DEBUG")));
    assert_eq!(event["fields"], json!({"data": {"flour": 500}}));
}

#[test]
fn they_need_no_tracing_layer_and_do_not_say_that_there_is_one() {
    let (dump, _) = dump_of(|log| log, false, tells);
    assert_eq!(names(&dump), ["order_refused", "done"]);
    assert_eq!(dump["events_limited_to"], "OFF");
}

#[test]
fn the_last_ones_are_kept_and_8_kib_of_each() {
    let (dump, _) = dump_of(
        |log| log,
        true,
        || async {
            for number in 0..300 {
                event!("counted", number);
            }
            let long = "long ".repeat(4000);
            let list = vec!["long"; 1000];
            event!("long", message: &long, first = &long);
            event!("longer", first = &list, fourth = 4, second = &list, third = &long);
        },
    );
    let events = dump["events"].as_array().unwrap();
    let dropped = dump["events_dropped"].as_u64().unwrap();
    assert_eq!((events.len() as u64 + dropped, events.len() <= 256), (302, true));
    assert_eq!(events[0]["fields"]["number"], dropped, "the oldest go first");
    let [.., long, longer] = &events[..] else { unreachable!() };
    assert!(long["message"].as_str().unwrap().ends_with("…[20000 bytes]"), "{long}");
    assert_eq!(long["fields"], json!({"fields_dropped": 1}));
    assert_eq!(
        longer["fields"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["fields_dropped", "first", "fourth", "third"]
    );
    assert!(longer["fields"]["third"].as_str().unwrap().ends_with("…[20000 bytes]"));
    for event in [long, longer] {
        assert!(event.to_string().len() < 9 * 1024, "{}", event.to_string().len());
    }
}
