//! outlet: a copy of requests and responses for a handler, which runs in a task of its own.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use outlet::{
    LoggingHandler, RequestData, RequestHandler, RequestLoggerConfig, RequestLoggerLayer, ResponseData,
};

use super::{lines::filed, tower_http::targets};
use crate::{
    Result, api,
    wrapped::{Count, Wrapped},
};

/// With its defaults, which keep both bodies, and a handler that does nothing.
pub(crate) fn outlet_idle() -> Result<Wrapped> {
    let out = Arc::new(AtomicU64::new(0));
    let layer = RequestLoggerLayer::new(RequestLoggerConfig::default(), Idle(Arc::clone(&out)));
    Ok(Wrapped { spawns: true, ..Wrapped::new(api::bare().layer(layer), Count { out, each: 1 }) })
}

/// With its own handler that logs: two lines, with headers and without bodies.
pub(crate) fn outlet_logging() -> Result<Wrapped> {
    let layer = RequestLoggerLayer::new(RequestLoggerConfig::default(), LoggingHandler);
    Ok(Wrapped { spawns: true, ..filed(api::bare().layer(layer), targets(), 2)? })
}

struct Idle(Arc<AtomicU64>);

impl RequestHandler for Idle {
    async fn handle_request(&self, _: RequestData) {}

    async fn handle_response(&self, _: RequestData, _: ResponseData) {
        self.0.fetch_add(1, Relaxed);
    }
}
