//! Many requests in flight.

use std::{
    collections::VecDeque,
    future::poll_fn,
    mem::take,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::{Router, body::Bytes, response::IntoResponse as _, routing::post};
use tempfile::TempDir;
use tower::Service as _;
use tower_flightlog::FlightLog;

use crate::{Result, log, meter, service};

const OPEN: [u64; 5] = [1, 10, 100, 1_000, 10_000];
const ROUNDS: usize = 15;
/// Requests of a round.
const ROUND: u64 = 5_000;
/// Requests that are counted by valgrind.
const COUNTED: u64 = 2_000;

/// Who is asked, and who waits.
struct Crowd {
    router: Router,
    open: VecDeque<Pin<Box<dyn Future<Output = Result<()>>>>>,
    next: u64,
    log: Option<(FlightLog, TempDir)>,
}

impl Crowd {
    fn new(open: u64, with_log: bool) -> Result<Self> {
        let handler = |body: Bytes| async move {
            let mut is_first = true;
            poll_fn(|_| if take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }).await;
            service::generate(body).await.into_response()
        };
        let router = Router::new().route("/api/v1/generate", post(handler));
        let log = if with_log { Some(log()?) } else { None };
        let router = match &log {
            Some((log, _)) => router.layer(log.axum_layer()),
            None => router,
        };
        let mut crowd = Self { router: router.with_state(()), open: VecDeque::new(), next: 0, log };
        (0..open).for_each(|_| crowd.come());
        // All places are warm, and every table is there.
        crowd.serve(open.max(1_000))?;
        crowd.settle()?;
        Ok(crowd)
    }

    /// One more comes, and gets as far as its handler.
    fn come(&mut self) {
        let answer = self.router.call(service::request(self.next));
        let mut asked: Pin<Box<dyn Future<Output = Result<()>>>> =
            Box::pin(async { service::read(answer.await?).await });
        let _ = asked.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.open.push_back(asked);
        self.next += 1;
    }

    fn serve(&mut self, requests: u64) -> Result<()> {
        for _ in 0..requests {
            self.come();
            let mut oldest = self.open.pop_front().ok_or("somebody is open")?;
            match oldest.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(answered) => answered?,
                Poll::Pending => return Err("it is answered when it is asked again".into()),
            }
        }
        Ok(())
    }

    fn settle(&self) -> Result<()> {
        Ok(self.log.iter().try_for_each(|(log, _)| log.flush(Duration::from_secs(60)))?)
    }
}

pub(crate) fn alone(open: u64, requests: u64, with_log: bool) -> Result<()> {
    Crowd::new(open, with_log)?.serve(requests)
}

/// What a request costs more than without a log, beside so many others.
pub(crate) fn table(with_instructions: bool) -> Result<()> {
    println!("{:>8} | {:>12} | {:>8} | {:>8}", "open", "instructions", "ns", "bare ns");
    for open in OPEN {
        let instructions = if with_instructions {
            format!("{:+.0}", instructions(open, true)? - instructions(open, false)?)
        } else {
            String::from("-")
        };
        let (bare, logged) = nanoseconds(open)?;
        println!("{open:>8} | {instructions:>12} | {:>+8.0} | {bare:>8.0}", logged - bare);
    }
    Ok(())
}

fn instructions(open: u64, with_log: bool) -> Result<f64> {
    let count = |requests: u64| {
        let (open, requests) = (open.to_string(), requests.to_string());
        let log = if with_log { "files" } else { "none" };
        meter::instructions(&["--open", &open, "--requests", &requests, "--log", log])
    };
    let (once, twice) = (count(COUNTED)?, count(2 * COUNTED)?);
    Ok((twice as f64 - once as f64) / COUNTED as f64)
}

/// The medians, without and with a log, both in turn.
fn nanoseconds(open: u64) -> Result<(f64, f64)> {
    let (mut bare, mut logged) = (Crowd::new(open, false)?, Crowd::new(open, true)?);
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (crowd, times) in [(&mut bare, &mut without), (&mut logged, &mut with)] {
            let before = meter::taken()?;
            crowd.serve(ROUND)?;
            times.push(meter::since(before, ROUND)?.nanoseconds);
            crowd.settle()?;
        }
    }
    Ok((meter::median(&mut without), meter::median(&mut with)))
}
