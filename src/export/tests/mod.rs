mod hostile;
mod schema;
mod snapshots;

use serde_json::{Value, json};
use tracing::Level;

use super::{
    Sheet, View, append_line,
    entry::{self, Draft, Kind, Kindred, Note, Suppressed},
    fill,
    fixtures::{dumped, event, exchange, started, validated_entry},
};
use crate::exchange::{Bodies, Direction, Event, Exchange, InFlight, Redacted, Started, Timestamp};

fn view() -> View {
    View { run: *b"a1b2c3d4", ..View::default() }
}

fn at() -> Timestamp {
    Timestamp::from_micros(1_795_170_600_124_000)
}

fn text(write: impl Fn(&mut Sheet<'_>) -> Draft) -> String {
    let mut out = Vec::new();
    append_line(&mut out, write).number(&mut out, 7);
    String::from_utf8(out).unwrap()
}

fn request(view: &View, started: &Started) -> String {
    text(|out| entry::request(out, view, started))
}

fn finished(view: &View, exchange: &Exchange, kind: Kind) -> String {
    text(|out| entry::finished(out, view, exchange, kind))
}

fn log(event: &Event) -> String {
    text(|out| entry::log(out, &view(), event))
}

/// Every entry of an exchange.
fn all(view: &View, exchange: &Exchange) -> Vec<String> {
    let finished = entry::entries_of(exchange).map(|kind| finished(view, exchange, kind));
    std::iter::once(request(view, exchange)).chain(finished).collect()
}

/// Checks what holds for every entry, and gives its members.
#[track_caller]
fn check(line: &str) -> Value {
    assert!(line.ends_with('\n'), "an entry ends with a newline");
    if let Some(raw) = line.chars().find(|c| is_dangerous(*c) && *c != '\n') {
        panic!("{raw:?} stands as it is in {line}");
    }
    validated_entry(line)
}

fn is_dangerous(c: char) -> bool {
    matches!(c, '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{61c}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[test]
fn a_line_is_numbered_after_it_was_written() {
    for seq in [0, 9, 10, 12_345, u64::MAX] {
        let mut out = b"the line before\n".to_vec();
        let exchange = exchange(json!({}));
        let draft = append_line(&mut out, |out| entry::finished(out, &view(), &exchange, Kind::Response));
        let (before, after) = out.split_at(draft.seq_at);
        assert!(before.ends_with(b"\"seq\":") && after.starts_with(b",\"request_id\""));
        let expected = [before, seq.to_string().as_bytes(), after].concat();
        draft.number(&mut out, seq);
        assert_eq!(out, expected);
    }
}

#[test]
fn a_line_is_the_same_however_much_room_there_was_at_first() {
    let (view, exchange) = (View { combined: true, ..view() }, exchange(json!({})));
    let mut whole = Vec::new();
    let expected = append_line(&mut whole, |out| entry::finished(out, &view, &exchange, Kind::Response));
    for size in 0..whole.len() + 20 {
        let mut buffer = vec![b'#'; size];
        let (draft, length) = fill(&mut buffer, |out| entry::finished(out, &view, &exchange, Kind::Response));
        assert_eq!((draft, &buffer[..length]), (expected, &*whole), "{size} bytes");
    }
}

#[test]
fn levels_and_entries_follow_status_and_outcome() {
    use Kind::{Error, Exception, Response};
    for (outcome, status, more, level, kinds) in [
        ("complete", Some(200), json!({}), Level::INFO, vec![Response]),
        ("complete", Some(304), json!({}), Level::INFO, vec![Response]),
        ("complete", Some(404), json!({}), Level::WARN, vec![Response]),
        ("complete", Some(429), json!({}), Level::INFO, vec![Response]),
        ("complete", Some(500), json!({}), Level::ERROR, vec![Response, Error]),
        ("complete", Some(503), json!({}), Level::ERROR, vec![Response, Error]),
        ("complete", Some(999), json!({}), Level::ERROR, vec![Response, Error]),
        ("complete", Some(200), json!({"slow": true}), Level::WARN, vec![Response]),
        ("complete", Some(200), json!({"grpc_status": 13}), Level::ERROR, vec![Response]),
        ("complete", Some(200), json!({"grpc_status": 5}), Level::INFO, vec![Response]),
        (
            "complete",
            Some(204),
            json!({"began": {"request": {"method": "OPTIONS"}}}),
            Level::DEBUG,
            vec![Response],
        ),
        ("upgraded", Some(101), json!({}), Level::INFO, vec![Response]),
        ("aborted_before_response", None, json!({}), Level::WARN, vec![Response]),
        ("aborted_in_body", Some(200), json!({}), Level::WARN, vec![Response]),
        ("aborted_in_body", Some(500), json!({}), Level::ERROR, vec![Response, Error]),
        ("service_error", None, json!({}), Level::ERROR, vec![Response, Exception]),
        ("body_error", Some(200), json!({}), Level::ERROR, vec![Response, Exception]),
        ("panicked", None, json!({}), Level::ERROR, vec![Response, Exception]),
        ("panicked", Some(500), json!({}), Level::ERROR, vec![Response, Error, Exception]),
    ] {
        let mut own = more;
        own["outcome"] = outcome.into();
        own["response"] = status.map_or(Value::Null, |status| json!({"status": status}));
        let exchange = exchange(own);
        let case = format!("{outcome} {status:?}");
        assert_eq!(entry::entries_of(&exchange).collect::<Vec<_>>(), kinds, "{case}");
        let response = check(&finished(&view(), &exchange, Response));
        assert_eq!(response["level"], level.as_str(), "{case}");
        assert_eq!(response["message"], "Outgoing response");
        assert_eq!(response["outcome"], outcome);
        assert_eq!(response["status_code"].as_u64(), status, "{case}");
        for kind in kinds.into_iter().skip(1) {
            let line = check(&finished(&view(), &exchange, kind));
            assert_eq!(line["level"], "ERROR", "{case}");
            assert_eq!(line["type"], if kind == Error { "error" } else { "exception" });
        }
    }
}

#[test]
fn an_error_says_what_was_reported_else_what_the_body_says_else_the_status() {
    let body = |body: Value| json!({"response": {"status": 500, "body": body}});
    let json_body = |json: Value| body(json!({"json": json}));
    let text_body = |text: &str| body(json!({"json": null, "text": text, "content_type": "text/plain"}));
    for (own, expected) in [
        (json_body(json!({"detail": "no stock"})), "no stock"),
        (json_body(json!({"message": "b", "error": "a"})), "a"),
        (
            json_body(json!({"error": {"message": "model overloaded", "type": "server_error"}})),
            "model overloaded",
        ),
        (json_body(json!({"detail": [{"loc": ["body"], "msg": "field required"}]})), "field required"),
        (json_body(json!({"detail": "", "message": "fallback"})), "fallback"),
        (json_body(json!({"error": 5})), "HTTP 500"),
        (json_body(json!([])), "HTTP 500"),
        (text_body("\nSomething went wrong: refused\nmore"), "Something went wrong: refused"),
        (text_body("<html>"), "HTTP 500"),
        (text_body("{\"detail\":\"cut"), "HTTP 500"),
        (body(json!({"json": null})), "HTTP 500"),
        (json!({"response": {"status": 502}, "error": {"message": "upstream"}}), "upstream"),
        (json!({"response": {"status": 502, "body": {"json": null}}, "error": {"message": ""}}), "HTTP 502"),
    ] {
        let line = check(&finished(&view(), &exchange(own.clone()), Kind::Error));
        assert_eq!(line["message"], expected, "{own}");
    }
    let long = exchange(text_body(&"ä".repeat(1000)));
    assert_eq!(entry::error_message(&long), "ä".repeat(200));
    let panicked = exchange(json!({"outcome": "panicked", "response": null}));
    assert_eq!(check(&finished(&view(), &panicked, Kind::Exception))["message"], "panicked");
}

/// Which keys of bodies an entry has.
fn body_keys(line: &Value) -> Vec<&str> {
    line.as_object().unwrap().keys().filter(|key| key.contains("_body")).map(String::as_str).collect()
}

#[test]
fn bodies_are_inlined_as_verbosity_and_status_say() {
    let json = json!({"json": {"a": 1}, "content_type": "application/json"});
    let cut = json!({"json": null, "text": "{\"a", "content_type": "application/json", "captured_bytes": 3, "total_bytes": 9});
    let plain = json!({"json": null, "text": "hello", "content_type": "text/plain"});
    let form = json!({"json": null, "text": "a=1", "content_type": "application/x-www-form-urlencoded"});
    let unnamed = json!({"json": null, "text": "hello", "content_type": null});
    let binary = json!({"json": null, "bytes": 9, "content_type": "image/png"});
    let nothing = json!({"json": null});
    let shown = ["_body"].as_slice();
    let text = ["_body_text"].as_slice();
    let cut_text = ["_body_text", "_body_truncated"].as_slice();
    let none = [].as_slice();
    for (body, verbosity, request_keys, ok_keys, refused_keys) in [
        (&json, 0, shown, shown, shown),
        (&json, 3, shown, shown, shown),
        (&cut, 0, cut_text, cut_text, cut_text),
        (&plain, 0, none, none, text),
        (&plain, 2, none, none, text),
        (&plain, 3, text, text, text),
        (&form, 0, none, none, text),
        (&form, 3, text, text, text),
        (&unnamed, 0, none, none, text),
        (&unnamed, 3, text, text, text),
        (&binary, 3, none, none, none),
        (&nothing, 3, none, none, none),
    ] {
        let view = View { verbosity, ..view() };
        let keys = |line: String, side: &str, expected: &[&str]| {
            let line = check(&line);
            let expected: Vec<_> = expected.iter().map(|key| format!("{side}{key}")).collect();
            assert_eq!(body_keys(&line), expected, "{body} at {verbosity}");
        };
        let with = |status: u16| exchange(json!({"response": {"status": status, "body": body}}));
        keys(request(&view, &started(json!({"request": {"body": body}}))), "request", request_keys);
        keys(finished(&view, &with(200), Kind::Response), "response", ok_keys);
        keys(finished(&view, &with(400), Kind::Response), "response", refused_keys);
    }
}

#[test]
fn with_errors_only_bodies_are_in_the_response_entries_of_failed_exchanges() {
    let errors = View { bodies: Bodies::Errors, ..view() };
    let off = View { bodies: Bodies::Off, combined: true, verbosity: 3, ..view() };
    let both = ["request_body", "response_body"].as_slice();
    for (own, expected) in [
        (json!({}), [].as_slice()),
        (json!({"response": {"status": 404}}), both),
        (json!({"response": {"status": 500}}), both),
        (json!({"outcome": "body_error"}), both),
        (json!({"outcome": "panicked", "response": null}), &["request_body"]),
        (json!({"outcome": "aborted_in_body"}), &[]),
    ] {
        let exchange = exchange(own.clone());
        assert!(body_keys(&check(&request(&errors, &exchange))).is_empty());
        assert_eq!(body_keys(&check(&finished(&errors, &exchange, Kind::Response))), expected, "{own}");
        assert!(body_keys(&check(&finished(&off, &exchange, Kind::Response))).is_empty());
    }
}

#[test]
fn headers_are_there_from_verbosity_2_on_or_where_asked_for() {
    for (headers, verbosity, expected) in
        [(false, 0, false), (false, 1, false), (false, 2, true), (true, 0, true)]
    {
        let view = View { headers, verbosity, ..view() };
        let exchange = exchange(json!({}));
        assert_eq!(check(&request(&view, &exchange)).get("request_headers").is_some(), expected);
        let response = check(&finished(&view, &exchange, Kind::Response));
        assert_eq!(response.get("response_headers").is_some(), expected);
        assert!(response.get("request_headers").is_none());
    }
}

#[test]
fn numbers_are_exact() {
    for (millis, expected) in [
        (0.0, "0.000"),
        (0.001, "0.001"),
        (1.05, "1.050"),
        (999.999, "999.999"),
        (86_400_000.5, "86400000.500"),
    ] {
        let line = finished(&view(), &exchange(json!({"duration_ms": millis})), Kind::Response);
        assert!(line.contains(&format!("\"duration_ms\":{expected},")), "{line}");
    }
    for number in [0, 9, 10, 99, 100, u64::from(u32::MAX), u64::MAX] {
        let line = log(&event(json!({"fields": [{"name": "n", "value": number}]})));
        assert_eq!(check(&line)["fields"]["n"], number);
    }
    for number in [i64::MIN, -1] {
        let line = log(&event(json!({"fields": [{"name": "n", "value": number}]})));
        assert_eq!(check(&line)["fields"]["n"], number);
    }
    for (number, expected) in [(f64::NAN, "null"), (f64::INFINITY, "null"), (1e300, "1e+300"), (-0.5, "-0.5")]
    {
        let mut told = event(json!({}));
        told.fields[0].value = crate::exchange::Value::Float(number);
        let line = log(&told);
        check(&line);
        assert!(line.contains(&format!("{{\"id\":{expected}}}")), "{line}");
    }
}
