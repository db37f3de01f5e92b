use std::fmt;

use serde::{Deserialize, Serialize};

/// Text from which secrets have been removed.
///
/// The record of an exchange holds clients' words only as this type, and only this crate's redaction makes
/// one from text of unknown origin. Raw text cannot be handed to a [`Sink`](crate::Sink):
///
/// ```compile_fail
/// let raw = tower_flightlog::Redacted::from(String::from("token=s3cr3t"));
/// ```
///
/// A literal is known to hold no secret:
///
/// ```
/// let text = tower_flightlog::Redacted::literal("request body failed");
/// assert_eq!(text.as_str(), "request body failed");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Redacted(Box<str>);

impl Redacted {
    /// A text that stands in the program itself.
    #[must_use]
    pub fn literal(text: &'static str) -> Self {
        Self(text.into())
    }

    /// Vouches that `text` went through redaction. For the `redact` room; an architecture test holds others off.
    pub(crate) fn vouch(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// Stands for a value of which nothing was kept.
    pub(crate) fn of_length(bytes: usize) -> Self {
        Self(format!("…[{bytes} bytes]").into())
    }

    /// What a call is told by: method, and the URL without its query.
    pub(crate) fn of_call(method: &str, url: &Self) -> Self {
        let end = url.0.bytes().position(|byte| matches!(byte, b'?' | b'#'));
        let url = end.and_then(|end| url.0.get(..end)).unwrap_or(&url.0);
        Self([method, " ", url].concat().into())
    }

    /// The same on one line: whatever is white is one space.
    pub(crate) fn in_one_line(&self) -> Self {
        Self(self.0.split_whitespace().collect::<Vec<_>>().join(" ").into())
    }

    /// Several, with `between` them.
    pub(crate) fn joined<'a>(parts: impl IntoIterator<Item = &'a Self>, between: &'static str) -> Self {
        let parts: Vec<&str> = parts.into_iter().map(Self::as_str).collect();
        Self(parts.join(between).into())
    }

    /// The first `limit` bytes. What is redacted stays so wherever it is cut.
    pub(crate) fn cut(&self, limit: usize) -> Self {
        Self(self.0.get(..self.0.floor_char_boundary(limit)).unwrap_or(&self.0).into())
    }

    /// The same of one that nobody else needs.
    pub(crate) fn within(self, limit: usize) -> Self {
        if self.0.len() <= limit { self } else { self.cut(limit) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True where there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl AsRef<str> for Redacted {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Redacted {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Redacted {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}
