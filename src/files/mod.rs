//! The log files: api.log, errors.log and one for each component. Records are formatted here, where they are made, and
//! handed to the writer as lines.

use std::{
    cell::RefCell,
    fmt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Instant,
};

use tracing::Level;

use crate::{
    exchange::{Event, EventKind, Exchange, Started, Timestamp},
    export::{
        Sheet, Watch, append_line,
        entry::{self, Draft, Kind, Note},
        fill,
    },
    sink::{FileStats, Formatter, Gate, Ledger, Trouble},
    writer::{Expired, Gap, Notice, Office, Place, Report, Writer},
};

/// How log files are kept.
pub(crate) struct FileOptions {
    /// LOG_DIR.
    pub dir: PathBuf,
    /// LOG_FILE_MODE; where the group may read, the directory is made 0750, else 0700.
    pub file_mode: u32,
    /// LOG_MAX_BYTES; 0 is no limit.
    pub max_bytes: u64,
    /// LOG_BACKUP_COUNT.
    pub backups: usize,
    /// The names of LOG_COMPONENTS.
    pub components: Vec<String>,
    /// Which of them an event belongs to, by its target.
    pub route: Box<Route>,
    /// True while a file cannot be written.
    pub failing: Gate,
    pub view: Watch,
}

/// Which component an event belongs to, by its target.
pub(crate) type Route = dyn Fn(&str) -> Option<usize> + Send + Sync;

/// The log files.
pub(crate) struct LogFiles {
    writer: Writer,
    route: Box<Route>,
    view: Watch,
    files: usize,
    /// What goes wrong is told from now on; what was wrong at the start is told by whoever started it.
    is_told: Arc<AtomicBool>,
}

const API: usize = 0;
const ERRORS: usize = 1;
/// The first of the components.
const COMPONENTS: usize = 2;

impl LogFiles {
    /// Opens the files. What cannot be opened now is tried again.
    pub(crate) fn open(options: FileOptions) -> Self {
        let FileOptions { dir, file_mode, max_bytes, backups, components, route, failing, view } = options;
        let names = ["api", "errors"].into_iter().map(String::from).chain(components);
        let place = |name| Place {
            dir: dir.clone(),
            name: format!("{name}.log"),
            mode: file_mode,
            max_bytes,
            backups,
        };
        let places: Vec<_> = names.map(place).collect();
        let files = places.len();
        let is_told = Arc::new(AtomicBool::new(false));
        let writer = Writer::start(places, office(&view, failing, &is_told));
        Self { writer, route, view, files, is_told }
    }

    /// Tells something of the recorder in all files.
    pub(crate) fn note(&self, note: &Note<'_>) {
        let at = Timestamp::now();
        let view = (self.view)();
        self.write(0..self.files, false, |out| entry::recorder(out, &view, at, note));
    }

    /// What stood against opening the files.
    pub(crate) fn first_trouble(&self) -> Option<String> {
        self.is_told.store(true, Relaxed);
        self.writer.tally().last_error()
    }

    /// The mode of the directory, where anybody may write to it.
    pub(crate) fn open_to_all(&self) -> Option<u32> {
        self.writer.dir_mode().filter(|mode| mode & 0o002 != 0)
    }

    /// Formats an entry and hands it over to some files.
    fn write(
        &self,
        files: impl IntoIterator<Item = usize>,
        is_error: bool,
        format: impl Fn(&mut Sheet<'_>) -> Draft,
    ) {
        with_scratch(|line| {
            let (Draft { seq_at }, length) = fill(line, format);
            let line = line.get(..length).unwrap_or_default();
            let (head, tail) = line.split_at_checked(seq_at).unwrap_or_default();
            for file in files {
                self.writer.push(file, head, tail, is_error);
            }
        });
    }
}

impl Formatter for LogFiles {
    fn started(&self, started: &Started) {
        let view = (self.view)();
        if !view.combined {
            self.write([API], false, |out| entry::request(out, &view, started));
        }
    }

    fn finished(&self, exchange: &Exchange) {
        let is_error = exchange.is_failure();
        let view = (self.view)();
        self.write([API], is_error, |out| entry::finished(out, &view, exchange, Kind::Response));
        if is_error {
            for kind in entry::failures_of(exchange) {
                self.write([ERRORS], is_error, |out| entry::finished(out, &view, exchange, kind));
            }
        }
    }

    fn event(&self, event: &Event) {
        let is_error = event.level == Level::ERROR;
        let is_log = event.kind == EventKind::Log;
        let component = if is_log { (self.route)(&event.module) } else { None };
        let file = component.map_or(API, |component| COMPONENTS + component);
        let files = [Some(file), is_error.then_some(ERRORS)];
        let view = (self.view)();
        self.write(files.into_iter().flatten(), is_error, |out| entry::log(out, &view, event));
    }
}

impl Ledger for LogFiles {
    fn flush_until(&self, deadline: Instant) -> u64 {
        self.writer.flush(deadline)
    }

    fn close(&self, deadline: Instant) -> u64 {
        // What the files have to tell comes first.
        self.writer.flush(deadline);
        self.note(&Note::Stopped);
        self.writer.close(deadline);
        self.writer.unwritten()
    }

    fn stats(&self) -> FileStats {
        let tally = self.writer.tally();
        FileStats {
            lines: tally.lines.get(),
            bytes: tally.bytes.get(),
            dropped: tally.lost_to_overload.get(),
            lost: tally.lost_otherwise.get(),
            waiting: self.writer.unwritten(),
            errors: tally.errors.get(),
            rotations: tally.rotations.get(),
            high_water: tally.high_water.get(),
            last_error: tally.last_error(),
        }
    }
}

impl fmt::Debug for LogFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogFiles").field("files", &self.files).finish_non_exhaustive()
    }
}

/// Who speaks for the writer: entries of its own, and warnings.
fn office(view: &Watch, failing: Gate, is_told: &Arc<AtomicBool>) -> Office {
    let (view, is_told) = (Arc::clone(view), Arc::clone(is_told));
    let trouble = Trouble::new("log files");
    let has_failed = Arc::clone(&failing);
    Office {
        tell: Box::new(move |out, notice| {
            let cause;
            let note = match *notice {
                Notice::Gap(gap) => {
                    cause = gap.cause.to_string();
                    let Gap { lost, from, to, .. } = gap;
                    Note::Gap { lost, cause: &cause, from_seq: from, to_seq: to }
                }
                Notice::Expired(Expired { lines, bytes }) => {
                    let (from_seq, to_seq) = (lines.map(|lines| lines.from), lines.map(|lines| lines.to));
                    Note::Expired { from_seq, to_seq, bytes }
                }
            };
            let (view, at) = (view(), Timestamp::now());
            append_line(out, |out| entry::recorder(out, &view, at, &note)).seq_at
        }),
        report: Box::new(move |report| {
            if !is_told.load(Relaxed) {
                return;
            }
            match report {
                Report::Failing { path, error } => {
                    // The console lets through what comes from now on: first of all, why.
                    has_failed.store(true, Relaxed);
                    let what = format!(
                        "cannot write {path}: {error}; entries wait in memory, the newest 2 MiB and more, and it \
                         is tried again"
                    );
                    trouble.report(Instant::now(), what);
                }
                Report::Recovered { path } => tracing::info!("{path} is written again"),
            }
        }),
        is_failing: Box::new(move |is_failing| failing.store(is_failing, Relaxed)),
    }
}

/// What the scratch may keep of its memory between two lines.
const KEPT: usize = 64 << 10;

thread_local!(static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) });

/// A buffer of this thread: lines are formatted outside of the lock, without an allocation. What is formatted has no
/// code of users in it; if it had, and that came here again, it would get a buffer of its own.
fn with_scratch(work: impl FnOnce(&mut Vec<u8>)) {
    let mut work = Some(work);
    let _ = SCRATCH.try_with(|scratch| {
        if let (Ok(mut line), Some(work)) = (scratch.try_borrow_mut(), work.take()) {
            work(&mut line);
            if line.len() > KEPT {
                line.truncate(KEPT);
                line.shrink_to(KEPT);
            }
        }
    });
    if let Some(work) = work {
        work(&mut Vec::new());
    }
}
