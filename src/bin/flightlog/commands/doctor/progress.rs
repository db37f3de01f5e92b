//! How far it is, on a terminal, for what takes longer than a second.

use std::{
    io::{self, IsTerminal, Write},
    time::Instant,
};

pub(super) struct Progress {
    total: u64,
    done: u64,
    told: u64,
    begun: Instant,
    is_terminal: bool,
    is_shown: bool,
}

impl Progress {
    pub(super) fn new(total: u64) -> Self {
        let is_terminal = io::stderr().is_terminal();
        Self { total, done: 0, told: 0, begun: Instant::now(), is_terminal, is_shown: false }
    }

    pub(super) fn add(&mut self, bytes: u64) {
        self.done += bytes;
        if self.is_terminal && self.done - self.told > 32 << 20 {
            self.told = self.done;
            if self.begun.elapsed().as_secs() >= 1 {
                self.is_shown = true;
                _ = write!(io::stderr(), "\r{:>3} %", self.done.min(self.total) * 100 / self.total.max(1));
            }
        }
    }

    pub(super) fn end(&self) {
        if self.is_shown {
            _ = write!(io::stderr(), "\r     \r");
        }
    }
}
