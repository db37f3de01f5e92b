use std::{backtrace, fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Redacted;

/// The stack at a panic. Symbols are looked up when it is first shown, off the request's path.
#[derive(Clone)]
pub struct Backtrace(Source);

#[derive(Clone)]
enum Source {
    Captured(Arc<backtrace::Backtrace>),
    Read(Redacted),
}

impl Backtrace {
    /// Takes over a stack just captured.
    pub(crate) fn new(captured: backtrace::Backtrace) -> Self {
        Self(Source::Captured(captured.into()))
    }
}

impl fmt::Display for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Captured(captured) => captured.fmt(f),
            Source::Read(text) => text.fmt(f),
        }
    }
}

impl fmt::Debug for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Backtrace {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Backtrace {}

impl Serialize for Backtrace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Backtrace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Redacted::deserialize(deserializer).map(|text| Self(Source::Read(text)))
    }
}
