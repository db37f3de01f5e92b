use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::current::{self, Current};

/// Takes the exchange along to where a future is polled.
///
/// A task that is spawned is polled by itself, where [`current`](crate::current) knows no exchange. Made
/// `with_current()`, it knows the one it was made in: its log entries have the request's id, and an error it reports or
/// logs is the request's while that lasts.
///
/// ```
/// use tower_flightlog::{WithCurrent, current};
///
/// async fn handler() -> &'static str {
///     tokio::spawn(
///         async {
///             tracing::info!("told with the id of the request");
///             assert!(current().request_id().is_some());
///         }
///         .with_current(),
///     );
///     "accepted"
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use tower::ServiceExt;
/// # let flightlog = tower_flightlog::FlightLog::builder().files(false).dumps(false).build()?;
/// # let app: axum::Router =
/// #     axum::Router::new().route("/", axum::routing::get(handler)).layer(flightlog.axum_layer());
/// # app.oneshot(http::Request::new(axum::body::Body::empty())).await?;
/// # Ok(()) }
/// ```
///
/// Several at once, each in its request:
///
/// ```
/// use tokio::task::JoinSet;
/// use tower_flightlog::WithCurrent;
///
/// async fn price(article: u32) -> u32 {
///     tracing::info!(article, "looking up");
///     article * 2
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut tasks = JoinSet::new();
/// for article in 1..=3 {
///     tasks.spawn(price(article).with_current());
/// }
/// assert_eq!(tasks.join_all().await.iter().sum::<u32>(), 12);
/// # }
/// ```
pub trait WithCurrent: Future + Sized {
    /// This future, polled and dropped with the exchange that is current now. Where none is, nothing is changed.
    ///
    /// A panic in a task of its own is not the request's, and is left alone.
    fn with_current(self) -> WithCurrentFuture<Self>;
}

/// Takes the exchange along to where a closure runs, as [`WithCurrent`] does for a future: a thread of its own, or one for
/// work that blocks.
///
/// ```
/// use tower_flightlog::{current, with_current};
///
/// async fn handler() -> String {
///     let digest = tokio::task::spawn_blocking(with_current(|| {
///         let _timer = current().timer("digest");
///         tracing::info!("told with the id of the request");
///         "5891b5b5".to_owned()
///     }));
///     digest.await.unwrap_or_default()
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use tower::ServiceExt;
/// # let memory = std::sync::Arc::new(tower_flightlog::MemorySink::default());
/// # let flightlog = tower_flightlog::FlightLog::builder().files(false).dumps(false).sink(memory.clone()).build()?;
/// # let app: axum::Router = axum::Router::new().route("/", axum::routing::get(handler)).layer(flightlog.axum_layer());
/// # drop(app.oneshot(http::Request::new(axum::body::Body::empty())).await?);
/// # flightlog.flush(std::time::Duration::from_secs(5))?;
/// # assert_eq!(memory.exchanges()[0].steps[0].name, "digest");
/// # Ok(()) }
/// ```
///
/// Where no exchange is current, nothing is changed. A panic on a thread of its own is not the request's.
pub fn with_current<T, F: FnOnce() -> T>(work: F) -> impl FnOnce() -> T + use<T, F> {
    let current = current::current();
    move || {
        let _entered = current.flight().map(current::enter);
        work()
    }
}

impl<F: Future> WithCurrent for F {
    fn with_current(self) -> WithCurrentFuture<Self> {
        WithCurrentFuture { inner: Some(self), current: current::current() }
    }
}

pin_project! {
    /// A future that takes an exchange along; see [`WithCurrent`].
    #[must_use = "futures do nothing unless polled"]
    pub struct WithCurrentFuture<F> {
        // None only while it is dropped: its parts are dropped inside the exchange too.
        #[pin]
        inner: Option<F>,
        current: Current,
    }

    impl<F> PinnedDrop for WithCurrentFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = this.current.flight().map(current::enter);
            this.inner.set(None);
        }
    }
}

impl<F: Future> Future for WithCurrentFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.current.flight().map(current::enter);
        this.inner.as_pin_mut().map_or(Poll::Pending, |inner| inner.poll(cx))
    }
}

impl<F: fmt::Debug> fmt::Debug for WithCurrentFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithCurrentFuture")
            .field("inner", &self.inner)
            .field("current", &self.current)
            .finish()
    }
}
