use std::{collections::BTreeSet, sync::Arc};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Dump, DumpError};
use crate::{
    exchange::{BodyText, CapturedBody, Exchange, StepKind, must_escape},
    export::{
        Context, Similar,
        dump::{
            dump,
            tests::{exchanges, text},
        },
        fixtures::{dumped, exchange, failed, validated_dump},
    },
    formats::{DUMP_EXAMPLE, DUMP_SCHEMA},
};

/// What a dump tells of an exchange.
fn as_told(exchange: &Exchange, trigger: &str) -> Exchange {
    let mut told = exchange.clone();
    let began = Arc::make_mut(&mut told.began);
    (began.span_id, began.parent_span_id, began.client_request_id_rejected) = (None, None, false);
    began.told = began.started;
    let empty = |body: &CapturedBody| body.total_bytes() == 0 && body.is_complete();
    if empty(&began.request.body) {
        began.request.body = CapturedBody::default();
    }
    if let Some(response) = told.response.as_mut().filter(|response| empty(&response.body)) {
        response.body = CapturedBody::default();
    }
    told.slow = trigger == "slow";
    told.dump = None;
    told
}

/// The same dump, written again.
fn again(read: &Dump) -> String {
    let similar = read.similar.unwrap();
    let context =
        Context { trigger: &read.trigger, service: &read.service, similar, recorder: &read.recorder };
    dump(&read.exchange, &context).unwrap()
}

#[test]
fn what_was_written_reads_back() {
    let grpc = json!({"status": 200, "trailers": {"grpc-status": "13"}});
    for exchange in [
        failed(&[]),
        dumped(),
        failed(&[("/began/request/body", json!({"bytes": 4, "sha256": "ab"})), ("/response", Value::Null)]),
        failed(&[("/began/request/body", json!({"captured_bytes": 0, "total_bytes": 0, "complete": false}))]),
        failed(&[("/response/body", json!({})), ("/error", Value::Null), ("/ttfb_ms", Value::Null)]),
        exchange(json!({"outcome": "panicked", "response": null, "ttfb_ms": null})),
        exchange(json!({"response": grpc, "grpc_status": 13})),
        exchange(json!({
            "stream": {
                "events": 3, "bytes": 90, "first_byte_ms": 1.5, "first_event_ms": 2.0, "largest_gap_ms": 0.25,
                "duration_ms": 4.125, "ended_by": "client", "cut": true, "unlogged": 2,
            },
            "llm": {
                "provider": "anthropic", "operation": "chat", "request_model": "a", "model": "b", "input_tokens": 3,
                "output_tokens": 4, "cached_tokens": 1, "cache_write_tokens": 2, "reasoning_tokens": 0,
                "finish_reasons": ["end_turn"], "time_to_first_token_ms": 2.0, "tokens_per_second": 61.5,
            },
        })),
    ] {
        let written = text(&exchange);
        let read: Dump = written.parse().unwrap();
        let mut told = as_told(&exchange, "500");
        told.grpc_status = read.exchange.grpc_status;
        assert_eq!(read.exchange, told);
        assert_eq!(again(&read), written);
        assert_eq!(
            (read.trigger.as_str(), read.service.name.as_str(), read.service.pid),
            ("500", "shop", 4711)
        );
        assert_eq!(read.recorder.counters["begun"], 7);
    }
    let read: Dump =
        text(&exchange(json!({"response": {"trailers": {"grpc-status": "13"}}}))).parse().unwrap();
    assert_eq!(read.exchange.grpc_status, Some(13));
}

proptest! {
    #[test]
    fn every_dump_reads_back(exchange in exchanges()) {
        let written = text(&exchange);
        let read: Dump = written.parse().unwrap();
        // Redaction escapes these; the exchanges of this test have not gone through it.
        let acts = |body: &CapturedBody| matches!(body.whole(), BodyText::Json(json) if json.as_str().contains(must_escape));
        if !acts(&exchange.request.body) && !exchange.response.as_ref().is_some_and(|response| acts(&response.body)) {
            prop_assert_eq!(&read.exchange, &as_told(&exchange, "500"));
            prop_assert_eq!(&again(&read), &written);
        }
        let twice: Dump = again(&read).parse().unwrap();
        prop_assert_eq!(twice, read);
    }
}

#[test]
fn the_example_of_the_documentation_is_a_dump() {
    validated_dump(DUMP_EXAMPLE);
    let read: Dump = DUMP_EXAMPLE.parse().unwrap();
    let trail = read.exchange.trail.as_ref().unwrap();
    let events = trail.events();
    assert_eq!((events.len(), trail.dropped()), (2, 2));
    assert_eq!(events[1].spans, ["place_order", "reserve"]);
    assert_eq!(events[1].fields[0].name, "item");
    assert_eq!(events[1].location.as_ref().unwrap().to_string(), "src/stock.rs:34");
    assert_eq!(events[1].at.as_micros(), 1900);
    let similar = read.similar.unwrap();
    assert_eq!((similar.fingerprint, similar.count), (read.exchange.fingerprint(), 4));
    let steps = &read.exchange.steps;
    assert_eq!(steps.iter().map(|step| step.kind).collect::<Vec<_>>(), [StepKind::Query, StepKind::Outbound]);
    assert_eq!((steps[0].rows, steps[1].status.map(|status| status.as_u16())), (Some(1), Some(503)));
    let bare = Exchange { trail: None, steps: Vec::new(), instruments_dropped: 0, ..read.exchange.clone() };
    assert_eq!(as_told(&failed(&[]), "500"), bare);
    assert_eq!(again(&read), DUMP_EXAMPLE);
}

/// The other examples of the documentation.
const CHAT: &str = include_str!("../../formats/dump_chat.json");
const CALL: &str = include_str!("../../formats/dump_call.json");

#[test]
fn the_other_examples_of_the_documentation_are_dumps() {
    let written = [CHAT, CALL].map(|example| {
        let read: Dump = example.parse().unwrap();
        let similar = Similar { fingerprint: read.exchange.fingerprint(), ..read.similar.unwrap() };
        again(&Dump { similar: Some(similar), ..read })
    });
    written.iter().map(|dump| validated_dump(dump)).for_each(drop);
    let [chat, call] = &written;
    assert_eq!(
        written,
        [CHAT, CALL],
        "src/formats/dump_chat.json and dump_call.json have to be:\n{chat}{call}"
    );
}

/// Keys that no example has.
const UNSHOWN: &[(&str, &str)] =
    &[("llm.cache_write_tokens", "the provider of the example does not tell them")];

/// The keys of a dump, as the documentation names them; what is in values of the user's is no key.
fn told(value: &Value, path: &str, known: &BTreeSet<String>, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| told(item, &format!("{path}[]"), known, found)),
        Value::Object(members) => {
            for (name, value) in members {
                let parent = if path.ends_with(".body") { "body" } else { path };
                let path = if parent.is_empty() { name.clone() } else { format!("{parent}.{name}") };
                if known.contains(&path) {
                    told(value, &path, known, found);
                    found.insert(path);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn every_key_stands_in_an_example() {
    let schema: Value = serde_json::from_str(DUMP_SCHEMA).unwrap();
    let (mut known, mut shown) = (BTreeSet::new(), BTreeSet::new());
    keys(&schema, &schema, "", &mut known);
    for example in [DUMP_EXAMPLE, CHAT, CALL] {
        told(&serde_json::from_str(example).unwrap(), "", &known, &mut shown);
    }
    let unshown: Vec<_> = known.difference(&shown).map(String::as_str).collect();
    assert_eq!(unshown, UNSHOWN.iter().map(|(key, _)| *key).collect::<Vec<_>>());
}

/// The keys that the schema knows, as the documentation names them.
fn keys(schema: &Value, value: &Value, path: &str, found: &mut BTreeSet<String>) {
    let reference =
        value.get("$ref").and_then(Value::as_str).map(|reference| reference.trim_start_matches('#'));
    let value = reference.map_or(value, |reference| schema.pointer(reference).unwrap());
    if let Some(items) = value.get("items") {
        keys(schema, items, &format!("{path}[]"), found);
    }
    // Counters are documented where they are counted.
    let Some(properties) = value.get("properties").filter(|_| path != "recorder.counters") else { return };
    for (name, value) in properties.as_object().unwrap() {
        let path = match path.rsplit_once('.').map_or(path, |(_, last)| last) {
            "" => name.clone(),
            "body" => format!("body.{name}"),
            _ => format!("{path}.{name}"),
        };
        keys(schema, value, &path, found);
        found.insert(path);
    }
}

#[test]
fn the_documentation_describes_every_key_and_no_other() {
    let schema: Value = serde_json::from_str(DUMP_SCHEMA).unwrap();
    let mut known = BTreeSet::new();
    keys(&schema, &schema, "", &mut known);
    let documentation = include_str!("../../formats/mod.rs");
    let (_, dumps) = documentation.split_once("//! # Dumps\n").unwrap();
    let described = dumps.lines().filter_map(|line| line.strip_prefix("//! | `")?.split_once('`'));
    let described: Vec<_> = described.map(|(key, _)| key.to_owned()).collect();
    assert_eq!(described.iter().cloned().collect::<BTreeSet<_>>(), known);
    let top: Vec<_> = described.iter().filter(|key| !key.contains('.')).collect();
    let order: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    // serde_json sorts what it reads: the schema's own order is that of its text.
    let place =
        |key: &str| DUMP_SCHEMA.find(&format!("\n    \"{key}\": {{")).unwrap_or_else(|| panic!("{key}"));
    assert_eq!(top.len(), order.len());
    assert!(top.is_sorted_by_key(|key| place(key)), "{top:?}");
}

#[test]
fn what_a_later_release_adds_is_passed_over() {
    let mut newer: Value = serde_json::from_str(DUMP_EXAMPLE).unwrap();
    for parent in [
        "",
        "/error",
        "/timing",
        "/timing/steps/0",
        "/request",
        "/request/body",
        "/response",
        "/events/0",
        "/service",
        "/similar",
        "/recorder",
    ] {
        newer.pointer_mut(parent).unwrap()["new"] = json!({"x": [1, null]});
    }
    newer["trigger"] = json!("teapot");
    newer["recorder"]["counters"]["new"] = json!({"a": 1.5});
    let read: Dump = newer.to_string().parse().unwrap();
    assert_eq!(read.trigger, "teapot");
    assert_eq!(read.exchange.trail.as_ref().unwrap().events().len(), 2);
    assert_eq!(serde_json::from_value::<Dump>(newer).unwrap().exchange, read.exchange);
}

#[test]
fn what_is_no_dump_says_what_is_wrong_and_where() {
    let told = |text: &str| text.parse::<Dump>().unwrap_err().to_string();
    assert_eq!(told(""), "not a dump: EOF while parsing a value at line 1 column 0");
    assert_eq!(told("[]").split(':').next(), Some("not a dump"));
    assert_eq!(
        told(r#"{"schema":"flightlog.entry/1\u001b"}"#),
        "not a dump: its `schema` is \"flightlog.entry/1\\u{1b}\", not \"flightlog.dump/1\""
    );
    let two =
        DUMP_EXAMPLE.replace("flightlog.dump/1", "flightlog.dump/2").replace("\"trigger\"", "\"cause\"");
    let error = two.parse::<Dump>().unwrap_err();
    assert_eq!(error.other_version(), Some("flightlog.dump/2"));
    assert_eq!(
        error.to_string(),
        "a dump of the version flightlog.dump/2; this release reads flightlog.dump/1"
    );
    assert!(serde_json::from_str::<Dump>(&two).unwrap_err().to_string().contains("flightlog.dump/2"));
    for (from, to, expected) in [
        ("\"status\": 500", "\"status\": 99", "99 is not a status from 100 to 999 at line"),
        ("\"method\": \"POST\"", "\"method\": \"P OST\"", "\"P OST\" is not a method at line"),
        ("\"level\": \"INFO\"", "\"level\": \"LOUD\"", "\"LOUD\" is not a level at line"),
        ("\"at_ms\": 1.9", "\"at_ms\": -1", "-1 is not a duration in milliseconds at line"),
        ("src/stock.rs:34", "src/stock.rs", "is not a place such as src/orders.rs:42 at line"),
        ("\"outcome\": \"complete\"", "\"outcome\": \"odd\"", "unknown variant `odd`"),
        ("\"endpoint\": ", "\"end\": ", "missing field `endpoint` at line"),
    ] {
        let broken = DUMP_EXAMPLE.replacen(from, to, 1);
        assert_ne!(broken, DUMP_EXAMPLE, "{from}");
        let told = told(&broken);
        assert!(told.starts_with("a dump with something wrong in it: ") && told.contains(expected), "{told}");
    }
}

#[test]
fn a_dump_that_was_cut_anywhere_is_an_error() {
    let text = DUMP_EXAMPLE.trim_end();
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        assert!(text[..end].parse::<Dump>().is_err());
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let told = |name: &str, error: DumpError| {
        let path = directory.path().join(name);
        assert_eq!(error.path(), Some(path.as_path()));
        error.to_string().strip_prefix(&format!("{}: ", path.display())).unwrap().to_owned()
    };
    let read = |name: &str| told(name, Dump::read(directory.path().join(name)).unwrap_err());
    assert!(read("none.json").starts_with("it cannot be read: No such file"));
    std::fs::create_dir(directory.path().join("d")).unwrap();
    assert_eq!(read("d"), "it cannot be read: it is not a regular file");
    std::fs::write(directory.path().join("latin.json"), b"\xff").unwrap();
    assert!(read("latin.json").starts_with("it cannot be read: stream did not contain valid UTF-8"));
    std::fs::write(directory.path().join("half.json"), &DUMP_EXAMPLE[..300]).unwrap();
    assert!(read("half.json").starts_with("not a dump: EOF while parsing"));
}
