//! Who was in flight when a process died: a small file that each recorder keeps in LOG_DIR while requests are open.
//!
//! The recorder holds a lock on its file, which ends with the process, however that ends: whoever can take it knows that
//! the owner died, and what stands in the file is the last thing it knew. A thread of its own writes: where the disk
//! hangs, nothing else does.

mod deaths;
mod fs;
mod page;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, channel, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

pub(crate) use deaths::{Death, settle};
use fs::{Fs, Lock, System};

use crate::{
    exchange::random,
    sink::{Journal, Snapshot},
};

/// After something failed, nothing is tried for so long.
const PAUSE: Duration = Duration::from_secs(5);

/// Where journals are, and whose this one is.
#[derive(Clone, Debug)]
pub(crate) struct JournalOptions {
    /// LOG_DIR.
    pub dir: PathBuf,
    /// LOG_FILE_MODE.
    pub file_mode: u32,
    /// The start of the process.
    pub run: [u8; 8],
}

/// The journal of one recorder. There is no file while nobody is in flight for a while.
pub(crate) struct DiskJournal<F: Fs = System> {
    fs: Arc<F>,
    options: JournalOptions,
    state: Mutex<State>,
}

enum State {
    Resting,
    Writing {
        to: SyncSender<Snapshot>,
        /// Ends with the thread.
        end: Receiver<()>,
    },
    /// The thread is to end.
    Ending(Receiver<()>),
    Closed,
}

impl DiskJournal {
    pub(crate) fn new(options: JournalOptions) -> Self {
        Self::with(System, options)
    }
}

impl<F: Fs> DiskJournal<F> {
    fn with(fs: F, options: JournalOptions) -> Self {
        Self { fs: Arc::new(fs), options, state: Mutex::new(State::Resting) }
    }

    fn start(&self) -> Option<State> {
        let (to, snapshots) = sync_channel(1);
        let (alive, end) = channel();
        let mut book = Book::new(Arc::clone(&self.fs), self.options.clone());
        let work = move || {
            snapshots.iter().for_each(|snapshot| book.note(&snapshot, Instant::now()));
            book.close();
            drop::<std::sync::mpsc::Sender<()>>(alive);
        };
        thread::Builder::new().name("flightlog-journal".into()).spawn(work).ok()?;
        Some(State::Writing { to, end })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Fs> Journal for DiskJournal<F> {
    fn note(&self, snapshot: Snapshot) -> bool {
        let mut state = self.state();
        if let State::Ending(end) = &*state
            && end.try_recv() == Err(TryRecvError::Disconnected)
        {
            *state = State::Resting;
        }
        if let State::Resting = &*state
            && let Some(writing) = self.start()
        {
            *state = writing;
        }
        match &*state {
            State::Writing { to, .. } => match to.try_send(snapshot) {
                Ok(()) => true,
                Err(TrySendError::Full(_)) => false,
                Err(TrySendError::Disconnected(_)) => {
                    *state = State::Resting;
                    false
                }
            },
            State::Resting | State::Ending(_) => false,
            State::Closed => true,
        }
    }

    fn rest(&self) {
        let mut state = self.state();
        *state = match std::mem::replace(&mut *state, State::Resting) {
            // Without a sender the thread takes what is left, and ends.
            State::Writing { end, .. } => State::Ending(end),
            other => other,
        };
    }

    fn close(&self, deadline: Instant) {
        let state = std::mem::replace(&mut *self.state(), State::Closed);
        let end = match state {
            State::Writing { end, .. } | State::Ending(end) => end,
            State::Resting | State::Closed => return,
        };
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            if end.recv_timeout(left) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
        }
    }
}

/// The file, as its thread keeps it.
struct Book<F: Fs> {
    fs: Arc<F>,
    options: JournalOptions,
    open: Option<OpenBook>,
    number: u64,
    not_before: Option<Instant>,
    /// There are no locks here: nobody could tell whether we live.
    is_hopeless: bool,
}

struct OpenBook {
    dir: File,
    file: File,
    name: String,
}

impl<F: Fs> Book<F> {
    fn new(fs: Arc<F>, options: JournalOptions) -> Self {
        Self { fs, options, open: None, number: 0, not_before: None, is_hopeless: false }
    }

    /// Takes note of who is in flight. What stands against it is not told: the log files are in the same directory, and
    /// tell what is wrong with it.
    fn note(&mut self, snapshot: &Snapshot, now: Instant) {
        if self.is_hopeless || self.not_before.is_some_and(|pause| now < pause) {
            return;
        }
        if self.write(snapshot).is_err() {
            // What it knew is not so any more.
            self.close();
            self.not_before = now.checked_add(PAUSE);
        }
    }

    /// Nobody is in flight.
    fn close(&mut self) {
        if let Some(OpenBook { dir, file, name }) = self.open.take()
            && self.fs.is_there(&dir, &name, &file)
        {
            let _ = self.fs.remove(&dir, &name);
        }
    }

    fn write(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        let is_there = |open: &OpenBook| self.fs.is_there(&open.dir, &open.name, &open.file);
        let open = match self.open.take().filter(is_there) {
            Some(open) => open,
            None if snapshot.open.is_empty() && snapshot.others == 0 => return Ok(()),
            None => match self.create()? {
                Some(open) => open,
                None => return Ok(()),
            },
        };
        let open = self.open.insert(open);
        self.number += 1;
        let page = page::write(self.number, self.options.run, snapshot);
        let (mut rest, mut offset) = (page.as_slice(), page::offset(self.number));
        while !rest.is_empty() {
            match self.fs.write_at(&open.file, rest, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    offset += written as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Makes a file that is ours alone, and locks it. None where there are no locks.
    fn create(&mut self) -> io::Result<Option<OpenBook>> {
        let JournalOptions { dir, file_mode, .. } = &self.options;
        let dir = self.fs.open_dir(dir)?;
        let name = deaths::name(random());
        let file = self.fs.create(&dir, &name, *file_mode)?;
        let lock = self.fs.lock(&file);
        let open = OpenBook { dir, file, name };
        match lock {
            // A process that starts may have found it before it was locked, and deleted it.
            Ok(Lock::Ours) if self.fs.is_there(&open.dir, &open.name, &open.file) => Ok(Some(open)),
            Ok(Lock::Ours | Lock::Theirs) => Err(io::ErrorKind::NotFound.into()),
            Ok(Lock::Unknown) => {
                self.open = Some(open);
                self.close();
                self.is_hopeless = true;
                Ok(None)
            }
            Err(error) => {
                self.open = Some(open);
                self.close();
                Err(error)
            }
        }
    }
}
