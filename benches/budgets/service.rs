//! The service that is asked, and who asks: 300 bytes of JSON in, 500 out, no two requests with the same body.

use std::net::{Ipv4Addr, SocketAddr};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::ConnectInfo,
    routing::post,
};
use http::{Request, Response, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::Service;

use crate::Result;

/// One route, which reads the body and answers JSON.
pub(crate) fn bare() -> Router {
    Router::new().route("/api/v1/generate", post(generate))
}

pub(crate) async fn generate(body: Bytes) -> Json<Value> {
    let text = "The moon is about 384,400 kilometres away from the earth on average, and light needs some 1.28 seconds \
                for that distance; at perigee it is closer to 363,300 kilometres, at apogee it is 405,500, where light \
                takes a tenth of a second more.";
    Json(json!({
        "id": "gen-01JD3Z6W0T6N9W4S6X0M1Y7K2P",
        "object": "text.completion",
        "created": 1_795_170_600,
        "received": body.len(),
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 42, "completion_tokens": 57, "total_tokens": 99},
    }))
}

/// A request with six headers.
pub(crate) fn request(number: u64) -> Request<Body> {
    let question = format!(
        r#"{{"model":"small-1","temperature":0.2,"max_tokens":256,"stream":false,"user":"u-{number:010}","messages":[{{"role":"system","content":"Answer in one sentence."}},{{"role":"user","content":"How far is the moon from the earth, and how long does light take to cross that distance on a windless night?"}}]}}"#
    );
    let mut request = Request::post("/api/v1/generate")
        .header(header::HOST, "api.example.com")
        .header(header::USER_AGENT, "example-client/2.4.1 (linux; x86_64)")
        .header(header::ACCEPT, "application/json")
        .header(header::AUTHORIZATION, "Bearer 3f9a6c1e7b2d4a8090b1c2d3e4f5a6b7")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, question.len())
        .body(Body::from(question))
        .unwrap_or_default();
    // As `into_make_service_with_connect_info` leaves it.
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 40_404))));
    request
}

/// Sends a request and reads the answer to its end.
pub(crate) async fn ask(router: &mut Router, request: Request<Body>) -> Result<()> {
    read(router.call(request).await?).await
}

/// Reads an answer to its end.
pub(crate) async fn read(response: Response<Body>) -> Result<()> {
    let (parts, mut body) = response.into_parts();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame?.data_ref().map_or(0, Bytes::len);
    }
    if !parts.status.is_success() || length == 0 {
        return Err(format!("{} with {length} bytes", parts.status).into());
    }
    Ok(())
}
