//! A gateway in front of another service, both with a flight log: one trace through both logs.
//!
//! `cargo run --example quickstart` in one terminal, `PORT=3001 LOG_DIR=logs/gateway cargo run --example gateway` in
//! another, then send the gateway the lines it prints. In the log of the gateway each request has two exchanges, one with
//! the direction `outbound`; the id of that one is the `client_request_id` in the log of the quickstart, and all three
//! have the same `trace_id`. A dump of the gateway shows the call among the steps of its timing.
//!
//! UPSTREAM is the service behind it (default `http://127.0.0.1:3000`); PORT is the port on 127.0.0.1 (default 3000, 0
//! takes a free one); LOG_* set the log. It stops on Ctrl-C and SIGTERM.

#[path = "quickstart/server.rs"]
mod server;

use std::{env, error::Error};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, Version, header, uri::PathAndQuery},
    response::{IntoResponse, Response},
};
use hyper_util::{
    client::legacy::{self, Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::{Layer, ServiceExt};
use tower_flightlog::{FlightLogService, Outbound, RequestBody, current};

const TRY: &[&str] = &["{addr}/health", "{addr}/users/7/orders/42", "{addr}/fail", "-N {addr}/stream"];

/// The client, recorded.
type Upstream = FlightLogService<Client<HttpConnector, RequestBody<Body>>, Outbound>;

#[derive(Clone)]
struct Gateway {
    base: Uri,
    upstream: Upstream,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let flightlog = tower_flightlog::init()?;
    let base = env::var("UPSTREAM").unwrap_or_else(|_| "http://127.0.0.1:3000".into()).parse()?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let upstream = flightlog.outbound_layer().error_type::<legacy::Error>().layer(client);
    let app = Router::new().fallback(pass_on).with_state(Gateway { base, upstream });
    server::serve(app.layer(flightlog.axum_layer()), TRY).await
}

/// Everything but what concerns one connection only.
async fn pass_on(State(gateway): State<Gateway>, mut request: Request) -> Response {
    let Ok(uri) = behind(&gateway.base, request.uri()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_11;
    request.headers_mut().remove(header::HOST);
    strip(request.headers_mut());
    match gateway.upstream.oneshot(request).await {
        Ok(mut response) => {
            strip(response.headers_mut());
            response.into_response()
        }
        Err(error) => {
            current().report_error(&error);
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}

/// The same path at the other service.
fn behind(base: &Uri, uri: &Uri) -> Result<Uri, axum::http::Error> {
    let path = uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(path);
    Ok(Uri::from_parts(parts)?)
}

fn strip(headers: &mut HeaderMap) {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::TE, header::UPGRADE] {
        headers.remove(name);
    }
}
