use std::{
    io::{self, IsTerminal, Write as _},
    time::{Duration, Instant},
};

/// How much of something large was read, on stderr where that is a terminal: after a second, and gone afterwards.
pub(crate) struct Progress {
    total: u64,
    done: u64,
    /// Where it is looked at the clock again.
    next: u64,
    begun: Instant,
    is_shown: bool,
}

/// So many bytes are read between two looks at the clock.
const EVERY: u64 = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(1);

impl Progress {
    /// Of so many bytes.
    pub(crate) fn new(total: u64) -> Self {
        // Who would never see it is never asked for the time.
        let next = if total > EVERY && io::stderr().is_terminal() { EVERY } else { u64::MAX };
        Self { total, done: 0, next, begun: Instant::now(), is_shown: false }
    }

    #[inline]
    pub(crate) fn add(&mut self, bytes: u64) {
        self.done += bytes;
        if self.done >= self.next {
            self.look();
        }
    }

    #[cold]
    fn look(&mut self) {
        self.next = self.done + EVERY;
        if self.begun.elapsed() >= PATIENCE {
            self.is_shown = true;
            let share = (self.done * 100 / self.total.max(1)).min(100);
            _ = write!(io::stderr(), "\rreading {share:>3} %");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown {
            // To the line's beginning, and erase what is on it (ECMA-48, 8.3.41).
            _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
