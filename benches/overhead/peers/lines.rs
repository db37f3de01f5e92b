//! A file of JSON lines, written by a thread of tracing-appender's.

use std::{
    fs::File,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::Router;
use tempfile::TempDir;
use tracing::{Dispatch, Subscriber};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, registry::LookupSpan};

use crate::{
    Result,
    wrapped::{Count, Wrapped},
};

/// A router whose layers tell tracing, and a file with what they tell: `each` lines for each request.
pub(super) fn filed(router: Router, targets: Targets, each: u64) -> Result<Wrapped> {
    let lines = Lines::new()?;
    let subscriber = Dispatch::new(json(tracing_subscriber::registry().with(targets), lines.writer));
    let proof = Count { out: lines.out, each };
    Ok(Wrapped {
        subscriber: Some(subscriber),
        ..Wrapped::new(router, proof).with(lines.guard).with(lines.dir)
    })
}

/// tracing-subscriber's JSON formatter.
pub(super) fn json<S>(subscriber: S, writer: NonBlocking) -> impl Subscriber + for<'a> LookupSpan<'a>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    subscriber.with(fmt::layer().json().with_writer(writer))
}

/// The file, what writes to it, and the count of what it has.
pub(super) struct Lines {
    pub(super) writer: NonBlocking,
    pub(super) out: Arc<AtomicU64>,
    pub(super) guard: WorkerGuard,
    pub(super) dir: TempDir,
}

impl Lines {
    /// Whoever logs waits where the queue is full: nothing is lost.
    pub(super) fn new() -> Result<Self> {
        let dir = TempDir::new()?;
        let out = Arc::new(AtomicU64::new(0));
        let file = Counted { file: File::create(dir.path().join("api.log"))?, lines: Arc::clone(&out) };
        let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(file);
        Ok(Self { writer, out, guard, dir })
    }
}

struct Counted {
    file: File,
    lines: Arc<AtomicU64>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        // The appender writes one line at a time.
        if bytes.get(..written).is_some_and(|bytes| bytes.ends_with(b"\n")) {
            self.lines.fetch_add(1, Relaxed);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
