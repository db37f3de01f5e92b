use std::{borrow::Cow, panic::Location, sync::Arc};

use tracing::Level;

use super::{
    super::{Current, Flight, recorder::Recorder},
    home::home,
    in_trail::in_trail,
};
use crate::{
    exchange::{self, Event, EventKind, Field, Redacted, Scrub, Timestamp},
    sink::is_delivering,
};

/// Whom an instrument tells.
#[derive(Clone, Debug)]
pub(super) enum Recipient {
    Exchange(Flight),
    Log(Arc<Recorder>),
}

/// What is told.
pub(super) struct Told {
    pub(super) kind: EventKind,
    pub(super) level: Level,
    pub(super) message: Redacted,
    pub(super) module: Cow<'static, str>,
    pub(super) location: &'static Location<'static>,
    pub(super) error_chain: Vec<Redacted>,
    pub(super) fields: Vec<Field>,
}

impl Recipient {
    /// The exchange; else the log that was named, or the one that is at home, if that is on.
    pub(super) fn of(current: &Current) -> Option<Self> {
        if let Some(flight) = current.flight() {
            return Some(Self::Exchange(flight.clone()));
        }
        let log = current.log().cloned().or_else(home)?;
        log.is_enabled().then_some(Self::Log(log))
    }

    pub(super) fn flight(&self) -> Option<&Flight> {
        match self {
            Self::Exchange(flight) => Some(flight),
            Self::Log(_) => None,
        }
    }

    pub(super) fn recorder(&self) -> &Arc<Recorder> {
        match self {
            Self::Exchange(flight) => flight.recorder(),
            Self::Log(recorder) => recorder,
        }
    }

    pub(super) fn scrub(&self) -> &dyn Scrub {
        &*self.recorder().scrub
    }

    pub(super) fn verbosity(&self) -> u8 {
        self.recorder().verbosity()
    }

    /// Tells the sinks, and puts it into the trail of its exchange.
    pub(super) fn tell(&self, told: Told) {
        if is_delivering() {
            return;
        }
        if let Some(flight) = self.flight() {
            flight.told_by_hand(&in_trail(&told));
        }
        self.tell_sinks(told);
    }

    /// Tells the sinks alone. What a sink tells while it is told something would come back to it for ever.
    pub(super) fn tell_sinks(&self, told: Told) {
        if is_delivering() {
            return;
        }
        let flight = self.flight();
        self.recorder().sinks().event(&Arc::new(Event {
            timestamp: Timestamp::now(),
            level: told.level,
            kind: told.kind,
            request_id: flight.map(Flight::request_id),
            trace_id: flight.and_then(Flight::trace_id),
            after_response: flight.is_some_and(Flight::has_ended),
            message: told.message,
            module: told.module,
            location: Some(exchange::Location::new(told.location.file(), told.location.line())),
            error_chain: told.error_chain,
            fields: told.fields,
            stream: None,
        }));
    }
}
