//! How much the loudest log tells: one look says that nobody asks.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How many logs have each level above 0, in a quarter of the bits each: so many more than there can be.
static LOGS: AtomicUsize = AtomicUsize::new(0);

const BITS: u32 = usize::BITS / 4;

pub(in super::super) fn add(verbosity: u8) {
    LOGS.fetch_add(one_of(verbosity), Relaxed);
}

pub(in super::super) fn remove(verbosity: u8) {
    LOGS.fetch_sub(one_of(verbosity), Relaxed);
}

/// False where no log tells this much.
#[inline]
pub(super) fn may_reach(verbosity: u8) -> bool {
    verbosity <= 3 && LOGS.load(Relaxed) >= one_of(verbosity)
}

fn one_of(verbosity: u8) -> usize {
    if verbosity == 0 { 0 } else { 1 << (BITS * u32::from(verbosity)) }
}

#[cfg(test)]
mod tests {
    use super::{add, may_reach, remove};

    // Other tests have logs of their own meanwhile: only what they cannot change is asked.
    #[test]
    fn it_is_as_loud_as_the_loudest_that_is_there() {
        assert!(may_reach(0) && !may_reach(4));
        add(1);
        add(3);
        assert!(may_reach(1) && may_reach(2) && may_reach(3));
        remove(3);
        assert!(may_reach(1));
        remove(1);
    }
}
