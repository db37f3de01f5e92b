//! What is measured, as tables.

use std::io::{self, Write as _};

use crate::{
    Result,
    costs::{Cost, Trouble, measure},
    markdown::{head, line, more, number},
    shapes::{LONGER, SHAPES, SHORTER, SLOW, Shape},
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

/// The cases that there are.
pub(crate) fn names() -> Result<()> {
    for shape in SHAPES.iter().chain([&SHORTER, &LONGER, &SLOW]) {
        for stack in shape.stacks() {
            writeln!(io::stdout(), "{}", shape.case(stack))?;
        }
    }
    Ok(())
}
