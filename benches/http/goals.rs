//! What is aimed at over HTTP, and what is reached.

use crate::{
    Result,
    load::{POST, STREAM, UPLOAD},
    markdown::{head, line},
    stacks::{DEFAULT, METADATA, OFF},
};

/// A shape, a stack, and the share of bare that it is to keep at least.
const GOALS: [(&str, &str, f64); 5] = [
    (POST.name, OFF, 98.0),
    (POST.name, METADATA, 90.0),
    (POST.name, DEFAULT, 77.0),
    (STREAM.name, DEFAULT, 92.0),
    (UPLOAD.name, DEFAULT, 90.0),
];

pub(crate) fn show(reached: &[(&str, &str, f64)]) -> Result<()> {
    head("requests per CPU second, of bare, the best round of each", &["goal, at least", "reached", ""])?;
    for (shape, stack, at_least) in GOALS {
        let share = reached.iter().find(|(known, name, _)| *known == shape && *name == stack);
        let share = share.map_or(0.0, |(_, _, share)| *share);
        let verdict = if share >= at_least { "met" } else { "missed" };
        line(
            &format!("{shape}: {stack}"),
            &[format!("{at_least} %"), format!("{share:.1} %"), verdict.into()],
        )?;
    }
    Ok(())
}
