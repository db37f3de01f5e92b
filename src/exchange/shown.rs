use super::{BodyText, Redacted};

/// Redacted text that is borrowed from where it came, where nothing of it had to go: written once, it needs no memory.
pub(crate) enum Shown<'a> {
    /// Printable ASCII without quotes and backslashes: whoever writes it need not look at it.
    Plain(&'a [u8]),
    AsItCame(&'a str),
    Changed(Redacted),
}

impl<'a> Shown<'a> {
    /// Vouches that redaction leaves `text` as it is. For the `redact` room; an architecture test holds others off.
    pub(crate) fn vouch(text: &'a str) -> Self {
        Self::AsItCame(text)
    }

    /// The same of printable ASCII without quotes and backslashes.
    pub(crate) fn vouch_plain(text: &'a [u8]) -> Self {
        Self::Plain(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) => str::from_utf8(text).unwrap_or_default(),
            Self::AsItCame(text) => text,
            Self::Changed(text) => text.as_str(),
        }
    }
}

impl From<Redacted> for Shown<'_> {
    fn from(text: Redacted) -> Self {
        Self::Changed(text)
    }
}

impl<'a> From<&'a Redacted> for Shown<'a> {
    fn from(text: &'a Redacted) -> Self {
        Self::AsItCame(text.as_str())
    }
}

impl From<Shown<'_>> for Redacted {
    fn from(shown: Shown<'_>) -> Self {
        match shown {
            Shown::Changed(text) => text,
            as_it_came => Self::vouch(as_it_came.as_str()),
        }
    }
}

/// What may be said of a body, by redaction. Most bodies are JSON of which nothing had to go.
pub(crate) enum ShownBody<'a> {
    /// The body itself: UTF-8, and JSON as an entry may hold it.
    AsItCame(&'a [u8]),
    Other(BodyText),
}

impl<'a> ShownBody<'a> {
    /// Vouches that redaction leaves `json` as it is, and that it is proven to be what `AsItCame` says. For the `redact`
    /// room; an architecture test holds others off.
    pub(crate) fn vouch(json: &'a [u8]) -> Self {
        Self::AsItCame(json)
    }
}

impl From<BodyText> for ShownBody<'_> {
    fn from(text: BodyText) -> Self {
        Self::Other(text)
    }
}

impl From<ShownBody<'_>> for BodyText {
    fn from(shown: ShownBody<'_>) -> Self {
        match shown {
            ShownBody::AsItCame(json) => {
                Self::Json(Redacted::vouch(str::from_utf8(json).unwrap_or_default()))
            }
            ShownBody::Other(text) => text,
        }
    }
}

/// A redacted body for whoever writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyView<'a> {
    /// As `ShownBody` has it.
    AsItCame(&'a [u8]),
    Json(&'a str),
    /// And whether the body has more.
    Text(&'a str, bool),
    /// It is not text, or was not kept.
    Nothing,
}

impl<'a> From<&'a BodyText> for BodyView<'a> {
    fn from(text: &'a BodyText) -> Self {
        match text {
            BodyText::Json(json) => Self::Json(json.as_str()),
            BodyText::Text { text, truncated } => Self::Text(text.as_str(), *truncated),
            BodyText::Binary | BodyText::NotKept => Self::Nothing,
        }
    }
}
