//! What entries tell of streams: of a whole one, of one event of it, and of the language model that wrote it.

use std::time::Duration;

use super::super::{
    Sheet, json_text,
    line::{Key, key, separated},
};
use crate::exchange::{BodyText, EndedBy, LlmUsage, Redacted, StreamStats, StreamedEvent};

/// Writes how a response was streamed.
pub(crate) fn stats(out: &mut Sheet<'_>, stats: &StreamStats) {
    let mut object = Object::begin(out);
    object.number(key!("events"), Some(stats.events));
    object.number(key!("bytes"), Some(stats.bytes));
    object.millis(key!("first_byte_ms"), stats.first_byte);
    object.millis(key!("first_event_ms"), stats.first_event);
    object.millis(key!("largest_gap_ms"), stats.largest_gap);
    object.millis(key!("duration_ms"), Some(stats.duration));
    object.text(key!("ended_by"), Some(ended_by(stats.ended_by)));
    object.mark(key!("cut"), stats.cut);
    object.number(key!("unlogged"), (stats.unlogged > 0).then_some(stats.unlogged));
    object.end();
}

/// Writes what a language model used.
pub(crate) fn usage(out: &mut Sheet<'_>, usage: &LlmUsage) {
    let mut object = Object::begin(out);
    object.text(key!("provider"), Some(&usage.provider));
    object.text(key!("operation"), Some(&usage.operation));
    object.text(key!("request_model"), usage.request_model.as_ref().map(AsRef::as_ref));
    object.text(key!("model"), usage.model.as_ref().map(AsRef::as_ref));
    object.number(key!("input_tokens"), usage.input_tokens);
    object.number(key!("output_tokens"), usage.output_tokens);
    object.number(key!("cached_tokens"), usage.cached_tokens);
    object.number(key!("cache_write_tokens"), usage.cache_write_tokens);
    object.number(key!("reasoning_tokens"), usage.reasoning_tokens);
    object.list(key!("finish_reasons"), &usage.finish_reasons);
    object.millis(key!("time_to_first_token_ms"), usage.time_to_first_token);
    object.float(key!("tokens_per_second"), usage.tokens_per_second);
    object.end();
}

/// Writes one event.
pub(super) fn event(out: &mut Sheet<'_>, event: &StreamedEvent) {
    let mut object = Object::begin(out);
    object.number(key!("number"), Some(event.number));
    object.text(key!("event"), event.name.as_ref().map(AsRef::as_ref));
    object.number(key!("bytes"), Some(event.data.total_bytes()));
    match event.data.whole() {
        BodyText::Json(json) => object.json(key!("data"), json.as_str()),
        BodyText::Text { text, truncated } => {
            object.text(key!("data_text"), Some(text.as_str()));
            object.mark(key!("data_truncated"), *truncated || event.data.is_truncated());
        }
        BodyText::Binary | BodyText::NotKept => {}
    }
    object.end();
}

fn ended_by(who: EndedBy) -> &'static str {
    match who {
        EndedBy::Server => "server",
        EndedBy::Client => "client",
        EndedBy::Error => "error",
    }
}

/// An object in an entry; what is not known is left out.
struct Object<'a, 'b> {
    out: &'a mut Sheet<'b>,
    begins: bool,
}

impl<'a, 'b> Object<'a, 'b> {
    fn begin(out: &'a mut Sheet<'b>) -> Self {
        out.push(b'{');
        Self { out, begins: true }
    }

    fn end(self) {
        self.out.push(b'}');
    }

    fn put(&mut self, key: Key) {
        let begins = std::mem::take(&mut self.begins);
        let key = if begins { key.bare.trim_start_matches(',') } else { key.bare };
        self.out.extend_from_slice(key.as_bytes());
    }

    fn text(&mut self, key: Key, text: Option<&str>) {
        if let Some(text) = text {
            self.put(key);
            json_text::string(self.out, text);
        }
    }

    fn json(&mut self, key: Key, json: &str) {
        self.put(key);
        json_text::json(self.out, json);
    }

    fn number(&mut self, key: Key, number: Option<u64>) {
        if let Some(number) = number {
            self.put(key);
            json_text::number(self.out, number);
        }
    }

    fn float(&mut self, key: Key, number: Option<f64>) {
        if let Some(number) = number {
            self.put(key);
            json_text::float(self.out, number);
        }
    }

    fn millis(&mut self, key: Key, duration: Option<Duration>) {
        if let Some(duration) = duration {
            self.put(key);
            json_text::millis(self.out, duration);
        }
    }

    fn mark(&mut self, key: Key, holds: bool) {
        if holds {
            self.put(key);
            self.out.extend_from_slice(b"true");
        }
    }

    fn list(&mut self, key: Key, texts: &[Redacted]) {
        if !texts.is_empty() {
            self.put(key);
            separated(self.out, b'[', b']', texts, |out, text| json_text::string(out, text.as_str()));
        }
    }
}
