//! Which places in the source LOG_LEVEL lists: decided once, remembered per thread.

use std::cell::Cell;

use tracing::{Metadata, subscriber::Interest};

/// Places remembered.
const PLACES: usize = 128;

/// What LOG_LEVEL says of a place.
#[derive(Clone, Copy)]
pub(super) enum Listed {
    Always,
    Never,
    /// It depends on the spans that it is told in.
    Sometimes,
}

impl From<Interest> for Listed {
    fn from(interest: Interest) -> Self {
        match interest {
            interest if interest.is_always() => Self::Always,
            interest if interest.is_never() => Self::Never,
            _ => Self::Sometimes,
        }
    }
}

impl Listed {
    /// What was decided of this place for `layer`, else what `decide` says.
    pub(super) fn of(place: &'static Metadata<'static>, layer: u64, decide: impl FnOnce() -> Self) -> Self {
        // A place is never given up, so its address says which it is.
        type Decided = Cell<(usize, u64, Listed)>;
        thread_local!(
            static DECIDED: [Decided; PLACES] = const { [const { Cell::new((0, 0, Listed::Never)) }; PLACES] }
        );
        let at = std::ptr::from_ref(place).addr();
        DECIDED.with(|decided| {
            let Some(slot) = decided.get((at / 32) % PLACES) else { return decide() };
            let (known, whose, listed) = slot.get();
            if (known, whose) == (at, layer) {
                return listed;
            }
            let listed = decide();
            slot.set((at, layer, listed));
            listed
        })
    }
}
