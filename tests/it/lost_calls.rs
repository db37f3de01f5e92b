//! Calls that got no response, where the request they were sent in fails: each leaves a dump beside that one's.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request, http::StatusCode, routing::any};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{self, Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use tempfile::TempDir;
use tower::{Layer, ServiceExt, service_fn};
use tower_flightlog::{Dump, FlightLog, FlightLogBuilder, FlightLogService, Outbound, RequestBody, current};

use crate::support::{entries, flush, raw, serve, validated_dump};

type Upstream = FlightLogService<Client<HttpConnector, RequestBody<Full<Bytes>>>, Outbound>;

fn logging(set: impl FnOnce(FlightLogBuilder) -> FlightLogBuilder) -> (FlightLog, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (set(FlightLog::builder().dir(dir.path())).build().unwrap(), dir)
}

fn upstream(flightlog: &FlightLog) -> Upstream {
    let layer = flightlog.outbound_layer().error_type::<legacy::Error>();
    layer.layer(Client::builder(TokioExecutor::new()).build_http())
}

fn post(url: &str, body: &'static [u8]) -> http::Request<Full<Bytes>> {
    let request = http::Request::post(url).header("authorization", "Bearer s3cr3t");
    request.header("content-type", "text/plain").body(Full::new(Bytes::from_static(body))).unwrap()
}

/// Where nobody listens.
fn nobody() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// All dumps by the path that was asked for, and their names.
fn dumps(flightlog: &FlightLog, dir: &Path) -> BTreeMap<String, (Value, String)> {
    flush(flightlog);
    let Ok(files) = fs::read_dir(dir.join("dumps")) else { return BTreeMap::new() };
    files
        .map(|file| file.unwrap())
        .map(|file| {
            let dump = validated_dump(&fs::read_to_string(file.path()).unwrap());
            let endpoint = dump["request"]["endpoint"].as_str().unwrap().to_owned();
            (endpoint, (dump, file.file_name().into_string().unwrap()))
        })
        .collect()
}

/// A service that asks one that nobody is behind, one that never answers, and one that answers 500, over TCP.
async fn shop(flightlog: &FlightLog, status: StatusCode) -> SocketAddr {
    // It accepts connections, as long as it is there, and says nothing.
    let silent = Arc::new(tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap());
    let broken = serve(Router::new().fallback(any(async || StatusCode::INTERNAL_SERVER_ERROR))).await;
    let (client, free) = (upstream(flightlog), nobody());
    let handler = move || async move {
        let call = |addr: SocketAddr, path: &str, body| {
            client.clone().oneshot(post(&format!("http://{addr}{path}?token=s3cr3t"), body))
        };
        call(free, "/refused", b"password=s3cr3t").await.unwrap_err();
        let waits = call(silent.local_addr().unwrap(), "/silent", b"");
        tokio::time::timeout(Duration::from_millis(20), waits).await.unwrap_err();
        let response = call(broken, "/broken", b"").await.unwrap();
        response.into_body().collect().await.unwrap();
        if status == StatusCode::IM_A_TEAPOT {
            current().dump("to be looked at");
        }
        status
    };
    serve(Router::new().route("/order", any(handler)).layer(flightlog.axum_layer())).await
}

const ORDER: &[u8] = b"POST /order HTTP/1.1\r\nhost: shop\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn what_nobody_answered_has_a_dump_with_the_request_that_failed() {
    let (flightlog, dir) = logging(|builder| builder);
    let addr = shop(&flightlog, StatusCode::BAD_GATEWAY).await;
    assert!(raw(addr, ORDER).await.starts_with("HTTP/1.1 502"));
    let dumps = dumps(&flightlog, dir.path());
    assert_eq!(dumps.keys().collect::<Vec<_>>(), ["/order", "/refused", "/silent"]);
    let (order, _) = &dumps["/order"];
    let steps = order["timing"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 3);
    for (step, (path, outcome)) in
        steps.iter().zip([("/refused", "service_error"), ("/silent", "aborted_before_response")])
    {
        let (dump, name) = &dumps[path];
        let id = dump["request_id"].as_str().unwrap();
        assert_eq!((id, &dump["direction"]), (step["request_id"].as_str().unwrap(), &"outbound".into()));
        assert_eq!(
            (&dump["parent_request_id"], &dump["trace_id"]),
            (&order["request_id"], &order["trace_id"])
        );
        assert_eq!((&dump["outcome"], &dump["trigger"]), (&outcome.into(), &"error".into()));
        assert!(name.ends_with(&format!("-error-{id}.json")), "{name}");
    }
    let refused = &dumps["/refused"].0;
    assert_eq!(refused["error"]["type"], "hyper_util::client::legacy::client::Error");
    assert!(refused["error"]["chain"].to_string().contains("refused"), "{}", refused["error"]);
    let told = steps[0]["error"].as_str().unwrap();
    assert!(told.starts_with("client error (Connect): ") && told.contains("refused"), "{told}");

    let responses: Vec<_> = [entries(dir.path(), "api.log"), entries(dir.path(), "errors.log")].concat();
    for entry in responses.iter().filter(|entry| entry["direction"] == "outbound") {
        assert_eq!(entry["parent_request_id"], order["request_id"], "{entry}");
        let url = entry["url"].as_str().unwrap();
        assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("?token=[REDACTED]"), "{entry}");
        assert_eq!(entry.get("dump"), None, "it was told before");
    }
    let stats = flightlog.stats();
    assert_eq!((stats.dumps_written, stats.dumps_failed, stats.dumps_suppressed), (3, 0, 0));
    for (dump, _) in dumps.values() {
        assert!(!dump.to_string().contains("s3cr3t"), "{dump}");
    }
}

#[tokio::test]
async fn the_dump_of_a_call_is_a_command_and_no_test() {
    let (flightlog, dir) = logging(|builder| builder);
    let addr = shop(&flightlog, StatusCode::BAD_GATEWAY).await;
    raw(addr, ORDER).await;
    let dumps = dumps(&flightlog, dir.path());
    let parent = dumps["/order"].0["request_id"].as_str().unwrap();
    for path in ["/refused", "/silent"] {
        let dump = Dump::read(dir.path().join("dumps").join(&dumps[path].1)).unwrap();
        assert_eq!(dump.exchange.parent_request_id.unwrap().to_string(), parent);
        assert!(!dump.exchange.slow);
        let test = dump.test();
        assert!(test.lines().all(|line| line.starts_with("// ")), "{test}");
        assert!(test.contains("a request that the service sent") && test.contains(parent), "{test}");
        let (curl, markdown) = (dump.curl(), dump.markdown());
        assert!(curl.contains(&format!("{path}?token=")) && !curl.contains("traceparent"), "{curl}");
        assert_eq!(curl, dumps[path].0["curl"]);
        let head = markdown.lines().next().unwrap();
        assert!(head.starts_with("## The call `POST http://127.0.0.1:"), "{head}");
        assert!(head.ends_with("?token=[REDACTED]` got no response"), "{head}");
        assert!(markdown.contains(&format!("- sent in `{parent}`")), "{markdown}");
    }
}

#[tokio::test]
async fn there_is_none_where_the_request_does_not_fail_or_that_is_off() {
    for (own, status, expected) in [
        (None, StatusCode::OK, &[][..]),
        // Asked for, and no failure.
        (None, StatusCode::IM_A_TEAPOT, &["/order"]),
        (Some(false), StatusCode::BAD_GATEWAY, &["/order"]),
        (Some(true), StatusCode::OK, &["/broken", "/refused"]),
    ] {
        let (flightlog, dir) = logging(|builder| match own {
            Some(own) => builder.dump_outbound(own),
            None => builder,
        });
        let addr = shop(&flightlog, status).await;
        assert!(raw(addr, ORDER).await.starts_with(&format!("HTTP/1.1 {}", status.as_u16())));
        let dumps = dumps(&flightlog, dir.path());
        assert_eq!(dumps.keys().collect::<Vec<_>>(), expected, "{own:?} {status}");
        assert_eq!(flightlog.stats().dumps_suppressed, 0);
    }
}

/// Sends so many calls in vain in a request that fails, to paths by number.
async fn in_vain(flightlog: &FlightLog, calls: usize, path: fn(usize) -> String, body: &'static [u8]) {
    let (client, free) = (upstream(flightlog), nobody());
    let handler = move || async move {
        for number in 0..calls {
            let request = post(&format!("http://{free}{}", path(number)), body);
            client.clone().oneshot(request).await.unwrap_err();
        }
        StatusCode::BAD_GATEWAY
    };
    let app: Router = Router::new().route("/order", any(handler)).layer(flightlog.axum_layer());
    app.oneshot(Request::get("/order").body(Body::empty()).unwrap()).await.unwrap();
}

#[tokio::test]
async fn they_are_bounded_as_all_dumps_are_and_counted() {
    let (flightlog, dir) = logging(|builder| builder);
    in_vain(&flightlog, 20, |_| "/stock".into(), b"").await;
    flush(&flightlog);
    let stats = flightlog.stats();
    // Three of a kind; five more were kept, twelve were not.
    assert_eq!((stats.dumps_written, stats.dumps_failed, stats.dumps_suppressed), (1 + 3, 0, 5 + 12));
    assert_eq!(fs::read_dir(dir.path().join("dumps")).unwrap().count(), 4);
    let errors = entries(dir.path(), "errors.log");
    let told = errors.iter().find(|entry| entry["event_type"] == "dumps_suppressed").unwrap();
    assert_eq!(told["fields"]["n"], 17);

    // Those of a request that has no dump itself are nothing that should have had one.
    let (flightlog, _dir) = logging(|builder| builder.dump_per_minute(1));
    in_vain(&flightlog, 1, |_| "/stock".into(), b"").await;
    in_vain(&flightlog, 1, |_| "/stock".into(), b"").await;
    flush(&flightlog);
    let stats = flightlog.stats();
    assert_eq!((stats.dumps_written, stats.dumps_suppressed), (1, 1 + 1));
}

#[tokio::test]
async fn bodies_are_kept_until_there_is_too_much_of_them() {
    static KIB_48: [u8; 48 * 1024] = [b'a'; 48 * 1024];
    let (flightlog, dir) = logging(|builder| builder);
    let breaks = service_fn(|request: http::Request<RequestBody<Full<Bytes>>>| async {
        request.into_body().collect().await.unwrap();
        Err::<http::Response<Full<Bytes>>, _>(std::io::Error::other("the line broke"))
    });
    let client = flightlog.outbound_layer().layer(breaks);
    let handler = async move || {
        for letter in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            let request = post(&format!("http://stock.test/{}", letter.repeat(9)), &KIB_48);
            client.clone().oneshot(request).await.unwrap_err();
        }
        StatusCode::BAD_GATEWAY
    };
    let app: Router = Router::new().route("/order", any(handler)).layer(flightlog.axum_layer());
    app.oneshot(Request::get("/order").body(Body::empty()).unwrap()).await.unwrap();
    let dumps = dumps(&flightlog, dir.path());
    assert_eq!(dumps.len(), 9);
    let calls: Vec<_> = dumps.values().filter(|(dump, _)| dump["direction"] == "outbound").collect();
    let text = |dump: &Value| dump["request"]["body"]["text"].as_str().map(str::len);
    let kept: Vec<_> = calls.iter().filter_map(|(dump, _)| text(dump)).collect();
    assert_eq!(kept, [KIB_48.len(); 5], "of 256 KiB");
    assert!(calls.iter().all(|(dump, _)| dump["request"]["body"]["total_bytes"] == KIB_48.len()));
    assert_eq!(flightlog.stats().dumps_written, 9);
}
