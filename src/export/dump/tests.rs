use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Context, Program, Similar, dump};
use crate::{
    exchange::Exchange,
    export::fixtures::{failed, failure, validated_dump},
};

pub(in crate::export) fn text(exchange: &Exchange) -> String {
    let service =
        Program { name: "shop".into(), version: Some("1.2.3".into()), pid: 4711, host: Some("box".into()) };
    let recorder = json!({"counters": {"begun": 7}});
    let similar = Similar { fingerprint: exchange.fingerprint(), count: 4 };
    let trigger = if exchange.dump_reason.is_some() { "manual" } else { "500" };
    dump(exchange, &Context { trigger, service: &service, similar, recorder: &recorder }).unwrap()
}

#[test]
fn what_was_asked_for_says_why_before_anything_else() {
    let text = text(&failed(&[("/dump_reason", json!("a negative amount"))]));
    let value = validated_dump(&text);
    assert_eq!((&value["trigger"], &value["reason"]), (&json!("manual"), &json!("a negative amount")));
    assert!(
        text.contains("\"trigger\": \"manual\",\n  \"reason\": \"a negative amount\",\n  \"request_id\"")
    );
}

#[test]
fn a_full_dump_looks_like_this() {
    let text = text(&failed(&[]));
    validated_dump(&text);
    assert_eq!(
        text,
        r##"{
  "schema": "flightlog.dump/1",
  "timestamp": "2026-11-20T10:30:00.123456Z",
  "trigger": "500",
  "request_id": "0198c0de-0000-7000-8000-000000000001",
  "client_request_id": "order-42",
  "trace_id": "0af7651916cd43dd8448eb211c80319c",
  "outcome": "complete",
  "error": {
    "type": "shop::OrderError",
    "message": "stock service refused",
    "location": "src/orders.rs:42",
    "chain": [
      "connection refused",
      "os error 111"
    ],
    "backtrace": "0: shop::order\n1: tokio::run"
  },
  "timing": {
    "started": "2026-11-20T10:29:59.873456Z",
    "ttfb_ms": 249.5,
    "duration_ms": 250.0
  },
  "request": {
    "method": "POST",
    "url": "http://127.0.0.1:3000/api/v1/orders?token=[REDACTED]",
    "endpoint": "/api/v1/orders",
    "http_version": "HTTP/1.1",
    "remote_addr": "192.0.2.7",
    "headers": {
      "accept": [
        "text/html",
        "*/*"
      ],
      "authorization": "Bearer [REDACTED]",
      "content-length": "73",
      "content-type": "application/json",
      "host": "127.0.0.1:3000"
    },
    "body": {
      "content_type": "application/json",
      "json": {
        "card": {
          "number": "[REDACTED]"
        },
        "item": "café",
        "price": 1.5
      },
      "captured_bytes": 73,
      "total_bytes": 73,
      "truncated": false
    }
  },
  "response": {
    "status": 500,
    "headers": {
      "content-type": "text/plain",
      "set-cookie": [
        "sid=[REDACTED]; Path=/",
        "theme=dark"
      ]
    },
    "body": {
      "content_type": "text/plain",
      "text": "no stock\n\u001b[31m",
      "captured_bytes": 2048,
      "total_bytes": 4096,
      "truncated": true
    },
    "trailers": {
      "x-checksum": "8"
    }
  },
  "curl": "# set first: TOKEN AUTHORIZATION NUMBER\ncurl \\\n  --request 'POST' \\\n  --globoff \\\n  --url 'http://127.0.0.1:3000/api/v1/orders?token='\"$TOKEN\" \\\n  --header 'accept: text/html' \\\n  --header 'accept: */*' \\\n  --header 'authorization: Bearer '\"$AUTHORIZATION\" \\\n  --header 'content-type: application/json' \\\n  --header 'user-agent:' \\\n  --data-binary '{\"card\":{\"number\":\"'\"$NUMBER\"'\"},\"item\":\"café\",\"price\":1.5}'",
  "service": {
    "name": "shop",
    "version": "1.2.3",
    "pid": 4711,
    "host": "box"
  },
  "similar": {
    "fingerprint": "26a1dd7d4722a93b",
    "count": 4
  },
  "recorder": {
    "counters": {
      "begun": 7
    }
  }
}
"##
    );
}

#[test]
fn what_was_told_stands_behind_the_response() {
    let trail = json!({
        "events": [
            {
                "at_ms": 0.25,
                "level": "DEBUG",
                "target": "shop::stock",
                "message": "asking the stock service",
                "location": "src/stock.rs:7",
                "spans": ["checkout", "reserve"],
                "fields": {"order": 42, "owed": -3, "share": 0.5, "retry": false, "at": "10.0.0.7\u{1b}"},
            },
            {"at_ms": 12.5, "level": "ERROR", "target": "shop"},
        ],
        "dropped": 3,
        "limited_to": "OFF",
    });
    let text = text(&failed(&[("/trail", trail.clone())]));
    let value = validated_dump(&text);
    assert_eq!(value["events"], trail["events"]);
    assert_eq!((&value["events_dropped"], &value["events_limited_to"]), (&json!(3), &json!("OFF")));
    let keys: Vec<_> =
        order(&text).into_iter().filter(|(depth, _)| *depth == 1).map(|(_, key)| key).collect();
    let behind = keys.iter().position(|key| *key == "response").unwrap() + 1;
    assert_eq!(keys[behind..behind + 4], ["events", "events_dropped", "events_limited_to", "curl"]);
    assert!(text.contains(r#""at": "10.0.0.7\u001b""#), "{text}");
}

#[test]
fn what_is_not_known_is_not_there() {
    let text = text(&failed(&[
        ("/response", Value::Null),
        ("/ttfb_ms", Value::Null),
        ("/error", Value::Null),
        ("/began/client_request_id", Value::Null),
        ("/began/trace_id", Value::Null),
        ("/began/request/remote_addr", Value::Null),
        ("/began/request/body", json!({})),
        ("/outcome", json!("aborted_before_response")),
    ]));
    let value = validated_dump(&text);
    let keys: Vec<_> =
        order(&text).into_iter().filter(|(depth, _)| *depth == 1).map(|(_, key)| key).collect();
    assert_eq!(
        keys,
        [
            "schema",
            "timestamp",
            "trigger",
            "request_id",
            "outcome",
            "timing",
            "request",
            "curl",
            "service",
            "similar",
            "recorder"
        ]
    );
    assert!(value["request"].get("body").is_none());
}

#[test]
fn bodies_that_are_not_text_are_told_by_size_and_digest() {
    let digest = "26a1dd7d4722a93b9a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let text = text(&failed(&[
        ("/began/request/body", json!({"content_type": "image/png", "bytes": 4, "sha256": digest})),
        ("/response/body", json!({"content_type": "application/json", "encoding": "gzip", "bytes": 9})),
    ]));
    let value = validated_dump(&text);
    assert_eq!(value["request"]["body"], json!({"content_type": "image/png", "bytes": 4, "sha256": digest}));
    assert_eq!(
        value["response"]["body"],
        json!({"content_type": "application/json", "encoding": "gzip", "bytes": 9})
    );
}

#[test]
fn a_json_body_keeps_its_number_bytes_and_its_repeated_keys() {
    let record = serde_json::to_string(&failure()).unwrap().replace(
        r#""price":1.5"#,
        r#""price":1.50,"price":-0,"big":123456789012345678901234567890,"e":1E+2"#,
    );
    let text = text(&serde_json::from_str(&record).unwrap());
    validated_dump(&text);
    let expected = "\"price\": 1.50,\n        \"price\": -0,\n        \
                    \"big\": 123456789012345678901234567890,\n        \"e\": 1E+2\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_body_that_looks_like_a_dump_stays_a_body() {
    let forged = json!({"schema": "flightlog.dump/1", "trigger": "manual", "truncated": true, "text": "x"});
    let value = validated_dump(&text(&failed(&[("/began/request/body/json", forged.clone())])));
    assert_eq!(value["request"]["body"]["json"], forged);
    assert_eq!(value["trigger"], "500");
}

/// The keys of indented JSON, with how deep they stand.
fn order(text: &str) -> Vec<(usize, &str)> {
    text.lines()
        .filter_map(|line| {
            let key = line.trim_start();
            let (name, _) = key.strip_prefix('"')?.split_once("\": ")?;
            Some(((line.len() - key.len()) / 2, name))
        })
        .collect()
}

const TOP: [&str; 16] = [
    "schema",
    "timestamp",
    "trigger",
    "reason",
    "request_id",
    "client_request_id",
    "trace_id",
    "outcome",
    "error",
    "timing",
    "request",
    "response",
    "curl",
    "service",
    "similar",
    "recorder",
];

fn body() -> impl Strategy<Value = Value> {
    let number = any::<u32>();
    prop_oneof![
        Just(json!({})),
        (any::<String>(), number).prop_map(|(text, n)| json!({"text": text, "captured_bytes": text.len(), "total_bytes": text.len() as u64 + u64::from(n % 3), "truncated": n % 3 != 0})),
        (any::<String>(), any::<f64>(), any::<String>()).prop_map(|(key, n, text)| json!({"content_type": text, "json": {key.as_str(): [n, {"a": [text]}]}, "captured_bytes": 9, "total_bytes": 9})),
        (any::<String>(), number).prop_map(|(encoding, n)| json!({"encoding": encoding, "bytes": n})),
        number.prop_map(|n| json!({"captured_bytes": 0, "total_bytes": n, "complete": false})),
    ]
}

fn headers() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        any::<String>().prop_map(Value::from),
        Just(json!("Bearer [REDACTED]")),
        prop::collection::vec(any::<String>(), 2..4).prop_map(Value::from),
    ];
    prop::collection::btree_map("[a-z0-9-]{1,12}", value, 0..5)
        .prop_map(|headers| headers.into_iter().collect::<serde_json::Map<_, _>>().into())
}

fn outcome() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        "complete",
        "aborted_before_response",
        "aborted_in_body",
        "service_error",
        "body_error",
        "panicked",
        "upgraded",
    ])
    .prop_map(Value::from)
}

prop_compose! {
    pub(in crate::export) fn exchanges()(
        bodies in (body(), body()),
        heads in (headers(), headers(), prop::option::of(headers())),
        (url, endpoint, message, chain) in (any::<String>(), any::<String>(), any::<String>(), prop::collection::vec(any::<String>(), 0..3)),
        method in "[A-Z!#$%&'*+.^_`|~-]{1,9}",
        status in prop::option::of(100_u16..=999),
        outcome in outcome(),
        millis in 0_u32..10_000_000,
        (has_error, has_ids) in any::<(bool, bool)>(),
    ) -> Exchange {
        let mut changes = vec![
            ("/began/request/body", bodies.0),
            ("/began/request/headers", heads.0),
            ("/began/request/url", json!(url)),
            ("/began/request/endpoint", json!(endpoint)),
            ("/began/request/method", json!(method)),
            ("/outcome", outcome),
            ("/duration_ms", json!(f64::from(millis) / 1000.0)),
            ("/error", if has_error { json!({"message": message, "chain": chain}) } else { Value::Null }),
        ];
        match status {
            Some(status) => changes.push(("/response", json!({"status": status, "headers": heads.1, "body": bodies.1, "trailers": heads.2}))),
            None => changes.push(("/response", Value::Null)),
        }
        if !has_ids {
            changes.push(("/began/client_request_id", Value::Null));
            changes.push(("/began/trace_id", Value::Null));
        }
        failed(&changes)
    }
}

proptest! {
    #[test]
    fn every_exchange_makes_a_dump_that_the_schema_allows(exchange in exchanges()) {
        let text = text(&exchange);
        let value = validated_dump(&text);
        let acting = text.chars().find(|c| {
            (c.is_control() && *c != '\n') || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        });
        prop_assert_eq!(acting, None);
        let mut expected = TOP.iter();
        for (_, key) in order(&text).into_iter().filter(|(depth, _)| *depth == 1) {
            prop_assert!(expected.any(|next| *next == key), "{key} is out of order");
        }
        prop_assert_eq!(value["request"]["url"].as_str(), Some(exchange.request.url().as_str()));
        let status = exchange.status().map(|status| u64::from(status.as_u16()));
        prop_assert_eq!(value["response"]["status"].as_u64(), status);
    }
}
