use std::sync::PoisonError;

use super::{
    Tell,
    batch::Batch,
    notice::{Cause, Lines, Notice, Notices},
    seq::Seq,
    tally::Tally,
};
use crate::sync::{Mutex, MutexGuard};

/// Bytes that may wait for one file.
pub(super) const CAPACITY: usize = 4 << 20;
/// Of these, for errors alone.
const RESERVED: usize = 512 << 10;
/// So many bytes are not kept waiting.
const HIGH_WATER: usize = 1 << 20;

/// Lines that wait for one file. Numbers are given here, under the lock, so that their order is that of the lines.
#[derive(Debug, Default)]
pub(super) struct Lane(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    waiting: Batch,
    last: Seq,
    notices: Notices,
    /// Of the lines that left the lane, those that are not written yet.
    at_hand: Option<Lines>,
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
        let State { waiting, last, notices, is_urgent, .. } = &mut *guard;
        last.advance();
        let room = if is_error { CAPACITY } else { CAPACITY - RESERVED };
        let size = waiting.size() + head.len() + last.digits().1 + tail.len();
        if size > room {
            notices.lost(Lines::one(last.value()), Cause::Overload);
            drop(guard);
            tally.lost_to_overload.add(1);
            return Pushed::IsUrgent;
        }
        waiting.push(head, last, tail);
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
        let State { waiting, last, notices, at_hand, is_urgent } = &mut *guard;
        *is_urgent = false;
        std::mem::swap(batch, waiting);
        let mut told = Vec::new();
        if notices.is_urgent() || (!notices.is_empty() && (everything || !batch.is_empty())) {
            told.extend(notices.take().map(|notice| {
                last.advance();
                (last.clone(), notice)
            }));
        }
        // Under the same lock: only what is written is nowhere here.
        let numbers = told.iter().map(|(seq, _)| Lines::one(seq.value())).reduce(Lines::and);
        *at_hand = Lines::sum(batch.rest(0), numbers);
        drop(guard);
        let mut line = Vec::new();
        for (seq, notice) in told {
            line.clear();
            let number_at = tell(&mut line, &notice);
            let (head, tail) = line.split_at_checked(number_at).unwrap_or_default();
            batch.push(head, &seq, tail);
            batch.note(notice);
        }
    }

    /// There is something to tell.
    pub(super) fn tell(&self, notice: Notice) {
        self.lock().notices.add(notice);
    }

    /// Lines that had left were lost.
    pub(super) fn lose(&self, lines: Lines, cause: Cause) {
        self.lock().notices.lost(lines, cause);
    }

    /// These have left and are not written.
    pub(super) fn holds(&self, lines: Option<Lines>) {
        self.lock().at_hand = lines;
    }

    /// Lines that are not written, of those up to a number.
    pub(super) fn unwritten(&self, last: u64) -> u64 {
        let state = self.lock();
        let Some(lines) = Lines::sum(state.at_hand, state.waiting.rest(0)) else { return 0 };
        // Some of the numbers between may be lost.
        lines.count.min(last.saturating_add(1).saturating_sub(lines.from))
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
    pub(super) fn last(&self) -> u64 {
        self.lock().last.value()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flush_does_not_wait_for_what_came_after_it() {
        let (lane, tally, mut batch) = (Lane::default(), Tally::default(), Batch::default());
        let push = |lines: u64| (0..lines).for_each(|_| _ = lane.push(b"{", b"}\n", false, &tally));
        push(3);
        lane.take(&mut batch, true, &|_, _| 0);
        push(2);
        assert_eq!([1, 3, 4, u64::MAX].map(|last| lane.unwritten(last)), [1, 3, 4, 5]);
        lane.holds(batch.rest(1));
        assert_eq!([1, 3, 4, u64::MAX].map(|last| lane.unwritten(last)), [0, 2, 3, 4]);
        lane.holds(None);
        assert_eq!([3, 4, u64::MAX].map(|last| lane.unwritten(last)), [0, 1, 2]);
    }
}
