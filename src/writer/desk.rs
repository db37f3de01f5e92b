use std::{sync::Arc, time::Instant};

use super::{
    Office, Report,
    batch::Batch,
    fs::Fs,
    journal::{Journal, Stop},
    lane::Lane,
    notice::{Cause, Lines, Notice},
    tally::Tally,
};

/// Where the lines of one lane are worked on: those at hand, and the file they go to.
pub(super) struct Desk<F: Fs> {
    journal: Journal<F>,
    batch: Batch,
    /// Lines of the batch that are written.
    done: usize,
    tally: Arc<Tally>,
    has_failed: bool,
}

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Round {
    /// There was nothing to do.
    Idle,
    /// What there was is written.
    Written,
    /// Something stands against it.
    Stuck,
}

impl<F: Fs> Desk<F> {
    pub(super) fn new(journal: Journal<F>, tally: Arc<Tally>) -> Self {
        Self { journal, batch: Batch::default(), done: 0, tally, has_failed: false }
    }

    /// Writes what is at hand and what waits in the lane. `everything`: at once, and whatever there is to tell.
    pub(super) fn work(&mut self, lane: &Lane, everything: bool, office: &Office, now: Instant) -> Round {
        if everything {
            self.journal.hurry(now);
        }
        if !self.finish(lane, office, now) {
            // While nothing can be written, the newest lines are kept.
            if lane.is_half_full() {
                self.give_up(lane);
                lane.take(&mut self.batch, false, &*office.tell);
            }
            return Round::Stuck;
        }
        lane.take(&mut self.batch, everything, &*office.tell);
        if self.batch.is_empty() {
            let ticked = self.journal.tick(now);
            self.settle(lane, office, ticked);
            return match self.journal.trouble() {
                Some(_) => Round::Stuck,
                // What was found is still to be told.
                None if lane.has_work() => Round::Written,
                None => Round::Idle,
            };
        }
        if self.finish(lane, office, now) { Round::Written } else { Round::Stuck }
    }

    /// What stands against writing, if something does.
    pub(super) fn trouble(&self) -> Option<Cause> {
        self.journal.trouble()
    }

    pub(super) fn journal(&self) -> &Journal<F> {
        &self.journal
    }

    /// Writes the rest of the batch. True where nothing is left of it.
    fn finish(&mut self, lane: &Lane, office: &Office, now: Instant) -> bool {
        if self.batch.is_empty() {
            return true;
        }
        let (written, result) = self.journal.write(&self.batch, self.done, now);
        self.done += written;
        let is_done = self.done >= self.batch.lines();
        if is_done {
            self.batch.clear();
            self.done = 0;
        }
        lane.holds(self.batch.rest(self.done));
        self.settle(lane, office, result);
        is_done
    }

    /// Tells what became of the files.
    fn settle(&mut self, lane: &Lane, office: &Office, result: Result<(), Stop>) {
        for notice in self.journal.news() {
            if let Notice::Gap(gap) = notice {
                self.tally.lost_otherwise.add(gap.lost);
            }
            lane.tell(notice);
        }
        // Counted when it was told first.
        self.journal.untold().into_iter().for_each(|notice| lane.tell(notice));
        let path = || self.journal.place.path();
        match result {
            Err(Stop::Failed(error)) if !self.has_failed => {
                self.has_failed = true;
                (office.report)(&Report::Failing { path: path(), error });
            }
            Ok(()) if self.has_failed => {
                self.has_failed = false;
                (office.report)(&Report::Recovered { path: path() });
            }
            _ => {}
        }
    }

    /// Loses the rest of the batch, and counts it.
    fn give_up(&mut self, lane: &Lane) {
        let cause = self.journal.trouble().unwrap_or(Cause::Overload);
        let lost = (self.done..self.batch.lines()).filter_map(|line| self.batch.seq(line));
        if let Some(lines) = lost.map(Lines::one).reduce(Lines::and) {
            lane.lose(lines, cause);
            self.tally.lost_otherwise.add(lines.count);
        }
        for notice in self.batch.told(self.done..) {
            lane.tell(notice);
        }
        self.batch.clear();
        self.done = 0;
    }
}
