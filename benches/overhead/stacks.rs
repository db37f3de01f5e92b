//! The rows: what can be around a router.

use std::sync::atomic::Ordering::Relaxed;

use axum::Router;
use tower::layer::util::Identity;

use crate::{
    Result, api, ours, peers,
    wrapped::{Proof, Wrapped},
};

pub(crate) struct Stack {
    pub(crate) name: &'static str,
    pub(crate) build: fn() -> Result<Wrapped>,
}

/// The first is what the others are compared with.
pub(crate) const STACKS: &[Stack] = &[
    Stack { name: BARE, build: || Ok(plain(api::bare())) },
    Stack { name: NOTHING, build: || Ok(plain(api::bare().layer(Identity::new()))) },
    Stack { name: "tower-http: ids, TraceLayer", build: peers::tower_http },
    Stack { name: "tower-http, both bodies printed", build: peers::printing },
    Stack { name: EVENTS_WRITTEN, build: peers::tower_http_with_events },
    Stack { name: "outlet, doing nothing", build: peers::outlet_idle },
    Stack { name: "outlet, logging", build: peers::outlet_logging },
    Stack { name: "axum-tracing-opentelemetry", build: peers::opentelemetry },
    Stack { name: "sentry-tower", build: peers::sentry },
    Stack { name: "by hand: a line, no bodies", build: peers::by_hand_without_bodies },
    Stack { name: "by hand: a line, both bodies", build: peers::by_hand },
    Stack { name: OFF, build: ours::off },
    Stack { name: METADATA, build: ours::metadata },
    Stack { name: METADATA_COMBINED, build: ours::metadata_combined },
    Stack { name: COMBINED, build: ours::combined },
    Stack { name: DEFAULT, build: ours::default },
    Stack { name: "flightlog, everything on", build: ours::everything },
];

pub(crate) const BARE: &str = "bare router";
pub(crate) const NOTHING: &str = "a layer that does nothing";
/// Only where there are events.
pub(crate) const EVENTS_WRITTEN: &str = "tower-http, DEBUG events written";
pub(crate) const OFF: &str = "flightlog, off";
pub(crate) const METADATA: &str = "flightlog, metadata only";
pub(crate) const METADATA_COMBINED: &str = "flightlog, metadata only, combined";
pub(crate) const COMBINED: &str = "flightlog, combined";
pub(crate) const DEFAULT: &str = "flightlog, default";

/// Nothing but the router leaves a trace.
pub(crate) fn plain(router: Router) -> Wrapped {
    Wrapped::new(router, Answered)
}

struct Answered;

impl Proof for Answered {
    fn done(&self) -> Result<u64> {
        Ok(api::ANSWERED.load(Relaxed))
    }
}
