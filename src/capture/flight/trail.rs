//! The events of the exchange, until a dump wants them.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use super::Flight;
use crate::exchange::{Place, Ring, Trail, TrailEvent};

impl Flight {
    /// The application told something, as a layer put it down.
    #[inline]
    pub(crate) fn told(&self, layer: u64, place: Place, told: &[u8]) {
        let Some(mut trail) = self.trail() else { return };
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
        let Some(mut trail) = self.trail() else { return };
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

    /// A trail for the dump; none where no events are kept.
    pub(super) fn read(&self, ring: Option<Ring>) -> Option<Trail> {
        let ring = ring.or_else(|| self.0.keeps_trail.then(Ring::default))?;
        let recorder = &self.0.recorder;
        let limited_to = recorder.hearing().limited_to(ring.was_reached());
        Some(ring.into_trail(&recorder.scrub, self.0.arrived, limited_to))
    }

    /// What was told, of which no more is kept; none where nothing was.
    pub(super) fn take_trail(&self) -> Option<Ring> {
        self.0.trail.get()?.lock().take()
    }

    /// The trail, which the first event begins; none where nothing is kept.
    #[inline]
    fn trail(&self) -> Option<MutexGuard<'_, Option<Ring>>> {
        (self.0.keeps_trail && !self.has_ended()).then(|| self.0.trail.get_or_init(Box::default).lock())
    }
}

/// The events of an exchange; none once it is over.
pub(super) struct Events(Mutex<Option<Ring>>);

impl Events {
    #[inline]
    fn lock(&self) -> MutexGuard<'_, Option<Ring>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Events {
    fn default() -> Self {
        Self(Mutex::new(Some(Ring::default())))
    }
}
