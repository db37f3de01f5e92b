use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{
    current::{self, Current},
    given_up,
};

/// Takes the exchange along to where a future is polled.
///
/// A task that is spawned is polled by itself, where [`current`](crate::current) knows no exchange. Made
/// `with_current()`, it knows the one it was made in: its log entries have the request's id, and an error it reports or
/// logs is the request's while that lasts. What it tells when the request has ended still has the id, and
/// [`after_response`](crate::Event::after_response); requests it sends have it as
/// [`parent_request_id`](crate::Started::parent_request_id). For threads there is [`Current::wrap`].
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
            let _given_up = given_up::give_up();
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
