use std::collections::HashMap;

use super::{
    By, Tally, Timeline,
    begun::Begun,
    walk::{GROUPS, Walk},
};
use crate::{
    Failure,
    args::{Only, Options},
    commands::{
        find::{self, Go, Open},
        groups::{Collector, Failures},
        report::{draw, usage::Usage},
        trouble::Trouble,
    },
    entry::{Entry, Kind},
    json,
    read::LogSet,
};

/// A call among the slowest.
#[derive(Clone, Debug)]
pub(crate) struct Slow {
    pub(crate) duration: u64,
    pub(crate) at: u64,
    pub(crate) status: u16,
    pub(crate) id: String,
    pub(crate) route: String,
}

/// All that was counted.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) all: Tally,
    pub(crate) groups: Vec<(String, Tally)>,
    /// Groups past the cap, together, and how many exchanges are in them.
    pub(crate) others: Option<Tally>,
    /// By first digit; 0 is none.
    pub(crate) classes: [u64; 10],
    pub(crate) timeline: Timeline,
    pub(crate) failed_timeline: Timeline,
    /// By duration, for a report only.
    pub(crate) heat: Vec<Timeline>,
    /// By model, for a report only.
    pub(crate) usage: Option<Usage>,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) slowest: Vec<Slow>,
    pub(crate) bytes: u64,
    pub(crate) cache: [u64; 2],
    /// Input, output, cached, reasoning.
    pub(crate) tokens: [u64; 4],
    /// Requests that were told and never ended: how many, and the last ones.
    pub(crate) open: u64,
    pub(crate) open_ids: Vec<(u64, String)>,
}

/// So many of the slowest calls.
const SLOWEST: usize = 10;
/// So many ids of requests that are open are told.
const OPEN: usize = 5;

impl Gathered {
    /// Counts, and groups the failures.
    pub(crate) fn and_failures(
        options: &Options,
        set: &LogSet,
        by: By,
        trouble: &mut Trouble,
    ) -> Result<(Self, Failures), Failure> {
        // Where failures have no log of their own they are among what is read here.
        let have_own = set.named("errors").is_some() && options.kind != Some(Only::Api);
        if have_own || options.kind == Some(Only::Errors) {
            let (gathered, _) = Self::default().gather(options, set, by, None, trouble)?;
            let failures = Failures::of(options, set, gathered.since(), trouble)?;
            return Ok((gathered, failures));
        }
        let (gathered, failures) =
            Self::default().gather(options, set, by, Some(Collector::default()), trouble)?;
        Ok((gathered, failures.unwrap_or_default()))
    }

    /// The same without failures and with durations over time.
    pub(crate) fn with_heat(
        options: &Options,
        set: &LogSet,
        by: By,
        trouble: &mut Trouble,
    ) -> Result<Self, Failure> {
        let heat = vec![Timeline::default(); draw::ROWS];
        let usage = Some(Usage::default());
        Ok(Self { heat, usage, ..Self::default() }.gather(options, set, by, None, trouble)?.0)
    }

    fn gather(
        self,
        options: &Options,
        set: &LogSet,
        by: By,
        failures: Option<Collector>,
        trouble: &mut Trouble,
    ) -> Result<(Self, Option<Failures>), Failure> {
        let mut gathered = self;
        let mut walk = Walk {
            by,
            filter: &options.filter,
            is_open: options.filter.is_open(),
            of_errors: options.kind == Some(Only::Errors),
            places: HashMap::default(),
            keys: Vec::new(),
            tallies: Vec::new(),
            oldest: 0,
            begun: Begun::default(),
            lines: Open::default(),
            scratch: Vec::new(),
            failures,
        };
        let needs_lines = options.filter.needs_request();
        let series: Vec<_> = if walk.of_errors {
            set.named("errors").into_iter().collect()
        } else {
            set.exchanges().collect()
        };
        for series in series {
            find::each(series, &options.filter, trouble, |entry, _, _, _| {
                gathered.take(entry, &mut walk, needs_lines);
                Go::On
            })?;
        }
        let failures = walk.failures.take().map(Collector::end);
        gathered.end(walk);
        Ok((gathered, failures))
    }

    /// What is rare gets a copy of the entry: one whose address nobody has is never put together.
    #[inline(always)]
    fn take(&mut self, entry: &Entry<'_>, walk: &mut Walk<'_>, needs_lines: bool) {
        let wanted = match entry.kind {
            Kind::Request => {
                walk.begun.begin(entry, &walk.by, walk.filter);
                if needs_lines {
                    walk.lines.begin(&{ *entry });
                }
                return;
            }
            Kind::Response => !walk.of_errors,
            Kind::Error | Kind::Exception => walk.of_errors,
            _ => return,
        };
        let value = walk.begun.end(entry.id);
        let request = if needs_lines { walk.lines.end(entry.id) } else { None };
        if !(walk.is_open || walk.filter.passes(&{ *entry }, request.as_deref())) {
            return;
        }
        if !wanted {
            return walk.fail(entry);
        }
        let failed = entry.is_failure();
        if failed {
            walk.fail(entry);
        }
        self.count(entry, failed);
        walk.scratch.clear();
        let key = walk.by.key(entry, value.as_deref(), &mut walk.scratch);
        let tally = match walk.places.get(key) {
            Some(place) => walk.tallies.get_mut(*place),
            None if walk.tallies.len() < GROUPS => {
                walk.places.insert(key.into(), walk.tallies.len());
                walk.keys.push(key.into());
                walk.tallies.push(Tally::default());
                walk.tallies.last_mut()
            }
            None => {
                let key = key.into();
                match walk.make_room(key, &mut self.others) {
                    Some(place) => walk.tallies.get_mut(place),
                    None => Some(self.others.get_or_insert_default()),
                }
            }
        };
        if let Some(tally) = tally {
            tally.add(entry.duration, failed);
        }
    }

    /// Counts what concerns all groups.
    #[inline(always)]
    fn count(&mut self, entry: &Entry<'_>, failed: bool) {
        if self.first == 0 || entry.at < self.first {
            self.first = entry.at;
        }
        self.last = self.last.max(entry.at);
        self.timeline.add(entry.at);
        if failed {
            self.failed_timeline.add(entry.at);
        }
        if let Some(count) = self.classes.get_mut(usize::from(entry.status / 100)) {
            *count += 1;
        }
        self.add_sums(entry);
        let duration = entry.duration.unwrap_or(0);
        if let Some(row) = self.heat.get_mut(draw::row_of(duration)) {
            row.add(entry.at);
        }
        let least = if self.slowest.len() < SLOWEST {
            0
        } else {
            self.slowest.last().map_or(0, |slow| slow.duration)
        };
        if duration > least {
            let place = self.slowest.partition_point(|slow| slow.duration >= duration);
            let route = format!("{} {}", json::unescape(entry.method), json::unescape(entry.endpoint));
            let (at, status, id) = (entry.at, entry.status, json::unescape(entry.id).into_owned());
            self.slowest.insert(place, Slow { duration, at, status, id, route });
            self.slowest.truncate(SLOWEST);
        }
    }

    #[inline(always)]
    fn add_sums(&mut self, entry: &Entry<'_>) {
        let sums = entry.sums();
        self.bytes = summed(self.bytes, sums.response_bytes);
        if !sums.cache.is_empty() {
            for cache in json::Members::of(sums.cache) {
                add(&mut self.cache, cache.value, &["hits", "misses"]);
            }
        }
        if !sums.llm.is_empty() {
            let names = ["input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens"];
            add(&mut self.tokens, sums.llm, &names);
            if let Some(usage) = &mut self.usage {
                usage.add(entry.at, sums.llm);
            }
        }
    }

    fn end(&mut self, walk: Walk<'_>) {
        let Walk { by, keys, tallies, begun, .. } = walk;
        for tally in tallies.iter().chain(&self.others) {
            self.all.merge(tally);
        }
        self.groups = keys.iter().map(|key| by.name(key)).zip(tallies).collect();
        if matches!(by, By::Step(_)) {
            self.groups.sort_by(|a, b| a.0.cmp(&b.0));
        } else {
            // Who takes most of the time stands first.
            self.groups
                .sort_by_key(|group| (std::cmp::Reverse((group.1.total, group.1.count)), group.0.clone()));
        }
        self.open = begun.count();
        self.open_ids = begun.last(OPEN);
    }

    /// The first end. errors.log reaches further back than api.log, and what stands side by side is of one time.
    pub(crate) fn since(&self) -> Option<u64> {
        (self.all.count > 0).then_some(self.first)
    }

    /// From the first to the last end.
    pub(crate) fn seconds(&self) -> f64 {
        self.last.saturating_sub(self.first) as f64 / 1e6
    }
}

/// Adds the numbers of an object's members.
fn add(sums: &mut [u64], object: &[u8], names: &[&str]) {
    for member in json::Members::of(object) {
        for (sum, name) in sums.iter_mut().zip(names) {
            if member.is(name) {
                *sum = summed(*sum, json::whole(member.value).unwrap_or(0));
            }
        }
    }
}

/// A sum that whatever a log claims leaves room to add two of.
fn summed(sum: u64, more: u64) -> u64 {
    sum.saturating_add(more).min(u64::MAX >> 2)
}
