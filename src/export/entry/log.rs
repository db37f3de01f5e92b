use super::super::{
    View, json_text,
    line::{Line, key},
};
use crate::exchange::{Event, EventKind, Field, Location, Value};

/// Writes the entry of an event.
pub(crate) fn log(out: &mut Vec<u8>, view: &View, seq: u64, event: &Event) -> usize {
    let mut line = Line::begin(out, view, seq, event.timestamp, event.level, event.kind.entry_type());
    if let Some(id) = event.request_id {
        line.plain(key!("request_id"), id.encode(&mut [0; 36]).as_bytes());
    }
    line.text(key!("message"), event.message.as_str());
    line.text(key!("module"), &event.module);
    if let Some(place) = &event.location {
        line.with(key!("location"), |out| location(out, place));
    }
    if let Some(trace_id) = event.trace_id {
        line.plain(key!("trace_id"), &trace_id.encode());
    }
    line.list(key!("error_chain"), &event.error_chain);
    if let EventKind::Custom(event_type) = &event.kind {
        line.text(key!("event_type"), event_type);
    }
    if !event.fields.is_empty() {
        line.with(key!("fields"), |out| fields(out, &event.fields));
    }
    line.end()
}

/// Writes a place in the source: `"src/orders.rs:42"`.
fn location(out: &mut Vec<u8>, location: &Location) {
    json_text::string(out, &location.file);
    // The number belongs into the string.
    out.pop();
    out.push(b':');
    json_text::number(out, location.line.into());
    out.push(b'"');
}

/// Writes the fields of an event. A name that comes more than once has an array: not every reader takes an object
/// that has a name twice.
fn fields(out: &mut Vec<u8>, fields: &[Field]) {
    let mut before = b'{';
    for (place, field) in fields.iter().enumerate() {
        let has_its_name = |other: &&Field| other.name == field.name;
        if fields.iter().take(place).any(|earlier| has_its_name(&earlier)) {
            continue;
        }
        out.push(before);
        before = b',';
        json_text::string(out, &field.name);
        out.push(b':');
        let mut repeats = fields.iter().skip(place + 1).filter(has_its_name).peekable();
        if repeats.peek().is_none() {
            value(out, &field.value);
            continue;
        }
        out.push(b'[');
        value(out, &field.value);
        for repeat in repeats {
            out.push(b',');
            value(out, &repeat.value);
        }
        out.push(b']');
    }
    out.push(b'}');
}

/// Writes a value.
fn value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Bool(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
        Value::Unsigned(whole) => json_text::number(out, *whole),
        Value::Signed(whole) => {
            if *whole < 0 {
                out.push(b'-');
            }
            json_text::number(out, whole.unsigned_abs());
        }
        Value::Float(number) => json_text::float(out, *number),
        Value::Text(text) => json_text::string(out, text.as_str()),
    }
}
