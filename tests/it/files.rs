//! The log files from outside: which entry goes where, rotation, permissions, and what others put in their way.

use std::{
    collections::BTreeMap,
    fs,
    net::Ipv4Addr,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    routing::{any, get, post},
};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use tower_flightlog::{Console, FlightLog, FlightLogBuilder};
use tracing::subscriber;
use tracing_subscriber::{Registry, layer::SubscriberExt};

use crate::{
    process::{Quickstart, home},
    support::{PATIENCE, entries, entry, flush, raw, serve, wait_until, warnings},
};

/// A log in a directory, without dumps.
fn log(dir: &Path) -> FlightLog {
    log_with(dir, |builder| builder)
}

fn log_with(dir: &Path, set: impl FnOnce(FlightLogBuilder) -> FlightLogBuilder) -> FlightLog {
    let peer = Ipv4Addr::LOCALHOST.into();
    let builder = FlightLog::builder().dir(dir).dumps(false).console(Console::Off);
    set(builder.remote_addr(move |_| Some(peer))).build().unwrap()
}

fn shop(flightlog: &FlightLog) -> Router {
    async fn database() {
        tracing::info!(target: "shop::db", "connected");
        tracing::info!(target: "shop::db::pool", "grown");
        tracing::info!(target: "shop::db::slow::query", "took long");
        tracing::info!(target: "shop::dbx", "is not below");
        tracing::error!(target: "shop::db::pool", "exhausted");
    }
    async fn explain() -> StatusCode {
        tracing::info!("in passing");
        tracing::error!("the shelf is gone");
        StatusCode::INTERNAL_SERVER_ERROR
    }
    Router::new()
        .route("/", any(|body: Bytes| async { body }))
        .route("/db", get(database))
        .route("/explain", get(explain))
        .route("/fail", any(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("no price")
                }
            }),
        )
        .layer(flightlog.axum_layer())
}

async fn ask(app: &Router, request: Request<Body>) {
    let app = app.clone();
    // A panic ends the task.
    let asked = tokio::spawn(async move { app.oneshot(request).await.unwrap().into_body().collect().await });
    let _ = asked.await;
}

async fn ask_for(app: &Router, path: &str) {
    ask(app, Request::get(path).body(Body::empty()).unwrap()).await;
}

/// Type and message of each entry, sorted.
fn told(entries: &[Value]) -> Vec<String> {
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
    let told = |entry| match text(entry, "type").as_str() {
        "recorder" => format!("recorder: {}", text(entry, "event_type")),
        kind => format!("{kind}: {}", text(entry, "message")),
    };
    let mut told: Vec<_> = entries.iter().map(told).collect();
    told.sort();
    told
}

fn of_type<'a>(entries: &'a [Value], kind: &str) -> Vec<&'a Value> {
    entries.iter().filter(|entry| entry["type"] == kind).collect()
}

/// Recorder entries of one kind: their fields.
fn notes<'a>(entries: &'a [Value], event_type: &str) -> Vec<&'a Value> {
    of_type(entries, "recorder")
        .into_iter()
        .filter(|entry| entry["event_type"] == event_type)
        .map(|entry| &entry["fields"])
        .collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// The names in a directory, but of the file that is there while requests are open.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.starts_with(".in-flight."));
    names.sort();
    names
}

#[tokio::test]
async fn each_entry_goes_to_its_file() {
    let (_home, dir) = home();
    let flightlog = log_with(&dir, |builder| {
        builder.components([("db", "shop::db"), ("slow-queries", "shop::db::slow")])
    });
    let guard = subscriber::set_default(Registry::default().with(flightlog.tracing_layer()));
    let app = shop(&flightlog);
    for path in ["/", "/db", "/explain", "/panic", "/nowhere"] {
        ask_for(&app, path).await;
    }
    drop(guard);
    drop((app, flightlog));

    assert_eq!(names(&dir), ["api.log", "db.log", "errors.log", "slow-queries.log"]);
    let api = entries(&dir, "api.log");
    assert_eq!(
        told(&api),
        [
            "log: in passing",
            "log: is not below",
            "log: the shelf is gone",
            "recorder: started",
            "recorder: stopped",
            "request: Incoming request",
            "request: Incoming request",
            "request: Incoming request",
            "request: Incoming request",
            "request: Incoming request",
            "response: Outgoing response",
            "response: Outgoing response",
            "response: Outgoing response",
            "response: Outgoing response",
            "response: Outgoing response",
        ]
    );
    let errors = entries(&dir, "errors.log");
    assert_eq!(
        told(&errors),
        [
            "error: the shelf is gone",
            "exception: no price",
            "log: exhausted",
            "log: the shelf is gone",
            "recorder: started",
            "recorder: stopped",
        ]
    );
    let db = entries(&dir, "db.log");
    assert_eq!(
        told(&db),
        ["log: connected", "log: exhausted", "log: grown", "recorder: started", "recorder: stopped"]
    );
    let slow = entries(&dir, "slow-queries.log");
    assert_eq!(told(&slow), ["log: took long", "recorder: started", "recorder: stopped"]);
    for file in [&api, &errors, &db, &slow] {
        assert_eq!(file[0]["event_type"], "started");
        assert_eq!(file[file.len() - 1]["event_type"], "stopped");
        assert_eq!(file[0]["run"], api[0]["run"]);
    }
    let fail = of_type(&api, "response").into_iter().find(|entry| entry["endpoint"] == "/explain").unwrap();
    assert_eq!(of_type(&errors, "error")[0]["request_id"], fail["request_id"], "files are joined by id");
}

#[tokio::test]
async fn under_load_requests_and_responses_match_one_to_one() {
    let (_home, dir) = home();
    let flightlog = log(&dir);
    let addr = serve(shop(&flightlog)).await;
    let clients = (0..8).map(|client| async move {
        for n in 0..25 {
            let path = ["/", "/fail", "/nowhere"][n % 3];
            let body = format!("{{\"client\":{client},\"n\":{n}}}");
            let length = body.len();
            let request = format!(
                "POST {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: application/json\r\n\
                 content-length: {length}\r\n\r\n{body}"
            );
            raw(addr, request.as_bytes()).await;
        }
    });
    futures_util::future::join_all(clients).await;
    flush(&flightlog);
    let api = entries(&dir, "api.log");
    let mut open = BTreeMap::new();
    for entry in &api {
        let id = entry["request_id"].as_str().unwrap_or_default().to_owned();
        match entry["type"].as_str().unwrap() {
            "request" => assert!(open.insert(id, &entry["endpoint"]).is_none(), "two requests: {entry}"),
            "response" => assert_eq!(open.remove(&id), Some(&entry["endpoint"]), "{entry}"),
            _ => {}
        }
    }
    assert!(open.is_empty(), "without a response: {open:?}");
    assert_eq!(of_type(&api, "response").len(), 200);
    let stats = flightlog.stats().files;
    assert_eq!((stats.dropped, stats.lost, stats.waiting, stats.errors), (0, 0, 0, 0), "{stats:?}");
    assert_eq!(stats.lines, (api.len() + entries(&dir, "errors.log").len()) as u64);
    let on_disk = |name| fs::metadata(dir.join(name)).unwrap().len();
    assert_eq!(stats.bytes, on_disk("api.log") + on_disk("errors.log"));
}

#[tokio::test]
async fn what_is_left_out_is_in_no_file() {
    let (_home, dir) = home();
    let flightlog = log_with(&dir, |builder| builder.combined(true).skip(["/fail", "/nowhere"]));
    let app = shop(&flightlog);
    for path in ["/", "/fail", "/nowhere"] {
        ask_for(&app, path).await;
    }
    drop((app, flightlog));
    let api = entries(&dir, "api.log");
    assert!(of_type(&api, "request").is_empty(), "{api:#?}");
    let responses = of_type(&api, "response");
    let endpoints: Vec<_> = responses.iter().map(|entry| &entry["endpoint"]).collect();
    assert_eq!(endpoints, ["/", "/fail"], "a failure is remarkable");
    assert!(responses.iter().all(|entry| entry["started"].is_string()), "{api:#?}");
    assert_eq!(of_type(&entries(&dir, "errors.log"), "error").len(), 1);

    let (_home, dir) = home();
    let flightlog = log_with(&dir, |builder| builder.sample(0.0));
    let app = shop(&flightlog);
    for path in ["/", "/fail", "/"] {
        ask_for(&app, path).await;
    }
    drop((app, flightlog));
    let api = entries(&dir, "api.log");
    assert_eq!(
        told(&api),
        [
            "recorder: started",
            "recorder: stopped",
            "request: Incoming request",
            "response: Outgoing response"
        ]
    );
}

/// All entries of a file and its backups, the oldest first, each file within the limit but for a line alone.
#[track_caller]
fn rotated(dir: &Path, name: &str, backups: usize, limit: u64) -> Vec<Value> {
    let mut all = Vec::new();
    let backups = (1..=backups).rev().map(|number| format!("{name}.{number}"));
    for file in backups.chain([name.to_owned()]) {
        let Ok(text) = fs::read_to_string(dir.join(&file)) else { continue };
        assert!(text.is_empty() || text.ends_with('\n'), "{file} is torn");
        assert!(text.len() as u64 <= limit || text.lines().count() == 1, "{file} has {} bytes", text.len());
        all.extend(text.lines().map(entry));
    }
    let numbers = all.iter().map(|entry| number(&entry["seq"]));
    assert!(numbers.clone().zip(numbers.skip(1)).all(|(one, next)| one + 1 == next), "a hole in {name}");
    all
}

#[tokio::test]
async fn rotation_keeps_so_many_and_tells_what_went() {
    const LIMIT: u64 = 3000;
    for backups in [3, 0, 1] {
        let (_home, dir) = home();
        let flightlog = log_with(&dir, |builder| builder.max_bytes(LIMIT).backup_count(backups));
        let app = shop(&flightlog);
        for _ in 0..60 {
            ask_for(&app, "/").await;
            flush(&flightlog);
        }
        let mut expected: Vec<_> = (1..=backups).map(|number| format!("api.log.{number}")).collect();
        expected.splice(0..0, ["api.log".to_owned()]);
        expected.push("errors.log".into());
        assert_eq!(names(&dir), expected);

        // To tell of what expired may make something else expire.
        wait_until("the last that expired is told", || {
            flush(&flightlog);
            let api = rotated(&dir, "api.log", backups, LIMIT);
            let first = number(&api[0]["seq"]);
            assert!(first > 1, "nothing expired");
            notes(&api, "expired").last().is_some_and(|note| number(&note["to_seq"]) + 1 == first)
        });
        let stats = flightlog.stats().files;
        assert!(stats.rotations > 3 && stats.lost == 0 && stats.dropped == 0, "{stats:?}");
        assert_eq!(stats.last_error, None);
        let api = rotated(&dir, "api.log", backups, LIMIT);
        let expired = notes(&api, "expired");
        let ranges = expired.iter().map(|note| (number(&note["from_seq"]), number(&note["to_seq"])));
        assert!(ranges.clone().zip(ranges.skip(1)).all(|(one, next)| one.1 + 1 == next.0), "{expired:?}");
        assert!(expired.iter().all(|note| number(&note["bytes"]) > 0), "{expired:?}");
    }
}

#[test]
fn a_line_above_the_limit_has_a_file_of_its_own() {
    const LIMIT: u64 = 1500;
    let (_home, dir) = home();
    let flightlog = log_with(&dir, |builder| builder.max_bytes(LIMIT).backup_count(20));
    subscriber::with_default(Registry::default().with(flightlog.tracing_layer()), || {
        for n in 0..3 {
            tracing::info!("short {n}");
            tracing::info!("{}", "long ".repeat(600));
        }
    });
    drop(flightlog);
    let api = rotated(&dir, "api.log", 20, LIMIT);
    assert_eq!(number(&api[0]["seq"]), 1);
    assert_eq!(of_type(&api, "log").len(), 6);
    assert!(notes(&api, "expired").is_empty());
}

#[tokio::test]
async fn a_restart_goes_on_in_the_same_files_and_a_torn_line_stays_alone() {
    let (_home, dir) = home();
    for run in 1..=3 {
        let flightlog = log(&dir);
        let app = shop(&flightlog);
        ask_for(&app, "/").await;
        drop((app, flightlog));
        let api = entries(&dir, "api.log");
        let runs: std::collections::BTreeSet<_> = api.iter().map(|entry| entry["run"].to_string()).collect();
        assert_eq!(runs.len(), run, "each start has its own");
        assert_eq!(of_type(&api, "response").len(), run);
    }
    // What a crash or a full disk leaves.
    let torn = "{\"timestamp\":\"2026-11-21T07:32:36.845153Z\",\"level\":\"INFO\",\"ty";
    let whole = fs::read_to_string(dir.join("api.log")).unwrap();
    fs::write(dir.join("api.log"), format!("{whole}{torn}")).unwrap();
    drop(log(&dir));
    let text = fs::read_to_string(dir.join("api.log")).unwrap();
    let rest = text.strip_prefix(&format!("{whole}{torn}\n")).unwrap();
    let rest: Vec<_> = rest.lines().map(entry).collect();
    assert_eq!(told(&rest), ["recorder: started", "recorder: stopped"]);
    assert_eq!(rest[0]["seq"], 1);
}

#[test]
fn a_file_that_let_others_in_is_closed_to_them() {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let api = home.path().join("api.log");
    for (before, file_mode, after) in [(0o644, 0o600, 0o600), (0o660, 0o640, 0o640), (0o400, 0o640, 0o400)] {
        fs::write(&api, "").unwrap();
        fs::set_permissions(&api, fs::Permissions::from_mode(before)).unwrap();
        drop(log_with(home.path(), |builder| builder.file_mode(file_mode)));
        assert_eq!(mode(&api), after, "{before:o}");
        fs::set_permissions(&api, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn files_are_for_their_owner_and_where_asked_for_the_group() {
    for (file_mode, dir_mode) in [(0o600, 0o700), (0o640, 0o750)] {
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let dir = home.path().join("var/log/shop");
        let flightlog = log_with(&dir, |builder| {
            builder.file_mode(file_mode).max_bytes(200).backup_count(1).components([("db", "shop::db")])
        });
        drop(flightlog);
        for name in names(&dir) {
            assert_eq!(mode(dir.join(&name)), file_mode, "{name}");
        }
        assert!(names(&dir).contains(&"api.log.1".into()), "new ones of a rotation too");
        for dir in [home.path().join("var"), home.path().join("var/log"), dir] {
            assert_eq!(mode(&dir), dir_mode, "{}", dir.display());
        }
    }
}

#[test]
fn a_directory_that_is_open_to_all_is_one_warning() {
    for dir_mode in [0o777, 0o1777, 0o703] {
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let dir = home.path().join("logs");
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(dir_mode)).unwrap();
        let (flightlog, warnings) = warnings(|| log(&dir));
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let dir_name = dir.display().to_string();
        for part in ["LOG_DIR", &dir_name, "anybody", &format!("{dir_mode:04o}"), "chmod o-w"] {
            assert!(warnings[0].contains(part), "{part}: {}", warnings[0]);
        }
        drop(flightlog);
        assert_eq!(told(&entries(&dir, "api.log")), ["recorder: started", "recorder: stopped"]);
        assert_eq!(mode(dir.join("api.log")), 0o600);
        assert_eq!(mode(&dir), dir_mode, "whose directory it is decides");

        let error = FlightLog::builder()
            .dir(&dir)
            .console(Console::Off)
            .strict(true)
            .build()
            .unwrap_err()
            .to_string();
        assert!(error.contains("LOG_DIR") && error.contains("anybody"), "{error}");
        let told = told(&entries(&dir, "api.log"));
        assert_eq!(told, ["recorder: started", "recorder: stopped"], "a log that did not begin says nothing");
    }
}

#[tokio::test]
async fn a_planted_link_is_refused_and_the_service_goes_on() {
    let (home, dir) = home();
    fs::create_dir(&dir).unwrap();
    let victim = home.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    symlink(&victim, dir.join("api.log")).unwrap();
    let (flightlog, warnings) = warnings(|| log(&dir));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("api.log"), "{warnings:?}");

    let app = shop(&flightlog);
    ask_for(&app, "/fail").await;
    let unwritten = flightlog.flush(Duration::from_secs(5)).unwrap_err();
    assert_eq!(unwritten.records, 3, "started, request and response");
    assert_eq!(flightlog.stats().files.waiting, 3);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert!(dir.join("api.log").is_symlink());
    assert_eq!(told(&entries(&dir, "errors.log")), ["error: HTTP 500", "recorder: started"]);

    fs::remove_file(dir.join("api.log")).unwrap();
    flush(&flightlog);
    assert_eq!(
        told(&entries(&dir, "api.log")),
        ["recorder: started", "request: Incoming request", "response: Outgoing response"]
    );
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    for plant in ["a fifo", "a directory", "a link to a directory"] {
        let (_home, dir) = home();
        fs::create_dir(&dir).unwrap();
        let api = dir.join("api.log");
        match plant {
            "a fifo" => {
                let name = rustix::fs::CWD;
                rustix::fs::mknodat(name, &api, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
            }
            "a directory" => fs::create_dir(&api).unwrap(),
            _ => symlink("/tmp", &api).unwrap(),
        }
        let (flightlog, warnings) = warnings(|| log(&dir));
        assert_eq!(warnings.len(), 1, "{plant}: {warnings:?}");
        assert_eq!(flightlog.flush(PATIENCE).unwrap_err().records, 1, "{plant}");
        let error = FlightLog::builder()
            .dir(&dir)
            .console(Console::Off)
            .strict(true)
            .build()
            .unwrap_err()
            .to_string();
        assert!(error.contains("api.log"), "{plant}: {error}");
    }
}

#[tokio::test]
async fn while_files_cannot_be_written_stdout_has_the_entries() {
    for (plant, stopped) in [("a file in place of the directory", 2), ("a link in place of a file", 1)] {
        let (home, logs) = home();
        let victim = home.path().join("victim");
        let api = logs.join("api.log");
        let planted = match plant {
            "a file in place of the directory" => {
                fs::write(&logs, "a file").unwrap();
                logs.clone()
            }
            _ => {
                fs::create_dir(&logs).unwrap();
                symlink(&victim, &api).unwrap();
                api.clone()
            }
        };
        let mut service = Quickstart::start(&logs, &[("LOG_CONSOLE", "")], Stdio::piped()).await;
        let reply = service.ask("GET /health HTTP/1.1").await;
        let is_it = |entry: &Value| {
            entry["type"] == "response" && entry["request_id"] == reply.header("x-request-id").unwrap()
        };
        let told = service.entry(is_it).await;
        assert!(!victim.exists());

        fs::remove_file(planted).unwrap();
        wait_until("api.log", || api.exists() && api.symlink_metadata().unwrap().is_file());
        for _ in 0..stopped {
            service.entry(|entry| entry["message"].as_str().unwrap().ends_with("is written again")).await;
        }
        // From now on, or a moment later, only the files have them.
        for _ in 0..20 {
            assert_eq!(service.ask("GET /slow?ms=1 HTTP/1.1").await.status(), Some(200));
        }
        assert_eq!(service.ask("GET /users/7/orders/42 HTTP/1.1").await.status(), Some(200));
        let (exit, console) = service.stop().await;
        assert!(exit.success(), "{exit}");
        let warnings: Vec<_> = console.iter().filter(|entry| entry["level"] == "WARN").collect();
        assert_eq!(warnings.len(), 1, "{plant}: {warnings:#?}");
        for part in ["LOG_DIR", "stdout"] {
            assert!(warnings[0]["message"].as_str().unwrap().contains(part), "{plant}: {warnings:#?}");
        }
        assert!(
            console.iter().all(|entry| entry["endpoint"] != "/users/{id}/orders/{order}"),
            "{console:#?}"
        );

        let api = entries(&logs, "api.log");
        assert!(notes(&api, "gap").is_empty(), "all were kept: {api:#?}");
        assert_eq!(of_type(&api, "response").len(), 22, "{api:#?}");
        assert!(api.iter().any(|entry| entry["timestamp"] == told["timestamp"] && is_it_in(entry, &told)));
        let messages: Vec<_> = api.iter().map(|entry| entry["message"].as_str().unwrap()).collect();
        assert!(messages.iter().any(|message| message.contains("LOG_DIR")), "{messages:#?}");
    }
}

/// The same entry but for its number.
fn is_it_in(entry: &Value, told: &Value) -> bool {
    ["type", "request_id", "run", "duration_ms"].iter().all(|key| entry[*key] == told[*key])
}

/// What a reader other than serde_json makes of a file, where there is one: how many entries it sees.
fn seen_by_jq(file: &Path) -> Option<usize> {
    let jq = std::process::Command::new("jq").args(["-c", ".seq"]).arg(file).output().ok()?;
    assert!(jq.status.success(), "{}", String::from_utf8_lossy(&jq.stderr));
    Some(String::from_utf8(jq.stdout).unwrap().lines().count())
}

#[tokio::test]
async fn nothing_a_client_sends_breaks_a_line_or_forges_one() {
    let (_home, dir) = home();
    let flightlog = log(&dir);
    let addr = serve(
        Router::new()
            .route("/{*path}", post(|body: Bytes| async { ([("content-type", "application/json")], body) }))
            .layer(flightlog.axum_layer()),
    )
    .await;
    let forged = r#"{"timestamp":"2026-11-21T07:32:36.845153Z","level":"ERROR","type":"response","run":"00000000","seq":1,"status_code":200,"message":"forged"}"#;
    let inlined = |body: &str| (body.to_owned(), true);
    let text = |body: &str| (body.to_owned(), false);
    let bodies = [
        // Q1
        text(&format!("{}{}", "[".repeat(1000), "]".repeat(1000))),
        inlined(&format!("{}{}", "[".repeat(60), "]".repeat(60))),
        text(r#""\ud800""#),
        text(r#"{"a":"\udc00\ud800"}"#),
        text("1e400"),
        text(r#"{"a":[-1e999]}"#),
        text(&format!("{{\"{}\":1}}", "k".repeat(1 << 20))),
        // Q2
        inlined(r#"{"truncated":true,"text":"x"}"#),
        inlined(r#"{"type":"response","status_code":200}"#),
        inlined(forged),
        // Q3
        text(&format!("x\n{forged}\n")),
        text(&format!("\u{2028}{forged}\u{2029}\r\n\u{1b}[31m\0\u{85}\u{202e}")),
        inlined(&serde_json::to_string(&format!("\n{forged}\n\u{2028}")).unwrap()),
        // Q4
        inlined(r#####"{"a":"\"#### $(touch x) `touch x` </script> --> \u2028"}"#####),
        inlined("{\"a\":\"\u{2028}\u{202e}\"}"),
    ];
    let hostile_paths = ["/a%0a%7b%22seq%22:1%7d", "/%1b%5b31m", "/\"}{\"", "/$(touch%20x)%60id%60"];
    for (sent, (body, is_inlined)) in bodies.iter().enumerate() {
        let (path, length) = (hostile_paths[sent % hostile_paths.len()], body.len());
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: application/json\r\n\
             x-request-id: {{\"seq\":1}}\r\nuser-agent: \"}}\t{forged}\r\nreferer: \"####</script>\r\n\
             content-length: {length}\r\n\r\n"
        )
        .into_bytes();
        request.extend(body.as_bytes());
        let reply = raw(addr, &request).await;
        assert!(reply.starts_with("HTTP/1.1 200"), "{path}: {reply:.200}");
        flush(&flightlog);

        let api = entries(&dir, "api.log");
        assert_eq!(api.len(), 1 + 2 * (sent + 1), "one line for each entry");
        assert_eq!(seen_by_jq(&dir.join("api.log")).unwrap_or(api.len()), api.len());
        let [.., begin, end] = &api[..] else { panic!("{api:#?}") };
        assert_eq!((&begin["type"], &end["type"]), (&"request".into(), &"response".into()));
        assert_eq!(end["status_code"], 200);
        assert_eq!(begin["client_request_id_rejected"], true);
        for (entry, body_of) in [(begin, "request_body"), (end, "response_body")] {
            let [whole, piece] = [&entry[body_of], &entry[format!("{body_of}_text")]];
            assert_eq!((!whole.is_null(), piece.is_string()), (*is_inlined, !is_inlined), "{entry}");
            if *is_inlined {
                assert_eq!(*whole, serde_json::from_str::<Value>(body).unwrap());
            }
        }
    }
    assert!(entries(&dir, "errors.log").iter().all(|entry| entry["type"] == "recorder"));
    assert!(!PathBuf::from("x").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_logs_share_a_directory_and_rotate_once() {
    const LIMIT: u64 = 20_000;
    const BACKUPS: usize = 100;
    let (_home, dir) = home();
    let logs = [(); 3].map(|()| log_with(&dir, |builder| builder.max_bytes(LIMIT).backup_count(BACKUPS)));
    let asked = logs.map(|flightlog| {
        tokio::spawn(async move {
            let app = shop(&flightlog);
            for n in 0..100 {
                ask_for(&app, "/fail").await;
                if n % 10 == 0 {
                    flush(&flightlog);
                }
            }
        })
    });
    for asked in asked {
        asked.await.unwrap();
    }
    for (name, each) in [("api.log", 202), ("errors.log", 102)] {
        let mut runs = BTreeMap::<String, Vec<u64>>::new();
        let backups = (1..=BACKUPS).rev().map(|number| format!("{name}.{number}"));
        for file in backups.chain([name.to_owned()]) {
            let Ok(text) = fs::read_to_string(dir.join(&file)) else { continue };
            assert!(text.is_empty() || text.ends_with('\n'), "{file} is torn");
            for entry in text.lines().map(entry) {
                runs.entry(entry["run"].to_string()).or_default().push(number(&entry["seq"]));
            }
        }
        assert_eq!(runs.len(), 3);
        for (run, numbers) in runs {
            assert_eq!(numbers, (1..=each).collect::<Vec<_>>(), "{name}: {run}");
        }
    }
    assert!(dir.join("api.log.1").exists());
}

#[tokio::test]
async fn a_file_that_is_renamed_or_cut_by_others_is_no_end() {
    let (_home, dir) = home();
    let flightlog = log(&dir);
    let app = shop(&flightlog);
    ask_for(&app, "/").await;
    flush(&flightlog);
    // logrotate's `create` and `nocreate`.
    fs::rename(dir.join("api.log"), dir.join("api.log-20261121")).unwrap();
    flush(&flightlog);
    ask_for(&app, "/").await;
    flush(&flightlog);
    let mut both = entries(&dir, "api.log-20261121");
    let text = fs::read_to_string(dir.join("api.log")).unwrap();
    both.extend(text.lines().map(entry));
    let numbers: Vec<_> = both.iter().map(|entry| number(&entry["seq"])).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5], "nothing is lost");

    // `copytruncate`: nobody can know whether a copy was made.
    fs::copy(dir.join("api.log"), dir.join("copy")).unwrap();
    fs::File::options().write(true).truncate(true).open(dir.join("api.log")).unwrap();
    flush(&flightlog);
    ask_for(&app, "/").await;
    flush(&flightlog);
    let text = fs::read_to_string(dir.join("api.log")).unwrap();
    let api: Vec<_> = text.lines().map(entry).collect();
    assert_eq!(told(&api), ["recorder: gap", "request: Incoming request", "response: Outgoing response"]);
    let gap = notes(&api, "gap")[0];
    assert_eq!(gap["cause"], "truncated");
    assert_eq!(
        (number(&gap["lost"]), number(&gap["to_seq"])),
        (text_lines(&dir, "copy"), 5),
        "what the file had of this run: {gap}"
    );
}

fn text_lines(dir: &Path, name: &str) -> u64 {
    fs::read_to_string(dir.join(name)).unwrap().lines().count() as u64
}
