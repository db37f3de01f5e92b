use std::fmt;

use super::{Media, Pieces, Redacted, Shown, ShownBody, Value};

/// What the record asks of redaction. The record owns the question, `redact` implements the answer.
pub(crate) trait Scrub: fmt::Debug + Send + Sync {
    /// Free text: messages, error texts, panic texts. Value detectors, `key=value`, URLs, JSON inside text.
    fn text(&self, raw: &str) -> Redacted;

    /// The head of a longer text, with the mark of its length behind it: what the head ends in may be half a secret and
    /// is left out, the mark stays.
    fn head(&self, raw: &str) -> Redacted;

    /// A URL or a part of one, as received: userinfo, query, secrets in path segments. What is not UTF-8 is replaced.
    /// Where all of it is [`Shown::Plain`], so is any end of its path that begins with a slash.
    fn url<'a>(&self, raw: &'a [u8]) -> Shown<'a>;

    /// A header's value. `name` is lower-case; bytes 0x80-0xFF are read as Latin-1.
    fn header<'a>(&self, name: &str, value: &'a [u8], sensitive: bool) -> Shown<'a>;

    /// True where a value of this name is masked, whatever it is.
    fn is_secret(&self, name: &str) -> bool;

    /// What has to be shown in place of a number whose name is not secret; none where it may be shown itself.
    fn number(&self, number: &Value) -> Option<Redacted>;

    /// A body, or its head. Borrowed is only what is all of it.
    fn body<'a>(&self, body: &RawBody<'a>) -> ShownBody<'a>;
}

/// A textual body, or the head of one, as captured.
#[derive(Clone, Copy)]
pub(crate) struct RawBody<'a> {
    /// What its content type says it is.
    pub media: Media,
    /// The content type itself, for [charset and boundary](Self::content_type).
    pub content_type: &'a [u8],
    /// The captured bytes.
    pub bytes: Kept<'a>,
    /// True where `bytes` is the whole body.
    pub whole: bool,
    /// Bytes of redacted text wanted; the text is cut after, never scanned far beyond.
    pub limit: usize,
}

impl<'a> RawBody<'a> {
    /// The content type as text, for the few bodies of which it is asked.
    pub(crate) fn content_type(&self) -> &'a str {
        str::from_utf8(self.content_type).unwrap_or_default()
    }
}

/// Bytes of a body, of which as many are read as somebody wants.
#[derive(Clone, Copy)]
pub(crate) enum Kept<'a> {
    Slice(&'a [u8]),
    Pieces(&'a Pieces),
}

impl<'a> Kept<'a> {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Slice(bytes) => bytes.len(),
            Self::Pieces(pieces) => pieces.len(),
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The first `wanted` bytes, or all.
    pub(crate) fn first(self, wanted: usize) -> &'a [u8] {
        let bytes = match self {
            Self::Slice(bytes) => bytes,
            Self::Pieces(pieces) => pieces.first(wanted),
        };
        bytes.get(..wanted).unwrap_or(bytes)
    }
}

impl<'a> From<&'a [u8]> for Kept<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Slice(bytes)
    }
}

/// What may be said of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyText {
    /// Whole, valid JSON on one line: at most 64 deep, no lone surrogates, every number within the range of a double.
    Json(Redacted),
    /// Anything else that is text.
    Text {
        /// The text, or its head.
        text: Redacted,
        /// True where the body has more than is shown.
        truncated: bool,
    },
    /// Not text, or compressed: told by size and digest only.
    Binary,
    /// Nothing was kept: bodies are off, the budget was spent, or there was none.
    NotKept,
}
