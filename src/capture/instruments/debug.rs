use std::{fmt, panic::Location};

use serde::Serialize;
use tracing::Level;

use super::{
    super::{Current, current, report},
    loudest,
    recipient::{Recipient, Told},
    value,
};
use crate::exchange::{EventKind, Field, Value};

/// The verbosity from which data is told whole.
const WHOLE: u8 = 3;
/// Characters told of it below.
const CHARACTERS: usize = 200;

/// How much the log tells: LOG_DEBUG, as it stands, of the log of the exchange that is worked on; see
/// [`Current::debug_level`].
///
/// ```
/// assert_eq!(tower_flightlog::debug_level(), 0); // There is no log.
/// ```
#[must_use]
pub fn debug_level() -> u8 {
    current().debug_level()
}

/// True where [`debug`](Current::debug) of this level is told. Where no log tells that much, this is one look at one number.
///
/// ```
/// if tower_flightlog::is_debug_enabled(2) {
///     println!("worth the work");
/// }
/// ```
#[inline]
#[must_use]
pub fn is_debug_enabled(level: u8) -> bool {
    loudest::may_reach(at_least_1(level)) && current().is_debug_enabled(level)
}

impl Current {
    /// Tells something to who looks for a fault: a `debug` entry, where LOG_DEBUG is `level` or above, which is 1 to 3.
    ///
    /// `data` is any value that serde can write, or `()`. At levels 1 and 2 its first 200 characters are told, as JSON where it
    /// is no text, with `data_truncated` where that is not all; at level 3 all of it, up to LOG_CAPTURE_LIMIT. It is redacted.
    ///
    /// ```
    /// use tower_flightlog::current;
    ///
    /// current().debug(1, "loading", ());
    /// current().debug(3, "the prompt", &["be short", "what is tea?"]);
    /// ```
    ///
    /// The macro [`debug!`](macro@crate::debug) does not evaluate its arguments where nobody is told.
    #[track_caller]
    pub fn debug<D: Serialize>(&self, level: u8, message: impl fmt::Display, data: D) {
        let location = Location::caller();
        let level = at_least_1(level);
        let Some(to) = Recipient::of(self).filter(|to| to.verbosity() >= level) else { return };
        let message = report::text(&message, to.scrub());
        let fields = if level < WHOLE {
            value::head("data", &data, CHARACTERS, to.scrub())
        } else {
            let limit = to.recorder().settings.capture_limit.max(report::TEXT_LIMIT);
            let value = value::told_within(limit, "data", &data, to.scrub());
            value.map(|value| (value, false))
        };
        let fields = fields.into_iter().flat_map(|(value, is_cut)| {
            let mark = is_cut.then_some(("data_truncated", Value::Bool(true)));
            [Some(("data", value)), mark].into_iter().flatten()
        });
        to.tell(Told {
            kind: EventKind::Debug,
            level: Level::DEBUG,
            message,
            module: "".into(),
            location,
            error_chain: Vec::new(),
            fields: fields.map(|(name, value)| Field { name: name.into(), value }).collect(),
        });
    }

    /// How much its log tells, 0 to 3: LOG_DEBUG, or what [`set_verbosity`](crate::FlightLog::set_verbosity) made of it; 0
    /// where there is none.
    ///
    /// ```
    /// assert_eq!(tower_flightlog::current().debug_level(), 0);
    /// ```
    #[must_use]
    pub fn debug_level(&self) -> u8 {
        Recipient::of(self).map_or(0, |to| to.verbosity())
    }

    /// True where [`debug`](Self::debug) of this level is told.
    ///
    /// ```
    /// assert!(!tower_flightlog::current().is_debug_enabled(1)); // There is no log.
    /// ```
    #[must_use]
    pub fn is_debug_enabled(&self, level: u8) -> bool {
        self.debug_level() >= at_least_1(level)
    }
}

/// There is no debugging at level 0.
fn at_least_1(level: u8) -> u8 {
    level.max(1)
}
