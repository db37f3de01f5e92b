use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use super::{Tally, Timeline};
use crate::{
    Failure,
    args::{Only, Options},
    commands::{
        find::{self, Go, Open},
        report::{draw, usage::Usage},
        trouble::Trouble,
    },
    entry::{Entry, Kind},
    filter::Filter,
    json,
    read::LogSet,
    time,
};

/// What exchanges are grouped by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum By {
    Endpoint,
    Status,
    Method,
    /// Steps of time, in microseconds.
    Step(u64),
    /// The first of these keys that is there.
    Keys(Vec<Vec<String>>),
}

impl By {
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let keys = |names: &[&str]| {
            Self::Keys(names.iter().map(|name| name.split('.').map(str::to_owned).collect()).collect())
        };
        Ok(match text {
            "endpoint" => Self::Endpoint,
            "status" | "status_code" => Self::Status,
            "method" => Self::Method,
            "minute" => Self::Step(time::MINUTE),
            "hour" => Self::Step(time::HOUR),
            "day" => Self::Step(time::DAY),
            "model" => keys(&["llm.model", "attributes.model", "request_body.model", "response_body.model"]),
            "" => return Err(Failure::usage("--by wants a key\ntry: --by endpoint")),
            other => match time::typed_length(other) {
                Some(0) => {
                    return Err(Failure::usage(format!(
                        "--by {other}: that is no step of time\ntry: --by 5m"
                    )));
                }
                Some(step) => Self::Step(step),
                None => keys(&[other]),
            },
        })
    }

    /// Whether it may stand in the request's entry.
    fn is_of_request(&self) -> bool {
        matches!(self, Self::Keys(_))
    }

    /// The key of an exchange, as it is written.
    fn key<'k>(&self, entry: &Entry<'k>, begun: Option<&'k [u8]>, scratch: &'k mut Vec<u8>) -> &'k [u8] {
        match self {
            Self::Endpoint if !entry.route.is_empty() => return entry.route,
            Self::Endpoint => {
                scratch.extend_from_slice(entry.method);
                scratch.extend_from_slice(BETWEEN);
                scratch.extend_from_slice(entry.endpoint);
            }
            Self::Status if entry.status == 0 => return b"none",
            Self::Status => scratch.extend_from_slice(entry.status.to_string().as_bytes()),
            Self::Method => return entry.method,
            Self::Step(step) => scratch.extend_from_slice(&(entry.at - entry.at % step).to_be_bytes()),
            Self::Keys(paths) => return value(paths, entry.line).or(begun).unwrap_or(b"(none)"),
        }
        scratch
    }

    /// The key for people.
    fn name(&self, key: &[u8]) -> String {
        match self {
            Self::Endpoint => {
                let at = memchr::memmem::find(key, BETWEEN).unwrap_or(key.len());
                let method = json::unescape(key.get(..at).unwrap_or_default());
                let endpoint = json::unescape(key.get(at + BETWEEN.len()..).unwrap_or_default());
                format!("{method} {endpoint}").trim().to_owned()
            }
            Self::Step(_) => <[u8; 8]>::try_from(key).map_or_else(
                |_| String::from_utf8_lossy(key).into_owned(),
                |bytes| time::plain(u64::from_be_bytes(bytes)),
            ),
            Self::Keys(_) => json::text(key).into_owned(),
            _ => json::unescape(key).into_owned(),
        }
    }
}

/// What stands between method and endpoint in a line of ours, so that a key is one piece of it.
const BETWEEN: &[u8] = b"\",\"endpoint\":\"";

fn value<'a>(paths: &[Vec<String>], line: &'a [u8]) -> Option<&'a [u8]> {
    paths.iter().find_map(|path| json::lookup(line, path))
}

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

/// So many groups are kept apart.
const GROUPS: usize = 2000;
/// So many of the slowest calls.
const SLOWEST: usize = 10;
/// Of so many requests it is known that they are open.
const OPEN: usize = 40_000;

impl Gathered {
    pub(crate) fn of(
        options: &Options,
        set: &LogSet,
        by: By,
        trouble: &mut Trouble,
    ) -> Result<Self, Failure> {
        Self::default().gather(options, set, by, trouble)
    }

    /// The same with durations over time.
    pub(crate) fn with_heat(
        options: &Options,
        set: &LogSet,
        by: By,
        trouble: &mut Trouble,
    ) -> Result<Self, Failure> {
        let heat = vec![Timeline::default(); draw::ROWS];
        Self { heat, usage: Some(Usage::default()), ..Self::default() }.gather(options, set, by, trouble)
    }

    fn gather(self, options: &Options, set: &LogSet, by: By, trouble: &mut Trouble) -> Result<Self, Failure> {
        let mut gathered = self;
        let mut walk = Walk {
            by,
            filter: &options.filter,
            of_errors: options.kind == Some(Only::Errors),
            places: HashMap::default(),
            keys: Vec::new(),
            tallies: Vec::new(),
            begun: HashMap::default(),
            lines: Open::default(),
            scratch: Vec::new(),
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
        gathered.end(walk);
        Ok(gathered)
    }

    #[inline]
    fn take(&mut self, entry: &Entry<'_>, walk: &mut Walk<'_>, needs_lines: bool) {
        let wanted = match entry.kind {
            Kind::Request => {
                walk.begin(entry);
                if needs_lines {
                    walk.lines.begin(entry);
                }
                return;
            }
            Kind::Response => !walk.of_errors,
            Kind::Error | Kind::Exception => walk.of_errors,
            _ => return,
        };
        let begun = walk.begun.remove(&id_key(entry.id));
        let request = if needs_lines { walk.lines.end(entry.id) } else { None };
        if !wanted || !walk.filter.passes(entry, request.as_deref()) {
            return;
        }
        self.count(entry);
        let value = begun.as_ref().and_then(|begun| begun.value.as_deref());
        walk.scratch.clear();
        let key = walk.by.key(entry, value, &mut walk.scratch);
        let tally = match walk.places.get(key) {
            Some(place) => walk.tallies.get_mut(*place),
            None if walk.tallies.len() < GROUPS => {
                walk.places.insert(key.into(), walk.tallies.len());
                walk.keys.push(key.into());
                walk.tallies.push(Tally::default());
                walk.tallies.last_mut()
            }
            None => Some(self.others.get_or_insert_default()),
        };
        if let Some(tally) = tally {
            tally.add(entry.duration, entry.is_failure());
        }
    }

    /// Counts what concerns all groups.
    #[inline]
    fn count(&mut self, entry: &Entry<'_>) {
        if self.first == 0 || entry.at < self.first {
            self.first = entry.at;
        }
        self.last = self.last.max(entry.at);
        self.timeline.add(entry.at);
        if entry.is_failure() {
            self.failed_timeline.add(entry.at);
        }
        if let Some(count) = self.classes.get_mut(usize::from(entry.status / 100)) {
            *count += 1;
        }
        self.extras(entry);
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

    /// What stands before headers and bodies. In lines of ours nothing of it comes behind the first of these, whose values
    /// are not even passed over.
    #[inline]
    fn extras(&mut self, entry: &Entry<'_>) {
        const LAST: [&[u8]; 4] = [b",\"response_bo", b",\"response_h", b",\"request_bo", b",\"request_h"];
        let mut members = entry.more();
        loop {
            if entry.rest > 0 && LAST.iter().any(|key| members.rest().starts_with(key)) {
                return;
            }
            let Some(member) = members.next() else { return };
            match member.key {
                b"response_bytes" => self.bytes += json::whole(member.value).unwrap_or(0),
                // By the name of each cache.
                b"cache" => json::Members::of(member.value)
                    .for_each(|cache| add(&mut self.cache, cache.value, &["hits", "misses"])),
                b"llm" => {
                    let names = ["input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens"];
                    add(&mut self.tokens, member.value, &names);
                    if let Some(usage) = &mut self.usage {
                        usage.add(entry.at, member.value);
                    }
                }
                _ => {}
            }
        }
    }

    fn end(&mut self, walk: Walk<'_>) {
        let Walk { by, keys, tallies, mut begun, .. } = walk;
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
        self.open = begun.len() as u64;
        let mut ids: Vec<_> = begun
            .drain()
            .map(|(_, begun)| (begun.at, String::from_utf8_lossy(&begun.id).into_owned()))
            .collect();
        ids.sort();
        self.open_ids = ids.split_off(ids.len().saturating_sub(5));
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
            if json::is_key(member.key, name) {
                *sum = sum.saturating_add(json::whole(member.value).unwrap_or(0));
            }
        }
    }
}

/// What is needed on the way only.
struct Walk<'o> {
    by: By,
    filter: &'o Filter,
    of_errors: bool,
    places: HashMap<Box<[u8]>, usize, BuildHasherDefault<Quick>>,
    keys: Vec<Box<[u8]>>,
    tallies: Vec<Tally>,
    begun: HashMap<u128, Begun, BuildHasherDefault<Quick>>,
    lines: Open,
    scratch: Vec<u8>,
}

/// A request that has not ended yet.
struct Begun {
    at: u64,
    id: Box<[u8]>,
    /// What it is grouped by, where its entry says so.
    value: Option<Box<[u8]>>,
}

impl Walk<'_> {
    #[inline]
    fn begin(&mut self, entry: &Entry<'_>) {
        if self.begun.len() >= OPEN || !self.filter.is_in_time(entry.at) {
            return;
        }
        let value = match &self.by {
            By::Keys(paths) if self.by.is_of_request() => value(paths, entry.line).map(Into::into),
            _ => None,
        };
        self.begun.insert(id_key(entry.id), Begun { at: entry.at, id: entry.id.into(), value });
    }
}

/// The last 16 characters of an id: of one of ours 60 bits by chance.
#[inline]
fn id_key(id: &[u8]) -> u128 {
    match id.last_chunk::<16>() {
        Some(chunk) => u128::from_le_bytes(*chunk),
        None => id.iter().fold(0, |key, byte| key << 8 | u128::from(*byte)),
    }
}

/// A hash of few instructions. Who writes the log can make its keys meet; the caps above bound what that costs.
#[derive(Default)]
struct Quick(u64);

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Quick {
    #[inline]
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(ODD);
    }
}

impl Hasher for Quick {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        for (place, byte) in last.iter_mut().zip(rest) {
            *place = *byte;
        }
        self.mix(u64::from_le_bytes(last) ^ bytes.len() as u64);
    }

    #[inline]
    fn write_u128(&mut self, number: u128) {
        self.mix(number as u64);
        self.mix((number >> 64) as u64);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}
