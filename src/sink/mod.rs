//! Where records go: the trait outputs implement, and the fan-out that keeps them away from the request.

mod counters;
mod fanout;
mod memory;
mod outbox;
mod trouble;

use std::{
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

pub(crate) use counters::Counters;
pub use counters::{FileStats, Stats};
use fanout::contained;
pub(crate) use fanout::{Fanout, Outputs, is_delivering};
pub use memory::MemorySink;
pub(crate) use outbox::Gate;
pub(crate) use trouble::Trouble;

use crate::exchange::{Event, Exchange, InFlight, RequestId, Started, Timestamp};

/// An output.
///
/// Add one with [`FlightLogBuilder::sink`](crate::FlightLogBuilder::sink). It runs on the recorder's own thread behind
/// a bounded queue: it may be slow, and it may panic, and no request will notice; what the queue could not take is
/// counted in [`Stats`]. An `Arc` of a sink is a sink.
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
/// use tower_flightlog::{Exchange, FlightLog, Sink};
///
/// #[derive(Default)]
/// struct Failures(AtomicU64);
///
/// impl Sink for Failures {
///     fn finished(&self, exchange: &Arc<Exchange>) {
///         if exchange.is_failure() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let failures = Arc::new(Failures::default());
/// let flightlog = FlightLog::builder().files(false).dumps(false).sink(Arc::clone(&failures)).build()?;
/// # Ok::<(), tower_flightlog::Error>(())
/// ```
pub trait Sink: Send + Sync + 'static {
    /// A request is there: its body was read to the end or dropped, its response began, or a second went by.
    fn started(&self, started: &Arc<Started>) {
        let _ = started;
    }

    /// An exchange ended. Called exactly once for each.
    fn finished(&self, exchange: &Arc<Exchange>) {
        let _ = exchange;
    }

    /// The application told something.
    fn event(&self, event: &Arc<Event>) {
        let _ = event;
    }

    /// So many records and events came faster than this sink takes them, and were dropped.
    fn lost(&self, records: u64) {
        let _ = records;
    }

    /// Everything handed over so far should reach its destination.
    fn flush(&self) {}
}

impl<T: Sink + ?Sized> Sink for Arc<T> {
    fn started(&self, started: &Arc<Started>) {
        (**self).started(started);
    }

    fn finished(&self, exchange: &Arc<Exchange>) {
        (**self).finished(exchange);
    }

    fn event(&self, event: &Arc<Event>) {
        (**self).event(event);
    }

    fn lost(&self, records: u64) {
        (**self).lost(records);
    }

    fn flush(&self) {
        (**self).flush();
    }
}

/// An output of ours that writes records where they are made, and keeps nothing of them.
pub(crate) trait Formatter: Send + Sync {
    /// As [`Sink::started`].
    fn started(&self, _started: &Started) {}

    /// As [`Sink::finished`].
    fn finished(&self, _exchange: &Exchange) {}

    /// As [`Sink::event`].
    fn event(&self, _event: &Event) {}
}

/// The output that keeps what is needed to understand a failure. Its `finished` writes what was named before.
pub(crate) trait BlackBox: Sink {
    /// Decides whether an exchange that ended is kept and, if so, names its dump. True where `look` is to be called.
    fn claim(&self, exchange: &mut Exchange) -> bool;

    /// The same for a call that got no response, in a request that failed and has a dump.
    fn claim_call(&self, call: &mut Exchange) -> bool;

    /// So many of these are not kept, and only counted. True where `look` is to be called.
    fn pass_over(&self, calls: u64) -> bool;

    /// The name of the dump of an exchange that goes on, of which one is asked for now; none where there may be no more.
    fn reserve(&self, request_id: RequestId, at: Timestamp) -> Option<String>;

    /// Where the dump of this name is, or will be.
    fn path(&self, name: &str) -> PathBuf;

    /// Writes what did not come by the usual road, and waits for the disk.
    fn write_now(&self, exchange: &mut Exchange) -> io::Result<PathBuf>;

    /// Does what is due by now; gives the time until it wants to do more.
    fn look(&self) -> Option<Duration>;
}

/// An output that takes records at once and brings them to their place later.
pub(crate) trait Ledger: Formatter {
    /// Waits until all that was taken is in its place; gives the number of lines that are not.
    fn flush_until(&self, deadline: Instant) -> u64;

    /// Says farewell and waits as for a flush. What comes later is brought to its place by whoever brings it.
    fn close(&self, deadline: Instant) -> u64;

    /// What it counts.
    fn stats(&self) -> FileStats;
}

/// The output that outlives the process: it knows who was in flight when that died.
pub(crate) trait Journal: Send + Sync {
    /// Takes note of who is in flight, in place of what it knew. Never waits; false where it cannot take it now.
    fn note(&self, snapshot: Snapshot) -> bool;

    /// Nobody has been in flight for a while: what was noted may go.
    fn rest(&self);

    /// The recorder ends. Waits until what was noted is gone; nothing is noted any more.
    fn close(&self, deadline: Instant);
}

/// Who was in flight at a time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Snapshot {
    pub at: Timestamp,
    /// Those that are open longest, longest first.
    pub open: Vec<InFlight>,
    /// So many more were open.
    pub others: u64,
}
