//! The service that is asked: a small JSON API.

use std::net::{Ipv4Addr, SocketAddr};

use axum::{Json, Router, body::Bytes, extract::ConnectInfo, routing::post};
use http::{HeaderValue, Method, Request, StatusCode, header, request::Parts};
use serde::Serialize;

pub(crate) const FAILURE: &str =
    r#"{"error":"the store refused order 7","code":"store_refused","retry":true}"#;

/// 300 bytes.
pub(crate) const QUESTION: &[u8] = br#"{"model":"small-1","temperature":0.2,"max_tokens":256,"stream":false,"user":"u-48213","messages":[{"role":"system","content":"Answer in one sentence."},{"role":"user","content":"How far is the moon from the earth, and how long does light take to cross that distance on a perfectly windless night?"}]}"#;

/// What the handler answers: 500 bytes.
#[derive(Serialize)]
pub(crate) struct Answer {
    id: &'static str,
    object: &'static str,
    created: u64,
    received: usize,
    choices: [Choice; 1],
    usage: Usage,
}

#[derive(Serialize)]
struct Choice {
    index: u32,
    message: Message,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message {
    role: &'static str,
    content: &'static str,
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: u32,
    completion_tokens: u32,
    total_tokens: u32,
}

pub(crate) const ANSWER_LENGTH: usize = 500;

pub(crate) async fn generate(body: Bytes) -> Json<Answer> {
    let message = Message {
        role: "assistant",
        content: "The moon is about 384,400 kilometres away from the earth on average, and light needs some 1.28 \
                  seconds for that distance; at perigee it is closer to 363,300 kilometres, at apogee it is 405,500, where light takes a tenth of a second more.",
    };
    Json(Answer {
        id: "gen-01JD3Z6W0T6N9W4S6X0M1Y7K2P",
        object: "text.completion",
        created: 1_795_170_600,
        received: body.len(),
        choices: [Choice { index: 0, message, finish_reason: "stop" }],
        usage: Usage { prompt_tokens: 42, completion_tokens: 57, total_tokens: 99 },
    })
}

pub(crate) fn bare() -> Router {
    let fail = |_: Bytes| async {
        (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, "application/json")], FAILURE)
    };
    Router::new().route("/api/v1/generate", post(generate)).route("/api/v1/orders", post(fail))
}

pub(crate) fn request() -> Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = Method::POST;
    parts.uri = http::Uri::from_static("/api/v1/generate");
    for (name, value) in [
        (header::HOST, "api.example.com"),
        (header::USER_AGENT, "example-client/2.4.1 (linux; x86_64)"),
        (header::ACCEPT, "application/json"),
        (header::AUTHORIZATION, "Bearer 3f9a6c1e7b2d4a8090b1c2d3e4f5a6b7"),
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_LENGTH, "300"),
    ] {
        parts.headers.insert(name, HeaderValue::from_static(value));
    }
    // As `into_make_service_with_connect_info` leaves it.
    parts.extensions.insert(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 40_404))));
    parts
}
