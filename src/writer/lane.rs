use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use super::{
    Tell,
    batch::Batch,
    notice::{Cause, Lines, Notice, Notices},
    seq::Seq,
    tally::Tally,
};

/// Bytes that may wait for one file.
pub(super) const CAPACITY: usize = 4 << 20;
/// Of these, for errors alone.
const RESERVED: usize = 512 << 10;
/// So many bytes are not kept waiting.
const HIGH_WATER: usize = 1 << 20;

/// Lines that wait for one file. Numbers are given here, under the lock, so that their order is that of the lines.
#[derive(Debug, Default)]
pub(super) struct Lane {
    state: Mutex<State>,
    /// Lines that left the lane and are not written yet.
    at_hand: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    waiting: Batch,
    last: Seq,
    notices: Notices,
    /// Something is not to wait for more.
    is_urgent: bool,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// It waits for the next round.
    Waits,
    /// It is not to wait for more: an error, or there is enough.
    IsUrgent,
}

impl Lane {
    /// Adds a line, whose number goes between the two pieces.
    pub(super) fn push(&self, head: &[u8], tail: &[u8], is_error: bool, tally: &Tally) -> Pushed {
        let mut guard = self.lock();
        let State { waiting, last, notices, is_urgent } = &mut *guard;
        last.advance();
        let room = if is_error { CAPACITY } else { CAPACITY - RESERVED };
        let size = waiting.size() + head.len() + last.digits().len() + tail.len();
        if size > room {
            notices.lost(Lines::one(last.value()), Cause::Overload);
            drop(guard);
            tally.lost_to_overload.add(1);
            return Pushed::IsUrgent;
        }
        waiting.push(last.value(), [head, last.digits(), tail]);
        let urgent = is_error || size >= HIGH_WATER;
        *is_urgent |= urgent;
        drop(guard);
        tally.high_water.raise(size as u64);
        if urgent { Pushed::IsUrgent } else { Pushed::Waits }
    }

    /// Gives all that waits for an empty batch, and as its last lines what there is to tell: what expired alone only
    /// where `everything` is asked for.
    pub(super) fn take(&self, batch: &mut Batch, everything: bool, tell: &Tell) {
        let mut guard = self.lock();
        let State { waiting, last, notices, is_urgent } = &mut *guard;
        *is_urgent = false;
        std::mem::swap(batch, waiting);
        if notices.is_urgent() || (!notices.is_empty() && (everything || !batch.is_empty())) {
            let mut line = Vec::new();
            for notice in notices.take() {
                line.clear();
                let number_at = tell(&mut line, &notice);
                let (head, tail) = line.split_at_checked(number_at).unwrap_or_default();
                last.advance();
                batch.push(last.value(), [head, last.digits(), tail]);
                batch.note(notice);
            }
        }
        drop(guard);
        self.holds(batch.lines());
    }

    /// There is something to tell.
    pub(super) fn tell(&self, notice: Notice) {
        self.lock().notices.add(notice);
    }

    /// Lines that had left were lost.
    pub(super) fn lose(&self, lines: Lines, cause: Cause) {
        self.lock().notices.lost(lines, cause);
    }

    /// So many lines have left and are not written.
    pub(super) fn holds(&self, lines: usize) {
        self.at_hand.store(lines as u64, Relaxed);
    }

    /// Lines that are not written.
    pub(super) fn unwritten(&self) -> u64 {
        self.lock().waiting.lines() as u64 + self.at_hand.load(Relaxed)
    }

    /// True where lines, or news of lost ones, wait.
    pub(super) fn has_work(&self) -> bool {
        let state = self.lock();
        !state.waiting.is_empty() || state.notices.is_urgent()
    }

    /// True where something waits that is not to wait for more.
    pub(super) fn is_urgent(&self) -> bool {
        self.lock().is_urgent
    }

    /// True where more waits than can be kept while nothing can be written.
    pub(super) fn is_half_full(&self) -> bool {
        self.lock().waiting.size() >= CAPACITY / 2
    }

    /// The last number that was given.
    #[cfg(test)]
    pub(super) fn last(&self) -> u64 {
        self.lock().last.value()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
