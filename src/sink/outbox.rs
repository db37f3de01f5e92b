use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use super::{Counters, Sink, contained};
use crate::exchange::{Event, Exchange, Started};

/// Records that may wait for one sink.
const CAPACITY: usize = 8192;

/// How long the thread stays away from a queue it has emptied. A wake is a system call on a request's thread: under
/// load it is one for all that come in this time, not one for each.
const LINGER: Duration = Duration::from_millis(1);
/// So many records are not kept waiting.
const URGENT: usize = 256;

/// Lets records through to a sink while it is true.
pub(crate) type Gate = Arc<AtomicBool>;

/// A sink on a thread of its own, behind a bounded queue. The thread starts with the first record.
pub(crate) struct Outbox(Arc<Queue>);

struct Queue {
    sink: Box<dyn Sink>,
    gate: Option<Gate>,
    counters: Arc<Counters>,
    state: Mutex<State>,
    /// Told when there is something to do.
    work: Condvar,
    /// Told when something was done.
    done: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Parcel>,
    accepted: u64,
    delivered: u64,
    /// Parcels that found the queue full.
    dropped: u64,
    worker: Worker,
    closed: bool,
}

#[derive(Default, PartialEq)]
enum Worker {
    #[default]
    NotStarted,
    Busy,
    /// Will look again by itself after a while.
    Lingering,
    Idle,
    /// The recorder is gone: what still comes is delivered by whoever brings it.
    Gone,
}

/// What a sink is told.
#[derive(Clone)]
pub(crate) enum Parcel {
    Started(Arc<Started>),
    Finished(Arc<Exchange>),
    Event(Arc<Event>),
    /// So many others were dropped.
    Lost(u64),
    Flush,
}

impl Outbox {
    pub(crate) fn new(sink: Box<dyn Sink>, gate: Option<Gate>, counters: Arc<Counters>) -> Self {
        Self(Arc::new(Queue {
            sink,
            gate,
            counters,
            state: Mutex::default(),
            work: Condvar::new(),
            done: Condvar::new(),
        }))
    }

    /// Hands a parcel over without waiting; a full queue drops it and counts.
    pub(crate) fn send(&self, parcel: Parcel) {
        if !matches!(parcel, Parcel::Flush) && self.0.gate.as_ref().is_some_and(|gate| !gate.load(Relaxed)) {
            return;
        }
        let mut state = self.0.lock();
        if state.worker == Worker::Gone {
            drop(state);
            return self.0.deliver(&parcel);
        }
        if state.waiting.len() >= CAPACITY && !matches!(parcel, Parcel::Flush) {
            state.dropped += 1;
            drop(state);
            return self.0.counters.queue_dropped.add(1);
        }
        state.accepted += 1;
        let urgent = matches!(parcel, Parcel::Flush) || state.waiting.len() >= URGENT;
        state.waiting.push_back(parcel);
        match state.worker {
            Worker::NotStarted => self.start(state),
            Worker::Lingering if !urgent => {}
            Worker::Idle | Worker::Lingering => {
                state.worker = Worker::Busy;
                // Woken with the lock held, it would wait for that next.
                drop(state);
                self.0.work.notify_one();
            }
            Worker::Busy | Worker::Gone => {}
        }
    }

    /// Starts the thread. Where the system has none to give, the next parcel tries again.
    fn start(&self, mut state: MutexGuard<'_, State>) {
        let queue = Arc::clone(&self.0);
        if thread::Builder::new().name("flightlog-sink".into()).spawn(move || queue.run()).is_ok() {
            state.worker = Worker::Busy;
        }
    }

    /// Waits until all that was sent is delivered and flushed; gives the number of parcels that were not in time.
    pub(crate) fn flush(&self, deadline: Instant) -> u64 {
        self.send(Parcel::Flush);
        let mut state = self.0.lock();
        let target = state.accepted;
        while state.delivered < target && state.worker != Worker::Gone {
            let Some(left) =
                deadline.checked_duration_since(Instant::now()).filter(|left| *left > Duration::ZERO)
            else {
                // The flush itself is not a record.
                return (target - state.delivered).saturating_sub(1).max(1);
            };
            state = self.0.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        0
    }

    /// From now on whoever brings a parcel delivers it.
    pub(crate) fn close(&self) {
        let mut state = self.0.lock();
        state.closed = true;
        if state.worker == Worker::NotStarted {
            state.worker = Worker::Gone;
        }
        drop(state);
        self.0.work.notify_all();
    }
}

/// What was dropped: the sink is told at once, all others once a minute and at the end.
#[derive(Default)]
struct Losses {
    told_to_sink: u64,
    told: u64,
    at: Option<Instant>,
}

impl Losses {
    /// The number to tell the sink.
    fn for_sink(&mut self, dropped: u64) -> Option<u64> {
        let news = dropped - std::mem::replace(&mut self.told_to_sink, dropped);
        (news > 0).then_some(news)
    }

    /// The number to warn of.
    fn for_all(&mut self, dropped: u64, is_end: bool) -> Option<u64> {
        let is_recent = self.at.is_some_and(|at| at.elapsed() < Duration::from_secs(60));
        if dropped == self.told || (is_recent && !is_end) {
            return None;
        }
        self.at = Some(Instant::now());
        Some(dropped - std::mem::replace(&mut self.told, dropped))
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.close();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut batch = VecDeque::new();
        let mut state = self.lock();
        let mut lingered = true;
        let mut losses = Losses::default();
        loop {
            if !state.waiting.is_empty() {
                lingered = false;
                state.worker = Worker::Busy;
                std::mem::swap(&mut batch, &mut state.waiting);
                drop(state);
                let count = batch.len() as u64;
                for parcel in batch.drain(..) {
                    self.deliver(&parcel);
                }
                state = self.lock();
                let (dropped, is_end) = (state.dropped, state.closed);
                drop(state);
                self.tell(&mut losses, dropped, is_end);
                state = self.lock();
                state.delivered += count;
                self.done.notify_all();
            } else if state.closed {
                state.worker = Worker::Gone;
                return self.done.notify_all();
            } else if !lingered {
                lingered = true;
                state.worker = Worker::Lingering;
                state = self.work.wait_timeout(state, LINGER).unwrap_or_else(PoisonError::into_inner).0;
            } else {
                state.worker = Worker::Idle;
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Tells of what was dropped.
    fn tell(&self, losses: &mut Losses, dropped: u64, is_end: bool) {
        if let Some(lost) = losses.for_sink(dropped) {
            self.deliver(&Parcel::Lost(lost));
        }
        if let Some(lost) = losses.for_all(dropped, is_end) {
            tracing::warn!(
                "a sink is slower than records come: {lost} were dropped; see `queue_dropped` in stats()"
            );
        }
    }

    fn deliver(&self, parcel: &Parcel) {
        contained(&self.counters, || match parcel {
            Parcel::Started(started) => self.sink.started(started),
            Parcel::Finished(exchange) => self.sink.finished(exchange),
            Parcel::Event(event) => self.sink.event(event),
            Parcel::Lost(records) => self.sink.lost(*records),
            Parcel::Flush => self.sink.flush(),
        });
    }
}
