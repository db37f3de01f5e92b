use std::sync::Arc;

use serde_json::json;

use super::{
    BodyText, BodyView, Budget, CapturedBody, Event, EventKind, Exchange, Labels, Permit, Raw, RawBody,
    Redacted, Scrub, Shown, ShownBody, Value,
};
use crate::export::fixtures::{dumped, event, exchange};

/// Takes everything for harmless.
#[derive(Debug)]
struct Harmless;

impl Scrub for Harmless {
    fn text(&self, raw: &str) -> Redacted {
        Redacted::vouch(raw)
    }

    fn head(&self, raw: &str) -> Redacted {
        Redacted::vouch(raw)
    }

    fn url<'a>(&self, raw: &'a [u8]) -> Shown<'a> {
        Shown::vouch(str::from_utf8(raw).unwrap())
    }

    fn header<'a>(&self, _: &str, value: &'a [u8], _: bool) -> Shown<'a> {
        Redacted::vouch(String::from_utf8_lossy(value)).into()
    }

    fn is_secret(&self, _: &str) -> bool {
        false
    }

    fn number(&self, _: &Value) -> Option<Redacted> {
        None
    }

    fn body<'a>(&self, body: &RawBody<'a>) -> ShownBody<'a> {
        let shown = body.bytes.first(body.limit);
        let text = String::from_utf8_lossy(shown);
        if body.whole
            && shown.len() == body.bytes.len()
            && serde_json::from_slice::<serde_json::Value>(shown).is_ok()
        {
            return ShownBody::vouch(shown);
        }
        let truncated = !body.whole || shown.len() < body.bytes.len();
        BodyText::Text { text: Redacted::vouch(text), truncated }.into()
    }
}

fn body(bytes: &[u8], total: u64, complete: bool, content_type: &str, encoding: &str) -> CapturedBody {
    let raw = Raw {
        bytes: bytes.to_vec().into(),
        labels: Labels::of(content_type.as_bytes(), encoding.as_bytes()),
        head_limit: 8,
        scrub: Arc::new(Harmless),
        permit: Permit::new(&Arc::new(Budget::new(0))),
    };
    CapturedBody::new(total, complete, Some(raw))
}

#[test]
fn what_is_read_back_of_a_body_equals_what_was_written() {
    for (case, body) in [
        ("none", CapturedBody::default()),
        ("counted only", CapturedBody::new(9, true, None)),
        ("counted only, cut off", CapturedBody::new(9, false, None)),
        ("json", body(b"{\"a\":1.50}", 10, true, "application/json", "")),
        ("json, truncated", body(b"{\"a\":", 10, true, "application/json", "")),
        ("json, cut off", body(b"{\"a\":", 5, false, "application/json", "")),
        ("text", body(b"hello\n", 6, true, "text/plain; charset=utf-8", "identity")),
        ("text, cut off", body(b"hello", 5, false, "text/plain", "")),
        ("text, truncated", body(b"hello", 70_000, true, "", "")),
        ("empty", body(b"", 0, true, "text/plain", "")),
        ("binary", body(b"\x89PNG", 4, true, "image/png", "")),
        ("binary, truncated", body(b"\x89PNG", 70_000, true, "image/png", "")),
        ("binary, cut off", body(b"\x89PNG", 4, false, "image/png", "")),
        ("binary, empty", body(b"", 0, true, "image/png", "")),
        ("compressed", body(b"\x1f\x8b", 2, true, "application/json", "gzip")),
    ] {
        let written = serde_json::to_string(&body).unwrap();
        let read: CapturedBody = serde_json::from_str(&written).unwrap();
        assert_eq!(read, body, "{case}: {written}");
        assert_eq!(read.is_truncated(), body.is_truncated(), "{case}");
        assert_eq!(read.media(), body.media(), "{case}");
        assert_eq!(serde_json::to_string(&read).unwrap(), written, "{case}");
        assert_eq!(body.settled(), body, "{case}");
    }
}

#[test]
fn what_is_shown_once_is_what_is_kept() {
    for (bytes, total) in
        [(&b"{\"a\":1}"[..], 7), (b"{\"a\":1}", 8), (b"{\"a\":1.50}", 10), (b"{", 1), (b"", 0)]
    {
        let fresh = || body(bytes, total, true, "application/json", "");
        let (kept, shown) = (fresh(), fresh());
        for round in 0..3 {
            assert_eq!(told(shown.show_head()), *kept.head(), "{bytes:?} of {total}, round {round}");
        }
        for round in 0..3 {
            assert_eq!(told(shown.show_whole()), *kept.whole(), "{bytes:?} of {total}, round {round}");
        }
        assert_eq!((shown.head(), shown.whole()), (kept.head(), kept.whole()), "{bytes:?} of {total}");
        let shown = fresh();
        assert_eq!((told(shown.show_whole()), shown.head()), (kept.whole().clone(), kept.head()));
        assert_eq!(told(shown.show_head()), *kept.head());
        assert_eq!((shown.clone(), told(shown.settled().show_head())), (fresh(), kept.head().clone()));
    }
}

fn told(view: BodyView<'_>) -> BodyText {
    match view {
        BodyView::AsItCame(json) => BodyText::Json(Redacted::vouch(str::from_utf8(json).unwrap())),
        BodyView::Json(json) => BodyText::Json(Redacted::vouch(json)),
        BodyView::Text(text, truncated) => BodyText::Text { text: Redacted::vouch(text), truncated },
        BodyView::Nothing => BodyText::NotKept,
    }
}

#[test]
fn a_whole_body_that_is_not_text_is_told_by_size_and_digest_only() {
    let written = serde_json::to_value(body(b"", 0, true, "image/png", "")).unwrap();
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(written, json!({"content_type": "image/png", "bytes": 0, "sha256": digest}));
}

#[test]
fn what_is_read_back_of_an_exchange_equals_what_was_written() {
    let outcomes = [
        "complete",
        "aborted_before_response",
        "aborted_in_body",
        "service_error",
        "body_error",
        "panicked",
        "upgraded",
    ];
    let mut cases = vec![dumped(), exchange(json!({})), exchange(json!({"response": null, "ttfb_ms": null}))];
    cases.extend(outcomes.map(|outcome| exchange(json!({"outcome": outcome}))));
    cases.extend(
        ["HTTP/0.9", "HTTP/1.0", "HTTP/2.0", "HTTP/3.0"]
            .map(|version| exchange(json!({"began": {"request": {"http_version": version}}}))),
    );
    cases.extend((0..2000).map(|step: u64| {
        let micros = step * step * step * 1013;
        exchange(json!({"duration_ms": micros as f64 / 1000.0, "ttfb_ms": step as f64 / 1000.0}))
    }));
    cases.push(exchange(json!({
        "began": {
            "client_request_id_rejected": true,
            "parent_span_id": "00f067aa0ba902b7",
            "request": {"method": "PURGE", "remote_addr": "2001:db8::1", "headers": {"a": ["1", "2"], "b": "é\u{2028}\n"}},
        },
        "response": {"status": 999, "trailers": {"grpc-status": "0"}},
    })));
    for exchange in cases {
        let written = serde_json::to_string(&exchange).unwrap();
        let read: Exchange = serde_json::from_str(&written).unwrap();
        assert_eq!(read, exchange, "{written}");
        assert_eq!(serde_json::to_string(&read).unwrap(), written);
        assert_eq!(
            serde_json::from_value::<Exchange>(serde_json::to_value(&exchange).unwrap()).unwrap(),
            exchange
        );
    }
}

#[test]
fn what_is_read_back_of_an_event_equals_what_was_written() {
    for value in [
        json!(true),
        json!(0),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1.0),
        json!(-0.0),
        json!(1e300),
        json!(""),
    ] {
        let event = event(json!({"fields": [{"name": "a", "value": value}]}));
        assert_eq!(serde_json::from_str::<Event>(&serde_json::to_string(&event).unwrap()).unwrap(), event);
    }
}

#[test]
fn every_kind_of_event_reads_back_and_a_log_entry_is_not_told_as_one() {
    for (kind, written) in [
        (json!("log"), None),
        (json!("debug"), Some(json!("debug"))),
        (json!("stream"), Some(json!("stream"))),
        (json!({"custom_event": "cache_hit"}), Some(json!({"custom_event": "cache_hit"}))),
    ] {
        let told = event(json!({"kind": kind, "error_chain": ["connection failed", "refused"]}));
        let json = serde_json::to_value(&told).unwrap();
        assert_eq!(json.get("kind"), written.as_ref());
        assert_eq!(json["location"], "src/orders.rs:42");
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), told);
    }
    assert_eq!(event(json!({})).kind, EventKind::Log);
}

#[test]
fn a_number_that_is_not_finite_is_written_as_null_and_can_be_read() {
    let mut told = event(json!({}));
    told.fields[0].value = Value::Float(f64::INFINITY);
    let read: Event = serde_json::from_str(&serde_json::to_string(&told).unwrap()).unwrap();
    assert_eq!(read.fields[0].value, Value::Null);
}

#[test]
fn a_status_past_599_is_the_services_fault_too() {
    assert!(exchange(json!({"response": {"status": 600}})).is_failure());
    assert!(!exchange(json!({"response": {"status": 499}})).is_failure());
}
