use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use super::{BlackBox, Counters, Sink, contained};
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
    /// The same, where it has more to do than what it is told.
    restless: Option<Arc<dyn BlackBox>>,
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
        Self::with(sink, None, gate, counters)
    }

    /// The same for a sink that wants to look after something now and then.
    pub(crate) fn looked_after(sink: Arc<dyn BlackBox>, counters: Arc<Counters>) -> Self {
        Self::with(Box::new(Arc::clone(&sink)), Some(sink), None, counters)
    }

    fn with(
        sink: Box<dyn Sink>,
        restless: Option<Arc<dyn BlackBox>>,
        gate: Option<Gate>,
        counters: Arc<Counters>,
    ) -> Self {
        Self(Arc::new(Queue {
            sink,
            restless,
            gate,
            counters,
            state: Mutex::default(),
            work: Condvar::new(),
            done: Condvar::new(),
        }))
    }

    /// False while records do not get through to the sink.
    pub(crate) fn is_open(&self) -> bool {
        self.0.gate.as_ref().is_none_or(|gate| gate.load(Relaxed))
    }

    /// Hands a parcel over without waiting; a full queue drops it and counts.
    pub(crate) fn send(&self, parcel: Parcel) {
        if !matches!(parcel, Parcel::Flush) && !self.is_open() {
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

    /// Makes the sink look after what it has to, soon.
    pub(crate) fn nudge(&self) {
        let mut state = self.0.lock();
        match state.worker {
            Worker::NotStarted => self.start(state),
            Worker::Idle => {
                state.worker = Worker::Busy;
                drop(state);
                self.0.work.notify_one();
            }
            // It looks before it rests.
            Worker::Busy | Worker::Lingering | Worker::Gone => {}
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
                self.look();
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
                state = self.rest(state);
            }
        }
    }

    /// Waits for something to do.
    fn rest<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if self.restless.is_none() {
            return self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        let next = self.look();
        state = self.lock();
        // Whoever came in between believes that this thread is woken.
        if state.worker != Worker::Idle || state.closed {
            return state;
        }
        match next {
            Some(next) => {
                let next = next.max(LINGER);
                self.work.wait_timeout(state, next).unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.work.wait(state).unwrap_or_else(PoisonError::into_inner),
        }
    }

    fn look(&self) -> Option<Duration> {
        let restless = self.restless.as_ref()?;
        let mut next = None;
        contained(&self.counters, || next = restless.look());
        next
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

#[cfg(test)]
mod tests {
    use std::{
        io,
        path::PathBuf,
        sync::{Arc, Mutex, mpsc},
        time::{Duration, Instant},
    };

    use super::Outbox;
    use crate::{
        exchange::{Exchange, RequestId, Timestamp},
        sink::{BlackBox, Sink},
    };

    /// Says when it is looked after, and when to look again.
    struct Restless {
        looked: Mutex<mpsc::Sender<()>>,
        next: Option<Duration>,
    }

    impl Sink for Restless {}

    impl BlackBox for Restless {
        fn claim(&self, _: &mut Exchange) -> bool {
            true
        }

        fn claim_call(&self, _: &mut Exchange) -> bool {
            true
        }

        fn pass_over(&self, _: u64) -> bool {
            true
        }

        fn reserve(&self, _: RequestId, _: Timestamp) -> Option<String> {
            None
        }

        fn path(&self, name: &str) -> PathBuf {
            name.into()
        }

        fn write_now(&self, _: &mut Exchange) -> io::Result<PathBuf> {
            Err(io::ErrorKind::Unsupported.into())
        }

        fn look(&self) -> Option<Duration> {
            let _ = self.looked.lock().unwrap().send(());
            self.next
        }
    }

    fn restless(next: Option<Duration>) -> (Outbox, mpsc::Receiver<()>) {
        let (looked, told) = mpsc::channel();
        let sink = Arc::new(Restless { looked: looked.into(), next });
        (Outbox::looked_after(sink, Arc::default()), told)
    }

    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn a_sink_is_looked_after_when_it_says_so_and_when_it_is_nudged() {
        let (outbox, looked) = restless(Some(Duration::from_millis(1)));
        outbox.nudge();
        (0..5).for_each(|_| looked.recv_timeout(PATIENCE).unwrap());
        drop(outbox);

        let (outbox, looked) = restless(None);
        for _ in 0..50 {
            outbox.nudge();
            looked.recv_timeout(PATIENCE).unwrap();
        }
        assert_eq!(outbox.flush(Instant::now() + PATIENCE), 0);
    }

    #[test]
    fn who_is_looked_after_for_ever_goes_when_it_is_closed() {
        let (outbox, looked) = restless(Some(Duration::from_millis(1)));
        outbox.nudge();
        looked.recv_timeout(PATIENCE).unwrap();
        drop(outbox);
        let start = Instant::now();
        while looked.recv_timeout(PATIENCE).is_ok() {
            assert!(start.elapsed() < PATIENCE);
        }
    }
}
