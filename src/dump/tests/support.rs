//! A black box in a directory of its own, with a clock to set and faults to inject.

use std::{
    fs::File,
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant, SystemTime},
};

use rustix::io::Errno;
use serde_json::{Value, json};

use crate::{
    dump::{
        DumpOptions, Dumps, Service,
        clock::Clock,
        fs::{self, Found, Fs, Look, Space},
    },
    exchange::{Exchange, Timestamp},
    export::{entry::Suppressed, fixtures::failed},
    sink::{BlackBox, Counters, Sink},
};

/// 2026-11-20T10:30:00Z, when the clock begins.
const START: u64 = 1_795_170_600_000_000;

pub(super) struct Bench {
    pub(super) dumps: Dumps,
    pub(super) dir: PathBuf,
    pub(super) clock: Arc<TestClock>,
    pub(super) faults: Arc<Faults>,
    /// What was told to be suppressed.
    pub(super) told: Arc<Mutex<Vec<Suppressed>>>,
    counters: Arc<Counters>,
    _root: tempfile::TempDir,
}

impl Bench {
    pub(super) fn new(options: impl FnOnce(DumpOptions) -> DumpOptions) -> Self {
        let root = tempfile::tempdir().unwrap();
        let counters = Arc::new(Counters::default());
        let stats = Arc::clone(&counters);
        let told = Arc::new(Mutex::new(Vec::new()));
        let teller = Arc::clone(&told);
        let options = options(DumpOptions {
            dir: root.path().join("logs/dumps"),
            keep: 200,
            max_bytes: 64 << 20,
            max_age: Duration::from_secs(7 * 86_400),
            per_minute: 0,
            when: None,
            tell: Box::new(move |suppressed| teller.lock().unwrap().push(suppressed.clone())),
            file_mode: 0o600,
            service: Service { name: "shop".into(), version: Some("1.2.3".into()) },
            counters: Arc::clone(&counters),
            stats: Box::new(move || {
                stats.snapshot(&crate::exchange::Budget::new(0), crate::sink::FileStats::default())
            }),
        });
        let (dir, clock, faults) =
            (options.dir.clone(), Arc::new(TestClock::default()), Arc::new(Faults::default()));
        let dumps = Dumps::with(options, Box::new(Arc::clone(&faults)), Arc::new(Arc::clone(&clock)));
        faults.watch(&dir);
        Self { dumps, dir, clock, faults, told, counters, _root: root }
    }

    /// What the recorder does with an exchange: claims at its end, hands over later.
    pub(super) fn fail(&self, exchange: &Exchange) -> Option<String> {
        let mut exchange = exchange.clone();
        self.dumps.claim(&mut exchange);
        let dump = exchange.dump.clone();
        self.dumps.finished(&Arc::new(exchange));
        dump
    }

    /// Dumps written, failed, deleted, suppressed.
    pub(super) fn counts(&self) -> [u64; 4] {
        let counters = &self.counters;
        [&counters.dumps_written, &counters.dumps_failed, &counters.dumps_deleted, &counters.dumps_suppressed]
            .map(|counter| counter.get())
    }
}

/// A failure so many seconds after the start, with an id of its own.
pub(super) fn named(second: u64, changes: &[(&str, Value)]) -> Exchange {
    let finished = json!(Timestamp::from_micros(START + second * 1_000_000));
    let own = [("/finished", finished), ("/began/request_id", json!(id(second)))];
    failed(&[&own, changes].concat())
}

pub(super) fn id(n: u64) -> String {
    format!("0198c0de-0000-7000-8000-{n:012x}")
}

/// The names in a directory, sorted.
pub(super) fn files(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

pub(super) struct TestClock {
    began: Instant,
    offset: AtomicU64,
}

impl Default for TestClock {
    fn default() -> Self {
        Self { began: Instant::now(), offset: AtomicU64::new(0) }
    }
}

impl TestClock {
    pub(super) fn set(&self, since_start: Duration) {
        self.offset.store(u64::try_from(since_start.as_micros()).unwrap(), Relaxed);
    }

    pub(super) fn system_time(&self) -> SystemTime {
        self.wall().into()
    }
}

impl Clock for Arc<TestClock> {
    fn monotonic(&self) -> Instant {
        self.began + Duration::from_micros(self.offset.load(Relaxed))
    }

    fn wall(&self) -> Timestamp {
        TestClock::wall(self)
    }
}

impl TestClock {
    fn wall(&self) -> Timestamp {
        Timestamp::from_micros(START + self.offset.load(Relaxed))
    }
}

/// The real file system, but the calls in a range fail.
#[derive(Default)]
pub(super) struct Faults {
    fail: Mutex<Option<(Range<usize>, Errno)>>,
    names: Mutex<Vec<&'static str>>,
    failed: AtomicUsize,
    /// The directory that is looked at after each call, and the most bytes that its files ever had.
    watched: Mutex<PathBuf>,
    most: AtomicU64,
    /// In place of what the disk says.
    pub(super) space: Mutex<Option<Space>>,
}

impl Faults {
    pub(super) fn fail(&self, calls: Range<usize>, errno: Errno) {
        *self.fail.lock().unwrap() = Some((calls, errno));
    }

    pub(super) fn fail_next(&self, errno: Errno) {
        let next = self.total();
        self.fail(next..next + 1, errno);
    }

    /// Calls of all kinds.
    pub(super) fn total(&self) -> usize {
        self.names.lock().unwrap().len()
    }

    /// Calls of one kind.
    pub(super) fn calls(&self, name: &str) -> usize {
        self.names.lock().unwrap().iter().filter(|call| **call == name).count()
    }

    /// The calls that failed on purpose.
    pub(super) fn failed(&self) -> usize {
        self.failed.load(Relaxed)
    }

    pub(super) fn last_names(&self) -> Vec<&'static str> {
        self.names.lock().unwrap().clone()
    }

    fn watch(&self, dir: &Path) {
        *self.watched.lock().unwrap() = dir.into();
    }

    /// The most bytes that lay in the directory at any moment.
    pub(super) fn most_bytes(&self) -> u64 {
        self.most.load(Relaxed)
    }

    fn measure(&self) {
        let dir = self.watched.lock().unwrap().clone();
        let entries = std::fs::read_dir(dir).into_iter().flatten();
        let bytes = entries.map(|entry| entry.unwrap().metadata().map_or(0, |found| found.len())).sum();
        self.most.fetch_max(bytes, Relaxed);
    }

    fn pass(&self, name: &'static str) -> io::Result<()> {
        let call = {
            let mut names = self.names.lock().unwrap();
            names.push(name);
            names.len() - 1
        };
        match &*self.fail.lock().unwrap() {
            Some((calls, errno)) if calls.contains(&call) => {
                self.failed.fetch_add(1, Relaxed);
                Err((*errno).into())
            }
            _ => Ok(()),
        }
    }
}

impl Fs for Arc<Faults> {
    fn open_dir(&self, path: &Path) -> io::Result<File> {
        self.pass("open_dir")?;
        fs::System.open_dir(path)
    }

    fn create_dir(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.pass("create_dir")?;
        fs::System.create_dir(path, mode)
    }

    fn look(&self, dir: &File) -> io::Result<Look> {
        self.pass("look")?;
        fs::System.look(dir)
    }

    fn list(&self, dir: &File, wanted: &dyn Fn(&str) -> bool) -> io::Result<Vec<Found>> {
        self.pass("list")?;
        fs::System.list(dir, wanted)
    }

    fn create(&self, dir: &File, name: &str, mode: u32) -> io::Result<File> {
        self.pass("create")?;
        fs::System.create(dir, name, mode)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.pass("write") {
            // A disk that fills up takes the first part.
            fs::System.write(file, &bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        let written = fs::System.write(file, bytes);
        self.measure();
        written
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.pass("sync")?;
        fs::System.sync(file)
    }

    fn publish(&self, dir: &File, from: &str, to: &str) -> io::Result<()> {
        self.pass("publish")?;
        let published = fs::System.publish(dir, from, to);
        self.measure();
        published
    }

    fn remove(&self, dir: &File, name: &str) -> io::Result<()> {
        self.pass("remove")?;
        fs::System.remove(dir, name)
    }

    fn sync_dir(&self, dir: &File) -> io::Result<()> {
        self.pass("sync_dir")?;
        fs::System.sync_dir(dir)
    }

    fn read_end(&self, dir: &File, name: &str, bytes: usize) -> io::Result<Vec<u8>> {
        self.pass("read_end")?;
        fs::System.read_end(dir, name, bytes)
    }

    fn space(&self, dir: &File) -> io::Result<Space> {
        self.pass("space")?;
        self.space.lock().unwrap().map_or_else(|| fs::System.space(dir), Ok)
    }
}
