//! A router with something around it.

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::Router;
use tracing::Dispatch;

use crate::Result;

/// A router, and all that has to live as long.
pub(crate) struct Wrapped {
    pub(crate) router: Router,
    /// Where tracing events go; the global subscriber, as in life.
    pub(crate) subscriber: Option<Dispatch>,
    pub(crate) proof: Box<dyn Proof>,
    /// True where the layer leaves work for tasks of the same runtime.
    pub(crate) spawns: bool,
    pub(crate) keep: Vec<Box<dyn Any>>,
}

/// What tells that work was done.
pub(crate) trait Proof {
    /// Requests of which everything has come out where it should, at least.
    fn done(&self) -> Result<u64>;

    /// Lines, or whatever comes out, that were given up.
    fn lost(&self) -> u64 {
        0
    }
}

impl Wrapped {
    pub(crate) fn new(router: Router, proof: impl Proof + 'static) -> Self {
        // As `into_make_service` does: handlers become routes once, not for each request.
        let router = router.with_state(());
        Self { router, subscriber: None, proof: Box::new(proof), spawns: false, keep: Vec::new() }
    }

    pub(crate) fn with(mut self, keep: impl Any) -> Self {
        self.keep.push(Box::new(keep));
        self
    }
}

/// What comes out is counted.
pub(crate) struct Count {
    pub(crate) out: Arc<AtomicU64>,
    /// Of one request.
    pub(crate) each: u64,
}

impl Proof for Count {
    fn done(&self) -> Result<u64> {
        Ok(self.out.load(Relaxed) / self.each)
    }
}
