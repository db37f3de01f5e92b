mod setters;

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
};

use crate::{
    capture::{self, Equipment, ErrorReader, Recorder, RemoteAddr},
    config::{self, Error, Problem, Service, Settings},
    console::{Console, Style},
    dump::{self, DumpOptions, Dumps},
    exchange::{Budget, Scrub, random},
    export::{View, Watch, entry::Note},
    flightlog::FlightLog,
    redact::{Contained, RedactOptions, Redactor},
    sink::{BlackBox, Counters, Fanout, Sink},
    tracing_events::TracingEvents,
};

/// Sets up a [`FlightLog`]. Setters are named like the variables of the environment, without `LOG_`:
#[doc = crate::config::environment_table!()]
/// `build` checks all values and reports every one that cannot be meant:
///
/// ```
/// use std::time::Duration;
/// use tower_flightlog::FlightLog;
///
/// let flightlog = FlightLog::builder()
///     .dir("/tmp/flightlog-doc")
///     .service("shop", "1.2.3")
///     .slow(Duration::from_secs(5))
///     .redact(["voucher"])
///     .build()?;
/// assert!(FlightLog::builder().dump_keep(0).build().is_err());
/// # Ok::<(), tower_flightlog::Error>(())
/// ```
#[must_use = "a builder does nothing until `build`"]
#[derive(Default)]
pub struct FlightLogBuilder {
    pub(crate) settings: Settings,
    sinks: Vec<Box<dyn Sink>>,
    stdout: Option<Box<dyn Write + Send>>,
    remote_addr: Option<Box<RemoteAddr>>,
    error_readers: Vec<ErrorReader>,
    strict: bool,
    without_panic_hook: bool,
    has_subscriber_of_ours: bool,
}

impl FlightLogBuilder {
    /// With the settings of the environment.
    pub(crate) fn from_env() -> Result<Self, Error> {
        Ok(Self { settings: Settings::from_env()?, ..Self::default() })
    }

    /// In place of stdout.
    #[cfg(test)]
    pub(crate) fn stdout(mut self, page: impl Write + Send + 'static) -> Self {
        self.stdout = Some(Box::new(page));
        self
    }

    /// Our own subscriber is about to be installed: the console tells exchanges, nobody listens for them as events.
    #[cfg(feature = "init")]
    pub(crate) fn with_subscriber_of_ours(mut self) -> Self {
        self.has_subscriber_of_ours = true;
        self
    }

    /// Starts the log.
    ///
    /// # Errors
    ///
    /// Every value that cannot be meant; with [`strict`](Self::strict) also a directory that cannot be used.
    pub fn build(self) -> Result<FlightLog, Error> {
        let (flightlog, warning) = self.build_quietly()?;
        if let Some(warning) = warning {
            tracing::warn!("{warning}");
        }
        Ok(flightlog)
    }

    /// The same; what is to be warned of is given, for when there is someone to hear it.
    pub(crate) fn build_quietly(self) -> Result<(FlightLog, Option<String>), Error> {
        let settings = self.settings;
        settings.validate()?;
        let mut warning = None;
        let unusable = settings.dumps.then(|| dump::usable(&settings.dumps_dir()).err()).flatten();
        if let Some(source) = unusable {
            let problem = Problem::directory("LOG_DUMP_DIR", settings.dumps_dir(), source);
            if self.strict {
                return Err(problem.into());
            }
            warning = Some(format!("{problem}; failures will leave no dump until it can be used"));
        }

        let scrub: Arc<dyn Scrub> = Arc::new(Contained(redactor(&settings)));
        let counters = Arc::new(Counters::default());
        let budget = Arc::new(Budget::new(settings.capture_budget));
        let verbosity = Arc::new(AtomicU8::new(settings.verbosity.get()));
        let view = watch(&settings, &verbosity);
        let mut inline: Vec<Box<dyn Sink>> = Vec::new();
        if !self.has_subscriber_of_ours {
            inline.push(Box::new(TracingEvents::new(Arc::clone(&view))));
        }
        // Stdout may block: the console stands in a queue like the sinks of users.
        let mut queued = self.sinks;
        if let Some(style) = style(settings.console, self.has_subscriber_of_ours) {
            let out = self.stdout.unwrap_or_else(|| Box::new(io::stdout()));
            queued.push(Box::new(console(style, &settings, view, &counters, out)));
        }
        let dumps = settings
            .dumps
            .then(|| Arc::new(Dumps::new(dump_options(&settings, &counters, &budget))) as Arc<dyn BlackBox>);
        let sinks = Arc::new(Fanout::new(inline, queued, dumps, Arc::clone(&counters)));
        if !self.without_panic_hook {
            capture::chain_hook();
        }
        let mut error_readers = self.error_readers;
        error_readers.extend([capture::boxed as ErrorReader, capture::reader::<std::io::Error>]);
        let remote_addr = self.remote_addr;
        let equipment =
            Equipment { settings, scrub, sinks, counters, budget, verbosity, remote_addr, error_readers };
        Ok((FlightLog::new(Recorder::new(equipment)), warning))
    }
}

impl fmt::Debug for FlightLogBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlightLogBuilder")
            .field("settings", &self.settings)
            .field("strict", &self.strict)
            .finish_non_exhaustive()
    }
}

/// How the console speaks: pretty on a terminal, else JSON; where a subscriber of others tells exchanges, only if asked.
fn style(console: config::Console, is_needed: bool) -> Option<Style> {
    let is_terminal = io::stdout().is_terminal();
    let colours = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    match console {
        config::Console::Off => None,
        config::Console::Auto if !is_needed => None,
        config::Console::Auto if is_terminal => Some(Style::Pretty { colours }),
        config::Console::Pretty => Some(Style::Pretty { colours }),
        config::Console::Json | config::Console::Auto => Some(Style::Json),
    }
}

/// The console, which to machines says first what it is.
fn console(
    style: Style,
    settings: &Settings,
    view: Watch,
    counters: &Arc<Counters>,
    out: Box<dyn Write + Send>,
) -> Console {
    let console = Console::new(style, view, Arc::clone(counters), out);
    let Service { name, version } = settings.service();
    let service = version.map_or(name.clone(), |version| format!("{name}@{version}"));
    let verbosity = settings.verbosity.get();
    let note = Note::Started {
        version: env!("CARGO_PKG_VERSION"),
        service: &service,
        verbosity,
        settings: &settings.told(),
    };
    console.note(&note);
    console
}

fn redactor(settings: &Settings) -> Redactor {
    RedactOptions::default()
        .redact(settings.redact.iter().cloned())
        .keep(settings.redact_keep.iter().cloned())
        .mode(settings.redact_mode)
        .build()
}

fn dump_options(settings: &Settings, counters: &Arc<Counters>, budget: &Arc<Budget>) -> DumpOptions {
    let Service { name, version } = settings.service();
    let (for_stats, budget) = (Arc::clone(counters), Arc::clone(budget));
    DumpOptions {
        dir: settings.dumps_dir(),
        keep: settings.dump_keep,
        max_bytes: settings.dump_max_bytes,
        max_age: settings.dump_max_age,
        per_minute: settings.dump_per_minute,
        file_mode: settings.file_mode,
        service: dump::Service { name, version },
        counters: Arc::clone(counters),
        stats: Box::new(move || for_stats.snapshot(&budget)),
    }
}

/// What entries show, as the settings say, with the verbosity of the moment.
fn watch(settings: &Settings, verbosity: &Arc<AtomicU8>) -> Watch {
    let (headers, bodies, combined) = (settings.headers, settings.bodies, settings.combined);
    let (run, verbosity) = (run(), Arc::clone(verbosity));
    Arc::new(move || View { run, verbosity: verbosity.load(Relaxed), headers, bodies, combined })
}

/// Eight characters that tell one start of the process from another.
fn run() -> [u8; 8] {
    let mut run = *b"00000000";
    let mut rest = random();
    for character in &mut run {
        *character = *b"0123456789abcdefghjkmnpqrstvwxyz".get((rest % 32) as usize).unwrap_or(&b'0');
        rest /= 32;
    }
    run
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Bodies;

    #[test]
    fn what_entries_show_is_what_the_settings_say() {
        let settings =
            Settings { headers: true, bodies: Bodies::Errors, combined: true, ..Settings::default() };
        let verbosity = Arc::new(AtomicU8::new(1));
        let view = watch(&settings, &verbosity);
        assert!(view().headers && view().combined && view().bodies == Bodies::Errors);
        assert!(!watch(&Settings::default(), &verbosity)().combined);
        verbosity.store(3, Relaxed);
        assert_eq!((view().verbosity, view().run), (3, view().run));
    }
}
