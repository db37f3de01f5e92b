use tracing::Level;

use super::{
    super::{
        View, json_text,
        line::{Line, key, separated},
    },
    Draft,
};
use crate::exchange::Timestamp;

/// What the recorder tells about itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Note<'a> {
    /// The log begins.
    Started { version: &'a str, service: &'a str, verbosity: u8, settings: &'a [(&'a str, String)] },
}

/// Writes a recorder entry, made at `at`.
pub(crate) fn recorder(out: &mut Vec<u8>, view: &View, at: Timestamp, note: &Note<'_>) -> Draft {
    let mut line = Line::begin(out, view, at, Level::INFO, "recorder");
    let mut say = |message: &str, members: &[(&str, Told<'_>)]| {
        line.plain(key!("message"), message.as_bytes());
        if !members.is_empty() {
            line.with(key!("fields"), |out| {
                separated(out, b'{', b'}', members, |out, (name, told)| told.write(out, name));
            });
        }
    };
    match *note {
        Note::Started { version, service, verbosity, settings } => {
            let about = [
                ("version", Told::Text(version)),
                ("service", Told::Text(service)),
                ("verbosity", Told::Number(verbosity.into())),
                ("settings", Told::Texts(settings)),
            ];
            say("started", &about);
        }
    }
    line.end()
}

enum Told<'a> {
    Text(&'a str),
    Number(u64),
    Texts(&'a [(&'a str, String)]),
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
        }
    }
}
