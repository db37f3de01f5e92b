//! Exchanges that have not ended: who they are, that one takes long, and who they were when the process died.

use std::{
    env, fs,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::Path,
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body, routing::get};
use http::Request;
use rustix::process::Signal;
use serde_json::Value;
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::oneshot};
use tower::ServiceExt;
use tower_flightlog::{Console, EventKind, FlightLog};

use crate::{
    process::{Quickstart, home},
    support::{entries, flush, serve, wait_until, watched, watched_with},
};

/// The files in which processes note who is in flight.
fn journals(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(".in-flight.")).collect()
}

/// True where some journal names so many requests.
fn notes(dir: &Path, requests: usize) -> bool {
    let text = |name: &String| fs::read(dir.join(name)).unwrap_or_default();
    journals(dir).iter().any(|name| {
        let text = text(name);
        let pages = text.split(|byte| *byte == b'\n' || *byte == 0).filter_map(|page| {
            let page: Value = serde_json::from_slice(page).ok()?;
            Some((page["number"].as_u64()?, page["open"].as_array()?.len()))
        });
        pages.max().is_some_and(|(_, open)| open == requests)
    })
}

/// True where the file has it: what the console shows gets there a moment later.
fn is_filed(dir: &Path, text: &str) -> bool {
    fs::read_to_string(dir.join("api.log")).is_ok_and(|log| log.contains(text) && log.ends_with('\n'))
}

/// What was told of processes that died.
fn deaths(dir: &Path) -> Vec<Value> {
    entries(dir, "api.log").into_iter().filter(|entry| entry["event_type"] == "in_flight_at_death").collect()
}

/// Sends requests that stay open, and gives the connections.
async fn send(service: &Quickstart, paths: &[&str]) -> Vec<TcpStream> {
    let mut open = Vec::new();
    for path in paths {
        let mut stream = TcpStream::connect(service.addr).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: h\r\n\r\n").as_bytes()).await.unwrap();
        open.push(stream);
    }
    open
}

/// A service that only starts and ends.
async fn visit(dir: &Path) {
    let service = Quickstart::start(dir, &[], Stdio::null()).await;
    service.terminate();
    assert!(service.ended().await.0.success());
}

#[tokio::test]
async fn a_handler_sees_itself_and_others_in_flight() {
    let (flightlog, watcher) = watched();
    let (enter, entered) = oneshot::channel();
    let (go, gate) = oneshot::channel::<()>();
    let channels = Arc::new(std::sync::Mutex::new(Some((enter, gate))));
    let log = flightlog.clone();
    let app = Router::new()
        .route(
            "/orders/{id}",
            get(async move || {
                let (enter, gate) = channels.lock().unwrap().take().unwrap();
                enter.send(()).unwrap();
                gate.await.unwrap();
                log.in_flight().len().to_string()
            }),
        )
        .layer(flightlog.axum_layer());
    let addr = serve(app).await;
    let request = b"GET /orders/7?token=hunter2 HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
    let answer = tokio::spawn(async move { crate::support::raw(addr, request).await });
    entered.await.unwrap();
    let [open] = &flightlog.in_flight()[..] else { panic!("{:?}", flightlog.in_flight()) };
    assert_eq!((open.method.as_str(), open.endpoint.as_str()), ("GET", "/orders/{id}"));
    assert_eq!((open.status, open.request_bytes, open.response_bytes), (None, 0, 0));
    go.send(()).unwrap();
    assert!(answer.await.unwrap().ends_with('1'));
    let exchange = watcher.only();
    assert_eq!((open.request_id, open.started), (exchange.request_id, exchange.started));
    assert!(flightlog.in_flight().is_empty());
}

#[tokio::test]
async fn what_is_still_running_is_told_to_sinks_and_files_while_it_runs() {
    let (_home, dir) = home();
    let (flightlog, watcher) = watched_with(|builder| {
        builder.files(true).dir(&dir).console(Console::Off).slow(Duration::from_millis(20)).skip(["/slow"])
    });
    let (go, gate) = oneshot::channel::<()>();
    let gate = Arc::new(std::sync::Mutex::new(Some(gate)));
    let app = Router::new()
        .route(
            "/slow",
            get(async move || {
                let gate = gate.lock().unwrap().take().unwrap();
                gate.await.unwrap();
            }),
        )
        .layer(flightlog.axum_layer());
    let slow = tokio::spawn(app.oneshot(Request::get("/slow").body(Body::empty()).unwrap()));
    tokio::task::yield_now().await;
    wait_until("it is told", || !watcher.events().is_empty());
    assert_eq!((flightlog.in_flight().len(), watcher.count()), (1, 0), "it has not ended");
    go.send(()).unwrap();
    drop(slow.await.unwrap().unwrap());
    flush(&flightlog);
    let [event] = &watcher.events()[..] else { panic!("{:?}", watcher.events()) };
    assert_eq!(event.kind, EventKind::Custom("still_running".into()));
    assert_eq!(event.request_id, Some(watcher.only().request_id));
    let api = entries(&dir, "api.log");
    let told: Vec<_> = api.iter().filter(|entry| entry["type"] == "custom_event").collect();
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["level"], &told[0]["event_type"]), (&"WARN".into(), &"still_running".into()));
    assert_eq!(told[0]["fields"]["endpoint"], "/slow");
    assert!(told[0]["fields"]["age_ms"].as_u64().unwrap() >= 20);
    assert!(api.iter().any(|entry| entry["type"] == "response"), "it was slow in the end");
}

#[tokio::test]
async fn the_next_start_names_exactly_those_in_flight_when_the_process_was_killed() {
    let (_home, logs) = home();
    let mut service = Quickstart::start(&logs, &[], Stdio::piped()).await;
    let reply = service.ask("GET /health HTTP/1.1").await;
    assert_eq!(reply.status(), Some(200));
    let _open = send(&service, &["/slow?ms=10000&token=hunter2", "/slow?ms=9999", "/slow?ms=9998"]).await;
    let mut ids: Vec<String> = Vec::new();
    for _ in 0..3 {
        let request = service.entry(|entry| entry["type"] == "request" && entry["endpoint"] == "/slow").await;
        ids.push(request["request_id"].as_str().unwrap().into());
    }
    wait_until("they are noted", || notes(&logs, 3));
    wait_until("they are in the file", || ids.iter().all(|id| is_filed(&logs, id)));
    let [journal] = &journals(&logs)[..] else { panic!("{:?}", journals(&logs)) };
    assert_eq!(fs::metadata(logs.join(journal)).unwrap().permissions().mode() & 0o7777, 0o600);

    // Another one shares the directory, and is no heir of the living.
    let other = Quickstart::start(&logs, &[], Stdio::null()).await;
    assert!(!is_filed(&logs, "in_flight_at_death"));
    service.signal(Signal::KILL);
    assert!(!service.exit().await.success());
    assert!(fs::read(logs.join(journal)).is_ok());

    let mut next = Quickstart::start(&logs, &[], Stdio::piped()).await;
    let told = next.entry(|entry| entry["event_type"] == "in_flight_at_death").await;
    wait_until("it is in the file", || is_filed(&logs, "in_flight_at_death"));
    let [death] = &deaths(&logs)[..] else { panic!("{:?}", deaths(&logs)) };
    assert_eq!((&death["fields"], &death["level"]), (&told["fields"], &"WARN".into()), "files and console");
    let fields = &death["fields"];
    let run = |entry: &Value| entry["run"].as_str().unwrap().to_owned();
    let api = entries(&logs, "api.log");
    let before = api.iter().find(|entry| entry["request_id"] == ids[0].as_str()).unwrap();
    assert_eq!((fields["run"].as_str().unwrap(), &fields["count"]), (&*run(before), &3.into()));
    assert_ne!(run(before), run(death));
    let requests = fields["requests"].as_array().unwrap();
    let mut named: Vec<_> = requests.iter().map(|open| open["request_id"].as_str().unwrap()).collect();
    named.sort();
    ids.sort();
    assert_eq!(named, ids);
    for open in requests {
        assert_eq!((&open["method"], &open["endpoint"]), (&"GET".into(), &"/slow".into()));
        assert!(open["age_ms"].as_f64().unwrap() >= 0.0);
        assert!(open["started"].as_str() <= fields["last_seen"].as_str());
    }
    let message = death["message"].as_str().unwrap();
    assert!(
        message.ends_with("died; last seen with 3 requests in flight: GET /slow, GET /slow, GET /slow"),
        "{message}"
    );
    assert!(!logs.join(journal).exists());
    for service in [other, next] {
        service.terminate();
        assert!(service.ended().await.0.success());
    }
    visit(&logs).await;
    assert_eq!((deaths(&logs).len(), journals(&logs).len()), (1, 0), "it is told once");
}

#[tokio::test]
async fn a_process_that_ends_as_it_should_leaves_nothing() {
    let (_home, logs) = home();
    let service = Quickstart::start(&logs, &[], Stdio::null()).await;
    let open = send(&service, &["/slow?ms=400", "/slow?ms=500"]).await;
    wait_until("they are noted", || notes(&logs, 2));
    service.terminate();
    drop(open);
    assert!(service.ended().await.0.success());
    assert!(journals(&logs).is_empty());
    visit(&logs).await;
    assert!(deaths(&logs).is_empty());
}

#[tokio::test]
async fn one_killed_with_nobody_in_flight_is_not_told_of() {
    let (_home, logs) = home();
    let mut service = Quickstart::start(&logs, &[], Stdio::null()).await;
    let reply = service.ask("GET /slow?ms=300 HTTP/1.1").await;
    assert_eq!(reply.status(), Some(200));
    wait_until("nobody is noted", || notes(&logs, 0));
    service.signal(Signal::KILL);
    service.exit().await;
    visit(&logs).await;
    assert!(deaths(&logs).is_empty() && journals(&logs).is_empty());
}

#[test]
fn without_log_files_there_is_no_journal() {
    let (_home, dir) = home();
    fs::create_dir_all(&dir).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (flightlog, watcher) =
        watched_with(|builder| builder.dir(&dir).console(Console::Off).slow(Duration::from_millis(200)));
    let app = Router::new().route("/", get(std::future::pending::<()>)).layer(flightlog.axum_layer());
    let open = runtime.spawn(app.oneshot(Request::new(Body::empty())));
    runtime.block_on(tokio::task::yield_now());
    // So long takes what would be noted twice by then.
    wait_until("it is slow", || !watcher.events().is_empty());
    assert!(fs::read_dir(&dir).unwrap().next().is_none());
    open.abort();
}

/// Says to this test, started anew as a process of its own, where to log.
const ABORTS: &str = "FLIGHTLOG_TEST_ABORTS";

#[test]
fn who_was_in_flight_when_the_process_aborted_is_told_also_where_the_handler_never_waited() {
    if let Ok(dir) = env::var(ABORTS) {
        return abort(Path::new(&dir));
    }
    let (home, dir) = home();
    let name =
        "in_flight::who_was_in_flight_when_the_process_aborted_is_told_also_where_the_handler_never_waited";
    let output = std::process::Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--test-threads=1"])
        .env(ABORTS, &dir)
        .current_dir(home.path())
        .output()
        .unwrap();
    assert_eq!(output.status.signal(), Some(Signal::ABORT.as_raw()), "{output:?}");
    drop(FlightLog::builder().dir(&dir).dumps(false).console(Console::Off).build().unwrap());
    let [death] = &deaths(&dir)[..] else { panic!("{:?}", deaths(&dir)) };
    let requests = death["fields"]["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!((&requests[0]["method"], &requests[0]["endpoint"]), (&"POST".into(), &"/abort".into()));
    assert!(
        death["message"].as_str().unwrap().contains("died; last seen with 1 request in flight: POST /abort")
    );
    assert!(journals(&dir).is_empty());
    let errors = entries(&dir, "errors.log");
    assert!(errors.iter().any(|entry| entry["event_type"] == "in_flight_at_death"), "in all files");
}

/// Aborts in a handler, as soon as the log has taken note of it.
fn abort(dir: &Path) {
    let flightlog = FlightLog::builder().dir(dir).dumps(false).console(Console::Off).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let logs = dir.to_owned();
    let handler = async move || -> &'static str {
        wait_until("it is noted", || notes(&logs, 1));
        std::process::abort();
    };
    let app: Router =
        Router::new().route("/abort", axum::routing::post(handler)).layer(flightlog.axum_layer());
    let _ = runtime.block_on(app.oneshot(Request::post("/abort").body(Body::empty()).unwrap()));
}

#[test]
fn a_directory_that_cannot_be_written_is_no_trouble_of_its_own() {
    let (home, dir) = home();
    fs::write(&dir, "a file in place of the directory").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (flightlog, watcher) = watched_with(|builder| {
        builder.files(true).dir(&dir).console(Console::Off).slow(Duration::from_millis(200))
    });
    let app = Router::new().route("/", get(std::future::pending::<()>)).layer(flightlog.axum_layer());
    let open = runtime.spawn(app.oneshot(Request::new(Body::empty())));
    runtime.block_on(tokio::task::yield_now());
    wait_until("it is told all the same", || !watcher.events().is_empty());
    open.abort();
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    fs::remove_file(&dir).unwrap();
}
