use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
};

use serde_json::json;
use tempfile::TempDir;

use super::{deaths::settle_in, page::PLACE, *};
use crate::exchange::{InFlight, Timestamp};

const DEADLINE: Duration = Duration::from_secs(20);

fn open(number: u64) -> InFlight {
    serde_json::from_value(json!({
        "request_id": format!("0198c0de-0000-7000-8000-{number:012}"),
        "direction": if number.is_multiple_of(2) { "outbound" } else { "inbound" },
        "method": "POST",
        "endpoint": format!("/orders/{number}"),
        "status": 200,
        "started": "2026-11-20T10:30:00.123456Z",
        "age_ms": 12.5,
        "request_bytes": 45,
        "response_bytes": number,
    }))
    .unwrap()
}

fn snapshot(open: Vec<InFlight>, others: u64) -> Snapshot {
    Snapshot { at: Timestamp::from_micros(1_795_170_600_124_000), open, others }
}

fn options(dir: &Path) -> JournalOptions {
    JournalOptions { dir: dir.into(), file_mode: 0o600, run: *b"a1b2c3d4" }
}

fn book(dir: &Path) -> Book<System> {
    Book::new(Arc::new(System), options(dir))
}

/// Ends the lock as the end of the process does; the file stays.
fn die(mut book: Book<impl Fs>) {
    drop(book.open.take());
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What is told at a start.
fn deaths(dir: &Path) -> Vec<Death> {
    let mut told = Vec::new();
    settle(dir, |deaths| {
        told = deaths.to_vec();
        true
    });
    told
}

fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn what_a_dead_process_knew_last_is_told_once() {
    let dir = dir();
    let mut book = book(dir.path());
    for last in 1..=5 {
        book.note(&snapshot((1..=last).map(open).collect(), 0), Instant::now());
    }
    assert!(deaths(dir.path()).is_empty(), "it lives");
    assert_eq!(names(dir.path()).len(), 1);
    die(book);
    let [death] = &deaths(dir.path())[..] else { panic!("one died") };
    assert_eq!((death.pid, &*death.run, death.others), (std::process::id(), "a1b2c3d4", 0));
    assert_eq!(death.open, (1..=5).map(open).collect::<Vec<_>>());
    assert!(deaths(dir.path()).is_empty() && names(dir.path()).is_empty());
}

#[test]
fn who_died_with_nobody_in_flight_is_not_told_of() {
    let dir = dir();
    let mut idle = book(dir.path());
    idle.note(&snapshot(vec![open(1)], 0), Instant::now());
    idle.note(&snapshot(Vec::new(), 0), Instant::now());
    assert_eq!(names(dir.path()).len(), 1);
    die(idle);
    let mut new = book(dir.path());
    new.note(&snapshot(Vec::new(), 0), Instant::now());
    assert_eq!(names(dir.path()).len(), 1, "for nobody no file is made");
    assert!(deaths(dir.path()).is_empty() && names(dir.path()).is_empty());
}

#[test]
fn what_could_not_be_told_is_there_for_the_next_start() {
    let dir = dir();
    let mut book = book(dir.path());
    book.note(&snapshot(vec![open(1)], 0), Instant::now());
    die(book);
    settle(dir.path(), |_| false);
    assert_eq!(deaths(dir.path()).len(), 1);
}

#[test]
fn a_torn_page_leaves_the_one_before() {
    let dir = dir();
    let mut book = book(dir.path());
    for last in 1..=3 {
        book.note(&snapshot((1..=last).map(open).collect(), 0), Instant::now());
    }
    die(book);
    let path = dir.path().join(&names(dir.path())[0]);
    let whole = fs::read(&path).unwrap();
    // Pages 1 and 3 stand in the second place.
    let page = &whole[PLACE..];
    for torn in [0, 1, 100, page.len() - 20, page.len() - 2] {
        let mut bytes = whole.clone();
        bytes[PLACE + torn..].fill(b'x');
        assert_eq!(page::read(&bytes).unwrap().open.len(), 2, "{torn}");
        bytes.truncate(PLACE + torn);
        assert_eq!(page::read(&bytes).unwrap().open.len(), 2, "{torn}");
    }
    let mut bytes = whole.clone();
    bytes[1000..].fill(b'x');
    bytes[..PLACE].fill(b'y');
    fs::write(&path, &bytes).unwrap();
    assert!(page::read(&bytes).is_none() && deaths(dir.path()).is_empty());
    assert_eq!(names(dir.path()).len(), 1, "nothing says any more that it is ours");
    fs::write(&path, &page[..100]).unwrap();
    assert!(deaths(dir.path()).is_empty() && names(dir.path()).is_empty(), "ours, and nothing in it");
}

#[test]
fn what_others_put_there_is_left_alone() {
    let (dir, other) = (dir(), dir());
    let mut book = book(other.path());
    book.note(&snapshot(vec![open(1)], 0), Instant::now());
    die(book);
    let foreign = other.path().join(&names(other.path())[0]);
    let here = |digits: char| dir.path().join(format!(".in-flight.{}", digits.to_string().repeat(16)));
    symlink(&foreign, here('0')).unwrap();
    symlink("/dev/zero", here('1')).unwrap();
    fs::create_dir(here('2')).unwrap();
    fs::write(here('3'), "[".repeat(1 << 20)).unwrap();
    fs::write(here('4'), "hello\n").unwrap();
    fs::copy(&foreign, dir.path().join(".in-flight.short")).unwrap();
    fs::copy(&foreign, dir.path().join("in-flight.0000000000000000")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        here('5'),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let before = names(dir.path());
    assert!(deaths(dir.path()).is_empty());
    assert_eq!((names(dir.path()), names(other.path()).len()), (before, 1));
    deaths(&dir.path().join("nowhere"));
}

#[test]
fn hostile_pages_are_no_pages() {
    let good = page::write(2, *b"a1b2c3d4", &snapshot(vec![open(1)], 0));
    assert!(page::read(&good).is_some());
    let text = String::from_utf8(good).unwrap();
    for (from, to) in [
        ("\"end\":2", "\"end\":1"),
        ("a1b2c3d4", "a1b2c3d\\u000a"),
        ("a1b2c3d4", "short"),
        ("in_flight/1", "in_flight/2"),
        ("\"POST\"", "\"P T\""),
        ("12.5", "-1"),
        ("12.5", "1e300"),
        ("\"status\":200", "\"status\":9999"),
        ("\"pid\":", "\"pid\":-"),
        ("0198c0de", "../../.."),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(page::read(text.replace(from, to).as_bytes()).is_none(), "{to}");
    }
    assert!(page::read("[".repeat(PLACE).as_bytes()).is_none());
}

#[test]
fn a_page_is_never_longer_than_its_place_and_counts_what_it_leaves_out() {
    let long = |number| InFlight {
        endpoint: serde_json::from_value(json!("\u{e9}\\".repeat(5000))).unwrap(),
        method: http::Method::from_bytes("M".repeat(500).as_bytes()).unwrap(),
        ..open(number)
    };
    let page = page::write(1, *b"a1b2c3d4", &snapshot((0..256).map(long).collect(), 1000));
    assert!(page.len() <= PLACE, "{}", page.len());
    let page = page::read(&page).unwrap();
    assert_eq!(page.open.len() as u64 + page.others, 1256);
    assert!(page.open.len() >= 64, "{}", page.open.len());
    assert_eq!(page.open[0].method.as_str().len(), 32);
    let usual = page::write(1, *b"a1b2c3d4", &snapshot((0..256).map(open).collect(), 0));
    assert_eq!(page::read(&usual).unwrap().open.len(), 256);
}

#[test]
fn its_file_is_ours_alone_and_made_again_where_it_was_deleted() {
    let dir = dir();
    let mut book = book(dir.path());
    book.note(&snapshot(vec![open(1)], 0), Instant::now());
    let first = dir.path().join(&names(dir.path())[0]);
    assert_eq!(fs::metadata(&first).unwrap().permissions().mode() & 0o7777, 0o600);
    fs::remove_file(&first).unwrap();
    book.note(&snapshot(vec![open(1)], 0), Instant::now());
    assert_eq!(names(dir.path()).len(), 1);
    assert!(!first.exists());
    book.close();
    assert!(names(dir.path()).is_empty());
}

/// The file system with faults.
#[derive(Default)]
struct Faulty {
    fails: AtomicBool,
    has_no_locks: AtomicBool,
    writes: AtomicUsize,
    hangs: Mutex<()>,
}

impl Fs for Arc<Faulty> {
    fn open_dir(&self, path: &Path) -> io::Result<File> {
        System.open_dir(path)
    }
    fn list(&self, dir: &File, wanted: &dyn Fn(&str) -> bool) -> io::Result<Vec<String>> {
        System.list(dir, wanted)
    }
    fn create(&self, dir: &File, name: &str, mode: u32) -> io::Result<File> {
        System.create(dir, name, mode)
    }
    fn open(&self, dir: &File, name: &str) -> io::Result<File> {
        System.open(dir, name)
    }
    fn is_there(&self, dir: &File, name: &str, file: &File) -> bool {
        System.is_there(dir, name, file)
    }
    fn lock(&self, file: &File) -> io::Result<Lock> {
        if self.has_no_locks.load(Relaxed) { Ok(Lock::Unknown) } else { System.lock(file) }
    }
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.writes.fetch_add(1, Relaxed);
        let _free = self.hangs.lock().unwrap();
        if self.fails.load(Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        // Some of it each time.
        System.write_at(file, &bytes[..bytes.len().div_ceil(2)], offset)
    }
    fn read(&self, file: &File, limit: u64) -> io::Result<Vec<u8>> {
        System.read(file, limit)
    }
    fn remove(&self, dir: &File, name: &str) -> io::Result<()> {
        System.remove(dir, name)
    }
}

#[test]
fn after_a_failed_write_nothing_old_is_left_and_it_is_tried_again_later() {
    let (dir, faults) = (dir(), Arc::new(Faulty::default()));
    let mut book = Book::new(Arc::new(Arc::clone(&faults)), options(dir.path()));
    let start = Instant::now();
    book.note(&snapshot(vec![open(1)], 0), start);
    faults.fails.store(true, Relaxed);
    book.note(&snapshot(vec![open(2)], 0), start);
    assert!(names(dir.path()).is_empty());
    faults.fails.store(false, Relaxed);
    let writes = faults.writes.load(Relaxed);
    book.note(&snapshot(vec![open(3)], 0), start + PAUSE / 2);
    assert_eq!(faults.writes.load(Relaxed), writes);
    book.note(&snapshot(vec![open(4)], 0), start + PAUSE);
    die(book);
    assert_eq!(deaths(dir.path())[0].open, [open(4)]);
}

#[test]
fn without_locks_there_is_no_journal_and_nobody_is_said_to_be_dead() {
    let (dir, faults) = (dir(), Arc::new(Faulty::default()));
    let mut living = book(dir.path());
    living.note(&snapshot(vec![open(1)], 0), Instant::now());
    die(living);
    faults.has_no_locks.store(true, Relaxed);
    settle_in(&Arc::clone(&faults), dir.path(), |deaths| panic!("{deaths:?}"));
    assert_eq!(names(dir.path()).len(), 1);
    deaths(dir.path());
    let mut book = Book::new(Arc::new(Arc::clone(&faults)), options(dir.path()));
    book.note(&snapshot(vec![open(1)], 0), Instant::now());
    assert!(book.is_hopeless && names(dir.path()).is_empty());
}

#[test]
fn a_journal_writes_elsewhere_and_leaves_nothing_behind() {
    let dir = dir();
    let journal = DiskJournal::new(options(dir.path()));
    assert!(journal.note(snapshot(vec![open(1)], 0)));
    journal.rest();
    let State::Ending(end) = &*journal.state() else { panic!("it is ending") };
    assert_eq!(end.recv_timeout(DEADLINE), Err(RecvTimeoutError::Disconnected));
    assert!(names(dir.path()).is_empty());
}

#[test]
fn after_a_rest_it_writes_again_and_after_its_end_it_does_not() {
    let dir = dir();
    let journal = DiskJournal::new(options(dir.path()));
    for _ in 0..3 {
        let start = Instant::now();
        while !journal.note(snapshot(vec![open(1)], 0)) {
            assert!(start.elapsed() < DEADLINE);
            thread::yield_now();
        }
        journal.rest();
    }
    journal.close(Instant::now() + DEADLINE);
    assert!(names(dir.path()).is_empty());
    assert!(journal.note(snapshot(vec![open(1)], 0)));
    journal.close(Instant::now() + DEADLINE);
    assert!(names(dir.path()).is_empty());
}

#[test]
fn where_the_disk_hangs_nobody_waits_longer_than_asked() {
    let (dir, faults) = (dir(), Arc::new(Faulty::default()));
    let journal = DiskJournal::with(Arc::clone(&faults), options(dir.path()));
    let hangs = faults.hangs.lock().unwrap();
    assert!(journal.note(snapshot(vec![open(1)], 0)));
    let start = Instant::now();
    while faults.writes.load(Relaxed) == 0 {
        assert!(start.elapsed() < DEADLINE);
        thread::yield_now();
    }
    assert!(journal.note(snapshot(vec![open(2)], 0)), "one more waits");
    assert!(!journal.note(snapshot(vec![open(3)], 0)));
    journal.rest();
    assert!(!journal.note(snapshot(vec![open(4)], 0)), "no second thread");
    journal.close(Instant::now() + Duration::from_millis(1));
    drop(hangs);
}
