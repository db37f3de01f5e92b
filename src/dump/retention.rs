use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use super::fs::{Found, Stamp};
use crate::exchange::{Fingerprint, Timestamp};

/// How much may stay: LOG_DUMP_KEEP, LOG_DUMP_MAX_BYTES, LOG_DUMP_MAX_AGE. 0 is no limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub keep: usize,
    pub bytes: u64,
    pub age: Duration,
}

/// What lies in the directory, known from one look at it and kept up to date from then on.
///
/// The first dump of each fingerprint outlives its repeats: a flood of one failure cannot wash away the only trace of
/// another. Of dumps that others wrote, or an earlier run, the fingerprint is read from the file; one that cannot be
/// read counts as a repeat.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// By name, which is by time.
    dumps: BTreeMap<String, Dump>,
    /// Bytes of files that are not whole yet: of other processes, or left by dead ones.
    unfinished: u64,
    seen: Option<Stamp>,
    added_since_seen: u32,
}

#[derive(Clone, Copy, Debug)]
struct Dump {
    bytes: u64,
    fingerprint: Option<Fingerprint>,
}

/// Another process may write in the same tick of the file system's clock, unseen: so look again after so many.
const LOOK_AGAIN: u32 = 64;

/// Files whose fingerprint is read in one look at a directory, and how many bytes of their ends.
const READ: usize = 4096;
pub(super) const END: usize = 8 * 1024;

impl Shelf {
    /// True where nobody else put or took anything since the last look.
    pub(super) fn is_current(&self, stamp: Stamp) -> bool {
        self.seen == Some(stamp) && self.added_since_seen < LOOK_AGAIN
    }

    /// Takes over what a look at the directory found; `read` gives the fingerprint of a file.
    pub(super) fn fill(
        &mut self,
        found: Vec<Found>,
        unfinished: u64,
        mut read: impl FnMut(&str) -> Option<Fingerprint>,
    ) {
        let before = std::mem::take(&mut self.dumps);
        let mut left = READ;
        for Found { name, bytes, .. } in found {
            let fingerprint = match before.get(&name) {
                Some(known) => known.fingerprint,
                None if left == 0 => None,
                None => {
                    left -= 1;
                    read(&name)
                }
            };
            self.dumps.insert(name, Dump { bytes, fingerprint });
        }
        self.unfinished = unfinished;
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
    pub(super) fn add(&mut self, name: &str, bytes: u64, fingerprint: Fingerprint) {
        self.dumps.insert(name.into(), Dump { bytes, fingerprint: Some(fingerprint) });
        self.added_since_seen = self.added_since_seen.saturating_add(1);
    }

    /// One is gone. The next of its fingerprint is the first.
    pub(super) fn forget(&mut self, name: &str) {
        self.dumps.remove(name);
    }

    /// Bytes of all there is.
    pub(super) fn bytes(&self) -> u64 {
        self.dumps.values().map(|dump| dump.bytes).sum::<u64>().saturating_add(self.unfinished)
    }

    /// What has to go so that one more fits, of these bytes and this fingerprint: all that is too old; then, oldest
    /// first, repeats, and only then firsts. A first is not too old while one of its repeats is not, but at twice the
    /// age: nothing is kept longer than that, whatever it is.
    pub(super) fn surplus(
        &self,
        limits: Limits,
        now: Timestamp,
        incoming: Option<(u64, Fingerprint)>,
    ) -> Vec<String> {
        let since = |age| {
            let oldest = oldest(age, now);
            move |name: &str| oldest.as_deref().is_none_or(|oldest| name >= oldest)
        };
        let (is_young, may_stay) = (since(limits.age), since(limits.age.saturating_mul(2)));
        let mut young: HashSet<_> = self
            .dumps
            .iter()
            .filter(|(name, _)| is_young(name))
            .filter_map(|(_, dump)| dump.fingerprint)
            .collect();
        young.extend(incoming.map(|(_, fingerprint)| fingerprint));
        let (mut old, mut repeats, mut firsts) = (Vec::new(), Vec::new(), Vec::new());
        let mut known = HashSet::new();
        for (name, dump) in &self.dumps {
            let is_first =
                may_stay(name) && dump.fingerprint.is_some_and(|fingerprint| known.insert(fingerprint));
            let is_alive = || dump.fingerprint.is_some_and(|fingerprint| young.contains(&fingerprint));
            if !(is_young(name) || is_first && is_alive()) {
                old.push((name, dump));
            } else if is_first {
                firsts.push((name, dump));
            } else {
                repeats.push((name, dump));
            }
        }
        let too_old = old.len();
        let mut count = self.dumps.len() + usize::from(incoming.is_some());
        let mut bytes = self.bytes().saturating_add(incoming.map_or(0, |(bytes, _)| bytes));
        let mut surplus = Vec::new();
        for (place, (name, dump)) in old.into_iter().chain(repeats).chain(firsts).enumerate() {
            let too_many = limits.keep > 0 && count > limits.keep;
            let too_large = limits.bytes > 0 && bytes > limits.bytes;
            if place < too_old || too_many || too_large {
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

/// The fingerprint that the end of a dump tells. A line of the outermost object begins with two spaces and nothing else
/// does, whatever clients sent.
pub(super) fn fingerprint_in(end: &[u8]) -> Option<Fingerprint> {
    let end = String::from_utf8_lossy(end);
    let (_, similar) = end.rsplit_once("\n  \"similar\": {\"fingerprint\": \"")?;
    similar.get(..16)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Found, Limits, READ, Shelf, fingerprint_in};
    use crate::exchange::{Fingerprint, Timestamp};

    const NONE: Limits = Limits { keep: 0, bytes: 0, age: Duration::ZERO };
    const SECOND: u64 = 1_000_000;

    fn at(second: u64) -> String {
        format!("{}-500-x.json", Timestamp::from_micros(second * SECOND).compact())
    }

    fn kind(n: u64) -> Fingerprint {
        format!("{n:016x}").parse().unwrap()
    }

    /// Dumps of 10 bytes, one each second, with these fingerprints.
    fn shelf(fingerprints: &[u64]) -> Shelf {
        let mut shelf = Shelf::default();
        for (second, fingerprint) in fingerprints.iter().enumerate() {
            shelf.add(&at(second as u64), 10, kind(*fingerprint));
        }
        shelf
    }

    fn surplus(shelf: &Shelf, limits: Limits, now: u64) -> Vec<String> {
        shelf.surplus(limits, Timestamp::from_micros(now * SECOND), None)
    }

    #[test]
    fn repeats_go_first_then_the_oldest() {
        let shelf = shelf(&[1, 2, 2, 1, 3]);
        assert_eq!(surplus(&shelf, NONE, 4), [""; 0]);
        assert_eq!(surplus(&shelf, Limits { keep: 4, ..NONE }, 4), [at(2)]);
        assert_eq!(surplus(&shelf, Limits { keep: 2, ..NONE }, 4), [at(2), at(3), at(0)]);
        assert_eq!(surplus(&shelf, Limits { bytes: 30, ..NONE }, 4), [at(2), at(3)]);
        assert_eq!(surplus(&shelf, Limits { bytes: 10, ..NONE }, 4), [at(2), at(3), at(0), at(1)]);
    }

    #[test]
    fn room_is_made_for_one_more() {
        let shelf = shelf(&[1, 1, 2]);
        let room = |limits, bytes| shelf.surplus(limits, Timestamp::from_micros(0), Some((bytes, kind(3))));
        assert_eq!(room(Limits { keep: 3, ..NONE }, 10), [at(1)]);
        assert_eq!(room(Limits { bytes: 40, ..NONE }, 10), [""; 0]);
        assert_eq!(room(Limits { bytes: 40, ..NONE }, 11), [at(1)]);
        assert_eq!(room(Limits { bytes: 40, ..NONE }, 40), [at(1), at(0), at(2)]);
    }

    #[test]
    fn what_others_are_writing_takes_room_and_is_not_theirs_to_delete() {
        let mut shelf = Shelf::default();
        let found = [0, 1].map(|second| Found { name: at(second), bytes: 10, modified: 0 });
        shelf.fill(found.into(), 15, |_| None);
        assert_eq!(shelf.bytes(), 35);
        assert_eq!(surplus(&shelf, Limits { bytes: 30, ..NONE }, 1), [at(0)]);
    }

    #[test]
    fn a_first_is_as_old_as_the_youngest_of_its_repeats() {
        let shelf = shelf(&[1, 2, 1, 1]);
        let limits = Limits { age: Duration::from_secs(2), ..NONE };
        assert_eq!(surplus(&shelf, limits, 3), [""; 0], "1 was seen a moment ago");
        assert_eq!(surplus(&shelf, limits, 4), [at(1)]);
        assert_eq!(surplus(&shelf, limits, 6), [at(0), at(1), at(2), at(3)]);
        let incoming = Some((10, kind(2)));
        assert_eq!(shelf.surplus(limits, Timestamp::from_micros(5 * SECOND), incoming), [at(0)]);
    }

    #[test]
    fn nothing_is_kept_beyond_twice_the_age() {
        // One failure that comes again each second.
        let limits = Limits { age: Duration::from_secs(2), ..NONE };
        let shelf = shelf(&[1, 1, 1, 1, 1, 1, 1]);
        assert_eq!(surplus(&shelf, limits, 4), [at(1)], "0 is as old as may be");
        assert_eq!(surplus(&shelf, limits, 5), [at(0), at(2)], "1 is the first now");
        assert_eq!(surplus(&shelf, limits, 6), [at(0), at(1), at(3)]);
    }

    #[test]
    fn another_look_keeps_what_is_known_and_reads_the_rest() {
        let mut shelf = shelf(&[1, 1]);
        let found = [0, 1, 2, 3].map(|second| Found { name: at(second), bytes: 10, modified: 0 });
        let mut read = Vec::new();
        shelf.fill(found.into(), 0, |name| {
            read.push(name.to_owned());
            (name == at(3)).then(|| kind(2))
        });
        assert_eq!(read, [at(2), at(3)]);
        assert_eq!(surplus(&shelf, Limits { keep: 1, ..NONE }, 3), [at(1), at(2), at(0)]);
        shelf.fill(Vec::new(), 0, |_| None);
        assert_eq!(shelf.bytes(), 0);
        let many = (0..READ as u64 + 9).map(|second| Found { name: at(second), bytes: 1, modified: 0 });
        let mut read = 0;
        shelf.fill(many.collect(), 0, |_| {
            read += 1;
            None
        });
        assert_eq!(read, READ);
    }

    #[test]
    fn a_look_is_due_once_the_directory_changed_and_after_many_writes() {
        let mut shelf = Shelf::default();
        let stamp = (1, 2, 3, 4);
        assert!(!shelf.is_current(stamp));
        shelf.settle(Some(stamp));
        assert!(shelf.is_current(stamp) && !shelf.is_current((1, 2, 3, 5)));
        (0..64).for_each(|second| shelf.add(&at(second), 1, kind(second)));
        assert!(!shelf.is_current(stamp));
        shelf.fill(Vec::new(), 0, |_| None);
        assert!(shelf.is_current(stamp));
        shelf.doubt();
        assert!(!shelf.is_current(stamp));
    }

    #[test]
    fn only_the_outermost_similar_is_believed() {
        let similar = |indent: &str, fingerprint: &str| {
            format!("\n{indent}\"similar\": {{\"fingerprint\": \"{fingerprint}\", \"count\": 4}},")
        };
        let ours = similar("  ", "00f067aa0ba902b7");
        assert_eq!(fingerprint_in(ours.as_bytes()), Some("00f067aa0ba902b7".parse().unwrap()));
        let forged = format!("{ours}{}", similar("    ", "1111111111111111"));
        assert_eq!(fingerprint_in(forged.as_bytes()), Some("00f067aa0ba902b7".parse().unwrap()));
        for bad in
            [similar("    ", "00f067aa0ba902b7"), similar("  ", "é"), similar("  ", "../../../etc/pas")]
        {
            assert_eq!(fingerprint_in(bad.as_bytes()), None);
        }
        assert_eq!(fingerprint_in(b"\xff\xfe"), None);
    }
}
