use std::{borrow::Cow, fmt, panic::Location};

use serde::Serialize;
use tracing::Level;

use super::{
    super::{AnyError, Current, report},
    name,
    recipient::{Recipient, Told},
    value,
};
use crate::exchange::{ErrorReport, EventKind, Field, Redacted, Value};

/// Fields of one event, and bytes of them.
const MOST_FIELDS: usize = 64;
const MOST_BYTES: usize = 64 * 1024;

impl Current {
    /// Tells of something by a name of its own: a `custom_event` entry with this `event_type`, told once the event is dropped,
    /// which is at the end of the statement.
    ///
    /// ```
    /// use tower_flightlog::current;
    ///
    /// current()
    ///     .event("text_generation_success")
    ///     .message("answered")
    ///     .field("model_name", "llama-3-8b")
    ///     .field("generation_time", 2.34);
    /// ```
    ///
    /// Fields are kept until it goes, and one that is at hand can be added to:
    ///
    /// ```
    /// use tower_flightlog::current;
    /// use tracing::Level;
    ///
    /// let mut event = current().event("import_done").level(Level::DEBUG);
    /// for (table, rows) in [("orders", 3), ("articles", 5)] {
    ///     event = event.field(table, rows);
    /// }
    /// event.send();
    /// ```
    ///
    /// See [`event!`](macro@crate::event) for the same in one call, with the module.
    #[track_caller]
    pub fn event(&self, event_type: impl Into<Cow<'static, str>>) -> CustomEvent {
        let Some(to) = Recipient::of(self) else { return CustomEvent::untold() };
        let event_type = name(event_type.into(), to.scrub());
        CustomEvent::of(Draft::new(to, event_type, Location::caller()))
    }
}

/// An event that is being put together; told when it is dropped.
///
/// [`Current::event`], [`Current::cache_hit`] and [`Current::cache_miss`] begin one. Everything in it is redacted; 8 KiB are
/// told of each text, and 64 fields with 64 KiB in all: what did not fit is counted in its field `fields_dropped`. A value
/// that panics while it is looked at, or is more than 128 deep, is told as such. Where nobody listens, nothing is looked at.
pub struct CustomEvent(Option<Box<Draft>>);

pub(super) struct Draft {
    pub(super) to: Recipient,
    pub(super) event_type: Cow<'static, str>,
    pub(super) level: Level,
    /// None says the type.
    pub(super) message: Option<Redacted>,
    pub(super) module: Cow<'static, str>,
    pub(super) location: &'static Location<'static>,
    pub(super) error: Option<ErrorReport>,
    pub(super) fields: Vec<Field>,
    pub(super) bytes: usize,
    pub(super) dropped: u64,
}

impl CustomEvent {
    /// Says it for people; its type, where nothing is said.
    pub fn message(self, message: impl fmt::Display) -> Self {
        self.with(|draft| draft.message = Some(report::text(&message, draft.to.scrub())))
    }

    /// How much it matters: INFO where nothing is said. An ERROR is in errors.log too, and the cause of its request's failure
    /// if nothing was reported and no later ERROR was logged.
    pub fn level(self, level: Level) -> Self {
        self.with(|draft| draft.level = level)
    }

    /// The module that tells, which is there with [`event!`](macro@crate::event).
    pub fn module(self, module: &'static str) -> Self {
        self.with(|draft| draft.module = module.into())
    }

    /// What went wrong: its message is the field `error`, its type, where that is known, the field `error_type`; its sources
    /// are the entry's `error_chain`. It leaves the level alone. Any error, as for
    /// [`report_error`](Current::report_error).
    ///
    /// ```
    /// use tower_flightlog::current;
    /// use tracing::Level;
    ///
    /// if let Err(error) = std::fs::read("model.bin") {
    ///     current().event("model_load_failed").level(Level::WARN).error(&error);
    /// }
    /// ```
    pub fn error<By, E: AnyError<By> + ?Sized>(self, error: &E) -> Self {
        self.with(|draft| {
            let recorder = draft.to.recorder();
            let told = report::of_any(error, draft.location, &recorder.known_errors, &*recorder.scrub);
            let error_type = told.error_type.as_deref().map(|name| report::shown(name, &*recorder.scrub));
            draft.put(Field { name: "error".into(), value: Value::Text(told.message.clone()) });
            if let Some(error_type) = error_type {
                draft.put(Field { name: "error_type".into(), value: Value::Text(error_type) });
            }
            draft.error = Some(told);
        })
    }

    /// A value by name: any that serde can write. `None` is left out.
    pub fn field<V: Serialize>(self, name: impl Into<Cow<'static, str>>, value: V) -> Self {
        self.with(|draft| {
            let name = self::name(name.into(), draft.to.scrub());
            if draft.fields.len() >= MOST_FIELDS {
                draft.dropped += 1;
            } else if let Some(value) = value::told(&name, &value, draft.to.scrub()) {
                draft.put(Field { name, value });
            }
        })
    }

    /// Tells it now, as dropping it does.
    pub fn send(self) {
        drop(self);
    }

    pub(super) fn of(draft: Draft) -> Self {
        Self(Some(draft.into()))
    }

    /// One that nobody is told of.
    pub(super) fn untold() -> Self {
        Self(None)
    }

    fn with(mut self, change: impl FnOnce(&mut Draft)) -> Self {
        if let Some(draft) = &mut self.0 {
            change(draft);
        }
        self
    }
}

impl Drop for CustomEvent {
    fn drop(&mut self) {
        if let Some(draft) = self.0.take() {
            draft.tell();
        }
    }
}

impl fmt::Debug for CustomEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let event_type = self.0.as_ref().map(|draft| &draft.event_type);
        f.debug_struct("CustomEvent").field("event_type", &event_type).finish_non_exhaustive()
    }
}

impl Draft {
    pub(super) fn new(
        to: Recipient,
        event_type: Cow<'static, str>,
        location: &'static Location<'static>,
    ) -> Self {
        Self {
            to,
            event_type,
            level: Level::INFO,
            message: None,
            module: "".into(),
            location,
            error: None,
            fields: Vec::new(),
            bytes: 0,
            dropped: 0,
        }
    }

    fn put(&mut self, field: Field) {
        let bytes = self.bytes + field.weight();
        if bytes <= MOST_BYTES && self.fields.len() < MOST_FIELDS {
            self.bytes = bytes;
            self.fields.push(field);
        } else {
            self.dropped += 1;
        }
    }

    fn tell(self) {
        let Self { to, event_type, level, message, module, location, error, mut fields, dropped, .. } = self;
        if dropped > 0 {
            fields.push(Field { name: "fields_dropped".into(), value: Value::Unsigned(dropped) });
        }
        let message = message.unwrap_or_else(|| report::shown(&event_type, to.scrub()));
        if let Some(flight) = to.flight().filter(|_| level == Level::ERROR) {
            flight.logged_error(cause(&message, error.as_ref(), location));
        }
        let error_chain = error.map(|error| error.chain).unwrap_or_default();
        let kind = EventKind::Custom(event_type);
        to.tell(Told { kind, level, message, module, location, error_chain, fields });
    }
}

/// Why a request fails, if this is the reason.
fn cause(message: &Redacted, error: Option<&ErrorReport>, location: &Location<'_>) -> ErrorReport {
    let said = error.filter(|error| error.message != *message);
    ErrorReport {
        error_type: error.and_then(|error| error.error_type.clone()),
        message: message.clone(),
        location: Some(report::place(location)),
        chain: said
            .map(|error| &error.message)
            .into_iter()
            .chain(error.iter().flat_map(|error| &error.chain))
            .cloned()
            .collect(),
        backtrace: error.and_then(|error| error.backtrace.clone()),
    }
}
