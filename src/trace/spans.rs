//! What a span knows: the exchange it was made in, and its fields.
//!
//! Nothing is taken from a span being entered or left: between the two, a thread may work on something else.

use tracing_subscriber::registry::{LookupSpan, Scope, SpanRef};

use super::fields::put;
use crate::{
    capture::{Flight, WeakFlight},
    exchange::{Field, RequestId, TraceId},
};

/// Fields of an entry, those of its spans included.
const LIMIT: usize = 128;

/// The exchange something belongs to. It may be over.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) request_id: RequestId,
    pub(super) trace_id: Option<TraceId>,
    flight: WeakFlight,
}

impl Origin {
    pub(super) fn of(flight: &Flight) -> Self {
        Self { request_id: flight.request_id(), trace_id: flight.trace_id(), flight: flight.downgrade() }
    }

    /// The exchange itself, where somebody still works on it.
    pub(super) fn flight(&self) -> Option<Flight> {
        self.flight.upgrade()
    }

    /// True where it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.flight().is_none_or(|flight| flight.has_ended())
    }
}

/// What one layer of ours noted of a span. Another layer has other rules of what is secret.
struct Notes {
    layer: u64,
    origin: Option<Origin>,
    fields: Vec<Field>,
}

/// A span's extension. Hardly ever is there another layer.
struct Notebook {
    first: Notes,
    others: Vec<Notes>,
}

impl Notebook {
    fn of(&self, layer: u64) -> Option<&Notes> {
        std::iter::once(&self.first).chain(&self.others).find(|notes| notes.layer == layer)
    }
}

/// Notes what is known of a span.
pub(super) fn note<R: for<'a> LookupSpan<'a>>(
    span: &SpanRef<'_, R>,
    layer: u64,
    origin: Option<Origin>,
    fields: Vec<Field>,
) {
    let mut extensions = span.extensions_mut();
    let Some(Notebook { first, others }) = extensions.get_mut() else {
        let first = Notes { layer, origin, fields };
        return extensions.insert(Notebook { first, others: Vec::new() });
    };
    match std::iter::once(first).chain(&mut *others).find(|notes| notes.layer == layer) {
        Some(notes) => fields.into_iter().for_each(|field| put(&mut notes.fields, field)),
        None => others.push(Notes { layer, origin, fields }),
    }
}

/// The exchange in which the nearest of these spans was made that was made in one.
pub(super) fn origin<R: for<'a> LookupSpan<'a>>(scope: Option<Scope<'_, R>>, layer: u64) -> Option<Origin> {
    scope?.find_map(|span| span.extensions().get::<Notebook>()?.of(layer)?.origin.clone())
}

/// Adds the fields of these spans, from the innermost outwards, to those that are there. A name that is there stays
/// as it is.
pub(super) fn add_fields<R: for<'a> LookupSpan<'a>>(
    fields: &mut Vec<Field>,
    scope: Option<Scope<'_, R>>,
    layer: u64,
) {
    for span in scope.into_iter().flatten() {
        let extensions = span.extensions();
        let notes = extensions.get::<Notebook>().and_then(|book| book.of(layer));
        for field in notes.iter().flat_map(|notes| &notes.fields) {
            if fields.len() < LIMIT && fields.iter().all(|known| known.name != field.name) {
                fields.push(field.clone());
            }
        }
    }
}
