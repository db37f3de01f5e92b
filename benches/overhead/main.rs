//! What recording costs a request, beside what others cost: instructions, allocations, time. See `benches/README.md`.

mod api;
mod callgrind;
mod cases;
mod instruments;
mod stand;

use std::{
    alloc::System,
    io::{self, Write as _},
    time::Instant,
};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::runtime::{Builder, Runtime};

use crate::{
    cases::{CASES, Case, Result},
    stand::Stand,
};

/// Counts allocations, of all threads; about ten instructions for an allocation and its end.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Before anything is counted: lazy statics, threads, queues that grow.
const WARM_UP: u64 = 300;
/// Requests of one round: what they leave behind fits into the queue of a sink.
const ROUND: u64 = 300;
const ROUNDS: usize = 31;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => tables(MAIN, false),
        ["--instructions"] => tables(MAIN, true),
        ["--instruments"] => tables(instruments::GROUPS, false),
        ["--instruments", "--instructions"] => tables(instruments::GROUPS, true),
        // What callgrind looks at: one case alone in a process. Between the rounds everyone catches up.
        ["--case", name, "--rounds", rounds, "--requests", requests] => {
            let case = all().find(|case| case.name == *name).ok_or("no such case")?;
            let (rounds, requests): (u64, u64) = (rounds.parse()?, requests.parse()?);
            let runtime = runtime()?;
            let mut stand = build(&runtime, case)?;
            (0..rounds).try_for_each(|_| runtime.block_on(stand.round(requests)))
        }
        ["--cases"] => {
            all().try_for_each(|case| writeln!(io::stdout(), "{}", case.name)).map_err(Into::into)
        }
        _ => {
            Err("usage: overhead [[--instruments] [--instructions] | --cases | --case NAME --rounds COUNT --requests COUNT]"
                .into())
        }
    }
}

/// One table of all: what is around a router.
const MAIN: &[&[Case]] = &[CASES];

fn all() -> impl Iterator<Item = &'static Case> {
    MAIN.iter().chain(instruments::GROUPS).copied().flatten()
}

/// What one request costs.
#[derive(Clone, Copy, Default)]
struct Cost {
    instructions: f64,
    /// Those of the thread that serves the request.
    own_instructions: f64,
    allocations: f64,
    bytes: f64,
    nanoseconds: f64,
}

fn tables(groups: &[&[Case]], with_instructions: bool) -> Result<()> {
    groups.iter().try_for_each(|cases| table(cases, with_instructions))
}

/// The first case as it is, of the others what they cost more.
fn table(cases: &[Case], with_instructions: bool) -> Result<()> {
    let mut costs = in_process(cases)?;
    if with_instructions {
        for (case, cost) in cases.iter().zip(&mut costs) {
            let count = callgrind::count(case.name)?;
            (cost.instructions, cost.own_instructions) = (count.all, count.own);
        }
    }
    let mut out = io::stdout().lock();
    let columns = ["instructions", "on its thread", "allocations", "bytes", "ns"];
    write!(out, "{:<47}", "one request")?;
    for column in columns {
        write!(out, " | {column:>16}")?;
    }
    writeln!(out, "\n{}", "-".repeat(47 + columns.len() * 19))?;
    let Some(base) = costs.first().copied() else { return Ok(()) };
    for (index, (case, cost)) in cases.iter().zip(&costs).enumerate() {
        write!(out, "{:<47}", case.name)?;
        for (figure, base, digits) in [
            (cost.instructions, base.instructions, 0),
            (cost.own_instructions, base.own_instructions, 0),
            (cost.allocations, base.allocations, 1),
            (cost.bytes, base.bytes, 0),
            (cost.nanoseconds, base.nanoseconds, 0),
        ] {
            let text = match (index, base > 0.0) {
                (_, false) => String::from("-"),
                (0, _) => format!("{figure:.digits$}"),
                _ => format!("{:+.digits$}", figure - base),
            };
            write!(out, " | {text:>16}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Allocations and time, all cases in turn, round after round.
fn in_process(cases: &[Case]) -> Result<Vec<Cost>> {
    let runtime = runtime()?;
    let mut stands = cases.iter().map(|case| build(&runtime, case)).collect::<Result<Vec<_>>>()?;
    let mut costs = Vec::new();
    for stand in &mut stands {
        let region = Region::new(ALLOCATOR);
        runtime.block_on(stand.round(ROUND))?;
        let change = region.change();
        let allocations = (change.allocations + change.reallocations) as f64 / ROUND as f64;
        let bytes = change.bytes_allocated as f64 / ROUND as f64;
        costs.push(Cost { allocations, bytes, ..Cost::default() });
    }
    let mut times = vec![Vec::with_capacity(ROUNDS); stands.len()];
    for _ in 0..ROUNDS {
        for (stand, times) in stands.iter_mut().zip(&mut times) {
            let start = Instant::now();
            runtime.block_on(stand.serve(ROUND))?;
            times.push(start.elapsed().as_nanos() as f64 / ROUND as f64);
            runtime.block_on(stand.settle())?;
        }
    }
    for (cost, times) in costs.iter_mut().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        cost.nanoseconds = times.get(ROUNDS / 2).copied().unwrap_or(0.0);
    }
    Ok(costs)
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_time().build()?)
}

/// A case, warmed up.
fn build(runtime: &Runtime, case: &Case) -> Result<Stand> {
    let _entered = runtime.enter();
    let mut stand = (case.build)()?;
    runtime.block_on(stand.round(WARM_UP))?;
    Ok(stand)
}
