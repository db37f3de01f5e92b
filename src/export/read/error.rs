use std::{
    error, fmt, io,
    path::{Path, PathBuf},
};

use super::super::dump::SCHEMA;

/// Why a text is not a dump that can be read: which file, what is wrong, and where.
///
/// ```
/// use tower_flightlog::Dump;
///
/// let told = |text: &str| text.parse::<Dump>().unwrap_err().to_string();
/// assert_eq!(told("{"), "not a dump: EOF while parsing an object at line 1 column 1");
/// assert_eq!(told("{}"), "not a dump: it has no `schema`");
/// assert_eq!(
///     told(r#"{"schema":"flightlog.dump/2"}"#),
///     "a dump of the version flightlog.dump/2; this release reads flightlog.dump/1",
/// );
/// assert_eq!(
///     told(r#"{"schema":"flightlog.dump/1"}"#),
///     "a dump with something wrong in it: missing field `timestamp` at line 1 column 29",
/// );
/// ```
#[derive(Debug)]
pub struct DumpError {
    path: Option<PathBuf>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Unreadable(io::Error),
    NoJson(serde_json::Error),
    NoSchema,
    OtherFormat(String),
    OtherVersion(String),
    Invalid(serde_json::Error),
}

/// What every version of the format begins with.
const FAMILY: &str = "flightlog.dump/";
/// Characters shown of a name that is none of ours.
const SHOWN: usize = 64;

impl DumpError {
    pub(super) fn unreadable(error: io::Error) -> Self {
        Kind::Unreadable(error).into()
    }

    pub(super) fn no_json(error: serde_json::Error) -> Self {
        Kind::NoJson(error).into()
    }

    pub(super) fn schema(found: Option<&str>) -> Self {
        match found {
            None => Kind::NoSchema.into(),
            Some(name) => {
                let shown = name.chars().take(SHOWN).flat_map(char::escape_default).collect();
                let is_ours = name.starts_with(FAMILY);
                if is_ours { Kind::OtherVersion(shown) } else { Kind::OtherFormat(shown) }.into()
            }
        }
    }

    pub(super) fn invalid(error: serde_json::Error) -> Self {
        Kind::Invalid(error).into()
    }

    pub(super) fn in_file(self, path: &Path) -> Self {
        Self { path: Some(path.into()), ..self }
    }

    /// The file that was read; none for a text.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The name and version of the format, where it is not the one this release reads: `flightlog.dump/2`.
    #[must_use]
    pub fn other_version(&self) -> Option<&str> {
        match &self.kind {
            Kind::OtherVersion(found) => Some(found),
            _ => None,
        }
    }
}

impl From<Kind> for DumpError {
    fn from(kind: Kind) -> Self {
        Self { path: None, kind }
    }
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            // As the console shows text: a file's name may hold anything.
            let mut shown = Vec::new();
            super::super::json_text::escape_for_terminal(&mut shown, &path.to_string_lossy());
            write!(f, "{}: ", String::from_utf8_lossy(&shown))?;
        }
        match &self.kind {
            Kind::Unreadable(error) => write!(f, "it cannot be read: {error}"),
            Kind::NoJson(error) => write!(f, "not a dump: {error}"),
            Kind::NoSchema => f.write_str("not a dump: it has no `schema`"),
            Kind::OtherFormat(found) => {
                write!(f, "not a dump: its `schema` is \"{found}\", not \"{SCHEMA}\"")
            }
            Kind::OtherVersion(found) => {
                write!(f, "a dump of the version {found}; this release reads {SCHEMA}")
            }
            Kind::Invalid(error) => write!(f, "a dump with something wrong in it: {error}"),
        }
    }
}

impl error::Error for DumpError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.kind {
            Kind::Unreadable(error) => Some(error),
            Kind::NoJson(error) | Kind::Invalid(error) => Some(error),
            Kind::NoSchema | Kind::OtherFormat(_) | Kind::OtherVersion(_) => None,
        }
    }
}
