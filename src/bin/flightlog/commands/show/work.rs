//! What happened inside of an exchange, as far as it is no time: attributes, caches, a stream, a language model.

use std::io;

use serde_json::Value;

use super::{said, story::Story};
use crate::{
    term::{Ink, Screen, grouped},
    time::{human, size},
};

/// Columns of the names.
const NAMES: usize = 12;

pub(super) fn work(story: &Story, screen: &mut Screen<'_>) -> io::Result<()> {
    let part = |key: &str| story.get(key).or_else(|| story.of_dump(&[key]));
    let mut lines: Vec<(&str, String)> = Vec::new();
    for (name, value) in part("attributes").and_then(Value::as_object).into_iter().flatten() {
        lines.push(("attribute", format!("{name}={}", said(value))));
    }
    for (name, counts) in part("cache").and_then(Value::as_object).into_iter().flatten() {
        let count = |key: &str| counts.get(key).and_then(Value::as_u64).unwrap_or(0);
        lines.push(("cache", format!("{name}: {} hits, {} misses", count("hits"), count("misses"))));
    }
    lines.extend(part("stream").and_then(streamed).map(|text| ("stream", text)));
    lines.extend(part("llm").map(|llm| ("model", model(llm))));
    if lines.is_empty() {
        return Ok(());
    }
    for (name, text) in lines {
        screen.put(Ink::Dim, &format!("{name:<NAMES$}"));
        screen.line(Ink::Plain, &text)?;
    }
    screen.end_line()
}

/// `8 events, 1.3 KiB, first after 743 µs, longest pause 21.7 ms`.
fn streamed(stream: &Value) -> Option<String> {
    let number = |key: &str| stream.get(key).and_then(Value::as_u64);
    let mut parts = vec![format!("{} events", grouped(number("events")?))];
    parts.extend(number("bytes").map(size));
    parts.extend(millis(stream, "first_event_ms").map(|time| format!("first after {time}")));
    parts.extend(millis(stream, "largest_gap_ms").map(|time| format!("longest pause {time}")));
    parts.extend(stream.get("ended_by").map(|who| format!("ended by the {}", said(who))));
    Some(parts.join(", "))
}

/// `parrot (anthropic), 4 tokens in, 4 out, first token after 24.2 ms, 39.8 tokens/s, end_turn`.
fn model(llm: &Value) -> String {
    let text = |key: &str| llm.get(key).map(said);
    let number = |key: &str| llm.get(key).and_then(Value::as_u64);
    let name = text("model").or_else(|| text("request_model")).unwrap_or_else(|| "unknown".into());
    let mut parts = vec![match text("provider") {
        Some(provider) => format!("{name} ({provider})"),
        None => name,
    }];
    let some = |key: &str| number(key).filter(|count| *count > 0);
    parts.extend(number("input_tokens").map(|count| format!("{} tokens in", grouped(count))));
    parts.extend(some("cached_tokens").map(|count| format!("{} of them cached", grouped(count))));
    parts.extend(number("output_tokens").map(|count| format!("{} out", grouped(count))));
    parts.extend(some("reasoning_tokens").map(|count| format!("{} of them reasoning", grouped(count))));
    parts.extend(millis(llm, "time_to_first_token_ms").map(|time| format!("first token after {time}")));
    let speed = llm.get("tokens_per_second").and_then(Value::as_f64);
    parts.extend(speed.map(|speed| format!("{speed:.1} tokens/s")));
    for reason in llm.get("finish_reasons").and_then(Value::as_array).into_iter().flatten() {
        parts.push(said(reason));
    }
    parts.join(", ")
}

fn millis(of: &Value, key: &str) -> Option<String> {
    let millis = of.get(key)?.as_f64().filter(|millis| *millis >= 0.0)?;
    Some(human((millis * 1000.0) as u64))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn streams_and_models_are_told_in_a_line() {
        let stream = json!({"events": 8, "bytes": 1373, "first_event_ms": 0.743, "largest_gap_ms": 21.722, "ended_by": "server"});
        assert_eq!(
            streamed(&stream).unwrap(),
            "8 events, 1.3 KiB, first after 743 µs, longest pause 21.7 ms, ended by the server"
        );
        let llm = json!({"provider": "openai", "model": "m", "input_tokens": 2100, "cached_tokens": 2048,
            "output_tokens": 50, "reasoning_tokens": 0, "time_to_first_token_ms": 312.5, "tokens_per_second": 61.25,
            "finish_reasons": ["stop"]});
        assert_eq!(
            model(&llm),
            "m (openai), 2,100 tokens in, 2,048 of them cached, 50 out, first token after 312 ms, 61.2 tokens/s, stop"
        );
        assert_eq!(model(&json!({})), "unknown");
    }
}
