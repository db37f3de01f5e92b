//! The events of the exchange, until a dump wants them.

use std::sync::{MutexGuard, PoisonError};

use super::Flight;
use crate::exchange::{Place, Ring, Trail};

impl Flight {
    /// The application told something, as a layer put it down.
    pub(crate) fn told(&self, layer: u64, place: Place, told: &[u8]) {
        let mut trail = self.trail();
        let Some(ring) = trail.as_mut() else { return };
        if !ring.is_told_by(layer) {
            return;
        }
        // Asked here, so that the order of events is that of their times.
        let at = self.0.arrived.elapsed();
        let micros = at.as_secs() * 1_000_000 + u64::from(at.subsec_micros());
        let dropped = ring.push(place, micros, told, &self.0.recorder.budget);
        drop(trail);
        if dropped > 0 {
            self.0.recorder.counters.events_over_budget.add(dropped);
        }
    }

    /// A trail for the dump.
    pub(super) fn read(&self, ring: Ring) -> Option<Trail> {
        let recorder = &self.0.recorder;
        let limited_to = recorder.hearing().limited_to(!ring.is_empty());
        Some(ring.into_trail(&recorder.scrub, limited_to))
    }

    pub(super) fn trail(&self) -> MutexGuard<'_, Option<Ring>> {
        self.0.trail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
