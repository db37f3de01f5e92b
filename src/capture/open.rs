//! The exchanges that are open: who came takes a seat, who ended leaves it.

use std::{
    cell::Cell,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::{
    flight::{Flight, WeakFlight},
    sight::Sight,
};
use crate::exchange::{RequestId, Started};

/// How long a request's body is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// Threads share a row as seldom as can be: a request comes and ends on the same one, or one near it.
const ROWS: usize = 16;
const ROW_BITS: u32 = ROWS.trailing_zeros();

/// A row that is longer begins anew when it is empty.
const USUAL: usize = 64;

/// All open exchanges, in rows that each have a lock.
///
/// A row stays locked while a flight of it is held here: who ends the exchange waits in [`leave`](Self::leave), and is
/// the last to hold it. Only what is ours runs under the lock.
pub(super) struct OpenFlights {
    rows: [Row; ROWS],
    /// After which age an exchange is told to be still running (LOG_SLOW).
    slow: Option<Duration>,
}

/// Apart from each other in the processors' caches.
#[derive(Default)]
#[repr(align(128))]
struct Row(Mutex<Seats>);

/// Which seat an exchange has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat(u32);

#[derive(Default)]
struct Seats {
    seats: Vec<Option<Entry>>,
    /// Those among them that nobody has.
    free: Vec<u32>,
    taken: usize,
    /// Nothing is due before; something may be then.
    next_due: Option<Instant>,
    /// How often someone came or left.
    changes: u64,
    /// Someone came since the clock looked who is to be looked after.
    asked: bool,
}

struct Entry {
    flight: WeakFlight,
    id: RequestId,
    arrived: Instant,
    /// Sinks are to be told of its beginning once PATIENCE is over.
    is_late: bool,
    /// They are to be told that it still runs once it is slow.
    is_slow: bool,
}

/// How all rows stand together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    pub(super) open: usize,
    pub(super) changes: u64,
    pub(super) next_due: Option<Instant>,
}

/// What sinks are to be told of an exchange.
pub(super) enum Due {
    Beginning(Arc<Started>),
    StillRunning(Box<Sight>),
}

/// The place of an exchange among the others: when it came, and which it is.
type Order = (Instant, RequestId);

impl OpenFlights {
    pub(super) fn new(slow: Option<Duration>) -> Self {
        // What takes longer than the limit is slow.
        Self {
            rows: Default::default(),
            slow: slow.map(|slow| slow.saturating_add(Duration::from_micros(1))),
        }
    }

    /// Gives an exchange a seat. `asks`: the clock has to look after it.
    pub(super) fn enter(&self, flight: &Flight, asks: bool) -> Option<Seat> {
        let row = row_of_thread();
        let arrived = flight.arrived();
        let due = self.slow.and_then(|slow| arrived.checked_add(slow));
        let entry = Entry {
            flight: flight.downgrade(),
            id: flight.request_id(),
            arrived,
            is_late: false,
            is_slow: due.is_some(),
        };
        let mut seats = self.row(row)?;
        let place = match seats.free.pop() {
            Some(place) => {
                *seats.seats.get_mut(place as usize)? = Some(entry);
                place
            }
            None => {
                let place = u32::try_from(seats.seats.len()).ok()?;
                seats.seats.push(Some(entry));
                place
            }
        };
        seats.taken += 1;
        seats.changes += 1;
        seats.asked |= asks;
        seats.is_due_at(due);
        Seat::new(place, row)
    }

    /// The exchange ended. After this nobody here holds it.
    pub(super) fn leave(&self, seat: Seat) {
        if let Some(mut seats) = self.row(seat.row()) {
            seats.vacate(seat.place());
        }
    }

    /// Has sinks told of an exchange's beginning once PATIENCE is over.
    pub(super) fn expect(&self, seat: Seat, id: RequestId) {
        let Some(mut seats) = self.row(seat.row()) else { return };
        // It may have left meanwhile, and another one have the seat.
        let entry = seats.seats.get_mut(seat.place() as usize).and_then(Option::as_mut);
        let Some(entry) = entry.filter(|entry| entry.id == id) else { return };
        entry.is_late = true;
        let due = entry.arrived.checked_add(PATIENCE);
        seats.asked = true;
        seats.is_due_at(due);
    }

    /// What is due, in the order in which the exchanges came.
    pub(super) fn due(&self, now: Instant) -> Vec<Due> {
        let mut due = Vec::new();
        for mut seats in self.rows() {
            if seats.next_due.is_some_and(|next| next <= now) {
                seats.take_due(self.slow, now, &mut due);
            }
        }
        due.sort_by_key(|(order, _)| *order);
        due.into_iter().map(|(_, due)| due).collect()
    }

    /// How it stands.
    pub(super) fn standing(&self) -> Standing {
        let mut all = Standing::default();
        for seats in self.rows() {
            all.open += seats.taken;
            all.changes = all.changes.wrapping_add(seats.changes);
            all.next_due = earlier(all.next_due, seats.next_due);
        }
        all
    }

    /// Whether someone came to be looked after since this was asked last.
    pub(super) fn was_asked(&self) -> bool {
        self.rows().fold(false, |asked, mut seats| asked | std::mem::take(&mut seats.asked))
    }

    /// Those that are open longest, `limit` at most, longest first; and how many more there are.
    pub(super) fn oldest(&self, limit: usize) -> (Vec<Sight>, usize) {
        let mut open: Vec<(Order, Seat)> = Vec::new();
        for (row, seats) in self.rows().enumerate() {
            open.reserve(seats.taken);
            let entries =
                seats.seats.iter().zip(0..).filter_map(|(entry, place)| Some((entry.as_ref()?, place)));
            open.extend(entries.filter_map(|(entry, place)| Some((entry.order(), Seat::new(place, row)?))));
        }
        let others = open.len().saturating_sub(limit);
        if others > 0 {
            open.select_nth_unstable_by_key(limit, |(order, _)| *order);
            open.truncate(limit);
        }
        open.sort_unstable_by_key(|(order, _)| *order);
        (open.into_iter().filter_map(|((_, id), seat)| self.sight(seat, id)).collect(), others)
    }

    /// All that are open. The caller keeps the recorder alive.
    pub(super) fn flights(&self) -> Vec<Flight> {
        let mut flights = Vec::new();
        for seats in self.rows() {
            flights.extend(seats.seats.iter().flatten().filter_map(|entry| entry.flight.upgrade()));
        }
        flights
    }

    fn sight(&self, seat: Seat, id: RequestId) -> Option<Sight> {
        let seats = self.row(seat.row())?;
        let entry = seats.seats.get(seat.place() as usize)?.as_ref().filter(|entry| entry.id == id)?;
        entry.flight.upgrade()?.sight()
    }

    fn row(&self, row: usize) -> Option<MutexGuard<'_, Seats>> {
        self.rows.get(row).map(Row::lock)
    }

    fn rows(&self) -> impl Iterator<Item = MutexGuard<'_, Seats>> {
        self.rows.iter().map(Row::lock)
    }
}

impl Row {
    /// Seats are whole at every step: a panic elsewhere does not spoil them.
    fn lock(&self) -> MutexGuard<'_, Seats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seats {
    fn is_due_at(&mut self, due: Option<Instant>) {
        if let Some(due) = due
            && self.next_due.is_none_or(|next| due < next)
        {
            self.next_due = Some(due);
        }
    }

    fn vacate(&mut self, place: u32) {
        let Some(entry) = self.seats.get_mut(place as usize).and_then(Option::take) else { return };
        drop(entry);
        self.taken -= 1;
        self.changes += 1;
        self.free.push(place);
        if self.taken == 0 {
            self.next_due = None;
            if self.seats.len() > USUAL {
                // After a rush it is as short as before.
                self.seats.clear();
                self.free.clear();
            }
        }
    }

    /// Takes what is due, and finds out when the next is. Who was dropped without an end loses the seat.
    fn take_due(&mut self, slow: Option<Duration>, now: Instant, due: &mut Vec<(Order, Due)>) {
        let mut gone = Vec::new();
        self.next_due = None;
        for (entry, place) in self.seats.iter_mut().zip(0..) {
            let Some(entry) = entry else { continue };
            if entry.next_due(slow).is_some_and(|next| next <= now) {
                let Some(flight) = entry.flight.upgrade() else {
                    gone.push(place);
                    continue;
                };
                if entry.late_due().is_some_and(|next| next <= now) {
                    entry.is_late = false;
                    due.extend(flight.is_late().map(|started| (entry.order(), Due::Beginning(started))));
                }
                if entry.slow_due(slow).is_some_and(|next| next <= now) {
                    entry.is_slow = false;
                    due.extend(flight.sight().map(|sight| (entry.order(), Due::StillRunning(sight.into()))));
                }
            }
            self.next_due = earlier(self.next_due, entry.next_due(slow));
        }
        gone.into_iter().for_each(|place| self.vacate(place));
    }
}

impl Entry {
    fn order(&self) -> Order {
        (self.arrived, self.id)
    }

    fn next_due(&self, slow: Option<Duration>) -> Option<Instant> {
        earlier(self.late_due(), self.slow_due(slow))
    }

    fn late_due(&self) -> Option<Instant> {
        if self.is_late { self.arrived.checked_add(PATIENCE) } else { None }
    }

    fn slow_due(&self, slow: Option<Duration>) -> Option<Instant> {
        if self.is_slow { self.arrived.checked_add(slow?) } else { None }
    }
}

impl Seat {
    fn new(place: u32, row: usize) -> Option<Self> {
        let seat = place.checked_shl(ROW_BITS)? | row as u32;
        (place <= Self::LAST_PLACE).then_some(Self(seat))
    }

    /// Says that there is no seat.
    const NONE: u32 = u32::MAX;
    const LAST_PLACE: u32 = (u32::MAX >> ROW_BITS) - 1;

    /// As a number, which an exchange keeps.
    pub(super) fn number(seat: Option<Self>) -> u32 {
        seat.map_or(Self::NONE, |seat| seat.0)
    }

    pub(super) fn of_number(number: u32) -> Option<Self> {
        (number != Self::NONE).then_some(Self(number))
    }

    fn row(self) -> usize {
        (self.0 % ROWS as u32) as usize
    }

    fn place(self) -> u32 {
        self.0 >> ROW_BITS
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Threads are given the rows in turn.
fn row_of_thread() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static ROW: Cell<usize> = const { Cell::new(usize::MAX) });
    ROW.try_with(|row| {
        if row.get() == usize::MAX {
            row.set(NEXT.fetch_add(1, Relaxed) % ROWS);
        }
        row.get()
    })
    .unwrap_or(0)
}

#[cfg(test)]
impl OpenFlights {
    /// How many are waited for.
    pub(super) fn waited_for(&self) -> usize {
        self.rows().map(|seats| seats.seats.iter().flatten().filter(|entry| entry.is_late).count()).sum()
    }
}
