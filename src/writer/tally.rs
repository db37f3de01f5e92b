use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// What the writer counts, over all files.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub lines: Count,
    pub bytes: Count,
    pub lost_to_overload: Count,
    pub lost_otherwise: Count,
    pub errors: Count,
    pub rotations: Count,
    /// The most bytes that ever waited for one file.
    pub high_water: Count,
    last_error: Mutex<Option<String>>,
}

impl Tally {
    pub(crate) fn last_error(&self) -> Option<String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn failed(&self, what: String) {
        self.errors.add(1);
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
    }
}

/// One count.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    /// At least this much. Mostly it is, and nothing is written.
    pub(super) fn raise(&self, value: u64) {
        if self.0.load(Relaxed) < value {
            self.0.fetch_max(value, Relaxed);
        }
    }
}
