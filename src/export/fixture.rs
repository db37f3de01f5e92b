//! Exchanges for tests, and the schema that every dump made from them must satisfy.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::exchange::Exchange;

/// An exchange that failed, with everything a record can hold.
pub(crate) fn failed() -> Value {
    json!({
        "began": {
            "request_id": "0198c0de-0000-7000-8000-000000000001",
            "client_request_id": "order-42",
            "trace_id": "abababababababababababababababab",
            "span_id": "0101010101010101",
            "started": "2026-11-20T10:29:59.873456Z",
            "told": "2026-11-20T10:29:59.873656Z",
            "request": {
                "method": "POST",
                "url": "http://127.0.0.1:3000/api/v1/orders?token=[REDACTED]",
                "endpoint": "/api/v1/orders",
                "http_version": "HTTP/1.1",
                "remote_addr": "192.0.2.7",
                "headers": {
                    "host": "127.0.0.1:3000",
                    "content-type": "application/json",
                    "authorization": "Bearer [REDACTED]",
                    "accept": ["text/html", "*/*"],
                    "content-length": "73"
                },
                "body": {
                    "content_type": "application/json",
                    "json": {"item": "café", "price": 1.5, "card": {"number": "[REDACTED]"}},
                    "captured_bytes": 73,
                    "total_bytes": 73,
                    "truncated": false
                }
            }
        },
        "finished": "2026-11-20T10:30:00.123456Z",
        "outcome": "complete",
        "response": {
            "status": 500,
            "headers": {"content-type": "text/plain", "set-cookie": ["sid=[REDACTED]; Path=/", "theme=dark"]},
            "body": {
                "content_type": "text/plain",
                "text": "no stock\n\u{1b}[31m",
                "captured_bytes": 2048,
                "total_bytes": 4096,
                "truncated": true
            },
            "trailers": {"x-checksum": "8"}
        },
        "ttfb_ms": 249.5,
        "duration_ms": 250.0,
        "error": {
            "type": "shop::OrderError",
            "message": "stock service refused",
            "location": "src/orders.rs:42",
            "chain": ["connection refused", "os error 111"],
            "backtrace": "0: shop::order\n1: tokio::run"
        }
    })
}

/// The same with some of it changed: `("/response/status", json!(503))`; null takes a field away.
pub(crate) fn exchange(changes: &[(&str, Value)]) -> Exchange {
    let mut record = failed();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = record.pointer_mut(parent).and_then(Value::as_object_mut).unwrap();
        match value {
            Value::Null => drop(parent.remove(name)),
            value => drop(parent.insert(name.into(), value.clone())),
        }
    }
    serde_json::from_value(record).unwrap()
}

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../schema/flightlog.dump.1.json")).expect("the schema is JSON")
});
static VALIDATOR: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::draft202012::new(&SCHEMA).expect("the schema is one"));

/// Reads a dump back and holds it against the schema: what it says must be allowed, and every key described.
pub(crate) fn validated(dump: &str) -> Value {
    let value: Value = serde_json::from_str(dump).unwrap();
    let errors: Vec<_> =
        VALIDATOR.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new(), "{dump}");
    assert_described(&value, &SCHEMA);
    value
}

fn assert_described(value: &Value, schema: &Value) {
    let schema = match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            SCHEMA.pointer(reference.trim_start_matches('#')).expect("the reference leads somewhere")
        }
        None => schema,
    };
    let (Some(object), Some(properties)) = (value.as_object(), schema.get("properties")) else { return };
    for (key, value) in object {
        let described = properties.get(key).unwrap_or_else(|| panic!("{key} is not in the schema"));
        let text = described.get("description").or_else(|| described.get("$ref"));
        assert!(text.is_some(), "{key} has no description");
        assert_described(value, described);
    }
}
