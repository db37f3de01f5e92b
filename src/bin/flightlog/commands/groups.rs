//! Failures, equal ones in one group.

use std::{borrow::Cow, collections::HashMap};

use super::{
    find::{self, Go},
    stats::Timeline,
    trouble::Trouble,
};
use crate::{
    Failure,
    args::{Only, Options},
    entry::{Entry, Kind, is_head_or_body},
    filter::Filter,
    json,
    read::LogSet,
    term::cut,
    time,
};

/// Failures that are one by method, route, status, type and message.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) fingerprint: u64,
    pub(crate) route: String,
    pub(crate) status: u16,
    pub(crate) outcome: String,
    pub(crate) error_type: String,
    /// As it was the last time.
    pub(crate) message: String,
    pub(crate) location: String,
    pub(crate) count: u64,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) timeline: Timeline,
    /// The last ones, the newest last.
    pub(crate) ids: Vec<String>,
    pub(crate) dumps: Vec<String>,
}

impl Group {
    /// How it ended, in a word or two: `500`, `panicked`, `200, body error`.
    pub(crate) fn ending(&self) -> String {
        let outcome = self.outcome.replace('_', " ");
        match (self.status, outcome.as_str()) {
            (0, _) => outcome,
            (status, "" | "complete") => status.to_string(),
            (status, _) => format!("{status}, {outcome}"),
        }
    }

    /// The id to look at: the newest that has a dump, else the newest.
    pub(crate) fn sample(&self) -> &str {
        let dumped = self.dumps.last().and_then(|name| id_of_dump(name));
        dumped.or(self.ids.last().map(String::as_str)).unwrap_or_default()
    }
}

/// A dump's name ends with the id.
pub(crate) fn id_of_dump(name: &str) -> Option<&str> {
    let name = name.strip_suffix(".json")?;
    name.get(name.len().checked_sub(36)?..)
}

/// All groups, the most frequent first.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    pub(crate) groups: Vec<Group>,
    /// Failures past the cap of groups.
    pub(crate) others: u64,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

const GROUPS: usize = 1000;
const SAMPLES: usize = 3;
/// Characters kept of a message.
const MESSAGE: usize = 500;

impl Failures {
    /// Reads errors.log; where there is none, or api.log is asked for, the responses of api.log. `since`: not what was
    /// before.
    pub(crate) fn of(
        options: &Options,
        set: &LogSet,
        since: Option<u64>,
        trouble: &mut Trouble,
    ) -> Result<Self, Failure> {
        // Whether bodies are asked about: errors.log has none.
        let since = options.filter.since.max(since);
        let filter = Filter { errors_only: true, since, ..options.filter.clone() };
        let series: Vec<_> = match set.named("errors").filter(|_| options.kind != Some(Only::Api)) {
            Some(series) => vec![series],
            None => set.exchanges().collect(),
        };
        let mut collector = Collector::default();
        for series in series {
            find::each(series, &filter, trouble, |entry, _, _, _| {
                let is_one = matches!(entry.kind, Kind::Error | Kind::Exception | Kind::Response);
                if is_one && filter.passes(entry, None) {
                    collector.take(entry);
                }
                Go::On
            })?;
        }
        Ok(collector.end())
    }
}

/// Puts failures into groups as they come.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    failures: Failures,
    places: HashMap<u64, usize>,
    last_id: Vec<u8>,
    /// The message without what differs, made anew in the same place.
    scratch: String,
}

impl Collector {
    /// Takes a failure. What is told of one exchange twice in a row is one.
    pub(crate) fn take(&mut self, entry: &Entry<'_>) {
        if !entry.id.is_empty() {
            if entry.id == self.last_id {
                return;
            }
            self.last_id.clear();
            self.last_id.extend_from_slice(entry.id);
        }
        let Self { failures, places, scratch, .. } = self;
        let said = Said::of(entry);
        normalise(&said.message, scratch);
        let fingerprint = fingerprint(entry, &said, scratch);
        if failures.first == 0 {
            failures.first = entry.at;
        }
        failures.last = failures.last.max(entry.at);
        let place = match places.get(&fingerprint) {
            Some(place) => *place,
            None if failures.groups.len() >= GROUPS => {
                failures.others += 1;
                return;
            }
            None => {
                places.insert(fingerprint, failures.groups.len());
                failures.groups.push(said.group(entry, fingerprint));
                failures.groups.len() - 1
            }
        };
        if let Some(group) = failures.groups.get_mut(place) {
            group.take(entry, &said);
        }
    }

    /// All groups, the most frequent first.
    pub(crate) fn end(self) -> Failures {
        let mut failures = self.failures;
        failures.groups.sort_by_key(|group| std::cmp::Reverse((group.count, group.last)));
        failures
    }
}

/// What a failure's entry says.
#[derive(Debug, Default)]
struct Said<'a> {
    error_type: Cow<'a, str>,
    message: Cow<'a, str>,
    location: Cow<'a, str>,
    dump: Cow<'a, str>,
}

impl<'a> Said<'a> {
    fn of(entry: &Entry<'a>) -> Self {
        let message = if entry.kind == Kind::Response { "error_message" } else { "message" };
        let mut found = [None; 4];
        let mut members = entry.more();
        while !(entry.is_ours && is_head_or_body(members.rest()))
            && let Some(member) = members.next()
        {
            let spelled = member.spelled();
            let place = match spelled.as_ref() {
                b"error_type" => 0,
                key if key == message.as_bytes() => 1,
                b"location" => 2,
                b"dump" => 3,
                _ => continue,
            };
            if let Some(value) = found.get_mut(place) {
                value.get_or_insert(member.value);
            }
        }
        let [error_type, message, location, dump] =
            found.map(|value| value.map(json::text).unwrap_or_default());
        Self { error_type, message, location, dump }
    }

    fn group(&self, entry: &Entry<'_>, fingerprint: u64) -> Group {
        Group {
            fingerprint,
            route: format!("{} {}", json::unescape(entry.method), json::unescape(entry.endpoint)),
            status: entry.status,
            outcome: json::unescape(entry.outcome).into_owned(),
            error_type: self.error_type.clone().into_owned(),
            message: String::new(),
            location: self.location.clone().into_owned(),
            count: 0,
            first: entry.at,
            last: entry.at,
            timeline: Timeline::default(),
            ids: Vec::new(),
            dumps: Vec::new(),
        }
    }
}

impl Group {
    fn take(&mut self, entry: &Entry<'_>, said: &Said<'_>) {
        self.count += 1;
        self.last = self.last.max(entry.at);
        self.timeline.add(entry.at);
        self.message.clear();
        if said.message.len() <= MESSAGE {
            self.message.push_str(&said.message);
        } else {
            self.message = cut(&said.message, MESSAGE);
        }
        keep(&mut self.ids, &json::unescape(entry.id));
        keep(&mut self.dumps, &said.dump);
    }
}

/// Keeps a text as the newest sample.
fn keep(samples: &mut Vec<String>, text: &str) {
    if text.is_empty() {
        return;
    }
    if samples.len() < SAMPLES {
        samples.push(text.to_owned());
    } else if let Some(oldest) = samples.first_mut() {
        oldest.clear();
        oldest.push_str(text);
        samples.rotate_left(1);
    }
}

/// What makes two failures one: the message counts without what differs from case to case.
fn fingerprint(entry: &Entry<'_>, said: &Said<'_>, message: &str) -> u64 {
    const PRIME: u64 = 0x0100_0000_01b3;
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |text: &[u8]| {
        // FNV-1a, a zero byte between the parts.
        for byte in text {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
        hash = hash.wrapping_mul(PRIME);
    };
    take(entry.method);
    take(entry.endpoint);
    take(entry.status.to_string().as_bytes());
    take(entry.outcome);
    take(said.error_type.as_bytes());
    take(message.as_bytes());
    hash
}

/// A message without numbers, ids, and what stands in quotes; its first line.
fn normalise(message: &str, text: &mut String) {
    text.clear();
    let line = message.lines().next().unwrap_or_default();
    let short = if line.len() <= 300 { Cow::Borrowed(line) } else { Cow::Owned(cut(line, 300)) };
    let mut quote = None;
    let mut word = 0;
    for (at, c) in short.char_indices() {
        if let Some(open) = quote {
            word = at + c.len_utf8();
            if c == open {
                quote = None;
                text.push('…');
                text.push(c);
            }
        } else if !(c.is_ascii_alphanumeric()
            || c == '-'
            || c == '_'
            || (!c.is_ascii() && c.is_alphanumeric()))
        {
            push_word(text, short.get(word..at));
            word = at + c.len_utf8();
            text.push(c);
            quote = matches!(c, '"' | '`').then_some(c);
        }
    }
    push_word(text, short.get(word..));
    text.truncate(text.trim_end().len());
}

/// A word, or `#` for one with digits.
fn push_word(text: &mut String, word: Option<&str>) {
    let word = word.unwrap_or_default();
    let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
    text.push_str(if has_digit { "#" } else { word });
}

pub(crate) fn as_json(group: &Group) -> serde_json::Value {
    let mut value = serde_json::json!({
        "fingerprint": format!("{:016x}", group.fingerprint),
        "route": group.route,
        "outcome": group.outcome,
        "error_type": group.error_type,
        "message": group.message,
        "location": group.location,
        "count": group.count,
        "first": time::full(group.first),
        "last": time::full(group.last),
        "ids": group.ids,
        "dumps": group.dumps,
    });
    if group.status > 0
        && let Some(object) = value.as_object_mut()
    {
        object.insert("status_code".into(), group.status.into());
    }
    value
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn messages_are_one_but_for_numbers_ids_and_quotes() {
        for (message, expected) in [
            ("could not place order 4711", "could not place order #"),
            ("no row 0198c0de-0000-7000-8000-000000000001 in `orders`", "no row # in `…`"),
            ("timeout after 1.5s (attempt 3)", "timeout after #.# (attempt #)"),
            (
                "invalid type: string \"a \u{1b}[31m\", expected u32\nmore",
                "invalid type: string \"…\", expected #",
            ),
            ("", ""),
            ("an \"open quote", "an \""),
        ] {
            let mut text = String::from("what was before");
            normalise(message, &mut text);
            assert_eq!(text, expected);
        }
    }
}
