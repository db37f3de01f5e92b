use std::{error::Error, fmt};

use tracing::field::{Field as Name, Visit};

use crate::{
    capture::bounded,
    exchange::{Field, Redacted, Scrub, Value},
};

/// Fields taken from one event.
const LIMIT: usize = 64;

/// What an event says: its message and its fields, redacted.
pub(super) struct Told {
    pub(super) message: Redacted,
    pub(super) fields: Vec<Field>,
}

impl Told {
    pub(super) fn of(event: &tracing::Event<'_>, scrub: &dyn Scrub) -> Self {
        let mut visitor = Visitor { told: Self { message: Redacted::default(), fields: Vec::new() }, scrub };
        event.record(&mut visitor);
        visitor.told
    }
}

struct Visitor<'a> {
    told: Told,
    scrub: &'a dyn Scrub,
}

impl Visitor<'_> {
    fn text(&mut self, name: &Name, text: &str) {
        match name.name() {
            "message" => self.told.message = self.scrub.text(text),
            name => self.field(name, Value::Text(self.scrub.field(name, text))),
        }
    }

    fn plain(&mut self, name: &Name, value: Value, text: impl fmt::Display) {
        // A number under a secret name is a secret too.
        match self.scrub.field(name.name(), &text.to_string()) {
            shown if shown == text.to_string().as_str() => self.field(name.name(), value),
            redacted => self.field(name.name(), Value::Text(redacted)),
        }
    }

    fn field(&mut self, name: &'static str, value: Value) {
        // `log` records arrive with their origin as fields, which stands elsewhere.
        if self.told.fields.len() < LIMIT && !name.starts_with("log.") {
            self.told.fields.push(Field { name: name.into(), value });
        }
    }
}

impl Visit for Visitor<'_> {
    fn record_debug(&mut self, name: &Name, value: &dyn fmt::Debug) {
        self.text(name, &bounded(&format_args!("{value:?}")));
    }

    fn record_str(&mut self, name: &Name, value: &str) {
        self.text(name, &bounded(value));
    }

    fn record_error(&mut self, name: &Name, value: &(dyn Error + 'static)) {
        let chain = std::iter::successors(Some(value), |error| (*error).source()).take(16);
        let text = chain.map(bounded).collect::<Vec<_>>().join(": ");
        self.text(name, &text);
    }

    fn record_bool(&mut self, name: &Name, value: bool) {
        self.field(name.name(), Value::Bool(value));
    }

    fn record_u64(&mut self, name: &Name, value: u64) {
        self.plain(name, Value::Unsigned(value), value);
    }

    fn record_i64(&mut self, name: &Name, value: i64) {
        let number = u64::try_from(value).map_or(Value::Signed(value), Value::Unsigned);
        self.plain(name, number, value);
    }

    fn record_f64(&mut self, name: &Name, value: f64) {
        self.plain(name, Value::Float(value), value);
    }
}
