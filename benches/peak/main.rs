//! The memory that a request takes: what is live at most while it is served, above what was live before. See
//! `BENCHMARKS.md`. A bench of its own, since the allocator that knows this costs more than the other's, which counts.

#[path = "../overhead/api.rs"]
mod api;
#[path = "../overhead/asks.rs"]
mod asks;
#[path = "../overhead/bodies.rs"]
mod bodies;
#[path = "../overhead/markdown.rs"]
mod markdown;
#[path = "../overhead/ours.rs"]
mod ours;
#[path = "../overhead/peers/mod.rs"]
mod peers;
#[path = "../overhead/shapes.rs"]
#[expect(dead_code, reason = "the other bench asks for more")]
mod shapes;
#[path = "../overhead/stacks.rs"]
mod stacks;
#[path = "../overhead/stand.rs"]
mod stand;
#[path = "../overhead/wrapped.rs"]
mod wrapped;

use std::{
    error::Error,
    io::{self, Write as _},
    process::Command,
};

use peak_alloc::PeakAlloc;

use crate::{
    shapes::{SHAPES, Shape},
    stacks::{EVENTS_WRITTEN, STACKS, Stack},
};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Of which the median is told.
const REQUESTS: usize = 51;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => table(),
        ["--case", case] => one(case),
        _ => Err("usage: peak [--case NAME]".into()),
    }
}

fn table() -> Result<()> {
    let names: Vec<_> = SHAPES.iter().map(|shape| shape.name).collect();
    writeln!(io::stdout(), "\n### Memory of a request\n")?;
    markdown::head("bytes, at most", &names)?;
    let mut base: Vec<f64> = Vec::new();
    for stack in STACKS.iter().filter(|stack| stack.name != EVENTS_WRITTEN) {
        let peaks: Vec<f64> = SHAPES.iter().map(|shape| alone(shape, stack)).collect::<Result<_>>()?;
        let cells = peaks.iter().enumerate().map(|(index, peak)| match base.get(index) {
            None => markdown::number(*peak, 0),
            Some(base) => markdown::more(peak - base, 0),
        });
        markdown::line(stack.name, &cells.collect::<Vec<_>>())?;
        if base.is_empty() {
            base = peaks;
        }
    }
    Ok(())
}

/// In a process of its own, where nobody else allocates.
fn alone(shape: &Shape, stack: &Stack) -> Result<f64> {
    let case = shape.case(stack);
    let output = Command::new(std::env::current_exe()?).args(["--case", &case]).output()?;
    if !output.status.success() {
        return Err(format!("{case}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}

fn one(case: &str) -> Result<()> {
    let runtime = stand::runtime()?;
    let entered = runtime.enter();
    let (mut stand, effort) = shapes::stand(case).ok_or("no such case")??;
    drop(entered);
    if let Some(subscriber) = stand.wrapped.subscriber.take() {
        tracing::dispatcher::set_global_default(subscriber)?;
    }
    runtime.block_on(stand.round(effort.warm_up))?;
    let mut peaks = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        runtime.block_on(stand.serve(1))?;
        peaks.push(ALLOCATOR.peak_usage().saturating_sub(before));
        runtime.block_on(stand.settle())?;
    }
    peaks.sort_unstable();
    writeln!(io::stdout(), "{}", peaks.get(REQUESTS / 2).copied().unwrap_or_default())?;
    Ok(())
}
