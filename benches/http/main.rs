//! What recording costs a server: requests for each second of a processor, as a share of what the bare router answers.
//! See `BENCHMARKS.md`.
//!
//! Server and load are processes of their own, each on a core of its own; all threads of the server share the one.

#[path = "../overhead/api.rs"]
mod api;
#[path = "../overhead/bodies.rs"]
mod bodies;
mod goals;
mod load;
#[path = "../overhead/markdown.rs"]
mod markdown;
#[path = "../overhead/ours.rs"]
mod ours;
#[path = "../overhead/peers/mod.rs"]
mod peers;
mod run;
mod server;
#[path = "../overhead/stacks.rs"]
mod stacks;
#[path = "../overhead/wrapped.rs"]
#[expect(dead_code, reason = "the other benches ask for more")]
mod wrapped;

use std::{
    error::Error,
    io::{self, Write as _},
};

use crate::{
    load::{Load, SHAPES},
    run::{Run, run},
    stacks::{EVENTS_WRITTEN, STACKS, Stack},
};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["--serve", stack] => server::serve(stack),
        [] => tables(7),
        ["--quick"] => tables(1),
        _ => Err("usage: http [--quick]".into()),
    }
}

fn tables(rounds: usize) -> Result<()> {
    if let Some(missing) = load::missing() {
        writeln!(io::stdout(), "\nNot measured: {missing}")?;
        return Ok(());
    }
    let mut reached = Vec::new();
    for shape in SHAPES {
        let stacks: Vec<_> = STACKS.iter().filter(|stack| stack.name != EVENTS_WRITTEN).collect();
        let load = Load::new(shape)?;
        let mut runs = vec![Vec::with_capacity(rounds); stacks.len()];
        for _ in 0..rounds {
            for (stack, runs) in stacks.iter().zip(&mut runs) {
                runs.push(run(stack, &load).map_err(|error| format!("{}: {error}", stack.name))?);
            }
        }
        writeln!(io::stdout(), "\n### {}\n", shape.title)?;
        reached.extend(table(&stacks, &runs)?.into_iter().map(|(stack, share)| (shape.name, stack, share)));
    }
    writeln!(io::stdout(), "\n### Goals of a server\n")?;
    goals::show(&reached)
}

/// The shares of the best rounds, too.
fn table(stacks: &[&Stack], runs: &[Vec<Run>]) -> Result<Vec<(&'static str, f64)>> {
    markdown::head(
        "one core",
        &[
            "requests per CPU second",
            "share of bare",
            "lowest",
            "highest",
            "of the best",
            "p99 ms",
            "not recorded",
        ],
    )?;
    let bare: Vec<f64> = runs.first().into_iter().flatten().map(Run::rate).collect();
    let best_bare = bare.iter().copied().fold(f64::NAN, f64::max);
    let mut shares = Vec::new();
    for (stack, runs) in stacks.iter().zip(runs) {
        // Of the same round, which saw the same machine.
        let of_bare = sorted(runs.iter().zip(&bare).map(|(run, bare)| 100.0 * run.rate() / bare));
        let best = runs.iter().map(Run::rate).fold(f64::NAN, f64::max);
        let share = 100.0 * best / best_bare;
        let percent = |share: Option<&f64>| format!("{:.1} %", share.copied().unwrap_or_default());
        let answered: u64 = runs.iter().map(|run| run.answered).sum();
        let unrecorded: u64 = runs.iter().map(|run| run.unrecorded).sum();
        let unrecorded = match unrecorded {
            0 => String::from("0"),
            some => format!("{:.1} %", 100.0 * some as f64 / answered as f64),
        };
        markdown::line(
            stack.name,
            &[
                markdown::number(median(&sorted(runs.iter().map(Run::rate))), 0),
                percent(Some(&median(&of_bare))),
                percent(of_bare.first()),
                percent(of_bare.last()),
                percent(Some(&share)),
                format!("{:.2}", median(&sorted(runs.iter().map(|run| run.p99)))),
                unrecorded,
            ],
        )?;
        shares.push((stack.name, share));
    }
    Ok(shares)
}

fn sorted(figures: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures
}

fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
