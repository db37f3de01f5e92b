use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    exchange::{Exchange, Fingerprint, Redacted},
    export::entry::{Kindred, Suppressed},
};

/// How many dumps a minute may see, over all and of each fingerprint, and what came beyond that.
///
/// A minute begins with the first dump after the last minute. What is suppressed is counted for three readers: the
/// counter, the next dump of its fingerprint, and the recorder's entry; each of them is told of each failure once.
#[derive(Debug)]
pub(super) struct Quota {
    /// LOG_DUMP_PER_MINUTE; 0 lets all through.
    per_minute: u32,
    state: Mutex<State>,
}

/// Dumps of one fingerprint in a minute.
const OF_A_KIND: u32 = 3;
/// Fingerprints that are known by themselves; what comes when there are so many is counted together.
const KNOWN: usize = 1024;
/// Once there are so many, those that nobody has seen for a minute are forgotten.
const CROWDED: usize = KNOWN / 2;
/// Fingerprints that an entry names.
const NAMED: usize = 10;
/// Bytes of an endpoint that are kept to name it.
const ENDPOINT: usize = 256;
/// Between two entries.
const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
struct State {
    began: Option<Instant>,
    /// The number of the minute.
    minute: u64,
    dumps: u32,
    known: HashMap<Fingerprint, Group>,
    /// All that came when too many were known.
    others: Tally,
    /// Suppressed since the last entry.
    untold: u64,
    /// When they have to be told.
    due: Option<Instant>,
}

#[derive(Debug)]
struct Group {
    endpoint: Redacted,
    status: Option<u16>,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Tally {
    /// The last minute in which there was one.
    seen: u64,
    /// Dumps in that minute.
    dumps: u32,
    /// Suppressed since the last dump.
    since_dump: u64,
    /// Suppressed since the last entry.
    untold: u64,
}

/// What becomes of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Dumped,
    Suppressed {
        /// True for the first that is to be told: somebody has to look after it.
        is_news: bool,
    },
}

impl Quota {
    pub(super) fn new(per_minute: u32) -> Self {
        Self { per_minute, state: Mutex::default() }
    }

    /// Decides about an exchange.
    pub(super) fn judge(&self, now: Instant, exchange: &Exchange) -> Verdict {
        if self.per_minute == 0 {
            return Verdict::Dumped;
        }
        // Before the lock: it takes some microseconds.
        let fingerprint = exchange.fingerprint();
        let mut state = self.lock();
        state.turn(now);
        let has_room = state.dumps < self.per_minute;
        let tally = state.of(fingerprint, exchange);
        if has_room && tally.dumps < OF_A_KIND {
            tally.dumps += 1;
            state.dumps += 1;
            return Verdict::Dumped;
        }
        state.suppress(now, fingerprint)
    }

    /// True where one that was asked for may be written, whatever it is like.
    pub(super) fn admits(&self, now: Instant) -> bool {
        if self.per_minute == 0 {
            return true;
        }
        let mut state = self.lock();
        state.turn(now);
        let admitted = state.dumps < self.per_minute;
        state.dumps += u32::from(admitted);
        admitted
    }

    /// Counts one that was asked for in vain.
    pub(super) fn refuse(&self, now: Instant, exchange: &Exchange) -> Verdict {
        let fingerprint = exchange.fingerprint();
        let mut state = self.lock();
        state.of(fingerprint, exchange);
        state.suppress(now, fingerprint)
    }

    /// Counts some of which nothing else is known; true where they are the first that are to be told.
    pub(super) fn pass_over(&self, now: Instant, count: u64) -> bool {
        let mut state = self.lock();
        state.untold += count;
        let is_news = state.due.is_none();
        state.due = state.due.or_else(|| now.checked_add(MINUTE));
        is_news
    }

    /// Failures of a fingerprint since its last dump that got none; from now on they are told.
    pub(super) fn take_similar(&self, fingerprint: Fingerprint) -> u64 {
        let mut state = self.lock();
        state.known.get_mut(&fingerprint).map_or(0, |group| std::mem::take(&mut group.tally.since_dump))
    }

    /// The dump that should have told them was not written.
    pub(super) fn give_back(&self, fingerprint: Fingerprint, count: u64) {
        if let Some(group) = self.lock().known.get_mut(&fingerprint) {
            group.tally.since_dump += count;
        }
    }

    /// What is to be told, where it is time to, or where there will be no other.
    pub(super) fn news(&self, now: Instant, is_end: bool) -> Option<Suppressed> {
        let mut state = self.lock();
        let is_due = state.due.is_some_and(|due| is_end || now >= due);
        is_due.then(|| state.tell())
    }

    /// How long until there may be something to tell.
    pub(super) fn next_news(&self, now: Instant) -> Option<Duration> {
        self.lock().due.map(|due| due.saturating_duration_since(now))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn known(&self) -> usize {
        self.lock().known.len()
    }
}

impl State {
    /// Begins another minute where the last one is over.
    fn turn(&mut self, now: Instant) {
        if self.began.is_some_and(|began| now.saturating_duration_since(began) < MINUTE) {
            return;
        }
        self.began = Some(now);
        self.minute += 1;
        self.dumps = 0;
        if self.known.len() > CROWDED {
            let last = self.minute - 1;
            // What it counts has been told.
            self.known.retain(|_, group| group.tally.untold > 0 || group.tally.seen >= last);
        }
    }

    /// What is known of a fingerprint, of which there is one more.
    fn of(&mut self, fingerprint: Fingerprint, exchange: &Exchange) -> &mut Tally {
        let is_full = self.known.len() >= KNOWN && !self.known.contains_key(&fingerprint);
        let tally = if is_full {
            &mut self.others
        } else {
            let group = self.known.entry(fingerprint).or_insert_with(|| Group {
                endpoint: exchange.request.endpoint().cut(ENDPOINT),
                status: exchange.status().map(|status| status.as_u16()),
                tally: Tally::default(),
            });
            &mut group.tally
        };
        if tally.seen != self.minute {
            *tally = Tally { seen: self.minute, dumps: 0, ..*tally };
        }
        tally
    }

    fn suppress(&mut self, now: Instant, fingerprint: Fingerprint) -> Verdict {
        let tally = match self.known.get_mut(&fingerprint) {
            Some(group) => &mut group.tally,
            None => &mut self.others,
        };
        tally.since_dump += 1;
        tally.untold += 1;
        self.untold += 1;
        let is_news = self.due.is_none();
        self.due = self.due.or_else(|| now.checked_add(MINUTE));
        Verdict::Suppressed { is_news }
    }

    fn tell(&mut self) -> Suppressed {
        self.due = None;
        self.others.untold = 0;
        let mut most: Vec<_> = self
            .known
            .iter_mut()
            .filter(|(_, group)| group.tally.untold > 0)
            .map(|(fingerprint, group)| Kindred {
                fingerprint: *fingerprint,
                endpoint: group.endpoint.clone(),
                status: group.status,
                count: std::mem::take(&mut group.tally.untold),
            })
            .collect();
        most.sort_by(|a, b| b.count.cmp(&a.count).then(a.fingerprint.cmp(&b.fingerprint)));
        most.truncate(NAMED);
        Suppressed { n: std::mem::take(&mut self.untold), most }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::{KNOWN, Quota, Verdict};
    use crate::{exchange::Exchange, export::fixtures::failed};

    fn of(kind: &str) -> Exchange {
        failed(&[("/error/message", json!(kind))])
    }

    /// A message that no number tells from another.
    fn word(mut n: usize) -> String {
        let mut word = String::from("w");
        while n > 0 {
            word.push(char::from(b'g' + (n % 16) as u8));
            n /= 16;
        }
        word
    }

    #[test]
    fn a_minute_admits_three_of_a_kind_and_so_many_over_all_and_the_next_one_as_many_again() {
        let (quota, start) = (Quota::new(5), Instant::now());
        let dumped =
            |second, kind| quota.judge(start + Duration::from_secs(second), &of(kind)) == Verdict::Dumped;
        assert_eq!([0, 1, 2, 3].map(|second| dumped(second, "a")), [true, true, true, false]);
        assert_eq!([4, 5, 59].map(|second| dumped(second, "b")), [true, true, false]);
        assert!(!dumped(59, "c"), "five over all");
        assert_eq!([60, 61, 62, 119].map(|second| dumped(second, "a")), [true, true, true, false]);
        assert!(dumped(119, "c") && dumped(120, "a"));
        let unlimited = Quota::new(0);
        assert!((0..1000).all(|_| unlimited.judge(start, &of("a")) == Verdict::Dumped));
    }

    #[test]
    fn what_is_asked_for_counts_over_all_only() {
        let (quota, start) = (Quota::new(5), Instant::now());
        assert!((0..5).all(|_| quota.admits(start)) && !quota.admits(start));
        assert_eq!(quota.judge(start, &of("a")), Verdict::Suppressed { is_news: true });
        assert_eq!(quota.refuse(start, &of("a")), Verdict::Suppressed { is_news: false });
        assert_eq!(quota.news(start, true).unwrap().n, 2);
    }

    #[test]
    fn what_is_suppressed_is_told_a_minute_after_the_first_the_most_frequent_first() {
        let (quota, start) = (Quota::new(100), Instant::now());
        let at = |second| start + Duration::from_secs(second);
        (0..5).for_each(|_| _ = quota.judge(at(0), &of("a")));
        (0..9).for_each(|_| _ = quota.judge(at(10), &of("b")));
        assert_eq!(quota.news(at(59), false), None);
        assert_eq!(quota.next_news(at(50)), Some(Duration::from_secs(10)));
        let told = quota.news(at(60), false).unwrap();
        assert_eq!(told.n, 8);
        let most: Vec<_> = told.most.iter().map(|kindred| (kindred.fingerprint, kindred.count)).collect();
        assert_eq!(most, [(of("b").fingerprint(), 6), (of("a").fingerprint(), 2)]);
        assert_eq!((told.most[0].endpoint.as_str(), told.most[0].status), ("/api/v1/orders", Some(500)));
        assert_eq!((quota.news(at(500), true), quota.next_news(at(500))), (None, None));
        assert_eq!(quota.take_similar(of("b").fingerprint()), 6, "the next dump is told too");
        quota.give_back(of("b").fingerprint(), 6);
        assert_eq!(
            [quota.take_similar(of("b").fingerprint()), quota.take_similar(of("b").fingerprint())],
            [6, 0]
        );
    }

    #[test]
    fn however_many_kinds_there_are_counts_are_exact_and_few_are_known() {
        let (quota, start) = (Quota::new(1), Instant::now());
        let (mut suppressed, mut told) = (0, 0);
        for round in 0..4 {
            let now = start + Duration::from_secs(round * 60);
            for n in 0..KNOWN + 500 {
                let kind = of(&word(n + round as usize * 700));
                suppressed += u64::from(quota.judge(now, &kind) != Verdict::Dumped);
            }
            assert!(quota.known() <= KNOWN);
            let news = quota.news(now, round == 3).map(|news| (news.n, news.most.len()));
            told += news.map_or(0, |news| news.0);
            assert!(news.is_none_or(|news| news.1 <= 10));
        }
        assert_eq!(suppressed, 4 * (KNOWN as u64 + 500 - 1));
        assert_eq!(told, suppressed);
        for later in 4..7 {
            quota.judge(start + Duration::from_secs(later * 60), &of("later"));
        }
        assert!(quota.known() <= KNOWN / 2, "what nobody sees any more is forgotten");
    }
}
