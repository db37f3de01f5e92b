//! Records for tests, read from JSON as anybody would read them.

use serde_json::{Value, json};

use crate::exchange::{Event, Exchange, Started};

/// A usual exchange, with members of its own in place of the usual ones: `{"response": {"status": 404}}`.
pub(crate) fn exchange(own: Value) -> Exchange {
    let mut usual = json!({
        "began": began(),
        "finished": "2026-11-20T10:30:00.135799Z",
        "outcome": "complete",
        "response": {
            "status": 200,
            "headers": {"content-type": "application/json"},
            "body": {"content_type": "application/json", "json": {"id": 42}, "captured_bytes": 9, "total_bytes": 9},
        },
        "ttfb_ms": 11.25,
        "duration_ms": 12.343,
    });
    merge(&mut usual, own);
    serde_json::from_value(usual).unwrap()
}

/// The beginning of a usual exchange.
pub(crate) fn started(own: Value) -> Started {
    let mut usual = began();
    merge(&mut usual, own);
    serde_json::from_value(usual).unwrap()
}

/// Something told.
pub(crate) fn event(own: Value) -> Event {
    let mut usual = json!({
        "timestamp": "2026-11-20T10:30:00.130000Z",
        "level": "INFO",
        "request_id": "0198c0de-0000-7000-8000-000000000001",
        "message": "order placed",
        "module": "shop::orders",
        "location": "src/orders.rs:42",
        "fields": [{"name": "id", "value": 42}],
    });
    merge(&mut usual, own);
    serde_json::from_value(usual).unwrap()
}

/// A status of 500 with everything that can be known of it.
pub(crate) fn failed() -> Exchange {
    exchange(json!({
        "began": {
            "client_request_id": "client-1",
            "trace_id": "0af7651916cd43dd8448eb211c80319c",
            "span_id": "00f067aa0ba902b7",
            "request": {"peer_addr": "10.0.0.1"},
        },
        "response": {
            "status": 500,
            "headers": {"content-type": "text/plain", "set-cookie": ["a=[REDACTED]", "b=[REDACTED]"]},
            "body": {"content_type": "text/plain", "json": null, "text": "oh no", "captured_bytes": 5, "total_bytes": 5},
        },
        "grpc_status": 13,
        "slow": true,
        "error": {
            "type": "shop::OrderError",
            "message": "could not place the order",
            "location": "src/orders.rs:42",
            "chain": ["connection failed", "refused"],
            "backtrace": "0: main",
        },
        "dump": "20261120T103000.123456Z-500-0198c0de-0000-7000-8000-000000000001.json",
    }))
}

fn began() -> Value {
    json!({
        "request_id": "0198c0de-0000-7000-8000-000000000001",
        "started": "2026-11-20T10:30:00.123456Z",
        "told": "2026-11-20T10:30:00.124000Z",
        "request": {
            "method": "POST",
            "url": "http://shop.test/orders/7?page=2",
            "endpoint": "/orders/{id}",
            "http_version": "HTTP/1.1",
            "remote_addr": "192.0.2.7",
            "headers": {"content-type": "application/json", "user-agent": "curl/8.5.0"},
            "body": {"content_type": "application/json", "json": {"n": 1.0}, "captured_bytes": 9, "total_bytes": 9},
        },
    })
}

/// Puts members in, deeply; `null` takes one out, and a body's `json` is one thing.
fn merge(usual: &mut Value, own: Value) {
    match (usual, own) {
        (Value::Object(usual), Value::Object(own)) => {
            for (name, value) in own {
                match usual.get_mut(&name) {
                    _ if value.is_null() => drop(usual.remove(&name)),
                    Some(usual) if name != "json" => merge(usual, value),
                    _ => drop(usual.insert(name, value)),
                }
            }
        }
        (usual, own) => *usual = own,
    }
}
