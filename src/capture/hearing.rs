//! What trails want to hear, and what reaches them.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use tracing::{Metadata, level_filters::LevelFilter};

use crate::config::TrailLevels;

/// Says down to which level events reach a layer of ours on this thread, as far as `usual`; none where nobody can know.
pub(crate) type Probe = fn(usual: LevelFilter) -> Reach;

/// What gets through to a layer of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// There is no layer of ours, or it cannot be seen.
    Unknown,
    /// This level, and those above.
    UpTo(LevelFilter),
}

/// Set by the first layer that is made: the layers live in a room of their own.
static PROBE: OnceLock<Probe> = OnceLock::new();

/// What the trails of one recorder want to hear.
#[derive(Debug)]
pub(crate) struct Hearing {
    levels: TrailLevels,
    is_on: AtomicBool,
    has_layer: AtomicBool,
    is_probed: AtomicBool,
}

impl Hearing {
    pub(crate) fn new(levels: TrailLevels, is_on: bool) -> Self {
        Self {
            levels,
            is_on: is_on.into(),
            has_layer: AtomicBool::new(false),
            is_probed: AtomicBool::new(false),
        }
    }

    /// True where this is to be heard.
    pub(crate) fn takes(&self, metadata: &Metadata<'_>) -> bool {
        self.levels.takes(metadata) && self.is_on.load(Relaxed)
    }

    /// The deepest level that is to be heard.
    pub(crate) fn deepest(&self) -> LevelFilter {
        if self.is_on.load(Relaxed) { self.levels.deepest() } else { LevelFilter::OFF }
    }

    /// True where exchanges have trails.
    pub(super) fn keeps_trails(&self) -> bool {
        self.levels.deepest() != LevelFilter::OFF
    }

    /// Begins or ends to hear.
    pub(super) fn switch(&self, is_on: bool) {
        if self.is_on.swap(is_on, Relaxed) != is_on && self.keeps_trails() {
            tracing::callsite::rebuild_interest_cache();
        }
    }

    /// A layer was made that hears for this.
    pub(crate) fn has_layer(&self, probe: Probe) {
        let _ = PROBE.set(probe);
        self.has_layer.store(true, Relaxed);
    }

    /// The level that filters of others let through here, where that is less than what is to be heard.
    pub(super) fn limited_to(&self, has_heard: bool) -> Option<LevelFilter> {
        let usual = self.levels.usual();
        let reach = match PROBE.get().map_or(Reach::Unknown, |probe| probe(usual)) {
            Reach::UpTo(level) => level,
            // Something came through all the same: a layer within a layer, perhaps.
            Reach::Unknown if has_heard => return None,
            Reach::Unknown => LevelFilter::OFF,
        };
        (reach < usual).then_some(reach)
    }

    /// The same, the first time that it is asked, where a layer was made and can be seen.
    pub(super) fn first_limit(&self) -> Option<LevelFilter> {
        if self.is_probed.load(Relaxed) || !self.has_layer.load(Relaxed) || !self.keeps_trails() {
            return None;
        }
        let usual = self.levels.usual();
        let Some(Reach::UpTo(level)) = PROBE.get().map(|probe| probe(usual)) else { return None };
        (!self.is_probed.swap(true, Relaxed) && level < usual).then_some(level)
    }
}
