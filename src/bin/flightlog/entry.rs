//! An entry as far as it decides about itself: what a filter and a count need stands first in our lines.
//!
//! Three ways lead to it. A line of ours is held against a template: every byte that is passed over is compared, so that
//! nothing but our own writing passes, and reading ends before the bodies. Any other line is walked key by key until all
//! that is wanted was found. What is no JSON object is broken, which is counted and told.

use crate::{
    json::{self, Members},
    time::Clock,
};

/// How much an entry matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Trace,
    Debug,
    #[default]
    Info,
    Warn,
    Error,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Response,
    Error,
    Exception,
    Recorder,
    /// The application tells something: `log`, `custom_event`, `debug`, `stream`, and types to come.
    #[default]
    Told,
}

/// Why a line is no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It begins as an object and ends in the midst of it.
    Torn,
    /// It is no object.
    NotJson,
    /// It is made of NUL bytes: what a crash of the machine leaves.
    Nul,
    /// There is nothing in it.
    Empty,
}

/// An entry, with texts as they are written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Entry<'a> {
    /// The line, from its brace.
    pub(crate) line: &'a [u8],
    /// When, in microseconds; 0 where it does not say.
    pub(crate) at: u64,
    pub(crate) level: Level,
    pub(crate) kind: Kind,
    pub(crate) id: &'a [u8],
    pub(crate) method: &'a [u8],
    pub(crate) endpoint: &'a [u8],
    /// 0 where there was no response.
    pub(crate) status: u16,
    /// Microseconds.
    pub(crate) duration: Option<u64>,
    pub(crate) outcome: &'a [u8],
    /// Method and endpoint as one text of a line of ours; empty in others.
    pub(crate) route: &'a [u8],
    /// Where the walk of a line of ours goes on: behind `outcome`. 0 in others.
    pub(crate) rest: usize,
}

impl<'a> Entry<'a> {
    /// The value of a key, as it is written.
    pub(crate) fn get(&self, key: &str) -> Option<&'a [u8]> {
        json::member(self.line, key)
    }

    /// The value of a key as text.
    pub(crate) fn text(&self, key: &str) -> Option<std::borrow::Cow<'a, str>> {
        self.get(key).map(json::text)
    }

    /// The members behind those that every exchange has.
    pub(crate) fn more(&self) -> Members<'a> {
        if self.rest == 0 { Members::of(self.line) } else { Members::from(self.line, self.rest) }
    }

    /// Whether it went wrong by its own fault.
    pub(crate) fn is_failure(&self) -> bool {
        self.level == Level::Error || self.status >= 500
    }
}

/// Reads entries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parser {
    clock: Clock,
}

impl Parser {
    /// Reads a line, given without its line feed. `is_cut`: its end is not there, and is not asked for.
    #[inline]
    pub(crate) fn read<'a>(&mut self, line: &'a [u8], is_cut: bool) -> Result<Entry<'a>, Broken> {
        if (is_cut || line.last() == Some(&b'}'))
            && let Some(entry) = self.template(line)
        {
            return Ok(entry);
        }
        self.walk(line, is_cut)
    }

    /// When a line was written; the rest of it is not looked at.
    pub(crate) fn moment(&mut self, line: &[u8]) -> Option<u64> {
        let ours = line.strip_prefix(b"{\"timestamp\":\"").and_then(|rest| rest.first_chunk::<27>());
        if let Some(at) = ours.and_then(|text| self.clock.ours(text)) {
            return Some(at);
        }
        self.walk(line, true).ok().map(|entry| entry.at).filter(|at| *at > 0)
    }

    /// A line as this crate writes it.
    #[inline]
    fn template<'a>(&mut self, line: &'a [u8]) -> Option<Entry<'a>> {
        let rest = line.strip_prefix(b"{\"timestamp\":\"")?;
        let (time, rest) = rest.split_first_chunk::<27>()?;
        let at = self.clock.ours(time)?;
        let rest = rest.strip_prefix(b"\",\"level\":\"")?;
        let (level, rest) = level_then_type(rest)?;
        let (kind, rest) = kind_then_run(rest)?;
        let (_, rest) = rest.split_first_chunk::<8>()?;
        let rest = digits(rest.strip_prefix(b"\",\"seq\":")?);
        let mut entry = Entry { line, at, level, kind, ..Entry::default() };
        let Some(rest) = rest.strip_prefix(b",\"request_id\":\"") else {
            let told = matches!(kind, Kind::Told | Kind::Recorder) && rest.starts_with(b",\"message\":\"");
            return told.then(|| Entry { rest: line.len() - rest.len(), ..entry });
        };
        let (id, rest) = rest.split_first_chunk::<36>()?;
        entry.id = id;
        if kind == Kind::Told {
            let rest = rest.strip_prefix(b"\"").filter(|rest| rest.starts_with(b",\"message\":\""))?;
            return Some(Entry { rest: line.len() - rest.len(), ..entry });
        }
        let route = rest.strip_prefix(b"\",\"method\":\"")?;
        let (method, rest) = string(route)?;
        let (endpoint, rest) = string(rest.strip_prefix(b",\"endpoint\":\"")?)?;
        entry.method = method;
        entry.endpoint = endpoint;
        entry.route = route.get(..route.len() - rest.len() - 1)?;
        let rest = match rest.strip_prefix(b",\"status_code\":") {
            Some(rest) => {
                let (status, rest) = status(rest)?;
                entry.status = status;
                rest
            }
            None => rest,
        };
        let rest = if kind == Kind::Request {
            rest
        } else {
            let (duration, rest) = micros(rest.strip_prefix(b",\"duration_ms\":")?)?;
            entry.duration = Some(duration);
            let rest = match rest.strip_prefix(b",\"ttfb_ms\":") {
                Some(rest) => micros(rest)?.1,
                None => rest,
            };
            let (outcome, rest) = string(rest.strip_prefix(b",\"outcome\":\"")?)?;
            entry.outcome = outcome;
            rest
        };
        // What comes next must be what we write next, else a key before it may have been another one.
        let follows = rest.starts_with(b",\"message\":\"") || rest.starts_with(b",\"grpc_status\":");
        follows.then(|| Entry { rest: line.len() - rest.len(), ..entry })
    }

    /// Any JSON object, its keys in any order. Where a key comes twice, the first one counts.
    fn walk<'a>(&mut self, line: &'a [u8], is_cut: bool) -> Result<Entry<'a>, Broken> {
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
        for member in members.by_ref() {
            found.take(member);
            if found.is_complete() {
                break;
            }
        }
        if members.is_broken() && !is_cut {
            return Err(Broken::Torn);
        }
        Ok(found.entry(line, &mut self.clock))
    }
}

/// A line without what editors, other systems and crashes put around it.
fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    let begins = line.iter().position(|byte| *byte != 0).unwrap_or(0);
    line.get(begins..).unwrap_or_default()
}

#[inline]
fn level_then_type(rest: &[u8]) -> Option<(Level, &[u8])> {
    Some(match rest.first()? {
        b'I' => (Level::Info, rest.strip_prefix(b"INFO\",\"type\":\"")?),
        b'W' => (Level::Warn, rest.strip_prefix(b"WARN\",\"type\":\"")?),
        b'E' => (Level::Error, rest.strip_prefix(b"ERROR\",\"type\":\"")?),
        b'D' => (Level::Debug, rest.strip_prefix(b"DEBUG\",\"type\":\"")?),
        _ => (Level::Trace, rest.strip_prefix(b"TRACE\",\"type\":\"")?),
    })
}

#[inline]
fn kind_then_run(rest: &[u8]) -> Option<(Kind, &[u8])> {
    let (kind, text) = match rest.first_chunk::<3>()? {
        b"res" => (Kind::Response, b"response\",\"run\":\"".as_slice()),
        b"req" => (Kind::Request, b"request\",\"run\":\"".as_slice()),
        b"log" => (Kind::Told, b"log\",\"run\":\"".as_slice()),
        b"err" => (Kind::Error, b"error\",\"run\":\"".as_slice()),
        b"exc" => (Kind::Exception, b"exception\",\"run\":\"".as_slice()),
        _ => (Kind::Recorder, b"recorder\",\"run\":\"".as_slice()),
    };
    Some((kind, rest.strip_prefix(text)?))
}

#[inline]
fn digits(mut rest: &[u8]) -> &[u8] {
    while let [b'0'..=b'9', tail @ ..] = rest {
        rest = tail;
    }
    rest
}

/// A string, and what comes after its quote.
#[inline(always)]
fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = json::special(text)?;
    while *text.get(at)? == b'\\' {
        at += 2;
        at += json::special(text.get(at..)?)?;
    }
    Some((text.get(..at)?, text.get(at + 1..)?))
}

#[inline(always)]
fn status(text: &[u8]) -> Option<(u16, &[u8])> {
    let ([a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'], rest) = text.split_first_chunk::<3>()? else {
        return None;
    };
    let digit = |byte: &u8| u16::from(byte - b'0');
    Some((digit(a) * 100 + digit(b) * 10 + digit(c), rest))
}

/// Milliseconds with three decimals.
#[inline(always)]
fn micros(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' if at < 12 => number = number * 10 + u64::from(byte - b'0'),
            b'.' => {
                let (&[a, b, c], rest) = text.get(at + 1..)?.split_first_chunk::<3>()?;
                let all = [a, b, c].iter().all(u8::is_ascii_digit);
                let decimals = u64::from(a.wrapping_sub(b'0')) * 100
                    + u64::from(b.wrapping_sub(b'0')) * 10
                    + u64::from(c.wrapping_sub(b'0'));
                return all.then(|| (number * 1000 + decimals, rest));
            }
            _ => return None,
        }
    }
    None
}

/// What a walk has found so far. The names of others stand in where ours are absent.
#[derive(Default)]
struct Found<'a> {
    values: [Option<&'a [u8]>; NAMES.len()],
    others: [Option<&'a [u8]>; NAMES.len()],
    seen: u16,
}

/// A key of ours, and what others call it.
const NAMES: [(&str, &[&str]); 9] = [
    ("timestamp", &["time", "ts", "@timestamp"]),
    ("level", &["severity", "lvl"]),
    ("type", &[]),
    ("request_id", &["requestId", "req_id"]),
    ("method", &[]),
    ("endpoint", &["route", "path"]),
    ("status_code", &["status"]),
    ("duration_ms", &["latency_ms", "elapsed_ms"]),
    ("outcome", &[]),
];

impl<'a> Found<'a> {
    fn take(&mut self, member: json::Member<'a>) {
        let spelled = json::unescape_key(member.key);
        let key = spelled.as_ref();
        // The names of others are asked about only where a key is none of ours.
        for ((place, value), (name, _)) in self.values.iter_mut().enumerate().zip(NAMES) {
            if key == name.as_bytes() {
                if value.is_none() {
                    *value = Some(member.value);
                    self.seen |= 1 << place;
                }
                return;
            }
        }
        for (value, (_, others)) in self.others.iter_mut().zip(NAMES) {
            if value.is_none() && others.iter().any(|other| key == other.as_bytes()) {
                *value = Some(member.value);
                return;
            }
        }
    }

    fn is_complete(&self) -> bool {
        self.seen == (1 << NAMES.len()) - 1
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
            route: b"",
            rest: 0,
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

#[cfg(test)]
mod tests;
