use super::*;
use crate::formats::{ENTRY_KEYS, ENTRY_SCHEMA};

/// One line of each type, as the documentation of `formats` shows them.
#[test]
fn the_examples_in_the_documentation_are_what_is_written() {
    let began = json!({
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": "00f067aa0ba902b7",
        "request": {"body": {"json": {"article": 7, "card": "[REDACTED]"}, "captured_bytes": 45, "total_bytes": 45}},
    });
    let failed = exchange(json!({
        "began": began,
        "response": {
            "status": 500,
            "body": {"json": {"error": "please try again later"}, "captured_bytes": 34, "total_bytes": 34},
        },
        "error": {
            "type": "shop::OrderError",
            "message": "could not place the order",
            "location": "src/orders.rs:42",
            "chain": ["connection refused (os error 111)"],
        },
        "dump": "20261120T103000.135799Z-500-0198c0de-0000-7000-8000-000000000001.json",
    }));
    let panicked = exchange(json!({
        "began": {
            "request_id": "0198c0de-0000-7000-8000-000000000002",
            "request": {"method": "GET", "body": {"json": null, "captured_bytes": null, "total_bytes": null}, "headers": {"content-type": null}},
        },
        "outcome": "panicked",
        "response": null,
        "ttfb_ms": null,
        "error": {"type": "panic", "message": "no price for article 7", "location": "src/orders.rs:57"},
        "dump": "20261120T103000.135799Z-panic-0198c0de-0000-7000-8000-000000000002.json",
    }));
    let settings = [("LOG_DIR", String::from("./logs")), ("LOG_LEVEL", String::from("info"))];
    let note = Note::Started { version: "0.1.0", service: "shop@1.2.3", verbosity: 0, settings: &settings };
    let told = event(json!({
        "level": "WARN",
        "message": "giving up on the order store",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "fields": [{"name": "attempt", "value": 3}],
    }));
    let mut out = Vec::new();
    let mut number =
        |write: &dyn Fn(&mut Sheet<'_>) -> Draft, seq| append_line(&mut out, write).number(&mut out, seq);
    number(&|out| entry::recorder(out, &view(), at(), &note), 1);
    number(&|out| entry::request(out, &view(), &failed), 2);
    number(&|out| entry::log(out, &view(), &told), 3);
    number(&|out| entry::finished(out, &view(), &failed, Kind::Response), 4);
    number(&|out| entry::finished(out, &view(), &failed, Kind::Error), 2);
    number(&|out| entry::finished(out, &view(), &panicked, Kind::Exception), 3);
    let lines = String::from_utf8(out).unwrap();
    lines.lines().map(validated_entry).for_each(drop);
    let examples = include_str!("../../formats/entries.jsonl");
    assert_eq!(examples, lines, "src/formats/entries.jsonl has to be:\n{lines}");
}

/// What is told of exchanges in flight: that one takes long, and by the next start that the process died.
#[test]
fn the_examples_of_exchanges_in_flight_are_what_is_written() {
    let open: InFlight = serde_json::from_value(json!({
        "request_id": "0198c0de-0000-7000-8000-000000000001",
        "method": "POST",
        "endpoint": "/orders/{id}",
        "started": "2026-11-20T10:30:00.123456Z",
        "age_ms": 5076.544,
        "request_bytes": 45,
        "response_bytes": 0,
    }))
    .unwrap();
    let slow = event(json!({
        "timestamp": "2026-11-20T10:30:05.150000Z",
        "level": "WARN",
        "kind": {"custom_event": "still_running"},
        "message": "still running after 5.0 s: POST /orders/{id}",
        "module": "tower_flightlog",
        "location": null,
        "fields": [
            {"name": "age_ms", "value": 5026},
            {"name": "method", "value": "POST"},
            {"name": "endpoint", "value": "/orders/{id}"},
            {"name": "request_bytes", "value": 45},
            {"name": "response_bytes", "value": 0},
        ],
    }));
    let last_seen = Timestamp::from_micros(1_795_170_605_200_000);
    let requests = [open];
    let note = Note::InFlightAtDeath { pid: 4711, run: "a1b2c3d4", last_seen, count: 1, requests: &requests };
    let next = View { run: *b"e5f6g7h8", ..view() };
    let mut out = Vec::new();
    append_line(&mut out, |out| entry::log(out, &view(), &slow)).number(&mut out, 5);
    let at = Timestamp::from_micros(1_795_170_609_124_000);
    append_line(&mut out, |out| entry::recorder(out, &next, at, &note)).number(&mut out, 2);
    let lines = String::from_utf8(out).unwrap();
    lines.lines().map(validated_entry).for_each(drop);
    let examples = include_str!("../../formats/in_flight.jsonl");
    assert_eq!(examples, lines, "src/formats/in_flight.jsonl has to be:\n{lines}");
}

/// What a handler tells of its work.
#[test]
fn the_examples_of_instruments_are_what_is_written() {
    let steps = json!([
        {"name": "generate", "kind": "timer", "start_ms": 1.5, "length_ms": 10.25},
        {"name": "model_loaded", "kind": "checkpoint", "start_ms": 1.5, "length_ms": 4.0, "timer": "generate"},
    ]);
    let answered = exchange(json!({
        "attributes": {"user_id": 42},
        "cache": {"prompt": {"hits": 1, "misses": 0}},
        "steps": steps,
    }));
    let told = |kind: Value, message: &str, level: &str, fields: Value| {
        event(json!({
            "kind": kind, "message": message, "level": level, "module": "shop::oracle", "fields": fields,
        }))
    };
    let hit = told(
        json!({"custom_event": "cache_hit"}),
        "prompt cache hit",
        "INFO",
        json!([{"name": "cache", "value": "prompt"}, {"name": "key", "value": "tea"}, {"name": "age_s", "value": 45}]),
    );
    let timer = told(
        json!({"custom_event": "timer"}),
        "generate completed in 10.25 ms",
        "DEBUG",
        json!([{"name": "duration_ms", "value": 10.25}, {"name": "checkpoints", "value": {"model_loaded": 4.0}}]),
    );
    let own = told(
        json!({"custom_event": "text_generation_success"}),
        "answered in 5 words",
        "INFO",
        json!([{"name": "model_name", "value": "oracle-1b"}, {"name": "generation_time", "value": 0.01}]),
    );
    let debug = told(
        json!("debug"),
        "the prompt",
        "DEBUG",
        json!([{"name": "data", "value": "what is"}, {"name": "data_truncated", "value": true}]),
    );
    let called = exchange(json!({
        "began": {
            "request_id": "0198c0de-0000-7000-8000-000000000002",
            "parent_request_id": "0198c0de-0000-7000-8000-000000000001",
            "direction": "outbound",
            "request": {"url": "http://stock.test/reserve?page=2", "endpoint": "/reserve"},
        },
    }));
    let mut out = Vec::new();
    for (seq, told) in [(3, hit), (4, debug), (5, timer), (6, own)] {
        append_line(&mut out, |out| entry::log(out, &view(), &told)).number(&mut out, seq);
    }
    append_line(&mut out, |out| entry::finished(out, &view(), &called, Kind::Response)).number(&mut out, 7);
    let view = View { verbosity: 2, ..view() };
    append_line(&mut out, |out| entry::finished(out, &view, &answered, Kind::Response)).number(&mut out, 8);
    let lines = String::from_utf8(out).unwrap();
    lines.lines().map(validated_entry).for_each(drop);
    let examples = include_str!("../../formats/instruments.jsonl");
    assert_eq!(examples, lines, "src/formats/instruments.jsonl has to be:\n{lines}");
}

/// What is told of streams and of language models.
#[test]
fn the_examples_of_streams_are_what_is_written() {
    let usage = json!({
        "provider": "openai", "operation": "chat", "request_model": "gpt-5", "model": "gpt-5-2025-08-07",
        "input_tokens": 2100, "output_tokens": 50, "cached_tokens": 2048, "reasoning_tokens": 12,
        "finish_reasons": ["stop"], "time_to_first_token_ms": 312.5, "tokens_per_second": 61.25,
    });
    let answered = exchange(json!({
        "began": {"request": {
            "method": "POST",
            "url": "http://api.test/v1/chat/completions",
            "endpoint": "/v1/chat/completions",
        }},
        "finished": "2026-11-20T10:30:01.235999Z",
        "response": {
            "headers": {"content-type": "text/event-stream"},
            "body": {"content_type": "text/event-stream", "json": null, "text": "data:", "captured_bytes": 9800, "total_bytes": 9800},
        },
        "duration_ms": 1112.543,
        "stream": {
            "events": 52, "bytes": 9800, "first_byte_ms": 290.0, "first_event_ms": 290.0, "largest_gap_ms": 41.002,
            "duration_ms": 822.543, "ended_by": "server",
        },
        "llm": usage,
    }));
    let passing = event(json!({
        "timestamp": "2026-11-20T10:30:00.436000Z", "level": "DEBUG", "kind": "stream", "message": "Stream event",
        "module": "tower_flightlog", "location": null, "fields": null,
        "stream": {
            "number": 2,
            "data": {"json": {"choices": [{"delta": {"content": "Hi"}}]}, "captured_bytes": 41, "total_bytes": 41},
        },
    }));
    let last = event(json!({
        "timestamp": "2026-11-20T10:30:01.235000Z", "level": "DEBUG", "kind": "stream", "message": "Stream event",
        "module": "tower_flightlog", "location": null, "fields": null,
        "stream": {"number": 52, "name": "end", "data": {"text": "[DO", "captured_bytes": 3, "total_bytes": 6}},
    }));
    let used = event(json!({
        "timestamp": "2026-11-20T10:30:01.235999Z", "kind": {"custom_event": "llm_usage"},
        "message": "Language model used", "module": "tower_flightlog", "location": null,
        "fields": [
            {"name": "provider", "value": "openai"}, {"name": "operation", "value": "chat"},
            {"name": "request_model", "value": "gpt-5"}, {"name": "model", "value": "gpt-5-2025-08-07"},
            {"name": "input_tokens", "value": 2100}, {"name": "output_tokens", "value": 50},
            {"name": "cached_tokens", "value": 2048}, {"name": "reasoning_tokens", "value": 12},
            {"name": "time_to_first_token_ms", "value": 312.5}, {"name": "tokens_per_second", "value": 61.25},
            {"name": "finish_reason", "value": "stop"},
        ],
    }));
    let mut out = Vec::new();
    for (seq, told) in [(8, passing), (58, last), (59, used)] {
        append_line(&mut out, |out| entry::log(out, &view(), &told)).number(&mut out, seq);
    }
    append_line(&mut out, |out| entry::finished(out, &view(), &answered, Kind::Response))
        .number(&mut out, 60);
    let lines = String::from_utf8(out).unwrap();
    lines.lines().map(validated_entry).for_each(drop);
    let examples = include_str!("../../formats/streams.jsonl");
    assert_eq!(examples, lines, "src/formats/streams.jsonl has to be:\n{lines}");
}

#[test]
fn schema_and_documentation_describe_the_keys_in_their_order() {
    let schema: Value = serde_json::from_str(ENTRY_SCHEMA).unwrap();
    let (keys, _) = ENTRY_SCHEMA.split_once("\"$defs\": {").unwrap();
    let described: Vec<_> = keys
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\": { \"description\": \""))
        .map(|(key, _)| key)
        .collect();
    assert_eq!(described, ENTRY_KEYS);

    let documentation = include_str!("../../formats/mod.rs");
    let (_, table) = documentation.split_once("## Keys").unwrap();
    let rows: Vec<_> = table
        .lines()
        .take_while(|line| !line.contains("## Examples"))
        .filter_map(|line| line.strip_prefix("//! | `")?.split_once('`'))
        .map(|(key, _)| key)
        .collect();
    assert_eq!(rows, ENTRY_KEYS);

    for (name, branch) in schema["$defs"].as_object().unwrap() {
        let Some(keys) = branch.pointer("/propertyNames/enum") else { continue };
        let place = |key: &Value| ENTRY_KEYS.iter().position(|known| key == known);
        assert!(
            keys.as_array().unwrap().iter().map(place).is_sorted_by(|a, b| a.is_some() && a < b),
            "{name}"
        );
    }
}

#[test]
fn what_does_not_belong_to_a_type_is_not_allowed() {
    let schema = jsonschema::draft202012::new(&serde_json::from_str(ENTRY_SCHEMA).unwrap()).unwrap();
    let response = validated_entry(&finished(&view(), &dumped(), Kind::Response));
    assert!(schema.is_valid(&response));
    for (key, value) in [
        ("more", json!(1)),
        ("module", json!("shop")),
        ("error_chain", json!(["refused"])),
        ("seq", json!(0)),
        ("seq", json!("1")),
        ("run", json!("short")),
        ("timestamp", json!("2026-11-20T10:30:00Z")),
        ("duration_ms", json!("1")),
        ("outcome", json!("lost")),
        ("type", json!("request")),
        ("type", json!("unknown")),
        ("client_request_id_rejected", json!(false)),
        ("request_body_truncated", json!(true)),
        ("response_body", json!({})),
        ("response_headers", json!({"a": []})),
        ("message", Value::Null),
    ] {
        let mut wrong = response.clone();
        wrong[key] = value.clone();
        assert!(!schema.is_valid(&wrong), "{key}: {value}");
    }
    let mut gap = json!({
        "timestamp": "2026-11-20T10:30:00.124000Z", "level": "WARN", "type": "recorder", "run": "a1b2c3d4", "seq": 1,
        "message": "1 entry was lost: ENOSPC", "event_type": "gap",
        "fields": {"lost": 1, "cause": "ENOSPC", "from_seq": 3, "to_seq": 3},
    });
    assert!(schema.is_valid(&gap));
    gap["event_type"] = "expired".into();
    assert!(!schema.is_valid(&gap));
}
