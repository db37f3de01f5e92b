//! The last events of an exchange, oldest first out.

use std::{
    collections::VecDeque,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use tracing::{Metadata, level_filters::LevelFilter};

use super::{Scrub, Trail, TrailEvent, jot};
use crate::exchange::{Budget, Permit};

/// Events kept of one exchange.
const EVENTS: usize = 256;
/// Memory for all of them.
const MEMORY: usize = 64 * 1024;
/// What of it is for what they say.
const BYTES: usize = MEMORY - EVENTS * size_of::<Entry>();
/// What is kept of that: the rest is for what is dropped, so that not every event moves all others.
const KEPT: usize = BYTES / 8 * 7;
/// Memory is asked for in steps that double from these on.
const FIRST_EVENTS: usize = 32;
const FIRST_BYTES: usize = 2048;

/// What is known of an event beside what it says.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) metadata: &'static Metadata<'static>,
    /// A record of the `log` crate, which has its origin as fields.
    pub(crate) is_log: bool,
}

#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// None where the event itself was kept, as JSON: what handlers tell has no place that lives as long as the program.
    metadata: Option<&'static Metadata<'static>>,
    /// Taken as it is: what it is since the request's arrival is reckoned when somebody reads it.
    at: Instant,
    length: u32,
    is_log: bool,
}

impl Entry {
    fn place(&self) -> Option<Place> {
        self.metadata.map(|metadata| Place { metadata, is_log: self.is_log })
    }
}

/// The last events of an exchange that goes on.
#[derive(Default)]
pub(crate) struct Ring {
    entries: VecDeque<Entry>,
    /// Before `start` stands what is dropped.
    bytes: Vec<u8>,
    start: usize,
    /// What the budget gave memory for.
    room: Room,
    permit: Option<Permit>,
    dropped: u64,
    /// Which tracing layer tells: where there are two of ours, each would tell everything.
    teller: Option<u64>,
}

#[derive(Clone, Copy, Default)]
struct Room {
    events: usize,
    bytes: usize,
}

impl Ring {
    /// True where this layer is the one that tells, which the first one becomes.
    #[inline]
    pub(crate) fn is_told_by(&mut self, layer: u64) -> bool {
        *self.teller.get_or_insert(layer) == layer
    }

    /// Keeps what was told, and for that drops the oldest. Gives how many were dropped because the budget is spent.
    #[inline]
    pub(crate) fn push(&mut self, place: Place, at: Instant, told: &[u8], budget: &Arc<Budget>) -> u64 {
        self.keep(Some(place), at, told, budget)
    }

    /// The same of an event that is redacted already.
    pub(crate) fn push_told(&mut self, event: &TrailEvent, at: Instant, budget: &Arc<Budget>) -> u64 {
        // None of ours refuses to be written.
        let told = serde_json::to_vec(event).unwrap_or_default();
        self.keep(None, at, &told, budget)
    }

    #[inline(always)]
    fn keep(&mut self, place: Option<Place>, at: Instant, told: &[u8], budget: &Arc<Budget>) -> u64 {
        let bytes = self.bytes.len() + told.len();
        let has_room = self.entries.len() < self.room.events && bytes <= self.room.bytes;
        let mut dropped = 0;
        if !(has_room && bytes - self.start <= KEPT) {
            match self.make_way(told.len(), budget) {
                Ok(others) => dropped = others,
                Err(with_this) => return with_this,
            }
        }
        let (metadata, is_log) = place.map_or((None, false), |place| (Some(place.metadata), place.is_log));
        let length = u32::try_from(told.len()).unwrap_or(u32::MAX);
        self.entries.push_back(Entry { metadata, at, length, is_log });
        self.bytes.extend_from_slice(told);
        dropped
    }

    /// Drops the oldest, or asks for memory, until there is room for one more. Gives how many were dropped because the
    /// budget is spent; as an error where that one was too, or is too large.
    #[cold]
    fn make_way(&mut self, length: usize, budget: &Arc<Budget>) -> Result<u64, u64> {
        while self.entries.len() >= EVENTS || self.kept() + length > KEPT {
            if !self.drop_oldest() {
                // By itself it is larger than all that is kept.
                self.dropped += 1;
                return Err(0);
            }
        }
        let before = self.dropped;
        if !self.make_room(length, budget) {
            while self.entries.len() >= self.room.events || self.kept() + length > self.room.bytes {
                if !self.drop_oldest() {
                    self.dropped += 1;
                    return Err(self.dropped - before);
                }
            }
            self.move_up();
        }
        Ok(self.dropped - before)
    }

    /// What is kept, to be read: by whom, since when, and what hides events from it.
    pub(crate) fn into_trail(
        mut self,
        scrub: &Arc<dyn Scrub>,
        arrived: Instant,
        limited_to: Option<LevelFilter>,
    ) -> Trail {
        self.move_up();
        let raw = Raw {
            entries: self.entries,
            bytes: self.bytes,
            arrived,
            scrub: Arc::clone(scrub),
            _permit: self.permit,
        };
        Trail::new(raw, self.dropped, limited_to)
    }

    /// True where a tracing layer told anything.
    pub(crate) fn was_reached(&self) -> bool {
        self.teller.is_some()
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(oldest) = self.entries.pop_front() else { return false };
        self.start = self.bytes.len().min(self.start + oldest.length as usize);
        self.dropped += 1;
        true
    }

    /// Bytes of what is kept.
    fn kept(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Takes the place of what is dropped.
    fn move_up(&mut self) {
        self.bytes.drain(..self.start);
        self.start = 0;
    }

    /// True where there is memory for one more.
    fn make_room(&mut self, length: usize, budget: &Arc<Budget>) -> bool {
        let needed = Room { events: self.entries.len() + 1, bytes: self.bytes.len() + length };
        (needed.events <= self.room.events && needed.bytes <= self.room.bytes) || self.grow(length, budget)
    }

    fn grow(&mut self, length: usize, budget: &Arc<Budget>) -> bool {
        self.move_up();
        let needed = Room { events: self.entries.len() + 1, bytes: self.bytes.len() + length };
        let wanted = Room {
            events: step(self.room.events, needed.events, FIRST_EVENTS, EVENTS),
            bytes: step(self.room.bytes, (needed.bytes / 8 * 9).min(BYTES), FIRST_BYTES, BYTES),
        };
        let more = (wanted.events - self.room.events) * size_of::<Entry>() + wanted.bytes - self.room.bytes;
        if !self.permit.get_or_insert_with(|| Permit::new(budget)).ask(more) {
            return false;
        }
        self.entries.reserve_exact(wanted.events - self.entries.len());
        self.bytes.reserve_exact(wanted.bytes - self.bytes.len());
        self.room = wanted;
        true
    }
}

/// Twice as much where what there is does not do.
fn step(present: usize, needed: usize, first: usize, most: usize) -> usize {
    if needed <= present { present } else { needed.max(present * 2).max(first).min(most) }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").field("events", &self.entries.len()).field("dropped", &self.dropped).finish()
    }
}

/// What a trail is read from.
pub(super) struct Raw {
    entries: VecDeque<Entry>,
    bytes: Vec<u8>,
    arrived: Instant,
    scrub: Arc<dyn Scrub>,
    /// Held until the bytes go.
    _permit: Option<Permit>,
}

impl Raw {
    /// The events, redacted.
    pub(super) fn read(&self) -> Vec<TrailEvent> {
        let mut rest = &*self.bytes;
        let read = self.entries.iter().filter_map(|entry| {
            let (told, after) = rest.split_at_checked(entry.length as usize).unwrap_or_default();
            rest = after;
            let at = entry.at.saturating_duration_since(self.arrived);
            // In whole microseconds, as dumps have it.
            let at = Duration::new(at.as_secs(), at.subsec_micros() * 1000);
            match entry.place() {
                Some(place) => Some(jot::read(place, at, told, &*self.scrub)),
                None => Some(TrailEvent { at, ..serde_json::from_slice(told).ok()? }),
            }
        });
        read.collect()
    }
}

#[cfg(test)]
impl Ring {
    pub(super) const LIMITS: (usize, usize) = (EVENTS, KEPT);

    pub(super) fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.kept())
    }
}
