//! The request to send again: what of a recorded one goes along, whoever sends it.

use http::Method;

use super::blanks::REDACTED;
use crate::exchange::{BodyText, CapturedBody, Direction, Media, Request, Started};

/// A request to send again.
pub(super) struct Replay<'a> {
    pub(super) method: &'a Method,
    /// As it was recorded: absolute where the host is known.
    pub(super) url: &'a str,
    /// What goes from end to end and was not added by us, in order. `host` and `content-length` are among them.
    pub(super) headers: Vec<Header<'a>>,
    pub(super) body: Payload<'a>,
}

/// A header to send.
pub(super) struct Header<'a> {
    /// A valid name, in lower case.
    pub(super) name: &'a str,
    /// Characters up to U+00FF are bytes; none where the value was too long to keep.
    pub(super) value: Option<&'a str>,
}

/// A body to send.
pub(super) enum Payload<'a> {
    /// No body, or an empty one.
    None,
    /// The text that was sent, secrets aside.
    Text(&'a str),
    /// There was one, but it cannot be told from the record, and why.
    NotKept(String),
}

impl<'a> Replay<'a> {
    pub(super) fn of(started: &'a Started) -> Self {
        let request = &started.request;
        let headers = request.headers().iter().filter(|(name, value)| goes_along(started, name, value));
        Self {
            method: &request.method,
            url: request.url().as_str(),
            headers: headers.map(|(name, value)| Header { name, value: kept_whole(value) }).collect(),
            body: payload(request),
        }
    }

    /// What the first line of the request named: `/path?query`, or `*` where the server itself was asked.
    pub(super) fn target(&self) -> &'a str {
        let path = match authority_at(self.url) {
            Some(at) => {
                let rest = self.url.get(at..).unwrap_or_default();
                rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or_default()
            }
            None => self.url,
        };
        match path {
            "" if self.method == Method::OPTIONS => "*",
            "" => "/",
            path => path,
        }
    }

    /// True where the URL names its host.
    pub(super) fn is_absolute(&self) -> bool {
        authority_at(self.url).is_some()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|header| header.name == name)
    }
}

fn authority_at(url: &str) -> Option<usize> {
    ["http://", "https://"]
        .iter()
        .find(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
        .map(|scheme| scheme.len())
}

/// What concerns one connection only (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [&str; 7] =
    ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

fn goes_along(started: &Started, name: &str, value: &str) -> bool {
    let ours = match name {
        "x-request-id" => value == started.request_id.to_string(),
        // A dump that was read back does not know the span of a call; all that it sent is of its trace.
        "traceparent" if started.direction == Direction::Outbound => {
            started.trace_id.is_some_and(|trace| value.contains(&trace.to_string()))
        }
        "traceparent" => started.span_id.is_some_and(|span| value.contains(&span.to_string())),
        _ => false,
    };
    let named_by_connection = || {
        let mut listed = started.request.headers().get_all("connection").flat_map(|value| value.split(','));
        listed.any(|listed| listed.trim().eq_ignore_ascii_case(name))
    };
    // A dump may come from anywhere: `@file` as a name would have curl read it.
    let is_name = http::HeaderName::from_lowercase(name.as_bytes()).is_ok();
    is_name && !ours && !HOP_BY_HOP.contains(&name) && !named_by_connection()
}

/// None for a value of which only the head and the length are told: `…[65536 bytes]`. No client can send that, the
/// first character of it is none of Latin-1.
fn kept_whole(value: &str) -> Option<&str> {
    let digits = value.strip_suffix(" bytes]").and_then(|value| value.rsplit_once("…[")).map(|(_, n)| n);
    let is_cut = digits.is_some_and(|n| !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit()));
    (!is_cut).then_some(value)
}

fn payload(request: &Request) -> Payload<'_> {
    if !has_body(request) {
        return Payload::None;
    }
    match text(&request.body) {
        Ok(text) => Payload::Text(text),
        Err(why) => Payload::NotKept(why),
    }
}

fn has_body(request: &Request) -> bool {
    let declared = || {
        request.headers().get("transfer-encoding").is_some()
            || request.headers().get("content-length").is_some_and(|length| length != "0")
    };
    request.body.total_bytes() > 0 || (!request.body.is_complete() && declared())
}

/// The text of a body that is all there, or why there is none.
fn text(body: &CapturedBody) -> Result<&str, String> {
    let (captured, total) = (body.captured_bytes(), body.total_bytes());
    let (text, is_json) = match body.whole() {
        BodyText::Json(json) => (json.as_str(), true),
        BodyText::Text { text, truncated: false } => (text.as_str(), false),
        BodyText::Text { .. } => return Err(format!("{captured} of its {total} bytes were kept")),
        BodyText::Binary => return Err(format!("its {total} bytes are not text")),
        BodyText::NotKept => return Err(format!("none of its {total} bytes were kept")),
    };
    if body.is_truncated() {
        Err(format!("{captured} of its {total} bytes were kept"))
    } else if !body.is_complete() {
        Err(format!("its end was not seen, only {total} bytes"))
    } else if text.starts_with("[unscannable ") {
        Err(format!("its {total} bytes could not be searched for secrets"))
    } else if text.contains("[string ") {
        // What LOG_REDACT_MODE=strict shows of a string.
        Err(format!("not all strings in its {total} bytes are shown"))
    } else if !is_json && !is_as_sent(body, text) {
        Err(format!("not all of its {total} bytes can be shown as text"))
    } else {
        Ok(text)
    }
}

/// False where the text differs from what was sent in more than secrets: it was decoded, or files were left out. Of
/// JSON only white space between tokens may differ.
fn is_as_sent(body: &CapturedBody, text: &str) -> bool {
    if text.contains(REDACTED) {
        !text.contains('\u{fffd}') && (body.media() != Media::Multipart || !text.contains("[file"))
    } else {
        text.len() == body.captured_bytes()
    }
}
