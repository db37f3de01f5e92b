use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

use crate::exchange::Budget;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// What the recorder counts about itself, as it runs.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)+
        }

        impl Counters {
            /// The counts as they stand.
            pub(crate) fn snapshot(&self, budget: &Budget, files: FileStats) -> Stats {
                Stats {
                    $($name: self.$name.get(),)+
                    captured_bytes: budget.taken() as u64,
                    bodies_over_budget: budget.refused(),
                    files,
                }
            }
        }

        /// The recorder's own counters, from [`FlightLog::stats`](crate::FlightLog::stats).
        ///
        /// ```
        /// # fn main() -> Result<(), tower_flightlog::Error> {
        /// let flightlog = tower_flightlog::FlightLog::builder().files(false).dumps(false).build()?;
        /// assert_eq!(flightlog.stats().finished, 0);
        /// # Ok(()) }
        /// ```
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
        #[non_exhaustive]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)+
            /// Captured bytes held now.
            pub captured_bytes: u64,
            /// Bodies of which something was not kept because LOG_CAPTURE_BUDGET was spent.
            pub bodies_over_budget: u64,
            /// The log files.
            pub files: FileStats,
        }
    };
}

counters! {
    /// Exchanges begun.
    begun,
    /// Exchanges ended and recorded.
    finished,
    /// Records and events that a sink's full queue could not take.
    queue_dropped,
    /// Panics of sinks, each contained.
    sink_panics,
    /// Dumps written.
    dumps_written,
    /// Exchanges that should have been dumped and were not, because of LOG_DUMP_PER_MINUTE, or because three like them
    /// had a dump in that minute. Each that should have a dump is counted here, in `dumps_written` or in `dumps_failed`.
    dumps_suppressed,
    /// Dumps that could not be written.
    dumps_failed,
    /// Dumps deleted to keep within LOG_DUMP_KEEP, LOG_DUMP_MAX_BYTES and LOG_DUMP_MAX_AGE.
    dumps_deleted,
    /// Events that a trail could not keep because LOG_CAPTURE_BUDGET was spent.
    events_over_budget,
    /// Attributes, timers, checkpoints and caches that an exchange could not keep: it had too many, or LOG_CAPTURE_BUDGET
    /// was spent.
    instruments_dropped,
    /// Lines that the console could not take.
    console_errors,
}

/// What is counted over all log files; part of [`Stats`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FileStats {
    /// Lines written.
    pub lines: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Lines that came faster than they could be written.
    pub dropped: u64,
    /// Lines lost because a file could not be written, or was deleted or cut by others.
    pub lost: u64,
    /// Lines that wait to be written.
    pub waiting: u64,
    /// Calls to the file system that failed.
    pub errors: u64,
    /// Rotations.
    pub rotations: u64,
    /// The most bytes that ever waited for one file, of 4 MiB.
    pub high_water: u64,
    /// The last failed call: the file and the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// One count.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
