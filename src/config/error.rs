use std::ffi::OsStr;
use std::path::PathBuf;
use std::{error, fmt, io};

/// How much of a bad value an error repeats, in characters.
const SHOWN: usize = 64;

/// Why the log cannot start: everything that is wrong, at once.
///
/// Each problem has a line of its own, with the name, the value and what is allowed:
///
/// ```text
/// LOG_SLOW="5 parsecs": want a duration above zero such as 250ms, 5s or 1h30m
/// LOG_DUMPS="maybe": want true or false (also 1/0, yes/no, on/off)
/// ```
///
/// `Debug` prints the same lines, so that `fn main() -> Result<(), Error>` is readable too.
#[non_exhaustive]
pub struct Error {
    problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// An environment variable holds a value that is not allowed.
    #[non_exhaustive]
    Variable {
        /// The variable, such as `LOG_SLOW`.
        name: &'static str,
        /// The value's head, control characters escaped.
        value: String,
        /// What is allowed.
        want: String,
    },
    /// A builder setter was given a value that is not allowed.
    #[non_exhaustive]
    Setting {
        /// The setter, such as `slow`.
        name: &'static str,
        /// The value's head, control characters escaped.
        value: String,
        /// What is allowed.
        want: String,
    },
    /// A directory cannot be used, and `strict(true)` makes that an error.
    #[non_exhaustive]
    Directory {
        /// The variable that names it, such as `LOG_DIR`.
        name: &'static str,
        /// The directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
        /// What is allowed.
        want: &'static str,
    },
}

impl Error {
    /// `problems` is not empty: an error says why.
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// Everything that is wrong, in the order of the table of variables.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::new(vec![problem])
    }
}

impl Problem {
    /// A variable's value that cannot be meant.
    pub(crate) fn variable(name: &'static str, value: &OsStr, want: impl Into<String>) -> Self {
        Self::Variable { name, value: escaped(value), want: want.into() }
    }

    /// A setter's value that cannot be meant.
    pub(crate) fn setting(name: &'static str, value: &str, want: impl Into<String>) -> Self {
        Self::Setting { name, value: escaped(OsStr::new(value)), want: want.into() }
    }

    /// A directory that cannot be used where that matters.
    pub(crate) fn directory(
        name: &'static str,
        path: impl Into<PathBuf>,
        source: io::Error,
        want: &'static str,
    ) -> Self {
        Self::Directory { name, path: path.into(), source, want }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable { name, value, want } => write!(f, "{name}=\"{value}\": want {want}"),
            Self::Setting { name, value, want } => write!(f, "{name}({value}): want {want}"),
            Self::Directory { name, path, source, want } => {
                write!(f, "{name}=\"{}\": {source}: want {want}", escaped(path.as_os_str()))
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // On a line of its own: `main` puts "Error: " in front.
        f.write_str("tower-flightlog cannot start:\n")?;
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.problems.iter().find_map(error::Error::source)
    }
}

impl error::Error for Problem {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Directory { source, .. } => Some(source),
            Self::Variable { .. } | Self::Setting { .. } => None,
        }
    }
}

/// The head of `value` on one line: controls, bidi marks, quotes and bytes that are not UTF-8 leave as
/// escapes.
pub(super) fn escaped(value: &OsStr) -> String {
    let mut text = String::new();
    let mut shown = 0;
    for chunk in value.as_encoded_bytes().utf8_chunks() {
        for char in chunk.valid().chars() {
            if shown == SHOWN {
                return text + "…";
            }
            shown += 1;
            match char {
                '\'' => text.push(char),
                _ => text.extend(char.escape_debug()),
            }
        }
        for byte in chunk.invalid() {
            if shown == SHOWN {
                return text + "…";
            }
            shown += 1;
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn a_value_is_shown_bounded_and_on_one_line() {
        for (value, shown) in [
            (&b""[..], ""),
            (b"5 parsecs", "5 parsecs"),
            (b"it's", "it's"),
            (b"a\"b\\c", "a\\\"b\\\\c"),
            (b"a\nb\x1b[31m\x07", "a\\nb\\u{1b}[31m\\u{7}"),
            ("\u{202e}x\u{2028}\u{9b}".as_bytes(), "\\u{202e}x\\u{2028}\\u{9b}"),
            (b"ok\xff\xfe", "ok\\xff\\xfe"),
            ("größe…".as_bytes(), "größe…"),
        ] {
            assert_eq!(escaped(OsStr::from_bytes(value)), shown);
        }
        assert_eq!(escaped(OsStr::new(&"x".repeat(64))), "x".repeat(64));
        assert_eq!(escaped(OsStr::new(&"x".repeat(65))), format!("{}…", "x".repeat(64)));
        assert_eq!(escaped(OsStr::new(&"…".repeat(99))), "…".repeat(65));
        assert_eq!(escaped(OsStr::from_bytes(&[0xff; 1000])), format!("{}…", "\\xff".repeat(64)));
    }

    #[test]
    fn each_problem_has_a_line() {
        let error = Error::new(vec![
            Problem::variable("LOG_SLOW", OsStr::new("5 parsecs"), "a duration such as 5s"),
            Problem::setting("dump_keep", "0", "at least 1"),
            Problem::directory("LOG_DIR", "/no\nwhere", io::Error::from(io::ErrorKind::NotFound), "one"),
        ]);
        assert_eq!(
            error.to_string(),
            "LOG_SLOW=\"5 parsecs\": want a duration such as 5s\n\
             dump_keep(0): want at least 1\n\
             LOG_DIR=\"/no\\nwhere\": entity not found: want one"
        );
        assert_eq!(format!("{error:?}"), format!("tower-flightlog cannot start:\n{error}"));
        assert_eq!(error.problems().len(), 3);
        assert_eq!(error.source().unwrap().to_string(), "entity not found");
    }

    #[test]
    fn it_can_be_sent_and_boxed() {
        fn boxed<E: error::Error + Send + Sync + 'static>(_: E) {}
        boxed(Error::from(Problem::setting("slow", "0ns", "more")));
    }
}
