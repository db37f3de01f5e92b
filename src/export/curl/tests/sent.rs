//! The line is run: `sh` starts curl, and a server looks at what arrives.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::Command,
    thread,
};

use serde_json::{Map, Value, json};

use super::super::curl;
use crate::export::fixtures::failed;

/// A request as a server sees it.
#[derive(Debug, PartialEq)]
struct Arrived {
    line: String,
    /// Without those that curl has to make: `host`, `content-length`, in any order but that of one name.
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// Takes one request, answers it, and gives it back.
fn take_one(listener: &TcpListener) -> Arrived {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert_ne!(reader.read_until(b'\n', &mut head).unwrap(), 0, "{}", String::from_utf8_lossy(&head));
    }
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let line = String::from_utf8_lossy(lines.next().unwrap()).into_owned();
    let (mut headers, mut length) = (Vec::new(), 0);
    for line in lines.filter(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':').unwrap();
        let name = String::from_utf8(line[..colon].to_ascii_lowercase()).unwrap();
        let value = line[colon + 1..].trim_ascii().to_vec();
        match name.as_str() {
            "host" => {}
            "content-length" => length = String::from_utf8(value).unwrap().parse().unwrap(),
            _ => headers.push((name, value)),
        }
    }
    headers.sort_by(|a, b| a.0.cmp(&b.0));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    reader.get_mut().write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
    Arrived { line, headers, body }
}

/// Runs the line for a request with those variables set, where `body.bin` holds `file`.
fn arrived(changes: &[(&str, Value)], target: &str, variables: &[(&str, &str)], file: &[u8]) -> Arrived {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let mut changes = changes.to_vec();
    changes.push(("/began/request/url", json!(format!("{base}{target}"))));
    let line = curl(&failed(&changes));
    let server = thread::spawn(move || take_one(&listener));
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("body.bin"), file).unwrap();
    let output = Command::new("sh")
        .args(["-c", &format!("set -u\n{line} --silent --show-error --max-time 20\n")])
        .current_dir(&directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", directory.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}\n{line}");
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1, "something was executed: {line}");
    server.join().unwrap()
}

struct Case {
    method: &'static str,
    target: &'static str,
    /// As bytes on the wire.
    headers: &'static [(&'static str, &'static [u8])],
    body: &'static [u8],
}

const USUAL: &[(&str, &[u8])] = &[("accept", b"*/*"), ("user-agent", b"x/1")];
const TEXT: &[(&str, &[u8])] = &[("content-type", b"text/plain"), ("x-a", b"1")];

const CASES: [Case; 18] = [
    Case { method: "GET", target: "/", headers: USUAL, body: b"" },
    // Nothing is added where nothing was sent.
    Case { method: "GET", target: "/", headers: &[], body: b"" },
    Case { method: "DELETE", target: "/a", headers: USUAL, body: b"" },
    Case { method: "HEAD", target: "/a?b", headers: USUAL, body: b"" },
    Case {
        method: "OPTIONS",
        target: "/a",
        headers: &[("access-control-request-method", b"PUT")],
        body: b"",
    },
    Case { method: "PURGE!#$%&'*+-.^_`|~1", target: "/a", headers: USUAL, body: b"" },
    Case {
        method: "GET",
        target: "/a[1-3]/{b,c}?x[]=1&y={z}&*=[a-z]&?=%zz&q='\"`$(touch%20x)",
        headers: USUAL,
        body: b"",
    },
    Case { method: "GET", target: "//host/x", headers: USUAL, body: b"" },
    Case { method: "GET", target: "/a//b/./c/../d", headers: USUAL, body: b"" },
    Case {
        method: "GET",
        target: "/",
        headers: &[
            ("cookie", b"a=b; theme=\"dark\"; c"),
            ("if-none-match", b"\"it's\", W/\"x\""),
            ("x-empty", b""),
            ("x-latin", b"caf\xe9 \xff\xfe"),
            ("x-shell", b"$(touch x) `touch x` \\' %s \\n ; # !!"),
            ("x-twice", b"1"),
            ("x-twice", b"2"),
            ("x-twice", b"1"),
            ("x-utf8", "caf\u{e9} \u{202e}".as_bytes()),
        ],
        body: b"",
    },
    Case { method: "POST", target: "/", headers: TEXT, body: b"it's\n\"quoted\"\r\n\\n \t\n\n" },
    Case { method: "POST", target: "/", headers: TEXT, body: b"@/etc/passwd" },
    Case {
        method: "POST",
        target: "/",
        headers: TEXT,
        body: "\"#### $(touch x) `x` </script> --> \u{2028}\u{202e}\u{1b}[31m\n".as_bytes(),
    },
    Case { method: "PUT", target: "/", headers: &[], body: b"no type" },
    Case { method: "GET", target: "/", headers: TEXT, body: b"a body all the same" },
    // What is not text comes from the file.
    Case {
        method: "POST",
        target: "/",
        headers: &[("content-encoding", b"gzip"), ("content-type", b"text/plain")],
        body: b"\x1f\x8b\x08\x00\x00",
    },
    Case { method: "POST", target: "/", headers: TEXT, body: b"a\0b" },
    Case { method: "POST", target: "/", headers: TEXT, body: b"caf\xe9" },
];

#[test]
fn what_arrives_is_what_was_recorded() {
    for Case { method, target, headers, body } in CASES {
        let mut recorded = Map::new();
        for (name, value) in headers {
            let value = json!(value.iter().map(|byte| char::from(*byte)).collect::<String>());
            match recorded.get_mut(*name) {
                Some(Value::Array(values)) => values.push(value),
                Some(first) => *first = json!([first.take(), value]),
                None => drop(recorded.insert((*name).into(), value)),
            }
        }
        let text = String::from_utf8_lossy(body);
        let kept = match recorded.contains_key("content-encoding") {
            true => json!({"encoding": "gzip", "bytes": body.len()}),
            false => json!({"text": text, "captured_bytes": body.len(), "total_bytes": body.len()}),
        };
        let changes = [
            ("/began/request/method", json!(method)),
            ("/began/request/headers", recorded.into()),
            ("/began/request/body", if body.is_empty() { json!({}) } else { kept }),
        ];
        let arrived = arrived(&changes, target, &[], body);
        let headers = headers.iter().map(|(name, value)| (String::from(*name), value.to_vec())).collect();
        let line = format!("{method} {target} HTTP/1.1");
        assert_eq!(arrived, Arrived { line, headers, body: body.to_vec() });
    }
}

#[test]
fn the_server_itself_is_asked_as_it_was() {
    let changes = [
        ("/began/request/method", json!("OPTIONS")),
        ("/began/request/headers", json!({})),
        ("/began/request/body", json!({})),
    ];
    assert_eq!(arrived(&changes, "", &[], b"").line, "OPTIONS * HTTP/1.1");
}

#[test]
fn what_was_redacted_arrives_as_the_variables_say() {
    let changes = [
        (
            "/began/request/headers",
            json!({"authorization": "Bearer [REDACTED]", "cookie": "sid=[REDACTED]; a=b"}),
        ),
        (
            "/began/request/body",
            json!({"content_type": "application/json", "json": {"pin": "[REDACTED]"}, "captured_bytes": 14, "total_bytes": 14}),
        ),
    ];
    let variables =
        [("TOKEN", "t%20[1]"), ("AUTHORIZATION", "it's"), ("SID", "$(touch x)"), ("PIN", "`1`\n\"")];
    let arrived = arrived(&changes, "/?token=[REDACTED]", &variables, b"");
    assert_eq!(arrived.line, "POST /?token=t%20[1] HTTP/1.1");
    assert!(arrived.headers.contains(&("authorization".into(), b"Bearer it's".to_vec())), "{arrived:?}");
    assert!(arrived.headers.contains(&("cookie".into(), b"sid=$(touch x); a=b".to_vec())), "{arrived:?}");
    assert_eq!(arrived.body, b"{\"pin\":\"`1`\n\"\"}");
}
