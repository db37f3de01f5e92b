//! A router, and who asks it.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
};
use http::{Request, request::Parts};
use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tower::Service as _;
use tower_flightlog::FlightLog;
use tracing::Dispatch;
use tracing_appender::non_blocking::WorkerGuard;

use crate::{
    api::{ANSWER_LENGTH, FAILURE, QUESTION, request},
    cases::Result,
};

/// A router, and all that has to live as long.
pub(crate) struct Stand {
    pub(crate) router: Router,
    pub(crate) request: Parts,
    /// Bytes of an answer.
    pub(crate) answer_length: usize,
    pub(crate) log: Option<FlightLog>,
    /// Exchanges of one request.
    pub(crate) exchanges: u64,
    /// Tasks that the layer has spawned and that have run.
    pub(crate) spawned: Option<Arc<AtomicU64>>,
    pub(crate) served: u64,
    /// Requests that nobody answers.
    pub(crate) open: Vec<Pin<Box<dyn Future<Output = ()>>>>,
    /// Where failures are part of it.
    pub(crate) flood: Option<Flood>,
    pub(crate) subscriber: Option<(Dispatch, WorkerGuard)>,
    pub(crate) _dir: Option<TempDir>,
}

impl Stand {
    pub(crate) fn new(router: Router) -> Self {
        Self {
            router: router.with_state(()),
            request: request(),
            answer_length: ANSWER_LENGTH,
            log: None,
            exchanges: 1,
            spawned: None,
            served: 0,
            open: Vec::new(),
            flood: None,
            subscriber: None,
            _dir: None,
        }
    }

    /// Requests, and all that they have left to do.
    pub(crate) async fn round(&mut self, requests: u64) -> Result<()> {
        // As many in each round, however many requests are counted.
        if let Some(Flood { request, .. }) = &self.flood {
            let request = request.clone();
            self.send(&request, FLOOD, 500, FAILURE.len()).await?;
        }
        self.serve(requests).await?;
        self.settle().await
    }

    /// Sends `count` requests, one after the other, and reads the responses to their ends.
    pub(crate) async fn serve(&mut self, count: u64) -> Result<()> {
        if let Some(Flood { request, is_measured: true }) = &self.flood {
            let request = request.clone();
            return self.send(&request, count, 500, FAILURE.len()).await;
        }
        let request = self.request.clone();
        self.send(&request, count, 200, self.answer_length).await
    }

    async fn send(&mut self, request: &Parts, count: u64, status: u16, bytes: usize) -> Result<()> {
        let _default =
            self.subscriber.as_ref().map(|(dispatch, _)| tracing::dispatcher::set_default(dispatch));
        for _ in 0..count {
            let request = Request::from_parts(request.clone(), Body::from(Bytes::from_static(QUESTION)));
            let response = self.router.call(request).await?;
            let (parts, mut body) = response.into_parts();
            let mut length = 0;
            while let Some(frame) = body.frame().await {
                length += frame?.data_ref().map_or(0, Bytes::len);
            }
            if (parts.status.as_u16(), length) != (status, bytes) {
                return Err(format!("{} with {length} bytes", parts.status).into());
            }
            if self.spawned.is_some() {
                tokio::task::yield_now().await;
            }
        }
        self.served += count;
        Ok(())
    }

    /// Waits until what runs behind the requests has caught up, and looks whether it did all of its work.
    pub(crate) async fn settle(&self) -> Result<()> {
        if let Some(log) = &self.log {
            log.flush(Duration::from_secs(60))?;
            let stats = log.stats();
            let expected = if log.is_enabled() { self.served * self.exchanges } else { 0 };
            if (stats.finished, stats.queue_dropped) != (expected, 0) {
                return Err(format!("of {expected} exchanges: {stats:?}").into());
            }
        }
        while self.spawned.as_ref().is_some_and(|run| run.load(Relaxed) < self.served) {
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// Failures among the others.
pub(crate) struct Flood {
    pub(crate) request: Parts,
    /// Whether they are what is measured.
    pub(crate) is_measured: bool,
}

/// Failures before each round.
const FLOOD: u64 = 50;
