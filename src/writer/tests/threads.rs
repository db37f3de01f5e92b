//! The writer with its thread, on the machine's own disk.

use std::{
    fs,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    super::{Place, Writer},
    stage::office,
};

const PATIENCE: Duration = Duration::from_secs(20);

fn writer(dir: &Path, names: &[&str], max_bytes: u64) -> Writer {
    let place = |name: &&str| Place {
        dir: dir.into(),
        name: format!("{name}.log"),
        mode: 0o600,
        max_bytes,
        backups: 5,
    };
    Writer::start(names.iter().map(place).collect(), office("a"))
}

fn push(writer: &Writer, file: usize, who: usize, is_error: bool) {
    let tail = format!(",\"run\":\"a\",\"who\":{who}}}\n");
    writer.push(file, b"{\"seq\":", tail.as_bytes(), is_error);
}

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn lines_of_many_threads_are_numbered_in_the_order_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let writer = Arc::new(writer(dir.path(), &["api", "errors"], 0));
    let pushers: Vec<_> = (0..4)
        .map(|who| {
            let writer = Arc::clone(&writer);
            thread::spawn(move || (0..5_000).for_each(|n| push(&writer, n % 2, who, n % 7 == 0)))
        })
        .collect();
    pushers.into_iter().for_each(|pusher| pusher.join().unwrap());
    assert_eq!(writer.flush(Instant::now() + PATIENCE), 0);
    for file in ["api.log", "errors.log"] {
        let seqs: Vec<_> =
            lines(&dir.path().join(file)).iter().map(|line| line["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, (1..=10_000).collect::<Vec<_>>());
    }
    writer.close(Instant::now() + PATIENCE);
}

#[test]
fn a_line_is_written_without_being_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let writer = writer(dir.path(), &["api"], 0);
    for number in 1..=20 {
        push(&writer, 0, 0, false);
        let deadline = Instant::now() + PATIENCE;
        while writer.tally().lines.get() < number {
            assert!(Instant::now() < deadline, "line {number} was never written");
            thread::yield_now();
        }
    }
    writer.close(Instant::now() + PATIENCE);
}

#[test]
fn after_the_end_whoever_brings_a_line_writes_it() {
    let dir = tempfile::tempdir().unwrap();
    let writer = Arc::new(writer(dir.path(), &["api"], 0));
    push(&writer, 0, 0, false);
    writer.close(Instant::now() + PATIENCE);
    assert_eq!(lines(&dir.path().join("api.log")).len(), 1);
    let pushers: Vec<_> = (0..4)
        .map(|who| {
            let writer = Arc::clone(&writer);
            thread::spawn(move || (0..200).for_each(|_| push(&writer, 0, who, false)))
        })
        .collect();
    pushers.into_iter().for_each(|pusher| pusher.join().unwrap());
    assert_eq!(lines(&dir.path().join("api.log")).len(), 801);
}

#[test]
fn a_flush_that_cannot_succeed_says_how_many_lines_wait() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("logs");
    fs::write(&place, "a file").unwrap();
    let writer = writer(&place, &["api"], 0);
    (0..3).for_each(|_| push(&writer, 0, 0, false));
    assert_eq!(writer.flush(Instant::now() + PATIENCE), 3);
    assert!(writer.tally().last_error().unwrap().contains("api.log: Not a directory"));
    fs::remove_file(&place).unwrap();
    assert_eq!(writer.flush(Instant::now() + PATIENCE), 0);
    assert_eq!(lines(&place.join("api.log")).len(), 3);
    writer.close(Instant::now() + PATIENCE);
}
