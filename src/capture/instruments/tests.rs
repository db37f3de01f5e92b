use std::{
    cell::Cell,
    fmt,
    panic::Location,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, routing::get};
use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::{json, value::RawValue};
use tower::ServiceExt;

use super::{
    super::{Current, current},
    timer::{Ending, Timer},
    value::{head, told},
};
use crate::{
    exchange::{Exchange, StepKind, Value},
    flightlog::FlightLog,
    redact::Redactor,
    sink::MemorySink,
};

/// The record of a request in which `work` was done.
async fn record(work: impl Fn(&Current) + Clone + Send + Sync + 'static) -> Exchange {
    let memory = Arc::new(MemorySink::default());
    let flightlog = FlightLog::builder().files(false).dumps(false).sink(Arc::clone(&memory)).build().unwrap();
    let handler = move || {
        work(&current());
        std::future::ready("done")
    };
    let app: Router = Router::new().route("/", get(handler)).layer(flightlog.axum_layer());
    drop(app.oneshot(http::Request::new(Body::empty())).await.unwrap());
    flightlog.flush(Duration::from_secs(20)).unwrap();
    let exchange = memory.exchanges().remove(0);
    Exchange::clone(&exchange)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn steps(exchange: &Exchange) -> Vec<(&str, StepKind, Duration, Duration, bool)> {
    let told = exchange.steps.iter();
    told.map(|step| (step.name.as_str(), step.kind, step.start, step.length, step.unfinished)).collect()
}

#[tokio::test]
async fn a_timer_and_its_checkpoints_are_a_waterfall_since_arrival() {
    let exchange = record(|current| {
        let arrived = current.flight().unwrap().arrived();
        let begin = |name: &'static str, at| {
            Timer::begin(current, name.into(), Location::caller(), arrived + millis(at))
        };
        let mut outer = begin("generate", 10);
        assert_eq!(outer.checkpoint_at("loaded".into(), arrived + millis(25)), millis(15));
        let mut inner = begin("store", 30);
        assert_eq!(inner.end(Ending::Completed, arrived + millis(35)), millis(5));
        assert_eq!(outer.checkpoint_at("answered".into(), arrived + millis(60)), millis(50));
        assert_eq!(outer.end(Ending::Completed, arrived + millis(70)), millis(60));
    })
    .await;
    let (timer, checkpoint) = (StepKind::Timer, StepKind::Checkpoint);
    assert_eq!(
        steps(&exchange),
        [
            ("generate", timer, millis(10), millis(60), false),
            ("loaded", checkpoint, millis(10), millis(15), false),
            ("answered", checkpoint, millis(25), millis(35), false),
            ("store", timer, millis(30), millis(5), false),
        ]
    );
    let of: Vec<_> = exchange.steps.iter().map(|step| step.timer.as_ref().map(AsRef::as_ref)).collect();
    assert_eq!(of, [None, Some("generate"), Some("generate"), None]);
}

#[tokio::test]
async fn what_goes_on_at_the_end_of_its_exchange_is_told_until_then() {
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let exchange = record(move |current| {
        let timer = current.timer("upload");
        timer.checkpoint("begun");
        *keep.lock().unwrap() = Some(timer);
    })
    .await;
    let [upload, begun] = &exchange.steps[..] else { panic!("{:?}", exchange.steps) };
    assert!(upload.unfinished && !begun.unfinished);
    assert_eq!(upload.start + upload.length, exchange.duration);
    drop(kept.lock().unwrap().take());
}

#[tokio::test]
async fn of_everything_there_is_so_much_and_the_rest_is_counted() {
    let exchange = record(|current| {
        for number in 0..70 {
            current.attribute(format!("a{number}"), number);
        }
        for number in 0..40 {
            current.cache_hit(format!("c{number}"), "k");
        }
        let timer = current.timer("t");
        for _ in 0..70 {
            timer.checkpoint("c");
        }
        drop(timer);
        for _ in 0..200 {
            drop(current.timer("u"));
        }
    })
    .await;
    let kept = (exchange.attributes.len(), exchange.cache.len(), exchange.steps.len());
    assert_eq!(kept, (64, 32, 256));
    // 6 attributes, 8 caches, 6 checkpoints of one timer, and 9 of 265 steps.
    assert_eq!(exchange.instruments_dropped, 6 + 8 + 6 + 9);
}

#[tokio::test]
async fn what_is_kept_of_one_exchange_takes_so_much_memory() {
    let exchange = record(|current| {
        for number in 0..20 {
            current.attribute(format!("a{number}"), "x".repeat(8000));
            // Where it takes the place of another it takes no more.
            current.attribute(format!("a{number}"), "y".repeat(8000));
        }
    })
    .await;
    assert_eq!(exchange.attributes.len(), 8);
    assert_eq!(exchange.instruments_dropped, 12 * 2);
    assert!(exchange.attributes.iter().all(|field| field.value == Value::Text(text(&"y".repeat(8000)))));
}

#[tokio::test]
async fn who_uses_none_has_none() {
    let exchange = record(|_| {}).await;
    let written = serde_json::to_value(&exchange).unwrap();
    for key in ["steps", "attributes", "cache", "instruments_dropped"] {
        assert!(written.get(key).is_none(), "{key}");
    }
}

fn text(text: &str) -> crate::exchange::Redacted {
    Redactor::default().text(text)
}

fn shown<V: Serialize>(name: &str, value: V) -> serde_json::Value {
    serde_json::to_value(told(name, &value, &Redactor::default())).unwrap()
}

#[derive(Serialize)]
enum Kind {
    Unit,
    One(u8),
    Two(u8, u8),
    Named { a: u8 },
}

#[derive(Serialize)]
struct Wrapper(Option<u16>);

#[test]
fn any_value_is_told_as_serde_has_it() {
    assert_eq!(shown("a", true), json!(true));
    assert_eq!(shown("a", -3_i8), json!(-3));
    assert_eq!(shown("a", u64::MAX), json!(u64::MAX));
    assert_eq!(shown("a", u128::from(u64::MAX) + 1), json!("18446744073709551616"));
    assert_eq!(shown("a", 0.1_f32), json!(0.1));
    assert_eq!(shown("a", 2.34), json!(2.34));
    assert_eq!(shown("a", 'é'), json!("é"));
    assert_eq!(shown("a", "text"), json!("text"));
    assert_eq!(shown("a", Wrapper(Some(7))), json!(7));
    assert_eq!(shown("a", Kind::Unit), json!("Unit"));
    assert_eq!(shown("a", Kind::One(1)), json!({"One": 1}));
    assert_eq!(shown("a", Kind::Two(1, 2)), json!({"Two": [1, 2]}));
    assert_eq!(shown("a", Kind::Named { a: 1 }), json!({"Named": {"a": 1}}));
    assert_eq!(
        shown("a", json!({"b": [1, null, {"c": "d"}], "a": 1.5})),
        json!({"a": 1.5, "b": [1, null, {"c": "d"}]})
    );
    assert_eq!(shown("a", [0_u8; 0]), json!([]));
    assert_eq!(shown("a", json!({})), json!({}));
    for nothing in [told("a", &(), &Redactor::default()), told("a", &Wrapper(None), &Redactor::default())] {
        assert_eq!(nothing, None);
    }
}

#[test]
fn what_is_secret_is_masked_wherever_it_stands() {
    assert_eq!(shown("api_key", "abc"), json!("[REDACTED]"));
    assert_eq!(shown("password", 1234), json!("[REDACTED]"));
    assert_eq!(shown("password", ["a", "b"]), json!("[REDACTED]"));
    assert_eq!(shown("password", true), json!(true));
    assert_eq!(shown("card", 4_111_111_111_111_111_u64), json!("[REDACTED]"));
    assert_eq!(shown("note", "password=hunter2"), json!("password=[REDACTED]"));
    let nested = json!({"user": {"name": "ada", "password": "hunter2"}, "headers": [{"name": "cookie", "value": "sid=1"}]});
    let told = shown("context", nested).to_string();
    assert!(told.contains("ada") && told.contains("[REDACTED]"), "{told}");
    assert!(!told.contains("hunter2") && !told.contains("sid=1"), "{told}");
}

#[test]
fn what_is_long_is_told_up_to_a_length_and_a_secret_at_the_cut_is_left_out() {
    let long = shown("a", "é".repeat(10_000));
    let long = long.as_str().unwrap();
    assert!(long.ends_with("é…[20000 bytes]") && long.len() < 8300, "{}", long.len());
    let list = shown("a", vec!["word"; 10_000]);
    let list = list.as_str().unwrap();
    assert!(list.starts_with("[\"word\",\"word\"") && list.ends_with("…[70001 bytes]"), "{list}");
    assert!(list.len() < 8300);
    for at in 8100..8210 {
        let value = json!({"filler": "x".repeat(at), "password": "hunter2hunter2", "rest": "y".repeat(9000)});
        assert!(!shown("a", value).to_string().contains("hunter"), "{at}");
    }
    // Of what has no end somebody stops to ask.
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(std::iter::repeat_n("again and again", 100_000_000))
        }
    }
    let endless = shown("a", Endless);
    assert!(endless.as_str().unwrap().contains("…[more than 2621"), "{endless}");
}

#[test]
fn a_value_that_fails_says_so_and_one_that_lies_harms_nobody() {
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("password=hunter2"))
        }
    }
    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }
    impl fmt::Display for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("no text")
        }
    }
    struct PanicsWithin;
    impl Serialize for PanicsWithin {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("no value")
        }
    }
    assert_eq!(shown("a", Fails), json!("[this cannot be written]"));
    assert_eq!(shown("a", Panics), json!("[saying this panicked]"));
    assert_eq!(shown("a", PanicsWithin), json!("[saying this panicked]"));
    assert_eq!(shown("a", [PanicsWithin]), json!("[saying this panicked]"));
    let by_number: std::collections::BTreeMap<_, _> = [((1, 2), 3)].into();
    assert_eq!(shown("a", by_number), json!("[this cannot be written]"));
    for (raw, told) in [("1e400", "1e400"), (r#"["\ud800"]"#, r#"["\ud800"]"#), ("[1e400]", "[1e400]")] {
        let raw = RawValue::from_string(raw.into()).unwrap();
        assert_eq!(shown("a", &raw), json!(told));
    }
    let deep = RawValue::from_string("[".repeat(100) + &"]".repeat(100)).unwrap();
    assert!(shown("a", &deep).is_string());
}

#[test]
fn of_data_for_debugging_so_many_characters_are_told() {
    let scrub = Redactor::default();
    let told = |value: &serde_json::Value| head("data", value, 10, &scrub).unwrap();
    assert_eq!(told(&json!("0123456789")), (Value::Text(text("0123456789")), false));
    assert_eq!(told(&json!("ééééééééééé")), (Value::Text(text("éééééééééé")), true));
    assert!(!told(&json!([1, 2, 3])).1);
    let (Value::Text(cut), true) = told(&json!([100, 200, 300])) else { panic!("it is cut") };
    assert_eq!(cut, "[100,200,3");
    assert_eq!(told(&json!(12_345_678_901_u64)), (Value::Unsigned(12_345_678_901), false));
    // The cut comes after the mask.
    let (Value::Text(cut), true) = told(&json!({"pwd": "hunter2hunter2"})) else { panic!("it is cut") };
    assert_eq!(cut, "{\"pwd\":\"[R");
}

#[test]
fn who_asks_a_value_is_asked_in_turn() {
    thread_local!(static ASKED: Cell<u32> = const { Cell::new(0) });
    struct Curious;
    impl Serialize for Curious {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            ASKED.set(ASKED.get() + 1);
            current().attribute("inner", 1);
            current().event("inner").field("a", 2);
            drop(current().timer("inner"));
            serializer.serialize_u8(1)
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let exchange = runtime.block_on(record(|current| current.attribute("outer", Curious)));
    let names: Vec<_> = exchange.attributes.iter().map(|field| &*field.name).collect();
    assert_eq!((names, ASKED.get()), (vec!["inner", "outer"], 1));
}
