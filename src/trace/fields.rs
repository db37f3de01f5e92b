use std::{cell::Cell, error::Error, fmt};

use tracing::field::{Field as Name, Visit};

use super::secrets::Secrets;
use crate::{
    capture::{head, say, sources},
    exchange::{ErrorReport, Field, Location, Redacted, Value},
};

/// Fields taken from one event or span, and causes from one event.
const LIMIT: usize = 64;

/// What an event says, redacted.
pub(super) struct Told {
    pub(super) message: Redacted,
    pub(super) fields: Vec<Field>,
    /// The sources of the errors among the fields.
    pub(super) chain: Vec<Redacted>,
    /// What the first of these errors says itself.
    error: Option<Redacted>,
}

impl Told {
    /// `is_log`: the event is a record of the `log` crate, which has its origin as fields.
    pub(super) fn of(event: &tracing::Event<'_>, is_log: bool, secrets: Secrets<'_>) -> Self {
        let mut visitor = Visitor::new(if is_log { Of::LogRecord } else { Of::Event }, secrets);
        event.record(&mut visitor);
        visitor.told
    }

    /// Why a request fails, if this is the reason: what is said, else what its first field says, and the errors among the
    /// fields.
    pub(super) fn cause(&self, location: Option<&Location>) -> Option<ErrorReport> {
        let message = self.said()?.clone();
        let error = self.error.iter().filter(|error| **error != message);
        let chain = error.chain(&self.chain).cloned().collect();
        Some(ErrorReport {
            message,
            location: location.map(ToString::to_string),
            chain,
            ..ErrorReport::default()
        })
    }

    fn said_under(&self, name: &str) -> Option<Redacted> {
        match self.fields.last() {
            Some(Field { name: last, value: Value::Text(text) }) if last == name => Some(text.clone()),
            _ => None,
        }
    }

    fn said(&self) -> Option<&Redacted> {
        let said = self.fields.iter().filter_map(|field| match &field.value {
            Value::Text(text) => Some(text),
            _ => None,
        });
        std::iter::once(&self.message).chain(said).find(|text| !text.is_empty())
    }
}

/// The fields of a span, redacted. `record` shows them to a visitor.
pub(super) fn of_span(secrets: Secrets<'_>, record: impl FnOnce(&mut dyn Visit)) -> Vec<Field> {
    let mut visitor = Visitor::new(Of::Span, secrets);
    record(&mut visitor);
    visitor.told.fields
}

/// Puts a field into a list in which each name stands once.
pub(super) fn put(fields: &mut Vec<Field>, field: Field) {
    if let Some(known) = fields.iter_mut().find(|known| known.name == field.name) {
        *known = field;
    } else if fields.len() < LIMIT {
        fields.push(field);
    }
}

#[derive(PartialEq)]
enum Of {
    Event,
    LogRecord,
    Span,
}

struct Visitor<'a> {
    told: Told,
    of: Of,
    secrets: Secrets<'a>,
}

impl<'a> Visitor<'a> {
    fn new(of: Of, secrets: Secrets<'a>) -> Self {
        let told = Told { message: Redacted::default(), fields: Vec::new(), chain: Vec::new(), error: None };
        Self { told, of, secrets }
    }

    fn text(&mut self, name: &Name, text: &str) {
        if self.of != Of::Span && name.name() == "message" {
            self.told.message = self.secrets.message(text);
        } else if self.takes(name) {
            self.push(name, Value::Text(self.secrets.text(name, text)));
        }
    }

    fn number(&mut self, name: &Name, number: Value) {
        if self.takes(name) {
            self.push(name, self.secrets.number(name, number));
        }
    }

    fn takes(&self, name: &Name) -> bool {
        // A record of the `log` crate tells where it comes from in fields, which stands elsewhere.
        self.told.fields.len() < LIMIT && !(self.of == Of::LogRecord && name.name().starts_with("log."))
    }

    fn push(&mut self, name: &Name, value: Value) {
        let fields = &mut self.told.fields;
        if fields.capacity() == 0 {
            fields.reserve_exact(self.secrets.most().min(LIMIT));
        }
        fields.push(Field { name: name.name().into(), value });
    }
}

impl Visit for Visitor<'_> {
    fn record_debug(&mut self, name: &Name, value: &dyn fmt::Debug) {
        written(format_args!("{value:?}"), |text| self.text(name, text));
    }

    fn record_str(&mut self, name: &Name, value: &str) {
        self.text(name, &head(value));
    }

    fn record_error(&mut self, name: &Name, value: &(dyn Error + 'static)) {
        written(format_args!("{value}"), |text| self.text(name, text));
        if self.of == Of::Event {
            self.told.error = self.told.error.take().or_else(|| self.told.said_under(name.name()));
            let room = LIMIT.saturating_sub(self.told.chain.len());
            for source in sources(value).take(room) {
                let cause = written(format_args!("{source}"), |text| self.secrets.text(name, text));
                self.told.chain.push(cause);
            }
        }
    }

    fn record_bool(&mut self, name: &Name, value: bool) {
        if self.takes(name) {
            self.push(name, Value::Bool(value));
        }
    }

    fn record_u64(&mut self, name: &Name, value: u64) {
        self.number(name, Value::Unsigned(value));
    }

    fn record_i64(&mut self, name: &Name, value: i64) {
        self.number(name, u64::try_from(value).map_or(Value::Signed(value), Value::Unsigned));
    }

    fn record_f64(&mut self, name: &Name, value: f64) {
        self.number(name, Value::Float(value));
    }
}

/// Reads what something says of itself, written into memory that is used again. Whatever says something may do so by
/// logging: then that finds no such memory, and takes its own.
fn written<T>(said: fmt::Arguments<'_>, read: impl FnOnce(&str) -> T) -> T {
    thread_local!(static TEXT: Cell<String> = const { Cell::new(String::new()) });
    let mut text = TEXT.try_with(Cell::take).unwrap_or_default();
    say(&mut text, said);
    let read = read(&text);
    let _ = TEXT.try_with(|memory| memory.set(text));
    read
}
