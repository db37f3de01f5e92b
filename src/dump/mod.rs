//! Dumps: one file for each exchange that failed, with all that is known about it.
//!
//! On the request's path there is [`claim`](Dumps::claim) only, which decides and gives the name; the file is written
//! where [`finished`](Dumps::finished) is called, on a thread of the recorder's. What does not work is counted and
//! told, never more.

mod clock;
mod fs;
mod name;
mod place;
mod policy;
mod retention;

use std::{
    fmt,
    fs::File,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde::Serialize;

pub(crate) use self::place::usable;
use self::{
    clock::Clock,
    fs::{Fs, Look},
    place::Failure,
    policy::{Rate, Trigger},
    retention::{Limits, Shelf},
};
use crate::{
    exchange::Exchange,
    export::{self, Context, Program},
    sink::{BlackBox, Counters, Sink, Stats, Trouble},
};

/// How dumps are kept. 0 is no limit.
pub(crate) struct DumpOptions {
    /// LOG_DUMP_DIR.
    pub dir: PathBuf,
    /// LOG_DUMP_KEEP.
    pub keep: usize,
    /// LOG_DUMP_MAX_BYTES.
    pub max_bytes: u64,
    /// LOG_DUMP_MAX_AGE.
    pub max_age: Duration,
    /// LOG_DUMP_PER_MINUTE.
    pub per_minute: u32,
    /// LOG_FILE_MODE; where the group may read, the directory is made 0750, else 0700.
    pub file_mode: u32,
    /// LOG_SERVICE.
    pub service: Service,
    /// Where dumps are counted.
    pub counters: Arc<Counters>,
    /// All that is counted, as it stands, for `recorder.counters`.
    pub stats: Box<dyn Fn() -> Stats + Send + Sync>,
}

/// The name of the service and its version.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub name: String,
    pub version: Option<String>,
}

/// The black box on disk.
pub(crate) struct Dumps {
    options: DumpOptions,
    service: Program,
    rate: Rate,
    /// Failures since the last dump that got none.
    suppressed: AtomicU64,
    shelf: Mutex<Shelf>,
    trouble: Trouble,
    fs: Box<dyn Fs>,
    clock: Box<dyn Clock>,
}

/// A temporary file of this age was left by a process that died.
const ABANDONED_AFTER_SECONDS: i64 = 3600;

impl Dumps {
    /// Dumps as the options say. Touches no disk: what is wrong there shows at the first dump, or at `tidy`.
    pub(crate) fn new(options: DumpOptions) -> Self {
        Self::with(options, Box::new(fs::System), Box::new(clock::System))
    }

    fn with(options: DumpOptions, fs: Box<dyn Fs>, clock: Box<dyn Clock>) -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self {
            service: Program {
                name: options.service.name.clone(),
                version: options.service.version.clone(),
                pid: std::process::id(),
                host: Some(host).filter(|host| !host.is_empty()),
            },
            rate: Rate::new(options.per_minute),
            suppressed: AtomicU64::new(0),
            shelf: Mutex::default(),
            trouble: Trouble::new("dumps"),
            options,
            fs,
            clock,
        }
    }

    /// Deletes what is past the limits without writing anything: at start, and where nothing failed for long.
    pub(crate) fn tidy(&self) {
        match place::open(&*self.fs, &self.options.dir, None) {
            Ok((dir, look)) => {
                let mut shelf = self.shelf();
                shelf.doubt();
                self.look_around(&mut shelf, &dir, look);
                self.clear(&mut shelf, &dir, None);
            }
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => self.report(&failure),
        }
    }

    /// What went wrong last with a dump.
    #[cfg(test)]
    pub(crate) fn last_trouble(&self) -> Option<String> {
        self.trouble.last()
    }

    fn keep(&self, exchange: &Exchange, name: &str) -> Result<(), Failure> {
        let trigger = name::trigger(name)
            .ok_or_else(|| Failure::refused("take this name for a dump", "it is not one of ours"))?;
        let suppressed = self.suppressed.swap(0, Relaxed);
        self.write(exchange, name, trigger, suppressed)
            .inspect_err(|_| _ = self.suppressed.fetch_add(suppressed, Relaxed))
    }

    fn write(&self, exchange: &Exchange, name: &str, trigger: &str, suppressed: u64) -> Result<(), Failure> {
        let text = self.text(exchange, trigger, suppressed)?;
        let bytes = text.len() as u64;
        if self.options.max_bytes > 0 && bytes > self.options.max_bytes {
            return Err(Failure::refused("keep a dump", "it alone is larger than LOG_DUMP_MAX_BYTES"));
        }
        let mut shelf = self.shelf();
        let (dir, look) = place::open(&*self.fs, &self.options.dir, Some(self.options.file_mode))?;
        if place::is_open_to_all(&look) {
            self.report(&"anybody may delete or replace dumps there: chmod o-w the directory");
        }
        self.look_around(&mut shelf, &dir, look);
        place::write(&*self.fs, &dir, name, text.as_bytes(), self.options.file_mode)?;
        if let Err(error) = self.fs.sync_dir(&dir) {
            self.report(&Failure::new("sync the directory")(error));
        }
        shelf.add(name, bytes, retention::fingerprint(trigger, exchange));
        self.clear(&mut shelf, &dir, Some(name));
        Ok(())
    }

    fn text(&self, exchange: &Exchange, trigger: &str, suppressed: u64) -> Result<String, Failure> {
        let recorder = Recorder {
            suppressed_since_last_dump: Some(suppressed).filter(|n| *n > 0),
            counters: (self.options.stats)(),
        };
        export::dump(exchange, &Context { trigger, service: &self.service, recorder: &recorder })
            .map_err(|error| Failure::new("put a dump into words")(io::Error::other(error)))
    }

    /// Looks at the whole directory where others changed it, or where it was not looked at yet.
    fn look_around(&self, shelf: &mut Shelf, dir: &File, look: Look) {
        if shelf.is_current(look.stamp) {
            return;
        }
        let wanted = |name: &str| name::trigger(name).is_some() || name::is_temporary(name);
        match self.fs.list(dir, &wanted) {
            Ok(found) => {
                let (temporary, dumps) = found.into_iter().partition(|found| name::is_temporary(&found.name));
                shelf.fill(dumps);
                self.sweep(dir, temporary);
            }
            Err(error) => {
                shelf.doubt();
                self.report(&Failure::new("list the directory")(error));
            }
        }
    }

    fn sweep(&self, dir: &File, temporary: Vec<fs::Found>) {
        let now = i64::try_from(self.clock.wall().as_micros() / 1_000_000).unwrap_or(i64::MAX);
        for found in temporary {
            if now.saturating_sub(found.modified) <= ABANDONED_AFTER_SECONDS {
                continue;
            }
            if let Err(error) = self.fs.remove(dir, &found.name) {
                self.report(&Failure::new("delete an abandoned file")(error));
            }
        }
    }

    fn clear(&self, shelf: &mut Shelf, dir: &File, newest: Option<&str>) {
        let limits =
            Limits { keep: self.options.keep, bytes: self.options.max_bytes, age: self.options.max_age };
        for name in shelf.surplus(limits, self.clock.wall(), newest) {
            match self.fs.remove(dir, &name) {
                Ok(()) => {
                    self.options.counters.dumps_deleted.add(1);
                    shelf.forget(&name);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => shelf.forget(&name),
                Err(error) => self.report(&Failure::new("delete an old dump")(error)),
            }
        }
        shelf.settle(self.fs.look(dir).ok().map(|look| look.stamp));
    }

    fn report(&self, what: &dyn fmt::Display) {
        let what = format!("dumps in {}: {what}", self.options.dir.display());
        self.trouble.report(self.clock.monotonic(), what);
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Dumps {
    fn finished(&self, exchange: &Arc<Exchange>) {
        let Some(name) = &exchange.dump else { return };
        match self.keep(exchange, name) {
            Ok(()) => self.options.counters.dumps_written.add(1),
            Err(failure) => {
                self.options.counters.dumps_failed.add(1);
                self.report(&failure);
            }
        }
    }

    fn flush(&self) {
        self.tidy();
    }
}

impl BlackBox for Dumps {
    fn claim(&self, exchange: &Exchange) -> Option<String> {
        let trigger = Trigger::of(exchange)?;
        if self.rate.admits(self.clock.monotonic()) {
            return Some(name::name(exchange, trigger));
        }
        self.options.counters.dumps_suppressed.add(1);
        self.suppressed.fetch_add(1, Relaxed);
        None
    }
}

/// The `recorder` of a dump.
#[derive(Serialize)]
struct Recorder {
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed_since_last_dump: Option<u64>,
    counters: Stats,
}

#[cfg(test)]
mod tests;
