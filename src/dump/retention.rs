use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use super::fs::{Found, Stamp};
use crate::exchange::{Exchange, Timestamp};

/// How much may stay: LOG_DUMP_KEEP, LOG_DUMP_MAX_BYTES, LOG_DUMP_MAX_AGE. 0 is no limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub keep: usize,
    pub bytes: u64,
    pub age: Duration,
}

/// What lies in the directory, known from one look at it and kept up to date from then on.
///
/// The first dump of each fingerprint (trigger, endpoint and error type) outlives its repeats: a flood of one failure
/// cannot wash away the only trace of another. Fingerprints are known for what this process wrote; older dumps
/// count as repeats.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    dumps: BTreeMap<String, Dump>,
    firsts: HashSet<u64>,
    seen: Option<Stamp>,
    added_since_seen: u32,
}

#[derive(Debug)]
struct Dump {
    bytes: u64,
    /// The fingerprint, where it is the first of it.
    first_of: Option<u64>,
}

/// Another process may write in the same tick of the file system's clock, unseen: so look again after so many.
const LOOK_AGAIN: u32 = 64;

impl Shelf {
    /// True where nobody else put or took anything since the last look.
    pub(super) fn is_current(&self, stamp: Stamp) -> bool {
        self.seen == Some(stamp) && self.added_since_seen < LOOK_AGAIN
    }

    /// Takes over what a look at the directory found.
    pub(super) fn fill(&mut self, found: Vec<Found>) {
        let mut before = std::mem::take(&mut self.dumps);
        for Found { name, bytes, .. } in found {
            let first_of = before.remove(&name).and_then(|dump| dump.first_of);
            self.dumps.insert(name, Dump { bytes, first_of });
        }
        self.firsts = self.dumps.values().filter_map(|dump| dump.first_of).collect();
        self.added_since_seen = 0;
    }

    /// Remembers how the directory stands with what is known of it; none where that is not known.
    pub(super) fn settle(&mut self, stamp: Option<Stamp>) {
        self.seen = stamp;
    }

    /// What is known may be wrong: look again before the next one.
    pub(super) fn doubt(&mut self) {
        self.added_since_seen = LOOK_AGAIN;
    }

    /// One more was written.
    pub(super) fn add(&mut self, name: &str, bytes: u64, fingerprint: u64) {
        let first_of = self.firsts.insert(fingerprint).then_some(fingerprint);
        self.dumps.insert(name.into(), Dump { bytes, first_of });
        self.added_since_seen = self.added_since_seen.saturating_add(1);
    }

    /// One is gone. The next of its fingerprint will be a first again.
    pub(super) fn forget(&mut self, name: &str) {
        if let Some(Dump { first_of: Some(fingerprint), .. }) = self.dumps.remove(name) {
            self.firsts.remove(&fingerprint);
        }
    }

    /// What has to go: all that is too old; then, oldest first, repeats, and only then firsts. Never `newest`.
    pub(super) fn surplus(&self, limits: Limits, now: Timestamp, newest: Option<&str>) -> Vec<String> {
        let oldest = oldest(limits.age, now);
        let is_old = |name: &str| oldest.as_deref().is_some_and(|oldest| name < oldest);
        let (mut count, mut bytes) =
            (self.dumps.len(), self.dumps.values().map(|dump| dump.bytes).sum::<u64>());
        let old = self.dumps.iter().filter(|(name, _)| is_old(name));
        let fresh = || self.dumps.iter().filter(|(name, _)| !is_old(name));
        let repeats = fresh().filter(|(_, dump)| dump.first_of.is_none());
        let firsts = fresh().filter(|(_, dump)| dump.first_of.is_some());
        let mut surplus = Vec::new();
        for (name, dump) in old.chain(repeats).chain(firsts) {
            let too_many = limits.keep > 0 && count > limits.keep;
            let too_large = limits.bytes > 0 && bytes > limits.bytes;
            if Some(name.as_str()) != newest && (is_old(name) || too_many || too_large) {
                surplus.push(name.clone());
                count -= 1;
                bytes = bytes.saturating_sub(dump.bytes);
            }
        }
        surplus
    }
}

/// Names sort as the times in them do: what sorts before this one is too old.
fn oldest(age: Duration, now: Timestamp) -> Option<String> {
    let age = u64::try_from(age.as_micros()).ok().filter(|age| *age > 0)?;
    Some(Timestamp::from_micros(now.as_micros().checked_sub(age)?).compact())
}

/// What makes two failures the same one.
pub(super) fn fingerprint(trigger: &str, exchange: &Exchange) -> u64 {
    let error_type = exchange.error.as_ref().and_then(|error| error.error_type.as_deref());
    let mut hasher = DefaultHasher::new();
    (trigger, exchange.request.endpoint().as_str(), error_type).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Found, Limits, Shelf};
    use crate::exchange::Timestamp;

    const NONE: Limits = Limits { keep: 0, bytes: 0, age: Duration::ZERO };
    const SECOND: u64 = 1_000_000;

    fn at(second: u64) -> String {
        format!("{}-500-x.json", Timestamp::from_micros(second * SECOND).compact())
    }

    /// Dumps of 10 bytes, one each second, with these fingerprints.
    fn shelf(fingerprints: &[u64]) -> Shelf {
        let mut shelf = Shelf::default();
        for (second, fingerprint) in fingerprints.iter().enumerate() {
            shelf.add(&at(second as u64), 10, *fingerprint);
        }
        shelf
    }

    fn surplus(shelf: &Shelf, limits: Limits, newest: u64) -> Vec<String> {
        shelf.surplus(limits, Timestamp::from_micros(newest * SECOND), Some(&at(newest)))
    }

    #[test]
    fn repeats_go_first_then_the_oldest() {
        let shelf = shelf(&[1, 2, 2, 1, 3]);
        assert_eq!(surplus(&shelf, NONE, 4), [""; 0]);
        assert_eq!(surplus(&shelf, Limits { keep: 4, ..NONE }, 4), [at(2)]);
        assert_eq!(surplus(&shelf, Limits { keep: 2, ..NONE }, 4), [at(2), at(3), at(0)]);
        assert_eq!(surplus(&shelf, Limits { bytes: 30, ..NONE }, 4), [at(2), at(3)]);
        assert_eq!(surplus(&shelf, Limits { bytes: 1, ..NONE }, 4), [at(2), at(3), at(0), at(1)]);
    }

    #[test]
    fn age_spares_no_first_but_the_newest() {
        let mut shelf = shelf(&[1, 2, 3]);
        let limits = Limits { age: Duration::from_secs(1), ..NONE };
        assert_eq!(surplus(&shelf, limits, 2), [at(0)]);
        // The wall clock jumped: the one just written stays.
        assert_eq!(shelf.surplus(limits, Timestamp::from_micros(900 * SECOND), Some(&at(2))), [at(0), at(1)]);
        shelf.forget(&at(0));
        shelf.add(&at(3), 10, 1);
        assert_eq!(surplus(&shelf, Limits { keep: 2, ..NONE }, 3), [at(1)], "forgotten: a first again");
    }

    #[test]
    fn another_look_keeps_the_fingerprints_of_what_is_still_there() {
        let mut shelf = shelf(&[1, 1]);
        let found = [0, 1, 2].map(|second| Found { name: at(second), bytes: 10, modified: 0 });
        shelf.fill(found.into());
        assert_eq!(surplus(&shelf, Limits { keep: 1, ..NONE }, 2), [at(1), at(0)]);
        assert_eq!(shelf.firsts.len(), 1);
        shelf.fill(Vec::new());
        assert!(shelf.firsts.is_empty());
    }

    #[test]
    fn a_look_is_due_once_the_directory_changed_and_after_many_writes() {
        let mut shelf = Shelf::default();
        let stamp = (1, 2, 3, 4);
        assert!(!shelf.is_current(stamp));
        shelf.settle(Some(stamp));
        assert!(shelf.is_current(stamp) && !shelf.is_current((1, 2, 3, 5)));
        (0..64).for_each(|second| shelf.add(&at(second), 1, second));
        assert!(!shelf.is_current(stamp));
        shelf.fill(Vec::new());
        assert!(shelf.is_current(stamp));
        shelf.doubt();
        assert!(!shelf.is_current(stamp));
    }
}
