//! What the handler did: a waterfall of its timers, what it attached, how its caches did.

use super::{LARGE, TINY, code, escaped, fenced};
use crate::exchange::{EndedBy, Exchange, LlmUsage, Step, StreamStats, millis_of};

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
    let mut mark = step.status.map(|status| format!(" {}", status.as_u16())).unwrap_or_default();
    if let Some(error) = &step.error {
        let error = escaped(error.as_str());
        mark.push_str(&format!(": {}", error.get(..error.floor_char_boundary(NAME)).unwrap_or_default()));
    }
    if step.unfinished {
        mark.push_str(" (unfinished)");
    }
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
    facts.extend(exchange.stream.as_deref().map(streamed));
    facts.extend(exchange.llm.as_deref().map(used));
    facts
}

/// `streamed 52 events, 9800 bytes; first after 290 ms, largest gap 41 ms; ended by the server`
fn streamed(stream: &StreamStats) -> String {
    let mut said = format!("streamed {} events, {} bytes", stream.events, stream.bytes);
    if let Some(first) = stream.first_event {
        said.push_str(&format!("; first after {} ms", millis_of(first)));
    }
    if let Some(gap) = stream.largest_gap {
        said.push_str(&format!(", largest gap {} ms", millis_of(gap)));
    }
    said.push_str(match stream.ended_by {
        EndedBy::Server => "; ended by the server",
        EndedBy::Client => "; ended by the client",
        EndedBy::Error => "; ended by an error",
    });
    if stream.cut {
        said.push_str(" within an event");
    }
    said
}

/// `openai chat with gpt-5: 2100 tokens in, 2048 of them cached, 50 out; first after 312.5 ms, 61.25 a second; stop`
fn used(usage: &LlmUsage) -> String {
    let mut said = format!("{} {}", code(&usage.provider, TINY), code(&usage.operation, TINY));
    if let Some(model) = usage.model.as_ref().or(usage.request_model.as_ref()) {
        said.push_str(&format!(" with {}", code(model.as_str(), TINY)));
    }
    let counts = [
        (usage.input_tokens, "tokens in"),
        (usage.cached_tokens, "of them cached"),
        (usage.cache_write_tokens, "of them into the cache"),
        (usage.output_tokens, "tokens out"),
        (usage.reasoning_tokens, "of them reasoning"),
    ];
    let counts = counts.into_iter().filter_map(|(count, what)| Some(format!("{} {what}", count?)));
    let counts: Vec<_> = counts.collect();
    if !counts.is_empty() {
        said.push_str(&format!(": {}", counts.join(", ")));
    }
    if let Some(first) = usage.time_to_first_token {
        said.push_str(&format!("; first after {} ms", millis_of(first)));
    }
    if let Some(rate) = usage.tokens_per_second {
        said.push_str(&format!("; {rate} a second"));
    }
    for reason in &usage.finish_reasons {
        said.push_str(&format!("; {}", code(reason.as_str(), TINY)));
    }
    said
}
