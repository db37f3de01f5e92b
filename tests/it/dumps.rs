//! Dumps as a service has them: asked for, written by hand, in a flood; and what the client hears of them.

use std::{fs, io, path::Path};

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode},
    routing::{any, get},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_flightlog::{Console, Exchange, FlightLog, FlightLogBuilder, RequestId, current};

use crate::support::{entries, flush, validated_dump};

fn log(dir: &Path, set: impl FnOnce(FlightLogBuilder) -> FlightLogBuilder) -> FlightLog {
    set(FlightLog::builder().dir(dir).console(Console::Off)).build().unwrap()
}

/// Sends a request, and gives the status, all headers and the body as text.
async fn ask(app: &Router, uri: &str) -> (StatusCode, String) {
    let response = app.clone().oneshot(Request::get(uri).body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, format!("{:?} {}", parts.headers, String::from_utf8_lossy(&body)))
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir.join("dumps"))
        .map(|found| found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

fn dump(path: &Path) -> Value {
    validated_dump(&fs::read_to_string(path).unwrap())
}

#[tokio::test]
async fn a_dump_that_is_asked_for_is_where_it_was_promised() {
    let dir = tempfile::tempdir().unwrap();
    let flightlog = log(dir.path(), |builder| builder.skip(["/asked"]));
    let (promise, promised) = std::sync::mpsc::channel();
    let asking = move || {
        let promise = promise.clone();
        async move {
            let current = current();
            promise.send(current.dump("password=hunter2 was not needed").unwrap()).unwrap();
            promise.send(current.dump("again").unwrap()).unwrap();
            StatusCode::NOT_FOUND
        }
    };
    let app = Router::new().route("/asked", get(asking)).layer(flightlog.axum_layer()).with_state(());
    ask(&app, "/asked").await;
    flush(&flightlog);
    let paths: Vec<_> = promised.try_iter().collect();
    assert_eq!(paths.len(), 2);
    assert!(paths.iter().all(|path| *path == paths[0]));
    let dump = dump(&paths[0]);
    assert_eq!((&dump["trigger"], &dump["response"]["status"]), (&json!("manual"), &json!(404)));
    assert_eq!(dump["reason"], "password=[REDACTED] was not needed");
    let name = paths[0].file_name().unwrap().to_str().unwrap();
    let told = entries(dir.path(), "api.log");
    let response = told.iter().find(|entry| entry["type"] == "response").expect("told though it is skipped");
    assert_eq!(response["dump"], name);
}

#[tokio::test]
async fn nobody_is_promised_what_there_will_not_be() {
    assert_eq!(current().dump("outside"), None);
    let dir = tempfile::tempdir().unwrap();
    let off = log(dir.path(), |builder| builder.dumps(false));
    let asking = || async { current().dump("x").map_or("none", |_| "some") };
    let app = |flightlog: &FlightLog| {
        Router::new().route("/", get(asking)).layer(flightlog.axum_layer()).with_state(())
    };
    assert!(ask(&app(&off), "/").await.1.ends_with("none"));
    let full = log(dir.path(), |builder| builder.dump_per_minute(1));
    let app = app(&full);
    assert!(ask(&app, "/").await.1.ends_with("some"));
    assert!(ask(&app, "/").await.1.ends_with("none"));
    flush(&full);
    let stats = full.stats();
    assert_eq!((stats.dumps_written, stats.dumps_suppressed), (1, 1));
    assert_eq!(names(dir.path()).len(), 1);
}

#[tokio::test]
async fn a_task_that_asks_after_the_end_is_promised_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let flightlog = log(dir.path(), |builder| builder);
    let (hand, handed) = std::sync::mpsc::channel();
    let app = Router::new()
        .route("/", get(move || async move { hand.send(current()).unwrap() }))
        .layer(flightlog.axum_layer())
        .with_state(());
    ask(&app, "/").await;
    assert_eq!(handed.recv().unwrap().dump("too late"), None);
    flush(&flightlog);
    assert_eq!(names(dir.path()), [""; 0]);
}

#[tokio::test]
async fn a_predicate_sees_what_ended_and_its_panic_stays_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let when = |exchange: &Exchange| {
        assert!(exchange.request.endpoint().as_str() != "/cursed", "of a predicate");
        exchange.status().is_some_and(|status| status == 409)
    };
    let flightlog = log(dir.path(), |builder| builder.dump_when(when).sample(0.0));
    let app = Router::new()
        .route("/conflict", get(|| async { StatusCode::CONFLICT }))
        .route("/cursed", get(|| async { "fine" }))
        .layer(flightlog.axum_layer())
        .with_state(());
    ask(&app, "/conflict").await;
    assert_eq!(ask(&app, "/cursed").await.0, StatusCode::OK);
    flush(&flightlog);
    assert_eq!(flightlog.stats().sink_panics, 1);
    let names = names(dir.path());
    assert_eq!(names.len(), 1, "also what the sample leaves out");
    assert_eq!(dump(&dir.path().join("dumps").join(&names[0]))["reason"], "dump_when");
}

#[tokio::test]
async fn what_did_not_pass_the_layer_is_dumped_by_hand() {
    let dir = tempfile::tempdir().unwrap();
    let flightlog = log(dir.path(), |builder| builder);
    let id: RequestId = "0198c0de-0000-7000-8000-000000000001".parse().unwrap();
    let mut request = Request::post("http://stock.test/reserve/7?token=s3cr3tToken")
        .header("content-type", "application/json")
        .header("authorization", "Bearer abcdefgh12345678")
        .body(r#"{"article":7,"password":"hunter2"}"#)
        .unwrap();
    request.extensions_mut().insert(id);
    let response =
        Response::builder().status(502).header("content-type", "text/plain").body(b"bad gateway".to_vec());
    let error = io::Error::other("api_key=k3y4711 was refused");
    let path = flightlog.write_dump(&request, Some(&response.unwrap()), Some(&error)).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    for secret in ["s3cr3tToken", "abcdefgh12345678", "hunter2", "k3y4711"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let dump = validated_dump(&text);
    assert_eq!((&dump["trigger"], &dump["reason"]), (&json!("manual"), &json!("write_dump")));
    assert_eq!(dump["request_id"], id.to_string());
    assert_eq!(dump["request"]["body"]["json"], json!({"article": 7, "password": "[REDACTED]"}));
    assert_eq!(dump["response"]["body"]["text"], "bad gateway");
    assert_eq!(dump["error"]["message"], "api_key=[REDACTED] was refused");

    let bare = Request::get("/nothing").body("").unwrap();
    let path = flightlog.write_dump(&bare, None::<&Response<&str>>, None).unwrap();
    assert_eq!(self::dump(&path)["outcome"], "aborted_before_response");
    assert_eq!(flightlog.stats().begun, 0);

    let off = log(dir.path(), |builder| builder.dumps(false));
    let error = off.write_dump(&bare, None::<&Response<&str>>, None).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string()),
        (io::ErrorKind::Unsupported, "dumps are off: LOG_DUMPS=false".into())
    );
    let full = log(dir.path(), |builder| builder.dump_per_minute(1));
    full.write_dump(&bare, None::<&Response<&str>>, None).unwrap();
    let error = full.write_dump(&bare, None::<&Response<&str>>, None).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
}

#[tokio::test]
async fn a_flood_is_told_in_numbers_that_add_up() {
    let dir = tempfile::tempdir().unwrap();
    let flightlog = log(dir.path(), |builder| builder.dump_per_minute(10));
    let failing = |uri: axum::http::Uri| async move {
        let status =
            if uri.path() == "/b" { StatusCode::BAD_GATEWAY } else { StatusCode::INTERNAL_SERVER_ERROR };
        (status, format!("no stock for article {}", uri.query().unwrap_or("7")))
    };
    let app = Router::new().route("/{kind}", any(failing)).layer(flightlog.axum_layer()).with_state(());
    for n in 0..500 {
        let uri = format!("/{}?{n}", ["a", "b", "a"][n % 3]);
        let (status, told) = ask(&app, &uri).await;
        assert!(status.is_server_error());
        assert!(!told.contains("dump") && !told.contains(dir.path().to_str().unwrap()), "{told}");
    }
    drop(app);
    flush(&flightlog);
    let stats = flightlog.stats();
    assert_eq!((stats.dumps_written, stats.dumps_failed, stats.dumps_suppressed), (6, 0, 494));
    assert_eq!(names(dir.path()).len(), 6);
    drop(flightlog);
    for log in ["api.log", "errors.log"] {
        let told = entries(dir.path(), log);
        let told: Vec<_> = told.iter().filter(|entry| entry["event_type"] == "dumps_suppressed").collect();
        let sum = told.iter().map(|entry| entry["fields"]["n"].as_u64().unwrap()).sum::<u64>();
        assert_eq!(sum, 494, "{told:?}");
        let kinds = told[0]["fields"]["fingerprints"].as_array().unwrap();
        assert_eq!(kinds.iter().map(|kind| kind["status"].as_u64().unwrap()).collect::<Vec<_>>(), [500, 502]);
        assert_eq!(kinds[0]["endpoint"], "/{kind}");
    }
}
