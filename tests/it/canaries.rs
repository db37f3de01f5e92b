//! Secrets planted wherever a client or a handler can put one are found in no file below LOG_DIR.

use std::{fs, io, path::Path};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, Response, StatusCode},
    routing::any,
};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_flightlog::{Console, FlightLog, Verbosity, current};

use crate::support::{flush, validated_dump};

/// Each place has one of its own, so that a leak says where it came from.
fn canary(place: &str) -> String {
    format!("cAnAry7f3a9b{place}")
}

/// The text of every file below a directory, by its path.
fn texts(dir: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, found);
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            found.push((path.display().to_string(), text));
        }
    }
}

async fn ask(app: &Router, uri: &str, content_type: &str, body: String) {
    let request = Request::post(format!("{uri}?token={}&page=2", canary("query")))
        .header("content-type", content_type)
        .header("authorization", format!("Bearer {}", canary("authorization")))
        .header("cookie", format!("sid={}", canary("cookie")))
        .header("x-api-key", canary("header"))
        .header("x-request-id", "../../etc/passwd")
        .body(Body::from(body))
        .unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    response.into_body().collect().await.unwrap();
}

fn app(flightlog: &FlightLog) -> Router {
    let fails = |_: Bytes| async {
        let text = format!("the store refused password={}", canary("error"));
        current().report_error(&io::Error::other(text));
        let body = format!("{{\"error\":\"no\",\"client_secret\":\"{}\"}}", canary("response"));
        let headers = [
            ("set-cookie", format!("sid={}", canary("setcookie"))),
            ("content-type", "application/json".into()),
        ];
        (StatusCode::INTERNAL_SERVER_ERROR, headers, body)
    };
    let asks = |_: Bytes| async {
        current().dump(&format!("the api_key={} came twice", canary("reason"))).unwrap();
        "done"
    };
    let panics = |_: Bytes| async {
        if true {
            panic!("no session for access_token={}", canary("panic"));
        }
    };
    Router::new()
        .route("/fails", any(fails))
        .route("/asks", any(asks))
        .route("/panics", any(panics))
        .layer(flightlog.axum_layer().answer_panics(true))
        .with_state(())
}

#[tokio::test]
async fn no_planted_secret_is_in_any_file() {
    let dir = tempfile::tempdir().unwrap();
    let flightlog = FlightLog::builder()
        .dir(dir.path())
        .console(Console::Off)
        .verbosity(Verbosity::FULL)
        .headers(true)
        .build()
        .unwrap();
    let app = app(&flightlog);
    let multipart = [
        "--edge\r\ncontent-disposition: form-data; name=\"password\"\r\n\r\n",
        &canary("multipart"),
        "\r\n--edge--\r\n",
    ];
    let bodies = [
        ("application/json", format!(r#"{{"user":"ada","password":"{}"}}"#, canary("json"))),
        ("application/x-www-form-urlencoded", format!("user=ada&password={}", canary("form"))),
        ("multipart/form-data; boundary=edge", multipart.concat()),
        ("text/plain", format!("refresh_token={}", canary("text"))),
    ];
    for (content_type, body) in &bodies {
        for uri in ["/fails", "/asks", "/panics"] {
            ask(&app, uri, content_type, body.clone()).await;
        }
    }
    for (content_type, body) in &bodies {
        let request = Request::post(format!("http://user:{0}@stock.test/?sig={0}", canary("byhandurl")))
            .header("content-type", *content_type)
            .header("x-amz-security-token", canary("byhandheader"))
            .body(body.clone())
            .unwrap();
        let response = Response::builder()
            .header("content-type", *content_type)
            .header("set-cookie", format!("sid={}", canary("byhandcookie")));
        let error = io::Error::other(format!("client_secret={}", canary("byhanderror")));
        flightlog.write_dump(&request, Some(&response.body(body.clone()).unwrap()), Some(&error)).unwrap();
    }
    flush(&flightlog);
    let mut found = Vec::new();
    texts(dir.path(), &mut found);
    let dumps: Vec<_> = found.iter().filter(|(path, _)| path.contains("/dumps/")).collect();
    // Three of /fails and /panics, all that were asked for.
    assert_eq!(dumps.len(), 3 + 4 + 3 + 4);
    dumps.iter().map(|(_, text)| validated_dump(text)).for_each(drop);
    assert!(found.len() > dumps.len(), "the log files were found");
    for (path, text) in &found {
        assert!(!path.contains("passwd"), "{path}");
        if let Some(at) = text.find("cAnAry7") {
            panic!(
                "{path}: {}",
                &text[text.floor_char_boundary(at.saturating_sub(200))..text.floor_char_boundary(at + 60)]
            );
        }
    }
    // What was planted is there to be found: names stay.
    let all = found.iter().map(|(_, text)| text.as_str()).collect::<String>();
    for name in
        ["token=[REDACTED]", "\"password\"", "api_key=[REDACTED]", "access_token=[REDACTED]", "client_secret"]
    {
        assert!(all.contains(name), "{name}");
    }
}
