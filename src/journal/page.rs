//! What stands in a journal's file: two places for one line of JSON each, written in turn, so that one is whole
//! whenever the process dies.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    exchange::{Direction, InFlight, RequestId, Timestamp, TraceId, millis_of},
    sink::Snapshot,
};

/// Bytes of a place. What does not fit is counted, not named.
pub(super) const PLACE: usize = 64 << 10;
/// Of an endpoint so many bytes are noted, and of a method.
const ENDPOINT: usize = 512;
const METHOD: usize = 32;

const SCHEMA: &str = "flightlog.in_flight/1";

/// What a journal says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Page {
    schema: String,
    /// Goes up with each page. Stands at the end once more.
    number: u64,
    pub(super) pid: u32,
    pub(super) run: String,
    pub(super) at: Timestamp,
    pub(super) open: Vec<InFlight>,
    pub(super) others: u64,
    end: u64,
}

/// The same as it is written, from what is at hand.
#[derive(Serialize)]
struct Written<'a> {
    schema: &'static str,
    number: u64,
    pid: u32,
    run: Cow<'a, str>,
    at: Timestamp,
    open: &'a [Line<'a>],
    others: u64,
    end: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    request_id: RequestId,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<TraceId>,
    #[serde(skip_serializing_if = "Direction::is_inbound")]
    direction: Direction,
    method: &'a str,
    endpoint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    started: Timestamp,
    age_ms: f64,
    request_bytes: u64,
    response_bytes: u64,
}

/// Where a page of this number stands.
pub(super) fn offset(number: u64) -> u64 {
    (number % 2) * PLACE as u64
}

/// Makes a page of what fits into a place.
pub(super) fn write(number: u64, run: [u8; 8], snapshot: &Snapshot) -> Vec<u8> {
    let mut lines: Vec<_> = snapshot.open.iter().map(line).collect();
    loop {
        let unnamed = snapshot.open.len() - lines.len();
        let written = Written {
            schema: SCHEMA,
            number,
            pid: std::process::id(),
            run: String::from_utf8_lossy(&run),
            at: snapshot.at,
            open: &lines,
            others: snapshot.others + unnamed as u64,
            end: number,
        };
        // Plain data into a buffer: neither fails.
        let mut page = serde_json::to_vec(&written).unwrap_or_default();
        page.push(b'\n');
        if page.len() <= PLACE || lines.is_empty() {
            return page;
        }
        lines.truncate(lines.len() / 2);
    }
}

/// The last whole page of a journal.
pub(super) fn read(bytes: &[u8]) -> Option<Page> {
    let (first, second) = bytes.split_at_checked(PLACE).unwrap_or((bytes, &[]));
    let pages = [first, second].into_iter().filter_map(|place| {
        let end = place.iter().position(|byte| *byte == b'\n')?;
        let page: Page = serde_json::from_slice(place.get(..end)?).ok()?;
        let is_run = page.run.len() == 8 && page.run.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (page.schema == SCHEMA && page.number == page.end && is_run).then_some(page)
    });
    pages.max_by_key(|page| page.number)
}

/// True where it may have been ours: nothing was written yet, or what was is torn.
pub(super) fn is_ours(bytes: &[u8]) -> bool {
    let mark = format!("{{\"schema\":\"{SCHEMA}\"");
    let begins = |place: Option<&[u8]>| place.is_some_and(|place| place.starts_with(mark.as_bytes()));
    bytes.is_empty() || begins(Some(bytes)) || begins(bytes.get(PLACE..))
}

fn line(open: &InFlight) -> Line<'_> {
    Line {
        request_id: open.request_id,
        trace_id: open.trace_id,
        direction: open.direction,
        method: cut(open.method.as_str(), METHOD),
        // It is redacted: it may be cut anywhere.
        endpoint: cut(open.endpoint.as_str(), ENDPOINT),
        status: open.status.map(|status| status.as_u16()),
        started: open.started,
        age_ms: millis_of(open.age),
        request_bytes: open.request_bytes,
        response_bytes: open.response_bytes,
    }
}

fn cut(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit)).unwrap_or(text)
}
