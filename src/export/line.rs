use std::{io::Write, net::IpAddr, time::Duration};

use tracing::Level;

use super::{View, entry::Draft, json_text};
use crate::exchange::{Headers, Redacted, Shown, Timestamp};

/// The name of a member, with all that stands between it and its neighbours.
macro_rules! key {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}
pub(crate) use key;

/// An entry being written: one JSON object on one line.
///
/// What takes a key is inlined: where its length is known, writing it is a few stores instead of a call.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    out: &'a mut Vec<u8>,
    seq_at: usize,
}

/// What a usual line takes.
const USUAL: usize = 1024;

impl<'a> Line<'a> {
    /// Writes what every entry begins with.
    #[inline(always)]
    pub(crate) fn begin(out: &'a mut Vec<u8>, view: &View, at: Timestamp, level: Level, kind: &str) -> Self {
        out.reserve(USUAL);
        // Pieces of a known length, for the same reason.
        let mut time = *b"{\"timestamp\":\"0000-00-00T00:00:00.000000Z";
        if let Some(place) = time.last_chunk_mut() {
            *place = at.encode();
        }
        let mut run = *b"00000000\",\"seq\":";
        if let Some(place) = run.first_chunk_mut() {
            *place = view.run;
        }
        out.extend_from_slice(&time);
        let mut line = Self { out, seq_at: 0 };
        line.put(match level {
            Level::ERROR => "\",\"level\":\"ERROR\",\"type\":\"",
            Level::WARN => "\",\"level\":\"WARN\",\"type\":\"",
            Level::INFO => "\",\"level\":\"INFO\",\"type\":\"",
            Level::DEBUG => "\",\"level\":\"DEBUG\",\"type\":\"",
            Level::TRACE => "\",\"level\":\"TRACE\",\"type\":\"",
        });
        line.put(kind);
        line.put("\",\"run\":\"");
        line.out.extend_from_slice(&run);
        line.seq_at = line.out.len();
        line
    }

    /// Ends the line.
    pub(crate) fn end(self) -> Draft {
        self.out.extend_from_slice(b"}\n");
        Draft { seq_at: self.seq_at }
    }

    /// A text of any kind.
    #[inline(always)]
    pub(crate) fn text(&mut self, key: &str, text: &str) {
        self.put(key);
        json_text::string(self.out, text);
    }

    /// A text that may be unknown.
    #[inline(always)]
    pub(crate) fn maybe(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    /// What a head shows, if it has it.
    #[inline(always)]
    pub(crate) fn shown(&mut self, key: &str, text: Option<Shown<'_>>) {
        self.maybe(key, text.as_ref().map(Shown::as_str));
    }

    /// Digits, letters and dashes of our own making.
    #[inline(always)]
    pub(crate) fn plain(&mut self, key: &str, text: &[u8]) {
        self.put(key);
        self.out.push(b'"');
        self.out.extend_from_slice(text);
        self.out.push(b'"');
    }

    /// Valid JSON on one line, of which redaction has seen that nothing has to be escaped.
    #[inline(always)]
    pub(crate) fn as_it_came(&mut self, key: &str, json: &[u8]) {
        self.put(key);
        self.out.extend_from_slice(json);
    }

    /// Valid JSON.
    #[inline(always)]
    pub(crate) fn json(&mut self, key: &str, json: &str) {
        self.put(key);
        json_text::json(self.out, json);
    }

    #[inline(always)]
    pub(crate) fn number(&mut self, key: &str, number: u64) {
        self.put(key);
        json_text::number(self.out, number);
    }

    #[inline(always)]
    pub(crate) fn millis(&mut self, key: &str, duration: Duration) {
        self.put(key);
        json_text::millis(self.out, duration);
    }

    /// A mark: it is there, or it is not.
    #[inline(always)]
    pub(crate) fn mark(&mut self, key: &str, holds: bool) {
        if holds {
            self.put(key);
            self.put("true");
        }
    }

    #[inline(always)]
    pub(crate) fn address(&mut self, key: &str, address: Option<IpAddr>) {
        let Some(address) = address else { return };
        self.put(key);
        self.out.push(b'"');
        match address {
            IpAddr::V4(address) => {
                let [first, rest @ ..] = address.octets();
                json_text::number(self.out, first.into());
                for octet in rest {
                    self.out.push(b'.');
                    json_text::number(self.out, octet.into());
                }
            }
            // Writing to a buffer cannot fail.
            IpAddr::V6(address) => drop(write!(self.out, "{address}")),
        }
        self.out.push(b'"');
    }

    /// Texts, or nothing where there are none.
    pub(crate) fn list(&mut self, key: &str, texts: &[Redacted]) {
        if !texts.is_empty() {
            self.put(key);
            separated(self.out, b'[', b']', texts, |out, text| json_text::string(out, text.as_str()));
        }
    }

    pub(crate) fn headers(&mut self, key: &str, headers: &Headers) {
        self.put(key);
        write_headers(self.out, headers);
    }

    /// Whatever `write` writes.
    pub(crate) fn with(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.put(key);
        write(self.out);
    }

    #[inline(always)]
    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}

/// Writes headers as an object: a string for each name, an array where a name came more than once.
pub(crate) fn write_headers(out: &mut Vec<u8>, headers: &Headers) {
    separated(out, b'{', b'}', &headers.grouped(), |out, (name, values)| {
        json_text::string(out, name);
        out.push(b':');
        match values.as_slice() {
            [value] => json_text::string(out, value),
            values => separated(out, b'[', b']', values, |out, value| json_text::string(out, value)),
        }
    });
}

/// Writes things between brackets with commas between them.
pub(crate) fn separated<T>(
    out: &mut Vec<u8>,
    open: u8,
    close: u8,
    things: &[T],
    mut write: impl FnMut(&mut Vec<u8>, &T),
) {
    out.push(open);
    for (place, thing) in things.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write(out, thing);
    }
    out.push(close);
}
