use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

#[cfg(feature = "axum")]
use crate::layer::AxumBody;
use crate::{
    builder::FlightLogBuilder,
    capture::Recorder,
    config::{Error, Verbosity},
    layer::{AnyBody, FlightLogLayer},
    sink::Stats,
};

/// The running log: a handle that is cheap to clone.
///
/// The log lives as long as any handle, layer, service or open exchange does; the last one out waits up to 5 seconds
/// for the outputs.
///
/// ```
/// use axum::{Router, routing::get};
/// use tower_flightlog::FlightLog;
///
/// let flightlog = FlightLog::builder().files(false).dumps(false).build()?;
/// let app: Router = Router::new().route("/", get(|| async { "hello" })).layer(flightlog.axum_layer());
/// # Ok::<(), tower_flightlog::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FlightLog {
    recorder: Arc<Recorder>,
}

impl FlightLog {
    pub(crate) fn new(recorder: Recorder) -> Self {
        Self { recorder: Arc::new(recorder) }
    }

    /// A log as the environment's LOG_* variables say, without a tracing subscriber; [`init`](crate::init) brings one.
    ///
    /// ```no_run
    /// let flightlog = tower_flightlog::FlightLog::from_env()?;
    /// # Ok::<(), tower_flightlog::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All variables whose value cannot be understood.
    pub fn from_env() -> Result<Self, Error> {
        FlightLogBuilder::from_env()?.build()
    }

    /// A log to be set up in code; the environment is not read.
    pub fn builder() -> FlightLogBuilder {
        FlightLogBuilder::default()
    }

    /// The layer for any tower service: requests reach it with their bodies wrapped.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use http_body_util::{BodyExt, Full};
    /// use tower::{Service, ServiceBuilder, ServiceExt};
    /// use tower_flightlog::{FlightLog, RequestBody};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let flightlog = FlightLog::builder().files(false).dumps(false).build()?;
    /// let mut service = ServiceBuilder::new().layer(flightlog.layer()).service_fn(
    ///     |request: Request<RequestBody<Full<Bytes>>>| async move {
    ///         Ok::<_, std::convert::Infallible>(Response::new(Full::new(request.collect().await?.to_bytes())))
    ///     },
    /// );
    /// let response = service.ready().await?.call(Request::new(Full::from("hello"))).await?;
    /// assert!(response.headers().contains_key("x-request-id"));
    /// assert_eq!(response.collect().await?.to_bytes(), "hello");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn layer(&self) -> FlightLogLayer {
        FlightLogLayer::new(Arc::clone(&self.recorder), AnyBody)
    }

    /// The layer for axum: `axum::body::Body` goes in and out, so that it stands wherever axum's own layers can, and
    /// costs least when switched off.
    ///
    /// ```
    /// use axum::{Router, extract::Request, middleware::{self, Next}, response::Response, routing::get};
    /// use tower::ServiceBuilder;
    /// use tower_flightlog::FlightLog;
    ///
    /// async fn authenticate(request: Request, next: Next) -> Response {
    ///     next.run(request).await
    /// }
    ///
    /// let flightlog = FlightLog::builder().files(false).dumps(false).build()?;
    /// let app: Router = Router::new()
    ///     .route("/", get(|| async { "hello" }))
    ///     .layer(ServiceBuilder::new().layer(flightlog.axum_layer()).layer(middleware::from_fn(authenticate)));
    /// # Ok::<(), tower_flightlog::Error>(())
    /// ```
    #[cfg(feature = "axum")]
    #[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
    #[must_use]
    pub fn axum_layer(&self) -> FlightLogLayer<AxumBody> {
        FlightLogLayer::new(Arc::clone(&self.recorder), AxumBody::default())
    }

    /// Switches recording on or off while requests are served. Those begun while it was on are recorded.
    ///
    /// ```
    /// # let flightlog = tower_flightlog::FlightLog::builder().files(false).dumps(false).build()?;
    /// flightlog.set_enabled(false);
    /// assert!(!flightlog.is_enabled());
    /// # Ok::<(), tower_flightlog::Error>(())
    /// ```
    pub fn set_enabled(&self, enabled: bool) {
        self.recorder.set_enabled(enabled);
        #[cfg(feature = "init")]
        crate::init::follow(self);
    }

    /// True while requests are recorded.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.recorder.is_enabled()
    }

    /// Says how much entries tell, from now on.
    ///
    /// ```
    /// use tower_flightlog::Verbosity;
    ///
    /// # let flightlog = tower_flightlog::FlightLog::builder().files(false).dumps(false).build()?;
    /// flightlog.set_verbosity(Verbosity::DETAIL);
    /// # Ok::<(), tower_flightlog::Error>(())
    /// ```
    pub fn set_verbosity(&self, verbosity: Verbosity) {
        self.recorder.set_verbosity(verbosity);
    }

    /// The log's own counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.recorder.stats()
    }

    /// Waits until the outputs have taken what was recorded so far.
    ///
    /// ```
    /// # let flightlog = tower_flightlog::FlightLog::builder().files(false).dumps(false).build()?;
    /// flightlog.flush(std::time::Duration::from_secs(5))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// How many records the outputs had not taken when `timeout` was over. They stay in line.
    pub fn flush(&self, timeout: Duration) -> Result<(), Unwritten> {
        match self.recorder.flush(timeout) {
            0 => Ok(()),
            records => Err(Unwritten { records }),
        }
    }

    #[cfg(feature = "init")]
    pub(crate) fn recorder(&self) -> &Arc<Recorder> {
        &self.recorder
    }
}

/// Records that the outputs did not take in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unwritten {
    /// How many.
    pub records: u64,
}

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} records are not written yet; give flush() more time, or see stats() for what is wrong",
            self.records
        )
    }
}

impl StdError for Unwritten {}
