//! The quickstart as a new user has it: a process of its own, asked over TCP, judged by its stdout and its directory.

use std::{
    collections::HashMap,
    fs::{self, File},
    path::Path,
    process::Stdio,
};

use serde_json::Value;
use tokio::{process::Command, time::timeout};

use crate::{
    process::{Quickstart, SECRETS, ask, binary, dumped, home},
    support::{PATIENCE, entries, validated_dump},
};

/// The dumps in a directory, by endpoint, each valid against the schema in the repository.
pub(crate) fn dumps(log_dir: &Path) -> HashMap<String, (String, Value)> {
    let mut dumps = HashMap::new();
    let Ok(files) = fs::read_dir(log_dir.join("dumps")) else { return dumps };
    for file in files {
        let file = file.unwrap();
        let text = fs::read_to_string(file.path()).unwrap();
        for secret in SECRETS {
            assert!(!text.contains(secret), "{text}");
        }
        let dump = validated_dump(&text);
        let read = tower_flightlog::Dump::read(file.path()).unwrap();
        assert_eq!(dump["curl"].as_str(), Some(read.curl().as_str()));
        for export in [read.curl(), read.test(), read.markdown(), read.har()] {
            assert!(SECRETS.iter().all(|secret| !export.contains(secret)), "{export}");
        }
        let endpoint = dump["request"]["endpoint"].as_str().unwrap().to_owned();
        let name = file.file_name().into_string().unwrap();
        assert!(dumps.insert(endpoint, (name, dump)).is_none(), "two dumps of one exchange");
    }
    dumps
}

/// What the files hold, whatever file it is in.
fn logged(log_dir: &Path) -> Vec<String> {
    let mut files = entries(log_dir, "api.log");
    // What is in both is there once.
    files.extend(entries(log_dir, "errors.log").into_iter().filter(|entry| entry["type"] != "recorder"));
    told(&files)
}

/// Entries without what is each output's own, in an order of their own.
fn told(entries: &[Value]) -> Vec<String> {
    let of_both = |entry: &&Value| entry["type"] != "recorder";
    let mut told: Vec<_> = entries.iter().filter(of_both).cloned().collect();
    for entry in &mut told {
        entry.as_object_mut().unwrap().remove("seq");
    }
    let mut told: Vec<_> = told.iter().map(Value::to_string).collect();
    told.sort();
    told
}

fn is<'a>(kind: &'a str, endpoint: &'a str) -> impl Fn(&Value) -> bool + 'a {
    move |entry| entry["type"] == kind && entry["endpoint"] == endpoint
}

const GENERATE: &str = "POST /api/v1/generate HTTP/1.1\r\ncontent-type: application/json\r\n\r\n\
     {\"prompt\": \"Say hello\", \"max_tokens\": 16}";
const LOGIN: &str = "POST /login HTTP/1.1\r\ncontent-type: application/json\r\n\r\n\
     {\"user\": \"ada\", \"password\": \"hunter2\"}";
const FAIL: &str = "GET /fail?access_token=query-secret&x=1 HTTP/1.1\r\nauthorization: Bearer bearer-secret\r\n\
     cookie: theme=dark; session=cookie-secret";

#[tokio::test]
async fn every_request_is_on_the_console_and_every_failure_on_disk() {
    let (_home, logs) = home();
    let service = Quickstart::start(&logs, &[], Stdio::piped()).await;
    let asked = [
        ("GET /health HTTP/1.1", Some(200), "/health"),
        (GENERATE, Some(200), "/api/v1/generate"),
        (LOGIN, Some(200), "/login"),
        ("GET /users/7/orders/42 HTTP/1.1", Some(200), "/users/{id}/orders/{order}"),
        (FAIL, Some(500), "/fail"),
        ("GET /fail/silent HTTP/1.1", Some(500), "/fail/silent"),
        ("GET /panic HTTP/1.1", None, "/panic"),
        ("GET /slow?ms=1 HTTP/1.1", Some(200), "/slow"),
        ("GET /stream HTTP/1.1", Some(200), "/stream"),
        ("GET /nowhere HTTP/1.1", Some(404), "/nowhere"),
    ];
    let mut replies = HashMap::new();
    for (request, _, endpoint) in asked {
        replies.insert(endpoint, service.ask(request).await);
    }
    dumped(&logs, 3);
    let (exit, entries) = service.stop().await;
    assert!(exit.success(), "{exit}");

    let of = |kind, endpoint| {
        let mut found = entries.iter().filter(|entry| is(kind, endpoint)(entry));
        let entry = found.next().unwrap_or_else(|| panic!("no {kind} of {endpoint}: {entries:#?}"));
        assert!(found.next().is_none(), "two entries of type {kind} for {endpoint}: {entries:#?}");
        entry
    };
    for (request, status, endpoint) in asked {
        let (reply, entry) = (&replies[endpoint], of("response", endpoint));
        assert_eq!(reply.status(), status, "{endpoint}: {}", reply.0);
        assert_eq!(entry["status_code"].as_u64(), status.map(u64::from), "{endpoint}");
        assert_eq!(entry["outcome"], if status.is_some() { "complete" } else { "panicked" }, "{endpoint}");
        assert!(entry["message"] == "Outgoing response" && entry["duration_ms"].is_f64(), "{entry}");
        if let Some(id) = reply.header("x-request-id") {
            assert_eq!(entry["request_id"], id, "{endpoint}");
        }
        let begin = of("request", endpoint);
        assert_eq!(begin["request_id"], entry["request_id"], "{endpoint}");
        assert_eq!(begin["remote_addr"], "127.0.0.1", "{endpoint}");
        assert_eq!(begin["method"], request.split(' ').next().unwrap(), "{endpoint}");
    }
    assert_eq!(logged(&logs), told(&entries), "the files have what stdout has");
    let numbers: Vec<_> = entries.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=entries.len() as u64).collect::<Vec<_>>(), "nothing is missing");

    assert_eq!(of("request", "/api/v1/generate")["request_body"]["prompt"], "Say hello");
    assert_eq!(of("response", "/api/v1/generate")["response_body"]["text"], "hello Say");
    assert!(replies["/login"].body().contains(SECRETS[1]), "the client has its token");
    assert_eq!(of("request", "/login")["request_body"]["password"], "[REDACTED]");
    assert_eq!(of("response", "/login")["response_body"]["token"], "[REDACTED]");
    assert!(replies["/stream"].0.contains("data: other"));

    let dumps = dumps(&logs);
    assert_eq!(dumps.len(), 3, "of /fail, /fail/silent and /panic: {dumps:#?}");
    for (endpoint, kind, trigger, message) in [
        ("/fail", "error", "500", "could not place order 42"),
        ("/fail/silent", "error", "500", "the cache is cold"),
        ("/panic", "exception", "panic", "no price for article 4711"),
    ] {
        let ((name, dump), entry) = (&dumps[endpoint], of(kind, endpoint));
        assert_eq!(entry["message"], message);
        assert_eq!(entry["dump"], **name);
        assert_eq!(of("response", endpoint)["dump"], **name);
        assert_eq!(dump["request_id"], entry["request_id"]);
        assert_eq!(dump["trigger"], trigger);
        assert_eq!(dump["error"]["message"], message);
        assert_eq!(*name, name_of(dump));
    }
    let (_, fail) = &dumps["/fail"];
    assert_eq!(fail["error"]["type"], "quickstart::broken::OrderError");
    assert_eq!(fail["error"]["chain"][0], "the order store at 10.0.0.7:5432 does not answer");
    assert_eq!(fail["error"]["chain"][1], "connection refused");
    assert!(fail["error"]["location"].as_str().unwrap().starts_with("examples/quickstart/broken.rs:"));
    assert_eq!(fail["request"]["headers"]["authorization"], "Bearer [REDACTED]");
    assert!(fail["request"]["url"].as_str().unwrap().ends_with("/fail?access_token=[REDACTED]&x=1"));
    assert!(dumps["/panic"].1["error"]["location"].as_str().unwrap().contains("broken.rs:"));
}

/// The name of a dump's file.
fn name_of(dump: &Value) -> String {
    let part = |key: &str| dump[key].as_str().unwrap();
    let time = part("timestamp").replace(['-', ':'], "");
    format!("{time}-{}-{}.json", part("trigger"), part("request_id"))
}

#[tokio::test]
async fn a_clients_id_is_echoed_and_both_are_logged() {
    let (_home, logs) = home();
    let mut service = Quickstart::start(&logs, &[], Stdio::piped()).await;
    let reply = service.ask("GET /health HTTP/1.1\r\nx-request-id: job-7").await;
    assert_eq!(reply.header("x-request-id"), Some("job-7"));
    let entry = service.entry(is("response", "/health")).await;
    assert_eq!(entry["request_id"].as_str().unwrap().len(), 36);
    assert_eq!(entry["client_request_id"], "job-7");
}

#[tokio::test]
async fn switched_off_it_is_not_there() {
    let (_home, logs) = home();
    let service = Quickstart::start(&logs, &[("LOG_API_CALLS", "false")], Stdio::piped()).await;
    for (request, status) in
        [(GENERATE, Some(200)), (FAIL, Some(500)), ("GET /panic HTTP/1.1", None), (LOGIN, Some(200))]
    {
        let reply = service.ask(request).await;
        assert_eq!((reply.status(), reply.header("x-request-id")), (status, None), "{}", reply.0);
    }
    let (exit, entries) = service.stop().await;
    assert!(exit.success());
    assert!(dumps(&logs).is_empty());
    for entry in entries {
        assert!(["log", "recorder"].contains(&entry["type"].as_str().unwrap()), "{entry}");
        assert!(entry.get("request_id").is_none(), "{entry}");
    }
}

#[tokio::test]
async fn what_the_environment_leaves_out_is_not_told() {
    let (_home, logs) = home();
    let variables = [("LOG_COMBINED", "true"), ("LOG_SKIP", "GET /health"), ("LOG_SAMPLE", "100%")];
    let service = Quickstart::start(&logs, &variables, Stdio::piped()).await;
    for (request, status) in [("GET /health HTTP/1.1", 200), (GENERATE, 200), (FAIL, 500)] {
        assert_eq!(service.ask(request).await.status(), Some(status));
    }
    let (_, entries) = service.stop().await;
    assert!(
        entries.iter().all(|entry| entry["type"] != "request" && entry["endpoint"] != "/health"),
        "{entries:#?}"
    );
    let response = entries.iter().find(|entry| is("response", "/api/v1/generate")(entry)).unwrap();
    assert_eq!(response["request_body"]["prompt"], "Say hello");
    assert!(response["url"].as_str().unwrap().ends_with("/api/v1/generate"), "{response}");
    assert!(entries.iter().any(is("response", "/fail")) && entries.iter().any(is("error", "/fail")));
    let settings = &entries.iter().find(|entry| entry["type"] == "recorder").unwrap()["fields"]["settings"];
    assert_eq!((&settings["LOG_SKIP"], &settings["LOG_SAMPLE"]), (&"GET /health".into(), &"1".into()));
}

#[tokio::test]
async fn asked_to_stop_it_answers_what_is_open_and_records_it() {
    let (_home, logs) = home();
    let mut service = Quickstart::start(&logs, &[], Stdio::piped()).await;
    let slow = tokio::spawn(ask(service.addr, "GET /slow?ms=2000 HTTP/1.1"));
    service.entry(|entry| entry["message"] == "working").await;
    let (exit, entries) = service.stop().await;
    assert!(exit.success(), "{exit}");

    let reply = slow.await.unwrap();
    assert_eq!((reply.status(), reply.body()), (Some(200), "{\"waited_ms\":2000}"));
    let responses: Vec<_> = entries.iter().filter(|entry| is("response", "/slow")(entry)).collect();
    assert_eq!(responses.len(), 1);
    assert_eq!(responses[0]["outcome"], "complete");
    assert_eq!(responses[0]["request_id"], reply.header("x-request-id").unwrap());
    let asked = entries.iter().position(|entry| entry["message"].as_str().unwrap().starts_with("stopping"));
    let answered = entries.iter().position(|entry| is("response", "/slow")(entry));
    assert!(asked.unwrap() < answered.unwrap(), "it was still open: {entries:#?}");
}

#[tokio::test]
async fn a_directory_that_cannot_be_one_is_a_warning() {
    let (_home, logs) = home();
    fs::write(&logs, "a file").unwrap();
    let service = Quickstart::start(&logs, &[], Stdio::piped()).await;
    assert_eq!(service.ask(GENERATE).await.status(), Some(200));
    assert_eq!(service.ask(FAIL).await.status(), Some(500));
    let (exit, entries) = service.stop().await;
    assert!(exit.success(), "{exit}");
    let about_it = |entry: &&Value| {
        let is_ours = || !entry["module"].as_str().unwrap().starts_with("quickstart::");
        entry["level"] == "WARN" && entry["type"] == "log" && is_ours()
    };
    let warnings: Vec<_> = entries.iter().filter(about_it).collect();
    assert_eq!(warnings.len(), 2, "one at the start, one for the dump that was lost: {warnings:#?}");
    for warning in warnings {
        let message = warning["message"].as_str().unwrap();
        assert!(message.contains(&*logs.to_string_lossy()), "{message}");
    }
    assert!(entries.iter().any(is("error", "/fail")), "the failure is on the console");
    assert_eq!(fs::read_to_string(&logs).unwrap(), "a file");
}

#[tokio::test]
async fn values_that_cannot_be_meant_stop_it_at_the_start() {
    let output = Command::new(binary().await)
        .env_clear()
        .envs([("PORT", "0"), ("LOG_SLOW", "5 parsecs"), ("LOG_DUMPS", "maybe")])
        .kill_on_drop(true)
        .output();
    let output = timeout(PATIENCE, output).await.unwrap().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("LOG_SLOW=\"5 parsecs\": want ") && said.contains("LOG_DUMPS=\"maybe\": want "),
        "{said}"
    );
}

#[tokio::test]
async fn a_stdout_that_is_full_or_closed_is_no_requests_trouble() {
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let mut streams = vec![Stdio::from(closed.try_clone().unwrap()), Stdio::from(closed)];
    // Where there is such a device.
    if let Ok(full) = File::options().write(true).open("/dev/full") {
        streams.extend([Stdio::from(full.try_clone().unwrap()), Stdio::from(full)]);
    }
    for (stdout, console) in streams.into_iter().zip(["json", "pretty"].into_iter().cycle()) {
        let (_home, logs) = home();
        let service = Quickstart::start(&logs, &[("LOG_CONSOLE", console)], stdout).await;
        assert_eq!(service.ask(GENERATE).await.status(), Some(200));
        assert_eq!(service.ask(FAIL).await.status(), Some(500));
        assert_eq!(service.ask("GET /panic HTTP/1.1").await.status(), None);
        assert_eq!(service.ask("GET /health HTTP/1.1").await.status(), Some(200));
        dumped(&logs, 2);
        let (exit, _) = service.stop().await;
        assert!(exit.success(), "{exit}");
        assert_eq!(dumps(&logs).len(), 2);
    }
}
