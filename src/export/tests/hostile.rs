use proptest::prelude::*;

use super::*;

#[test]
fn every_character_stays_on_one_line_and_reads_back() {
    let characters: Vec<char> = ('\0'..=char::MAX).collect();
    for some in characters.chunks(1024) {
        for text in [some.iter().collect::<String>(), some.iter().flat_map(|c| [*c, '.']).collect()] {
            let told = event(json!({
                "kind": {"custom_event": &text},
                "message": &text,
                "module": &text,
                "location": format!("{text}:7"),
                "error_chain": [&text, &text],
                "fields": [{"name": &text, "value": &text}],
            }));
            let line = check(&log(&told));
            assert_eq!((&line["event_type"], &line["error_chain"]), (&json!(text), &json!([text, text])));
            assert_eq!(line["location"], format!("{text}:7"));
            assert_eq!((&line["message"], &line["module"]), (&json!(text), &json!(text)));
            assert_eq!(line["fields"][&text], text);
        }
    }
}

#[test]
fn each_dangerous_character_is_escaped_wherever_it_stands_in_a_text() {
    for c in ('\0'..='\u{ffff}').filter(|c| is_dangerous(*c) || "\"\\é…".contains(*c)) {
        for before in 0..40 {
            let text = format!("{}{c}{}", "x".repeat(before), "y".repeat(40 - before));
            assert_eq!(check(&log(&event(json!({"message": &text}))))["message"], text);
        }
    }
}

#[test]
fn a_dangerous_character_is_escaped_among_quotes_too() {
    let quotes = r#"{"a":"\\","bcd":[1,"e f"],"g":{"h":"a longer text without any of them"}}"#.repeat(2);
    for c in ['"', '\\', '\n', '\u{7f}', '\u{85}', '\u{2028}', '\u{2066}', 'é', '…'] {
        for place in 0..quotes.len() {
            let text = format!("{}{c}{}", &quotes[..place], &quotes[place..]);
            assert_eq!(check(&log(&event(json!({"message": &text}))))["message"], text);
        }
    }
}

#[test]
fn json_bodies_keep_their_meaning_and_stay_on_one_line() {
    for body in [
        "{\n\t\"a\" : [ 1 ,\r\n 2 ]\n}",
        "{\"a\":\"\u{7f}\u{85}\u{2028}\u{202e}\u{61c}é\",\"\u{2066}\":1.50}",
        "\"plain\"",
        "[1.0,1e5,-0,12345678901234567890123]",
    ] {
        let mut line = text(|out| entry::finished(out, &view(), &with_body(body), Kind::Response));
        assert_eq!(check(&line)["response_body"], serde_json::from_str::<Value>(body).unwrap());
        line.retain(|c| c != ' ');
        assert!(line.contains("1.50") || !body.contains("1.50"), "numbers keep their bytes: {line}");
    }
}

fn with_body(body: &str) -> Exchange {
    let text = serde_json::to_string(&exchange(json!({}))).unwrap();
    serde_json::from_str(&text.replace("{\"id\":42}", body)).unwrap()
}

#[test]
fn bodies_that_would_break_readers_are_text() {
    // Q1: redaction gives such bodies as text; here they are that, cut or whole.
    for body in
        [&*format!("{}{}", "[".repeat(1000), "]".repeat(1000)), "\"\\ud800\"", "1e400", &*"k".repeat(1 << 20)]
    {
        let own = json!({"response": {"body": {"json": null, "text": body}}});
        let line = check(&finished(&view(), &exchange(own), Kind::Response));
        assert_eq!(line["response_body_text"], body);
        assert!(line.get("response_body").is_none());
    }
}

#[test]
fn a_body_that_looks_like_an_entry_stays_a_body() {
    // Q2
    for body in [json!({"truncated": true, "text": "x"}), json!({"type": "response", "status_code": 200})] {
        let line = check(&request(&view(), &started(json!({"request": {"body": {"json": &body}}}))));
        assert_eq!((&line["type"], &line["request_body"]), (&json!("request"), &body));
        assert!(line.get("status_code").is_none());
    }
}

#[test]
fn a_forged_entry_in_any_text_stays_in_it() {
    // Q3
    let forged = "x\n{\"timestamp\":\"2026-11-20T10:30:00.000000Z\",\"type\":\"error\"}\r\n\"}";
    let exchange = exchange(json!({
        "outcome": "panicked",
        "began": {
            "client_request_id": forged,
            "request": {"url": forged, "endpoint": forged, "headers": {"user-agent": forged, forged: [forged, forged]},
                "body": {"json": null, "text": forged}},
        },
        "response": {"status": 500, "headers": {"content-type": forged}, "body": {"json": null, "text": forged}},
        "error": {"type": forged, "message": forged, "location": forged, "chain": [forged, forged], "backtrace": forged},
    }));
    let everything = View { verbosity: 3, combined: true, ..view() };
    for line in all(&everything, &exchange) {
        assert_eq!(check(&line)["endpoint"], forged);
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,40}",
        proptest::collection::vec(any::<char>(), 0..40).prop_map(String::from_iter),
        "[\0-\x1f\x7f-\u{9f}\u{2020}-\u{2070}\"\\\\a]{0,40}",
    ]
}

prop_compose! {
    fn any_exchange()(
        texts in proptest::array::uniform12(any_text()),
        status in proptest::option::of(100u16..1000),
        outcome in proptest::sample::select(vec![
            "complete", "aborted_before_response", "aborted_in_body", "service_error", "body_error", "panicked", "upgraded",
        ]),
        micros in 0u64..1 << 50,
        flags in any::<[bool; 6]>(),
        json in proptest::option::of(any_text()),
    ) -> Exchange {
        let [id, url, endpoint, agent, name, body, kind, message, location, cause, backtrace, dump] = &texts;
        let [rejected, reported, traced, peer, has_dump, slow] = flags;
        let body = match json {
            Some(member) => json!({"json": {member.as_str(): [body, 1.5, null]}, "content_type": "application/json"}),
            None => json!({"json": null, "text": body, "content_type": agent}),
        };
        exchange(json!({
            "began": {
                "client_request_id": id,
                "client_request_id_rejected": rejected,
                "trace_id": if traced { json!("0af7651916cd43dd8448eb211c80319c") } else { Value::Null },
                "request": {
                    "url": url, "endpoint": endpoint,
                    "headers": {"user-agent": agent, name.as_str(): [id, url]},
                    "peer_addr": if peer { json!("::ffff:10.0.0.1") } else { Value::Null },
                    "body": &body,
                },
            },
            "outcome": outcome,
            "response": status.map_or(Value::Null, |status| json!({"status": status, "headers": {name.as_str(): agent}, "body": body})),
            "duration_ms": micros as f64 / 1000.0,
            "slow": slow,
            "error": if reported {
                json!({"type": kind, "message": message, "location": location, "chain": [cause], "backtrace": backtrace})
            } else {
                Value::Null
            },
            "dump": if has_dump { json!(dump) } else { Value::Null },
        }))
    }
}

proptest! {
    #[test]
    fn whatever_the_exchange_each_entry_is_one_line_of_json_with_its_keys_in_order(
        exchange in any_exchange(),
        verbosity in 0u8..4,
        headers: bool,
        combined: bool,
        bodies in proptest::sample::select(vec![Bodies::All, Bodies::Errors, Bodies::Off]),
    ) {
        let view = View { verbosity, headers, combined, bodies, ..view() };
        for line in all(&view, &exchange) {
            let line = check(&line);
            prop_assert_eq!(&line["endpoint"], exchange.request.endpoint().as_str());
        }
    }

    #[test]
    fn whatever_is_told_the_log_entry_is_one_line_of_json(
        message in any_text(),
        names in proptest::collection::vec("[a-c]{1,2}|\\PC{0,3}", 0..6),
        number: f64,
    ) {
        let mut told = event(json!({"message": message, "fields": null}));
        for name in &names {
            let mut field = event(json!({})).fields.remove(0);
            field.name = name.clone().into();
            field.value = if name.len() > 1 {
                crate::exchange::Value::Float(number)
            } else {
                crate::exchange::Value::Text(Redacted::vouch(message.as_str()))
            };
            told.fields.push(field);
        }
        let line = check(&log(&told));
        prop_assert_eq!(&line["message"], &message);
        for name in &names {
            prop_assert!(line["fields"].get(name).is_some());
        }
    }
}
