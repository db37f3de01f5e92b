//! What led there: the trail, one event on a line.

use super::{escaped, fenced};
use crate::exchange::{Trail, TrailEvent, Value, millis_of};

/// The last bytes of the trail that are shown: they are nearest to the failure.
const MOST: usize = 12 * 1024;
/// Bytes shown of one event.
const LONGEST: usize = 512;

pub(super) fn events(trail: &Trail) -> String {
    let lines: Vec<_> = trail.events().iter().map(line).collect();
    let mut room = MOST;
    let shown = lines.iter().rev().take_while(|line| match room.checked_sub(line.len() + 1) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    });
    let left_out = lines.len() - shown.count();
    let mut text = String::from("### What led there\n\n");
    if let Some(lines) = lines.get(left_out..).filter(|lines| !lines.is_empty()) {
        text.push_str(&fenced("text", &lines.join("\n"), 2 * MOST));
    }
    let mut note = |count: u64, what: &str| {
        if count > 0 {
            text.push_str(&format!("{count} earlier events {what}.\n\n"));
        }
    };
    note(left_out as u64, "are in the dump");
    note(trail.dropped(), "were not kept");
    if let Some(level) = trail.limit() {
        text.push_str(&format!("A filter held back events more verbose than {level}.\n\n"));
    }
    text
}

/// `   1.900 ms INFO  shop::stock: asking the stock service item="café" attempt=3 (place_order:reserve, src/stock.rs:34)`
fn line(event: &TrailEvent) -> String {
    let event_type = event.event_type.as_deref().unwrap_or_default();
    let between = if event.target.is_empty() || event_type.is_empty() { "" } else { " " };
    let who = format!("{}{between}{event_type}", event.target);
    let mut line = format!("{:>9.3} ms {:5} {who}:", millis_of(event.at), event.level);
    if !event.message.is_empty() {
        line.push_str(&format!(" {}", event.message));
    }
    for field in &event.fields {
        line.push_str(&format!(" {}={}", field.name, value(&field.value)));
    }
    let mut places: Vec<String> = Vec::new();
    if !event.spans.is_empty() {
        places.push(event.spans.join(":"));
    }
    places.extend(event.location.as_ref().map(ToString::to_string));
    if !places.is_empty() {
        line.push_str(&format!(" ({})", places.join(", ")));
    }
    let line = escaped(&line);
    match line.floor_char_boundary(LONGEST) {
        end if end < line.len() => format!("{}…", line.get(..end).unwrap_or_default()),
        _ => line,
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Unsigned(value) => value.to_string(),
        Value::Signed(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) => format!("\"{text}\""),
        Value::List(_) | Value::Object(_) => serde_json::to_string(value).unwrap_or_default(),
    }
}
