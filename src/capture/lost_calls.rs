//! Calls that got no response, in case the request they were sent in fails and has a dump: then they have one too.

use std::sync::Arc;

use crate::{
    exchange::{Exchange, Outcome},
    sink::Fanout,
};

/// Of one exchange.
const MOST: usize = 8;
/// Bytes of their bodies; those beyond are kept without. They are part of LOG_CAPTURE_BUDGET for as long as before.
const MOST_BYTES: usize = 256 * 1024;

/// Such calls of one exchange, the first of them.
#[derive(Default)]
pub(super) struct LostCalls {
    kept: Vec<Arc<Exchange>>,
    bytes: usize,
    /// Those beyond.
    more: u64,
}

/// True where nobody answered, or nobody waited any longer for an answer.
pub(super) fn is_lost(call: &Exchange) -> bool {
    matches!(call.outcome, Outcome::ServiceError | Outcome::AbortedBeforeResponse)
}

impl LostCalls {
    /// Keeps a call.
    pub(super) fn keep(&mut self, call: Arc<Exchange>) {
        if self.kept.len() == MOST {
            self.more += 1;
            return;
        }
        let bytes = self.bytes.saturating_add(call.request.body.captured_bytes());
        if bytes > MOST_BYTES {
            self.kept.push(call.without_bodies().into());
        } else {
            self.bytes = bytes;
            self.kept.push(call);
        }
    }

    /// The exchange they were sent in failed and has a dump.
    pub(super) fn dump(self, sinks: &Fanout) {
        if !self.kept.is_empty() {
            sinks.dump_calls(self.kept, self.more);
        }
    }
}
