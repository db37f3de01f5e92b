use std::{
    fmt,
    io::{self, Write},
    net::IpAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use http::request::Parts;
use tracing::level_filters::LevelFilter;

use super::{
    arrival::Hints, clock::Clock, hearing::Hearing, instruments::loudest, report::Known, sample::Sample,
};
use crate::{
    config::{Settings, Skip, Verbosity},
    exchange::{Bodies, Budget, Exchange, InFlight, RawHead, RequestId, Scrub},
    sink::{Counters, Fanout, Journal, Stats},
};

/// Another source for a client's address; see [`FlightLogBuilder::remote_addr`](crate::FlightLogBuilder::remote_addr).
pub(crate) type RemoteAddr = dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync;

/// Bytes of a message's head that are kept, and how many once the capture budget is spent.
const HEAD_LIMIT: usize = RawHead::LONGEST;
const HEAD_LIMIT_WHEN_SPENT: usize = 4 * 1024;

/// How long the last handle waits for the outputs.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long of that it waits for others than the log files.
const FAREWELL_OF_SINKS: Duration = Duration::from_secs(4);

/// What every exchange needs: switches, limits, redaction, outputs. The last one to hold it flushes.
pub(crate) struct Recorder {
    pub(super) settings: Settings,
    pub(super) scrub: Arc<dyn Scrub>,
    pub(super) sinks: Arc<Fanout>,
    pub(super) counters: Arc<Counters>,
    pub(super) budget: Arc<Budget>,
    pub(super) remote_addr: Option<Box<RemoteAddr>>,
    pub(super) known_errors: Vec<Known>,
    pub(super) clock: Arc<Clock>,
    hearing: Arc<Hearing>,
    skip: Skip,
    sample: Sample,
    enabled: AtomicBool,
    pub(super) verbosity: Arc<AtomicU8>,
    peer_warned: AtomicBool,
}

/// What a recorder is made of.
pub(crate) struct Equipment {
    pub(crate) settings: Settings,
    pub(crate) scrub: Arc<dyn Scrub>,
    pub(crate) sinks: Arc<Fanout>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) verbosity: Arc<AtomicU8>,
    pub(crate) remote_addr: Option<Box<RemoteAddr>>,
    pub(crate) known_errors: Vec<Known>,
    pub(crate) journal: Option<Arc<dyn Journal>>,
}

impl Recorder {
    pub(crate) fn new(equipment: Equipment) -> Self {
        let Equipment {
            settings,
            scrub,
            sinks,
            counters,
            budget,
            verbosity,
            remote_addr,
            known_errors,
            journal,
        } = equipment;
        loudest::add(verbosity.load(Relaxed));
        Self {
            enabled: settings.enabled.into(),
            clock: Clock::new(Arc::clone(&sinks), Arc::clone(&scrub), settings.slow, journal),
            hearing: Hearing::new(settings.trail(), settings.enabled).into(),
            skip: Skip::of(&settings.skip),
            sample: Sample::of(settings.sample),
            settings,
            scrub,
            sinks,
            counters,
            budget,
            remote_addr,
            known_errors,
            verbosity,
            peer_warned: AtomicBool::new(false),
        }
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled.load(Relaxed)
    }

    pub(crate) fn set_enabled(&self, enabled: bool) {
        self.enabled.store(enabled, Relaxed);
        self.hearing.switch(enabled);
    }

    pub(crate) fn set_verbosity(&self, verbosity: Verbosity) {
        loudest::add(verbosity.get());
        loudest::remove(self.verbosity.swap(verbosity.get(), Relaxed));
    }

    /// LOG_DEBUG, as it stands.
    pub(super) fn verbosity(&self) -> u8 {
        self.verbosity.load(Relaxed)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn stats(&self) -> Stats {
        self.counters.snapshot(&self.budget, self.sinks.file_stats())
    }

    /// The exchanges that have not ended, those first that came first.
    pub(crate) fn in_flight(&self) -> Vec<InFlight> {
        self.clock.in_flight()
    }

    /// Waits for the outputs; gives the number of records they did not take in time.
    pub(crate) fn flush(&self, timeout: Duration) -> u64 {
        let now = Instant::now();
        self.sinks.flush(now.checked_add(timeout).unwrap_or(now + FAREWELL))
    }

    /// What trails are to hear.
    pub(crate) fn hearing(&self) -> &Arc<Hearing> {
        &self.hearing
    }

    /// Writes a record made by hand.
    pub(crate) fn write_dump(&self, mut exchange: Exchange) -> io::Result<PathBuf> {
        self.sinks.write_dump(&mut exchange)
    }

    #[cfg(feature = "init")]
    pub(crate) fn scrub(&self) -> &Arc<dyn Scrub> {
        &self.scrub
    }

    /// Hands on what the application told.
    pub(crate) fn sinks(&self) -> &Arc<Fanout> {
        &self.sinks
    }

    /// False where LOG_SKIP or LOG_SAMPLE leaves a request out, unless it ends remarkably.
    pub(super) fn wants(&self, parts: &Parts, hints: &Hints<'_>, request_id: RequestId) -> bool {
        let is_skipped = || self.skip.takes(parts.method.as_str(), hints.uri.path(), hints.route);
        (self.skip.is_empty() || !is_skipped()) && self.samples(request_id)
    }

    /// False where LOG_SAMPLE leaves it out, unless it ends remarkably.
    pub(super) fn samples(&self, request_id: RequestId) -> bool {
        self.sample.is_all() || self.sample.takes(request_id)
    }

    /// Bytes of each body to keep.
    pub(super) fn capture_limit(&self) -> usize {
        if self.settings.bodies == Bodies::Off { 0 } else { self.settings.capture_limit }
    }

    /// Bytes of a message's head to keep.
    pub(super) fn head_limit(&self) -> usize {
        if self.budget.is_spent() { HEAD_LIMIT_WHEN_SPENT } else { HEAD_LIMIT }
    }

    /// Says once that nobody tells where requests come from.
    pub(super) fn warn_of_unknown_peer(&self) {
        if !self.peer_warned.swap(true, Relaxed) {
            tracing::warn!(
                "remote_addr is unknown: no connect info in the request; serve the router with \
                 `into_make_service_with_connect_info::<SocketAddr>()`, or set `FlightLog::builder().remote_addr(..)`"
            );
        }
    }
}

/// Says once that filters of others keep events from dumps, and what to do about it.
pub(super) fn warn_of_filter(recorder: &Recorder) {
    let Some(level) = recorder.hearing.first_limit() else { return };
    let hidden = match level.into_level() {
        Some(level) => format!("events below {level}"),
        None => "all events".into(),
    };
    let warning = format!(
        "a global filter hides {hidden} from dumps: in place of `.with(EnvFilter::from_default_env())`, give the \
         filter to the layer that it is for: `.with(fmt::layer().with_filter(EnvFilter::from_default_env()))`"
    );
    tracing::warn!("{warning}");
    if level < LevelFilter::WARN {
        // It hides this too.
        let _ = writeln!(io::stderr(), "flightlog: {warning}");
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        loudest::remove(self.verbosity());
        let now = Instant::now();
        self.clock.rest();
        // A sink that hangs takes no time from the files.
        let undelivered = self.sinks.deliver(now + FAREWELL_OF_SINKS) + self.sinks.close(now + FAREWELL);
        if undelivered > 0 {
            let why = self.sinks.file_stats().last_error.unwrap_or_else(|| "a sink did not take them".into());
            // There is nobody else to tell, and perhaps nobody listens here either.
            let _ = writeln!(io::stderr(), "flightlog: {undelivered} entries could not be written: {why}");
        }
        self.clock.close(now + FAREWELL);
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("enabled", &self.is_enabled())
            .field("sinks", &self.sinks)
            .finish_non_exhaustive()
    }
}
