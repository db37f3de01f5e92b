use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::StatusCode;

use super::super::lost_calls::LostCalls;
use crate::{
    exchange::{Budget, CacheCounts, Exchange, Field, Permit, Redacted, Step, StepKind},
    sink::Counters,
};

/// Of one exchange.
const MOST_STEPS: usize = 256;
const MOST_ATTRIBUTES: usize = 64;
const MOST_CACHES: usize = 32;
/// Bytes for all of it, besides which LOG_CAPTURE_BUDGET has to allow them.
const MOST_BYTES: usize = 64 * 1024;

/// What an exchange keeps of its instruments.
#[derive(Default)]
pub(in super::super) struct Instruments(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    steps: Vec<Begun>,
    attributes: Vec<Field>,
    cache: BTreeMap<Cow<'static, str>, CacheCounts>,
    lost_calls: LostCalls,
    room: Room,
    dropped: u64,
    /// The exchange has ended: nobody would read more.
    closed: bool,
}

struct Begun {
    step: Step,
    has_ended: bool,
}

#[derive(Default)]
struct Room {
    taken: usize,
    permit: Option<Permit>,
}

/// A step that goes on, to be ended.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct StepId(usize);

impl Instruments {
    /// Begins a step; none where there is no room.
    pub(super) fn begin(
        &self,
        name: &Redacted,
        kind: StepKind,
        start: Duration,
        budget: &Arc<Budget>,
    ) -> Option<StepId> {
        self.open(Step::new(name.clone(), kind, start, Duration::ZERO), budget)
    }

    /// The same, with more that is known of it.
    pub(in super::super) fn open(&self, step: Step, budget: &Arc<Budget>) -> Option<StepId> {
        self.lock().push(step, false, budget)
    }

    /// A call is answered, and goes on.
    pub(in super::super) fn answered(&self, StepId(place): StepId, status: StatusCode) {
        if let Some(begun) = self.lock().steps.get_mut(place) {
            begun.step.status = Some(status);
        }
    }

    /// Ends it with all that is known now. What went wrong is left out where there is no room for it.
    pub(in super::super) fn replace(&self, StepId(place): StepId, step: Step, budget: &Arc<Budget>) {
        let mut kept = self.lock();
        let Kept { steps, room, dropped, .. } = &mut *kept;
        let Some(begun) = steps.get_mut(place) else { return };
        let fits = room.take(step.weight().saturating_sub(begun.step.weight()), budget);
        *dropped += u64::from(!fits);
        let step = if fits { step } else { Step { error: None, ..step } };
        *begun = Begun { step, has_ended: true };
    }

    /// Keeps a call that got no response, until it is known how the exchange ends.
    pub(in super::super) fn lost_call(&self, call: Arc<Exchange>) {
        let mut kept = self.lock();
        if !kept.closed {
            kept.lost_calls.keep(call);
        }
    }

    /// Ends it. `unfinished`: it did not come to its own end.
    pub(super) fn end(&self, StepId(place): StepId, length: Duration, unfinished: bool) {
        if let Some(begun) = self.lock().steps.get_mut(place) {
            begun.step.last(length, unfinished);
            begun.has_ended = true;
        }
    }

    /// Keeps a step that is over.
    pub(super) fn step(&self, step: Step, budget: &Arc<Budget>) {
        self.lock().push(step, true, budget);
    }

    /// Something was not even tried.
    pub(super) fn drop_one(&self) {
        self.lock().dropped += 1;
    }

    /// Keeps an attribute in place of one of the same name.
    pub(super) fn attribute(&self, field: Field, budget: &Arc<Budget>) {
        let mut kept = self.lock();
        if kept.closed {
            return;
        }
        let Kept { attributes, room, .. } = &mut *kept;
        let has_room = attributes.len() < MOST_ATTRIBUTES;
        let known = attributes.iter_mut().find(|known| known.name == field.name);
        let before = known.as_ref().map_or(0, |known| known.weight());
        let fits = room.take(field.weight().saturating_sub(before), budget);
        match known {
            Some(known) if fits => *known = field,
            None if fits && has_room => attributes.push(field),
            _ => kept.dropped += 1,
        }
    }

    /// Counts a hit or a miss.
    pub(super) fn cache(&self, name: Cow<'static, str>, is_hit: bool, budget: &Arc<Budget>) {
        let mut kept = self.lock();
        if kept.closed {
            return;
        }
        let Kept { cache, room, .. } = &mut *kept;
        if !cache.contains_key(&name) {
            let weight = size_of::<(Cow<'_, str>, CacheCounts)>() + name.len();
            if cache.len() >= MOST_CACHES || !room.take(weight, budget) {
                kept.dropped += 1;
                return;
            }
        }
        let counts = cache.entry(name).or_default();
        *(if is_hit { &mut counts.hits } else { &mut counts.misses }) += 1;
    }

    /// Gives all of it to the record, and the calls that have records of their own. What comes later is not kept.
    pub(in super::super) fn close(&self, exchange: &mut Exchange, counters: &Counters) -> LostCalls {
        let kept = std::mem::replace(&mut *self.lock(), Kept { closed: true, ..Kept::default() });
        let total = exchange.duration;
        exchange.steps = kept.steps.into_iter().map(|begun| begun.at_the_end(total)).collect();
        exchange.steps.sort_by_key(|step| step.start);
        exchange.attributes = kept.attributes;
        exchange.cache = kept.cache;
        exchange.instruments_dropped = kept.dropped;
        if kept.dropped > 0 {
            counters.instruments_dropped.add(kept.dropped);
        }
        kept.lost_calls
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, step: Step, has_ended: bool, budget: &Arc<Budget>) -> Option<StepId> {
        if self.closed {
            return None;
        }
        let weight = size_of::<Begun>() + step.weight();
        if self.steps.len() >= MOST_STEPS || !self.room.take(weight, budget) {
            self.dropped += 1;
            return None;
        }
        self.steps.push(Begun { step, has_ended });
        Some(StepId(self.steps.len() - 1))
    }
}

impl Begun {
    fn at_the_end(mut self, total: Duration) -> Step {
        if !self.has_ended {
            self.step.last(total.saturating_sub(self.step.start), true);
        }
        self.step
    }
}

impl Room {
    fn take(&mut self, bytes: usize, budget: &Arc<Budget>) -> bool {
        let fits = self.taken + bytes <= MOST_BYTES;
        let is_given = fits && self.permit.get_or_insert_with(|| Permit::new(budget)).ask(bytes);
        if is_given {
            self.taken += bytes;
        }
        is_given
    }
}
