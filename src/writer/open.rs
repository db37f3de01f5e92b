use std::{
    io, thread,
    time::{Duration, Instant},
};

use super::{
    batch::Batch,
    fs::{Fs, Look},
    notice::Cause,
    place::Place,
};

/// How often it is looked whether the file is still the one that has the name, in time and in lines.
const CHECKED_EVERY: (Duration, usize) = (Duration::from_millis(125), 1000);
/// How often, and after which time, a file that ends in a piece of a line is looked at again: another process may be in
/// the midst of a write.
const LOOKS: (usize, Duration) = (3, Duration::from_millis(1));

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

/// What became of a file.
pub(super) enum Fate {
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
    /// Opens the file that has the name now; makes it, and its directory, where there is none.
    pub(super) fn at(fs: &F, place: &Place, now: Instant) -> io::Result<Self> {
        let Place { dir: path, name, mode, .. } = place;
        let dir = match fs.open_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs.create_dir(path, place.dir_mode())?;
                fs.open_dir(path)?
            }
            opened => opened?,
        };
        let look = fs.look_dir(&dir)?;
        if !look.is_ours {
            return Err(refused("the directory belongs to another user"));
        }
        let file = match fs.open(&dir, name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                match fs.create(&dir, name, *mode) {
                    // Another process made it in between.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs.open(&dir, name)?,
                    created => created?,
                }
            }
            opened => opened?,
        };
        let dir_id = look.id;
        let Look { id, is_ours, mode: found, .. } = fs.look(&file)?;
        if !is_ours {
            return Err(refused("it is not a regular file of our own"));
        }
        if found & !mode != 0 {
            // It lets others in who are not to read what comes. Not worth losing lines.
            let _ = fs.permit(&file, *mode);
        }
        let (mut bytes, mut is_torn) = end(fs, &file)?;
        for _ in 0..LOOKS.0 {
            if !is_torn {
                break;
            }
            thread::sleep(LOOKS.1);
            (bytes, is_torn) = end(fs, &file)?;
        }
        let (is_doubtful, is_put_away, checked, lines) = (false, false, Some(now), 0);
        Ok(Self { dir, dir_id, file, id, bytes, is_torn, is_doubtful, is_put_away, checked, lines })
    }

    /// True where it is time to look whether it is still the one that has the name.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let is_old = |checked| now.saturating_duration_since(checked) >= CHECKED_EVERY.0;
        self.checked.is_none_or(is_old) || self.lines >= CHECKED_EVERY.1
    }

    /// That time is now.
    pub(super) fn look_soon(&mut self) {
        self.checked = None;
    }

    /// True where the file and its directory still have their names, and nobody cut it.
    pub(super) fn is_there(&mut self, fs: &F, place: &Place, now: Instant) -> io::Result<bool> {
        let dir = there(fs.find_dir(&place.dir))?;
        let file = there(fs.find(&self.dir, &place.name))?;
        let same = |file: &Look| file.id == self.id && file.bytes >= self.bytes;
        Ok(match (dir, file.filter(same)) {
            (Some(dir), Some(file)) if dir.id == self.dir_id => {
                (self.bytes, self.checked, self.lines) = (file.bytes, Some(now), 0);
                true
            }
            _ => false,
        })
    }

    /// What became of a file, now that another one was opened.
    pub(super) fn fate(&self, fs: &F, place: &Place, new: &Self) -> io::Result<Fate> {
        Ok(if self.dir_id != new.dir_id {
            let has_dir = fs.look_dir(&self.dir)?.is_named;
            if has_dir { Fate::Elsewhere } else { Fate::LostWithAll }
        } else if self.is_put_away {
            Fate::Same
        } else if self.id == new.id {
            if new.bytes < self.bytes { Fate::Lost(Cause::Truncated) } else { Fate::Same }
        } else if fs.look(&self.file)?.is_named {
            Fate::Moved((1..=place.backups).find(|number| self.is_backup(fs, &place.backup(*number))))
        } else {
            Fate::Lost(Cause::Deleted)
        })
    }

    fn is_backup(&self, fs: &F, name: &str) -> bool {
        fs.find(&self.dir, name).is_ok_and(|found| found.id == self.id)
    }

    /// Appends lines; gives how many are there as a whole.
    pub(super) fn write(&mut self, fs: &F, batch: &Batch, line: usize, to: usize) -> (usize, io::Result<()>) {
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
        let before = usize::from(self.is_torn);
        let whole = match sent.checked_sub(before) {
            Some(bytes) => batch.whole(line, bytes).min(to - line),
            None => 0,
        };
        if let Some(last) = sent.checked_sub(1).and_then(|last| text.get(last)) {
            self.is_torn = *last != b'\n';
        }
        let start = self.bytes;
        self.bytes += sent as u64;
        self.lines += whole;
        let kept = if whole > 0 { before + batch.text(line, line + whole).len() } else { 0 };
        if result.is_err() && sent > kept && self.take_back(fs, start + kept as u64) {
            self.is_torn = kept == 0 && before > 0;
        }
        (whole, result)
    }

    /// Takes away the piece of a line that a failed write left, so that all of the file can be read; unless another
    /// process wrote behind it. Where that does not work, the next line begins with a line feed.
    fn take_back(&mut self, fs: &F, end: u64) -> bool {
        let is_last = fs.look(&self.file).is_ok_and(|look| look.bytes == self.bytes);
        let is_cut = is_last && fs.cut(&self.file, end).is_ok();
        if is_cut {
            self.bytes = end;
        }
        is_cut
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where the next line begins.
    pub(super) fn end(&self) -> u64 {
        self.bytes + u64::from(self.is_torn)
    }

    pub(super) fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// A write failed.
    pub(super) fn doubt(&mut self) {
        self.is_doubtful = true;
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

/// How long a file is, and whether it ends in a piece of a line.
fn end<F: Fs>(fs: &F, file: &F::File) -> io::Result<(u64, bool)> {
    let bytes = fs.look(file)?.bytes;
    let last = bytes.checked_sub(1).map(|last| fs.byte_at(file, last)).transpose()?;
    Ok((bytes, last.is_some_and(|last| last != b'\n')))
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
