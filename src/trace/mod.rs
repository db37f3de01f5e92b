//! The application's own words: tracing events become log entries, and the last ERROR of a request its cause.

mod fields;
mod filter;
mod listed;
mod probe;
mod secrets;
mod spans;
#[cfg(test)]
mod tests;
mod trail;

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
    listed::Listed,
    secrets::Secrets,
    spans::Origin,
    trail::Spot,
};
use crate::{
    capture::{Flight, Hearing, current},
    exchange::{Event, EventKind, Field, Location, Place, Scrub, Timestamp},
    sink::{Fanout, is_delivering},
    tracing_events,
};

/// Who wants an event: the sinks, a trail; or its exchange, which may fail by it.
#[derive(Clone, Copy)]
struct Wanted {
    listed: bool,
    trailed: bool,
    is_error: bool,
}

/// Hears tracing events and hands them to the sinks as log entries.
pub(crate) struct LogLayer {
    /// Tells its notes in spans from those of other layers of ours.
    id: u64,
    sinks: Arc<Fanout>,
    scrub: Arc<dyn Scrub>,
    listed: Arc<EnvFilter>,
    hearing: Arc<Hearing>,
}

impl LogLayer {
    /// The layer with a filter of its own: other layers keep their levels.
    pub(crate) fn filtered<S>(
        sinks: Arc<Fanout>,
        scrub: Arc<dyn Scrub>,
        filter: EnvFilter,
        hearing: Arc<Hearing>,
    ) -> impl Layer<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let (id, listed) = (NEXT.fetch_add(1, Relaxed), Arc::new(filter));
        hearing.has_layer(probe::reach);
        let heard = Heard::new(Arc::clone(&listed), Arc::clone(&hearing));
        Self { id, sinks, scrub, listed, hearing }.with_filter(heard)
    }

    /// `record`: what the event is that the `log` crate made.
    fn is_listed<S>(
        &self,
        place: &'static Metadata<'static>,
        record: Option<&Metadata<'_>>,
        context: &Context<'_, S>,
    ) -> bool
    where
        EnvFilter: Filter<S>,
    {
        let ask = |metadata: &Metadata<'_>| Filter::enabled(&*self.listed, metadata, context);
        let Some(record) = record else {
            let always = || Filter::<S>::callsite_enabled(&*self.listed, place).into();
            return match Listed::of(place, self.id, always) {
                Listed::Always => true,
                Listed::Never => false,
                Listed::Sometimes => ask(place),
            };
        };
        ask(record)
    }

    /// The exchange in which the nearest span was made.
    fn origin<S>(&self, event: &tracing::Event<'_>, context: &Context<'_, S>) -> Option<Origin>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        spans::origin(context.event_scope(event), self.id)
    }

    /// `normalized`: what the event is that the `log` crate made.
    #[inline(always)]
    fn on_told<S>(
        &self,
        event: &tracing::Event<'_>,
        normalized: Option<&Metadata<'_>>,
        context: &Context<'_, S>,
    ) where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let metadata = normalized.unwrap_or_else(|| event.metadata());
        // What a sink tells while it is told something would come back to it for ever. Our own warnings do not: they
        // are told once a minute.
        let is_delivering = is_delivering();
        if is_delivering && !metadata.target().starts_with(env!("CARGO_CRATE_NAME")) {
            return;
        }
        let wanted = Wanted {
            listed: self.is_listed(event.metadata(), normalized, context),
            trailed: self.hearing.takes(metadata) && !is_delivering,
            is_error: *metadata.level() == Level::ERROR,
        };
        if wanted.listed || wanted.is_error {
            self.hear(event, normalized, wanted, context);
        } else if wanted.trailed {
            // What a service pays that does not fail.
            let place = Place { metadata: event.metadata(), is_log: normalized.is_some() };
            match current().into_flight() {
                Some(flight) => self.jot(&flight, event, place, context),
                None if present(event, context).is_none() => {}
                None => self.jot_by_span(event, place, context),
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn on_record_of_log<S>(&self, event: &tracing::Event<'_>, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let normalized = event.normalized_metadata();
        self.on_told(event, normalized.as_ref(), context);
    }

    /// Puts it down in the trail of its exchange.
    #[inline]
    fn jot<S>(&self, flight: &Flight, event: &tracing::Event<'_>, place: Place, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let spot = Spot { layer: self.id, span: present(event, context) };
        trail::jot(
            event,
            place,
            &spot,
            || context.event_scope(event),
            |told| flight.told(self.id, place, told),
        );
    }

    /// What is in no exchange may be in a span that was made in one.
    #[cold]
    fn jot_by_span<S>(&self, event: &tracing::Event<'_>, place: Place, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if let Some(flight) = self.origin(event, context).and_then(|origin| origin.flight()) {
            self.jot(&flight, event, place, context);
        }
    }

    /// Hands on what is listed, and to its exchange what that may fail by.
    #[inline(never)]
    fn hear<S>(
        &self,
        event: &tracing::Event<'_>,
        normalized: Option<&Metadata<'_>>,
        wanted: Wanted,
        context: &Context<'_, S>,
    ) where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let Wanted { listed, trailed, is_error } = wanted;
        let place = Place { metadata: event.metadata(), is_log: normalized.is_some() };
        // The exchange that is worked on here; else the one in which the nearest span was made.
        let here = current().into_flight();
        let origin = match &here {
            Some(flight) if listed => Some(Origin::of(flight)),
            Some(_) => None,
            None => self.origin(event, context),
        };
        let flight = here.or_else(|| origin.as_ref()?.flight());
        if let Some(flight) = flight.as_ref().filter(|_| trailed) {
            self.jot(flight, event, place, context);
        }
        let failing = flight.as_ref().filter(|_| is_error);
        if failing.is_none() && !listed {
            return;
        }
        let secrets = Secrets::among(place.metadata, self.id, &*self.scrub);
        let told = Told::of(event, place.is_log, secrets);
        let location = location(event, normalized);
        if let Some((flight, cause)) = failing.zip(told.cause(location.as_ref())) {
            flight.logged_error(cause);
        }
        if listed {
            self.tell(event, module(event, normalized), location, told, origin.as_ref(), context);
        }
    }

    /// Hands on what is listed.
    fn tell<S>(
        &self,
        event: &tracing::Event<'_>,
        module: Cow<'static, str>,
        location: Option<Location>,
        mut told: Told,
        origin: Option<&Origin>,
        context: &Context<'_, S>,
    ) where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        spans::add_fields(&mut told.fields, context.event_scope(event), self.id);
        self.sinks.event(&Arc::new(Event {
            timestamp: Timestamp::now(),
            level: *event.metadata().level(),
            kind: EventKind::Log,
            request_id: origin.map(|origin| origin.request_id),
            trace_id: origin.and_then(|origin| origin.trace_id),
            after_response: origin.is_some_and(Origin::is_over),
            message: told.message,
            module,
            location,
            error_chain: told.chain,
            fields: told.fields,
            stream: None,
        }));
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
        // One that is heard for the trail alone has no part in entries.
        let span = attributes.metadata();
        let fields = if *span.level() <= Level::INFO || self.is_listed(span, None, &context) {
            self.of_span(span, |visitor| attributes.record(visitor))
        } else {
            Vec::new()
        };
        self.note(id, &context, origin, fields);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        let span = context.metadata(id);
        if let Some(span) =
            span.filter(|span| *span.level() <= Level::INFO || self.is_listed(span, None, &context))
        {
            let fields = self.of_span(span, |visitor| values.record(visitor));
            self.note(id, &context, None, fields);
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        // All records of the `log` crate have this target; asking whether it is one costs more.
        if event.metadata().target() == "log" {
            return self.on_record_of_log(event, &context);
        }
        self.on_told(event, None, &context);
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        probe::is_open(metadata)
    }
}

/// The span an event is in: the one it names, else the one that is entered.
#[inline]
fn present<S: Subscriber>(event: &tracing::Event<'_>, context: &Context<'_, S>) -> Option<span::Id> {
    if event.is_contextual() { context.current_span().id().cloned() } else { event.parent().cloned() }
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
