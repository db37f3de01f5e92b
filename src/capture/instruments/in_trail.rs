//! What a handler tells, as it stands in the trail of its exchange.

use super::recipient::Told;
use crate::exchange::{EventKind, Field, Location, Redacted, TrailEvent, Value};

/// Bytes of one event, as of what is told through tracing.
const MOST_BYTES: usize = 8 * 1024;

/// The event for the trail, as much of it as there is room for. When it was told, is noted there.
pub(super) fn in_trail(told: &Told) -> TrailEvent {
    let event_type = match &told.kind {
        EventKind::Custom(event_type) => event_type.clone(),
        kind => kind.entry_type().into(),
    };
    let message = head(&told.message, MOST_BYTES + MARK);
    let mut room = MOST_BYTES.saturating_sub(message.as_str().len());
    let mut fields: Vec<Field> = Vec::new();
    let mut dropped = 0;
    let chain = (!told.error_chain.is_empty()).then(|| Field {
        name: "error_chain".into(),
        value: Value::List(told.error_chain.iter().cloned().map(Value::Text).collect()),
    });
    for field in told.fields.iter().chain(&chain) {
        let Some(value) = within(room, field) else {
            dropped += 1;
            continue;
        };
        let field = Field { name: field.name.clone(), value };
        room = room.saturating_sub(length(&field));
        // Written as an object, where each name stands once.
        match fields.iter_mut().find(|known| known.name == field.name) {
            Some(known) => *known = field,
            None => fields.push(field),
        }
    }
    if dropped > 0 {
        let name = "fields_dropped";
        let before = fields.iter().position(|field| field.name == name).map(|at| fields.remove(at).value);
        let before = if let Some(Value::Unsigned(before)) = before { before } else { 0 };
        fields.push(Field { name: name.into(), value: Value::Unsigned(before + dropped) });
    }
    TrailEvent {
        at: std::time::Duration::ZERO,
        level: told.level,
        target: told.module.clone(),
        event_type: Some(event_type),
        message,
        location: Some(Location::new(told.location.file(), told.location.line())),
        spans: Vec::new(),
        fields,
    }
}

/// The value of a field in so much room; of a text its head. None where there is no room for it.
fn within(room: usize, field: &Field) -> Option<Value> {
    match &field.value {
        value if length(field) <= room => Some(value.clone()),
        Value::Text(text) => {
            let room = room.checked_sub(field.name.len()).filter(|room| *room > MARK)?;
            Some(Value::Text(head(text, room)))
        }
        _ => None,
    }
}

/// Bytes of a field, about: a text's own, else those of the JSON.
fn length(field: &Field) -> usize {
    let value = match &field.value {
        Value::Text(text) => text.as_str().len(),
        value => serde_json::to_string(value).map_or(usize::MAX, |json| json.len()),
    };
    field.name.len().saturating_add(value)
}

/// Room for the mark of a length.
const MARK: usize = 32;

/// At most so many bytes of a text, with the mark of its length behind it where that is not all.
fn head(text: &Redacted, room: usize) -> Redacted {
    let length = text.as_str().len();
    if length <= room {
        return text.clone();
    }
    let whole = told_length(text.as_str()).unwrap_or(length);
    Redacted::joined([&text.cut(room.saturating_sub(MARK)), &Redacted::of_length(whole)], "")
}

/// How long a text was that was cut before, as the mark at its end says.
fn told_length(text: &str) -> Option<usize> {
    let (_, mark) = text.rsplit_once("…[")?;
    mark.strip_suffix(" bytes]")?.parse().ok()
}
