//! What was told while a request was served: kept in few bytes, read and redacted only for who asks.

mod jot;
mod ring;
mod wire;

#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tracing::{Level, level_filters::LevelFilter};

#[cfg(any(test, feature = "init"))]
pub(crate) use self::jot::Jot;
use self::ring::Raw;
pub(crate) use self::ring::{Place, Ring};
pub(crate) use self::wire::fields as by_name;
use super::{Field, Location, Redacted, Scrub, text};

/// Every tracing event of one exchange, in order: also those below LOG_LEVEL, down to LOG_TRAIL. Between them stands what
/// the handler told with [`event!`](macro@crate::event) and, where it is enabled, [`debug!`](macro@crate::debug).
///
/// It is part of an [`Exchange`](crate::Exchange) that gets a dump, and of no other. Of each exchange the last 256
/// events are kept, in 64 KiB of memory at most; of each event 8 KiB of text. What was kept is redacted when it is
/// first read.
///
/// ```
/// use std::sync::Arc;
/// use tower_flightlog::{Exchange, Sink};
///
/// /// Says of each failure what was told last.
/// struct LastWords;
///
/// impl Sink for LastWords {
///     fn finished(&self, exchange: &Arc<Exchange>) {
///         if let Some(last) = exchange.trail.as_ref().and_then(|trail| trail.events().last()) {
///             println!("{}: {} {}", exchange.request_id, last.level, last.message);
///         }
///     }
/// }
/// ```
///
/// Written with serde as `{events, dropped, limited_to}`; what is read back equals what was written.
#[derive(Clone)]
pub struct Trail {
    raw: Option<Arc<Raw>>,
    events: OnceLock<Arc<[TrailEvent]>>,
    dropped: u64,
    limited_to: Option<LevelFilter>,
}

/// One event of a [`Trail`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TrailEvent {
    /// From the request's arrival to the event, in milliseconds when written.
    #[serde(rename = "at_ms", with = "text::millis")]
    pub at: Duration,
    /// How much it matters.
    #[serde(with = "text::level")]
    pub level: Level,
    /// Who said it: the tracing target, or the module; empty where an event of the handler's own does not say.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub target: Cow<'static, str>,
    /// The name of an event of the handler's own; `debug`, of what was told to who looks for a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<Cow<'static, str>>,
    /// What was said. A text that did not fit says so at its end, `…[9000 bytes]`, with the length of the whole.
    #[serde(default, skip_serializing_if = "Redacted::is_empty")]
    pub message: Redacted,
    /// Where in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The names of the spans it was said in, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Cow<'static, str>>,
    /// What else was said, in order. An error is told with its sources behind it, each after a colon.
    #[serde(default, with = "wire::fields", skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

impl Trail {
    fn new(raw: Raw, dropped: u64, limited_to: Option<LevelFilter>) -> Self {
        Self { raw: Some(raw.into()), events: OnceLock::new(), dropped, limited_to }
    }

    /// One that was read back.
    pub(crate) fn read(events: Vec<TrailEvent>, dropped: u64, limited_to: Option<LevelFilter>) -> Self {
        let events: Arc<[TrailEvent]> = events.into();
        Self { raw: None, events: events.into(), dropped, limited_to }
    }

    /// The same without its events, which count as dropped.
    pub(crate) fn without_events(&self) -> Self {
        Self::read(Vec::new(), self.dropped.saturating_add(self.events().len() as u64), self.limited_to)
    }

    /// The events, in the order in which they were told.
    #[must_use]
    pub fn events(&self) -> &[TrailEvent] {
        self.events.get_or_init(|| self.raw.iter().flat_map(|raw| raw.read()).collect())
    }

    /// Events before these, and between them, that were told and not kept: there was no room for all.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The deepest level that reached the log where a filter in front of it let less through than LOG_TRAIL asks for;
    /// none where all came through. [`LevelFilter::OFF`] where not even errors did, as without
    /// [`FlightLog::tracing_layer`](crate::FlightLog::tracing_layer). What such a filter says of single targets is not
    /// looked at.
    #[must_use]
    pub fn limited_to(&self) -> Option<LevelFilter> {
        self.limited_to
    }

    /// The same as dumps show it: a level, or `OFF`.
    pub(crate) fn limit(&self) -> Option<&'static str> {
        self.limited_to.map(wire::limit)
    }
}

impl fmt::Debug for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trail")
            .field("events", &self.events())
            .field("dropped", &self.dropped)
            .field("limited_to", &self.limit())
            .finish()
    }
}

impl PartialEq for Trail {
    fn eq(&self, other: &Self) -> bool {
        (self.events(), self.dropped, self.limited_to) == (other.events(), other.dropped, other.limited_to)
    }
}
