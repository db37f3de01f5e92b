//! `init()`: everything from the environment, with a subscriber and a console.

use std::{
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use tracing::{Subscriber, dispatcher, level_filters::LevelFilter, subscriber::set_global_default};
use tracing_log::{AsLog, LogTracer, log};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, registry, registry::LookupSpan};

use crate::{
    builder::FlightLogBuilder,
    capture::make_home,
    config::{Console, Error},
    flightlog::FlightLog,
    trace::LogLayer,
};

/// Starts the log as the environment's LOG_* variables say and installs a tracing subscriber: console, log entries,
/// and the last error of each request. Keep the handle: the last one flushes.
///
/// ```no_run
/// use std::net::SocketAddr;
/// use axum::{Router, routing::get};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let flightlog = tower_flightlog::init()?;
///     let app: Router = Router::new().route("/", get(|| async { "hello" })).layer(flightlog.axum_layer());
///     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
///     axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
///     Ok(())
/// }
/// ```
///
/// Where a global subscriber exists already it stays, exchanges and dumps work all the same, and one warning says to
/// add [`FlightLog::tracing_layer`].
///
/// # Errors
///
/// All variables whose value cannot be understood.
pub fn init() -> Result<FlightLog, Error> {
    let builder = FlightLogBuilder::from_env()?;
    let is_silent = builder.settings.console == Console::Off;
    let is_alone = !dispatcher::has_been_set();
    let builder = if is_alone { builder.with_subscriber_of_ours() } else { builder };
    let (flightlog, warnings) = builder.build_quietly()?;
    make_home(flightlog.recorder());
    let installed = is_alone && install(&flightlog);
    for warning in warnings {
        tracing::warn!("{warning}");
        if is_silent {
            // Files that cannot be written are no place to say so.
            let _ = writeln!(io::stderr(), "flightlog: {warning}");
        }
    }
    if !installed {
        tracing::warn!(
            "a global tracing subscriber exists: it stays; to have this application's events as log entries, add \
             `.with(flightlog.tracing_layer())` to its registry"
        );
    }
    Ok(flightlog)
}

/// Makes ours the global subscriber, which then hears the `log` crate's records too, unless they have a logger.
fn install(flightlog: &FlightLog) -> bool {
    let installed = set_global_default(registry().with(flightlog.tracing_layer())).is_ok();
    if installed {
        let is_logger = LogTracer::builder().with_max_level(flightlog.heard_of_log()).init().is_ok();
        IS_LOGGER.store(is_logger, Relaxed);
    }
    installed
}

/// True where the `log` crate tells us.
static IS_LOGGER: AtomicBool = AtomicBool::new(false);

/// With trails the `log` crate has more to tell than without.
pub(crate) fn follow(flightlog: &FlightLog) {
    if IS_LOGGER.load(Relaxed) {
        log::set_max_level(flightlog.heard_of_log());
    }
}

impl FlightLog {
    /// The layer for people who build a registry of their own: log entries with the request they happened in, and
    /// the last ERROR of a request as its cause. It has a filter of its own (LOG_LEVEL) and leaves the levels of
    /// other layers alone. Spans from INFO upwards it sees whatever that says: events in spawned tasks find their
    /// request through them.
    ///
    /// For dumps it hears the events and spans that LOG_TRAIL wants, DEBUG and above where nothing else is said,
    /// whatever LOG_LEVEL is. Such an event costs about 1,050 instructions in a request and 300 outside, a DEBUG span
    /// 2,150; with LOG_TRAIL=off, LOG_DUMPS=false or LOG_API_CALLS=false none of them is heard.
    ///
    /// A filter that is itself a layer of the registry, `.with(EnvFilter::from_default_env())`, hides events from this
    /// layer too: dumps say so, and a warning does once. Give such a filter to the layer it is for:
    ///
    /// ```
    /// use tower_flightlog::FlightLog;
    /// use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, layer::SubscriberExt};
    ///
    /// let flightlog = FlightLog::builder().files(false).dumps(false).build()?;
    /// let subscriber = Registry::default()
    ///     .with(fmt::layer().with_filter(EnvFilter::from_default_env()))
    ///     .with(flightlog.tracing_layer());
    /// # Ok::<(), tower_flightlog::Error>(())
    /// ```
    ///
    /// ```
    /// use tower_flightlog::FlightLog;
    /// use tracing_subscriber::{Registry, layer::SubscriberExt};
    ///
    /// let flightlog = FlightLog::builder().files(false).dumps(false).level("info,hyper=warn").build()?;
    /// let subscriber = Registry::default().with(flightlog.tracing_layer());
    /// # Ok::<(), tower_flightlog::Error>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "init")))]
    pub fn tracing_layer<S>(&self) -> impl Layer<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let recorder = self.recorder();
        let hearing = recorder.hearing().clone();
        LogLayer::filtered(recorder.sinks().clone(), recorder.scrub().clone(), self.listed(), hearing)
    }

    /// The records of the `log` crate that somebody wants to hear. Not `LevelFilter::current()`: spans are heard from INFO
    /// upwards whatever is listed, records are not.
    fn heard_of_log(&self) -> log::LevelFilter {
        let listed = self.listed().max_level_hint().unwrap_or(LevelFilter::TRACE);
        listed.max(LevelFilter::ERROR).max(self.recorder().hearing().deepest()).as_log()
    }

    /// What LOG_LEVEL lists.
    fn listed(&self) -> EnvFilter {
        // `build` has checked the directives.
        EnvFilter::builder().parse_lossy(self.recorder().settings().filter())
    }
}
