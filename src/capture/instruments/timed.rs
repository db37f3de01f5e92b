use std::{
    borrow::Cow,
    future::Future,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use pin_project_lite::pin_project;
use tracing::Level;

use super::{super::current, timer::Timer};

/// Times a future.
///
/// ```
/// use tower_flightlog::Timed;
///
/// async fn price(article: u32) -> u32 {
///     article * 2
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// assert_eq!(price(21).timed("price").await, 42);
/// # }
/// ```
///
/// With an entry of its own, whatever the verbosity:
///
/// ```
/// use tower_flightlog::Timed;
/// use tracing::Level;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// async {}.timed("nothing").log_level(Level::INFO).await;
/// # }
/// ```
pub trait Timed: Future + Sized {
    /// This future, with a [`Timer`] from when it is first polled until it is ready. One that is dropped before is told as
    /// unfinished.
    #[track_caller]
    fn timed(self, name: impl Into<Cow<'static, str>>) -> TimedFuture<Self>;
}

impl<F: Future> Timed for F {
    #[track_caller]
    fn timed(self, name: impl Into<Cow<'static, str>>) -> TimedFuture<Self> {
        let name = Some(name.into());
        TimedFuture { inner: self, name, location: Location::caller(), log_level: None, timer: None }
    }
}

pin_project! {
    /// A future that is timed; see [`Timed`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct TimedFuture<F> {
        #[pin]
        inner: F,
        // None once it runs.
        name: Option<Cow<'static, str>>,
        location: &'static Location<'static>,
        log_level: Option<Level>,
        timer: Option<Timer>,
    }
}

impl<F> TimedFuture<F> {
    /// Tells its end as an entry of this level, whatever the verbosity.
    pub fn log_level(self, level: Level) -> Self {
        Self { log_level: Some(level), ..self }
    }
}

impl<F: Future> Future for TimedFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if let Some(name) = this.name.take() {
            let timer = Timer::begin(&current(), name, this.location, Instant::now()).stopped_by_drop();
            *this.timer = Some(match *this.log_level {
                Some(level) => timer.log_level(level),
                None => timer,
            });
        }
        let output = this.inner.poll(cx);
        if output.is_ready()
            && let Some(timer) = this.timer.take()
        {
            timer.finish();
        }
        output
    }
}
