//! Lines on their way to files: whoever makes one never waits for a disk.
//!
//! Each file has a [`lane`], a buffer of 4 MiB in which lines wait and get their numbers, and a [`desk`], where one
//! thread takes all that waits and appends it in writes of whole lines, at most 64 KiB each. What cannot be kept is
//! counted, and told in the file itself as soon as that can be written again.
//!
//! What a line says is nobody's business here.

mod batch;
mod bell;
mod desk;
mod fs;
mod journal;
mod lane;
mod notice;
mod open;
mod own_file;
mod place;
mod rotate;
mod seq;
mod shelf;
mod tally;
#[cfg(test)]
mod tests;

use std::{
    io,
    sync::{Arc, PoisonError, TryLockError},
    time::{Duration, Instant},
};

use bell::{Bell, Call, Waiting};
use desk::{Desk, Round};
use fs::{Fs, System};
use journal::Journal;
use lane::{Lane, Pushed};
pub(crate) use notice::{Expired, Gap, Notice};
pub(crate) use own_file::{create_new, open_own, rename_no_replace};
pub(crate) use place::Place;
pub(crate) use tally::Tally;

use crate::sync::{Mutex, MutexGuard, thread};

/// Files that are written by one thread.
pub(crate) struct Writer<F: Fs = System>(Arc<Shared<F>>);

struct Shared<F: Fs> {
    lanes: Vec<Lane>,
    desks: Mutex<Vec<Desk<F>>>,
    bell: Bell,
    office: Office,
    tally: Arc<Tally>,
}

/// Who speaks for the writer.
pub(crate) struct Office {
    /// Speaks in the files.
    pub tell: Box<Tell>,
    /// Hears of trouble. It may push lines.
    pub report: Box<dyn Fn(&Report) + Send + Sync>,
    /// Hears whether any file cannot be written, after each round.
    pub is_failing: Box<dyn Fn(bool) + Send + Sync>,
}

/// Appends a line that tells something; gives the place in it where its number belongs.
pub(crate) type Tell = dyn Fn(&mut Vec<u8>, &Notice) -> usize + Send + Sync;

/// Trouble with a file, and the end of it.
#[derive(Debug)]
pub(crate) enum Report {
    Failing { path: String, error: io::Error },
    Recovered { path: String },
}

/// Rounds that a flush tries: what a round has to tell about itself takes another.
const ROUNDS: usize = 3;

impl Writer {
    /// Opens the files and starts the thread. What cannot be opened is tried again for as long as it takes.
    pub(crate) fn start(places: Vec<Place>, office: Office) -> Self {
        Self::start_on(System, places, office)
    }
}

impl<F: Fs> Writer<F> {
    fn start_on(fs: F, places: Vec<Place>, office: Office) -> Self {
        let writer = Self::new(fs, places, office);
        writer.0.round(false);
        let shared = Arc::clone(&writer.0);
        if thread::Builder::new().name("flightlog-files".into()).spawn(move || shared.run()).is_err() {
            // Slower, but nothing is lost: lines are written by whoever makes them.
            writer.0.bell.leave();
        }
        writer
    }

    fn new(fs: F, places: Vec<Place>, office: Office) -> Self {
        let (fs, tally) = (Arc::new(fs), Arc::new(Tally::default()));
        let desk =
            |place| Desk::new(Journal::new(Arc::clone(&fs), place, Arc::clone(&tally)), Arc::clone(&tally));
        Self(Arc::new(Shared {
            lanes: places.iter().map(|_| Lane::default()).collect(),
            desks: Mutex::new(places.into_iter().map(desk).collect()),
            bell: Bell::default(),
            office,
            tally,
        }))
    }

    /// Adds a line to a file. Its number goes between the two pieces.
    pub(crate) fn push(&self, file: usize, head: &[u8], tail: &[u8], is_error: bool) {
        let Some(lane) = self.0.lanes.get(file) else { return };
        let pushed = lane.push(head, tail, is_error, &self.0.tally);
        if self.0.bell.is_gone() {
            self.0.work_alone();
        } else {
            self.0.bell.ring(pushed == Pushed::IsUrgent);
        }
    }

    /// Waits until all that was pushed before is written; gives the number of lines that are not.
    pub(crate) fn flush(&self, deadline: Instant) -> u64 {
        let before: Vec<u64> = self.0.lanes.iter().map(Lane::last).collect();
        if self.0.bell.is_gone() {
            self.0.work_alone();
        } else {
            self.0.bell.ask(deadline);
        }
        self.0.lanes.iter().zip(before).map(|(lane, last)| lane.unwritten(last)).sum()
    }

    /// Lines that are not written yet.
    pub(crate) fn unwritten(&self) -> u64 {
        self.0.lanes.iter().map(|lane| lane.unwritten(u64::MAX)).sum()
    }

    /// Ends the thread once it has written what there is. What is pushed later is written by whoever pushes it.
    pub(crate) fn close(&self, deadline: Instant) {
        self.0.bell.close(deadline);
    }

    /// The permissions of the directory, where it is open.
    pub(crate) fn dir_mode(&self) -> Option<u32> {
        let desks = self.0.desks.lock().unwrap_or_else(PoisonError::into_inner);
        desks.iter().find_map(|desk| desk.journal().dir()).map(|look| look.mode)
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.0.tally
    }
}

impl<F: Fs> Drop for Writer<F> {
    fn drop(&mut self) {
        self.close(Instant::now());
    }
}

impl<F: Fs> Shared<F> {
    /// What the thread does.
    fn run(&self) {
        loop {
            let asked = self.bell.asked();
            let rounds = if asked.is_some() { ROUNDS } else { 1 };
            let mut round = Round::Idle;
            for _ in 0..rounds {
                round = self.round(asked.is_some());
                if round == Round::Idle {
                    break;
                }
            }
            let call = self.bell.wait(asked, round, &self.lanes);
            if call == Call::Close {
                break;
            }
        }
        self.bell.leave();
        self.work_alone();
        self.bell.left();
    }

    /// Writes what there is, unless someone else does so already; then that one writes this too.
    fn work_alone(&self) {
        loop {
            let mut desks = match self.desks.try_lock() {
                Ok(desks) => desks,
                Err(TryLockError::Poisoned(desks)) => desks.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            let mut round = Round::Idle;
            for _ in 0..ROUNDS {
                round = self.round_at(&mut desks, true);
                if round == Round::Idle {
                    break;
                }
            }
            drop(desks);
            if round == Round::Stuck || !self.lanes.iter().any(Lane::has_work) {
                return;
            }
        }
    }

    /// Goes once through all files.
    fn round(&self, everything: bool) -> Round {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        self.round_at(&mut desks, everything)
    }

    fn round_at(&self, desks: &mut MutexGuard<'_, Vec<Desk<F>>>, everything: bool) -> Round {
        let now = Instant::now();
        let mut worst = Round::Idle;
        for (desk, lane) in desks.iter_mut().zip(&self.lanes) {
            match desk.work(lane, everything, &self.office, now) {
                Round::Idle => {}
                Round::Written if worst == Round::Stuck => {}
                round => worst = round,
            }
        }
        (self.office.is_failing)(desks.iter().any(|desk| desk.trouble().is_some()));
        worst
    }
}

impl Waiting for Vec<Lane> {
    fn is_there(&self) -> bool {
        self.iter().any(Lane::has_work)
    }

    fn is_urgent(&self) -> bool {
        self.iter().any(Lane::is_urgent)
    }
}

/// How long the thread stays away after a round, whatever comes: a wake is a system call on a request's thread.
const BREATH: Duration = Duration::from_millis(1);
/// How long lines are kept waiting for more of them.
const LINGER: Duration = Duration::from_millis(20);
/// How often files are looked after that nobody writes to. With the time between two looks it is 250 ms.
const TICK: Duration = Duration::from_millis(125);
