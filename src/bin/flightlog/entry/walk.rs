//! Any JSON object, read key by key until all is known that an entry has.

use super::{Broken, Entry, Kind, Level, Sums, template};
use crate::{
    json::{self, Members},
    time::Clock,
};

/// Any JSON object, its keys in any order. Where a key comes twice, the first one counts.
#[inline(never)]
pub(super) fn read<'a>(line: &'a [u8], is_cut: bool, clock: &mut Clock) -> Result<Entry<'a>, Broken> {
    let line = trimmed(line);
    match line.first() {
        None => return Err(Broken::Empty),
        Some(b'{') => {}
        Some(0) if line.iter().all(|byte| *byte == 0) => return Err(Broken::Nul),
        Some(_) => return Err(Broken::NotJson),
    }
    if !is_cut && line.last() != Some(&b'}') {
        return Err(Broken::Torn);
    }
    let mut found = Found::default();
    let mut members = Members::of(line);
    while let Some(member) = members.next() {
        found.take(member, members.place());
        if found.is_complete() {
            break;
        }
    }
    if members.is_broken() && !is_cut {
        return Err(Broken::Torn);
    }
    let rest = u32::try_from(members.place()).unwrap_or(u32::MAX);
    Ok(Entry { rest, ..found.entry(line, clock) })
}

/// What is added up, from `at` on, and what the walk met before at these places.
#[inline(never)]
pub(super) fn sums<'a>(
    line: &'a [u8],
    is_ours: bool,
    met: [u32; 3],
    mut sums: Sums<'a>,
    at: usize,
) -> Sums<'a> {
    for (place, at) in met.into_iter().enumerate().filter(|(_, at)| *at > 0) {
        sums.take(place, json::value_at(line, at as usize));
    }
    let mut members = Members::from(line, at);
    while !(is_ours && template::is_head_or_body(members.rest()))
        && let Some(member) = members.next()
    {
        if let Some(place) = Sums::place_of(&member.spelled()) {
            sums.take(place, member.value);
        }
    }
    sums
}

/// A line without what editors, other systems and crashes put around it.
fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    let begins = line.iter().position(|byte| *byte != 0).unwrap_or(0);
    line.get(begins..).unwrap_or_default()
}

/// What a walk has found so far. The names of others stand in where ours are absent.
#[derive(Default)]
struct Found<'a> {
    values: [Option<&'a [u8]>; NAMES],
    others: [Option<&'a [u8]>; NAMES],
    sums: [u32; 3],
    seen: u16,
}

/// So many keys are asked about.
const NAMES: usize = 9;

/// A key of ours.
#[inline]
fn place_of(key: &[u8]) -> Option<usize> {
    Some(match key {
        b"timestamp" => 0,
        b"level" => 1,
        b"type" => 2,
        b"request_id" => 3,
        b"method" => 4,
        b"endpoint" => 5,
        b"status_code" => 6,
        b"duration_ms" => 7,
        b"outcome" => 8,
        _ => return None,
    })
}

/// What others call it.
#[inline]
fn place_of_others(key: &[u8]) -> Option<usize> {
    Some(match key {
        b"time" | b"ts" | b"@timestamp" => 0,
        b"severity" | b"lvl" => 1,
        b"requestId" | b"req_id" => 3,
        b"route" | b"path" => 5,
        b"status" => 6,
        b"latency_ms" | b"elapsed_ms" => 7,
        _ => return None,
    })
}

impl<'a> Found<'a> {
    #[inline]
    fn take(&mut self, member: json::Member<'a>, end: usize) {
        let spelled = member.spelled();
        let key = spelled.as_ref();
        if let Some(place) = place_of(key) {
            if let Some(value) = self.values.get_mut(place)
                && value.is_none()
            {
                *value = Some(member.value);
                self.seen |= 1 << place;
            }
            return;
        }
        if let Some(place) = Sums::place_of(key) {
            if let Some(at) = self.sums.get_mut(place)
                && *at == 0
            {
                *at = u32::try_from(end - member.value.len()).unwrap_or(0);
            }
            return;
        }
        // The names of others are asked about only where a key is none of ours.
        if let Some(place) = place_of_others(key)
            && let Some(value) = self.others.get_mut(place)
        {
            value.get_or_insert(member.value);
        }
    }

    fn is_complete(&self) -> bool {
        self.seen == (1 << NAMES) - 1
    }

    fn value(&self, place: usize) -> Option<&'a [u8]> {
        self.values.get(place).copied().flatten().or_else(|| self.others.get(place).copied().flatten())
    }

    /// The inside of a string.
    fn inner(&self, place: usize) -> &'a [u8] {
        match self.value(place) {
            Some([b'"', inner @ .., b'"']) => inner,
            _ => b"",
        }
    }

    fn entry(&self, line: &'a [u8], clock: &mut Clock) -> Entry<'a> {
        let whole = |place| self.value(place).and_then(|value| json::number(unquoted(value)));
        let status =
            whole(6).filter(|status| (100.0..1000.0).contains(status)).map_or(0, |status| status as u16);
        let kind = match json::unescape(self.inner(2)).as_ref() {
            "request" => Kind::Request,
            "response" => Kind::Response,
            "error" if self.value(5).is_some() => Kind::Error,
            "exception" if self.value(5).is_some() => Kind::Exception,
            "recorder" => Kind::Recorder,
            _ if status > 0 && self.value(2).is_none() => Kind::Response,
            _ => Kind::Told,
        };
        // A status speaks where nobody says how much it matters.
        let by_status = if kind == Kind::Response && status >= 500 { Level::Error } else { Level::Info };
        Entry {
            line,
            at: self.value(0).and_then(|value| clock.any(&json::text(value))).unwrap_or(0),
            level: self.value(1).map_or(by_status, level_of),
            kind,
            id: self.inner(3),
            method: self.inner(4),
            endpoint: self.inner(5),
            status,
            // What is longer than the template reads is no length of time.
            duration: whole(7)
                .filter(|millis| (0.0..1e12).contains(millis))
                .map(|millis| (millis * 1000.0).round() as u64),
            outcome: self.inner(8),
            sums: self.sums,
            ..Entry::default()
        }
    }
}

/// A number, also where it was written as a string.
fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        other => other,
    }
}

/// A level as anyone writes it: a word of any case, or a number as Bunyan and Pino have.
fn level_of(value: &[u8]) -> Level {
    if let Some(number) = json::number(value) {
        return match number {
            ..20.0 => Level::Trace,
            ..30.0 => Level::Debug,
            ..40.0 => Level::Info,
            ..50.0 => Level::Warn,
            _ => Level::Error,
        };
    }
    match json::text(value).to_ascii_uppercase().as_str() {
        "TRACE" => Level::Trace,
        "DEBUG" => Level::Debug,
        "WARN" | "WARNING" => Level::Warn,
        "ERROR" | "CRITICAL" | "FATAL" => Level::Error,
        _ => Level::Info,
    }
}
