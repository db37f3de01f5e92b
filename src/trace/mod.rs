//! The application's own words: tracing events become log entries, and the last ERROR of a request its cause.

mod fields;
mod filter;

use std::{borrow::Cow, fmt, sync::Arc};

use tracing::{Level, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::{EnvFilter, Layer, layer::Context, layer::Filter, registry::LookupSpan};

use self::{fields::Told, filter::Heard};
use crate::{
    capture::{Flight, current},
    exchange::{Event, EventKind, Location, Scrub, Timestamp},
    sink::{Fanout, is_delivering},
    tracing_events,
};

/// Hears tracing events and hands them to the sinks as log entries.
pub(crate) struct LogLayer {
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
        let listed = Arc::new(filter);
        Self { sinks, scrub, listed: Arc::clone(&listed) }.with_filter(Heard(listed))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        // What a sink tells while it is told something would come back to it for ever. Our own warnings do not: they
        // are told once a minute.
        if is_delivering() && !metadata.target().starts_with(env!("CARGO_CRATE_NAME")) {
            return;
        }
        let current = current();
        let flight = current.flight().filter(|_| *metadata.level() == Level::ERROR);
        let listed = Filter::enabled(&*self.listed, metadata, &context);
        if flight.is_none() && !listed {
            return;
        }
        let told = Told::of(event, &*self.scrub);
        if let Some(flight) = flight {
            flight.logged_error(told.message.clone());
        }
        if listed {
            self.sinks.event(&Arc::new(Event {
                timestamp: Timestamp::now(),
                level: *metadata.level(),
                request_id: current.request_id(),
                trace_id: current.flight().and_then(Flight::trace_id),
                message: told.message,
                kind: EventKind::Log,
                error_chain: Vec::new(),
                module: Cow::Owned(metadata.target().to_owned()),
                location: metadata
                    .file()
                    .map(|file| Location::new(file.to_owned(), metadata.line().unwrap_or(0))),
                fields: told.fields,
            }));
        }
    }
}

/// True for exchanges told as tracing events: they reach the sinks by themselves.
fn is_exchange(metadata: &tracing::Metadata<'_>) -> bool {
    metadata.target() == tracing_events::TARGET
}

impl fmt::Debug for LogLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogLayer").field("filter", &self.listed.to_string()).finish_non_exhaustive()
    }
}
