//! Log files beside tracing-subscriber's JSON formatter with tracing-appender: lines per second, system calls,
//! instructions. See `benches/README.md`.

mod appender;
#[path = "../overhead/callgrind.rs"]
mod callgrind;
mod cases;

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::cases::{CASES, Case, Reached, Result, Stand};

/// Threads that log.
const PRODUCERS: u64 = 2;
/// Entries told between two looks at the clock and the buffer.
const STRETCH: u64 = 64;
/// Before anything is counted.
const WARM_UP: u64 = 300;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => throughput(5, Duration::from_secs(3)),
        ["--rounds", rounds, "--seconds", seconds] => {
            throughput(rounds.parse()?, Duration::from_secs_f64(seconds.parse()?))
        }
        ["--instructions"] => instructions(),
        // What callgrind looks at: one thread, and between the rounds everyone catches up.
        ["--case", name, "--rounds", rounds, "--requests", entries] => {
            counted(find(name)?, rounds.parse()?, entries.parse()?)
        }
        // What strace looks at.
        ["--case", name, "--entries", entries] => some(find(name)?, entries.parse()?, None),
        ["--case", name, "--entries", entries, "--pace", pace] => {
            some(find(name)?, entries.parse()?, Some(pace.parse()?))
        }
        ["--cases"] => {
            CASES.iter().try_for_each(|case| writeln!(io::stdout(), "{}", case.name)).map_err(Into::into)
        }
        _ => Err("usage: files [--rounds COUNT --seconds SECONDS | --instructions | --cases | \
                  --case NAME (--entries COUNT [--pace PER_SECOND] | --rounds COUNT --requests COUNT)]"
            .into()),
    }
}

fn find(name: &str) -> Result<&'static Case> {
    Ok(CASES.iter().find(|case| case.name == name).ok_or("no such case")?)
}

/// What came of one round of a case.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    entries: u64,
    reached: Reached,
    seconds: f64,
    /// Time of processors, all threads together.
    cpu: f64,
    /// The share of their time that those who log held back.
    held_back: f64,
}

impl Run {
    /// Lines per second; entries where there are no lines.
    fn rate(&self) -> f64 {
        self.units() / self.seconds
    }

    fn units(&self) -> f64 {
        let Self { entries, reached, .. } = self;
        if reached.lines > 0 { reached.lines as f64 } else { *entries as f64 }
    }
}

/// All cases in turn, round after round, into one directory.
fn throughput(rounds: usize, time: Duration) -> Result<()> {
    let dir = TempDir::new()?;
    let mut runs = vec![Vec::with_capacity(rounds); CASES.len()];
    for _ in 0..rounds {
        for (case, runs) in CASES.iter().zip(&mut runs) {
            let place = dir.path().join("round");
            fs::create_dir(&place)?;
            runs.push(timed(case, &place, time)?);
            fs::remove_dir_all(&place)?;
        }
    }
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{:<39} | {:>10} | {:>10} | {:>10} | {:>10} | {:>6} | {:>7} | {:>7} | {:>9}",
        "two threads", "lines/s", "lowest", "highest", "bytes/line", "MB/s", "CPU ns", "dropped", "held back"
    )?;
    for (case, runs) in CASES.iter().zip(&mut runs) {
        runs.sort_by(|a, b| a.rate().total_cmp(&b.rate()));
        let rate = |run: Option<&Run>| run.map_or(0.0, Run::rate);
        let median = runs.get(runs.len() / 2).copied().unwrap_or_default();
        let Reached { lines, bytes, .. } = median.reached;
        let mut times: Vec<f64> = runs.iter().map(|run| run.cpu * 1e9 / run.units()).collect();
        times.sort_by(f64::total_cmp);
        let cpu = times.get(times.len() / 2).copied().unwrap_or_default();
        let dropped: u64 = runs.iter().map(|run| run.reached.dropped).sum();
        writeln!(
            out,
            "{:<39} | {:>10.0} | {:>10.0} | {:>10.0} | {:>10.0} | {:>6.0} | {:>7.0} | {:>7} | {:>8.1}%",
            case.name,
            median.rate(),
            rate(runs.first()),
            rate(runs.last()),
            bytes as f64 / lines.max(1) as f64,
            bytes as f64 / median.seconds / 1e6,
            cpu,
            dropped,
            median.held_back * 100.0,
        )?;
    }
    Ok(())
}

/// Logs for some time from two threads and waits until all of it is in the file.
fn timed(case: &Case, place: &Path, time: Duration) -> Result<Run> {
    let stand = (case.build)(place)?;
    let warm_up = warm_up(&stand)?;
    let before = stand.reached();
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let told = all(|| produce(&stand, |_| start.elapsed() < time))?;
    let entries = told.iter().map(|(entries, _)| entries).sum();
    stand.settle((warm_up + entries) * stand.lines_each())?;
    let seconds = start.elapsed().as_secs_f64();
    let cpu = cpu_seconds() - cpu;
    let held_back: Duration = told.iter().map(|(_, held_back)| *held_back).sum();
    let after = stand.reached();
    let reached = Reached {
        lines: after.lines - before.lines,
        bytes: after.bytes - before.bytes,
        dropped: after.dropped,
        rotations: after.rotations,
    };
    if stand.count()?.is_some_and(|lines| lines != after.lines)
        || reached.lines + reached.dropped < entries * stand.lines_each()
    {
        return Err(format!("{}: {entries} entries, {reached:?} in {:?}", case.name, stand.count()).into());
    }
    Ok(Run {
        entries,
        reached,
        seconds,
        cpu,
        held_back: held_back.as_secs_f64() / seconds / PRODUCERS as f64,
    })
}

/// Time of processors that this process took, in the kernel and outside; zero where the system does not say.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let times = stat.rsplit(')').next().into_iter().flat_map(str::split_whitespace).skip(11).take(2);
    times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Logs a number of entries, at a pace if one is given, and says how many lines are in the file.
fn some(case: &Case, entries: u64, pace: Option<f64>) -> Result<()> {
    let dir = TempDir::new()?;
    let stand = (case.build)(dir.path())?;
    let warm_up = warm_up(&stand)?;
    let (each, start) = (entries / PRODUCERS, Instant::now());
    let told = all(|| match pace {
        Some(pace) => paced(&stand, each, pace / PRODUCERS as f64),
        None => produce(&stand, |told| told < each),
    })?;
    let entries: u64 = told.iter().map(|(entries, _)| entries).sum();
    stand.settle((warm_up + entries) * stand.lines_each())?;
    let Reached { lines, bytes, dropped, .. } = stand.reached();
    let seconds = start.elapsed().as_secs_f64();
    writeln!(io::stdout(), "{lines} lines {bytes} bytes {dropped} dropped {seconds:.2} seconds")?;
    Ok(())
}

fn counted(case: &Case, rounds: u64, entries: u64) -> Result<()> {
    let dir = TempDir::new()?;
    let stand = (case.build)(dir.path())?;
    let mut told = warm_up(&stand)?;
    let mut producer = stand.producer();
    for _ in 0..rounds {
        producer.tell(entries)?;
        told += entries;
        stand.settle(told * stand.lines_each())?;
    }
    Ok(())
}

fn warm_up(stand: &Stand) -> Result<u64> {
    stand.producer().tell(WARM_UP)?;
    stand.settle(WARM_UP * stand.lines_each())?;
    Ok(WARM_UP)
}

/// Runs this on all threads that log.
fn all<T: Send>(work: impl Fn() -> Result<T> + Sync) -> Result<Vec<T>> {
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..PRODUCERS {
            scope.spawn(|| {
                let result = work();
                results.lock().map(|mut results| results.push(result)).ok();
            });
        }
    });
    results.into_inner().unwrap_or_default().into_iter().collect()
}

/// Logs as fast as can be; gives the number of entries and the time held back.
fn produce(stand: &Stand, goes_on: impl Fn(u64) -> bool) -> Result<(u64, Duration)> {
    let mut producer = stand.producer();
    let (mut told, mut held_back, mut stretch) = (0, Duration::ZERO, STRETCH);
    while goes_on(told) {
        producer.tell(stretch)?;
        told += stretch;
        let start = Instant::now();
        // One entry after each pause: whoever says nothing at all does not wake the writer either.
        stretch = if stand.held_back() { 1 } else { STRETCH };
        if stretch == 1 {
            held_back += start.elapsed();
        }
    }
    Ok((told, held_back))
}

/// Logs so many entries per second.
fn paced(stand: &Stand, entries: u64, pace: f64) -> Result<(u64, Duration)> {
    let mut producer = stand.producer();
    let start = Instant::now();
    for told in 0..entries {
        let due = Duration::from_secs_f64(told as f64 / pace);
        while let Some(left) = due.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
            thread::sleep(left);
        }
        producer.tell(1)?;
    }
    Ok((entries, Duration::ZERO))
}

fn instructions() -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{:<39} | {:>12} | {:>13}", "one entry, or request", "instructions", "on its thread")?;
    for case in CASES {
        let count = callgrind::count(case.name, (200, 5))?;
        writeln!(out, "{:<39} | {:>12.0} | {:>13.0}", case.name, count.all, count.own)?;
    }
    Ok(())
}
