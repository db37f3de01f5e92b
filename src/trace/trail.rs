//! Events on their way into the trail of their request: put down as they come, read and redacted only for a dump.

use std::{cell::Cell, error::Error, fmt};

use tracing::field::{Field as Name, Visit};
use tracing_subscriber::registry::{LookupSpan, Scope};

use crate::{
    capture::{say_within, sources},
    exchange::{Jot, Place},
};

/// Puts an event down, into memory that is used again. Whatever says something may do so by logging: then that finds no
/// such memory, and takes its own.
pub(super) fn jot<R: for<'a> LookupSpan<'a>>(
    event: &tracing::Event<'_>,
    place: Place,
    spans: Option<Scope<'_, R>>,
    keep: impl FnOnce(&[u8]),
) {
    thread_local!(static BYTES: Cell<Vec<u8>> = const { Cell::new(Vec::new()) });
    let mut bytes = BYTES.try_with(Cell::take).unwrap_or_default();
    let spans = spans.map(|spans| spans.map(|span| span.metadata().name()));
    let mut visitor = Visitor { jot: Jot::new(&mut bytes, spans), is_log: place.is_log };
    event.record(&mut visitor);
    keep(visitor.jot.bytes());
    let _ = BYTES.try_with(|memory| memory.set(bytes));
}

struct Visitor<'a> {
    jot: Jot<'a>,
    is_log: bool,
}

impl Visitor<'_> {
    fn say(&mut self, name: &Name, said: fmt::Arguments<'_>) {
        self.jot.said(name.index(), |bytes, room| say_within(bytes, room, said));
    }
}

impl Visit for Visitor<'_> {
    fn record_debug(&mut self, name: &Name, value: &dyn fmt::Debug) {
        self.say(name, format_args!("{value:?}"));
    }

    fn record_str(&mut self, name: &Name, value: &str) {
        // Nobody knows the module of a record better than its target does.
        if self.is_log && name.name() == "log.module_path" {
            return;
        }
        if !self.jot.text(name.index(), value) {
            self.say(name, format_args!("{value}"));
        }
    }

    fn record_error(&mut self, name: &Name, value: &(dyn Error + 'static)) {
        self.say(name, format_args!("{}", Chain(value)));
    }

    fn record_bool(&mut self, name: &Name, value: bool) {
        self.jot.bool(name.index(), value);
    }

    fn record_u64(&mut self, name: &Name, value: u64) {
        self.jot.unsigned(name.index(), value);
    }

    fn record_i64(&mut self, name: &Name, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.jot.unsigned(name.index(), value),
            Err(_) => self.jot.signed(name.index(), value),
        }
    }

    fn record_f64(&mut self, name: &Name, value: f64) {
        self.jot.float(name.index(), value);
    }
}

/// An error with its sources behind it.
struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        sources(self.0).try_for_each(|source| write!(f, ": {source}"))
    }
}
