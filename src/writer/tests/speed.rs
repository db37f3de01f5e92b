//! What the writer alone takes: lines that are made already, from two threads, into a file.
//!
//! `cargo test --profile bench --lib writer::tests::speed -- --ignored --nocapture`

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{
    super::{Place, Writer},
    stage::office,
};

const PRODUCERS: usize = 2;
const ROUNDS: usize = 9;
const TIME: Duration = Duration::from_secs(1);
/// Lines between two looks at the clock and the buffer.
const STRETCH: usize = 64;
/// Bytes that may wait, those included that are being written. There is room for 3.5 MiB beside those.
const MUCH: u64 = 3 << 20;
const PAUSE: Duration = Duration::from_micros(100);

#[test]
#[ignore = "a measurement"]
fn lines_per_second() {
    println!("bytes/line  lines/s (lowest, median, highest)   MB/s  lost  held back");
    for size in [100, 250, 500, 900] {
        let mut runs: Vec<_> = (0..ROUNDS).map(|_| round(size)).collect();
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (rate, held_back, _) = runs[ROUNDS / 2];
        let lost: u64 = runs.iter().map(|run| run.2).sum();
        println!(
            "{size:10}  {:9.0} {rate:9.0} {:9.0}  {:10.0} {lost:5} {:9.1}%",
            runs[0].0,
            runs[ROUNDS - 1].0,
            rate * size as f64 / 1e6,
            held_back * 100.0
        );
    }
}

/// Lines per second, the share of their time that the producers held back, lines lost.
fn round(size: usize) -> (f64, f64, u64) {
    let dir = tempfile::tempdir().unwrap();
    let place =
        Place { dir: dir.path().into(), name: "api.log".into(), mode: 0o600, max_bytes: 0, backups: 5 };
    let writer = Writer::start(vec![place], office("a"));
    let head = b"{\"timestamp\":\"2026-01-01T00:00:00.000000Z\",\"seq\":";
    // The number has seven digits nearly always.
    let text = "x".repeat(size - head.len() - 7 - ",\"text\":\"\"}\n".len());
    let tail = format!(",\"text\":\"{text}\"}}\n");
    let start = Instant::now();
    let produce = || {
        let (mut held_back, mut stretch) = (Duration::ZERO, STRETCH);
        while start.elapsed() < TIME {
            for _ in 0..stretch {
                writer.push(0, head, tail.as_bytes(), false);
            }
            stretch = STRETCH;
            if writer.unwritten() * size as u64 > MUCH {
                let held = Instant::now();
                thread::sleep(PAUSE);
                held_back += held.elapsed();
                // One line after each pause: whoever says nothing at all does not wake the writer either.
                stretch = 1;
            }
        }
        held_back
    };
    let held_back: Duration = thread::scope(|scope| {
        let producers: Vec<_> = (0..PRODUCERS).map(|_| scope.spawn(produce)).collect();
        producers.into_iter().map(|producer| producer.join().unwrap()).sum()
    });
    assert_eq!(writer.flush(Instant::now() + Duration::from_secs(60)), 0);
    let seconds = start.elapsed().as_secs_f64();
    let tally = writer.tally();
    let held_back = held_back.as_secs_f64() / seconds / PRODUCERS as f64;
    (tally.lines.get() as f64 / seconds, held_back, tally.lost_to_overload.get() + tally.lost_otherwise.get())
}
