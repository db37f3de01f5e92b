use serde_json::{Map, json};
use tracing::{field::Empty, info_span};

use super::{listening, site};

#[test]
fn an_entry_has_its_own_fields_then_those_of_its_spans_from_the_innermost_outwards() {
    let (told, _guard) = listening();
    let outer = info_span!("outer", a = "outer", b = "outer", d = "outer").entered();
    let _inner = info_span!("inner", b = "inner", c = "inner", message = "of a span").entered();
    tracing::info!(a = "own", a = "again", "told");
    let entry = told.lines().pop().unwrap();
    let expected =
        r#""fields":{"a":["own","again"],"b":"inner","c":"inner","message":"of a span","d":"outer"}}"#;
    assert!(entry.trim_end().ends_with(expected), "{entry}");
    tracing::info!(parent: &outer, "told");
    assert_eq!(told.only()["fields"], json!({"a": "outer", "b": "outer", "d": "outer"}));
    tracing::info!(parent: None, "told");
    assert!(told.only().get("fields").is_none());
}

#[test]
fn what_is_recorded_later_counts_from_then_on() {
    let (told, _guard) = listening();
    let span = info_span!("order", id = 7, state = "new", total = Empty);
    let tell = || {
        span.in_scope(|| tracing::info!("told"));
        told.only()["fields"].take()
    };
    assert_eq!(tell(), json!({"id": 7, "state": "new"}));
    span.record("total", 9.5).record("state", "paid");
    assert_eq!(tell(), json!({"id": 7, "state": "paid", "total": 9.5}));
    let bare = info_span!("bare", late = Empty);
    bare.record("late", true);
    bare.in_scope(|| tracing::info!("told"));
    assert_eq!(told.only()["fields"], json!({"late": true}));
}

#[test]
fn fields_of_spans_are_redacted_and_bounded() {
    let (told, _guard) = listening();
    let long = "long ".repeat(3000);
    let span =
        info_span!("login", password = "hunter2", pin = 1234, note = "token=s3cr3t", long, later = Empty);
    span.record("later", "Bearer abcdef0123456789");
    span.in_scope(|| tracing::info!("told"));
    let entry = told.lines().pop().unwrap();
    for secret in ["hunter2", "1234", "s3cr3t", "abcdef0123456789"] {
        assert!(!entry.contains(secret), "{secret} in {entry}");
    }
    let fields = &serde_json::from_str::<serde_json::Value>(&entry).unwrap()["fields"];
    assert_eq!(fields["password"], "[REDACTED]");
    let head = fields["long"].as_str().unwrap().strip_suffix("…[15000 bytes]").unwrap();
    assert_eq!(head.len(), 8190, "without half a word");
}

#[test]
fn a_field_of_another_place_is_judged_by_its_own_name() {
    let (told, _guard) = listening();
    let span = info_span!("here", a = Empty, b = Empty);
    let elsewhere =
        site("there", tracing::Level::INFO, tracing::metadata::Kind::SPAN, &["password", "pin", "c"]);
    let fields: Vec<_> = elsewhere.fields().iter().collect();
    let [password, pin, c] = [&fields[0], &fields[1], &fields[2]];
    let values: [(_, Option<&dyn tracing::Value>); 3] =
        [(password, Some(&"x")), (pin, Some(&1)), (c, Some(&2))];
    span.record_all(&elsewhere.fields().value_set(&values));
    span.in_scope(|| tracing::info!("told"));
    assert_eq!(told.only()["fields"], json!({"password": "[REDACTED]", "pin": "[REDACTED]", "c": 2}));
}

#[test]
fn an_entry_has_128_fields_at_most_64_of_each_span() {
    let (told, _guard) = listening();
    let names = |from: usize| -> &'static [&'static str] {
        let names = (from..from + 30).map(|n| &*Box::leak(format!("field_{n}").into_boxed_str()));
        Box::leak(names.collect())
    };
    let deepest = (0..6).fold(tracing::Span::none(), |parent, depth| {
        let metadata = site("here", tracing::Level::INFO, tracing::metadata::Kind::SPAN, names(depth * 30));
        let fields: Vec<_> = metadata.fields().iter().collect();
        let [a, b, c] = [&fields[0], &fields[1], &fields[2]];
        let one: Option<&dyn tracing::Value> = Some(&1);
        let parent = parent.id();
        let span = tracing::Span::child_of(
            parent,
            metadata,
            &metadata.fields().value_set(&[(a, one), (b, one), (c, one)]),
        );
        for field in &fields[3..] {
            span.record(field.name(), 1);
        }
        span
    });
    deepest.in_scope(|| tracing::info!("told"));
    let fields: Map<_, _> = told.only()["fields"].as_object().unwrap().clone();
    assert_eq!(fields.len(), 128);
    assert!(fields.contains_key("field_150") && !fields.contains_key("field_0"));
}
