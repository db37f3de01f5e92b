//! Dumps as tests: they are compiled, run against an application that fails as recorded, and against one that works.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Map, Value, json};
use tower_flightlog::{Dump, formats::DUMP_EXAMPLE};

/// An application that answers as the name of the running test ends, and writes down what it was asked.
const APP: &str = r#"
#![deny(warnings)]
use std::{env, fmt::Write, net::SocketAddr, path::Path, thread};

use axum::{Router, body::Body, extract::{ConnectInfo, Request}, http::StatusCode, response::{IntoResponse, Response}};

pub fn app() -> Router {
    Router::new().fallback(handle)
}

async fn handle(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let test = thread::current().name().unwrap().to_owned();
    let (test, failure) = (test.split("::").next().unwrap(), test.rsplit('_').next().unwrap());
    let mut asked = format!("{} {} {:?}\n", parts.method, parts.uri.to_string().escape_debug(), parts.version);
    let mut headers: Vec<_> = parts.headers.iter().collect();
    headers.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
    for (name, value) in headers {
        writeln!(asked, "{name}: {}", value.as_bytes().escape_ascii()).unwrap();
    }
    let client = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(client)| client.ip());
    writeln!(asked, "{client:?}\n{}", body.escape_ascii()).unwrap();
    std::fs::write(Path::new(&env::var("ASKED").unwrap()).join(test), asked).unwrap();
    if env::var("FAILS").is_err() {
        return ([("grpc-status", "0")], "fine").into_response();
    }
    match failure {
        "panic" => panic!("planted panic"),
        "slow" => std::future::pending().await,
        "error" => {
            let broken = Err::<String, _>(std::io::Error::other("planted error"));
            Body::from_stream(tokio_stream::iter([broken])).into_response()
        }
        "13" => [("grpc-status", "13")].into_response(),
        "manual" => StatusCode::NOT_FOUND.into_response(),
        status => (StatusCode::from_bytes(status.as_bytes()).unwrap(), "planted failure").into_response(),
    }
}
"#;

const MANIFEST: &str = r#"
[package]
name = "replays"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
axum = "0.8"
tokio-stream = "0.1"

[dev-dependencies]
tokio = { version = "1", features = ["macros", "rt", "time"] }
tower = { version = "0.5", features = ["util"] }
http-body-util = "0.1"

[profile.dev]
debug = false
"#;

/// A dump, and what of it the application must be asked.
struct Case {
    /// Changes to the example, by JSON pointer.
    changes: Vec<(&'static str, Value)>,
    uri: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
    /// What the test says where the application fails.
    says: &'static str,
}

impl Case {
    /// A request that answered 500, with nothing but its URI.
    fn new(uri: &str) -> Self {
        Self {
            changes: vec![("/request/url", json!(format!("http://shop.test{uri}")))],
            uri: uri.into(),
            headers: Vec::new(),
            body: Vec::new(),
            says: "it answers: planted failure",
        }
    }

    fn with(mut self, pointer: &'static str, value: Value) -> Self {
        self.changes.push((pointer, value));
        self
    }

    fn header(mut self, name: &'static str, value: &[u8]) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn text(self, body: &str) -> Self {
        let kept = json!({"text": body, "captured_bytes": body.len(), "total_bytes": body.len()});
        let mut case = self.with("/request/body", kept);
        case.body = body.into();
        case
    }

    fn fails(mut self, trigger: &str, outcome: &str, response: Value, says: &'static str) -> Self {
        self.says = says;
        self.with("/trigger", json!(trigger)).with("/outcome", json!(outcome)).with("/response", response)
    }

    fn dump(&self, number: usize) -> Dump {
        let mut dump: Value = serde_json::from_str(DUMP_EXAMPLE).unwrap();
        let mut headers = Map::from_iter([(String::from("host"), json!("shop.test"))]);
        for (name, value) in &self.headers {
            let value = json!(value.iter().map(|byte| char::from(*byte)).collect::<String>());
            match headers.get_mut(*name) {
                Some(Value::Array(values)) => values.push(value),
                Some(first) => *first = json!([first.take(), value]),
                None => drop(headers.insert((*name).into(), value)),
            }
        }
        dump["request"]["headers"] = headers.into();
        dump["request"]["body"] = json!({});
        dump["request_id"] = json!(format!("0198c0de-0000-7000-8000-{number:012}"));
        for (pointer, value) in &self.changes {
            match dump.pointer_mut(pointer) {
                Some(_) if *value == Value::Null => {
                    dump.as_object_mut().unwrap().remove(&pointer[1..]);
                }
                Some(old) => *old = value.clone(),
                None => {
                    let (parent, name) = pointer.rsplit_once('/').unwrap();
                    dump.pointer_mut(parent).unwrap()[name] = value.clone();
                }
            }
        }
        dump.to_string().parse().unwrap_or_else(|error| panic!("{error}: {dump:#}"))
    }

    /// As the application writes it down.
    fn asked(&self, dump: &Dump) -> String {
        let request = &dump.exchange.request;
        let mut asked = format!("{} {} {:?}\n", request.method, self.uri.escape_debug(), request.version);
        let mut headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        if request.headers().get("host").is_some() {
            headers.push(("host", b"shop.test"));
        }
        headers.sort_by_key(|(name, _)| *name);
        for (name, value) in headers {
            writeln!(asked, "{name}: {}", value.escape_ascii()).unwrap();
        }
        writeln!(asked, "{:?}\n{}", request.remote_addr, self.body.escape_ascii()).unwrap();
        asked
    }
}

/// What a client could send that means something in Rust, to a shell, in HTML or Markdown, or nothing at all.
const HOSTILE: [&str; 9] = [
    "\"####",
    "\"#\" $(touch x) `touch x` {braces} {0} %s \\n \\",
    "</script>-->*/ //",
    "\u{2028}\u{2029}\u{202e}\u{2066}",
    "\0\u{1b}[31m\u{9b}\u{7f}\r\n\r\t \n",
    "\n{\"type\":\"response\",\"status_code\":200}\n",
    "\"; panic!(\"injected\"); \"",
    "r#\"\"#",
    "\u{feff}é漢🛩",
];

fn cases() -> Vec<Case> {
    let json = |text: &str| {
        let body: Value = serde_json::from_str(text).unwrap();
        let mut case = Case::new("/json")
            .with("/request/body", json!({"json": body, "captured_bytes": 9, "total_bytes": 9}));
        case.body = body.to_string().into();
        case
    };
    let mut cases = vec![
        Case::new("/"),
        // BAD_INPUTS Q1 and Q2.
        Case::new("/q1").text(&format!("{}{}", "[".repeat(1000), "]".repeat(1000))),
        Case::new("/q1").text(r#""\ud800""#),
        Case::new("/q1").text("1e400"),
        Case::new("/q1").text(&format!("{{\"{}\":1}}", "k".repeat(60_000))),
        json(r#"{"truncated":true,"text":"x"}"#),
        json(r#"{"type":"response","status_code":200}"#),
        json(r##"{"a":"\"#","password":"[REDACTED]","b":["\\n","[REDACTED]"]}"##),
        Case::new("/form\"{}?a[]=1&{b}=%zz&c='x'`&token=[REDACTED]")
            .header("authorization", b"Bearer [REDACTED]")
            .header("content-length", b"19")
            .header("content-type", b"application/x-www-form-urlencoded")
            .header("cookie", b"sid=[REDACTED]; theme=\"dark\"")
            .header("x-empty", b"")
            .header("x-latin", b"caf\xe9 \xff\t[REDACTED]")
            .header("x-twice", b"1")
            .header("x-twice", b"it's \"#### $(touch x) `x` \\")
            .text("a=it's&b=%22&c='x'\n"),
        Case::new("//host/./x//../y").with("/request/method", json!("PURGE!#$%&'*+-.^_`|~1")),
        Case::new("*").with("/request/method", json!("OPTIONS")).with("/request/url", json!("http://shop.test")),
        // What is between two hops, or no header, is not sent; what was too long is to be filled in.
        Case::new("/hops")
            .with("/request/headers", json!({"host": "shop.test", "connection": "x-hop", "x-hop": "1", "te": "x", "x-bad": "a\nb", "x-long": "head…[65536 bytes]"}))
            .header("x-long", b"[too long to be recorded]"),
        // As many secrets as there may be.
        Case::new("/many").text(&"[REDACTED],".repeat(100)),
        // A body that is not there comes from the file.
        Case::new("/bytes").with("/request/body", json!({"bytes": 4})),
        Case::new("/cut").with("/request/body", json!({"text": "ab", "captured_bytes": 2, "total_bytes": 4, "truncated": true})),
        // Over HTTP/2 the URI names the host.
        Case::new("/h2").with("/request/http_version", json!("HTTP/2.0")).with("/request/headers", json!({})),
        Case::new("/v6").with("/request/remote_addr", json!("2001:db8::1")).with("/request/http_version", json!("HTTP/1.0")),
        Case::new("/503").fails("503", "complete", json!({"status": 503, "headers": {}}), "it answers: planted failure"),
        Case::new("/panic").fails("panic", "panicked", Value::Null, "planted panic"),
        Case::new("/slow").with("/timing/duration_ms", json!(50.5)).fails("slow", "complete", json!({"status": 200, "headers": {}}), "it answers sooner than recorded"),
        Case::new("/body").fails("error", "body_error", json!({"status": 200, "headers": {}}), "the response's body comes to its end"),
        Case::new("/grpc").fails("error", "complete", json!({"status": 200, "headers": {"grpc-status": "13"}}), "it has the grpc-status of the record"),
        Case::new("/manual").fails("manual", "complete", json!({"status": 200, "headers": {}}), "it answers 404 Not Found"),
    ];
    for hostile in HOSTILE {
        // BAD_INPUTS Q3 and Q4.
        cases.push(
            Case::new("/q4")
                .text(hostile)
                .with("/request/endpoint", json!(hostile))
                .with("/error/message", json!(hostile))
                .with("/error/location", json!(hostile))
                .with("/client_request_id", json!(hostile)),
        );
    }
    for case in &mut cases {
        match case.uri.as_str() {
            "/bytes" | "/cut" => case.body = b"from the file\xff".into(),
            "/h2" => case.uri = String::from("http://shop.test/h2"),
            _ => {}
        }
    }
    cases
}

struct Project(PathBuf);

impl Project {
    /// A crate with the application and the tests at the end of its only file, as somebody would paste them.
    fn new(directory: &Path, tests: &str) -> Self {
        let project = Self(directory.join("replays"));
        fs::create_dir_all(project.0.join("src")).unwrap();
        fs::write(project.0.join("Cargo.toml"), MANIFEST).unwrap();
        fs::copy("Cargo.lock", project.0.join("Cargo.lock")).unwrap();
        fs::write(project.0.join("src/lib.rs"), format!("{APP}{tests}")).unwrap();
        fs::write(project.0.join("src/body.bin"), b"from the file\xff").unwrap();
        project
    }

    fn run(&self, fails: bool) -> (Output, PathBuf) {
        let asked = self.0.join(if fails { "asked-failing" } else { "asked" });
        fs::create_dir_all(&asked).unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["test", "--offline", "--lib", "--no-fail-fast"])
            .current_dir(&self.0)
            // Compiled once, and kept for the next time.
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("replays-target"))
            .env("ASKED", &asked)
            .env_remove("RUST_BACKTRACE")
            .env_remove("FAILS");
        if fails {
            cargo.env("FAILS", "1");
        }
        (cargo.output().unwrap(), asked)
    }
}

#[test]
fn tests_made_from_dumps_fail_as_recorded_and_pass_where_that_is_mended() {
    let cases = cases();
    let dumps: Vec<_> = cases.iter().enumerate().map(|(number, case)| case.dump(number)).collect();
    let tests: String = dumps.iter().map(Dump::test).collect();
    let directory = tempfile::tempdir().unwrap();
    let project = Project::new(directory.path(), &tests);

    let (output, asked) = project.run(false);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains(&format!("test result: ok. {} passed; 0 failed", cases.len())), "{told}");
    for (number, (case, dump)) in cases.iter().zip(&dumps).enumerate() {
        let asked = fs::read_to_string(asked.join(format!("replay_{number:012}"))).unwrap();
        assert_eq!(asked, case.asked(dump), "{}", dump.test());
    }

    let (output, _) = project.run(true);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains(&format!("test result: FAILED. 0 passed; {} failed", cases.len())), "{told}");
    for (number, case) in cases.iter().enumerate() {
        let (_, said) = told.split_once(&format!("---- replay_{number:012}::")).unwrap();
        let said = said.split("\n---- ").next().unwrap();
        assert!(said.contains(case.says), "{said} does not say {}", case.says);
    }
}
