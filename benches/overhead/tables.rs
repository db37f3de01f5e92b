//! What is measured, as tables.

use std::io::{self, Write as _};

use crate::{
    Result,
    costs::{Cost, Trouble, counts, measure, samples},
    markdown::{head, line, more, number},
    shapes::{FRAMES_BETWEEN, LONGER, SHAPES, SHORTER, SLOW, Shape},
};

/// One row.
pub(crate) type Row<'a> = (&'a str, Cost);

/// What is measured of each shape, in the order of its stacks.
pub(crate) struct Measured {
    pub(crate) shape: &'static Shape,
    pub(crate) costs: Vec<(&'static str, Cost)>,
}

/// A table for each shape; what they say.
pub(crate) fn shapes(trouble: Trouble) -> Result<Vec<Measured>> {
    let mut all = Vec::new();
    for shape in SHAPES {
        let cases: Vec<String> = shape.stacks().map(|stack| shape.case(stack)).collect();
        let costs = measure(&cases, shape.effort, trouble)?;
        let costs: Vec<_> = shape.stacks().map(|stack| stack.name).zip(costs).collect();
        writeln!(io::stdout(), "\n### {}\n", shape.title)?;
        table(&costs)?;
        all.push(Measured { shape, costs });
    }
    Ok(all)
}

/// The first case as it is, of the others what they cost more.
pub(crate) fn table(rows: &[Row<'_>]) -> Result<()> {
    let columns = ["instructions", "on its thread", "allocations", "bytes", "CPU ns", "of all threads"];
    head("one request", &columns)?;
    let Some((_, base)) = rows.first().copied() else { return Ok(()) };
    for (index, (name, cost)) in rows.iter().enumerate() {
        let figures = [
            (cost.instructions, base.instructions, 0),
            (cost.own_instructions, base.own_instructions, 0),
            (cost.sample.allocations, base.sample.allocations, 1),
            (cost.sample.bytes, base.sample.bytes, 0),
            (cost.sample.own, base.sample.own, 0),
            (cost.sample.all, base.sample.all, 0),
        ];
        let texts = figures.map(|(figure, base, digits)| match (index, base > 0.0) {
            (_, false) => String::from("-"),
            (0, _) => number(figure, digits),
            _ => more(figure - base, digits),
        });
        line(name, &texts)?;
    }
    Ok(())
}

/// What concerns streams alone: a frame of which nothing is kept any more, and the first byte of one that waits.
pub(crate) fn streams(trouble: Trouble) -> Result<Vec<(&'static str, f64)>> {
    let stacks: Vec<_> = SHORTER.stacks().collect();
    let names = |shape: &Shape| stacks.iter().map(|stack| shape.case(stack)).collect::<Vec<_>>();
    let mut frames = vec![f64::NAN; stacks.len()];
    if trouble.with_instructions {
        let (shorter, longer) =
            (counts(&names(&SHORTER), SHORTER.effort)?, counts(&names(&LONGER), LONGER.effort)?);
        for ((frame, shorter), longer) in frames.iter_mut().zip(shorter).zip(longer) {
            *frame = (longer.own - shorter.own) / FRAMES_BETWEEN;
        }
    }
    let first_bytes = samples(&names(&SLOW), SLOW.effort, trouble.rounds)?;
    writeln!(io::stdout(), "\n### Streams\n")?;
    head("one stream", &["a frame past the cap: instructions", "the first event, after it came: ns"])?;
    let (base_frame, base_byte) = (
        frames.first().copied().unwrap_or(f64::NAN),
        first_bytes.first().map_or(f64::NAN, |first| first.first_byte),
    );
    for (index, ((stack, frame), first)) in stacks.iter().zip(&frames).zip(&first_bytes).enumerate() {
        let text = |figure: f64, base: f64, none: &str| match (index, figure.is_nan()) {
            (_, true) => none.into(),
            (0, _) => number(figure, 0),
            _ => more(figure - base, 0),
        };
        line(
            stack.name,
            &[text(*frame, base_frame, "-"), text(first.first_byte, base_byte, "with the stream's end")],
        )?;
    }
    Ok(stacks.iter().map(|stack| stack.name).zip(frames.iter().map(|frame| frame - base_frame)).collect())
}

/// The cases that there are.
pub(crate) fn names() -> Result<()> {
    for shape in SHAPES.iter().chain([&SHORTER, &LONGER, &SLOW]) {
        for stack in shape.stacks() {
            writeln!(io::stdout(), "{}", shape.case(stack))?;
        }
    }
    Ok(())
}
