//! Each case is measured in a process of its own, where its subscriber is the global one, nobody else's threads allocate
//! and nobody else's events are heard. The rounds of all cases of a table come in turn.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    process::{ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};
use stats_alloc::Region;
use tokio::runtime::Runtime;

use crate::{ALLOCATOR, Result, cases, shapes::Effort, slow, stand::Stand};

/// What a request of a round took.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sample {
    pub(crate) allocations: f64,
    pub(crate) bytes: f64,
    /// Nanoseconds of the thread that serves.
    pub(crate) own: f64,
    /// Those of all threads.
    pub(crate) all: f64,
    /// Of a stream, until its first event was read; not a number where it comes with the end.
    pub(crate) first_byte: f64,
}

/// A process with a case.
pub(crate) struct Child {
    process: std::process::Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    effort: Effort,
}

impl Child {
    pub(crate) fn start(case: &str, effort: Effort) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--case", case, "--follow"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = process.stdin.take().ok_or("it has a stdin")?;
        let answers = BufReader::new(process.stdout.take().ok_or("it has a stdout")?);
        Ok(Self { process, orders, answers, effort })
    }

    pub(crate) fn round(&mut self) -> Result<Sample> {
        writeln!(self.orders, "{}", self.effort.timed)?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let figures: Vec<f64> =
            answer.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?;
        let [allocations, bytes, own, all, first_byte] = figures.as_slice() else {
            return Err("a case ended before its time".into());
        };
        Ok(Sample { allocations: *allocations, bytes: *bytes, own: *own, all: *all, first_byte: *first_byte })
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Result<()> {
        drop(self.orders);
        let status = self.process.wait()?;
        if status.success() { Ok(()) } else { Err(status.to_string().into()) }
    }
}

/// In the child: a round for each number that comes in.
pub(crate) fn follow(case: &str) -> Result<()> {
    let (runtime, mut stand, _) = cases::warmed_up(case)?;
    for order in io::stdin().lines() {
        let requests = order?.parse()?;
        let sample = if case.starts_with("slow: ") {
            let median = runtime.block_on(slow::first_byte(&mut stand, requests))?;
            Sample { first_byte: median.unwrap_or(f64::NAN), ..Sample::default() }
        } else {
            measure(&runtime, &mut stand, requests)?
        };
        let Sample { allocations, bytes, own, all, first_byte } = sample;
        writeln!(io::stdout(), "{allocations} {bytes} {own} {all} {first_byte}")?;
    }
    Ok(())
}

fn measure(runtime: &Runtime, stand: &mut Stand, requests: u64) -> Result<Sample> {
    let region = Region::new(ALLOCATOR);
    let (all, own) = (time(ClockId::ProcessCPUTime), time(ClockId::ThreadCPUTime));
    runtime.block_on(stand.serve(requests))?;
    let served = time(ClockId::ThreadCPUTime);
    runtime.block_on(stand.settle())?;
    let (all_end, settled) = (time(ClockId::ProcessCPUTime), time(ClockId::ThreadCPUTime));
    let change = region.change();
    // To settle costs other threads something where there is nothing left to do, too.
    runtime.block_on(stand.settle())?;
    let (idle_end, idle_settled) = (time(ClockId::ProcessCPUTime), time(ClockId::ThreadCPUTime));
    let each = |count: f64| count / requests as f64;
    let nanoseconds = |from: Duration, to: Duration| to.saturating_sub(from).as_nanos() as f64;
    let idle = nanoseconds(all_end, idle_end) - nanoseconds(settled, idle_settled);
    Ok(Sample {
        allocations: each((change.allocations + change.reallocations) as f64),
        bytes: each(change.bytes_allocated as f64),
        own: each(nanoseconds(own, served)),
        // Without the time that this thread has waited for others.
        all: each(nanoseconds(all, all_end) - nanoseconds(served, settled) - idle),
        first_byte: f64::NAN,
    })
}

fn time(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}
