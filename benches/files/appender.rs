//! tracing-appender's `non_blocking` around a file, with a count of what reached it.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread::{self, Thread},
};

use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Opens the file. Whoever logs waits where the queue, of 128,000 lines, is full.
pub(crate) fn open(
    path: &Path,
    buffer: Option<usize>,
) -> io::Result<(NonBlocking, WorkerGuard, Arc<Written>)> {
    let file = File::create(path)?;
    let written = Arc::new(Written::default());
    let counts = Arc::clone(&written);
    let inner: Box<dyn Write + Send> = match buffer {
        Some(bytes) => Box::new(io::BufWriter::with_capacity(bytes, file)),
        None => Box::new(file),
    };
    let output = Output { inner, lines: 0, bytes: 0, counts };
    let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(output);
    Ok((writer, guard, written))
}

/// What is in the file; as of the last flush, which the appender does each time its queue is empty.
#[derive(Default)]
pub(crate) struct Written {
    lines: AtomicU64,
    bytes: AtomicU64,
    wanted: AtomicU64,
    waiter: Mutex<Option<Thread>>,
}

impl Written {
    pub(crate) fn lines(&self) -> u64 {
        self.lines.load(SeqCst)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(SeqCst)
    }

    /// Waits until so many lines are in the file.
    pub(crate) fn wait(&self, lines: u64) {
        *self.waiter.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
        self.wanted.store(lines, SeqCst);
        while self.lines() < lines {
            thread::park();
        }
        self.wanted.store(0, SeqCst);
    }

    fn tell(&self, lines: u64, bytes: u64) {
        self.bytes.store(bytes, SeqCst);
        self.lines.store(lines, SeqCst);
        let wanted = self.wanted.load(SeqCst);
        if wanted > 0 && lines >= wanted {
            let waiter = self.waiter.lock().unwrap_or_else(PoisonError::into_inner);
            waiter.iter().for_each(Thread::unpark);
        }
    }
}

struct Output {
    inner: Box<dyn Write + Send>,
    lines: u64,
    bytes: u64,
    counts: Arc<Written>,
}

impl Write for Output {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.write_all(line).map(|()| line.len())
    }

    fn write_all(&mut self, line: &[u8]) -> io::Result<()> {
        self.inner.write_all(line)?;
        self.lines += 1;
        self.bytes += line.len() as u64;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()?;
        self.counts.tell(self.lines, self.bytes);
        Ok(())
    }
}
