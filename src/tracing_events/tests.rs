use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Write},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, filter_fn},
    fmt::MakeWriter,
    layer::{Context, SubscriberExt},
};

use super::TracingEvents;
use crate::{
    exchange::{Exchange, RequestId},
    export::{
        View, entry,
        fixtures::{dumped, exchange},
    },
    sink::Formatter,
};

/// The fields of every event, as a layer of somebody else's sees them.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Told>>>);

type Told = (Level, BTreeMap<String, Value>);

impl<S: Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        assert_eq!(event.metadata().target(), "flightlog");
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push((*event.metadata().level(), fields.0));
    }
}

/// Counts all events.
struct Counting(Arc<Mutex<u32>>);

impl<S: Subscriber> Layer<S> for Counting {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        *self.0.lock().unwrap() += 1;
    }
}

#[derive(Default)]
struct Fields(BTreeMap<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().into(), value);
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }
}

fn tell(view: View, exchange: &Exchange) {
    let sink = TracingEvents::new(Arc::new(move || view));
    sink.started(&exchange.began);
    sink.finished(exchange);
}

fn heard(view: View, exchange: &Exchange) -> Vec<Told> {
    let heard = Heard::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(heard.clone()), || {
        tell(view, exchange)
    });
    let events = heard.0.lock().unwrap();
    events.clone()
}

/// The entries of an exchange, without what a subscriber adds by itself, and with its lists and objects as text.
fn entries(view: View, exchange: &Exchange) -> Vec<BTreeMap<String, Value>> {
    let mut out = Vec::new();
    if !view.combined {
        entry::request(&mut out, &view, exchange).number(&mut out, 1);
    }
    for kind in entry::entries_of(exchange) {
        entry::finished(&mut out, &view, exchange, kind).number(&mut out, 1);
    }
    String::from_utf8(out).unwrap().lines().map(|line| as_fields(line.as_bytes())).collect()
}

fn as_fields(line: &[u8]) -> BTreeMap<String, Value> {
    let as_text = |(name, value): (String, Value)| match value {
        Value::Array(list) => {
            (name, list.iter().map(|text| text.as_str().unwrap()).collect::<Vec<_>>().join(": ").into())
        }
        Value::Object(_) => (name, value.to_string().into()),
        _ => (name, value),
    };
    let mut entry: BTreeMap<String, Value> = serde_json::from_slice(line).unwrap();
    entry.retain(|name, _| !["timestamp", "level", "run", "seq"].contains(&name.as_str()));
    entry.into_iter().map(as_text).collect()
}

#[test]
fn events_have_the_fields_of_entries() {
    let panicked = exchange(json!({
        "outcome": "panicked", "response": null, "ttfb_ms": null,
        "error": {"message": "oh", "location": "src/main.rs:1", "backtrace": "0: main"},
    }));
    for exchange in [exchange(json!({})), dumped(), panicked] {
        for verbosity in 0..4 {
            for combined in [false, true] {
                let view = View { verbosity, combined, ..View::default() };
                let told: Vec<_> = heard(view, &exchange).into_iter().map(|(_, fields)| fields).collect();
                assert_eq!(told, entries(view, &exchange), "{verbosity} {combined}");
            }
        }
    }
}

#[test]
fn levels_are_those_of_entries() {
    for (own, expected) in [
        (json!({}), vec![Level::INFO, Level::INFO]),
        (json!({"began": {"request": {"method": "OPTIONS"}}}), vec![Level::INFO, Level::DEBUG]),
        (json!({"response": {"status": 404}}), vec![Level::INFO, Level::WARN]),
        (json!({"response": {"status": 500}}), vec![Level::INFO, Level::ERROR, Level::ERROR]),
        (json!({"outcome": "body_error"}), vec![Level::INFO, Level::ERROR, Level::ERROR]),
    ] {
        let levels: Vec<_> =
            heard(View::default(), &exchange(own)).into_iter().map(|(level, _)| level).collect();
        assert_eq!(levels, expected);
    }
}

#[test]
fn what_still_runs_is_told_and_what_came_through_tracing_is_not_told_again() {
    let event = |kind: Value| -> crate::exchange::Event {
        serde_json::from_value(json!({
            "timestamp": "2026-11-20T10:30:00.000000Z", "level": "WARN", "kind": kind, "module": "tower_flightlog",
            "request_id": "0198c0de-0000-7000-8000-000000000001", "message": "still running after 5.0 s: GET /slow",
            "fields": [{"name": "age_ms", "value": 5000}, {"name": "endpoint", "value": "/slow"}],
        }))
        .unwrap()
    };
    let (still_running, log) = (event(json!({"custom_event": "still_running"})), event(json!("log")));
    let heard = Heard::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(heard.clone()), || {
        let sink = TracingEvents::new(Arc::new(View::default));
        sink.event(&log);
        sink.event(&still_running);
    });
    let mut line = Vec::new();
    entry::log(&mut line, &View::default(), &still_running).number(&mut line, 1);
    let told = heard.0.lock().unwrap().clone();
    assert_eq!(told, [(Level::WARN, as_fields(&line))]);
    assert_eq!(told[0].1["fields"], r#"{"age_ms":5000,"endpoint":"/slow"}"#);
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Buffer {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn the_json_formatter_of_tracing_subscriber_writes_them() {
    let buffer = Buffer::default();
    let subscriber = tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(buffer.clone()));
    tracing::subscriber::with_default(subscriber, || tell(View::default(), &dumped()));
    let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["request", "response", "error"]);
    assert!(lines.iter().all(|line| line["target"] == "flightlog"));
    assert_eq!(lines[1]["status_code"], 500);
    assert_eq!(lines[1]["duration_ms"], 250.0);
    assert_eq!(lines[2]["error_chain"], "connection refused: os error 111");
    assert_eq!(lines[2]["message"], "stock service refused");
}

#[test]
fn a_layer_that_refuses_exchanges_misses_nothing_else() {
    // While another subscriber would take them, each is asked anew for every event.
    let _other = tracing::Dispatch::new(tracing_subscriber::registry());
    let told = Arc::new(Mutex::new(0));
    let count = Arc::clone(&told);
    let refusing = filter_fn(|metadata| metadata.target() != "flightlog");
    let layer = Counting(count).with_filter(refusing);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let combined = TracingEvents::new(Arc::new(|| View { combined: true, ..View::default() }));
        combined.started(&dumped().began);
        tracing::info!("something else");
        tell(View::default(), &dumped());
        tracing::info!("something else");
    });
    assert_eq!(*told.lock().unwrap(), 2);
}

#[test]
fn where_nobody_listens_nothing_is_looked_at() {
    let sink = TracingEvents::new(Arc::new(|| panic!("nobody asked")));
    // A filter for all layers: of one layer's filter the registry cannot tell, while a subscriber on another thread
    // listens, that nobody does.
    let quiet = tracing_subscriber::registry().with(LevelFilter::OFF).with(Heard::default());
    tracing::subscriber::with_default(quiet, || {
        sink.finished(&dumped());
    });
}

#[test]
fn a_listener_for_errors_hears_failures_only() {
    let heard = Heard::default();
    let errors = tracing_subscriber::registry().with(heard.clone().with_filter(LevelFilter::ERROR));
    tracing::subscriber::with_default(errors, || {
        tell(View::default(), &exchange(json!({})));
        tell(View::default(), &dumped());
    });
    let types: Vec<_> = heard.0.lock().unwrap().iter().map(|(_, fields)| fields["type"].clone()).collect();
    assert_eq!(types, ["response", "error"]);
    let _: RequestId = heard.0.lock().unwrap()[0].1["request_id"].as_str().unwrap().parse().unwrap();
}
