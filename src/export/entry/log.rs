use super::{
    super::{
        Sheet, View, json_text,
        line::{Line, key, separated},
    },
    Draft, streamed,
};
use crate::exchange::{Event, EventKind, Field, Location, Value};

/// Writes the entry of an event.
pub(crate) fn log(out: &mut Sheet<'_>, view: &View, event: &Event) -> Draft {
    let (mut line, draft) = Line::begin(out, view, event.timestamp, event.level, event.kind.entry_type());
    if let Some(id) = event.request_id {
        line.plain(key!("request_id"), id.encode(&mut [0; 36]).as_bytes());
    }
    line.with(key!("message"), |out| json_text::string(out, event.message.as_str()));
    // Who tells of something in words of its own need not say who it is.
    if event.kind == EventKind::Log || !event.module.is_empty() {
        line.with(key!("module"), |out| json_text::string(out, &event.module));
    }
    if let Some(place) = &event.location {
        line.with(key!("location"), |out| location(out, place));
    }
    if let Some(trace_id) = event.trace_id {
        line.plain(key!("trace_id"), &trace_id.encode());
    }
    line.mark(key!("after_response"), event.after_response);
    line.list(key!("error_chain"), &event.error_chain);
    if let EventKind::Custom(event_type) = &event.kind {
        line.text(key!("event_type"), event_type);
    }
    if !event.fields.is_empty() {
        line.with(key!("fields"), |out| fields(out, &event.fields));
    }
    if let Some(event) = &event.stream {
        line.with(key!("stream"), |out| streamed::event(out, event));
    }
    line.end(out);
    draft
}

/// Writes a place in the source: `"src/orders.rs:42"`.
fn location(out: &mut Sheet<'_>, location: &Location) {
    out.push(b'"');
    json_text::contents(out, &location.file);
    out.push(b':');
    json_text::number(out, location.line.into());
    out.push(b'"');
}

/// Writes the fields of an event. A name that comes more than once has an array: not every reader takes an object
/// that has a name twice.
pub(crate) fn fields(out: &mut Sheet<'_>, fields: &[Field]) {
    if fields.is_empty() {
        return out.extend_from_slice(b"{}");
    }
    let repeats = |(place, field): (usize, &Field)| is_among(fields.get(place + 1..), field);
    let is_usual = !fields.iter().enumerate().any(repeats);
    let mut before = b'{';
    for (place, field) in fields.iter().enumerate() {
        if !is_usual && is_among(fields.get(..place), field) {
            continue;
        }
        out.push(before);
        before = b',';
        json_text::string(out, &field.name);
        out.push(b':');
        if is_usual || !is_among(fields.get(place + 1..), field) {
            value(out, &field.value);
            continue;
        }
        let same: Vec<_> = fields.iter().filter(|other| other.name == field.name).collect();
        separated(out, b'[', b']', &same, |out, field| value(out, &field.value));
    }
    out.push(b'}');
}

fn is_among(fields: Option<&[Field]>, field: &Field) -> bool {
    fields.is_some_and(|fields| fields.iter().any(|other| other.name == field.name))
}

/// Writes a value.
fn value(out: &mut Sheet<'_>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(truth) => out.extend_from_slice(if *truth { b"true" } else { b"false" }),
        Value::Unsigned(whole) => json_text::number(out, *whole),
        Value::Signed(whole) => {
            if *whole < 0 {
                out.push(b'-');
            }
            json_text::number(out, whole.unsigned_abs());
        }
        Value::Float(number) => json_text::float(out, *number),
        Value::Text(shown) => json_text::string(out, shown.as_str()),
        Value::List(values) => separated(out, b'[', b']', values, self::value),
        Value::Object(members) => fields(out, members),
    }
}
