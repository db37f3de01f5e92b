//! The rooms of the command line that read what others wrote, and what must hold there, for a fuzzer that sees which code it
//! reaches. The same laws are held by property tests in the rooms themselves.
//!
//! `cd tests/fuzz && cargo run --release --bin line -- -max_total_time=60 corpus/line`
#![allow(dead_code, unused_imports)]

#[path = "../../../src/bin/flightlog/digits.rs"]
mod digits;
#[path = "../../../src/bin/flightlog/entry/mod.rs"]
mod entry;
#[path = "../../../src/bin/flightlog/filter/mod.rs"]
mod filter;
#[path = "../../../src/bin/flightlog/json/mod.rs"]
mod json;
#[path = "../../../src/bin/flightlog/laws.rs"]
mod laws;
#[path = "../../../src/bin/flightlog/read/mod.rs"]
mod read;
#[path = "../../../src/bin/flightlog/time.rs"]
mod time;

use tower_flightlog::Dump;

/// Any bytes as a line.
pub fn line(bytes: &[u8]) {
    laws::line(bytes);
}

/// Any bytes as a log: the first two say how it is read.
pub fn file(bytes: &[u8]) {
    let Some(([shift, cut], log)) = bytes.split_first_chunk::<2>() else { return };
    laws::file(log, usize::from(*shift), usize::from(*cut));
}

/// Any text as a question, asked of a line that stands behind its first line feed.
pub fn question(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (question, line) = text.split_once('\n').unwrap_or((&text, "{}"));
    laws::typed(question, line.as_bytes());
}

/// Any text as a dump: what can be made of it can be made.
pub fn dump(bytes: &[u8]) {
    let Ok(dump) = String::from_utf8_lossy(bytes).parse::<Dump>() else { return };
    for text in [dump.curl(), dump.test(), dump.markdown(), dump.har()] {
        assert!(!text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')), "{text:?}");
    }
}
