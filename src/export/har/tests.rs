use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    exchange::must_escape,
    export::{
        Dump,
        dump::tests::{exchanges, text},
        fixtures::failed,
    },
    formats::DUMP_EXAMPLE,
};

static HAR: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(include_str!("har-1.2.schema.json")).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
});

/// The entries of an archive that the specification allows.
#[track_caller]
fn entries(archive: &str) -> Vec<Value> {
    let mut value: Value = serde_json::from_str(archive).unwrap();
    let wrong: Vec<_> =
        HAR.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(wrong, Vec::<String>::new(), "{archive}");
    value["log"]["entries"].as_array_mut().unwrap().drain(..).collect()
}

fn entry(changes: &[(&str, Value)]) -> Value {
    let dump: Dump = text(&failed(changes)).parse().unwrap();
    entries(&dump.har()).remove(0)
}

#[test]
fn an_entry_tells_what_the_dump_tells() {
    let dump: Dump = DUMP_EXAMPLE.parse().unwrap();
    let entry = entries(&dump.har()).remove(0);
    let own: Value = serde_json::from_str(DUMP_EXAMPLE).unwrap();
    assert_eq!(entry["startedDateTime"], "2026-11-20T10:29:59.873456Z");
    assert_eq!(entry["timings"], json!({"send": 0, "wait": 249.5, "receive": 0.5}));
    assert_eq!(entry["_events"], own["events"]);
    assert_eq!(entry["_events_dropped"], 2);
    assert_eq!(entry["_error"], own["error"]);
    assert_eq!(entry["_request_id"], own["request_id"]);
    assert_eq!(entry["request"]["queryString"], json!([{"name": "token", "value": "[REDACTED]"}]));
    assert_eq!(
        entry["request"]["postData"],
        json!({"mimeType": "application/json", "params": [], "text": r#"{"card":{"number":"[REDACTED]"},"item":"café","price":1.5}"#})
    );
    assert_eq!(entry["request"]["_truncated"], false);
    assert_eq!(
        entry["response"]["cookies"],
        json!([{"name": "sid", "value": "[REDACTED]", "path": "/"}, {"name": "theme", "value": "dark"}])
    );
    assert_eq!(entry["response"]["content"]["comment"], "2048 of its 4096 bytes were kept");
    assert_eq!(
        (&entry["response"]["_truncated"], &entry["response"]["statusText"]),
        (&json!(true), &json!("Internal Server Error"))
    );
}

#[test]
fn what_is_not_there_is_said_to_be_not_there() {
    let image = json!({"content_type": "image/png", "bytes": 4, "sha256": "ab"});
    let entry = entry(&[
        ("/response", Value::Null),
        ("/ttfb_ms", Value::Null),
        ("/began/request/body", image),
        ("/began/request/headers", json!({"cookie": "a=[REDACTED]; [REDACTED]"})),
        ("/began/request/url", json!("/x?&a&b=c=d&")),
    ]);
    assert_eq!(entry["response"]["status"], 0);
    assert_eq!(entry["request"]["postData"]["comment"], "4 bytes that are not text, SHA-256 ab");
    assert_eq!(entry["request"]["postData"]["mimeType"], "image/png");
    assert_eq!(
        entry["request"]["queryString"],
        json!([{"name": "a", "value": ""}, {"name": "b", "value": "c=d"}])
    );
    assert_eq!(
        entry["request"]["cookies"],
        json!([{"name": "a", "value": "[REDACTED]"}, {"name": "", "value": "[REDACTED]"}])
    );
    assert_eq!(entry["time"], 250.0);
}

#[test]
fn several_dumps_are_one_archive_by_time() {
    let later: Dump =
        text(&failed(&[("/began/started", json!("2026-11-20T10:31:00.000000Z"))])).parse().unwrap();
    let first: Dump = DUMP_EXAMPLE.parse().unwrap();
    let times: Vec<_> = entries(&Dump::har_of([&later, &first]))
        .iter()
        .map(|entry| entry["startedDateTime"].clone())
        .collect();
    assert_eq!(times, ["2026-11-20T10:29:59.873456Z", "2026-11-20T10:31:00.000000Z"]);
    assert_eq!(entries(&Dump::har_of([])).len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_dump_is_an_archive_in_which_nothing_acts(exchange in exchanges()) {
        let dump: Dump = text(&exchange).parse().unwrap();
        let archive = dump.har();
        prop_assert_eq!(entries(&archive).len(), 1);
        prop_assert!(!archive.contains(|c: char| c != '\n' && (c.is_control() || must_escape(c))));
    }
}
