use std::{io::Write, net::IpAddr, time::Duration};

use tracing::Level;

use super::{View, entry::Draft, json_text};
use crate::exchange::{Headers, Redacted, Timestamp};

/// The name of a member, with all that stands between it and its neighbours.
macro_rules! key {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}
pub(crate) use key;

/// An entry being written: one JSON object on one line.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    out: &'a mut Vec<u8>,
    seq_at: usize,
}

/// What a usual line takes.
const USUAL: usize = 1024;

impl<'a> Line<'a> {
    /// Writes what every entry begins with.
    pub(crate) fn begin(out: &'a mut Vec<u8>, view: &View, at: Timestamp, level: Level, kind: &str) -> Self {
        out.reserve(USUAL);
        out.extend_from_slice(b"{\"timestamp\":\"");
        out.extend_from_slice(&at.encode());
        out.extend_from_slice(b"\",\"level\":\"");
        out.extend_from_slice(level.as_str().as_bytes());
        out.extend_from_slice(b"\",\"type\":\"");
        out.extend_from_slice(kind.as_bytes());
        let mut line = Self { out, seq_at: 0 };
        line.put("\"");
        line.plain(key!("run"), &view.run);
        line.put(key!("seq"));
        line.seq_at = line.out.len();
        line
    }

    /// Ends the line.
    pub(crate) fn end(self) -> Draft {
        self.out.extend_from_slice(b"}\n");
        Draft { seq_at: self.seq_at }
    }

    /// A text of any kind.
    pub(crate) fn text(&mut self, key: &str, text: &str) {
        self.put(key);
        json_text::string(self.out, text);
    }

    /// A text that may be unknown.
    pub(crate) fn maybe(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    /// Digits, letters and dashes of our own making.
    pub(crate) fn plain(&mut self, key: &str, text: &[u8]) {
        self.put(key);
        self.out.push(b'"');
        self.out.extend_from_slice(text);
        self.out.push(b'"');
    }

    /// Valid JSON.
    pub(crate) fn json(&mut self, key: &str, json: &str) {
        self.put(key);
        json_text::json(self.out, json);
    }

    pub(crate) fn number(&mut self, key: &str, number: u64) {
        self.put(key);
        json_text::number(self.out, number);
    }

    pub(crate) fn millis(&mut self, key: &str, duration: Duration) {
        self.put(key);
        json_text::millis(self.out, duration);
    }

    /// A mark: it is there, or it is not.
    pub(crate) fn mark(&mut self, key: &str, holds: bool) {
        if holds {
            self.put(key);
            self.put("true");
        }
    }

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
