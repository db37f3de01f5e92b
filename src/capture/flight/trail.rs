//! The events of the exchange, until a dump wants them.

use std::{
    sync::{MutexGuard, PoisonError},
    time::Instant,
};

use super::Flight;
use crate::exchange::{Place, Ring, Trail, TrailEvent};

impl Flight {
    /// The application told something, as a layer put it down.
    #[inline]
    pub(crate) fn told(&self, layer: u64, place: Place, told: &[u8]) {
        let mut trail = self.trail();
        let Some(ring) = trail.as_mut() else { return };
        if !ring.is_told_by(layer) {
            return;
        }
        // Asked here, so that the order of events is that of their times.
        let dropped = ring.push(place, Instant::now(), told, &self.0.recorder.budget);
        drop(trail);
        if dropped > 0 {
            self.miss(dropped);
        }
    }

    /// The handler told something. When, is noted here.
    pub(in super::super) fn told_by_hand(&self, event: &TrailEvent) {
        let mut trail = self.trail();
        let Some(ring) = trail.as_mut() else { return };
        let dropped = ring.push_told(event, Instant::now(), &self.0.recorder.budget);
        drop(trail);
        if dropped > 0 {
            self.miss(dropped);
        }
    }

    /// The budget had no memory for so many events.
    #[cold]
    fn miss(&self, events: u64) {
        self.0.recorder.counters.events_over_budget.add(events);
    }

    /// A trail for the dump.
    pub(super) fn read(&self, ring: Ring) -> Option<Trail> {
        let recorder = &self.0.recorder;
        let limited_to = recorder.hearing().limited_to(ring.was_reached());
        Some(ring.into_trail(&recorder.scrub, self.0.arrived, limited_to))
    }

    #[inline]
    pub(super) fn trail(&self) -> MutexGuard<'_, Option<Ring>> {
        self.0.trail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
