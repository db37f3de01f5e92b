mod sent;

use std::process::Command;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::curl;
use crate::export::fixtures::failed;

/// The line for a request, and what curl would be given when `sh` runs it with those variables set, without what takes
/// out curl's own headers.
fn run(changes: &[(&str, Value)], variables: &[(&str, &str)]) -> (String, Vec<String>) {
    let line = curl(&failed(changes));
    let mut arguments = arguments(&line, variables);
    for own in ["accept:", "user-agent:"] {
        if let Some(at) = arguments.iter().position(|word| word == own) {
            arguments.drain(at - 1..=at);
        }
    }
    (line, arguments)
}

fn arguments(line: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let script = format!("set -u\ncurl() {{ printf '%s\\0' \"$@\"; }}\n{line}\n");
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(&directory)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}\n{script}");
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0, "something was executed: {script}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.strip_suffix('\0').unwrap().split('\0').map(String::from).collect()
}

#[test]
fn the_request_is_sent_again_with_its_secrets_as_variables() {
    let variables = [("TOKEN", "t 1"), ("AUTHORIZATION", "b'2"), ("NUMBER", "$(3)")];
    let (line, arguments) = run(&[], &variables);
    assert!(line.starts_with("# set first: TOKEN AUTHORIZATION NUMBER\ncurl \\\n"), "{line}");
    assert_eq!(
        arguments,
        [
            "--request",
            "POST",
            "--globoff",
            "--url",
            "http://127.0.0.1:3000/api/v1/orders?token=t 1",
            "--header",
            "accept: text/html",
            "--header",
            "accept: */*",
            "--header",
            "authorization: Bearer b'2",
            "--header",
            "content-type: application/json",
            "--data-binary",
            r#"{"card":{"number":"$(3)"},"item":"café","price":1.5}"#,
        ]
    );
}

/// A body of plain text that is all there.
fn kept(text: &str) -> Value {
    json!({"text": text, "captured_bytes": text.len(), "total_bytes": text.len()})
}

/// BAD_INPUTS Q4 and what else a shell could act upon.
const HOSTILE: [&str; 14] = [
    "\"####",
    "$(touch x)",
    "`touch x`",
    "'$(touch x)'",
    "'; touch x; '",
    "'\\''; touch x #",
    "\"; touch x; \"",
    "</script>",
    "-->",
    "\u{2028}\u{2029}",
    "a\nb\r\ntouch x\n",
    "\\\ntouch x",
    "${IFS} $HOME ~ * ? [a-z] {a,b} !! & | > x < y",
    "# not a comment",
];

#[test]
fn whatever_a_client_sends_stays_data() {
    for hostile in HOSTILE {
        let (_, arguments) = run(
            &[
                ("/began/client_request_id", json!(hostile)),
                ("/began/request/method", json!("A'$`!")),
                ("/began/request/url", json!(format!("http://h/{hostile}"))),
                ("/began/request/headers", json!({"x-name": hostile, "content-type": "text/plain"})),
                ("/began/request/body", kept(hostile)),
            ],
            &[],
        );
        let arguments: Vec<_> = arguments
            .iter()
            .map(String::as_str)
            .filter(|word| !["--globoff", "--path-as-is"].contains(word))
            .collect();
        assert_eq!(
            arguments,
            [
                "--request",
                "A'$`!",
                "--url",
                &format!("http://h/{hostile}"),
                "--header",
                "content-type: text/plain",
                "--header",
                &format!("x-name: {hostile}"),
                "--data-binary",
                hostile,
            ]
        );
    }
}

#[test]
fn what_belongs_to_the_connection_or_was_added_by_us_is_left_out() {
    let headers = json!({
        "connection": "keep-alive, X-Hop",
        "x-hop": "1",
        "te": "trailers",
        "host": "a",
        "content-length": "3",
        "x-request-id": "0198c0de-0000-7000-8000-000000000001",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
        "x-empty": "",
        "x-long": "…[65536 bytes]",
        "accept-encoding": "gzip",
    });
    let changes = [
        ("/began/request/headers", headers),
        ("/began/request/body", json!({})),
        ("/began/request/method", json!("HEAD")),
    ];
    let (line, arguments) = run(&changes, &[("TOKEN", "t"), ("X_LONG", "l")]);
    assert_eq!(
        arguments[4..],
        [
            "--header",
            "accept-encoding: gzip",
            "--header",
            "x-empty;",
            "--header",
            "x-long: l",
            "--compressed"
        ]
    );
    assert_eq!(arguments[0], "--head");
    assert!(line.contains("TOKEN X_LONG"));

    let theirs = json!({"x-request-id": "order-42", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-0202020202020202-01"});
    let (_, arguments) =
        run(&[("/began/request/headers", theirs), ("/began/request/body", json!({}))], &[("TOKEN", "t")]);
    assert_eq!(
        arguments
            .iter()
            .filter(|word| word.starts_with("x-request-id:") || word.starts_with("traceparent:"))
            .count(),
        2
    );
}

#[test]
fn a_body_that_is_not_all_there_is_read_from_a_file() {
    for (body, why) in [
        (
            json!({"text": "ab", "captured_bytes": 2, "total_bytes": 9, "truncated": true}),
            "2 of its 9 bytes were kept",
        ),
        (json!({"bytes": 9}), "its 9 bytes are not text"),
        (json!({"captured_bytes": 0, "total_bytes": 9, "truncated": true}), "none of its 9 bytes were kept"),
        (
            json!({"text": "ab", "captured_bytes": 2, "total_bytes": 2, "complete": false}),
            "its end was not seen, only 2 bytes",
        ),
        (json!({"captured_bytes": 0, "total_bytes": 0, "complete": false}), "none of its 0 bytes were kept"),
        (
            json!({"text": "a\u{0}b", "captured_bytes": 3, "total_bytes": 3}),
            "its 3 bytes do not fit a command line",
        ),
        (
            json!({"text": "a".repeat(200_000), "captured_bytes": 200_000, "total_bytes": 200_000}),
            "its 200000 bytes do not fit a command line",
        ),
        (
            json!({"json": {"a": "[string 3]"}, "captured_bytes": 9, "total_bytes": 9}),
            "not all strings in its 9 bytes are shown",
        ),
        (kept("[REDACTED] \u{fffd}"), "not all of its 14 bytes can be shown as text"),
        (
            json!({"text": "caf\u{fffd}", "captured_bytes": 4, "total_bytes": 4}),
            "not all of its 4 bytes can be shown as text",
        ),
        (
            json!({"text": "[unscannable 3 bytes]", "captured_bytes": 3, "total_bytes": 3}),
            "its 3 bytes could not be searched for secrets",
        ),
    ] {
        let headers = json!({"content-length": "9", "content-type": "text/plain"});
        let (line, arguments) =
            run(&[("/began/request/body", body), ("/began/request/headers", headers)], &[("TOKEN", "t")]);
        assert!(line.contains(&format!("# put the request body into body.bin first: {why}\n")), "{line}");
        assert_eq!(arguments[arguments.len() - 2..], ["--data-binary", "@body.bin"]);
    }
}

#[test]
fn a_body_cannot_name_a_file_and_is_no_form_unless_it_said_so() {
    let body = json!({"text": "@/etc/passwd", "captured_bytes": 12, "total_bytes": 12});
    let (_, arguments) =
        run(&[("/began/request/body", body), ("/began/request/headers", json!({}))], &[("TOKEN", "t")]);
    assert_eq!(arguments[5..], ["--header", "content-type:", "--data-raw", "@/etc/passwd"]);
}

#[test]
fn a_url_is_always_one_of_http() {
    for (url, expected) in [
        ("/x?a=[1]", vec!["--globoff", "--url", "http://b/x?a=[1]"]),
        ("*", vec!["--request-target", "*", "--url", "http://b"]),
        ("file:///etc/passwd", vec!["--url", "http://b/file:///etc/passwd"]),
        ("@urls", vec!["--url", "http://b/@urls"]),
        ("-o/x", vec!["--url", "http://b/-o/x"]),
        ("https://[::1]/a/../b", vec!["--globoff", "--path-as-is", "--url", "https://[::1]/a/../b"]),
    ] {
        let changes = [
            ("/began/request/url", json!(url)),
            ("/began/request/headers", json!({})),
            ("/began/request/body", json!({})),
        ];
        assert_eq!(run(&changes, &[("BASE_URL", "http://b")]).1[2..], expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_reaches_curl_as_it_is(header in "[^\0\u{80}-\u{ff}]*", body in "[^\0@][^\0]*") {
        prop_assume!(!header.is_empty() && !header.starts_with("…["));
        let changes = [
            ("/began/request/headers", json!({"x": header, "content-type": "text/plain"})),
            ("/began/request/body", kept(&body)),
        ];
        let (_, arguments) = run(&changes, &[("TOKEN", "t")]);
        prop_assert_eq!(&arguments[arguments.len() - 3], &format!("x: {header}"));
        prop_assert_eq!(&arguments[arguments.len() - 1], &body);
    }
}

#[test]
fn curl_adds_nothing_of_its_own() {
    let changes = [("/began/request/headers", json!({})), ("/began/request/body", json!({}))];
    let line = curl(&failed(&changes));
    assert_eq!(
        arguments(&line, &[("TOKEN", "t")])[5..],
        ["--header", "accept:", "--header", "user-agent:"],
        "{line}"
    );
}

#[test]
fn the_line_is_plain_text_whatever_it_sends() {
    let acting = "\u{1b}[31m\u{9b}\u{7f}\u{202e}\u{2028}\r'%s'\\n";
    let body = format!("-{acting}\n\n");
    let changes = [
        ("/began/request/headers", json!({"content-type": "text/plain", "x": acting})),
        ("/began/request/url", json!(format!("http://h/{acting}"))),
        ("/began/request/body", kept(&body)),
    ];
    let line = curl(&failed(&changes));
    assert!(
        !line.contains(|c: char| c != '\n' && (c.is_control() || crate::exchange::must_escape(c))),
        "{line}"
    );
    let (_, arguments) = run(&[changes[1].clone(), changes[2].clone()], &[("AUTHORIZATION", "a")]);
    assert!(arguments.contains(&format!("http://h/{acting}")), "{arguments:?}");
    assert_eq!(arguments.last(), Some(&body));
}

#[test]
fn a_name_that_is_none_is_left_out() {
    let headers = json!({"@/etc/passwd": "1", "X-Upper": "1", "content-type": "text/plain"});
    let line = curl(&failed(&[("/began/request/headers", headers)]));
    assert!(!line.contains("passwd") && !line.contains("upper") && !line.contains("Upper"), "{line}");
}
