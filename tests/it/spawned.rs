//! Work that goes on after the response: what it tells has the id of its request, and says that it comes late.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, mpsc},
};

use axum::{Router, body::Body, routing::get};
use serde_json::Value;
use tokio::sync::oneshot;
use tower::{Layer, ServiceExt, service_fn};
use tower_flightlog::{Console, FlightLog, Timed, WithCurrent, current};
use tracing::Level;
use tracing_subscriber::{Registry, layer::SubscriberExt};

use crate::support::{PATIENCE, entries, flush, raw, serve};

/// What is in api.log, by what it is.
fn told(flightlog: &FlightLog, dir: &std::path::Path) -> Vec<Value> {
    flush(flightlog);
    entries(dir, "api.log")
}

fn is_late(entry: &Value) -> bool {
    entry["after_response"] == true
}

#[tokio::test]
async fn what_a_task_and_a_thread_tell_after_the_response_has_the_id_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let flightlog = FlightLog::builder().dir(dir.path()).console(Console::Off).build().unwrap();
    let _guard = tracing::subscriber::set_default(Registry::default().with(flightlog.tracing_layer()));
    let stock =
        service_fn(|_: http::Request<_>| async { Ok::<_, Infallible>(http::Response::new(Body::empty())) });
    let stock = flightlog.outbound_layer().layer(stock);
    let (go, wait) = oneshot::channel::<()>();
    let (release, released) = mpsc::channel::<()>();
    let waiting = Arc::new(Mutex::new(Some((wait, released))));
    let (left, mut works) = tokio::sync::mpsc::unbounded_channel();
    let handler = move || async move {
        let (wait, released) = waiting.lock().unwrap().take().unwrap();
        current().event("in_time");
        let task = async move {
            tracing::info!("begins in time");
            let work = async {
                wait.await.unwrap();
                tracing::info!("late");
                current().event("late_task");
                let request = http::Request::get("http://stock.test/reserve").body(Body::empty()).unwrap();
                stock.oneshot(request).await.unwrap();
            };
            work.timed("task").log_level(Level::INFO).await;
        };
        let thread = current().wrap(move || {
            let timer = current().timer("thread").log_level(Level::INFO);
            released.recv().unwrap();
            current().event("late_thread");
            timer.finish();
            std::thread::spawn(current().wrap(|| current().event("thread_of_thread"))).join().unwrap().send();
        });
        let task = tokio::spawn(task.with_current());
        tokio::task::yield_now().await;
        left.send((task, std::thread::spawn(thread))).unwrap();
        "accepted"
    };
    let addr = serve(Router::new().route("/jobs", get(handler)).layer(flightlog.axum_layer())).await;
    let reply = raw(addr, b"GET /jobs HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").await;
    assert!(reply.ends_with("accepted"), "{reply}");
    let before = told(&flightlog, dir.path());
    let response = before.iter().find(|entry| entry["type"] == "response").expect("it has ended");
    let id = response["request_id"].clone();
    assert!(!before.iter().any(is_late), "{before:#?}");

    go.send(()).unwrap();
    release.send(()).unwrap();
    let (task, thread) = works.recv().await.unwrap();
    tokio::time::timeout(PATIENCE, task).await.unwrap().unwrap();
    thread.join().unwrap();
    let all = told(&flightlog, dir.path());
    let named: Vec<_> = all
        .iter()
        .filter(|entry| matches!(entry["type"].as_str(), Some("custom_event" | "log")))
        .map(|entry| {
            assert_eq!(entry["request_id"], id, "{entry}");
            let what = entry["message"].as_str().unwrap().split(" completed").next().unwrap();
            (what, is_late(entry))
        })
        .collect();
    let of = |what: &str| {
        named.iter().find(|(name, _)| *name == what).unwrap_or_else(|| panic!("{what}: {named:?}")).1
    };
    assert_eq!((of("in_time"), of("begins in time")), (false, false));
    for late in ["late", "late_task", "task", "late_thread", "thread", "thread_of_thread"] {
        assert!(of(late), "{late}");
    }
    assert_eq!(named.len(), 8, "{named:?}");
    // A call is a record of its own, which says whose it is.
    let call =
        all.iter().find(|entry| entry["type"] == "response" && entry["direction"] == "outbound").unwrap();
    assert_eq!((&call["parent_request_id"], &call["trace_id"]), (&id, &all_trace(&all, &id)));
}

/// The trace of what was told last of a request: it may have begun after the response.
fn all_trace(all: &[Value], id: &Value) -> Value {
    let last = all.iter().rev().find(|entry| entry["request_id"] == *id && entry["trace_id"].is_string());
    last.map_or(Value::Null, |entry| entry["trace_id"].clone())
}

#[test]
fn a_wrapped_closure_is_itself_outside_of_exchanges_and_frees_what_it_held() {
    assert_eq!(current().wrap(|| current().request_id())(), None);
    let value = Arc::new(7);
    let held = Arc::clone(&value);
    assert_eq!(current().wrap(move || *held)(), 7);
    assert_eq!(Arc::strong_count(&value), 1);
}
