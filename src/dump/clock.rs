use std::time::Instant;

use crate::exchange::Timestamp;

/// What time it is, by a clock that never jumps and by the one on the wall.
pub(super) trait Clock: Send + Sync {
    fn monotonic(&self) -> Instant;
    fn wall(&self) -> Timestamp;
}

/// The machine's clocks.
#[derive(Debug)]
pub(super) struct System;

impl Clock for System {
    fn monotonic(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }
}
