//! What must hold whatever bytes come. Property tests hold it, for a moment with each `cargo test` and for as long as one
//! likes by `FUZZ_SECONDS=600 cargo test --release --features cli --bin flightlog soak -- --ignored --nocapture`. A law is
//! broken by a panic.

use std::{collections::HashSet, io::Write as _};

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::{
    entry::{Entry, Kind, Level, Parser},
    filter::{Glob, Question, Status},
    json,
    read::{Backward, Forward, HEAD, Line, PIECE, seek, seek_end, starts_at},
    time,
};

/// A line is survived; where it is a JSON object it is an entry, and says what serde_json reads there.
pub(crate) fn line(bytes: &[u8]) {
    let mut parser = Parser::default();
    let read = parser.read(bytes, false);
    // Its head alone, read with what the clock remembers of it.
    for end in [bytes.len() / 2, bytes.len()] {
        let head = bytes.get(..end).unwrap_or_default();
        if let Ok(entry) = parser.read(head, true) {
            use_all(&entry);
        }
        _ = parser.moment(head);
    }
    // White space in front is nothing to JSON, and makes it no line of ours: it is walked.
    let spaced = [b" ", bytes].concat();
    let walked = parser.read(&spaced, false);
    if let Ok(entry) = &read {
        use_all(entry);
    }
    let Some(members) = members(bytes) else { return };
    let (read, walked) = (read.expect("an object is an entry"), walked.expect("also behind a space"));
    assert_eq!(Says::of(&walked), Says::expected(&members), "the walk");
    // Of a line of ours nothing counts that stands behind what all exchanges have.
    let counting = members.iter().take_while(|(key, _)| !read.is_ours || key != "message").cloned();
    assert_eq!(Says::of(&read), Says::expected(&counting.collect::<Vec<_>>()), "the line");
    for (key, value) in &members {
        let first = members.iter().find(|(other, _)| other == key).map(|(_, value)| value.as_bytes());
        assert_eq!(read.get(key), first, "{key:?}");
        if value.starts_with('"')
            && let Ok(text) = serde_json::from_str::<String>(value)
        {
            assert_eq!(json::text(value.as_bytes()), text);
        }
        if value.starts_with('[') {
            let items: Vec<Box<RawValue>> = serde_json::from_str(value).expect("it is part of an object");
            assert!(
                json::items(value.as_bytes()).eq(items.iter().map(|item| item.get().as_bytes())),
                "{value}"
            );
        }
    }
    let more: Vec<_> = read.more().map(|member| member.value.to_vec()).collect();
    assert!(members.iter().rev().zip(more.iter().rev()).all(|((_, value), more)| value.as_bytes() == more));
}

/// Asks an entry for all it may tell.
fn use_all(entry: &Entry<'_>) {
    _ = entry.more().count();
    _ = entry.get("fields").map(|fields| json::items(fields).count());
    for text in [entry.id, entry.method, entry.endpoint, entry.outcome, entry.route().unwrap_or_default()] {
        _ = json::unescape(text);
    }
    _ = entry.is_failure();
}

/// The members of a line as serde_json finds them, in order; none where it is no JSON object.
fn members(line: &[u8]) -> Option<Vec<(String, String)>> {
    struct All;
    impl<'de> Visitor<'de> for All {
        type Value = Vec<(String, String)>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                members.push((key, value.get().to_owned()));
            }
            Ok(members)
        }
    }
    let mut reader = serde_json::Deserializer::from_slice(line);
    let members = reader.deserialize_map(All).ok()?;
    reader.end().ok()?;
    Some(members)
}

/// What an entry says, without where it stands.
#[derive(Debug, PartialEq)]
struct Says {
    at: u64,
    level: Level,
    kind: Kind,
    texts: [String; 4],
    status: u16,
    duration: Option<u64>,
}

impl Says {
    fn of(entry: &Entry<'_>) -> Self {
        let texts = [entry.id, entry.method, entry.endpoint, entry.outcome];
        Self {
            at: entry.at,
            level: entry.level,
            kind: entry.kind,
            texts: texts.map(|text| String::from_utf8_lossy(text).into_owned()),
            status: entry.status,
            duration: entry.duration,
        }
    }

    /// The same by the rule, slowly: the first of equal keys counts, the names of others where ours are absent.
    fn expected(members: &[(String, String)]) -> Self {
        let first = |names: &[&str]| {
            let is_one = |(key, _): &&(String, String)| names.contains(&key.as_str());
            members.iter().find(is_one).map(|(_, value)| value.as_str())
        };
        let value = |ours: &str, others: &[&str]| first(&[ours]).or_else(|| first(others));
        let inner = |value: Option<&str>| {
            value.and_then(|value| value.strip_prefix('"')?.strip_suffix('"')).unwrap_or_default().to_owned()
        };
        let number = |value: Option<&str>| {
            let value = value?.trim_matches('"');
            value.parse::<f64>().ok().filter(|number| number.is_finite())
        };
        let endpoint = value("endpoint", &["route", "path"]);
        let status = number(value("status_code", &["status"]));
        let status =
            status.filter(|status| (100.0..1000.0).contains(status)).map_or(0, |status| status as u16);
        let kind = match (json::unescape(inner(first(&["type"])).as_bytes()).as_ref(), endpoint) {
            ("request", _) => Kind::Request,
            ("response", _) => Kind::Response,
            ("error", Some(_)) => Kind::Error,
            ("exception", Some(_)) => Kind::Exception,
            ("recorder", _) => Kind::Recorder,
            _ if status > 0 && first(&["type"]).is_none() => Kind::Response,
            _ => Kind::Told,
        };
        let level = value("level", &["severity", "lvl"]).map(|level| match level.parse::<f64>() {
            Ok(number) if number.is_finite() => match number {
                ..20.0 => Level::Trace,
                ..30.0 => Level::Debug,
                ..40.0 => Level::Info,
                ..50.0 => Level::Warn,
                _ => Level::Error,
            },
            _ => match json::text(level.as_bytes()).to_ascii_uppercase().as_str() {
                "TRACE" => Level::Trace,
                "DEBUG" => Level::Debug,
                "WARN" | "WARNING" => Level::Warn,
                "ERROR" | "CRITICAL" | "FATAL" => Level::Error,
                _ => Level::Info,
            },
        });
        let by_status = if kind == Kind::Response && status >= 500 { Level::Error } else { Level::Info };
        let moment = value("timestamp", &["time", "ts", "@timestamp"])
            .and_then(|text| time::Clock::default().any(&json::text(text.as_bytes())));
        let duration = number(value("duration_ms", &["latency_ms", "elapsed_ms"]));
        Self {
            at: moment.unwrap_or(0),
            level: level.unwrap_or(by_status),
            kind,
            texts: [
                inner(value("request_id", &["requestId", "req_id"])),
                inner(first(&["method"])),
                inner(endpoint),
                inner(first(&["outcome"])),
            ],
            status,
            duration: duration
                .filter(|millis| (0.0..1e12).contains(millis))
                .map(|millis| (millis * 1000.0).round() as u64),
        }
    }
}

/// A log has the same lines from both sides, wherever the pieces that are read end in it. What begins at the end of the
/// first piece less `shift` is at the seam; `cut` bytes of it go away while it is read.
pub(crate) fn file(log: &[u8], shift: usize, cut: usize) {
    let pad = PIECE.saturating_sub(shift + 2);
    let mut text = vec![b'.'; pad];
    text.push(b'\n');
    text.extend_from_slice(log);
    for text in [log, &text] {
        let length = text.len() as u64;
        let file = file_of(text);
        let expected = lines_of(text);
        let most = expected.len();
        assert_eq!(forward(&file, length, most), expected, "first to last");
        assert_eq!(backward(&file, length, most), expected, "last to first");
        bisect(&file, text);
        // A file that was cut after its length was asked for has what is left of it.
        let left = text.get(..text.len().saturating_sub(cut)).unwrap_or_default();
        file.set_len(left.len() as u64).expect("it is ours");
        assert_eq!(forward(&file, length, most), lines_of(left), "first to last of what is left");
        assert_eq!(backward(&file, length, most), lines_of(left), "last to first of what is left");
    }
}

fn file_of(bytes: &[u8]) -> std::fs::File {
    let mut file = tempfile::tempfile().expect("there is a place for it");
    file.write_all(bytes).expect("there is room");
    file
}

/// A line: its head where it is long, where it is, its length, whether it ends.
type Seen = (Vec<u8>, u64, u64, bool);

fn seen(line: &Line<'_>) -> Seen {
    (line.bytes.to_vec(), line.at, line.length, line.is_ended)
}

fn forward(file: &std::fs::File, length: u64, most: usize) -> Vec<Seen> {
    let mut lines = Forward::new(file, 0, length);
    let mut found = Vec::new();
    while let Some(line) = lines.next().expect("it can be read") {
        found.push(seen(&line));
        assert!(found.len() <= most, "no line comes for ever");
    }
    found
}

fn backward(file: &std::fs::File, length: u64, most: usize) -> Vec<Seen> {
    let mut lines = Backward::new(file, length);
    let mut found = Vec::new();
    while let Some(line) = lines.next().expect("it can be read") {
        found.push(seen(&line));
        assert!(found.len() <= most, "no line comes for ever");
    }
    found.reverse();
    found
}

fn lines_of(bytes: &[u8]) -> Vec<Seen> {
    let mut at = 0;
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').map(|line| {
        let (text, is_ended) = line.strip_suffix(b"\n").map_or((line, false), |text| (text, true));
        let kept = if text.len() >= PIECE { HEAD } else { text.len() };
        let seen = (text.get(..kept).unwrap_or_default().to_vec(), at, text.len() as u64, is_ended);
        at += line.len() as u64;
        seen
    });
    lines.collect()
}

/// Bisection ends at the beginnings of lines, and where lines are in order of time it passes none that is wanted.
fn bisect(file: &std::fs::File, text: &[u8]) {
    let mut parser = Parser::default();
    let length = text.len() as u64;
    _ = starts_at(file, length, &mut parser);
    let moments: Vec<_> = lines_of(text).iter().map(|(line, at, ..)| (parser.moment(line), *at)).collect();
    let known: Vec<_> = moments.iter().filter_map(|(moment, at)| Some(((*moment)?, *at))).collect();
    let middle = known.get(known.len() / 2).map_or(0, |(moment, _)| *moment);
    for wanted in [0, middle, middle.saturating_add(1), u64::MAX] {
        let from = seek(file, length, wanted, &mut parser).expect("it can be read");
        let to = seek_end(file, length, wanted, &mut parser).expect("it can be read");
        let begins = |at: u64| at == 0 || at >= length || text.get(at as usize - 1) == Some(&b'\n');
        assert!(begins(from), "{from}");
        assert!(to <= length && begins(to), "{to} of {length}");
        if known.is_sorted() {
            assert!(known.iter().all(|(moment, at)| *moment < wanted || *at >= from), "since {wanted}");
            assert!(known.iter().all(|(moment, at)| *moment > wanted || *at < to), "until {wanted}");
        }
    }
}

/// What is typed is understood or refused, and a question has one answer for any line.
pub(crate) fn typed(text: &str, line: &[u8]) {
    _ = Status::parse(text);
    for now in [0, 1_795_170_600_000_000, 253_402_300_799_999_999] {
        _ = time::typed_moment(text, now).map(time::full);
    }
    _ = time::typed_length(text).map(time::human);
    let glob = Glob::new(text);
    assert!(!text.contains(['*', '?']) || glob.matches(&text.replace(['*', '?'], "x")), "{text:?}");
    if let Ok(question) = Question::parse(text)
        && let Ok(entry) = Parser::default().read(line, false)
    {
        let opposite = Question::parse(&format!("not ({text})"));
        let answers: HashSet<_> = [line, b"{\"request_body\":{\"a\":[1,\"\\ud800\"]}}"]
            .map(|request| {
                (
                    question.holds(&entry, Some(request)),
                    opposite.as_ref().ok().map(|opposite| opposite.holds(&entry, Some(request))),
                )
            })
            .into();
        assert!(answers.iter().all(|(yes, no)| no.is_none_or(|no| no != *yes)), "{text:?}");
    }
}

#[cfg(test)]
mod tests;
