//! What the handler told of its work, in the entries of its exchange.

use super::{
    super::{
        Sheet, View, json_text,
        line::{Line, key, separated},
    },
    log,
};
use crate::exchange::{Exchange, Step, StepKind};

/// Writes `attributes`, `cache` and `timers`.
pub(super) fn response<'a>(line: Line<'a>, view: &View, exchange: &Exchange) -> Line<'a> {
    let mut line = failure(line, exchange);
    if !exchange.cache.is_empty() {
        line.with(key!("cache"), |out| {
            let caches: Vec<_> = exchange.cache.iter().collect();
            separated(out, b'{', b'}', &caches, |out, (name, counts)| {
                json_text::string(out, name);
                out.extend_from_slice(b":{\"hits\":");
                json_text::number(out, counts.hits);
                out.extend_from_slice(b",\"misses\":");
                json_text::number(out, counts.misses);
                out.push(b'}');
            });
        });
    }
    if view.shows_timers() {
        let timers: Vec<_> = exchange.steps.iter().filter(|step| is_timer(step)).collect();
        if !timers.is_empty() {
            line.with(key!("timers"), |out| {
                separated(out, b'[', b']', &timers, |out, timer| step(out, timer))
            });
        }
    }
    line
}

/// Writes `attributes`: of a failure no more is told.
pub(super) fn failure<'a>(mut line: Line<'a>, exchange: &Exchange) -> Line<'a> {
    if !exchange.attributes.is_empty() {
        line.with(key!("attributes"), |out| log::fields(out, &exchange.attributes));
    }
    line
}

fn is_timer(step: &Step) -> bool {
    matches!(step.kind, StepKind::Timer | StepKind::Checkpoint)
}

fn step(out: &mut Sheet<'_>, step: &Step) {
    out.extend_from_slice(b"{\"name\":");
    json_text::string(out, step.name.as_str());
    out.extend_from_slice(b",\"kind\":");
    json_text::string(out, step.kind.as_str());
    out.extend_from_slice(b",\"start_ms\":");
    json_text::millis(out, step.start);
    out.extend_from_slice(b",\"length_ms\":");
    json_text::millis(out, step.length);
    if let Some(timer) = &step.timer {
        out.extend_from_slice(b",\"timer\":");
        json_text::string(out, timer.as_str());
    }
    if step.unfinished {
        out.extend_from_slice(b",\"unfinished\":true");
    }
    out.push(b'}');
}
