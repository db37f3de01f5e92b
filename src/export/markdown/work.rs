//! What the handler did: a waterfall of its timers, what it attached, how its caches did.

use super::{LARGE, TINY, code, escaped, fenced};
use crate::exchange::{Exchange, Step, millis_of};

/// Columns of the waterfall.
const COLUMNS: usize = 32;
/// Bytes shown of a name in it.
const NAME: usize = 64;
/// Attributes shown.
const MOST: usize = 32;

/// The waterfall, one step on a line.
pub(super) fn steps(exchange: &Exchange) -> String {
    if exchange.steps.is_empty() {
        return String::new();
    }
    let total = millis_of(exchange.duration);
    let lines: Vec<_> = exchange.steps.iter().map(|step| line(step, total)).collect();
    format!("### Where the time went\n\n{}", fenced("text", &lines.join("\n"), LARGE))
}

/// `   1.200 ms  123.450 ms |  ==========      | generate`
fn line(step: &Step, total: f64) -> String {
    let (start, length) = (millis_of(step.start), millis_of(step.length));
    let column = |at: f64| {
        let share = if total > 0.0 { (at / total).clamp(0.0, 1.0) } else { 0.0 };
        (share * COLUMNS as f64) as usize
    };
    let from = column(start).min(COLUMNS - 1);
    let until = column(start + length).clamp(from + 1, COLUMNS);
    let bar = format!("{}{}", " ".repeat(from), "=".repeat(until - from));
    let of = step.timer.as_ref().map(|timer| format!("{timer}: ")).unwrap_or_default();
    let name = escaped(&format!("{of}{}", step.name));
    let name = name.get(..name.floor_char_boundary(NAME)).unwrap_or_default();
    let mark = if step.unfinished { " (unfinished)" } else { "" };
    format!("{start:>9.3} ms {length:>9.3} ms |{bar:<COLUMNS$}| {name}{mark}")
}

/// What was attached and counted, for the list of facts.
pub(super) fn facts(exchange: &Exchange) -> Vec<String> {
    let mut facts: Vec<_> = exchange
        .attributes
        .iter()
        .take(MOST)
        .map(|field| {
            let value = serde_json::to_string(&field.value).unwrap_or_default();
            format!("{}: {}", code(&field.name, TINY), code(&value, TINY))
        })
        .collect();
    if let Some(more @ 1..) = exchange.attributes.len().checked_sub(MOST) {
        facts.push(format!("{more} more attributes are in the dump"));
    }
    facts.extend(exchange.cache.iter().map(|(name, counts)| {
        format!("cache {}: {} hits, {} misses", code(name, TINY), counts.hits, counts.misses)
    }));
    facts
}
