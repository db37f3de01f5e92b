use super::Redacted;

/// Redacted text that is borrowed from where it came, where nothing of it had to go: written once, it needs no memory.
pub(crate) enum Shown<'a> {
    AsItCame(&'a str),
    Changed(Redacted),
}

impl<'a> Shown<'a> {
    /// Vouches that redaction leaves `text` as it is. For the `redact` room; an architecture test holds others off.
    pub(crate) fn vouch(text: &'a str) -> Self {
        Self::AsItCame(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
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
            Shown::AsItCame(text) => Self::vouch(text),
            Shown::Changed(text) => text,
        }
    }
}
