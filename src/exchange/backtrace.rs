use std::{
    backtrace, fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, LazyLock},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Redacted;

/// Where a panic or an error came from: a function a line, with its place in the source below it. Frames of the runtime
/// are left out and counted in the last line.
///
/// Symbols are looked up when it is first shown, once: when the dump is written, off the request's path. With
/// `LOG_DUMPS=false` the entry shows it, on the request's thread.
#[derive(Clone)]
pub struct Backtrace(Source);

#[derive(Clone)]
enum Source {
    Later(Arc<LazyLock<Box<str>, Show>>),
    Told(Redacted),
}

type Show = Box<dyn FnOnce() -> Box<str> + Send>;

impl Backtrace {
    /// A stack just captured. Its text is symbols of the program itself, of which `trim` keeps what is of interest.
    pub(crate) fn captured(stack: backtrace::Backtrace, trim: fn(&str) -> Option<String>) -> Self {
        Self::shown_by(move || trim(&stack.to_string()).unwrap_or_default().into())
    }

    /// A stack that somebody tells.
    pub(crate) fn told(text: Redacted) -> Self {
        Self(Source::Told(text))
    }

    /// A stack that somebody tells when it is first shown.
    pub(crate) fn told_later(tell: impl FnOnce() -> Redacted + Send + 'static) -> Self {
        Self::shown_by(move || tell().as_str().into())
    }

    /// Should it panic, nothing is shown.
    fn shown_by(show: impl FnOnce() -> Box<str> + Send + 'static) -> Self {
        let show = || catch_unwind(AssertUnwindSafe(show)).unwrap_or_default();
        Self(Source::Later(Arc::new(LazyLock::new(Box::new(show)))))
    }

    /// The text. Looks up symbols where nobody did before.
    fn text(&self) -> &str {
        match &self.0 {
            Source::Later(text) => text,
            Source::Told(text) => text.as_str(),
        }
    }

    /// True where there is nothing to show. Looks up symbols where nobody did before.
    pub(crate) fn is_empty(&self) -> bool {
        self.text().is_empty()
    }
}

impl fmt::Display for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(f)
    }
}

impl fmt::Debug for Backtrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Backtrace {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Backtrace {}

impl Serialize for Backtrace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Backtrace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Redacted::deserialize(deserializer).map(Self::told)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    };

    use super::{Backtrace, Redacted};

    #[test]
    fn it_is_looked_up_once_and_only_when_it_is_shown() {
        let looked = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&looked);
        let backtrace = Backtrace::told_later(move || {
            counted.fetch_add(1, Relaxed);
            Redacted::literal("0: main")
        });
        let other = backtrace.clone();
        assert_eq!(looked.load(Relaxed), 0);
        assert_eq!((backtrace.to_string(), other.to_string()), ("0: main".into(), "0: main".into()));
        assert_eq!(looked.load(Relaxed), 1);
        assert_eq!(serde_json::to_string(&other).unwrap(), "\"0: main\"");
    }

    #[test]
    fn a_panic_of_the_look_up_shows_nothing() {
        assert!(Backtrace::told_later(|| panic!("no symbols")).is_empty());
    }
}
