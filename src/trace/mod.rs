//! The application's own words: tracing events become log entries, and the last ERROR of a request its cause.

mod fields;
mod filter;
mod secrets;
mod spans;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tracing::{Level, Metadata, Subscriber, field::Visit, span};
use tracing_log::NormalizeEvent;
use tracing_subscriber::{EnvFilter, Layer, layer::Context, layer::Filter, registry::LookupSpan};

use self::{
    fields::{Told, of_span},
    filter::Heard,
    secrets::Secrets,
    spans::Origin,
};
use crate::{
    capture::current,
    exchange::{Event, EventKind, Field, Location, Scrub, Timestamp},
    sink::{Fanout, is_delivering},
    tracing_events,
};

/// Hears tracing events and hands them to the sinks as log entries.
pub(crate) struct LogLayer {
    /// Tells its notes in spans from those of other layers of ours.
    id: u64,
    sinks: Arc<Fanout>,
    scrub: Arc<dyn Scrub>,
    listed: Arc<EnvFilter>,
}

impl LogLayer {
    /// The layer with a filter of its own: other layers keep their levels.
    pub(crate) fn filtered<S>(sinks: Arc<Fanout>, scrub: Arc<dyn Scrub>, filter: EnvFilter) -> impl Layer<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (id, listed) = (NEXT.fetch_add(1, Relaxed), Arc::new(filter));
        Self { id, sinks, scrub, listed: Arc::clone(&listed) }.with_filter(Heard(listed))
    }

    fn is_listed<S>(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool
    where
        EnvFilter: Filter<S>,
    {
        // Whatever else was heard is listed: the filter said so.
        *metadata.level() != Level::ERROR || Filter::enabled(&*self.listed, metadata, context)
    }

    /// The exchange that is worked on here; else the one in which the nearest span was made.
    fn origin<S>(&self, event: &tracing::Event<'_>, context: &Context<'_, S>) -> Option<Origin>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        match current().flight() {
            Some(flight) => Some(Origin::of(flight)),
            None => spans::origin(context.event_scope(event), self.id),
        }
    }

    /// The fields of a span, or those that were recorded later, redacted.
    fn of_span(&self, span: &'static Metadata<'static>, record: impl FnOnce(&mut dyn Visit)) -> Vec<Field> {
        of_span(Secrets::among(span, self.id, &*self.scrub), record)
    }

    fn note<S>(&self, id: &span::Id, context: &Context<'_, S>, origin: Option<Origin>, fields: Vec<Field>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if let Some(span) = context.span(id).filter(|_| origin.is_some() || !fields.is_empty()) {
            spans::note(&span, self.id, origin, fields);
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        // `parent: None` says that it belongs to nobody: a worker that serves others too.
        let origin = if attributes.is_root() { None } else { current().flight().map(Origin::of) };
        let fields = self.of_span(attributes.metadata(), |visitor| attributes.record(visitor));
        self.note(id, &context, origin, fields);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.metadata(id) {
            let fields = self.of_span(span, |visitor| values.record(visitor));
            self.note(id, &context, None, fields);
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        // What a sink tells while it is told something would come back to it for ever. Our own warnings do not: they
        // are told once a minute.
        if is_delivering() && !metadata.target().starts_with(env!("CARGO_CRATE_NAME")) {
            return;
        }
        let listed = self.is_listed(metadata, &context);
        let origin = self.origin(event, &context);
        let flight = origin.as_ref().filter(|_| *metadata.level() == Level::ERROR).and_then(Origin::flight);
        if flight.is_none() && !listed {
            return;
        }
        let secrets = Secrets::among(event.metadata(), self.id, &*self.scrub);
        let mut told = Told::of(event, normalized.is_some(), secrets);
        let location = location(event, normalized.as_ref());
        if let Some((flight, cause)) = flight.zip(told.cause(location.as_ref())) {
            flight.logged_error(cause);
        }
        if listed {
            spans::add_fields(&mut told.fields, context.event_scope(event), self.id);
            self.sinks.event(&Arc::new(Event {
                timestamp: Timestamp::now(),
                level: *metadata.level(),
                kind: EventKind::Log,
                request_id: origin.as_ref().map(|origin| origin.request_id),
                trace_id: origin.as_ref().and_then(|origin| origin.trace_id),
                message: told.message,
                module: module(event, normalized.as_ref()),
                location,
                error_chain: told.chain,
                fields: told.fields,
            }));
        }
    }
}

/// Only records of the `log` crate bring texts that do not live for ever.
fn module(event: &tracing::Event<'_>, normalized: Option<&Metadata<'_>>) -> Cow<'static, str> {
    match normalized {
        Some(record) => Cow::Owned(record.target().to_owned()),
        None => Cow::Borrowed(event.metadata().target()),
    }
}

fn location(event: &tracing::Event<'_>, normalized: Option<&Metadata<'_>>) -> Option<Location> {
    let line = |metadata: &Metadata<'_>| metadata.line().unwrap_or(0);
    match normalized {
        Some(record) => Some(Location::new(record.file()?.to_owned(), line(record))),
        None => Some(Location::new(event.metadata().file()?, line(event.metadata()))),
    }
}

/// True for exchanges told as tracing events: they reach the sinks by themselves.
fn is_exchange(metadata: &Metadata<'_>) -> bool {
    metadata.target() == tracing_events::TARGET
}

impl fmt::Debug for LogLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogLayer").field("filter", &self.listed.to_string()).finish_non_exhaustive()
    }
}
