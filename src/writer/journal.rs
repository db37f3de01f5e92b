use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    batch::Batch,
    fs::{Fs, Look},
    notice::{Cause, Lines, Notice},
    open::{Fate, Open},
    place::Place,
    shelf::Shelf,
    tally::Tally,
};

/// Bytes of a write at most. Above this, appends get slower on common file systems.
const CHUNK: usize = 64 << 10;
/// How long to leave a file alone that could not be written, the first time and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// One log file and its backups.
pub(super) struct Journal<F: Fs> {
    pub(super) fs: Arc<F>,
    pub(super) place: Place,
    pub(super) tally: Arc<Tally>,
    pub(super) open: Option<Open<F>>,
    pub(super) shelf: Shelf,
    /// When to try to rotate again, where it did not work.
    rotate_at: Option<Instant>,
    rest: Option<Rest>,
}

/// After a failure.
#[derive(Clone, Copy, Debug)]
struct Rest {
    until: Instant,
    pause: Duration,
    cause: Cause,
}

/// Why lines are not written.
#[derive(Debug)]
pub(super) enum Stop {
    /// This did not work.
    Failed(io::Error),
    /// It did not work a moment ago, and was not tried again.
    Resting,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl<F: Fs> Journal<F> {
    pub(super) fn new(fs: Arc<F>, place: Place, tally: Arc<Tally>) -> Self {
        let shelf = Shelf::new(place.backups);
        Self { fs, place, tally, open: None, shelf, rotate_at: None, rest: None }
    }

    /// Appends the lines from `from` on; gives how many are written as a whole, and what stopped it.
    pub(super) fn write(&mut self, batch: &Batch, from: usize, now: Instant) -> (usize, Result<(), Stop>) {
        let mut line = from;
        while line < batch.lines() {
            let (written, result) = match self.ready(now) {
                Ok(()) => self.append(batch, line, now),
                Err(stop) => (0, Err(stop)),
            };
            line += written;
            match result {
                Ok(()) => self.rest = None,
                Err(stop) => {
                    self.failed(&stop, now);
                    return (line - from, Err(stop));
                }
            }
        }
        (line - from, Ok(()))
    }

    /// Looks after a file that nobody writes to: opens it, sees whether it is still there.
    pub(super) fn tick(&mut self, now: Instant) -> Result<(), Stop> {
        let result = self.ready(now);
        match &result {
            Ok(()) => self.rest = None,
            Err(stop) => self.failed(stop, now),
        }
        result
    }

    /// Does not wait for the end of a rest, nor with looking whether the file is still there: who asks for all to be
    /// written wants to find it.
    pub(super) fn hurry(&mut self, now: Instant) {
        if let Some(rest) = &mut self.rest {
            rest.until = now;
        }
        if let Some(open) = &mut self.open {
            open.look_soon();
        }
    }

    /// What stands against writing, if something does.
    pub(super) fn trouble(&self) -> Option<Cause> {
        self.rest.map(|rest| rest.cause)
    }

    /// What became of lines that were written.
    pub(super) fn news(&mut self) -> Vec<Notice> {
        self.shelf.news()
    }

    /// What was told in lines that are no more.
    pub(super) fn untold(&mut self) -> Vec<Notice> {
        self.shelf.untold()
    }

    /// How the directory stands, where it is open.
    pub(super) fn dir(&self) -> Option<Look> {
        self.fs.look_dir(&self.open.as_ref()?.dir).ok()
    }

    /// Sees to it that the file is open, and the one that has the name.
    fn ready(&mut self, now: Instant) -> Result<(), Stop> {
        if self.rest.is_some_and(|rest| now < rest.until) {
            return Err(Stop::Resting);
        }
        if let Some(open) = &mut self.open
            && open.is_due(now)
            && !open.is_there(&*self.fs, &self.place, now)?
        {
            self.reopen(now)?;
        }
        if self.open.as_ref().is_none_or(Open::is_doubtful) {
            self.reopen(now)?;
        }
        Ok(())
    }

    /// Opens what has the name now, and sees what became of the file that had it before.
    pub(super) fn reopen(&mut self, now: Instant) -> io::Result<()> {
        let new = Open::at(&*self.fs, &self.place, now)?;
        if let Some(old) = &self.open {
            match old.fate(&*self.fs, &self.place, &new)? {
                Fate::Same => {}
                Fate::Lost(cause) => self.shelf.lose_current(cause),
                Fate::LostWithAll => self.shelf.lose_all(),
                Fate::Elsewhere => self.shelf.forget(),
                Fate::Moved(backup) => self.shelf.moved_by_others(backup),
            }
        }
        self.open = Some(new);
        Ok(())
    }

    /// Writes as many lines as go into one write, or rotates first.
    fn append(&mut self, batch: &Batch, line: usize, now: Instant) -> (usize, Result<(), Stop>) {
        let Some(open) = &mut self.open else { return (0, Err(Stop::Resting)) };
        let mut to = batch.fitting(line, CHUNK).max(line + 1);
        if self.place.max_bytes > 0 {
            let room = self.place.max_bytes.saturating_sub(open.end());
            let fitting = batch.fitting(line, usize::try_from(room).unwrap_or(usize::MAX));
            if fitting > line {
                to = to.min(fitting);
            } else if open.bytes() == 0 {
                // It will never fit. The lines behind it may, into the next file.
                to = line + 1;
            } else if self.rotate_at.is_none_or(|at| now >= at) {
                return (0, self.rotate_now(now));
            }
        }
        let (whole, result) = open.write(&*self.fs, batch, line, to);
        if let (Some(first), Some(last)) =
            (batch.seq(line), (line + whole).checked_sub(1).and_then(|last| batch.seq(last)))
            && whole > 0
        {
            self.shelf
                .add(Lines { count: whole as u64, from: first, to: last }, batch.told(line..line + whole));
        }
        let bytes = batch.start(line + whole) - batch.start(line);
        self.tally.lines.add(whole as u64);
        self.tally.bytes.add(bytes as u64);
        (whole, result.map_err(Into::into))
    }

    /// Rotates. Where that does not work, lines go on to the old file for a while.
    fn rotate_now(&mut self, now: Instant) -> Result<(), Stop> {
        self.rotate_at = None;
        if let Err(error) = self.rotate(now) {
            let is_busy = error.kind() == io::ErrorKind::WouldBlock;
            if !is_busy {
                self.tally.failed(format!("cannot rotate {}: {error}", self.place.path()));
            }
            self.rotate_at = Some(now + if is_busy { PAUSES.0 / 10 } else { PAUSES.0 * 10 });
        }
        Ok(())
    }

    fn failed(&mut self, stop: &Stop, now: Instant) {
        let Stop::Failed(error) = stop else { return };
        self.tally.failed(format!("cannot write {}: {error}", self.place.path()));
        let pause = self.rest.map_or(PAUSES.0, |rest| (rest.pause * 2).min(PAUSES.1));
        self.rest = Some(Rest { until: now + pause, pause, cause: Cause::of(error) });
        if let Some(open) = &mut self.open {
            open.doubt();
        }
    }
}
