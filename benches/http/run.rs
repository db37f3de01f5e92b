//! One server, loaded for a second.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{ChildStdin, ChildStdout, Command, Stdio},
};

use crate::{
    Result,
    load::{Load, SERVER, Seen},
    stacks::Stack,
};

/// What a server has done.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) answered: u64,
    /// Requests of which not everything is recorded.
    pub(crate) unrecorded: u64,
    /// Of processors, user and system, all threads.
    seconds: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
}

impl Run {
    /// Requests for each second of a processor.
    pub(crate) fn rate(&self) -> f64 {
        self.answered as f64 / self.seconds
    }
}

/// A server of its own for each run: none has what another has left behind.
pub(crate) fn run(stack: &Stack, load: &Load) -> Result<Run> {
    let mut server = Command::new("taskset")
        .args(["-c", SERVER])
        .arg(std::env::current_exe()?)
        .args(["--serve", stack.name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut orders = server.stdin.take().ok_or("it has a stdin")?;
    let mut answers = BufReader::new(server.stdout.take().ok_or("it has a stdout")?);
    let mut address = String::new();
    answers.read_line(&mut address)?;
    let before = ask(&mut orders, &mut answers);
    let seen = before.and_then(|before| Ok((before, load.run(address.trim_end())?)));
    let run = seen.and_then(|(before, seen)| compare(before, ask(&mut orders, &mut answers)?, seen));
    drop(orders);
    server.wait()?;
    run
}

/// Nanoseconds, requests answered, requests recorded.
type Told = [u64; 3];

fn ask(orders: &mut ChildStdin, answers: &mut BufReader<ChildStdout>) -> Result<Told> {
    writeln!(orders)?;
    let mut line = String::new();
    answers.read_line(&mut line)?;
    let figures: Vec<u64> = line.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?;
    figures.try_into().map_err(|_| "the server ended before its time".into())
}

fn compare(before: Told, after: Told, seen: Seen) -> Result<Run> {
    let [nanoseconds, answered, recorded] = [0, 1, 2].map(|index: usize| {
        let figure = |told: &Told| told.get(index).copied().unwrap_or_default();
        figure(&after) - figure(&before)
    });
    if answered == 0 || recorded == 0 {
        return Err(format!("{answered} requests answered, {recorded} recorded").into());
    }
    let unrecorded = answered - recorded;
    Ok(Run { answered, unrecorded, seconds: nanoseconds as f64 / 1e9, p99: seen.p99 })
}
