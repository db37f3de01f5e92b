//! Requests whose body is long in coming: sinks are told of them a second after they arrived.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    thread,
    time::{Duration, Instant},
};

use super::flight::{Flight, WeakFlight};
use crate::{
    exchange::{RequestId, Started},
    sink::Fanout,
};

/// How long a request is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// So long the clock lasts when there is nothing to wait for.
const LINGER: Duration = Duration::from_secs(5);
/// The clock is never woken: that would be a system call on a request's thread. It looks by itself, not more often than
/// the one under load, and often enough by the other: what is new is due in most of a second.
const NAPS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));

/// The requests that are waited for, and the clock that tells those whose second is over.
///
/// The clock is a thread that starts with the first request. It holds no recorder, so that the last one out is never
/// the clock; where the system has no thread to give, a request is told when its response begins.
pub(super) struct Late {
    list: Mutex<List>,
    sinks: Arc<Fanout>,
}

#[derive(Default)]
struct List {
    /// Nobody is in it who has finished: it is as long as there are open requests.
    waiting: BTreeMap<(Instant, RequestId), WeakFlight>,
    /// True where the clock runs.
    ticks: bool,
    /// Someone came since the clock looked.
    asked: bool,
}

impl Late {
    pub(super) fn new(sinks: Arc<Fanout>) -> Arc<Self> {
        Arc::new(Self { list: Mutex::default(), sinks })
    }

    /// Has sinks told of a request a second after it arrived, unless they were by then.
    pub(super) fn expect(self: &Arc<Self>, flight: &Flight) {
        let mut list = self.lock();
        list.waiting.insert(key(flight), flight.downgrade());
        list.asked = true;
        let ticks = std::mem::replace(&mut list.ticks, true);
        drop(list);
        if !ticks {
            self.start();
        }
    }

    /// The exchange ended. After this the clock does not hold it.
    pub(super) fn forget(&self, flight: &Flight) {
        self.lock().waiting.remove(&key(flight));
    }

    fn start(self: &Arc<Self>) {
        let late = Arc::downgrade(self);
        if thread::Builder::new().name("flightlog-clock".into()).spawn(move || run(&late)).is_err() {
            // The next request tries again.
            self.lock().ticks = false;
        }
    }

    /// Tells of the requests that are due; gives when to look again. None where nothing came for so long that the clock
    /// ends; `idle` is since when.
    fn tick(&self, now: Instant, idle: &mut Instant) -> Option<Duration> {
        while let Some(due) = self.next_due(now) {
            if let Some(started) = due {
                self.sinks.started(&started);
            }
        }
        let mut list = self.lock();
        if std::mem::take(&mut list.asked) || !list.waiting.is_empty() {
            *idle = now;
        }
        let (shortest, longest) = NAPS;
        if let Some(((due, _), _)) = list.waiting.first_key_value() {
            return Some(due.saturating_duration_since(now).clamp(shortest, longest));
        }
        list.ticks = now.saturating_duration_since(*idle) < LINGER;
        list.ticks.then_some(longest)
    }

    /// Takes a request that is due off the list, with what sinks are to be told of it.
    ///
    /// The list stays locked while the flight is held: who ends the exchange waits in [`forget`](Self::forget), and is
    /// the last to hold it, not the clock. Sinks run code of others: they are told without the lock.
    fn next_due(&self, now: Instant) -> Option<Option<Arc<Started>>> {
        let mut list = self.lock();
        let first = list.waiting.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove().upgrade().and_then(|flight| flight.is_late()))
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Late").finish_non_exhaustive()
    }
}

/// When a request is due, and which it is.
fn key(flight: &Flight) -> (Instant, RequestId) {
    (flight.arrived() + PATIENCE, flight.request_id())
}

fn run(late: &Weak<Late>) {
    let mut idle = Instant::now();
    while let Some(late) = late.upgrade() {
        let Some(nap) = late.tick(Instant::now(), &mut idle) else { return };
        drop(late);
        thread::sleep(nap);
    }
}

#[cfg(test)]
mod tests;
