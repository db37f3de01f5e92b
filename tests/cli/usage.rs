//! What language models used and caches had: from requests through the layer into the files, and what is said of them.

use axum::{Json, Router, body::Body, extract::Request, routing::post};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_flightlog::{Console, FlightLog, current};

use crate::support::Logs;

/// Two answers of one model and one of another; one of two caches had what was asked for.
async fn serve(logs: &Logs) {
    let flightlog = FlightLog::builder().dir(logs.dir()).console(Console::Off).build().unwrap();
    let answer = |Json(asked): Json<Value>| async move {
        current().cache_hit("prompt", "a");
        current().cache_hit("prompt", "b");
        current().cache_miss("kv", "c", "new_session");
        Json(json!({
            "object": "chat.completion",
            "model": asked["model"],
            "choices": [{"finish_reason": "stop", "message": {"content": "tea"}}],
            "usage": {
                "prompt_tokens": 2100, "completion_tokens": 50,
                "prompt_tokens_details": {"cached_tokens": 2048},
                "completion_tokens_details": {"reasoning_tokens": 12},
            },
        }))
    };
    let app = Router::new().route("/v1/chat/completions", post(answer)).layer(flightlog.axum_layer());
    for model in ["gpt-5", "gpt-5", "gpt-5-mini"] {
        let asked = json!({"model": model, "messages": []}).to_string();
        let request = Request::post("/v1/chat/completions").header("content-type", "application/json");
        let response = app.clone().oneshot(request.body(Body::from(asked)).unwrap()).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    flightlog.flush(std::time::Duration::from_secs(60)).unwrap();
}

#[tokio::test]
async fn tokens_and_caches_are_added_up_by_the_names_that_entries_have() {
    let logs = Logs::new();
    serve(&logs).await;
    let stats: Value = serde_json::from_str(&logs.say(&["stats", "--by", "model", "--json"])).unwrap();
    assert_eq!(stats["tokens"], json!({"input": 6300, "output": 150, "cached": 6144, "reasoning": 36}));
    assert_eq!(stats["cache"], json!({"hits": 6, "misses": 3}));
    let mut groups: Vec<_> = stats["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["key"].as_str().unwrap(), group["requests"].as_u64().unwrap()))
        .collect();
    groups.sort_unstable();
    assert_eq!(groups, [("gpt-5", 2), ("gpt-5-mini", 1)]);
    let told = logs.say(&["stats"]);
    assert!(told.contains("tokens: 6,300 in (6,144 cached), 150 out (36 reasoning)"), "{told}");
    assert!(told.contains("cache: 6 of 9 hit"), "{told}");
}
