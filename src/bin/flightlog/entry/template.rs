//! A line as this crate writes it, held against a template: keys in our order, values as wide as ours are. What is passed over
//! is compared, as much of it at once as stands there in one piece.

use super::{Entry, Kind, Level};
use crate::{digits::digits, json, time::Clock};

/// Reads a line of ours as far as `outcome`.
#[inline(always)]
pub(super) fn read<'a>(line: &'a [u8], clock: &mut Clock) -> Option<Entry<'a>> {
    // What is longer was cut before: places fit in 32 bits.
    let rest = line.strip_prefix(b"{\"timestamp\":\"").filter(|_| u32::try_from(line.len()).is_ok())?;
    let (time, rest) = rest.split_first_chunk::<27>()?;
    let at = clock.ours(time)?;
    let (level, rest) = level_then_type(rest.strip_prefix(b"\",\"level\":\"")?)?;
    let (kind, rest) = kind_then_run(rest)?;
    let (_, rest) = rest.split_first_chunk::<8>()?;
    let rest = past_digits(rest.strip_prefix(b"\",\"seq\":")?)?;
    let place = |rest: &[u8]| (line.len() - rest.len()) as u32;
    let Some(rest) = rest.strip_prefix(b",\"request_id\":\"") else {
        let told = matches!(kind, Kind::Told | Kind::Recorder) && rest.starts_with(b",\"message\":\"");
        return told.then(|| Entry {
            line,
            at,
            level,
            kind,
            rest: place(rest),
            is_ours: true,
            ..Entry::default()
        });
    };
    let (id, rest) = rest.split_first_chunk::<36>()?;
    let Some(rest) = rest.strip_prefix(b"\",\"method\":\"") else {
        let rest = rest.strip_prefix(b"\"").filter(|rest| rest.starts_with(b",\"message\":\""))?;
        let told = kind == Kind::Told;
        return told.then(|| Entry {
            line,
            at,
            level,
            kind,
            id,
            rest: place(rest),
            is_ours: true,
            ..Entry::default()
        });
    };
    let method_at = place(rest);
    let (method, rest) = string(rest)?;
    let (endpoint, rest) = string(rest.strip_prefix(b",\"endpoint\":\"")?)?;
    let (status, rest) = match rest.strip_prefix(b",\"status_code\":") {
        Some(rest) => status(rest)?,
        None => (0, rest),
    };
    let mut entry = Entry {
        line,
        at,
        level,
        kind,
        id,
        method,
        endpoint,
        status,
        duration: None,
        outcome: b"",
        is_ours: true,
        method_at,
        rest: place(rest),
        sums: [0; 3],
    };
    if matches!(kind, Kind::Told | Kind::Recorder) {
        return None;
    }
    if kind == Kind::Request {
        return goes_on(rest).then_some(entry);
    }
    let (duration, mut rest) = micros(rest.strip_prefix(b",\"duration_ms\":")?)?;
    entry.duration = Some(duration);
    if let Some(ttfb) = rest.strip_prefix(b",\"ttfb_ms\":") {
        rest = micros(ttfb)?.1;
    }
    let rest = rest.strip_prefix(b",\"outcome\":\"")?;
    // As most end.
    if rest.starts_with(b"complete\",\"message\":\"") {
        (entry.outcome, _) = rest.split_at_checked(8)?;
        entry.rest = place(rest) + 9;
        return Some(entry);
    }
    let (outcome, rest) = string(rest)?;
    entry.outcome = outcome;
    entry.rest = place(rest);
    goes_on(rest).then_some(entry)
}

/// Reads on where `read` ended: the bytes of the response, if nothing but what most lines have is before them, and where
/// they end.
#[inline(always)]
pub(super) fn response_bytes(line: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut rest = line.get(at..)?.strip_prefix(b",\"message\":\"Outgoing response\"")?;
    if let Some(trace) = rest.strip_prefix(b",\"trace_id\":\"") {
        let (_, span) = trace.split_first_chunk::<32>()?;
        let (_, tail) = span.strip_prefix(b"\",\"span_id\":\"")?.split_first_chunk::<16>()?;
        rest = tail.strip_prefix(b"\"")?;
    }
    // What most say is held against the line in one piece.
    let number = match rest.strip_prefix(b",\"content_type\":\"application/json\",\"response_bytes\":") {
        Some(number) => number,
        None => {
            if let Some(media) = rest.strip_prefix(b",\"content_type\":\"") {
                rest = string(media)?.1;
            }
            rest.strip_prefix(b",\"response_bytes\":")?
        }
    };
    let (count, value) = digits(number)?;
    (1..8).contains(&count).then_some((value, line.len() - number.len() + count))
}

/// Where type and message of an error end, if they begin here.
pub(super) fn past_error(line: &[u8], at: usize) -> usize {
    let past = || {
        let error_type = line.get(at..)?.strip_prefix(b",\"error_type\":\"")?;
        let (_, rest) = string(error_type)?;
        let (_, rest) = string(rest.strip_prefix(b",\"error_message\":\"")?)?;
        Some(line.len() - rest.len())
    };
    past().unwrap_or(at)
}

/// Whether headers or a body come next: in lines of ours nothing else does then.
#[inline(always)]
pub(crate) fn is_head_or_body(rest: &[u8]) -> bool {
    const SIDES: [&[u8]; 2] = [b",\"response_", b",\"request_"];
    let name = SIDES.iter().find_map(|side| rest.strip_prefix(*side));
    name.is_some_and(|name| name.starts_with(b"body") || name.starts_with(b"headers\""))
}

/// What comes next must be what we write next, else a key before it may have been another one.
#[inline(always)]
fn goes_on(rest: &[u8]) -> bool {
    rest.starts_with(b",\"message\":\"") || rest.starts_with(b",\"grpc_status\":")
}

#[inline(always)]
fn level_then_type(rest: &[u8]) -> Option<(Level, &[u8])> {
    Some(match rest.first()? {
        b'I' => (Level::Info, rest.strip_prefix(b"INFO\",\"type\":\"")?),
        b'W' => (Level::Warn, rest.strip_prefix(b"WARN\",\"type\":\"")?),
        b'E' => (Level::Error, rest.strip_prefix(b"ERROR\",\"type\":\"")?),
        b'D' => (Level::Debug, rest.strip_prefix(b"DEBUG\",\"type\":\"")?),
        _ => (Level::Trace, rest.strip_prefix(b"TRACE\",\"type\":\"")?),
    })
}

#[inline(always)]
fn kind_then_run(rest: &[u8]) -> Option<(Kind, &[u8])> {
    let (kind, text) = match rest.first_chunk::<3>()? {
        b"res" => return Some((Kind::Response, rest.strip_prefix(b"response\",\"run\":\"")?)),
        b"req" => return Some((Kind::Request, rest.strip_prefix(b"request\",\"run\":\"")?)),
        b"log" => (Kind::Told, b"log\",\"run\":\"".as_slice()),
        b"err" => (Kind::Error, b"error\",\"run\":\"".as_slice()),
        b"exc" => (Kind::Exception, b"exception\",\"run\":\"".as_slice()),
        _ => (Kind::Recorder, b"recorder\",\"run\":\"".as_slice()),
    };
    Some((kind, rest.strip_prefix(text)?))
}

#[inline(always)]
fn past_digits(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (count, _) = digits(rest)?;
        rest = rest.get(count..)?;
        if count < 8 {
            return Some(rest);
        }
    }
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
    let (mut count, mut number) = digits(text)?;
    let mut rest = text.get(count..)?;
    if count == 8 {
        let (more, low) = digits(rest)?;
        if more > 4 {
            return None;
        }
        number = number * 10_u64.pow(more as u32) + low;
        rest = rest.get(more..)?;
        count += more;
    }
    let (&[b'.', a, b, c], rest) = rest.split_first_chunk::<4>()? else { return None };
    let [a, b, c] = [a, b, c].map(|byte| u64::from(byte.wrapping_sub(b'0')));
    let all = count > 0 && a < 10 && b < 10 && c < 10;
    all.then_some((number * 1000 + a * 100 + b * 10 + c, rest))
}
