//! Whether what is dropped is given up: nobody waits for it any longer, or it panicked.

use std::{cell::Cell, thread};

thread_local!(static GIVEN_UP: Cell<bool> = const { Cell::new(false) });

/// How it stands with the work of this thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    is_panicking: bool,
    is_given_up: bool,
}

impl Standing {
    #[inline]
    pub(super) fn now() -> Self {
        let is_given_up = GIVEN_UP.try_with(Cell::get).unwrap_or_default();
        Self { is_panicking: thread::panicking(), is_given_up }
    }

    /// True where what began then is given up now. What begins while something else is put away may well come to its end.
    pub(super) fn was_given_up(self) -> bool {
        let now = Self::now();
        (now.is_panicking && !self.is_panicking) || (now.is_given_up && !self.is_given_up)
    }
}

/// What this thread drops is given up, until the guard is dropped.
pub(super) fn give_up() -> GivingUp {
    GivingUp { before: GIVEN_UP.try_with(|given_up| given_up.replace(true)).unwrap_or_default() }
}

/// Restores what was before, also when unwinding.
#[derive(Debug)]
pub(super) struct GivingUp {
    before: bool,
}

impl Drop for GivingUp {
    fn drop(&mut self) {
        let _ = GIVEN_UP.try_with(|given_up| given_up.set(self.before));
    }
}
