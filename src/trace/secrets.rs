//! Which fields of a place in the source have secret names: decided once, remembered per thread.

use std::cell::Cell;

use tracing::{Metadata, field::Field};

use crate::{
    capture::shown,
    exchange::{Redacted, Scrub, Value},
};

/// Places remembered.
const PLACES: usize = 128;

/// What may be shown of the fields of one place.
pub(super) struct Secrets<'a> {
    of: &'static Metadata<'static>,
    /// A bit for each field, by its index, whose name is secret.
    known: u64,
    scrub: &'a dyn Scrub,
}

impl<'a> Secrets<'a> {
    /// What of the fields of `of` is secret by the rules of `layer`.
    pub(super) fn among(of: &'static Metadata<'static>, layer: u64, scrub: &'a dyn Scrub) -> Self {
        // Where, for whom, and what was decided. A place is never given up, so its address says which it is.
        type Decided = Cell<(usize, u64, u64)>;
        thread_local!(static DECIDED: [Decided; PLACES] = const { [const { Cell::new((0, 0, 0)) }; PLACES] });
        let at = std::ptr::from_ref(of).addr();
        let known = DECIDED.with(|decided| {
            let Some(slot) = decided.get((at / 32) % PLACES) else { return decide(of, scrub) };
            let (place, whose, known) = slot.get();
            if (place, whose) == (at, layer) {
                return known;
            }
            let known = decide(of, scrub);
            slot.set((at, layer, known));
            known
        });
        Self { of, known, scrub }
    }

    /// How many fields there can be.
    pub(super) fn most(&self) -> usize {
        self.of.fields().len()
    }

    /// A text without a name.
    pub(super) fn message(&self, text: &str) -> Redacted {
        shown(text, self.scrub)
    }

    /// What is shown of a text.
    pub(super) fn text(&self, field: &Field, text: &str) -> Redacted {
        if self.has(field) { masked() } else { shown(text, self.scrub) }
    }

    /// What is shown of a number: under a secret name it is a secret too, and it may be that of a card.
    pub(super) fn number(&self, field: &Field, number: Value) -> Value {
        let other = if self.has(field) { Some(masked()) } else { self.scrub.number(&number) };
        other.map_or(number, Value::Text)
    }

    /// True where the value of this field is masked. A field of another place may come with those of a span.
    fn has(&self, field: &Field) -> bool {
        match 1_u64.checked_shl(u32::try_from(field.index()).unwrap_or(u32::MAX)) {
            Some(bit) if field.callsite() == self.of.callsite() => self.known & bit != 0,
            _ => self.scrub.is_secret(field.name()),
        }
    }
}

/// What stands where a secret stood.
fn masked() -> Redacted {
    Redacted::literal("[REDACTED]")
}

fn decide(of: &Metadata<'_>, scrub: &dyn Scrub) -> u64 {
    let secret = of.fields().iter().map(|field| scrub.is_secret(field.name()));
    secret.take(64).enumerate().fold(0, |known, (index, is_secret)| known | u64::from(is_secret) << index)
}
