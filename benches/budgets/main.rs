//! What must not cost more than it does: instructions and allocations of one request, body, event or frame, beside the
//! budgets of `benches/budgets.tsv`. Run it by `benches/budgets.sh`; it needs valgrind.
//!
//! Counted are the instructions of the thread that serves, without those of libc: how an allocator merges depends on
//! what other threads give back, how bytes are copied on the processor. Allocations are counted one by one. Each case runs
//! alone in a process, once and once twice as often: what start, warm-up and end cost falls out of the difference.
#![allow(clippy::print_stdout)]

mod cases;
mod count;
mod ledger;
mod service;

use std::{alloc::System, error::Error, process::ExitCode};

use cases::{CASES, Case};
use count::Cost;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Counts allocations, of all threads; about ten instructions for an allocation and its end.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => return check(),
        ["--renew"] => renew()?,
        ["--spread", times] => spread(times.parse()?)?,
        ["--cases"] => CASES.iter().for_each(|case| println!("{}", case.name)),
        // What callgrind looks at: one case alone in a process.
        ["--case", name, "--times", times] => run(case(name)?, times.parse()?)?,
        _ => {
            return Err(
                "usage: budgets [--renew | --spread TIMES | --cases | --case NAME --times TIMES]".into()
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn case(name: &str) -> Result<&'static Case> {
    CASES.iter().find(|case| case.name == name).ok_or_else(|| format!("there is no case {name:?}").into())
}

fn run(case: &Case, times: u64) -> Result<()> {
    let change = count::allocations(|| (case.run)(times))?;
    println!("{change}");
    Ok(())
}

/// Fails where something costs more than its budget and a twentieth.
fn check() -> Result<ExitCode> {
    let budgets = ledger::budgets()?;
    let mut wrong = Vec::new();
    println!(
        "{:<34} | {:>12} | {:>8} | {:>11} | {:>8}",
        "case", "instructions", "budget", "allocations", "budget"
    );
    for case in CASES.iter().filter(|case| case.is_ours()) {
        let cost = measured(case)?;
        let budget = budgets.get(case.name).ok_or_else(|| format!("{:?} has no budget", case.name))?;
        println!(
            "{:<34} | {:>12.0} | {:>8.0} | {:>11.2} | {:>8.2}",
            case.name, cost.instructions, budget.instructions, cost.allocations, budget.allocations
        );
        let pairs = [
            ("instructions", cost.instructions, budget.instructions),
            ("allocations", cost.allocations, budget.allocations),
        ];
        for (what, cost, budget) in pairs {
            wrong.extend(ledger::judge(case.name, what, cost, budget));
        }
    }
    wrong.iter().for_each(|wrong| println!("{}", wrong.told));
    let has_failed = wrong.iter().any(|wrong| wrong.is_over);
    Ok(if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Writes down what everything costs now.
fn renew() -> Result<()> {
    let costs: Vec<(&str, Cost)> = CASES
        .iter()
        .filter(|case| case.is_ours())
        .map(|case| Ok((case.name, measured(case)?)))
        .collect::<Result<_>>()?;
    ledger::renew(&costs)
}

/// How far counts of the same are apart.
fn spread(times: usize) -> Result<()> {
    for case in CASES {
        let mut counts =
            (0..times).map(|_| Ok(count::cost(case)?.instructions)).collect::<Result<Vec<_>>>()?;
        counts.sort_by(f64::total_cmp);
        let (least, most) = (counts.first().copied().unwrap_or(0.0), counts.last().copied().unwrap_or(0.0));
        println!("{:<34} | {least:>9.1} | {most:>9.1} | {:.2} %", case.name, (most - least) / least * 100.0);
    }
    Ok(())
}

/// What a case costs more than the same without us.
fn measured(of: &Case) -> Result<Cost> {
    let cost = count::cost(of)?;
    let Some(base) = of.base else { return Ok(cost) };
    Ok(cost - count::cost(case(base)?)?)
}
