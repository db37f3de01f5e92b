use std::borrow::Cow;

use tracing::Level;

use super::{
    super::{
        Sheet, View, json_text,
        line::{Line, key, separated},
    },
    Draft,
};
use crate::exchange::{Fingerprint, InFlight, Redacted, Timestamp};

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
    /// A process that wrote to the same directory died while requests were in flight: those that are open longest, and
    /// how many there were in all.
    InFlightAtDeath { pid: u32, run: &'a str, last_seen: Timestamp, count: u64, requests: &'a [InFlight] },
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

/// So many of the requests in flight are named in the message.
const NAMED: usize = 3;

impl Note<'_> {
    /// How much it matters.
    pub(crate) fn level(&self) -> Level {
        match self {
            Self::Gap { .. } | Self::InFlightAtDeath { .. } | Self::DumpsSuppressed(_) => Level::WARN,
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
            Self::InFlightAtDeath { pid, count, requests, .. } => {
                let plural = if count == 1 { "" } else { "s" };
                let mut text =
                    format!("process {pid} died; last seen with {count} request{plural} in flight");
                for (place, request) in requests.iter().take(NAMED).enumerate() {
                    text.push_str(if place == 0 { ": " } else { ", " });
                    text.push_str(&format!("{} {}", request.method, request.endpoint));
                }
                let more = count.saturating_sub(requests.len().min(NAMED) as u64);
                if more > 0 && !requests.is_empty() {
                    text.push_str(&format!(" and {more} more"));
                }
                text.into()
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
            Self::InFlightAtDeath { .. } => "in_flight_at_death",
            Self::DumpsSuppressed(_) => "dumps_suppressed",
        }
    }

    /// Everything else about it, by name.
    fn fields(&self) -> Vec<(&'static str, Told<'_>)> {
        match *self {
            Self::Started { version, service, verbosity, settings } => vec![
                ("version", Told::Text(version)),
                ("service", Told::Text(service)),
                ("verbosity", Told::Number(verbosity.into())),
                ("settings", Told::Texts(settings)),
            ],
            Self::Stopped => Vec::new(),
            Self::Gap { lost, cause, from_seq, to_seq } => vec![
                ("lost", Told::Number(lost)),
                ("cause", Told::Text(cause)),
                ("from_seq", Told::Number(from_seq)),
                ("to_seq", Told::Number(to_seq)),
            ],
            Self::Expired { from_seq, to_seq, bytes } => {
                let bytes = (bytes > 0).then_some(bytes);
                let numbers = [("from_seq", from_seq), ("to_seq", to_seq), ("bytes", bytes)];
                numbers.into_iter().filter_map(|(name, number)| Some((name, Told::Number(number?)))).collect()
            }
            Self::InFlightAtDeath { pid, run, last_seen, count, requests } => vec![
                ("pid", Told::Number(pid.into())),
                ("run", Told::Text(run)),
                ("last_seen", Told::Time(last_seen)),
                ("count", Told::Number(count)),
                ("requests", Told::Requests(requests)),
            ],
            Self::DumpsSuppressed(Suppressed { n, most }) => {
                let most = (!most.is_empty()).then_some(("fingerprints", Told::Kindred(most)));
                std::iter::once(("n", Told::Number(*n))).chain(most).collect()
            }
        }
    }
}

/// Writes a recorder entry, made at `at`.
pub(crate) fn recorder(out: &mut Sheet<'_>, view: &View, at: Timestamp, note: &Note<'_>) -> Draft {
    let (mut line, draft) = Line::begin(out, view, at, note.level(), "recorder");
    line.text(key!("message"), &note.message());
    line.plain(key!("event_type"), note.event_type().as_bytes());
    let fields = note.fields();
    if !fields.is_empty() {
        line.with(key!("fields"), |out| {
            separated(out, b'{', b'}', &fields, |out, (name, told)| told.write(out, name));
        });
    }
    line.end(out);
    draft
}

enum Told<'a> {
    Text(&'a str),
    Number(u64),
    Texts(&'a [(&'a str, String)]),
    Time(Timestamp),
    Requests(&'a [InFlight]),
    Kindred(&'a [Kindred]),
}

impl Told<'_> {
    fn write(&self, out: &mut Sheet<'_>, name: &str) {
        json_text::string(out, name);
        out.push(b':');
        match self {
            Self::Text(text) => json_text::string(out, text),
            Self::Number(number) => json_text::number(out, *number),
            Self::Texts(texts) => {
                separated(out, b'{', b'}', texts, |out, (name, text)| Told::Text(text).write(out, name))
            }
            Self::Time(time) => out.extend_from_slice(&time.quoted()),
            Self::Requests(requests) => separated(out, b'[', b']', requests, request),
            Self::Kindred(groups) => separated(out, b'[', b']', groups, Kindred::write),
        }
    }
}

/// Writes a request that was in flight.
fn request(out: &mut Sheet<'_>, open: &InFlight) {
    let text = |out: &mut Sheet<'_>, key: &str, text: &str| {
        out.extend_from_slice(key.as_bytes());
        json_text::string(out, text);
    };
    let number = |out: &mut Sheet<'_>, key: &str, number: u64| {
        out.extend_from_slice(key.as_bytes());
        json_text::number(out, number);
    };
    text(out, "{\"request_id\":", open.request_id.encode(&mut [0; 36]));
    if let Some(trace_id) = open.trace_id {
        text(out, ",\"trace_id\":", &trace_id.to_string());
    }
    if !open.direction.is_inbound() {
        text(out, ",\"direction\":", "outbound");
    }
    text(out, ",\"method\":", open.method.as_str());
    text(out, ",\"endpoint\":", open.endpoint.as_str());
    if let Some(status) = open.status {
        number(out, ",\"status\":", status.as_u16().into());
    }
    text(out, ",\"started\":", &open.started.to_string());
    out.extend_from_slice(b",\"age_ms\":");
    json_text::millis(out, open.age);
    number(out, ",\"request_bytes\":", open.request_bytes);
    number(out, ",\"response_bytes\":", open.response_bytes);
    out.push(b'}');
}

impl Kindred {
    fn write(out: &mut Sheet<'_>, Self { fingerprint, endpoint, status, count }: &Self) {
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
