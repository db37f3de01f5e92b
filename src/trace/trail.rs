//! Events on their way into the trail of their request: put down as they come, read and redacted only for a dump.

use std::{cell::RefCell, error::Error, fmt};

use tracing::{
    field::{Field as Name, Visit},
    span,
};
use tracing_subscriber::registry::{LookupSpan, Scope};

use crate::{
    capture::{PANICKED, contained, say_within, sources},
    exchange::{Jot, Place},
};

/// Where something is told: by which layer, in which span.
#[derive(PartialEq)]
pub(super) struct Spot {
    pub(super) layer: u64,
    pub(super) span: Option<span::Id>,
}

/// Puts an event down, into memory that is used again. Whatever says something may do so by logging: then that finds no
/// such memory, and takes its own.
#[inline]
pub(super) fn jot<'a, R: for<'b> LookupSpan<'b> + 'a>(
    event: &tracing::Event<'_>,
    place: Place,
    spot: &Spot,
    spans: impl FnOnce() -> Option<Scope<'a, R>>,
    keep: impl FnOnce(&[u8]),
) {
    thread_local!(static SCRATCH: RefCell<Scratch> = const { RefCell::new(Scratch::new()) });
    let _ = SCRATCH.try_with(|scratch| match scratch.try_borrow_mut() {
        Ok(mut scratch) => scratch.jot(event, place, spot, spans, keep),
        Err(_) => jot_elsewhere(event, place, spot, spans, keep),
    });
}

#[cold]
#[inline(never)]
fn jot_elsewhere<'a, R: for<'b> LookupSpan<'b> + 'a>(
    event: &tracing::Event<'_>,
    place: Place,
    spot: &Spot,
    spans: impl FnOnce() -> Option<Scope<'a, R>>,
    keep: impl FnOnce(&[u8]),
) {
    Scratch::new().jot(event, place, spot, spans, keep);
}

/// The last event that was put down.
struct Scratch {
    /// The names of its spans, and what it says.
    bytes: Vec<u8>,
    /// How many bytes the names are. Those of the next one are mostly the same, and finding them is dear: a span has the
    /// same parents as long as it lives, and no other gets its id.
    names: usize,
    spot: Spot,
}

impl Scratch {
    const fn new() -> Self {
        Self { bytes: Vec::new(), names: 0, spot: Spot { layer: 0, span: None } }
    }

    #[inline(always)]
    fn jot<'a, R: for<'b> LookupSpan<'b> + 'a>(
        &mut self,
        event: &tracing::Event<'_>,
        place: Place,
        spot: &Spot,
        spans: impl FnOnce() -> Option<Scope<'a, R>>,
        keep: impl FnOnce(&[u8]),
    ) {
        self.stand(spot, spans);
        keep(self.put_down(event, place.is_log));
    }

    /// Leaves the names of the spans alone.
    #[inline]
    fn stand<'a, R: for<'b> LookupSpan<'b> + 'a>(
        &mut self,
        spot: &Spot,
        spans: impl FnOnce() -> Option<Scope<'a, R>>,
    ) {
        if self.names > 0 && self.spot == *spot {
            self.bytes.truncate(self.names);
            return;
        }
        self.stand_elsewhere(spot, spans());
    }

    fn stand_elsewhere<'a, R: for<'b> LookupSpan<'b> + 'a>(
        &mut self,
        spot: &Spot,
        spans: Option<Scope<'a, R>>,
    ) {
        let mut innermost = None;
        let names = spans.into_iter().flatten().map(|span| {
            innermost.get_or_insert_with(|| span.id());
            span.metadata().name()
        });
        Jot::name_spans(&mut self.bytes, names);
        // One that a filter hides leaves it to others around it, which may be others the next time.
        self.names = if innermost == spot.span { self.bytes.len() } else { 0 };
        self.spot = Spot { layer: spot.layer, span: innermost };
    }

    /// Puts down what an event says.
    #[inline]
    fn put_down(&mut self, event: &tracing::Event<'_>, is_log: bool) -> &[u8] {
        let mut visitor = Visitor { jot: Jot::new(&mut self.bytes), is_log };
        if contained(|| event.record(&mut visitor)).is_none() {
            go_on(event, &mut visitor);
        }
        &self.bytes
    }
}

/// What said the last field panicked: puts down the others. They come in the same order each time.
#[cold]
fn go_on(event: &tracing::Event<'_>, visitor: &mut Visitor<'_>) {
    // As often as something panics: each time there is one more.
    while visitor.jot.begin_again(PANICKED) {
        if contained(|| event.record(visitor)).is_some() {
            return;
        }
    }
}

struct Visitor<'a> {
    jot: Jot<'a>,
    is_log: bool,
}

impl Visitor<'_> {
    #[inline]
    fn say(&mut self, name: &Name, said: fmt::Arguments<'_>) {
        self.jot.said(name.index(), |bytes, room| say_within(bytes, room, said));
    }

    #[cold]
    #[inline(never)]
    fn cut(&mut self, name: &Name, value: &str) {
        self.say(name, format_args!("{value}"));
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
            self.cut(name, value);
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
