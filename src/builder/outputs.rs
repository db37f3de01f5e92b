//! Which outputs there are, and what stands against them.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    config::{self, Problem, Service, Settings},
    console::{Console, Style},
    dump::{self, DumpOptions, Dumps, When},
    exchange::Budget,
    export::{
        Watch,
        entry::{Note, Suppressed},
    },
    files::{FileOptions, LogFiles},
    journal::{self, Death, DiskJournal, JournalOptions},
    sink::{Counters, Gate, Journal, Ledger, Outputs, Sink},
    tracing_events::TracingEvents,
};

/// What outputs are made from.
pub(super) struct Plant<'a> {
    pub settings: &'a Settings,
    pub view: Watch,
    pub counters: &'a Arc<Counters>,
    pub budget: &'a Arc<Budget>,
    /// Our own subscriber is about to be installed: nobody listens for exchanges as events.
    pub has_subscriber_of_ours: bool,
}

/// What stands against an output, and what follows from it.
pub(super) struct Trouble {
    pub problem: Problem,
    consequence: &'static str,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.problem, self.consequence)
    }
}

/// The outputs, and what stands against some of them.
pub(super) struct Opened {
    pub outputs: Outputs,
    pub troubles: Vec<Trouble>,
    /// Who is in flight, where there are log files.
    pub journal: Option<Arc<dyn Journal>>,
    files: Option<Arc<LogFiles>>,
    /// Where it is not just for the time that files cannot be written.
    console: Option<Arc<Console>>,
}

/// Opens all outputs that are asked for.
pub(super) fn open(
    plant: &Plant<'_>,
    sinks: Vec<Box<dyn Sink>>,
    stdout: Option<Box<dyn Write + Send>>,
    when: Option<Box<When>>,
) -> Opened {
    let settings = plant.settings;
    let mut opened = Opened {
        outputs: Outputs::default(),
        troubles: Vec::new(),
        journal: None,
        files: None,
        console: None,
    };
    let Opened { outputs, troubles, journal, files, console } = &mut opened;

    if !plant.has_subscriber_of_ours {
        outputs.inline.push(Box::new(TracingEvents::new(Arc::clone(&plant.view))));
    }
    outputs.queued.extend(sinks.into_iter().map(|sink| (sink, None)));
    let failing = Gate::default();
    if settings.files {
        let open = Arc::new(LogFiles::open(file_options(plant, &failing)));
        troubles.extend(open.first_trouble().map(|error| unusable(plant, error)));
        troubles.extend(open.open_to_all().map(|mode| open_to_all(plant, mode)));
        outputs.ledger = Some(Arc::clone(&open) as Arc<dyn Ledger>);
        *files = Some(open);
        *journal = Some(Arc::new(DiskJournal::new(journal_options(plant))));
    }
    if let Some((style, gate)) = style(plant, failing) {
        // Stdout may block: the console stands in a queue like the sinks of users.
        let out = stdout.unwrap_or_else(|| Box::new(io::stdout()));
        let open = Arc::new(Console::new(style, Arc::clone(&plant.view), Arc::clone(plant.counters), out));
        *console = gate.is_none().then(|| Arc::clone(&open));
        outputs.queued.push((Box::new(open), gate));
    }
    if settings.dumps {
        let is_told = !troubles.is_empty() && settings.dump_dir.is_none();
        troubles.extend(dump::usable(&settings.dumps_dir()).err().filter(|_| !is_told).map(|source| {
            Trouble {
                problem: Problem::directory(
                    "LOG_DUMP_DIR",
                    settings.dumps_dir(),
                    source,
                    "a directory this program may create and write to",
                ),
                consequence: "failures will leave no dump until it can be used",
            }
        }));
        let tell = tell_suppressed(files.clone(), console.clone());
        let options = DumpOptions { when, tell, ..dump_options(plant, outputs.ledger.clone()) };
        outputs.black_box = Some(Arc::new(Dumps::new(options)));
    }
    opened
}

impl Opened {
    /// Says first what the log is, then what became of the ones before.
    pub(super) fn begin(&self, settings: &Settings) {
        let Service { name, version } = settings.service();
        let service = version.map_or(name.clone(), |version| format!("{name}@{version}"));
        let told = settings.told();
        let started = Note::Started {
            version: env!("CARGO_PKG_VERSION"),
            service: &service,
            verbosity: settings.verbosity.get(),
            settings: &told,
        };
        self.note(&started);
        if let Some(files) = &self.files {
            journal::settle(&settings.dir, |deaths| {
                deaths.iter().for_each(|death| self.note(&at_death(death)));
                // What is not in the files yet is told again by the next start.
                files.flush_until(Instant::now() + SETTLED) == 0
            });
        }
    }

    fn note(&self, note: &Note<'_>) {
        self.files.iter().for_each(|files| files.note(note));
        self.console.iter().for_each(|console| console.note(note));
    }
}

/// So long a start waits until the files say who was in flight when another process died.
const SETTLED: Duration = Duration::from_secs(1);

fn at_death(death: &Death) -> Note<'_> {
    Note::InFlightAtDeath {
        pid: death.pid,
        run: &death.run,
        last_seen: death.last_seen,
        count: death.open.len() as u64 + death.others,
        requests: &death.open,
    }
}

/// Two outputs never know each other: what dumps have to tell is told to the others here.
fn tell_suppressed(
    files: Option<Arc<LogFiles>>,
    console: Option<Arc<Console>>,
) -> Box<dyn Fn(&Suppressed) + Send + Sync> {
    Box::new(move |suppressed| {
        files.iter().for_each(|files| files.note(&Note::DumpsSuppressed(suppressed)));
        console.iter().for_each(|console| console.note_suppressed(suppressed));
    })
}

/// How the console speaks, and when: pretty on a terminal; as entries where there are no files, or while they cannot be
/// written; where a subscriber of others tells exchanges, only if asked.
fn style(plant: &Plant<'_>, failing: Gate) -> Option<(Style, Option<Gate>)> {
    let is_terminal = io::stdout().is_terminal();
    let colours = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    match plant.settings.console {
        config::Console::Off => None,
        config::Console::Pretty => Some((Style::Pretty { colours }, None)),
        config::Console::Json => Some((Style::Json, None)),
        config::Console::Auto if is_terminal && plant.has_subscriber_of_ours => {
            Some((Style::Pretty { colours }, None))
        }
        config::Console::Auto if plant.settings.files => Some((Style::Json, Some(failing))),
        config::Console::Auto if plant.has_subscriber_of_ours => Some((Style::Json, None)),
        config::Console::Auto => None,
    }
}

fn file_options(plant: &Plant<'_>, failing: &Gate) -> FileOptions {
    let settings = plant.settings;
    let components = settings.components.clone();
    FileOptions {
        dir: settings.dir.clone(),
        file_mode: settings.file_mode,
        max_bytes: settings.max_bytes,
        backups: settings.backup_count,
        components: components.names().map(Into::into).collect(),
        route: Box::new(move |target| components.route(target)),
        failing: Arc::clone(failing),
        view: Arc::clone(&plant.view),
    }
}

fn journal_options(plant: &Plant<'_>) -> JournalOptions {
    let settings = plant.settings;
    JournalOptions { dir: settings.dir.clone(), file_mode: settings.file_mode, run: (plant.view)().run }
}

fn dump_options(plant: &Plant<'_>, ledger: Option<Arc<dyn Ledger>>) -> DumpOptions {
    let settings = plant.settings;
    let Service { name, version } = settings.service();
    let (counters, budget) = (Arc::clone(plant.counters), Arc::clone(plant.budget));
    DumpOptions {
        dir: settings.dumps_dir(),
        keep: settings.dump_keep,
        max_bytes: settings.dump_max_bytes,
        max_age: settings.dump_max_age,
        per_minute: settings.dump_per_minute,
        when: None,
        tell: Box::new(|_| {}),
        file_mode: settings.file_mode,
        service: dump::Service { name, version },
        counters: Arc::clone(plant.counters),
        stats: Box::new(move || {
            counters.snapshot(&budget, ledger.as_ref().map(|ledger| ledger.stats()).unwrap_or_default())
        }),
    }
}

fn unusable(plant: &Plant<'_>, error: String) -> Trouble {
    Trouble {
        problem: Problem::directory(
            "LOG_DIR",
            &plant.settings.dir,
            io::Error::other(error),
            "a directory this program may create and write to, in which its log files are regular files of its own or \
             not there yet: links and other users' files are not written to",
        ),
        consequence: match plant.settings.console {
            config::Console::Off => {
                "until it can be used, entries wait in memory, of which the newest are kept"
            }
            _ => "until it can be used, entries go to stdout",
        },
    }
}

fn open_to_all(plant: &Plant<'_>, mode: u32) -> Trouble {
    let why = format!("anybody may delete, replace or forge log files there (mode {mode:04o})");
    Trouble {
        problem: Problem::directory(
            "LOG_DIR",
            &plant.settings.dir,
            io::Error::other(why),
            "a directory that others may not write to: chmod o-w",
        ),
        consequence: "log files are written there all the same",
    }
}
