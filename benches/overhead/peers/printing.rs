//! axum's example `print-request-response`: reads both bodies whole and tells them. Its lines come with tower-http's, so
//! that they have an id.

use axum::{
    body::{Body, Bytes},
    extract::Request,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_body_util::BodyExt as _;
use tracing::Level;

use super::{
    lines::filed,
    tower_http::{targets, traced},
};
use crate::{Result, api, wrapped::Wrapped};

pub(crate) fn printing() -> Result<Wrapped> {
    let router = traced(api::bare().layer(from_fn(print_both)));
    filed(router, targets().with_target(module_path!(), Level::DEBUG), 4)
}

async fn print_both(request: Request, next: Next) -> std::result::Result<Response, Response> {
    let (parts, body) = request.into_parts();
    let body = print("request", body).await?;
    let (parts, body) = next.run(Request::from_parts(parts, Body::from(body))).await.into_parts();
    let body = print("response", body).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

async fn print(whose: &str, body: Body) -> std::result::Result<Bytes, Response> {
    let bytes = body.collect().await.map_err(|error| {
        (StatusCode::BAD_REQUEST, format!("the {whose} body cannot be read: {error}")).into_response()
    })?;
    let bytes = bytes.to_bytes();
    if let Ok(text) = std::str::from_utf8(&bytes) {
        tracing::debug!("{whose} body = {text:?}");
    }
    Ok(bytes)
}
