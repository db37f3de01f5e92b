//! Lines for a thread that writes them.

use std::{
    fs, io,
    io::Write as _,
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::{Result, wrapped::Proof};

/// What goes into a file. Its thread ends with the process.
pub(super) struct File {
    shared: Arc<Shared>,
    _dir: TempDir,
}

/// Knows how many lines are in the file.
pub(super) struct Written(Arc<Shared>);

#[derive(Default)]
struct Shared {
    lines: Mutex<Lines>,
    /// The thread has something to do.
    some: Condvar,
    /// The thread has done it.
    none: Condvar,
}

#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    /// All that were ever pushed.
    pushed: u64,
    written: u64,
    /// Somebody waits for the file.
    now: bool,
}

/// What is as long is written at once; what is less, after a while.
const BATCH: usize = 64 * 1024;
const WHILE: Duration = Duration::from_millis(20);

impl File {
    pub(super) fn new() -> Result<(Self, Written)> {
        let dir = TempDir::new()?;
        let file = fs::File::create(dir.path().join("api.log"))?;
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || write(&of_thread, file));
        Ok((Self { shared: Arc::clone(&shared), _dir: dir }, Written(shared)))
    }

    pub(super) fn push(&self, line: &[u8]) {
        let mut lines = self.shared.lines();
        let before = lines.text.len();
        lines.text.extend_from_slice(line);
        lines.pushed += 1;
        let full = before < BATCH && lines.text.len() >= BATCH;
        drop(lines);
        if full {
            self.shared.some.notify_one();
        }
    }
}

impl Shared {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(shared: &Shared, mut file: fs::File) -> io::Result<()> {
    let mut batch = Vec::new();
    loop {
        let idle = |lines: &mut Lines| lines.text.len() < BATCH && !lines.now;
        let waited = shared.some.wait_timeout_while(shared.lines(), WHILE, idle);
        let (mut lines, _) = waited.unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut lines.text, &mut batch);
        let pushed = lines.pushed;
        lines.now = false;
        drop(lines);
        file.write_all(&batch)?;
        batch.clear();
        shared.lines().written = pushed;
        shared.none.notify_all();
    }
}

impl Proof for Written {
    fn done(&self) -> Result<u64> {
        let mut lines = self.0.lines();
        let wanted = lines.pushed;
        lines.now = true;
        self.0.some.notify_one();
        let waited = self.0.none.wait_while(lines, |lines| lines.written < wanted);
        Ok(waited.unwrap_or_else(PoisonError::into_inner).written)
    }
}
