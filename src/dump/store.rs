use std::{
    fmt,
    fs::File,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    DumpOptions,
    clock::Clock,
    fs::{Found, Fs, Look},
    name,
    place::{self, Failure},
    retention::{self, Limits, Shelf},
};
use crate::{
    exchange::Fingerprint,
    sink::{Counters, Trouble},
};

/// The directory of dumps, within its limits at every moment.
pub(super) struct Store {
    dir: std::path::PathBuf,
    file_mode: u32,
    limits: Limits,
    counters: Arc<Counters>,
    shelf: Mutex<Shelf>,
    trouble: Trouble,
    fs: Box<dyn Fs>,
    clock: Arc<dyn Clock>,
}

/// What went wrong on the way and is told once the shelf is free: whoever listens may come back here.
type Asides = Vec<String>;

/// A temporary file of this age was left by a process that died.
const ABANDONED_AFTER_SECONDS: i64 = 3600;

/// What of a disk is left to others: so many bytes, or this share of it, whichever is less.
const SPARED_BYTES: u64 = 64 << 20;
const SPARED_SHARE: u64 = 100;

impl Store {
    pub(super) fn new(options: &DumpOptions, fs: Box<dyn Fs>, clock: Arc<dyn Clock>) -> Self {
        Self {
            dir: options.dir.clone(),
            file_mode: options.file_mode,
            limits: Limits { keep: options.keep, bytes: options.max_bytes, age: options.max_age },
            counters: Arc::clone(&options.counters),
            shelf: Mutex::default(),
            trouble: Trouble::new("dumps"),
            fs,
            clock,
        }
    }

    /// True where a dump of this length can stand beside no other.
    pub(super) fn is_too_large(&self, bytes: usize) -> bool {
        self.limits.bytes > 0 && bytes as u64 > self.limits.bytes
    }

    /// Makes room for a dump, then writes it.
    pub(super) fn save(&self, name: &str, fingerprint: Fingerprint, text: &str) -> Result<(), Failure> {
        self.with_shelf(|shelf, asides| self.save_on(shelf, name, fingerprint, text, asides))
    }

    /// Deletes what is past the limits without writing anything: at start, and where nothing failed for long.
    pub(super) fn tidy(&self) {
        let tidied: Result<(), Failure> = self.with_shelf(|shelf, asides| {
            let (dir, look) = place::open(&*self.fs, &self.dir, None)?;
            shelf.doubt();
            self.look_around(shelf, &dir, look, asides);
            self.make_room(shelf, &dir, None, asides);
            shelf.settle(self.fs.look(&dir).ok().map(|look| look.stamp));
            Ok(())
        });
        match tidied {
            Err(failure) if !failure.is_not_found() => self.report(&failure),
            _ => {}
        }
    }

    /// Tells what went wrong, at most once a minute.
    pub(super) fn report(&self, what: &dyn fmt::Display) {
        let what = format!("dumps in {}: {what}", self.dir.display());
        self.trouble.report(self.clock.monotonic(), what);
    }

    fn with_shelf<T>(&self, work: impl FnOnce(&mut Shelf, &mut Asides) -> T) -> T {
        let mut asides = Asides::new();
        let done = work(&mut self.shelf(), &mut asides);
        asides.iter().for_each(|aside| self.report(aside));
        done
    }

    fn save_on(
        &self,
        shelf: &mut Shelf,
        name: &str,
        fingerprint: Fingerprint,
        text: &str,
        asides: &mut Asides,
    ) -> Result<(), Failure> {
        let bytes = text.len() as u64;
        let (dir, look) = place::open(&*self.fs, &self.dir, Some(self.file_mode))?;
        if place::is_open_to_all(&look) {
            asides.push("anybody may delete or replace dumps there: chmod o-w the directory".into());
        }
        self.look_around(shelf, &dir, look, asides);
        self.make_room(shelf, &dir, Some((bytes, fingerprint)), asides);
        if self.limits.bytes > 0 && shelf.bytes().saturating_add(bytes) > self.limits.bytes {
            return Err(Failure::refused(
                "make room for a dump",
                "what is there would exceed LOG_DUMP_MAX_BYTES",
            ));
        }
        self.check_disk(&dir, bytes, asides)?;
        place::write(&*self.fs, &dir, name, text.as_bytes(), self.file_mode)?;
        if let Err(error) = self.fs.sync_dir(&dir) {
            asides.push(Failure::new("sync the directory")(error).to_string());
        }
        shelf.add(name, bytes, fingerprint);
        shelf.settle(self.fs.look(&dir).ok().map(|look| look.stamp));
        Ok(())
    }

    /// Looks at the whole directory where others changed it, or where it was not looked at yet.
    fn look_around(&self, shelf: &mut Shelf, dir: &File, look: Look, asides: &mut Asides) {
        if shelf.is_current(look.stamp) {
            return;
        }
        let wanted = |name: &str| name::trigger(name).is_some() || name::is_temporary(name);
        match self.fs.list(dir, &wanted) {
            Ok(found) => {
                let (temporary, dumps) = found.into_iter().partition(|found| name::is_temporary(&found.name));
                let unfinished = self.sweep(dir, temporary, asides);
                shelf.fill(dumps, unfinished, |name| {
                    let end = self.fs.read_end(dir, name, retention::END).ok()?;
                    retention::fingerprint_in(&end)
                });
            }
            Err(error) => {
                shelf.doubt();
                asides.push(Failure::new("list the directory")(error).to_string());
            }
        }
    }

    /// Deletes what was abandoned; gives the bytes of what was not.
    fn sweep(&self, dir: &File, temporary: Vec<Found>, asides: &mut Asides) -> u64 {
        let now = i64::try_from(self.clock.wall().as_micros() / 1_000_000).unwrap_or(i64::MAX);
        let mut left = 0;
        for found in temporary {
            if now.saturating_sub(found.modified) > ABANDONED_AFTER_SECONDS {
                match self.fs.remove(dir, &found.name) {
                    Ok(()) => continue,
                    Err(error) => asides.push(Failure::new("delete an abandoned file")(error).to_string()),
                }
            }
            left += found.bytes;
        }
        left
    }

    fn make_room(
        &self,
        shelf: &mut Shelf,
        dir: &File,
        incoming: Option<(u64, Fingerprint)>,
        asides: &mut Asides,
    ) {
        for name in shelf.surplus(self.limits, self.clock.wall(), incoming) {
            match self.fs.remove(dir, &name) {
                Ok(()) => {
                    self.counters.dumps_deleted.add(1);
                    shelf.forget(&name);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => shelf.forget(&name),
                Err(error) => asides.push(Failure::new("delete an old dump")(error).to_string()),
            }
        }
    }

    /// Leaves the rest of the disk to others. Where nobody knows how full it is, a write shows.
    fn check_disk(&self, dir: &File, bytes: u64, asides: &mut Asides) -> Result<(), Failure> {
        let space = match self.fs.space(dir) {
            Ok(space) => space,
            Err(error) => {
                asides.push(Failure::new("see how full the disk is")(error).to_string());
                return Ok(());
            }
        };
        let spared = SPARED_BYTES.min(space.total / SPARED_SHARE);
        // A file system that has no size (tmpfs without a limit) is never full.
        if space.total > 0 && space.free < bytes.saturating_add(spared) {
            let why = format!(
                "the disk has {} bytes left, and {spared} of them are spared (1 %, at most 64 MiB)",
                space.free
            );
            return Err(Failure::new("write a dump")(io::Error::new(io::ErrorKind::StorageFull, why)));
        }
        Ok(())
    }

    pub(super) fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What went wrong last.
    #[cfg(test)]
    pub(super) fn last_trouble(&self) -> Option<String> {
        self.trouble.last()
    }
}
