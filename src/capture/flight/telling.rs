//! What the handler and its response tell of the exchange, and ask for.

use std::{panic::Location, path::PathBuf};

use super::Flight;
use crate::{
    capture::{any_error::AnyError, left::Left, report},
    config::RoutePolicy,
    exchange::{ErrorReport, Exchange, Redacted, Timestamp},
};

/// A dump that is asked for.
pub(super) struct DumpRequest {
    reason: Redacted,
    /// None where there may be no more of them for now.
    name: Option<String>,
}

impl Flight {
    /// Someone in the handler tells why.
    pub(in crate::capture) fn report<By, E: AnyError<By> + ?Sized>(
        &self,
        error: &E,
        location: &Location<'_>,
    ) {
        let recorder = &self.0.recorder;
        let told = report::of_any(error, location, &recorder.known_errors, &*recorder.scrub);
        self.lock().told().reported = Some(told);
    }

    /// The response tells why, should it be a failure.
    pub(crate) fn leave(&self, left: Left) {
        let before = self.lock().told().left.replace(left);
        // Not under the lock: it may be the last to hold an error of the user's.
        drop(before);
    }

    /// Someone in the handler asks for a dump, however this ends; gives the place where it will be.
    pub(in crate::capture) fn ask_for_dump(&self, reason: &str) -> Option<PathBuf> {
        let recorder = &self.0.recorder;
        if !recorder.sinks.has_dumps() {
            return None;
        }
        let reason = report::text(reason, &*recorder.scrub);
        let mut state = self.lock();
        if state.finished {
            return None;
        }
        let asked = state.told().asked.get_or_insert(DumpRequest { reason, name: None });
        if asked.name.is_none() {
            asked.name = recorder.sinks.reserve(self.0.request_id, Timestamp::now());
        }
        recorder.sinks.dump_path(asked.name.as_deref()?)
    }

    /// The application logged an ERROR.
    pub(crate) fn logged_error(&self, told: ErrorReport) {
        let mut state = self.lock();
        if !state.finished {
            state.told().logged = Some(told);
        }
    }

    /// From here on another policy holds.
    pub(crate) fn set_policy(&self, policy: RoutePolicy) {
        let limit = policy.limit(self.0.recorder.capture_limit());
        let mut state = self.lock();
        state.policy = policy;
        state.request.set_limit(limit);
    }
}

impl DumpRequest {
    pub(super) fn mark(self, exchange: &mut Exchange) {
        exchange.dump = self.name;
        exchange.dump_reason = Some(self.reason);
    }
}
