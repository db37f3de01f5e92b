//! A setter for each variable, and for what no variable can say.

use std::{error::Error as StdError, net::IpAddr, path::PathBuf, time::Duration};

use http::request::Parts;
use ipnet::IpNet;

use super::FlightLogBuilder;
use crate::{
    capture,
    config::{self, Service, Settings, Verbosity},
    exchange::{Bodies, Exchange},
    redact::RedactMode,
    sink::Sink,
};

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $set:expr;)+) => {
        impl FlightLogBuilder {
            $($(#[$doc])* pub fn $name(mut self, $name: $type) -> Self {
                let set: fn(&mut Settings, $type) = $set;
                set(&mut self.settings, $name);
                self
            })+
        }
    };
}

setters! {
    /// LOG_API_CALLS: `false` makes the layer a pass-through until
    /// [`FlightLog::set_enabled`](crate::FlightLog::set_enabled).
    enabled: bool = |settings, value| settings.enabled = value;
    /// LOG_FILES: `false` leaves out log files.
    files: bool = |settings, value| settings.files = value;
    /// LOG_DUMPS: `false` leaves out dumps.
    dumps: bool = |settings, value| settings.dumps = value;
    /// LOG_MAX_BYTES: a log file is rotated before it grows past this; 0 never.
    max_bytes: u64 = |settings, value| settings.max_bytes = value;
    /// LOG_BACKUP_COUNT: rotated files kept of each log file; with 0 a full one starts anew.
    backup_count: usize = |settings, value| settings.backup_count = value;
    /// LOG_FILE_MODE: `0o600`, or `0o640` to let the group read.
    file_mode: u32 = |settings, value| settings.file_mode = value;
    /// LOG_CONSOLE. `Auto` is for [`init`](crate::init); without it a subscriber of yours tells exchanges, and the
    /// console is off unless asked for.
    console: config::Console = |settings, value| settings.console = value;
    /// LOG_DEBUG.
    verbosity: Verbosity = |settings, value| settings.verbosity = value;
    /// LOG_BODIES.
    bodies: Bodies = |settings, value| settings.bodies = value;
    /// LOG_BODY_LIMIT: bytes of each body shown in an entry.
    body_limit: usize = |settings, value| settings.body_limit = value;
    /// LOG_CAPTURE_LIMIT: bytes of each body kept for a dump.
    capture_limit: usize = |settings, value| settings.capture_limit = value;
    /// LOG_CAPTURE_BUDGET: captured bytes in flight over all requests.
    capture_budget: usize = |settings, value| settings.capture_budget = value;
    /// LOG_HEADERS: `true` shows headers in entries.
    headers: bool = |settings, value| settings.headers = value;
    /// LOG_COMBINED: `true` makes one entry of each exchange: the response's, which also tells of the request.
    combined: bool = |settings, value| settings.combined = value;
    /// LOG_DUMP_KEEP: dumps kept at most.
    dump_keep: usize = |settings, value| settings.dump_keep = value;
    /// LOG_DUMP_MAX_BYTES: bytes of dumps kept at most. A dump that is larger alone goes without bodies, then without the
    /// events of its trail.
    dump_max_bytes: u64 = |settings, value| settings.dump_max_bytes = value;
    /// LOG_DUMP_MAX_AGE: how long a dump is kept. The first of a fingerprint stays while one of its repeats is younger;
    /// nothing stays beyond twice the age. Where the age is a promise, to delete what is personal for one, set half of
    /// it.
    dump_max_age: Duration = |settings, value| settings.dump_max_age = value;
    /// LOG_DUMP_PER_MINUTE: dumps written in a minute at most.
    dump_per_minute: u32 = |settings, value| settings.dump_per_minute = value;
    /// LOG_SLOW: what takes longer is WARN, and dumped; sinks are told of it once while it still runs, as an event of the
    /// kind `still_running`.
    slow: Duration = |settings, value| settings.slow = Some(value);
    /// LOG_SAMPLE: the share, 0 to 1, of unremarkable exchanges that are logged. The id of the request decides: the
    /// number that its last 12 hexadecimal digits are is below the share of 2^48. Errors, aborts, panics and slow
    /// exchanges are always logged.
    sample: f64 = |settings, value| settings.sample = value;
    /// LOG_REDACT_MODE.
    redact_mode: RedactMode = |settings, value| settings.redact_mode = value;
}

impl FlightLogBuilder {
    /// LOG_DIR: where everything is written.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.settings.dir = dir.into();
        self
    }

    /// LOG_DUMP_DIR: where dumps are written, in place of `dumps` in LOG_DIR.
    pub fn dump_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.settings.dump_dir = Some(dir.into());
        self
    }

    /// LOG_LEVEL: a level or tracing filter directives for log entries; never for exchanges and dumps.
    pub fn level(mut self, level: impl Into<String>) -> Self {
        self.settings.level = Some(level.into());
        self
    }

    /// LOG_TRAIL: a level, or targets with levels, for what dumps have of the tracing events of their request; `off`
    /// for nothing. What they hear is independent of [`level`](Self::level), and needs
    /// [`init`](crate::init) or [`FlightLog::tracing_layer`](crate::FlightLog::tracing_layer).
    ///
    /// ```
    /// let builder = tower_flightlog::FlightLog::builder().trail("debug,hyper=info,my_crate=trace");
    /// ```
    pub fn trail(mut self, levels: impl Into<String>) -> Self {
        self.settings.trail = levels.into();
        self
    }

    /// LOG_SKIP: what is not logged unless remarkable: an error, an abort, a panic, or slow. Each pattern is a path,
    /// or a method and a path, in which `*` is any run of characters.
    ///
    /// ```
    /// let builder = tower_flightlog::FlightLog::builder().skip(["/health", "GET /static/*"]);
    /// ```
    pub fn skip<P: Into<String>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        self.settings.skip.extend(patterns.into_iter().map(Into::into));
        self
    }

    /// LOG_REDACT: more names whose values never leave.
    ///
    /// ```
    /// let builder = tower_flightlog::FlightLog::builder().redact(["voucher", "iris_scan"]);
    /// ```
    pub fn redact<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.settings.redact.extend(names.into_iter().map(Into::into));
        self
    }

    /// LOG_REDACT_KEEP: names whose values are not secret although they sound so.
    pub fn redact_keep<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.settings.redact_keep.extend(names.into_iter().map(Into::into));
        self
    }

    /// LOG_TRUSTED_PROXIES: whose `Forwarded` and `X-Forwarded-For` are believed.
    ///
    /// ```
    /// let builder = tower_flightlog::FlightLog::builder().trusted_proxies(["10.0.0.0/8".parse()?]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn trusted_proxies(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.settings.trusted_proxies.extend(networks);
        self
    }

    /// LOG_COMPONENTS: log entries whose tracing target is the second of a pair, or below it, go to a file of their
    /// own, which the first names. The longest target wins.
    ///
    /// ```
    /// let components = [("mlx-server", "mlx_manager::mlx_server"), ("mlx-manager", "mlx_manager")];
    /// let builder = tower_flightlog::FlightLog::builder().components(components);
    /// ```
    pub fn components<N: Into<String>, T: Into<String>>(
        mut self,
        components: impl IntoIterator<Item = (N, T)>,
    ) -> Self {
        for (name, target) in components {
            self.settings.components.add(name.into(), target.into());
        }
        self
    }

    /// LOG_SERVICE: who writes this log.
    pub fn service(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.settings.service = Some(Service { name: name.into(), version: Some(version.into()) });
        self
    }

    /// Adds an output; see [`Sink`].
    pub fn sink(mut self, sink: impl Sink) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Takes the other end of the socket from somewhere else than the connect info of axum or tonic. A trusted proxy
    /// is believed as ever.
    ///
    /// ```
    /// use std::net::SocketAddr;
    /// use tower_flightlog::FlightLog;
    ///
    /// #[derive(Clone)]
    /// struct Peer(SocketAddr);
    ///
    /// let builder = FlightLog::builder().remote_addr(|request| Some(request.extensions.get::<Peer>()?.0.ip()));
    /// ```
    pub fn remote_addr(mut self, source: impl Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        self.remote_addr = Some(Box::new(source));
        self
    }

    /// Asks for a dump of each finished exchange for which `when` is true. It is not asked of what is dumped anyway, nor
    /// of 404, 405 and 429. Such dumps have the trigger `manual` and the reason `dump_when`, and are bounded as all are:
    /// three of a kind in a minute, LOG_DUMP_PER_MINUTE over all.
    ///
    /// It runs where the exchange ends, on the thread that serves it. Should it panic, that is counted in
    /// [`Stats::sink_panics`](crate::Stats::sink_panics), and there is no dump. The last one set is asked.
    ///
    /// ```
    /// use tower_flightlog::{Exchange, FlightLog};
    ///
    /// let builder = FlightLog::builder().dump_when(|exchange: &Exchange| {
    ///     exchange.status().is_some_and(|status| status == 409) && exchange.request.endpoint().as_str() == "/orders"
    /// });
    /// ```
    pub fn dump_when(mut self, when: impl Fn(&Exchange) -> bool + Send + Sync + 'static) -> Self {
        self.dump_when = Some(Box::new(when));
        self
    }

    /// Which requests of [`outbound_layer`](crate::FlightLog::outbound_layer) have dumps of their own. `true`: each that
    /// fails, for the same reasons as those that are answered. `false`: none; the dump of a request shows what it sent
    /// among its steps.
    ///
    /// Default, where this is not called: calls that ended without a response (nobody could be reached, it took too long,
    /// it was given up) in the handler of a request that fails and has a dump. Whether they have one is known when that
    /// request ends: their entries, made before, do not name it. Its file name ends with the `request_id` that the step in
    /// the request's dump has, and it has the `parent_request_id`. The first eight of a request are kept until then, with
    /// 256 KiB of bodies together; LOG_DUMP_PER_MINUTE holds for them as for all, and those beyond are counted with it.
    ///
    /// ```
    /// let builder = tower_flightlog::FlightLog::builder().dump_outbound(true);
    /// ```
    pub fn dump_outbound(mut self, dump: bool) -> Self {
        self.settings.dump_outbound = Some(dump);
        self
    }

    /// Tells the sources of errors of type `E` when a service or a body fails with one. Without this, only what the
    /// error's `Display` says is known. `std::io::Error` and boxed errors need no telling.
    ///
    /// ```
    /// # #[derive(Debug)] struct ShopError;
    /// # impl std::fmt::Display for ShopError { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("closed") } }
    /// # impl std::error::Error for ShopError {}
    /// let builder = tower_flightlog::FlightLog::builder().error_type::<ShopError>();
    /// ```
    pub fn error_type<E: StdError + 'static>(mut self) -> Self {
        self.known_errors.push(capture::known::<E>());
        self
    }

    /// `false` leaves the panic hook alone: panics are recorded without location and backtrace.
    pub fn panic_hook(mut self, chain: bool) -> Self {
        self.without_panic_hook = !chain;
        self
    }

    /// `true`: a directory that cannot be used is an error of `build`, not a warning.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setters_say_what_variables_say() {
        let environment = [
            ("LOG_FILES", "no"),
            ("LOG_MAX_BYTES", "64KiB"),
            ("LOG_BACKUP_COUNT", "2"),
            ("LOG_COMBINED", "yes"),
            ("LOG_SKIP", "/health,GET /static/*"),
            ("LOG_SAMPLE", "10%"),
            ("LOG_COMPONENTS", "db=sqlx;web=hyper"),
        ];
        let read = Settings::from_lookup(|name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        });
        let builder = FlightLogBuilder::default()
            .files(false)
            .max_bytes(65_536)
            .backup_count(2)
            .combined(true)
            .skip(["/health"])
            .skip(["GET /static/*"])
            .sample(0.1)
            .components([("db", "sqlx"), ("web", "hyper")]);
        assert_eq!(builder.settings, read.unwrap());
    }

    #[test]
    fn all_values_that_cannot_be_meant_are_named() {
        let builder = FlightLogBuilder::default().sample(f64::NAN).skip(["health"]).components([
            ("errors", "x"),
            ("a", "x"),
            ("a", "y"),
        ]);
        let error = builder.build().unwrap_err().to_string();
        let said: Vec<_> = error.lines().filter_map(|line| line.split(": ").next()).collect();
        assert_eq!(
            said,
            ["skip(health)", "sample(NaN)", "components(errors=x)", "components(a=x)", "components(a=y)"]
        );
    }
}
