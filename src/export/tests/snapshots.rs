use super::*;

#[test]
fn a_request() {
    let expected = concat!(
        r#"{"timestamp":"2026-11-20T10:30:00.124000Z","level":"INFO","type":"request","run":"a1b2c3d4","seq":7,"#,
        r#""request_id":"0198c0de-0000-7000-8000-000000000001","method":"POST","endpoint":"/orders/{id}","#,
        r#""message":"Incoming request","started":"2026-11-20T10:30:00.123456Z","#,
        r#""url":"http://shop.test/orders/7?page=2","http_version":"HTTP/1.1","remote_addr":"192.0.2.7","#,
        r#""user_agent":"curl/8.5.0","content_type":"application/json","request_bytes":9,"request_body":{"n":1.0}}"#,
        "\n",
    );
    assert_eq!(request(&view(), &started(json!({}))), expected);
}

#[test]
fn a_request_of_which_all_is_known() {
    let everything = View { verbosity: 3, ..view() };
    let about = started(json!({
        "client_request_id": "client-1",
        "client_request_id_rejected": true,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": "00f067aa0ba902b7",
        "request": {
            "remote_addr": "2001:db8::1",
            "peer_addr": "10.0.0.1",
            "body": {"json": null, "text": "{\"a", "total_bytes": 70000, "captured_bytes": 3},
        },
    }));
    let expected = concat!(
        r#"{"timestamp":"2026-11-20T10:30:00.124000Z","level":"INFO","type":"request","run":"a1b2c3d4","seq":7,"#,
        r#""request_id":"0198c0de-0000-7000-8000-000000000001","method":"POST","endpoint":"/orders/{id}","#,
        r#""message":"Incoming request","client_request_id":"client-1","client_request_id_rejected":true,"#,
        r#""trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"00f067aa0ba902b7","#,
        r#""started":"2026-11-20T10:30:00.123456Z","url":"http://shop.test/orders/7?page=2","#,
        r#""http_version":"HTTP/1.1","remote_addr":"2001:db8::1","peer_addr":"10.0.0.1","#,
        r#""user_agent":"curl/8.5.0","content_type":"application/json","request_bytes":70000,"#,
        r#""request_headers":{"content-type":"application/json","user-agent":"curl/8.5.0"},"#,
        r#""request_body_text":"{\"a","request_body_truncated":true}"#,
        "\n",
    );
    assert_eq!(request(&everything, &about), expected);
}

#[test]
fn a_response() {
    let expected = concat!(
        r#"{"timestamp":"2026-11-20T10:30:00.135799Z","level":"INFO","type":"response","run":"a1b2c3d4","seq":7,"#,
        r#""request_id":"0198c0de-0000-7000-8000-000000000001","method":"POST","endpoint":"/orders/{id}","#,
        r#""status_code":200,"duration_ms":12.343,"ttfb_ms":11.250,"outcome":"complete","#,
        r#""message":"Outgoing response","content_type":"application/json","response_bytes":9,"#,
        r#""response_body":{"id":42}}"#,
        "\n",
    );
    assert_eq!(finished(&view(), &exchange(json!({})), Kind::Response), expected);
}

#[test]
fn a_response_that_failed_and_carries_the_request() {
    let combined = View { combined: true, headers: true, ..view() };
    let expected = concat!(
        r#"{"timestamp":"2026-11-20T10:30:00.123456Z","level":"ERROR","type":"response","run":"a1b2c3d4","seq":7,"#,
        r#""request_id":"0198c0de-0000-7000-8000-000000000001","method":"POST","endpoint":"/api/v1/orders","#,
        r#""status_code":500,"duration_ms":250.000,"ttfb_ms":249.500,"outcome":"complete","grpc_status":13,"#,
        r#""message":"Outgoing response","client_request_id":"order-42","#,
        r#""trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"00f067aa0ba902b7","#,
        r#""started":"2026-11-20T10:29:59.873456Z","url":"http://127.0.0.1:3000/api/v1/orders?token=[REDACTED]","#,
        r#""http_version":"HTTP/1.1","remote_addr":"192.0.2.7","peer_addr":"10.0.0.1","user_agent":"curl/8.5.0","#,
        r#""content_type":"text/plain","request_bytes":73,"response_bytes":4096,"error_type":"shop::OrderError","#,
        r#""error_message":"stock service refused","#,
        r#""dump":"20261120T103000.123456Z-500-0198c0de-0000-7000-8000-000000000001.json","#,
        r#""request_headers":{"accept":["text/html","*/*"],"authorization":"Bearer [REDACTED]","content-length":"73","#,
        r#""content-type":"application/json","host":"127.0.0.1:3000","user-agent":"curl/8.5.0"},"#,
        r#""response_headers":{"content-type":"text/plain","set-cookie":["sid=[REDACTED]; Path=/","theme=dark"]},"#,
        r#""request_body":{"card":{"number":"[REDACTED]"},"item":"café","price":1.5},"#,
        r#""response_body_text":"no stock\n\u001b[31m","response_body_truncated":true}"#,
        "\n",
    );
    assert_eq!(finished(&combined, &dumped(), Kind::Response), expected);
}

#[test]
fn an_error() {
    let expected = concat!(
        r#"{"timestamp":"2026-11-20T10:30:00.123456Z","level":"ERROR","type":"error","run":"a1b2c3d4","seq":7,"#,
        r#""request_id":"0198c0de-0000-7000-8000-000000000001","method":"POST","endpoint":"/api/v1/orders","#,
        r#""status_code":500,"duration_ms":250.000,"ttfb_ms":249.500,"outcome":"complete","grpc_status":13,"#,
        r#""message":"stock service refused","location":"src/orders.rs:42","client_request_id":"order-42","#,
        r#""trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"00f067aa0ba902b7","#,
        r#""started":"2026-11-20T10:29:59.873456Z","url":"http://127.0.0.1:3000/api/v1/orders?token=[REDACTED]","#,
        r#""http_version":"HTTP/1.1","remote_addr":"192.0.2.7","peer_addr":"10.0.0.1","user_agent":"curl/8.5.0","#,
        r#""request_bytes":73,"response_bytes":4096,"error_type":"shop::OrderError","#,
        r#""error_message":"stock service refused","error_chain":["connection refused","os error 111"],"#,
        r#""dump":"20261120T103000.123456Z-500-0198c0de-0000-7000-8000-000000000001.json"}"#,
        "\n",
    );
    assert_eq!(finished(&view(), &dumped(), Kind::Error), expected);
}

#[test]
fn an_exception_without_a_dump() {
    let panicked = exchange(json!({
        "outcome": "panicked",
        "response": null,
        "ttfb_ms": null,
        "error": {"message": "index out of bounds\nthe len is 3", "location": "src/orders.rs:42", "backtrace": "0: main\n1: start"},
    }));
    let expected = concat!(
        r#"{"timestamp":"2026-11-20T10:30:00.135799Z","level":"ERROR","type":"exception","run":"a1b2c3d4","seq":7,"#,
        r#""request_id":"0198c0de-0000-7000-8000-000000000001","method":"POST","endpoint":"/orders/{id}","#,
        r#""duration_ms":12.343,"outcome":"panicked","message":"index out of bounds\nthe len is 3","#,
        r#""location":"src/orders.rs:42","started":"2026-11-20T10:30:00.123456Z","#,
        r#""url":"http://shop.test/orders/7?page=2","http_version":"HTTP/1.1","remote_addr":"192.0.2.7","#,
        r#""user_agent":"curl/8.5.0","request_bytes":9,"error_message":"index out of bounds\nthe len is 3","#,
        r#""backtrace":"0: main\n1: start"}"#,
        "\n",
    );
    assert_eq!(finished(&view(), &panicked, Kind::Exception), expected);
}

#[test]
fn a_log_entry() {
    let told = event(json!({
        "level": "WARN",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "fields": [
            {"name": "id", "value": 42},
            {"name": "ok", "value": true},
            {"name": "delta", "value": -3},
            {"name": "share", "value": 0.25},
            {"name": "who", "value": "a \"b\""},
            {"name": "id", "value": "again"},
        ],
        "after_response": true,
    }));
    let expected = concat!(
        r#"{"timestamp":"2026-11-20T10:30:00.130000Z","level":"WARN","type":"log","run":"a1b2c3d4","seq":7,"#,
        r#""request_id":"0198c0de-0000-7000-8000-000000000001","message":"order placed","module":"shop::orders","#,
        r#""location":"src/orders.rs:42","trace_id":"0af7651916cd43dd8448eb211c80319c","after_response":true,"#,
        r#""fields":{"id":[42,"again"],"ok":true,"delta":-3,"share":0.25,"who":"a \"b\""}}"#,
        "\n",
    );
    assert_eq!(log(&told), expected);
}

/// A request in flight as an entry has it.
macro_rules! request {
    ($endpoint:literal) => {
        concat!(
            r#"{"request_id":"0198c0de-0000-7000-8000-000000000001","#,
            r#""trace_id":"0af7651916cd43dd8448eb211c80319c","method":"GET","endpoint":""#,
            $endpoint,
            r#"","status":200,"started":"2026-11-20T10:30:00.123456Z","age_ms":0.500,"#,
            r#""request_bytes":0,"response_bytes":9}"#,
        )
    };
}

fn in_flight(endpoint: &str) -> InFlight {
    serde_json::from_value(json!({
        "request_id": "0198c0de-0000-7000-8000-000000000001",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "method": "GET",
        "endpoint": endpoint,
        "status": 200,
        "started": "2026-11-20T10:30:00.123456Z",
        "age_ms": 0.5,
        "request_bytes": 0,
        "response_bytes": 9,
    }))
    .unwrap()
}

#[test]
fn what_the_recorder_tells() {
    let requests: Vec<_> = ["/a", "/\u{1b}[31m\n", "/c", "/d"].map(in_flight).into();
    let last_seen = Timestamp::from_micros(1_795_170_600_123_999);
    let death =
        |count, requests| Note::InFlightAtDeath { pid: 7, run: "e5f6g7h8", last_seen, count, requests };
    let settings = [("LOG_DIR", String::from("./logs"))];
    let started =
        Note::Started { version: "0.1.0", service: "shop@1.2.3", verbosity: 2, settings: &settings };
    let kindred = |fingerprint: &str, endpoint: &'static str, status, count| Kindred {
        fingerprint: fingerprint.parse().unwrap(),
        endpoint: Redacted::literal(endpoint),
        status,
        count,
    };
    let most = vec![
        kindred("26a1dd7d4722a93b", "/api/v1/orders", Some(500), 9),
        kindred("00f067aa0ba902b7", "/\u{202e}", None, 3),
    ];
    let (suppressed, one) = (Suppressed { n: 12, most }, Suppressed { n: 1, most: Vec::new() });
    for (note, level, rest) in [
        (
            started,
            "INFO",
            concat!(
                r#""message":"recording shop@1.2.3","event_type":"started","fields":{"version":"0.1.0","#,
                r#""service":"shop@1.2.3","verbosity":2,"settings":{"LOG_DIR":"./logs"}}"#,
            ),
        ),
        (Note::Stopped, "INFO", r#""message":"recording ends","event_type":"stopped""#),
        (
            Note::Gap { lost: 12, cause: "ENOSPC", from_seq: 30, to_seq: 41 },
            "WARN",
            concat!(
                r#""message":"12 entries were lost: ENOSPC","event_type":"gap","#,
                r#""fields":{"lost":12,"cause":"ENOSPC","from_seq":30,"to_seq":41}"#,
            ),
        ),
        (
            Note::Gap { lost: 1, cause: "\u{1b}\n", from_seq: 30, to_seq: 30 },
            "WARN",
            concat!(
                r#""message":"1 entry was lost: \u001b\n","event_type":"gap","#,
                r#""fields":{"lost":1,"cause":"\u001b\n","from_seq":30,"to_seq":30}"#,
            ),
        ),
        (
            Note::Expired { from_seq: Some(1), to_seq: Some(400), bytes: 9_876 },
            "INFO",
            concat!(
                r#""message":"the oldest file was deleted, 9876 bytes with the entries 1 to 400","#,
                r#""event_type":"expired","fields":{"from_seq":1,"to_seq":400,"bytes":9876}"#,
            ),
        ),
        (
            Note::Expired { from_seq: None, to_seq: None, bytes: 9_876 },
            "INFO",
            concat!(
                r#""message":"the oldest file was deleted, 9876 bytes of earlier runs","#,
                r#""event_type":"expired","fields":{"bytes":9876}"#,
            ),
        ),
        (
            Note::Expired { from_seq: Some(3_130), to_seq: Some(4_141), bytes: 0 },
            "INFO",
            concat!(
                r#""message":"another process deleted the oldest file with the entries 3130 to 4141","#,
                r#""event_type":"expired","fields":{"from_seq":3130,"to_seq":4141}"#,
            ),
        ),
        (
            death(260, &requests),
            "WARN",
            concat!(
                r#""message":"process 7 died; last seen with 260 requests in flight: GET /a, GET /\u001b[31m\n, GET /c and 257 more","#,
                r#""event_type":"in_flight_at_death","fields":{"pid":7,"run":"e5f6g7h8","#,
                r#""last_seen":"2026-11-20T10:30:00.123999Z","count":260,"requests":["#,
                request!("/a"),
                ",",
                request!(r"/\u001b[31m\n"),
                ",",
                request!("/c"),
                ",",
                request!("/d"),
                "]}",
            ),
        ),
        (
            death(2, &[]),
            "WARN",
            concat!(
                r#""message":"process 7 died; last seen with 2 requests in flight","event_type":"in_flight_at_death","#,
                r#""fields":{"pid":7,"run":"e5f6g7h8","last_seen":"2026-11-20T10:30:00.123999Z","count":2,"requests":[]}"#,
            ),
        ),
        (
            Note::DumpsSuppressed(&suppressed),
            "WARN",
            concat!(
                r#""message":"12 exchanges got no dump: LOG_DUMP_PER_MINUTE, or three like them had one in a minute","#,
                r#""event_type":"dumps_suppressed","fields":{"n":12,"fingerprints":["#,
                r#"{"fingerprint":"26a1dd7d4722a93b","endpoint":"/api/v1/orders","status":500,"count":9},"#,
                r#"{"fingerprint":"00f067aa0ba902b7","endpoint":"/\u202e","count":3}]}"#,
            ),
        ),
        (
            Note::DumpsSuppressed(&one),
            "WARN",
            concat!(
                r#""message":"1 exchange got no dump: LOG_DUMP_PER_MINUTE, or three like it had one in that minute","#,
                r#""event_type":"dumps_suppressed","fields":{"n":1}"#,
            ),
        ),
    ] {
        let line = text(|out| entry::recorder(out, &view(), at(), &note));
        let begin = format!(
            r#"{{"timestamp":"2026-11-20T10:30:00.124000Z","level":"{level}","type":"recorder","run":"a1b2c3d4","seq":7,"#
        );
        assert_eq!(line, format!("{begin}{rest}}}\n"));
        check(&line);
    }
}

#[test]
fn an_event_of_another_kind_with_causes() {
    for (kind, name, event_type) in [
        (json!({"custom_event": "cache_\"hit"}), "custom_event", r#","event_type":"cache_\"hit""#),
        (json!("debug"), "debug", ""),
    ] {
        let told = event(json!({
            "kind": kind,
            "level": "DEBUG",
            "location": "src\\a \"b\".rs:0",
            "error_chain": ["connection failed", "refused"],
        }));
        let expected = format!(
            r#"{{"timestamp":"2026-11-20T10:30:00.130000Z","level":"DEBUG","type":"{name}","run":"a1b2c3d4","seq":7,"request_id":"0198c0de-0000-7000-8000-000000000001","message":"order placed","module":"shop::orders","location":"src\\a \"b\".rs:0","error_chain":["connection failed","refused"]{event_type},"fields":{{"id":42}}}}
"#
        );
        assert_eq!(log(&told), expected);
        check(&expected);
    }
}

#[test]
fn a_request_that_was_sent_says_so_where_it_was_in_flight() {
    let requests = [InFlight { direction: Direction::Outbound, ..in_flight("/d") }];
    let note =
        Note::InFlightAtDeath { pid: 7, run: "e5f6g7h8", last_seen: at(), count: 1, requests: &requests };
    let mut out = Vec::new();
    append_line(&mut out, |out| entry::recorder(out, &view(), at(), &note)).number(&mut out, 1);
    let entry = check(str::from_utf8(&out).unwrap());
    assert_eq!(entry["fields"]["requests"][0]["direction"], "outbound");
}
