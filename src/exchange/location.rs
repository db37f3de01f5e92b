use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A place in the source: `src/orders.rs:42`, which is also how it is written with serde.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Location {
    /// The file, as the compiler named it.
    pub file: Cow<'static, str>,
    /// The line in it; 0 where nobody told.
    pub line: u32,
}

impl Location {
    /// The line `line` of `file`.
    ///
    /// ```
    /// let location = tower_flightlog::Location::new("src/orders.rs", 42);
    /// assert_eq!(location.to_string(), "src/orders.rs:42");
    /// ```
    #[must_use]
    pub fn new(file: impl Into<Cow<'static, str>>, line: u32) -> Self {
        Self { file: file.into(), line }
    }

    fn parse(text: &str) -> Option<Self> {
        let (file, digits) = text.rsplit_once(':')?;
        let is_written_so = digits == "0" || !digits.starts_with(['0', '+']);
        let line = digits.parse().ok().filter(|_| is_written_so)?;
        Some(Self::new(file.to_owned(), line))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl Serialize for Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Location {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| de::Error::custom(format!("{text:?} is not a place such as src/orders.rs:42")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Location;

    proptest! {
        #[test]
        fn what_is_written_reads_back(file: String, line: u32) {
            let location = Location::new(file, line);
            let written = serde_json::to_string(&location).unwrap();
            prop_assert_eq!(serde_json::from_str::<Location>(&written).unwrap(), location);
        }
    }

    #[test]
    fn anything_else_is_not_a_place() {
        for text in ["", "src/main.rs", "src/main.rs:", "src/main.rs:x", "a:+1", "a:01", "a:4294967296"] {
            assert_eq!(Location::parse(text), None, "{text}");
        }
    }
}
