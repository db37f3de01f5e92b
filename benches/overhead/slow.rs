//! A stream that waits for its first event: how long it takes from the event being there to it being read.

use std::{
    cell::Cell,
    sync::PoisonError,
    time::{Duration, Instant},
};

use axum::body::Bytes;
use http_body_util::BodyExt as _;
use tokio::{sync::mpsc, task::yield_now};
use tower::Service as _;

use crate::{Result, api, bodies, stand::Stand};

/// The median of so many streams; none where events come only when the stream has ended.
pub(crate) async fn first_byte(stand: &mut Stand, streams: u64) -> Result<Option<f64>> {
    let mut times = Vec::new();
    for _ in 0..streams {
        times.extend(one(stand).await?);
        stand.served += 1;
    }
    stand.settle().await?;
    times.sort_unstable();
    let median = times.get(streams as usize / 2).filter(|_| times.len() as u64 == streams);
    Ok(median.map(|time| time.as_nanos() as f64))
}

async fn one(stand: &mut Stand) -> Result<Option<Duration>> {
    let request = stand.asks.first().ok_or("somebody has to ask")?.request();
    let (sender, events) = mpsc::unbounded_channel();
    *api::SLOW.lock().unwrap_or_else(PoisonError::into_inner) = Some(events);
    let event = Bytes::from(format!("data: {{\"text\":\"{}\"}}\n\n", bodies::text(1, 1_000)));
    let read = Cell::new(None);
    let router = &mut stand.wrapped.router;
    let reader = async {
        let mut body = router.call(request).await?.into_body();
        while let Some(frame) = body.frame().await {
            if frame?.is_data() && read.get().is_none() {
                read.set(Some(Instant::now()));
            }
        }
        Result::Ok(())
    };
    let feeder = async {
        // Until the reader has nothing left to do but wait.
        for _ in 0..16 {
            yield_now().await;
        }
        let ready = Instant::now();
        sender.send(event)?;
        for _ in 0..16 {
            yield_now().await;
        }
        let time = read.get().map(|read| read.duration_since(ready));
        drop(sender);
        Result::Ok(time)
    };
    let (time, done) = tokio::join!(feeder, reader);
    done?;
    time
}
