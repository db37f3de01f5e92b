//! Dumps: one file for each exchange that failed, with all that is known about it.
//!
//! On the request's path there is [`claim`](Dumps::claim) only, which decides and gives the name; the file is written
//! where [`finished`](Dumps::finished) is called, on a thread of the recorder's. What does not work is counted and
//! told, never more: of the exchanges that should have a dump, each one is written, failed or suppressed.

mod clock;
mod fs;
mod name;
mod place;
mod policy;
mod quota;
mod retention;
mod store;

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde::Serialize;

pub(crate) use self::place::usable;
use self::{
    clock::Clock,
    fs::Fs,
    place::Failure,
    policy::Trigger,
    quota::{Quota, Verdict},
    store::Store,
};
use crate::{
    exchange::{Exchange, Redacted, RequestId, Timestamp},
    export::{self, Context, Program, Similar, entry::Suppressed},
    sink::{BlackBox, Counters, Sink, Stats},
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
    /// LOG_DUMP_PER_MINUTE; without a limit there is none of a fingerprint either.
    pub per_minute: u32,
    /// Asks for a dump of what has none otherwise.
    pub when: Option<Box<When>>,
    /// LOG_FILE_MODE; where the group may read, the directory is made 0750, else 0700.
    pub file_mode: u32,
    /// LOG_SERVICE.
    pub service: Service,
    /// Where dumps are counted.
    pub counters: Arc<Counters>,
    /// All that is counted, as it stands, for `recorder.counters`.
    pub stats: Box<dyn Fn() -> Stats + Send + Sync>,
    /// Tells of what was suppressed.
    pub tell: Box<dyn Fn(&Suppressed) + Send + Sync>,
}

/// Decides about a finished exchange; code of users.
pub(crate) type When = dyn Fn(&Exchange) -> bool + Send + Sync;

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
    quota: Quota,
    /// Failures since the last dump that got none.
    suppressed: AtomicU64,
    store: Store,
    clock: Arc<dyn Clock>,
}

impl Dumps {
    /// Dumps as the options say. Touches no disk: what is wrong there shows at the first dump, or at a flush.
    pub(crate) fn new(options: DumpOptions) -> Self {
        Self::with(options, Box::new(fs::System), Arc::new(clock::System))
    }

    fn with(options: DumpOptions, fs: Box<dyn Fs>, clock: Arc<dyn Clock>) -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self {
            service: Program {
                name: options.service.name.clone(),
                version: options.service.version.clone(),
                pid: std::process::id(),
                host: Some(host).filter(|host| !host.is_empty()),
            },
            quota: Quota::new(options.per_minute),
            suppressed: AtomicU64::new(0),
            store: Store::new(&options, fs, Arc::clone(&clock)),
            options,
            clock,
        }
    }

    /// What asks for a dump of an exchange that has none yet.
    fn trigger(&self, exchange: &mut Exchange) -> Option<Trigger> {
        if let Some(trigger) = Trigger::of(exchange) {
            return Some(trigger);
        }
        // The handler asked in vain before: now there may be room.
        if exchange.dump_reason.is_some() {
            return Some(Trigger::Manual);
        }
        let when = self.options.when.as_ref()?;
        wants(when, exchange).then_some(Trigger::Manual)
    }

    fn keep(&self, exchange: &Exchange, name: &str) -> Result<(), Failure> {
        let trigger = name::trigger(name)
            .ok_or_else(|| Failure::refused("take this name for a dump", "it is not one of ours"))?;
        let fingerprint = exchange.fingerprint();
        let (suppressed, count) = (self.suppressed.swap(0, Relaxed), self.quota.take_similar(fingerprint));
        self.write(exchange, name, &Told { trigger, similar: Similar::new(fingerprint, count), suppressed })
            .inspect_err(|_| {
                self.suppressed.fetch_add(suppressed, Relaxed);
                self.quota.give_back(fingerprint, count);
            })
    }

    fn write(&self, exchange: &Exchange, name: &str, told: &Told<'_>) -> Result<(), Failure> {
        let mut text = self.text(exchange, told)?;
        if self.store.is_too_large(text.len()) {
            let lighter = exchange.without_bodies();
            text = self.text(&lighter, told)?;
            if self.store.is_too_large(text.len()) {
                text = self.text(&lighter.without_events(), told)?;
            }
        }
        if self.store.is_too_large(text.len()) {
            return Err(Failure::refused(
                "keep a dump",
                "it alone is larger than LOG_DUMP_MAX_BYTES, also without bodies and events",
            ));
        }
        self.store.save(name, told.similar.fingerprint, &text)
    }

    fn text(&self, exchange: &Exchange, told: &Told<'_>) -> Result<String, Failure> {
        let recorder = Recorder {
            suppressed_since_last_dump: Some(told.suppressed).filter(|n| *n > 0),
            counters: (self.options.stats)(),
        };
        let Told { trigger, similar, .. } = *told;
        export::dump(exchange, &Context { trigger, service: &self.service, similar, recorder: &recorder })
            .map_err(|error| Failure::new("put a dump into words")(io::Error::other(error)))
    }

    /// Keeps it, and counts whatever becomes of that, a panic too.
    fn keep_counted(&self, exchange: &Exchange, name: &str) -> Result<(), Failure> {
        let mut fate = Fate { counters: &self.options.counters, is_written: false };
        let kept = self.keep(exchange, name);
        fate.is_written = kept.is_ok();
        kept
    }

    /// Names a dump where there may be one more; true where there is news of one that may not be.
    // On its own: most exchanges have none.
    #[inline(never)]
    fn judge(&self, exchange: &mut Exchange, trigger: Trigger) -> bool {
        match self.quota.judge(self.clock.monotonic(), exchange) {
            Verdict::Dumped => {
                exchange.dump = Some(name::name(exchange.finished, trigger, exchange.request_id));
                false
            }
            verdict => self.suppress(verdict),
        }
    }

    fn suppress(&self, verdict: Verdict) -> bool {
        self.options.counters.dumps_suppressed.add(1);
        self.suppressed.fetch_add(1, Relaxed);
        verdict == Verdict::Suppressed { is_news: true }
    }

    fn tell(&self, is_end: bool) {
        if let Some(news) = self.quota.news(self.clock.monotonic(), is_end) {
            (self.options.tell)(&news);
        }
    }
}

impl Sink for Dumps {
    fn finished(&self, exchange: &Arc<Exchange>) {
        let Some(name) = &exchange.dump else { return };
        if let Err(failure) = self.keep_counted(exchange, name) {
            self.store.report(&failure);
        }
    }

    fn lost(&self, dumps: u64) {
        self.options.counters.dumps_failed.add(dumps);
        self.store.report(&format_args!("{dumps} were to be written faster than the disk takes them"));
    }

    fn flush(&self) {
        self.store.tidy();
        self.tell(true);
    }
}

impl BlackBox for Dumps {
    fn claim(&self, exchange: &mut Exchange) -> bool {
        // The handler asked for it, and was told the name.
        if exchange.dump.is_some() {
            return false;
        }
        let Some(trigger) = self.trigger(exchange) else { return false };
        self.judge(exchange, trigger)
    }

    fn claim_call(&self, call: &mut Exchange) -> bool {
        let trigger = Trigger::of(call).unwrap_or(Trigger::Error);
        self.judge(call, trigger)
    }

    fn pass_over(&self, calls: u64) -> bool {
        self.options.counters.dumps_suppressed.add(calls);
        self.suppressed.fetch_add(calls, Relaxed);
        self.quota.pass_over(self.clock.monotonic(), calls)
    }

    fn reserve(&self, request_id: RequestId, at: Timestamp) -> Option<String> {
        let is_admitted = self.quota.admits(self.clock.monotonic());
        is_admitted.then(|| name::name(at, Trigger::Manual, request_id))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.options.dir.join(name)
    }

    fn write_now(&self, exchange: &mut Exchange) -> io::Result<PathBuf> {
        let Some(name) = self.reserve(exchange.request_id, exchange.finished) else {
            self.suppress(self.quota.refuse(self.clock.monotonic(), exchange));
            return Err(io::Error::new(
                io::ErrorKind::QuotaExceeded,
                format!("LOG_DUMP_PER_MINUTE: {} dumps were written in this minute", self.options.per_minute),
            ));
        };
        exchange.dump = Some(name.clone());
        self.keep_counted(exchange, &name).map_err(Failure::into_io)?;
        Ok(self.path(&name))
    }

    fn look(&self) -> Option<Duration> {
        self.tell(false);
        self.quota.next_news(self.clock.monotonic())
    }
}

/// Asks whether an exchange is to be dumped.
#[inline(never)]
fn wants(when: &When, exchange: &mut Exchange) -> bool {
    let is_wanted = !policy::is_theirs(exchange) && when(exchange);
    if is_wanted {
        exchange.dump_reason = Some(Redacted::literal("dump_when"));
    }
    is_wanted
}

/// What a dump tells beside the exchange, as it stood when writing began.
struct Told<'a> {
    trigger: &'a str,
    similar: Similar,
    /// Since the last dump.
    suppressed: u64,
}

/// Counts a dump once it is known what became of it.
struct Fate<'a> {
    counters: &'a Counters,
    is_written: bool,
}

impl Drop for Fate<'_> {
    fn drop(&mut self) {
        let Counters { dumps_written, dumps_failed, .. } = self.counters;
        if self.is_written { dumps_written } else { dumps_failed }.add(1);
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
