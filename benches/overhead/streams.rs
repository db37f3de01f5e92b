//! What concerns streams alone: a frame of which nothing is kept any more, and the first byte of one that waits.

use std::io::{self, Write as _};

use crate::{
    Result,
    costs::{Trouble, counts, samples},
    markdown::{head, line, more, number},
    shapes::{FRAMES_BETWEEN, LONGER, SHORTER, SLOW, Shape},
};

/// A table; and what a frame costs each stack more than the first.
pub(crate) fn table(trouble: Trouble) -> Result<Vec<(&'static str, f64)>> {
    let names: Vec<_> = SHORTER.stacks().map(|stack| stack.name).collect();
    let frames = if trouble.with_instructions { frames()? } else { vec![f64::NAN; names.len()] };
    let events = samples(&cases(&SLOW), SLOW.effort, trouble.rounds)?;
    let events: Vec<_> = events.iter().map(|sample| sample.first_byte).collect();
    let (frame_cells, event_cells) = (cells(&frames, "-"), cells(&events, "with the stream's end"));
    writeln!(io::stdout(), "\n### Streams\n")?;
    head("one stream", &["a frame past the cap: instructions", "the first event, after it came: ns"])?;
    for ((name, frame), event) in names.iter().zip(frame_cells).zip(event_cells) {
        line(name, &[frame, event])?;
    }
    let base = frames.first().copied().unwrap_or(f64::NAN);
    Ok(names.into_iter().zip(frames.iter().map(|frame| frame - base)).collect())
}

fn cases(shape: &Shape) -> Vec<String> {
    shape.stacks().map(|stack| shape.case(stack)).collect()
}

/// Instructions of one.
fn frames() -> Result<Vec<f64>> {
    let shorter = counts(&cases(&SHORTER), SHORTER.effort)?;
    let longer = counts(&cases(&LONGER), LONGER.effort)?;
    Ok(longer
        .iter()
        .zip(shorter)
        .map(|(longer, shorter)| (longer.own - shorter.own) / FRAMES_BETWEEN)
        .collect())
}

/// The first as it is, of the others what they are more.
fn cells(figures: &[f64], none: &str) -> Vec<String> {
    let base = figures.first().copied().unwrap_or(f64::NAN);
    let cell = |(index, figure): (usize, &f64)| match (index, figure.is_nan()) {
        (_, true) => none.into(),
        (0, _) => number(*figure, 0),
        _ => more(figure - base, 0),
    };
    figures.iter().enumerate().map(cell).collect()
}
