use std::sync::Arc;

use crate::exchange::{Backtrace, Bodies, Exchange};

/// What entries show, as it stands when one is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// The process: 8 ASCII letters and digits, others for every start.
    pub run: [u8; 8],
    /// LOG_DEBUG, 0 to 3.
    pub verbosity: u8,
    /// LOG_HEADERS.
    pub headers: bool,
    /// LOG_BODIES.
    pub bodies: Bodies,
    /// LOG_COMBINED: response entries carry the request's part, and nobody writes request entries.
    pub combined: bool,
    /// Without LOG_DUMPS: stacks are in entries. Looking up symbols takes milliseconds of the request's thread; where there
    /// are dumps, an exchange without one is the like of another that has one.
    pub backtraces: bool,
}

/// The view of the moment: verbosity may change while the service runs.
pub(crate) type Watch = Arc<dyn Fn() -> View + Send + Sync>;

impl View {
    /// Whether headers are shown.
    pub(crate) fn shows_headers(&self) -> bool {
        self.headers || self.verbosity >= 2
    }

    /// Whether timers are shown.
    pub(crate) fn shows_timers(&self) -> bool {
        self.verbosity >= 2
    }

    /// Whether bodies are shown as far as anybody can see them: text and form bodies too, all that was captured.
    pub(crate) fn shows_everything(&self) -> bool {
        self.verbosity >= 3
    }

    /// The stack of a failure, where it is shown.
    pub(crate) fn backtrace<'a>(&self, exchange: &'a Exchange) -> Option<&'a Backtrace> {
        let report = exchange.error.as_ref().filter(|_| self.backtraces && exchange.dump.is_none());
        report.and_then(|report| report.backtrace())
    }
}

impl Default for View {
    fn default() -> Self {
        Self {
            run: *b"00000000",
            verbosity: 0,
            headers: false,
            bodies: Bodies::All,
            combined: false,
            backtraces: true,
        }
    }
}
