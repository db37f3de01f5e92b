//! tower-http: an id for each request, and two lines.

use axum::{Router, body::Body};
use http::Request;
use tower::ServiceBuilder;
use tower_http::{
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    trace::{DefaultOnRequest, DefaultOnResponse, TraceLayer},
};
use tracing::{Level, Span};
use tracing_subscriber::filter::Targets;

use super::lines::filed;
use crate::{Result, api, wrapped::Wrapped};

/// What people put together today.
pub(crate) fn tower_http() -> Result<Wrapped> {
    filed(traced(api::bare()), targets(), 2)
}

/// The same, with the events of a handler that tells ten.
pub(crate) fn tower_http_with_events() -> Result<Wrapped> {
    filed(traced(api::bare()), targets().with_default(Level::DEBUG), 12)
}

pub(super) fn traced(router: Router) -> Router {
    let trace = TraceLayer::new_for_http()
        .make_span_with(span)
        .on_request(DefaultOnRequest::new().level(Level::INFO))
        .on_response(DefaultOnResponse::new().level(Level::INFO));
    let layers = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(trace)
        .layer(PropagateRequestIdLayer::x_request_id());
    router.layer(layers)
}

/// INFO is what a service logs where nothing else is said.
pub(super) fn targets() -> Targets {
    Targets::new().with_default(Level::INFO).with_target("tower_http", Level::INFO)
}

/// As tower-http's own example has it, with the id that the layer before has set.
fn span(request: &Request<Body>) -> Span {
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    tracing::info_span!(
        target: "tower_http::trace",
        "request",
        method = %request.method(),
        uri = %request.uri(),
        request_id = id,
    )
}
