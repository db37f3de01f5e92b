//! What requests cost: all cases of a table in turn, round after round, and then the instructions.

use std::thread;

use crate::{
    Result,
    callgrind::{self, Count},
    child::{Child, Sample},
    shapes::Effort,
};

/// What one request costs.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) instructions: f64,
    /// Those of the thread that serves the request.
    pub(crate) own_instructions: f64,
    /// Medians of rounds.
    pub(crate) sample: Sample,
}

/// How much trouble is taken.
#[derive(Clone, Copy)]
pub(crate) struct Trouble {
    pub(crate) rounds: usize,
    pub(crate) with_instructions: bool,
}

/// What each case costs.
pub(crate) fn measure(cases: &[String], effort: Effort, trouble: Trouble) -> Result<Vec<Cost>> {
    let samples = samples(cases, effort, trouble.rounds)?;
    let counts = if trouble.with_instructions { counts(cases, effort)? } else { Vec::new() };
    let mut counts = counts.into_iter();
    let cost = |sample| {
        let count = counts.next().unwrap_or_default();
        Cost { instructions: count.all, own_instructions: count.own, sample }
    };
    Ok(samples.into_iter().map(cost).collect())
}

/// Allocations and times.
pub(crate) fn samples(cases: &[String], effort: Effort, rounds: usize) -> Result<Vec<Sample>> {
    let mut children: Vec<_> = cases.iter().map(|case| Child::start(case, effort)).collect::<Result<_>>()?;
    let mut all = vec![Vec::with_capacity(rounds); cases.len()];
    for _ in 0..rounds {
        for ((child, samples), case) in children.iter_mut().zip(&mut all).zip(cases) {
            samples.push(child.round().map_err(|error| format!("{case}: {error}"))?);
        }
    }
    for (child, case) in children.into_iter().zip(cases) {
        child.finish().map_err(|error| format!("{case}: {error}"))?;
    }
    let samples = all.iter().map(|samples| {
        let median = |figure: fn(&Sample) -> f64| {
            let mut figures: Vec<f64> = samples.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures.get(figures.len() / 2).copied().unwrap_or_default()
        };
        Sample {
            allocations: median(|sample| sample.allocations),
            bytes: median(|sample| sample.bytes),
            own: median(|sample| sample.own),
            all: median(|sample| sample.all),
            first_byte: median(|sample| sample.first_byte),
        }
    });
    Ok(samples.collect())
}

/// Instructions, of as many cases at a time as there are processors: they are the same on a busy machine.
pub(crate) fn counts(cases: &[String], effort: Effort) -> Result<Vec<Count>> {
    let at_a_time = thread::available_parallelism()?.get();
    let mut counts = Vec::with_capacity(cases.len());
    for some in cases.chunks(at_a_time) {
        thread::scope(|scope| {
            let count = |case: &String| {
                let case = case.clone();
                scope
                    .spawn(move || callgrind::count(&case, effort.counted).map_err(|error| error.to_string()))
            };
            let running: Vec<_> = some.iter().map(count).collect();
            for count in running {
                counts.push(count.join().map_err(|_| "a thread panicked")??);
            }
            Result::Ok(())
        })?;
    }
    Ok(counts)
}
