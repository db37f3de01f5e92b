//! What is aimed at, and what is reached.

use crate::{
    Result,
    costs::Cost,
    markdown::{head, line, number},
    shapes::POST,
    stacks::{self, BARE, COMBINED, DEFAULT, METADATA, METADATA_COMBINED, OFF},
    tables::Measured,
};

struct Goal {
    what: &'static str,
    stack: &'static str,
    /// What it is counted from.
    base: &'static str,
    figure: fn(&Cost) -> f64,
    digits: usize,
    at_most: f64,
}

const GOALS: &[Goal] = &[
    Goal { what: "off: instructions", stack: OFF, base: BARE, figure: all, digits: 0, at_most: 1_000.0 },
    Goal {
        what: "off: allocations, more than a layer that does nothing",
        stack: OFF,
        base: stacks::NOTHING,
        figure: |cost| cost.sample.allocations,
        digits: 1,
        at_most: 0.0,
    },
    Goal {
        what: "metadata only, one entry: instructions",
        stack: METADATA_COMBINED,
        base: BARE,
        figure: all,
        digits: 0,
        at_most: 4_000.0,
    },
    Goal {
        what: "metadata only, two entries: instructions",
        stack: METADATA,
        base: BARE,
        figure: all,
        digits: 0,
        at_most: 5_000.0,
    },
    Goal {
        what: "one entry with both bodies: instructions",
        stack: COMBINED,
        base: BARE,
        figure: all,
        digits: 0,
        at_most: 9_000.0,
    },
    Goal {
        what: "default: instructions",
        stack: DEFAULT,
        base: BARE,
        figure: all,
        digits: 0,
        at_most: 11_000.0,
    },
    Goal {
        what: "default: CPU ns of the thread that serves",
        stack: DEFAULT,
        base: BARE,
        figure: |cost| cost.sample.own,
        digits: 0,
        at_most: 1_400.0,
    },
    Goal {
        what: "default: allocations",
        stack: DEFAULT,
        base: BARE,
        figure: |cost| cost.sample.allocations,
        digits: 1,
        at_most: 10.0,
    },
];

/// Instructions of a frame of which nothing is kept.
const FRAME: f64 = 150.0;

fn all(cost: &Cost) -> f64 {
    cost.instructions
}

/// A table of them.
pub(crate) fn show(measured: &[Measured], frames: &[(&str, f64)]) -> Result<()> {
    head("JSON, added to the bare router", &["goal, at most", "reached", ""])?;
    let Some(post) = measured.iter().find(|measured| measured.shape.name == POST.name) else { return Ok(()) };
    let cost = |name: &str| {
        post.costs.iter().find(|(known, _)| *known == name).map(|(_, cost)| *cost).unwrap_or_default()
    };
    for goal in GOALS {
        let figure = (goal.figure)(&cost(goal.stack)) - (goal.figure)(&cost(goal.base));
        show_one(goal.what, figure, goal.at_most, goal.digits)?;
    }
    let frame = frames.iter().find(|(name, _)| *name == DEFAULT).map_or(f64::NAN, |(_, figure)| *figure);
    show_one("default: instructions of a frame past the cap", frame, FRAME, 0)
}

fn show_one(what: &str, figure: f64, at_most: f64, digits: usize) -> Result<()> {
    // Half of what is shown is no difference.
    let slack = if digits == 0 { 0.5 } else { 0.05 };
    let verdict = if figure <= at_most + slack { "met" } else { "missed" };
    line(what, &[number(at_most, digits), number(figure.max(0.0), digits), verdict.into()])
}
