//! What is told of exchanges while they last: a beginning whose body is long in coming, that one is still running, and
//! who is in flight, for when the process dies.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use tracing::Level;

use super::{
    flight::Flight,
    open::{Due, OpenFlights, Seat},
    sight::Sight,
};
use crate::{
    exchange::{
        Direction, Event, EventKind, Field, Head, Headers, InFlight, Redacted, RequestId, Scrub, Timestamp,
        Value,
    },
    sink::{Fanout, Journal, Snapshot},
};

/// So long the clock lasts when there is nothing to wait for.
const LINGER: Duration = Duration::from_secs(5);
/// The clock is never woken: that would be a system call on a request's thread. It looks by itself, not more often than
/// the one under load, and often enough by the other: what is new is due in most of a second.
const NAPS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));
/// How often it looks who is in flight.
const SNAPSHOTS: Duration = Duration::from_millis(100);
/// So often the same ones are noted again: from that is known when a process died.
const REFRESH: Duration = Duration::from_secs(1);
/// So many are named of those in flight.
const NAMED: usize = 256;
/// After a start that failed, the system is left alone for so long.
const PAUSE: Duration = Duration::from_secs(1);

/// The open exchanges, and the clock that looks after them.
///
/// The clock is a thread that starts with the first request that needs one. It holds no recorder, so that the last one
/// out is never the clock; where the system has no thread to give, a request is told when its response begins.
pub(super) struct Clock {
    open: OpenFlights,
    sinks: Arc<Fanout>,
    scrub: Arc<dyn Scrub>,
    journal: Option<Arc<dyn Journal>>,
    /// Every request needs the clock, not only late ones.
    is_watched: bool,
    longest_nap: Duration,
    /// True where it runs.
    ticks: AtomicBool,
    no_start_before: Mutex<Option<Instant>>,
}

/// What the clock knows from one tick to the next.
struct Pace {
    /// Since when there is nothing to do.
    idle: Instant,
    /// What was noted last: after how many changes, when, and that it was nobody.
    noted: (u64, Instant),
    is_empty: bool,
    /// Endpoints are redacted once.
    endpoints: HashMap<RequestId, Redacted>,
}

impl Clock {
    pub(super) fn new(
        sinks: Arc<Fanout>,
        scrub: Arc<dyn Scrub>,
        slow: Option<Duration>,
        journal: Option<Arc<dyn Journal>>,
    ) -> Arc<Self> {
        let (shortest, longest) = NAPS;
        let longest_nap = match (&journal, slow) {
            (Some(_), _) => SNAPSHOTS,
            (None, Some(slow)) => (slow / 2).clamp(shortest, longest),
            (None, None) => longest,
        };
        Arc::new(Self {
            open: OpenFlights::new(slow),
            sinks,
            scrub,
            is_watched: journal.is_some() || slow.is_some(),
            journal,
            longest_nap,
            ticks: AtomicBool::new(false),
            no_start_before: Mutex::default(),
        })
    }

    /// An exchange begins.
    pub(super) fn enter(self: &Arc<Self>, flight: &Flight) -> Option<Seat> {
        let seat = self.open.enter(flight, self.is_watched);
        if self.is_watched {
            self.wind(flight);
        }
        seat
    }

    /// The exchange ended. After this the clock does not hold it.
    pub(super) fn leave(&self, seat: Seat) {
        self.open.leave(seat);
    }

    /// Has sinks told of a request a second after it arrived, unless they were by then.
    pub(super) fn expect(self: &Arc<Self>, flight: &Flight, seat: Seat) {
        self.open.expect(seat, flight.request_id());
        self.wind(flight);
    }

    /// All that are open, those first that came first. The caller keeps the recorder alive.
    pub(super) fn in_flight(&self) -> Vec<InFlight> {
        let flights = self.open.flights();
        let now = Instant::now();
        let mut sights: Vec<_> = flights.iter().filter_map(Flight::sight).collect();
        sights.sort_by_key(|sight| (sight.arrived, sight.request_id));
        sights.into_iter().map(|sight| sight.shown(now)).collect()
    }

    /// Nobody is in flight, nor will be. The journal goes away by itself, and is waited for [later](Self::close).
    pub(super) fn rest(&self) {
        self.journal.iter().for_each(|journal| journal.rest());
    }

    /// Waits until the journal is gone.
    pub(super) fn close(&self, deadline: Instant) {
        self.journal.iter().for_each(|journal| journal.close(deadline));
    }

    /// Makes sure that the clock runs. Who came took a seat before this: the clock looks at the seats once more after it
    /// said that it ends.
    fn wind(self: &Arc<Self>, flight: &Flight) {
        if !self.ticks.load(Relaxed) {
            self.start(flight.arrived());
        }
    }

    #[cold]
    fn start(self: &Arc<Self>, now: Instant) {
        let mut no_start_before = self.no_start_before.lock().unwrap_or_else(PoisonError::into_inner);
        if no_start_before.is_some_and(|pause| now < pause) || self.ticks.swap(true, Relaxed) {
            return;
        }
        let clock = Arc::downgrade(self);
        if thread::Builder::new().name("flightlog-clock".into()).spawn(move || run(&clock)).is_err() {
            *no_start_before = now.checked_add(PAUSE);
            self.ticks.store(false, Relaxed);
        }
    }

    /// Does what is due; gives when to look again. None where nothing came for so long that the clock ends.
    fn tick(&self, now: Instant, pace: &mut Pace) -> Option<Duration> {
        // Sinks run code of others: they are told without a lock.
        for due in self.open.due(now) {
            match due {
                Due::Beginning(started) => self.sinks.started(&started),
                Due::StillRunning(sight) => self.sinks.event(&Arc::new(self.still_running(*sight, now))),
            }
        }
        self.note_open(now, pace);
        self.next_look(now, pace)
    }

    fn next_look(&self, now: Instant, pace: &mut Pace) -> Option<Duration> {
        let (shortest, _) = NAPS;
        let (is_busy, next_due) = self.is_busy();
        if is_busy {
            pace.idle = now;
        }
        if now.saturating_duration_since(pace.idle) < LINGER {
            let until_due =
                |due: Instant| due.saturating_duration_since(now).clamp(shortest, self.longest_nap);
            return Some(next_due.map_or(self.longest_nap, until_due));
        }
        self.rest();
        self.ticks.store(false, Relaxed);
        // Whoever takes a seat from now on finds that the clock does not run.
        let is_needed = self.is_busy().0 && !self.ticks.swap(true, Relaxed);
        *pace = Pace::new(now);
        is_needed.then_some(shortest)
    }

    /// Whether there is, or was since this was asked last, something to look after; and when something is due.
    fn is_busy(&self) -> (bool, Option<Instant>) {
        let (was_asked, all) = (self.open.was_asked(), self.open.standing());
        let is_noted = self.journal.is_some() && all.open > 0;
        (was_asked || all.next_due.is_some() || is_noted, all.next_due)
    }

    /// Has the journal note who is in flight, if that is news.
    fn note_open(&self, now: Instant, pace: &mut Pace) {
        let Some(journal) = &self.journal else { return };
        let all = self.open.standing();
        let (changes, at) = pace.noted;
        let is_empty = all.open == 0;
        let is_old = now.saturating_duration_since(at) >= REFRESH;
        if (is_empty && pace.is_empty) || (changes == all.changes && (is_empty || !is_old)) {
            return;
        }
        let (sights, others) = self.open.oldest(NAMED);
        let is_empty = sights.is_empty() && others == 0;
        let mut endpoints = HashMap::with_capacity(sights.len());
        let open: Vec<_> = sights.into_iter().map(|sight| known(sight, now, &pace.endpoints)).collect();
        endpoints.extend(open.iter().map(|open| (open.request_id, open.endpoint.clone())));
        pace.endpoints = endpoints;
        if journal.note(Snapshot { at: Timestamp::now(), open, others: others as u64 }) {
            (pace.noted, pace.is_empty) = ((all.changes, now), is_empty);
        }
    }

    fn still_running(&self, sight: Sight, now: Instant) -> Event {
        let open = sight.shown(now);
        let (method, seconds) = (open.method.as_str(), open.age.as_secs_f64());
        let is_outbound = open.direction == Direction::Outbound;
        let whose = if is_outbound { "the call " } else { "" };
        let message = format!("still running after {seconds:.1} s: {whose}{method} {}", open.endpoint);
        let number = |name: &'static str, number| field(name, Value::Unsigned(number));
        let mut fields = vec![
            number("age_ms", u64::try_from(open.age.as_millis()).unwrap_or(u64::MAX)),
            field("method", Value::Text(self.scrub.text(method))),
            field("endpoint", Value::Text(open.endpoint)),
            number("request_bytes", open.request_bytes),
            number("response_bytes", open.response_bytes),
        ];
        fields.extend(open.status.map(|status| number("status", status.as_u16().into())));
        if is_outbound {
            fields.push(field("direction", Value::Text(Redacted::literal("outbound"))));
        }
        Event {
            timestamp: Timestamp::now(),
            level: Level::WARN,
            kind: EventKind::Custom(Cow::Borrowed("still_running")),
            request_id: Some(open.request_id),
            trace_id: open.trace_id,
            after_response: false,
            message: self.scrub.text(&message),
            module: Cow::Borrowed("tower_flightlog"),
            location: None,
            error_chain: Vec::new(),
            fields,
            stream: None,
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").finish_non_exhaustive()
    }
}

impl Pace {
    fn new(now: Instant) -> Self {
        Self { idle: now, noted: (0, now), is_empty: true, endpoints: HashMap::new() }
    }
}

fn field(name: &'static str, value: Value) -> Field {
    Field { name: Cow::Borrowed(name), value }
}

/// As it is shown, with an endpoint that was redacted before.
fn known(mut sight: Sight, now: Instant, endpoints: &HashMap<RequestId, Redacted>) -> InFlight {
    if let Some(endpoint) = endpoints.get(&sight.request_id) {
        sight.endpoint = Head::redacted(Redacted::default(), endpoint.clone(), Headers::default());
    }
    sight.shown(now)
}

fn run(clock: &Weak<Clock>) {
    let mut pace = Pace::new(Instant::now());
    while let Some(clock) = clock.upgrade() {
        let Some(nap) = clock.tick(Instant::now(), &mut pace) else { return };
        drop(clock);
        thread::sleep(nap);
    }
}

#[cfg(test)]
mod tests;
