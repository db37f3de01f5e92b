//! Failures, equal ones in one group.

use std::collections::HashMap;

use super::{
    find::{self, Go},
    stats::Timeline,
    trouble::Trouble,
};
use crate::{
    Failure,
    args::{Only, Options},
    entry::{Entry, Kind},
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

impl Failures {
    /// Reads errors.log; where there is none, the responses of api.log.
    pub(crate) fn of(options: &Options, set: &LogSet, trouble: &mut Trouble) -> Result<Self, Failure> {
        let mut failures = Self::default();
        if options.kind == Some(Only::Api) && set.named("errors").is_some() {
            return Ok(failures);
        }
        // Whether bodies are asked about: errors.log has none.
        let filter = Filter { errors_only: true, ..options.filter.clone() };
        let series: Vec<_> = match set.named("errors") {
            Some(series) => vec![series],
            None => set.exchanges().collect(),
        };
        let mut places: HashMap<u64, usize> = HashMap::new();
        let mut last_id = Vec::new();
        for series in series {
            find::each(series, &filter, trouble, |entry, _, _, _| {
                let is_one = matches!(entry.kind, Kind::Error | Kind::Exception | Kind::Response);
                if is_one && filter.passes(entry, None) && (entry.id.is_empty() || entry.id != last_id) {
                    last_id.clear();
                    last_id.extend_from_slice(entry.id);
                    failures.take(entry, &mut places);
                }
                Go::On
            })?;
        }
        failures.groups.sort_by_key(|group| std::cmp::Reverse((group.count, group.last)));
        Ok(failures)
    }

    fn take(&mut self, entry: &Entry<'_>, places: &mut HashMap<u64, usize>) {
        let text = |key: &str| entry.text(key).unwrap_or_default();
        let is_end = entry.kind == Kind::Response;
        let message = if is_end { text("error_message") } else { text("message") };
        let error_type = text("error_type");
        let fingerprint = fingerprint(entry, &error_type, &message);
        if self.first == 0 {
            self.first = entry.at;
        }
        self.last = self.last.max(entry.at);
        let place = match places.get(&fingerprint) {
            Some(place) => *place,
            None if self.groups.len() >= GROUPS => {
                self.others += 1;
                return;
            }
            None => {
                places.insert(fingerprint, self.groups.len());
                self.groups.push(Group {
                    fingerprint,
                    route: format!("{} {}", json::unescape(entry.method), json::unescape(entry.endpoint)),
                    status: entry.status,
                    outcome: json::unescape(entry.outcome).into_owned(),
                    error_type: error_type.into_owned(),
                    message: String::new(),
                    location: text("location").into_owned(),
                    count: 0,
                    first: entry.at,
                    last: entry.at,
                    timeline: Timeline::default(),
                    ids: Vec::new(),
                    dumps: Vec::new(),
                });
                self.groups.len() - 1
            }
        };
        let Some(group) = self.groups.get_mut(place) else { return };
        group.count += 1;
        group.last = group.last.max(entry.at);
        group.timeline.add(entry.at);
        group.message = cut(&message, 500);
        for (samples, text) in [(&mut group.ids, json::unescape(entry.id)), (&mut group.dumps, text("dump"))]
        {
            if !text.is_empty() {
                samples.push(text.into_owned());
                if samples.len() > SAMPLES {
                    samples.remove(0);
                }
            }
        }
    }
}

/// What makes two failures one: the message counts without what differs from case to case.
fn fingerprint(entry: &Entry<'_>, error_type: &str, message: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |text: &[u8]| {
        // FNV-1a, a zero byte between the parts.
        for byte in text.iter().chain(&[0]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    take(entry.method);
    take(entry.endpoint);
    take(entry.status.to_string().as_bytes());
    take(entry.outcome);
    take(error_type.as_bytes());
    take(normalised(message).as_bytes());
    hash
}

/// A message without numbers, ids, and what stands in quotes; its first line.
pub(crate) fn normalised(message: &str) -> String {
    let mut text = String::new();
    let line = message.lines().next().unwrap_or_default();
    let mut rest = cut(line, 300);
    rest.push(' ');
    let mut word = String::new();
    let mut quote = None;
    for c in rest.chars() {
        if let Some(open) = quote {
            if c == open {
                quote = None;
                text.push('…');
                text.push(c);
            }
            continue;
        }
        if c.is_alphanumeric() || c == '-' || c == '_' {
            word.push(c);
            continue;
        }
        let has_digit = word.contains(|c: char| c.is_ascii_digit());
        text.push_str(if has_digit { "#" } else { &word });
        word.clear();
        text.push(c);
        if matches!(c, '"' | '`') {
            quote = Some(c);
        }
    }
    text.trim_end().to_owned()
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
    use super::normalised;

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
            assert_eq!(normalised(message), expected);
        }
    }
}
