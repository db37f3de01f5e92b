//! Rotation: `api.log` becomes `api.log.1`, that `api.log.2`, and the last one goes.
//!
//! The new file is there before the old one loses its name, so that a disk that has no room for it costs no line; and
//! whatever happens in between, each line is in a file that the next process finds.

use std::{io, time::Instant};

use super::{
    fs::{Fs, Look},
    journal::Journal,
    open::{Open, refused, there},
};

/// Backups past the last that are looked for: there are some where fewer are kept than before.
const LEFT_OVER: usize = 1000;

impl<F: Fs> Journal<F> {
    /// Begins a new file. Where another process did so, that one is taken.
    pub(super) fn rotate(&mut self, now: Instant) -> io::Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let turned = self.fs.lock(&open.dir).and_then(|()| {
            let turned = self.turn(&open);
            let _ = self.fs.unlock(&open.dir);
            turned
        });
        match turned {
            Ok(Turned::To(file, id)) => {
                self.tally.rotations.add(1);
                self.open = Some(open.followed_by(file, id, now));
                Ok(())
            }
            Ok(Turned::Unnamed) => {
                self.open = Some(open.put_away());
                Ok(())
            }
            Ok(Turned::ByOthers) => {
                self.open = Some(open);
                self.reopen(now)
            }
            Err(error) => {
                self.open = Some(open);
                Err(error)
            }
        }
    }

    fn turn(&mut self, open: &Open<F>) -> io::Result<Turned<F>> {
        let name = self.place.name.clone();
        if there(self.fs.find(&open.dir, &name))?.is_none_or(|found| found.id != open.id) {
            return Ok(Turned::ByOthers);
        }
        let temporary = format!(".{name}.new");
        let (file, id) = self.fresh(&open.dir, &temporary)?;
        if let Err(error) = self.make_room(&open.dir) {
            let _ = self.fs.remove(&open.dir, &temporary);
            return Err(error);
        }
        let is_kept = self.place.backups > 0;
        if is_kept {
            self.shelf.put_away(0);
        }
        // While nothing has the name another process may give it to a file of its own, which must stay.
        let named = if is_kept {
            self.fs.publish(&open.dir, &temporary, &name)
        } else {
            self.fs.rename(&open.dir, &temporary, &name)
        };
        match named {
            Ok(()) if !is_kept => self.shelf.put_away(open.bytes()),
            Ok(()) => {}
            Err(error) if !is_kept => {
                let _ = self.fs.remove(&open.dir, &temporary);
                return Err(error);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let _ = self.fs.remove(&open.dir, &temporary);
                self.tally.rotations.add(1);
                return Ok(Turned::Unnamed);
            }
            Err(error) => {
                let _ = self.fs.remove(&open.dir, &temporary);
                self.tally.failed(format!("cannot give {} its name: {error}", self.place.path()));
                return Ok(Turned::Unnamed);
            }
        }
        self.clear_left_over(&open.dir);
        Ok(Turned::To(file, id))
    }

    /// A new file. One that a process left behind when it died goes.
    fn fresh(&self, dir: &F::Dir, name: &str) -> io::Result<(F::File, (u64, u64))> {
        let file = match self.fs.create(dir, name, self.place.mode) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                ours(self.fs.find(dir, name)?)?;
                self.fs.remove(dir, name)?;
                self.fs.create(dir, name, self.place.mode)?
            }
            created => created?,
        };
        let id = self.fs.look(&file)?.id;
        Ok((file, id))
    }

    /// Moves each backup up by one, the oldest first, and the file itself to `.1`.
    fn make_room(&mut self, dir: &F::Dir) -> io::Result<()> {
        let Some(below_last) = self.place.backups.checked_sub(1) else { return Ok(()) };
        for number in (0..=below_last).rev() {
            let from = match number {
                0 => self.place.name.clone(),
                _ => self.place.backup(number),
            };
            let Some(found) = there(self.fs.find(dir, &from))? else {
                self.shelf.take(number);
                continue;
            };
            ours(found)?;
            let to = self.place.backup(number + 1);
            let replaced = there(self.fs.find(dir, &to))?;
            replaced.map_or(Ok(()), ours)?;
            self.fs.rename(dir, &from, &to)?;
            if let Some(Look { bytes, .. }) = replaced {
                self.shelf.expired(number + 1, bytes);
            }
            if number > 0 {
                self.shelf.moved_up(number);
            }
        }
        Ok(())
    }

    /// Deletes backups past the last: there were more to keep once.
    fn clear_left_over(&mut self, dir: &F::Dir) {
        let last = self.place.backups;
        for number in last + 1..=last + LEFT_OVER {
            let name = self.place.backup(number);
            match self.fs.find(dir, &name) {
                Ok(found) if found.is_ours && self.fs.remove(dir, &name).is_ok() => {
                    self.shelf.expired(number, found.bytes);
                }
                _ => return,
            }
        }
    }
}

/// What came of a rotation.
enum Turned<F: Fs> {
    /// This file has the name, and this is which one it is.
    To(F::File, (u64, u64)),
    /// The old one is put away, and nothing of ours has the name.
    Unnamed,
    /// Another process was faster.
    ByOthers,
}

/// Only regular files of our own are moved and deleted.
fn ours(found: Look) -> io::Result<()> {
    if found.is_ours { Ok(()) } else { Err(refused("there is something else in a backup's place")) }
}
