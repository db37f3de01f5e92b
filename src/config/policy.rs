/// What holds for one route: bodies not kept, not logged, or another capture limit.
///
/// As a layer on a route it holds from the moment the request reaches it; in the request's extensions, put there by a
/// layer outside of ours, from the start; in the response's extensions from the response on, for both bodies.
///
/// ```
/// use axum::{Router, routing::{get, post}};
/// use tower_flightlog::{FlightLog, RoutePolicy};
///
/// let flightlog = FlightLog::builder().files(false).dumps(false).build()?;
/// let app: Router = Router::new()
///     .route("/health", get(|| async { "ok" }).layer(RoutePolicy::new().skip(true)))
///     .route("/upload", post(|| async { "thanks" }).layer(RoutePolicy::new().bodies(false)))
///     .layer(flightlog.axum_layer());
/// # Ok::<(), tower_flightlog::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoutePolicy {
    without_bodies: bool,
    skipped: bool,
    capture_limit: Option<usize>,
}

impl RoutePolicy {
    /// The policy every route has: bodies as configured, logged.
    #[must_use]
    pub const fn new() -> Self {
        Self { without_bodies: false, skipped: false, capture_limit: None }
    }

    /// `false`: bodies are counted, never kept.
    #[must_use]
    pub const fn bodies(mut self, kept: bool) -> Self {
        self.without_bodies = !kept;
        self
    }

    /// `true`: recorded only if remarkable: an error, an abort, a panic, or slow. `false` does not bring back what
    /// LOG_SKIP or LOG_SAMPLE leaves out.
    #[must_use]
    pub const fn skip(mut self, skip: bool) -> Self {
        self.skipped = skip;
        self
    }

    /// Bytes of each body to keep, in place of LOG_CAPTURE_LIMIT.
    #[must_use]
    pub const fn capture_limit(mut self, bytes: usize) -> Self {
        self.capture_limit = Some(bytes);
        self
    }

    pub(crate) fn is_skipped(self) -> bool {
        self.skipped
    }

    /// Bytes of each body to keep where the configuration says `configured`; 0 there means that bodies are off.
    pub(crate) fn limit(self, configured: usize) -> usize {
        if self.without_bodies || configured == 0 { 0 } else { self.capture_limit.unwrap_or(configured) }
    }
}
