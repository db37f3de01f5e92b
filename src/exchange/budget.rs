use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

/// Captured bytes in flight over all exchanges, and their cap (LOG_CAPTURE_BUDGET).
#[derive(Debug)]
pub(crate) struct Budget {
    cap: usize,
    taken: AtomicUsize,
    refused: AtomicU64,
}

impl Budget {
    pub(crate) fn new(cap: usize) -> Self {
        Self { cap, taken: AtomicUsize::new(0), refused: AtomicU64::new(0) }
    }

    /// True where no more is kept.
    pub(crate) fn is_spent(&self) -> bool {
        self.taken.load(Relaxed) >= self.cap
    }

    /// Bytes held now.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Relaxed)
    }

    /// Bodies of which something was not kept because the budget was spent.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }
}

/// Bytes taken from a budget, given back on drop.
#[derive(Debug)]
pub(crate) struct Permit {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Permit {
    pub(crate) fn new(budget: &Arc<Budget>) -> Self {
        Self { budget: Arc::clone(budget), bytes: 0 }
    }

    /// Takes `more` bytes for a body; false where the budget is spent, which is counted: nobody asks again for that body.
    pub(crate) fn take(&mut self, more: usize) -> bool {
        let is_given = self.ask(more);
        if !is_given {
            self.budget.refused.fetch_add(1, Relaxed);
        }
        is_given
    }

    /// Takes `more` bytes; false where the budget is spent, which whoever asks counts, and may ask again.
    pub(crate) fn ask(&mut self, more: usize) -> bool {
        let before = self.budget.taken.fetch_add(more, Relaxed);
        let is_given = before.saturating_add(more) <= self.budget.cap;
        if is_given {
            self.bytes += more;
        } else {
            self.budget.taken.fetch_sub(more, Relaxed);
        }
        is_given
    }

    /// Takes `bytes` whatever the cap: for the short-lived copy of something that is within it.
    pub(crate) fn another(&self, bytes: usize) -> Self {
        self.budget.taken.fetch_add(bytes, Relaxed);
        Self { budget: Arc::clone(&self.budget), bytes }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.budget.taken.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Budget, Permit};

    #[test]
    fn what_is_past_the_cap_is_refused_and_counted_and_a_drop_gives_back() {
        let budget = Arc::new(Budget::new(100));
        let mut first = Permit::new(&budget);
        let mut second = Permit::new(&budget);
        assert!(first.take(60) && second.take(40));
        assert!(!first.take(1) && !first.ask(1));
        assert_eq!((budget.taken(), budget.refused()), (100, 1));
        drop(first);
        assert!(second.take(60));
        drop(second);
        assert_eq!(budget.taken(), 0);
    }
}
