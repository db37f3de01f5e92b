//! What recording costs a request, beside what others cost: instructions, allocations, time. See `BENCHMARKS.md`.

mod api;
mod asks;
mod bodies;
mod callgrind;
mod cases;
mod child;
mod costs;
mod goals;
mod instruments;
mod markdown;
mod ours;
mod peers;
mod shapes;
mod slow;
mod stacks;
mod stand;
mod streams;
mod tables;
mod wrapped;

use std::{
    alloc::System,
    error::Error,
    io::{self, Write as _},
};

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use crate::{
    cases::{CASES, Case},
    costs::{Trouble, measure},
    shapes::Effort,
};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Counts allocations, of all threads; about ten instructions for an allocation and its end.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const USAGE: &str = "usage: overhead [--settings | --instruments] [--instructions] [--quick]
       overhead --cases
       overhead --case NAME --rounds COUNT --requests COUNT";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["--cases"] => names(),
        // What callgrind looks at: one case alone in a process. Between the rounds everyone catches up.
        ["--case", name, "--rounds", rounds, "--requests", requests] => {
            let (rounds, requests): (u64, u64) = (rounds.parse()?, requests.parse()?);
            let (runtime, mut stand, _) = cases::warmed_up(name)?;
            (0..rounds).try_for_each(|_| runtime.block_on(stand.round(requests)))
        }
        ["--case", name, "--follow"] => child::follow(name),
        options => {
            let known = ["--settings", "--instruments", "--instructions", "--quick"];
            if options.iter().any(|option| !known.contains(option)) {
                return Err(USAGE.into());
            }
            let has = |option| options.contains(&option);
            let rounds = if has("--quick") { 5 } else { 31 };
            let trouble = Trouble { rounds, with_instructions: has("--instructions") };
            match (has("--settings"), has("--instruments")) {
                (true, _) => table(CASES, trouble),
                (_, true) => instruments::GROUPS.iter().try_for_each(|cases| table(cases, trouble)),
                _ => suite(trouble),
            }
        }
    }
}

/// All stacks in all shapes.
fn suite(trouble: Trouble) -> Result<()> {
    let measured = tables::shapes(trouble)?;
    let frames = streams::table(trouble)?;
    if !trouble.with_instructions {
        return Ok(());
    }
    writeln!(io::stdout(), "\n### Goals of a request\n")?;
    goals::show(&measured, &frames)
}

fn table(cases: &[Case], trouble: Trouble) -> Result<()> {
    let names: Vec<String> = cases.iter().map(|case| case.name.into()).collect();
    let costs = measure(&names, Effort::SMALL, trouble)?;
    let rows: Vec<_> = cases.iter().map(|case| case.name).zip(costs).collect();
    tables::table(&rows)?;
    writeln!(io::stdout())?;
    Ok(())
}

fn names() -> Result<()> {
    tables::names()?;
    cases::all().try_for_each(|case| writeln!(io::stdout(), "{}", case.name).map_err(Into::into))
}
