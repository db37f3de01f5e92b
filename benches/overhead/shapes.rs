//! The tables: what is asked and answered.

use axum::body::Bytes;

use crate::{
    Result, api,
    asks::Ask,
    bodies::{self, FRAME, UPLOAD_FRAME},
    stacks::{EVENTS_WRITTEN, STACKS, Stack},
    stand::Stand,
};

pub(crate) struct Shape {
    /// What a case's name begins with.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) asks: fn() -> Vec<Ask>,
    pub(crate) effort: Effort,
}

/// Bytes of what `generate` answers.
const ANSWER: usize = 500;
/// Bytes of what `import` answers.
const IMPORTED: usize = r#"{"received":"00000000"}"#.len();

/// How often something is done; fewer times where it takes longer.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// Before anything is counted: lazy statics, threads, queues that grow.
    pub(crate) warm_up: u64,
    /// Requests of a round that is timed: what they leave behind fits into the queue of a sink.
    pub(crate) timed: u64,
    /// Rounds of which callgrind counts the instructions, and requests of each: few enough that valgrind, which runs
    /// one thread at a time, does not switch to a sink in mid-round: when it switched was chance, and with it how many
    /// allocations another thread had given back.
    pub(crate) counted: (u64, u64),
}

impl Effort {
    pub(crate) const SMALL: Self = Self { warm_up: 300, timed: 300, counted: (200, 5) };
    const USUAL: Self = Self { timed: 600, counted: (100, 5), ..Self::SMALL };
    const STREAM: Self = Self { warm_up: 20, timed: 40, counted: (12, 5) };
    const LARGE: Self = Self { warm_up: 4, timed: 8, counted: (3, 4) };
}

pub(crate) const SHAPES: &[Shape] = &[POST, GET, STREAM, UPLOAD, EVENTS];

pub(crate) const POST: Shape = Shape {
    name: "post",
    title: "JSON: POST of 300 bytes, answered with 500",
    asks: || (0..16).map(|seed| Ask::post(api::GENERATE, seed, ANSWER)).collect(),
    effort: Effort::USUAL,
};

const GET: Shape = Shape {
    name: "get",
    title: "GET, answered with 2 bytes",
    asks: || (0..16).map(|seed| Ask::get("/health", seed, 2)).collect(),
    effort: Effort::USUAL,
};

const STREAM: Shape = Shape {
    name: "stream",
    title: "GET, answered with 64 frames of 1 KiB, a JSON array",
    asks: || (0..16).map(|seed| Ask::get("/api/v1/frames/64", seed, 64 * FRAME)).collect(),
    effort: Effort::STREAM,
};

const UPLOAD: Shape = Shape {
    name: "upload",
    title: "POST of 1 MiB of JSON in 64 frames, answered with 23 bytes",
    asks: || {
        let frames: Vec<Bytes> = bodies::array(64, UPLOAD_FRAME);
        (0..4).map(|seed| Ask::upload("/api/v1/import", seed, frames.clone(), IMPORTED)).collect()
    },
    effort: Effort::LARGE,
};

const EVENTS: Shape = Shape {
    name: "events",
    title: "JSON as above, with a handler that tells 10 DEBUG events",
    asks: || (0..16).map(|seed| Ask::post("/api/v1/report", seed, ANSWER)).collect(),
    effort: Effort::USUAL,
};

/// Two streams that are longer than what is kept of a body: one frame costs what they differ by, divided.
pub(crate) const SHORTER: Shape = Shape {
    name: "128 frames",
    title: "",
    asks: || vec![Ask::get("/api/v1/frames/128", 0, 128 * FRAME)],
    effort: Effort::LARGE,
};
pub(crate) const LONGER: Shape = Shape {
    name: "1152 frames",
    title: "",
    asks: || vec![Ask::get("/api/v1/frames/1152", 0, 1152 * FRAME)],
    effort: Effort::LARGE,
};
pub(crate) const FRAMES_BETWEEN: f64 = 1024.0;

/// A stream whose first event comes late.
pub(crate) const SLOW: Shape =
    Shape { name: "slow", title: "", asks: || vec![Ask::get("/api/v1/slow", 0, 0)], effort: Effort::USUAL };

impl Shape {
    /// The rows of its table.
    pub(crate) fn stacks(&self) -> impl Iterator<Item = &'static Stack> {
        let has_events = self.name == EVENTS.name;
        STACKS.iter().filter(move |stack| has_events || stack.name != EVENTS_WRITTEN)
    }

    /// The name of a case.
    pub(crate) fn case(&self, stack: &Stack) -> String {
        format!("{}: {}", self.name, stack.name)
    }
}

/// The case of this name, if there is one.
pub(crate) fn stand(name: &str) -> Option<Result<(Stand, Effort)>> {
    let (shape, stack) = name.split_once(": ")?;
    let others = [&SHORTER, &LONGER, &SLOW];
    let shape = SHAPES.iter().chain(others).find(|known| known.name == shape)?;
    let stack = STACKS.iter().find(|known| known.name == stack)?;
    Some((stack.build)().map(|wrapped| (Stand::new(wrapped, (shape.asks)()), shape.effort)))
}
