//! The examples with others in them, as processes of their own: a gateway in front of the quickstart, a database.

use std::{fs, path::Path, process::Stdio};

use serde_json::Value;

use crate::{
    process::{Quickstart, dumped, home},
    quickstart::dumps,
    support::{entries, validated_dump},
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// What a log has of one type and direction.
fn of_type<'a>(entries: &'a [Value], kind: &str, direction: Option<&str>) -> Vec<&'a Value> {
    let is_it = |entry: &&Value| entry["type"] == kind && entry["direction"].as_str() == direction;
    entries.iter().filter(is_it).collect()
}

async fn both(variables: &[(&str, &str)], outer: &Path, inner: &Path) -> (Quickstart, Quickstart) {
    let behind = Quickstart::start(inner, &[], Stdio::null()).await;
    let upstream = format!("http://{}", behind.addr);
    let variables = [variables, &[("UPSTREAM", upstream.as_str())]].concat();
    (Quickstart::start_example("gateway", outer, &variables, Stdio::null()).await, behind)
}

#[tokio::test]
async fn a_gateway_and_what_is_behind_it_have_one_trace_and_ids_that_meet() {
    let ((_one, outer), (_other, inner)) = (home(), home());
    let (gateway, behind) = both(&[], &outer, &inner).await;
    let reply =
        gateway.ask("GET /users/7/orders/42?api_key=query-secret HTTP/1.1\r\nx-request-id: mine").await;
    assert_eq!((reply.status(), reply.header("x-request-id")), (Some(200), Some("mine")));
    assert!(reply.body().contains("shipped"), "{}", reply.0);
    let traced = format!("GET /fail HTTP/1.1\r\ntraceparent: 00-{TRACE}-b7ad6b7169203331-01");
    assert_eq!(gateway.ask(&traced).await.status(), Some(500));
    dumped(&outer, 1);
    dumped(&inner, 1);
    gateway.stop().await;
    behind.stop().await;

    let (outer_entries, inner_entries) = (entries(&outer, "api.log"), entries(&inner, "api.log"));
    let inbound = of_type(&outer_entries, "response", None);
    let calls = of_type(&outer_entries, "response", Some("outbound"));
    let answered = of_type(&inner_entries, "response", None);
    assert_eq!((inbound.len(), calls.len(), answered.len()), (2, 2, 2));
    for ((inbound, call), answered) in inbound.iter().zip(&calls).zip(&answered) {
        assert_eq!(answered["client_request_id"], call["request_id"]);
        assert_ne!(call["request_id"], inbound["request_id"]);
        assert_eq!((&inbound["trace_id"], &call["trace_id"]), (&call["trace_id"], &answered["trace_id"]));
        assert!(inbound["trace_id"].is_string());
        assert_eq!(call["message"], "Incoming response");
    }
    assert_eq!((&inbound[0]["client_request_id"], calls[0].get("client_request_id")), (&"mine".into(), None));
    assert_eq!(calls[1]["trace_id"], TRACE);
    let sent = of_type(&outer_entries, "request", Some("outbound"));
    assert_eq!(sent[0]["message"], "Outgoing request");
    let url = sent[0]["url"].as_str().unwrap();
    assert!(url.ends_with("/users/7/orders/42?api_key=[REDACTED]"), "{url}");

    let (_, dump) = &dumps(&outer)["/fail"];
    let steps = dump["timing"]["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 1);
    assert_eq!((&steps[0]["kind"], &steps[0]["status"]), (&"outbound".into(), &500.into()));
    assert_eq!(steps[0]["request_id"], calls[1]["request_id"]);
    assert!(steps[0]["name"].as_str().unwrap().ends_with("/fail"), "{}", steps[0]);
    assert_eq!(dumps(&inner)["/fail"].1["client_request_id"], calls[1]["request_id"]);
}

#[tokio::test]
async fn a_gateway_tells_why_nobody_answers_behind_it() {
    let (_home, logs) = home();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let upstream = format!("http://{free}");
    let variables = [("UPSTREAM", upstream.as_str())];
    let gateway = Quickstart::start_example("gateway", &logs, &variables, Stdio::null()).await;
    assert_eq!(gateway.ask("GET /health HTTP/1.1").await.status(), Some(502));
    dumped(&logs, 2);
    gateway.stop().await;
    let all: Vec<_> = fs::read_dir(logs.join("dumps"))
        .unwrap()
        .map(|file| validated_dump(&fs::read_to_string(file.unwrap().path()).unwrap()))
        .collect();
    let (calls, own): (Vec<_>, Vec<_>) = all.iter().partition(|dump| dump["direction"] == "outbound");
    let ([call], [dump]) = (&calls[..], &own[..]) else { panic!("{all:#?}") };
    let step = &dump["timing"]["steps"][0];
    assert_eq!((&call["request_id"], &call["parent_request_id"]), (&step["request_id"], &dump["request_id"]));
    assert!(call["error"]["chain"].to_string().contains("refused"), "{call}");
    let error = step["error"].as_str().unwrap();
    assert!(error.starts_with("client error (Connect): ") && error.contains("refused"), "{error}");
    let errors = entries(&logs, "errors.log");
    let exceptions = of_type(&errors, "exception", Some("outbound"));
    assert_eq!(exceptions.len(), 1);
    assert_eq!(exceptions[0]["outcome"], "service_error");
    assert!(exceptions[0]["error_chain"].to_string().contains("refused"), "{}", exceptions[0]);
}

#[tokio::test]
async fn queries_are_in_the_log_the_trail_and_the_waterfall_without_a_line_of_code() {
    let (_home, logs) = home();
    let variables = [("LOG_LEVEL", "info,sqlx::query=debug")];
    let shop = Quickstart::start_example("sqlx", &logs, &variables, Stdio::null()).await;
    assert_eq!(shop.ask("GET /articles HTTP/1.1").await.body(), "salt\ntea\n");
    assert_eq!(shop.ask("GET /articles/1/price HTTP/1.1").await.status(), Some(500));
    dumped(&logs, 1);
    shop.stop().await;

    let entries = entries(&logs, "api.log");
    let of = |endpoint: &str| {
        let response = of_type(&entries, "response", None);
        let id = response.iter().find(|entry| entry["endpoint"] == endpoint).unwrap()["request_id"].clone();
        let queries = entries.iter().filter(move |entry| entry["module"] == "sqlx::query");
        queries.filter(|entry| entry["request_id"] == id).collect::<Vec<_>>()
    };
    let listed = of("/articles");
    assert_eq!(listed.len(), 1, "{entries:#?}");
    assert_eq!(listed[0]["fields"]["rows_returned"], 2);

    let (_, dump) = &dumps(&logs)["/articles/{id}/price"];
    let steps = dump["timing"]["steps"].as_array().unwrap();
    let names: Vec<_> = steps.iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["SELECT name FROM articles WHERE id = ?", "SELECT price FROM prices WHERE name = ?"]);
    assert_eq!((&steps[0]["kind"], &steps[0]["rows"]), (&"query".into(), &1.into()));
    assert_eq!(steps[1]["kind"], "query");
    let (start, length) = (steps[0]["start_ms"].as_f64().unwrap(), steps[0]["length_ms"].as_f64().unwrap());
    assert!(start + length <= dump["timing"]["duration_ms"].as_f64().unwrap());
    let events = dump["events"].as_array().unwrap();
    let said = |target: &str| events.iter().filter(|event| event["target"] == target).count();
    assert_eq!((said("sqlx::query"), said("shop::prices")), (2, 1), "{events:#?}");
    assert!(dump["error"]["message"].as_str().unwrap().contains("no rows returned"));
}
