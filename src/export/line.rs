use std::{io::Write as _, mem::take, net::IpAddr, time::Duration};

use http::{Method, StatusCode};
use tracing::Level;

use super::{Sheet, View, entry::Draft, json_text};
use crate::exchange::{Headers, Redacted, RequestId, Shown, Timestamp};

/// The name of a member, with all that stands between it and its neighbours.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    /// In front of anything.
    pub bare: &'static str,
    /// In front of the text of a string.
    pub quoted: &'static str,
}

macro_rules! key {
    ($name:literal) => {
        $crate::export::line::Key {
            bare: concat!(",\"", $name, "\":"),
            quoted: concat!(",\"", $name, "\":\""),
        }
    };
}
pub(crate) use key;

/// An entry being written: one JSON object on one line.
///
/// What takes a key is inlined: where its length is known, writing it is a few stores instead of a call.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    out: Sheet<'a>,
}

impl<'a> Line<'a> {
    /// Writes what every entry begins with.
    #[inline(always)]
    pub(crate) fn begin(
        out: &mut Sheet<'a>,
        view: &View,
        at: Timestamp,
        level: Level,
        kind: &str,
    ) -> (Self, Draft) {
        // Pieces of a known length, for the same reason.
        let (before, after) = (",\"level\":\"".as_bytes(), "\",\"type\":\"".as_bytes());
        let size = out.left();
        let mut line = Self { out: take(out) };
        line.out.put_around(b"{\"timestamp\":", &at.quoted(), before);
        match level {
            Level::INFO => line.out.put_around(Level::INFO.as_str().as_bytes(), after, kind.as_bytes()),
            level => line.out.put_around(level.as_str().as_bytes(), after, kind.as_bytes()),
        }
        line.out.put_around(b"\",\"run\":\"", &view.run, b"\",\"seq\":");
        let seq_at = size - line.out.left();
        (line, Draft { seq_at })
    }

    /// Ends the line.
    #[inline(always)]
    pub(crate) fn end(mut self, out: &mut Sheet<'a>) {
        self.out.put(b"}\n");
        *out = self.out;
    }

    /// A text of any kind.
    #[inline(always)]
    pub(crate) fn text(&mut self, key: Key, text: &str) {
        self.put(key.quoted);
        json_text::rest_of_string(&mut self.out, text);
    }

    /// A text that may be unknown.
    #[inline(always)]
    pub(crate) fn maybe(&mut self, key: Key, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    /// What a head shows, if it has it.
    #[inline(always)]
    pub(crate) fn shown(&mut self, key: Key, text: Option<Shown<'_>>) {
        match text {
            Some(Shown::Plain(text)) => self.plain(key, text),
            text => self.maybe(key, text.as_ref().map(Shown::as_str)),
        }
    }

    /// An id and a method, which all that concerns a request begins with: one piece, as far as its length is known.
    #[inline(always)]
    pub(crate) fn request(&mut self, id: RequestId, method: &Method) {
        let mut ids = *b",\"request_id\":\"00000000-0000-0000-0000-000000000000\",\"method\":\"";
        if let Some(place) = ids.get_mut(15..).and_then(|rest| rest.first_chunk_mut()) {
            *place = id.digits();
        }
        // A method is a token (RFC 9110 section 5.6.2): nothing of it has to be escaped.
        match *method {
            Method::GET => self.out.put_around(&ids, b"GET", b"\""),
            Method::POST => self.out.put_around(&ids, b"POST", b"\""),
            _ => self.out.put_around(&ids, method.as_str().as_bytes(), b"\""),
        }
    }

    #[inline(always)]
    pub(crate) fn time(&mut self, key: Key, at: Timestamp) {
        self.out.put_around(key.bare.as_bytes(), &at.quoted(), b"");
    }

    /// Printable ASCII without quotes and backslashes, such as digits, letters and dashes of our own making.
    #[inline(always)]
    pub(crate) fn plain(&mut self, key: Key, text: &[u8]) {
        self.out.put_around(key.quoted.as_bytes(), text, b"\"");
    }

    /// Valid JSON on one line, of which redaction has seen that nothing has to be escaped.
    #[inline(always)]
    pub(crate) fn as_it_came(&mut self, key: Key, json: &[u8]) {
        self.out.put_around(key.bare.as_bytes(), json, b"");
    }

    /// Valid JSON.
    #[inline(always)]
    pub(crate) fn json(&mut self, key: Key, json: &str) {
        self.put(key.bare);
        json_text::json(&mut self.out, json);
    }

    #[inline(always)]
    pub(crate) fn number(&mut self, key: Key, number: u64) {
        self.put(key.bare);
        json_text::number(&mut self.out, number);
    }

    #[inline(always)]
    pub(crate) fn millis(&mut self, key: Key, duration: Duration) {
        self.put(key.bare);
        json_text::millis(&mut self.out, duration);
    }

    /// A status: always three digits (RFC 9110 section 15).
    #[inline(always)]
    pub(crate) fn status(&mut self, key: Key, status: StatusCode) {
        if let Some(digits) = status.as_str().as_bytes().first_chunk::<3>() {
            self.out.put_around(key.bare.as_bytes(), digits, b"");
        }
    }

    /// A mark: it is there, or it is not.
    #[inline(always)]
    pub(crate) fn mark(&mut self, key: Key, holds: bool) {
        if holds {
            self.out.put_around(key.bare.as_bytes(), b"true", b"");
        }
    }

    #[inline(always)]
    pub(crate) fn address(&mut self, key: Key, address: Option<IpAddr>) {
        let Some(address) = address else { return };
        self.put(key.quoted);
        match address {
            IpAddr::V4(address) => json_text::ipv4(&mut self.out, address),
            // Writing to a buffer cannot fail.
            IpAddr::V6(address) => self.whatever(|out| drop(write!(out, "{address}"))),
        }
        self.out.push(b'"');
    }

    /// Texts, or nothing where there are none.
    #[inline(always)]
    pub(crate) fn list(&mut self, key: Key, texts: &[Redacted]) {
        if !texts.is_empty() {
            self.with(key, |out| {
                separated(out, b'[', b']', texts, |out, text| json_text::string(out, text.as_str()));
            });
        }
    }

    #[inline(always)]
    pub(crate) fn headers(&mut self, key: Key, headers: &Headers) {
        self.with(key, |out| write_headers(out, headers));
    }

    /// Whatever `write` writes.
    #[inline(always)]
    pub(crate) fn with(&mut self, key: Key, write: impl FnOnce(&mut Sheet<'_>)) {
        self.put(key.bare);
        self.whatever(write);
    }

    #[inline(always)]
    fn whatever(&mut self, write: impl FnOnce(&mut Sheet<'_>)) {
        // A sheet of its own: one that others have hold of is not kept in registers.
        let mut out = take(&mut self.out);
        write(&mut out);
        self.out = out;
    }

    #[inline(always)]
    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}

/// Writes headers as an object: a string for each name, an array where a name came more than once.
pub(crate) fn write_headers(out: &mut Sheet<'_>, headers: &Headers) {
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
    out: &mut Sheet<'_>,
    open: u8,
    close: u8,
    things: &[T],
    mut write: impl FnMut(&mut Sheet<'_>, &T),
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
