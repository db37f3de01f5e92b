use std::borrow::Cow;

use tracing::Level;

use super::{
    super::{
        View, json_text,
        line::{Line, key, separated},
    },
    Draft,
};
use crate::exchange::{Fingerprint, Redacted, Timestamp};

/// What the recorder tells about itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Note<'a> {
    /// The log begins.
    Started { version: &'a str, service: &'a str, verbosity: u8, settings: &'a [(&'a str, String)] },
    /// The log ends. What is told after the last handle has gone comes after it still.
    Stopped,
    /// Entries are missing: those between the two numbers, both included.
    Gap { lost: u64, cause: &'a str, from_seq: u64, to_seq: u64 },
    /// Rotation deleted a file with the entries between the two numbers, which are absent where it held none of this
    /// run. No bytes: another process deleted it, and its length is not known.
    Expired { from_seq: Option<u64>, to_seq: Option<u64>, bytes: u64 },
    /// Exchanges got no dump, since as many had one as may in a minute.
    DumpsSuppressed(&'a Suppressed),
}

/// Exchanges that should have been dumped and were not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Suppressed {
    pub n: u64,
    /// The most frequent of them.
    pub most: Vec<Kindred>,
}

/// Those of one fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kindred {
    pub fingerprint: Fingerprint,
    pub endpoint: Redacted,
    pub status: Option<u16>,
    pub count: u64,
}

impl Note<'_> {
    /// How much it matters.
    pub(crate) fn level(&self) -> Level {
        match self {
            Self::Gap { .. } | Self::DumpsSuppressed(_) => Level::WARN,
            Self::Started { .. } | Self::Stopped | Self::Expired { .. } => Level::INFO,
        }
    }

    /// The same for people.
    pub(crate) fn message(&self) -> Cow<'static, str> {
        match *self {
            Self::Started { service, .. } => format!("recording {service}").into(),
            Self::Stopped => "recording ends".into(),
            Self::Gap { lost: 1, cause, .. } => format!("1 entry was lost: {cause}").into(),
            Self::Gap { lost, cause, .. } => format!("{lost} entries were lost: {cause}").into(),
            Self::Expired { from_seq: Some(from), to_seq: Some(to), bytes: 0 } => {
                format!("another process deleted the oldest file with the entries {from} to {to}").into()
            }
            Self::Expired { bytes: 0, .. } => "another process deleted the oldest file".into(),
            Self::Expired { from_seq: Some(from), to_seq: Some(to), bytes } => {
                format!("the oldest file was deleted, {bytes} bytes with the entries {from} to {to}").into()
            }
            Self::Expired { bytes, .. } => {
                format!("the oldest file was deleted, {bytes} bytes of earlier runs").into()
            }
            Self::DumpsSuppressed(Suppressed { n: 1, .. }) => {
                "1 exchange got no dump: LOG_DUMP_PER_MINUTE, or three like it had one in that minute".into()
            }
            Self::DumpsSuppressed(Suppressed { n, .. }) => format!(
                "{n} exchanges got no dump: LOG_DUMP_PER_MINUTE, or three like them had one in a minute"
            )
            .into(),
        }
    }

    fn event_type(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Stopped => "stopped",
            Self::Gap { .. } => "gap",
            Self::Expired { .. } => "expired",
            Self::DumpsSuppressed(_) => "dumps_suppressed",
        }
    }

    /// Everything else about it, by name.
    fn fields(&self) -> [Option<(&'static str, Told<'_>)>; 4] {
        match *self {
            Self::Started { version, service, verbosity, settings } => [
                Some(("version", Told::Text(version))),
                Some(("service", Told::Text(service))),
                Some(("verbosity", Told::Number(verbosity.into()))),
                Some(("settings", Told::Texts(settings))),
            ],
            Self::Stopped => [const { None }; 4],
            Self::Gap { lost, cause, from_seq, to_seq } => [
                Some(("lost", Told::Number(lost))),
                Some(("cause", Told::Text(cause))),
                Some(("from_seq", Told::Number(from_seq))),
                Some(("to_seq", Told::Number(to_seq))),
            ],
            Self::Expired { from_seq, to_seq, bytes } => [
                from_seq.map(|seq| ("from_seq", Told::Number(seq))),
                to_seq.map(|seq| ("to_seq", Told::Number(seq))),
                (bytes > 0).then_some(("bytes", Told::Number(bytes))),
                None,
            ],
            Self::DumpsSuppressed(Suppressed { n, most }) => [
                Some(("n", Told::Number(*n))),
                (!most.is_empty()).then_some(("fingerprints", Told::Kindred(most))),
                None,
                None,
            ],
        }
    }
}

/// Writes a recorder entry, made at `at`.
pub(crate) fn recorder(out: &mut Vec<u8>, view: &View, at: Timestamp, note: &Note<'_>) -> Draft {
    let mut line = Line::begin(out, view, at, note.level(), "recorder");
    line.text(key!("message"), &note.message());
    line.plain(key!("event_type"), note.event_type().as_bytes());
    let fields: Vec<_> = note.fields().into_iter().flatten().collect();
    if !fields.is_empty() {
        line.with(key!("fields"), |out| {
            separated(out, b'{', b'}', &fields, |out, (name, told)| told.write(out, name));
        });
    }
    line.end()
}

enum Told<'a> {
    Text(&'a str),
    Number(u64),
    Texts(&'a [(&'a str, String)]),
    Kindred(&'a [Kindred]),
}

impl Told<'_> {
    fn write(&self, out: &mut Vec<u8>, name: &str) {
        json_text::string(out, name);
        out.push(b':');
        match self {
            Self::Text(text) => json_text::string(out, text),
            Self::Number(number) => json_text::number(out, *number),
            Self::Texts(texts) => {
                separated(out, b'{', b'}', texts, |out, (name, text)| Told::Text(text).write(out, name))
            }
            Self::Kindred(groups) => separated(out, b'[', b']', groups, Kindred::write),
        }
    }
}

impl Kindred {
    fn write(out: &mut Vec<u8>, Self { fingerprint, endpoint, status, count }: &Self) {
        let fingerprint = fingerprint.to_string();
        let fields = [
            Some(("fingerprint", Told::Text(&fingerprint))),
            Some(("endpoint", Told::Text(endpoint.as_str()))),
            status.map(|status| ("status", Told::Number(status.into()))),
            Some(("count", Told::Number(*count))),
        ];
        let fields: Vec<_> = fields.into_iter().flatten().collect();
        separated(out, b'{', b'}', &fields, |out, (name, told)| told.write(out, name));
    }
}
