use std::{
    io,
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::{
    batch::Batch,
    fs::{Fs, Look},
    notice::{Cause, Lines, Notice},
    shelf::Shelf,
    tally::Tally,
};

/// Bytes of a write at most. Above this, appends get slower on common file systems.
const CHUNK: usize = 64 << 10;
/// How often it is looked whether the file is still the one that has the name, in time and in lines.
const CHECKED_EVERY: (Duration, usize) = (Duration::from_millis(250), 1000);
/// How long to leave a file alone that could not be written, the first time and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How often, and after which time, a file that ends in a piece of a line is looked at again: another process may be in
/// the midst of a write.
const LOOKS: (usize, Duration) = (3, Duration::from_millis(1));

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

/// Where the file is, and how large it may get.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub dir: PathBuf,
    /// `api.log`.
    pub name: String,
    /// LOG_FILE_MODE.
    pub mode: u32,
    /// LOG_MAX_BYTES; 0 is no limit.
    pub max_bytes: u64,
    /// LOG_BACKUP_COUNT.
    pub backups: usize,
}

/// The file while it is open.
pub(super) struct Open<F: Fs> {
    pub(super) dir: F::Dir,
    dir_id: (u64, u64),
    file: F::File,
    pub(super) id: (u64, u64),
    bytes: u64,
    /// It ends in a piece of a line.
    is_torn: bool,
    /// A write failed: it is opened anew before the next one.
    is_doubtful: bool,
    /// It is a backup already, and nothing has its name.
    is_put_away: bool,
    /// When it was looked whether it is still the one that has the name; none where it is to be looked now.
    checked: Option<Instant>,
    lines: usize,
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
            open.checked = None;
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
        let is_due = |open: &Open<F>| {
            let is_old = |checked| now.saturating_duration_since(checked) >= CHECKED_EVERY.0;
            open.checked.is_none_or(is_old) || open.lines >= CHECKED_EVERY.1
        };
        if self.open.as_ref().is_some_and(is_due) {
            self.check(now)?;
        }
        if self.open.as_ref().is_none_or(|open| open.is_doubtful) {
            self.reopen(now)?;
        }
        Ok(())
    }

    fn opened(&self, now: Instant) -> io::Result<Open<F>> {
        let Place { dir: path, name, mode, .. } = &self.place;
        let dir = match self.fs.open_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.fs.create_dir(path, dir_mode(*mode))?;
                self.fs.open_dir(path)?
            }
            opened => opened?,
        };
        let look = self.fs.look_dir(&dir)?;
        if !look.is_ours {
            return Err(refused("the directory belongs to another user"));
        }
        let file = match self.fs.open(&dir, name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match self.fs.create(&dir, name, *mode) {
                    // Another process made it in between.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.fs.open(&dir, name)?,
                    created => created?,
                }
            }
            opened => opened?,
        };
        let dir_id = look.id;
        let Look { id, is_ours, .. } = self.fs.look(&file)?;
        if !is_ours {
            return Err(refused("it is not a regular file of our own"));
        }
        let (mut bytes, mut is_torn) = self.end(&file)?;
        for _ in 0..LOOKS.0 {
            if !is_torn {
                break;
            }
            thread::sleep(LOOKS.1);
            (bytes, is_torn) = self.end(&file)?;
        }
        let (is_doubtful, is_put_away, checked, lines) = (false, false, Some(now), 0);
        Ok(Open { dir, dir_id, file, id, bytes, is_torn, is_doubtful, is_put_away, checked, lines })
    }

    /// How long a file is, and whether it ends in a piece of a line.
    fn end(&self, file: &F::File) -> io::Result<(u64, bool)> {
        let bytes = self.fs.look(file)?.bytes;
        let last = bytes.checked_sub(1).map(|last| self.fs.byte_at(file, last)).transpose()?;
        Ok((bytes, last.is_some_and(|last| last != b'\n')))
    }

    /// Sees whether the file and its directory still have their names, and whether others wrote or cut.
    fn check(&mut self, now: Instant) -> io::Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let dir = there(self.fs.find_dir(&self.place.dir))?;
        let file = there(self.fs.find(&open.dir, &self.place.name))?;
        match (dir, file) {
            (Some(dir), Some(file))
                if dir.id == open.dir_id && file.id == open.id && file.bytes >= open.bytes =>
            {
                (open.bytes, open.checked, open.lines) = (file.bytes, Some(now), 0);
                Ok(())
            }
            _ => self.reopen(now),
        }
    }

    /// Opens what has the name now, and sees what became of the file that had it before.
    pub(super) fn reopen(&mut self, now: Instant) -> io::Result<()> {
        let new = self.opened(now)?;
        if let Some(old) = &self.open {
            match self.fate(old, &new)? {
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

    /// What became of a file, now that another one was opened.
    fn fate(&self, old: &Open<F>, new: &Open<F>) -> io::Result<Fate> {
        let is_named = |file| Ok::<_, io::Error>(self.fs.look(file)?.is_named);
        Ok(if old.dir_id != new.dir_id {
            let has_dir = self.fs.look_dir(&old.dir)?.is_named;
            if has_dir { Fate::Elsewhere } else { Fate::LostWithAll }
        } else if old.is_put_away {
            Fate::Same
        } else if old.id == new.id {
            if new.bytes < old.bytes { Fate::Lost(Cause::Truncated) } else { Fate::Same }
        } else if is_named(&old.file)? {
            Fate::Moved((1..=self.place.backups).find(|number| self.is_backup(old, *number)))
        } else {
            Fate::Lost(Cause::Deleted)
        })
    }

    fn is_backup(&self, open: &Open<F>, number: usize) -> bool {
        self.fs.find(&open.dir, &self.place.backup(number)).is_ok_and(|found| found.id == open.id)
    }

    /// Writes as many lines as go into one write, or rotates first.
    fn append(&mut self, batch: &Batch, line: usize, now: Instant) -> (usize, Result<(), Stop>) {
        let Some(open) = &mut self.open else { return (0, Err(Stop::Resting)) };
        let mut to = batch.fitting(line, CHUNK).max(line + 1);
        if self.place.max_bytes > 0 {
            let room = self.place.max_bytes.saturating_sub(open.bytes + u64::from(open.is_torn));
            let fitting = batch.fitting(line, usize::try_from(room).unwrap_or(usize::MAX));
            if fitting > line {
                to = to.min(fitting);
            } else if open.bytes == 0 {
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
            open.is_doubtful = true;
        }
    }
}

/// What became of a file.
enum Fate {
    /// It is still there.
    Same,
    /// It was deleted, or cut.
    Lost(Cause),
    /// It was deleted with the directory and all backups.
    LostWithAll,
    /// The directory was moved.
    Elsewhere,
    /// It is this backup now, or has a name that nobody knows.
    Moved(Option<usize>),
}

impl<F: Fs> Open<F> {
    /// Appends lines; gives how many are there as a whole.
    fn write(&mut self, fs: &F, batch: &Batch, line: usize, to: usize) -> (usize, io::Result<()>) {
        let separated;
        let text = match batch.text(line, to) {
            // What follows a piece of a line must not be taken for the rest of it.
            text if self.is_torn => {
                separated = [b"\n", text].concat();
                separated.as_slice()
            }
            text => text,
        };
        let mut rest = text;
        let result = loop {
            if rest.is_empty() {
                break Ok(());
            }
            match fs.write(&mut self.file, rest) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        let sent = text.len() - rest.len();
        let whole = match sent.checked_sub(usize::from(self.is_torn)) {
            Some(bytes) => batch.whole(line, bytes).min(to - line),
            None => 0,
        };
        if let Some(last) = sent.checked_sub(1).and_then(|last| text.get(last)) {
            self.is_torn = *last != b'\n';
        }
        self.bytes += sent as u64;
        self.lines += whole;
        (whole, result)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A new file in its place.
    pub(super) fn followed_by(self, file: F::File, id: (u64, u64), now: Instant) -> Self {
        Self { file, id, bytes: 0, is_torn: false, checked: Some(now), lines: 0, ..self }
    }

    /// It was made a backup, and there is no new file.
    pub(super) fn put_away(self) -> Self {
        Self { is_doubtful: true, is_put_away: true, ..self }
    }
}

impl Place {
    /// The name of a backup: `api.log.1` is the newest.
    pub(super) fn backup(&self, number: usize) -> String {
        format!("{}.{number}", self.name)
    }

    /// For people.
    pub(super) fn path(&self) -> String {
        self.dir.join(&self.name).display().to_string()
    }
}

/// Who may read the files may list them.
fn dir_mode(file_mode: u32) -> u32 {
    if file_mode & 0o040 != 0 { 0o750 } else { 0o700 }
}

/// What was found, or none where there is nothing.
pub(super) fn there(found: io::Result<Look>) -> io::Result<Option<Look>> {
    match found {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

pub(super) fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}
