use std::{
    sync::{PoisonError, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};

use super::{BREATH, LINGER, TICK, desk::Round};
use crate::sync::{AtomicU8, Condvar, Mutex, MutexGuard};

/// Wakes the thread, as seldom as can be: it says when it need not be woken.
#[derive(Debug, Default)]
pub(super) struct Bell {
    mode: AtomicU8,
    state: Mutex<State>,
    /// Told when there is something to do.
    work: Condvar,
    /// Told when something was done.
    done: Condvar,
}

#[derive(Debug, Default)]
struct State {
    has_rung: bool,
    is_closing: bool,
    has_left: bool,
    /// Flushes asked for, and answered.
    asked: u64,
    answered: u64,
}

/// At work: it will look again before it rests.
const BUSY: u8 = 0;
/// Will look again by itself after a while, which is soon enough for most.
const LINGERING: u8 = 1;
/// Looks after its files now and then only.
const IDLE: u8 = 2;
/// There is no thread.
const GONE: u8 = 3;

/// What waits to be written.
pub(super) trait Waiting {
    /// There is something.
    fn is_there(&self) -> bool;
    /// There is something that is not to wait for more.
    fn is_urgent(&self) -> bool;
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Work,
    Close,
}

impl Bell {
    /// A line was pushed.
    #[inline]
    pub(super) fn ring(&self, is_urgent: bool) {
        let mode = self.mode.load(SeqCst);
        if mode == IDLE || (mode == LINGERING && is_urgent) {
            // Who changes it wakes the thread; the others need not.
            if self.mode.compare_exchange(mode, BUSY, SeqCst, SeqCst).is_ok() {
                self.lock().has_rung = true;
                self.work.notify_one();
            }
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        self.mode.load(SeqCst) == GONE
    }

    /// Waits until all that was pushed so far went through the thread's hands.
    pub(super) fn ask(&self, deadline: Instant) {
        let mut state = self.lock();
        state.asked += 1;
        state.has_rung = true;
        let mine = state.asked;
        self.work.notify_one();
        drop(self.wait_until(state, deadline, |state| state.answered >= mine || state.has_left));
    }

    /// The flush that is to be answered by the next rounds.
    pub(super) fn asked(&self) -> Option<u64> {
        let state = self.lock();
        (state.asked > state.answered).then_some(state.asked)
    }

    /// Tells the thread to end and waits for it.
    pub(super) fn close(&self, deadline: Instant) {
        let mut state = self.lock();
        state.is_closing = true;
        self.work.notify_one();
        if self.mode.load(SeqCst) != GONE {
            drop(self.wait_until(state, deadline, |state| state.has_left));
        }
    }

    /// From now on there is no thread.
    pub(super) fn leave(&self) {
        self.mode.store(GONE, SeqCst);
    }

    /// The thread did its last.
    pub(super) fn left(&self) {
        self.lock().has_left = true;
        self.done.notify_all();
    }

    /// Waits for the next thing to do, after a round that answered `asked`.
    pub(super) fn wait(&self, asked: Option<u64>, round: Round, what: &impl Waiting) -> Call {
        let mut state = self.lock();
        if let Some(asked) = asked {
            state.answered = asked;
            self.done.notify_all();
        }
        state = match round {
            Round::Idle => self.rest_unless(state, IDLE, TICK, || what.is_there()),
            Round::Written => {
                state = self.rest(state, BREATH);
                self.rest_unless(state, LINGERING, LINGER, || what.is_urgent())
            }
            // However urgent: it would be as stuck as before.
            Round::Stuck => self.rest(state, LINGER),
        };
        self.mode.store(BUSY, SeqCst);
        state.has_rung = false;
        if state.is_closing && state.asked <= state.answered { Call::Close } else { Call::Work }
    }

    /// Says how it rests, and does so unless something is there: what was pushed before it said so did not ring.
    fn rest_unless<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        mode: u8,
        time: Duration,
        is_awaited: impl FnOnce() -> bool,
    ) -> MutexGuard<'a, State> {
        self.mode.store(mode, SeqCst);
        drop(state);
        let is_awaited = is_awaited();
        let state = self.lock();
        if is_awaited { state } else { self.rest(state, time) }
    }

    fn rest<'a>(&'a self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        let is_quiet =
            |state: &mut State| !state.has_rung && !state.is_closing && state.asked <= state.answered;
        self.work.wait_timeout_while(state, time, is_quiet).unwrap_or_else(PoisonError::into_inner).0
    }

    fn wait_until<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        deadline: Instant,
        is_over: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        while !is_over(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
