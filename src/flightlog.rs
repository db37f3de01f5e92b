use std::{error::Error as StdError, fmt, io, path::PathBuf, sync::Arc, time::Duration};

use http::{Request, Response};

#[cfg(feature = "axum")]
use crate::layer::AxumBody;
use crate::{
    builder::FlightLogBuilder,
    capture::{self, Asked, Recorder},
    config::{Error, Verbosity},
    exchange::InFlight,
    layer::{AnyBody, FlightLogLayer, Outbound, hints},
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

    /// The layer for clients: requests that are sent are recorded as those that are answered, with the direction
    /// `outbound`.
    ///
    /// Each call is an exchange of its own and has its entries, with bodies captured and redacted. In the handler of a
    /// request, [`current`](crate::current) stays that request, and its dump has the call among its
    /// [steps](crate::Exchange::steps). A call whose future is dropped before the response is `aborted_before_response`,
    /// one whose response is not read to its end `aborted_in_body`. One that goes on when its request ends is an
    /// `unfinished` step of that; its own record is made when it ends, and says with
    /// [`parent_request_id`](crate::Started::parent_request_id) whose it was, as do calls that begin later, in work made
    /// [`with_current`](crate::WithCurrent). A call that got no response has a dump of its own where its request fails
    /// and has one; [`dump_outbound`](crate::FlightLogBuilder::dump_outbound) has it otherwise. LOG_SAMPLE and LOG_SKIP
    /// treat it as they treat the request it is sent in; LOG_SKIP does not look at the paths of calls.
    ///
    /// Two headers are set, and nothing else is changed:
    ///
    /// - `x-request-id`, in place of one that is there: the id of the call. The service that is called, where it has a
    ///   flight log, tells it as `client_request_id`. The call's [`RequestId`](crate::RequestId) is in the extensions of
    ///   the response.
    /// - `traceparent`: a span of the call, child of the request's, in its trace. Where there is none a trace begins,
    ///   which for all calls of a request is the same and has the digits of the request's id; the request is part of it
    ///   from then on. A valid `traceparent` that somebody set for this call is sent as it is; one that is passed on
    ///   from the request, as gateways do, is not taken for that.
    ///
    /// What a client fails with is told with what its `Display` says; with the sources, in which is why, where the type of
    /// its error is named. That of a response's body is another one; [`error_type`](crate::FlightLogBuilder::error_type) of
    /// the builder takes it:
    ///
    /// | client | needs | errors: `outbound_layer().error_type::<E>()` | of bodies: `FlightLog::builder().error_type::<E>()` |
    /// |---|---|---|---|
    /// | hyper-util's `legacy::Client` | nothing | `hyper_util::client::legacy::Error` | `hyper::Error` |
    /// | tonic's `Channel` | `map_request` to its body | `tonic::transport::Error` | `tonic::Status`: says all by itself |
    /// | reqwest | `service_fn` around `execute` | `reqwest::Error` | `reqwest::Error` |
    /// | any of them in `tower::timeout`, `tower::retry`, a `BoxError` | as above | no type: boxed errors tell their sources | as above |
    ///
    /// With hyper-util's client, and a time-out of which the record tells as of other errors:
    ///
    /// ```
    /// use std::{sync::Arc, time::Duration};
    /// use bytes::Bytes;
    /// use http::Request;
    /// use http_body_util::Empty;
    /// use hyper_util::{client::legacy::Client, rt::TokioExecutor};
    /// use tower::{ServiceBuilder, ServiceExt};
    /// use tower_flightlog::{FlightLog, MemorySink};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let memory = Arc::new(MemorySink::default());
    /// let flightlog = FlightLog::builder().files(false).dumps(false).sink(Arc::clone(&memory)).build()?;
    /// let client = ServiceBuilder::new()
    ///     .layer(flightlog.outbound_layer())
    ///     .timeout(Duration::from_secs(3))
    ///     .service(Client::builder(TokioExecutor::new()).build_http());
    ///
    /// # let nobody = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    /// let request = Request::get(format!("http://{nobody}/")).body(Empty::<Bytes>::new())?;
    /// assert!(client.oneshot(request).await.is_err());
    /// flightlog.flush(Duration::from_secs(5))?;
    /// let exchanges = memory.exchanges();
    /// let chain = exchanges[0].error.as_ref().map(|error| format!("{:?}", error.chain));
    /// assert!(chain.is_some_and(|chain| chain.contains("refused")));
    /// # Ok(()) }
    /// ```
    ///
    /// Without one:
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::Request;
    /// use http_body_util::{BodyExt, Empty};
    /// use hyper_util::{client::legacy::{Client, Error}, rt::TokioExecutor};
    /// use tower::{Service, ServiceBuilder, ServiceExt};
    /// use tower_flightlog::FlightLog;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let addr = listener.local_addr()?;
    /// # let app: axum::Router = axum::Router::new().route("/", axum::routing::get(|h: http::HeaderMap| async move {
    /// #     h["traceparent"].to_str().unwrap().to_owned()
    /// # }));
    /// # tokio::spawn(async move { axum::serve(listener, app).await });
    /// let flightlog = FlightLog::builder().files(false).dumps(false).build()?;
    /// let mut client = ServiceBuilder::new()
    ///     .layer(flightlog.outbound_layer().error_type::<Error>())
    ///     .service(Client::builder(TokioExecutor::new()).build_http());
    ///
    /// let request = Request::get(format!("http://{addr}/")).body(Empty::<Bytes>::new())?;
    /// let response = client.ready().await?.call(request).await?;
    /// let body = response.into_body().collect().await?.to_bytes();
    /// # assert_eq!(body.len(), 55);
    /// # Ok(()) }
    /// ```
    ///
    /// With reqwest, whose client takes a request of its own; it follows redirects within the one call:
    ///
    /// ```
    /// use http::{Request, Response};
    /// use tower::{Service, ServiceBuilder, ServiceExt};
    /// use tower_flightlog::{FlightLog, RequestBody};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let addr = listener.local_addr()?;
    /// # let app: axum::Router = axum::Router::new().route("/", axum::routing::post(|text: String| async move { text }));
    /// # tokio::spawn(async move { axum::serve(listener, app).await });
    /// let flightlog = FlightLog::builder().files(false).dumps(false).build()?;
    /// let reqwest = reqwest::Client::new();
    /// let mut client = ServiceBuilder::new()
    ///     .layer(flightlog.outbound_layer().error_type::<reqwest::Error>())
    ///     .service_fn(move |request: Request<RequestBody<reqwest::Body>>| {
    ///         let reqwest = reqwest.clone();
    ///         async move {
    ///             let request = request.map(reqwest::Body::wrap).try_into()?;
    ///             Ok::<_, reqwest::Error>(Response::<reqwest::Body>::from(reqwest.execute(request).await?))
    ///         }
    ///     });
    ///
    /// // What reqwest's builders make is a `Request` of the `http` crate by `try_into`.
    /// let request = reqwest::Client::new().post(format!("http://{addr}/")).body("hello").build()?;
    /// let response = client.ready().await?.call(request.try_into()?).await?;
    /// let response = reqwest::Response::from(response.map(reqwest::Body::wrap));
    /// assert_eq!(response.text().await?, "hello");
    /// # Ok(()) }
    /// ```
    ///
    /// With tonic's `Channel`, whose requests have a body of their own, before a generated client takes it. Given with
    /// `with_origin`, the host is part of the record; else only the `Channel` knows it:
    ///
    /// ```
    /// use http::Request;
    /// use tonic::{body::Body, transport::Channel};
    /// use tower::ServiceBuilder;
    /// use tower_flightlog::{FlightLog, RequestBody};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let flightlog = FlightLog::builder().files(false).dumps(false).build()?;
    /// let channel = ServiceBuilder::new()
    ///     .layer(flightlog.outbound_layer().error_type::<tonic::transport::Error>())
    ///     .map_request(|request: Request<RequestBody<Body>>| request.map(Body::new))
    ///     .service(Channel::from_static("http://127.0.0.1:50051").connect_lazy());
    /// let client = tonic::client::Grpc::with_origin(channel, "http://127.0.0.1:50051".parse()?);
    /// # fn is_client<T: tonic::client::GrpcService<Body>>(_: tonic::client::Grpc<T>) {}
    /// # is_client(client);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn outbound_layer(&self) -> FlightLogLayer<Outbound> {
        FlightLogLayer::new(Arc::clone(&self.recorder), Outbound::default())
    }

    /// The exchange that is worked on, as [`current`](crate::current()) gives it; where none is, what is told of events,
    /// timers, caches and for debugging goes to this log, without a request's id.
    ///
    /// After [`init`](crate::init) that is so with [`current`](crate::current()) too: what happens outside of exchanges goes to
    /// the log that was started last.
    ///
    /// ```
    /// use std::{sync::Arc, time::Duration};
    /// use tower_flightlog::{FlightLog, MemorySink};
    ///
    /// let memory = Arc::new(MemorySink::default());
    /// let flightlog = FlightLog::builder().files(false).dumps(false).sink(Arc::clone(&memory)).build()?;
    /// flightlog.current().event("model_loaded").field("layers", 32);
    ///
    /// flightlog.flush(Duration::from_secs(5))?;
    /// assert_eq!(memory.events()[0].message, "model_loaded");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn current(&self) -> capture::Current {
        capture::current().or_log(&self.recorder)
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

    /// The exchanges that have not ended, those first that came first.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use tower::ServiceExt;
    /// use tower_flightlog::FlightLog;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let flightlog = FlightLog::builder().files(false).dumps(false).build()?;
    /// let log = flightlog.clone();
    /// let app: Router = Router::new()
    ///     .route("/open", get(async move || format!("{} in flight", log.in_flight().len())))
    ///     .layer(flightlog.axum_layer());
    /// let response = app.oneshot(http::Request::get("/open").body(axum::body::Body::empty())?).await?;
    ///
    /// // The response has begun, and nobody has read its body.
    /// let open = flightlog.in_flight();
    /// assert_eq!((open[0].endpoint.as_str(), open[0].status), ("/open", Some(http::StatusCode::OK)));
    /// assert_eq!(axum::body::to_bytes(response.into_body(), 100).await?, "1 in flight");
    /// assert!(flightlog.in_flight().is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// A page for whoever looks after the service, with what takes longest on top:
    ///
    /// ```
    /// use axum::{Json, Router, routing::get};
    /// use tower_flightlog::{FlightLog, InFlight};
    ///
    /// let flightlog = FlightLog::builder().files(false).dumps(false).build()?;
    /// let log = flightlog.clone();
    /// let admin: Router =
    ///     Router::new().route("/in-flight", get(async move || Json::<Vec<InFlight>>(log.in_flight())));
    /// # Ok::<(), tower_flightlog::Error>(())
    /// ```
    #[must_use]
    pub fn in_flight(&self) -> Vec<InFlight> {
        self.recorder.in_flight()
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

    /// Writes a dump of what did not pass the layer, such as a job taken from a queue or a request to another service,
    /// and gives its path. It is redacted and bounded as all dumps are; its trigger is `manual`, its reason `write_dump`.
    ///
    /// Its id is the [`RequestId`](crate::RequestId) in the request's extensions, else a fresh one. There is no entry of it.
    ///
    /// It waits for the disk: in async code call it where blocking is allowed (`tokio::task::spawn_blocking`).
    ///
    /// ```
    /// use http::{Request, Response};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = std::env::temp_dir().join(format!("flightlog-doc-{}", std::process::id()));
    /// let flightlog = tower_flightlog::FlightLog::builder().files(false).dump_dir(&dir).build()?;
    /// let request = Request::post("http://stock.test/reserve?token=abc").body(r#"{"article": 7}"#)?;
    /// let error = std::io::Error::other("the stock service does not answer");
    /// let path = flightlog.write_dump(&request, None::<&Response<&str>>, Some(&error))?;
    /// let dump = std::fs::read_to_string(&path)?;
    /// assert!(dump.contains("the stock service does not answer") && !dump.contains("abc"));
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`Unsupported`](std::io::ErrorKind::Unsupported): LOG_DUMPS=false
    /// - [`QuotaExceeded`](std::io::ErrorKind::QuotaExceeded): LOG_DUMP_PER_MINUTE lets no more of them through; it is
    ///   counted in [`Stats::dumps_suppressed`]
    /// - [`StorageFull`](std::io::ErrorKind::StorageFull) and others: what went wrong with the file; it is counted in
    ///   [`Stats::dumps_failed`]
    pub fn write_dump<B: AsRef<[u8]>, C: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        response: Option<&Response<C>>,
        error: Option<&(dyn StdError + 'static)>,
    ) -> io::Result<PathBuf> {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.method = request.method().clone();
        parts.uri = request.uri().clone();
        parts.version = request.version();
        parts.headers = request.headers().clone();
        parts.extensions = request.extensions().clone();
        let asked = Asked { parts: &parts, hints: &hints::of(&parts), body: request.body().as_ref() };
        self.recorder.write_dump(capture::exchange(&self.recorder, &asked, response, error))
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
