//! What is told of a value of the user's: redacted, bounded, never a panic of theirs.

use serde::Serialize;

use super::{
    super::report::TEXT_LIMIT,
    probe::{Head, Plain, look},
};
use crate::exchange::{BodyText, Media, RawBody, Redacted, Scrub, Value};

/// What is told of a value of this name; none where it is nothing.
pub(super) fn told<V: Serialize + ?Sized>(name: &str, value: &V, scrub: &dyn Scrub) -> Option<Value> {
    told_within(TEXT_LIMIT, name, value, scrub)
}

/// The same where there is room for so many bytes of text, or of JSON.
pub(super) fn told_within<V: Serialize + ?Sized>(
    limit: usize,
    name: &str,
    value: &V,
    scrub: &dyn Scrub,
) -> Option<Value> {
    Some(match show(limit, name, value, scrub)? {
        Shown::Value(value) => value,
        Shown::Text(text) => Value::Text(text),
        Shown::Json(json) => read(&json),
    })
}

/// Its first so many characters; as text, and with `true`, where that is not all.
pub(super) fn head<V: Serialize + ?Sized>(
    name: &str,
    value: &V,
    characters: usize,
    scrub: &dyn Scrub,
) -> Option<(Value, bool)> {
    let (text, whole): (Redacted, fn(Redacted) -> Value) = match show(TEXT_LIMIT, name, value, scrub)? {
        Shown::Value(value) => return Some((value, false)),
        Shown::Text(text) => (text, Value::Text),
        Shown::Json(json) => (json, |json| read(&json)),
    };
    let end = text.as_str().char_indices().nth(characters).map(|(end, _)| end);
    Some(match end {
        None => (whole(text), false),
        Some(end) => (Value::Text(text.cut(end)), true),
    })
}

enum Shown {
    Value(Value),
    Text(Redacted),
    /// Whole and valid.
    Json(Redacted),
}

fn show<V: Serialize + ?Sized>(limit: usize, name: &str, value: &V, scrub: &dyn Scrub) -> Option<Shown> {
    let plain = look(value, limit);
    let is_secret = !matches!(plain, Plain::Nothing | Plain::Bool(_)) && scrub.is_secret(name);
    if is_secret {
        return Some(Shown::Text(Redacted::literal("[REDACTED]")));
    }
    Some(match plain {
        Plain::Nothing => return None,
        Plain::Bool(truth) => Shown::Value(Value::Bool(truth)),
        Plain::Number(number) => Shown::Value(scrub.number(&number).map_or(number, Value::Text)),
        Plain::Text(text) => Shown::Text(shown(&text, limit, scrub)),
        Plain::Json(head) => json(&head, scrub),
        Plain::TooDeep => Shown::Text(Redacted::literal("[more than 128 deep]")),
        Plain::Panicked => Shown::Text(Redacted::literal("[saying this panicked]")),
        Plain::Refused => Shown::Text(Redacted::literal("[this cannot be written]")),
    })
}

fn shown(text: &str, limit: usize, scrub: &dyn Scrub) -> Redacted {
    // With its mark, what was cut is longer than what fits.
    if text.len() <= limit { scrub.text(text) } else { scrub.head(text) }
}

fn json(head: &Head, scrub: &dyn Scrub) -> Shown {
    let Some(bytes) = head.whole() else { return Shown::Text(scrub.head(&head.marked())) };
    // What stands in place of secrets may be longer than they are.
    let limit = bytes.len().saturating_mul(8);
    let bytes = bytes.into();
    let body = RawBody { media: Media::Json, content_type: b"application/json", bytes, whole: true, limit };
    match BodyText::from(scrub.body(&body)) {
        BodyText::Json(json) => Shown::Json(json),
        BodyText::Text { text, .. } => Shown::Text(text),
        BodyText::Binary | BodyText::NotKept => Shown::Text(Redacted::default()),
    }
}

/// JSON as a value.
fn read(json: &Redacted) -> Value {
    serde_json::from_str(json.as_str()).unwrap_or_else(|_| Value::Text(json.clone()))
}
