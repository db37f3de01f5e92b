//! Failures, equal ones in one group.

use std::{borrow::Cow, collections::HashMap, fmt::Write};

use super::{
    find::{self, Go},
    stats::Timeline,
    trouble::Trouble,
};
use crate::{
    Failure, Found,
    args::{Only, Options},
    entry::{Entry, Kind, is_head_or_body},
    filter::Filter,
    json,
    read::LogSet,
    term::{Ink, Screen, cut, grouped, sparkline},
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
    /// Reads errors.log; where there is none, the responses of api.log.
    pub(crate) fn of(options: &Options, set: &LogSet, trouble: &mut Trouble) -> Result<Self, Failure> {
        if options.kind == Some(Only::Api) && set.named("errors").is_some() {
            return Ok(Self::default());
        }
        // Whether bodies are asked about: errors.log has none.
        let filter = Filter { errors_only: true, ..options.filter.clone() };
        let series: Vec<_> = match set.named("errors") {
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

pub(crate) fn errors(options: &Options, set: &LogSet, screen: &mut Screen<'_>) -> Result<Found, Failure> {
    let mut trouble = Trouble::default();
    let failures = Failures::of(options, set, &mut trouble)?;
    let most = options.lines.unwrap_or(50);
    for group in failures.groups.iter().take(most) {
        if options.json {
            screen.json(&as_json(group).to_string())?;
        } else {
            show(screen, group, &failures)?;
        }
    }
    if !options.json {
        foot(screen, &failures, most)?;
    }
    trouble.tell();
    Ok((!failures.groups.is_empty()).into())
}

fn foot(screen: &mut Screen<'_>, failures: &Failures, most: usize) -> Result<(), Failure> {
    let hidden: u64 = failures.groups.iter().skip(most).map(|group| group.count).sum();
    if hidden + failures.others > 0 {
        let text =
            format!("and {} more failures in other groups (--lines N)", grouped(hidden + failures.others));
        screen.line(Ink::Dim, &text)?;
    }
    if failures.groups.is_empty() {
        screen.line(Ink::Green, "no failures")?;
    }
    Ok(())
}

/// ```text
/// 23x  POST /orders/{id}  500  shop::OrderError: could not place the order
///      ▁▃ ▅   2026-11-20 10:30:00 to 10:59:12   src/orders.rs:42
///      flightlog show 00000001
/// ```
fn show(screen: &mut Screen<'_>, group: &Group, failures: &Failures) -> Result<(), Failure> {
    screen.put(Ink::Bold, &format!("{:>6}x", grouped(group.count)));
    screen.space(2);
    screen.put(Ink::Plain, &group.route);
    screen.space(2);
    let status = if group.status == 0 { group.outcome.replace('_', " ") } else { group.status.to_string() };
    screen.put(Ink::Alarm, &status);
    screen.end_line()?;
    screen.space(9);
    if !group.error_type.is_empty() {
        screen.put(Ink::Dim, &group.error_type);
        screen.put(Ink::Dim, ": ");
    }
    let mut lines = group.message.lines();
    screen.line(Ink::Red, lines.next().unwrap_or_default())?;
    screen.space(9);
    let counts = group.timeline.between(failures.first, failures.last, 24);
    screen.put(Ink::Cyan, &sparkline(&counts));
    screen.space(2);
    let mut when = time::plain(group.first);
    if group.last > group.first {
        _ = write!(when, " to {}", time::plain(group.last));
    }
    screen.put(Ink::Dim, &when);
    if !group.location.is_empty() {
        screen.space(2);
        screen.put(Ink::Cyan, &group.location);
    }
    screen.end_line()?;
    if let Some(id) = group.ids.last() {
        screen.space(9);
        screen.put(Ink::Dim, "flightlog show ");
        screen.put(Ink::Plain, super::row::short_id(id));
        if !group.dumps.is_empty() {
            screen.put(Ink::Dim, "  (has a dump)");
        }
        screen.end_line()?;
    }
    Ok(())
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
