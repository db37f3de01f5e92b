//! A router, and who asks it.

use std::{mem, thread, time::Duration};

use axum::body::Bytes;
use http_body_util::BodyExt as _;
use tokio::runtime::{Builder, Runtime};
use tower::Service as _;

use crate::{Result, asks::Ask, wrapped::Wrapped};

/// A router with something around it, and those who ask it in turn.
pub(crate) struct Stand {
    pub(crate) wrapped: Wrapped,
    pub(crate) asks: Vec<Ask>,
    /// Sent before each round.
    pub(crate) before: Vec<Ask>,
    /// All that were sent.
    pub(crate) served: u64,
}

impl Stand {
    pub(crate) fn new(wrapped: Wrapped, asks: Vec<Ask>) -> Self {
        Self { wrapped, asks, before: Vec::new(), served: 0 }
    }

    /// Requests, and all that they have left to do.
    pub(crate) async fn round(&mut self, requests: u64) -> Result<()> {
        // As many in each round, however many requests are counted.
        let before = mem::take(&mut self.before);
        self.send_all(&before, before.len() as u64).await?;
        self.before = before;
        self.serve(requests).await?;
        self.settle().await
    }

    /// Sends `count` requests, one after the other, and reads the responses to their ends.
    pub(crate) async fn serve(&mut self, count: u64) -> Result<()> {
        let asks = mem::take(&mut self.asks);
        self.send_all(&asks, count).await?;
        self.asks = asks;
        Ok(())
    }

    async fn send_all(&mut self, asks: &[Ask], count: u64) -> Result<()> {
        for ask in asks.iter().cycle().take(count as usize) {
            self.send(ask).await?;
        }
        Ok(())
    }

    async fn send(&mut self, ask: &Ask) -> Result<()> {
        let response = self.wrapped.router.call(ask.request()).await?;
        let (parts, mut body) = response.into_parts();
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            length += frame?.data_ref().map_or(0, Bytes::len);
        }
        if (parts.status.as_u16(), length) != (ask.status, ask.answer) {
            return Err(format!("{} with {length} bytes", parts.status).into());
        }
        self.served += 1;
        if self.wrapped.spawns {
            // As between two requests of a server.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Waits until what runs behind the requests has caught up, and looks whether it did all of its work.
    pub(crate) async fn settle(&self) -> Result<()> {
        for _ in 0..100_000 {
            if self.wrapped.proof.lost() > 0 {
                return Err(format!("{} lost", self.wrapped.proof.lost()).into());
            }
            if self.wrapped.proof.done()? >= self.served {
                return Ok(());
            }
            tokio::task::yield_now().await;
            thread::sleep(Duration::from_micros(100));
        }
        Err(format!("of {} requests {} have come out", self.served, self.wrapped.proof.done()?).into())
    }
}

pub(crate) fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_time().build()?)
}
