//! Down to which level events reach a layer of ours: a filter of others in front of it may hide some.
//!
//! The present subscriber is asked for places of our own, of which our filter notes that it was asked. A subscriber that
//! answers leaves the answers of its filters for the event that follows; none does, so the last question is one that
//! our layer refuses, after which they are forgotten. Otherwise another layer would miss its next event.

use std::cell::Cell;

use tracing::{
    Level, Metadata,
    callsite::{Callsite, Identifier},
    dispatcher,
    field::FieldSet,
    level_filters::{LevelFilter, STATIC_MAX_LEVEL},
    metadata::Kind,
    subscriber::Interest,
};

use super::filter::Heard;
use crate::capture::Reach;

/// No directive of anyone begins so.
const TARGET: &str = "probe of tower_flightlog";

struct Site;

static SITE: Site = Site;
static PLACES: [Metadata<'static>; 5] = [
    place("asked", Level::TRACE),
    place("asked", Level::DEBUG),
    place("asked", Level::INFO),
    place("asked", Level::WARN),
    place("asked", Level::ERROR),
];
static LAST: Metadata<'static> = place(REFUSED, Level::ERROR);
const REFUSED: &str = "refused";

thread_local!(static ASKED: Cell<bool> = const { Cell::new(false) });

const fn place(name: &'static str, level: Level) -> Metadata<'static> {
    Metadata::new(name, TARGET, level, None, None, None, FieldSet::new(&[], Identifier(&SITE)), Kind::EVENT)
}

impl Callsite for Site {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        &LAST
    }
}

/// Down to which level, `usual` at most, events reach a layer of ours in this thread.
pub(super) fn reach(usual: LevelFilter) -> Reach {
    dispatcher::get_default(|dispatch| {
        if !dispatch.is::<Heard>() {
            return Reach::Unknown;
        }
        let comes_through = |place: &Metadata<'_>| {
            ASKED.set(false);
            dispatch.enabled(place) && ASKED.get()
        };
        let most = usual.min(STATIC_MAX_LEVEL);
        let deepest = PLACES.iter().filter(|place| *place.level() <= most).find(|place| comes_through(place));
        let _ = dispatch.enabled(&LAST);
        Reach::UpTo(deepest.map_or(LevelFilter::OFF, |place| LevelFilter::from_level(*place.level())))
    })
}

/// True for the places of our own.
pub(super) fn is_probe(metadata: &Metadata<'_>) -> bool {
    metadata.callsite() == Identifier(&SITE)
}

/// Notes that our filter was asked, and agrees.
pub(super) fn asked() -> bool {
    ASKED.set(true);
    true
}

/// False for the last question.
pub(super) fn is_open(metadata: &Metadata<'_>) -> bool {
    !(is_probe(metadata) && metadata.name() == REFUSED)
}
