//! Why a request failed of which the handler reported nothing.

use http::StatusCode;
use serde_json::Value;

use crate::exchange::{
    BodyText, ErrorReport, Exchange, Media, Redacted, Response, Step, StepKind, data_of_events,
};

/// The longest cause taken from a body that is not JSON.
const LINE_LIMIT: usize = 200;

/// What gRPC told of the failure; else, from the response itself, `detail`, `error` or `message` of its JSON body, or of
/// an event in it (RFC 9457 and common usage), the first line of a textual one, its status, with the last call that
/// failed.
pub(super) fn of(exchange: &Exchange, told: Option<Redacted>) -> ErrorReport {
    let from_response = || exchange.response.as_ref().map(|response| from_response(response, exchange));
    ErrorReport { message: told.or_else(from_response).unwrap_or_default(), ..ErrorReport::default() }
}

fn from_response(response: &Response, exchange: &Exchange) -> Redacted {
    from_body(response).unwrap_or_else(|| {
        let status = status(response.status, exchange.grpc_status);
        match exchange.steps.iter().rev().find_map(failed_call) {
            Some(call) => Redacted::vouch(format!("{status} after {call}")),
            None => status,
        }
    })
}

/// `GET http://stock.test/ failed: connection refused`, `GET http://stock.test/ answered 503`.
fn failed_call(step: &Step) -> Option<String> {
    if step.kind != StepKind::Outbound {
        return None;
    }
    match (&step.error, step.status) {
        (Some(error), _) => Some(format!("{} failed: {error}", step.name)),
        (None, Some(status)) if status.is_server_error() => {
            Some(format!("{} answered {}", step.name, status.as_u16()))
        }
        _ => None,
    }
}

fn from_body(response: &Response) -> Option<Redacted> {
    match response.body.whole() {
        BodyText::Json(json) => from_json(&serde_json::from_str(json.as_str()).ok()?),
        BodyText::Text { text, .. } => {
            let text = text.as_str();
            let content_type = response.head.content_type();
            let media = content_type.map(|value| Media::of(value.as_str().as_bytes()));
            if media == Some(Media::EventStream) { from_events(text) } else { from_lines(text.lines()) }
        }
        BodyText::Binary | BodyText::NotKept => None,
    }
}

/// What the first event that tells of an error says, else the data of the first.
fn from_events(text: &str) -> Option<Redacted> {
    let of_json = |data| from_json(&serde_json::from_str(data).ok()?);
    data_of_events(text).find_map(of_json).or_else(|| from_lines(data_of_events(text)))
}

fn from_lines<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Redacted> {
    let line = lines.map(str::trim).find(|line| !line.is_empty())?;
    Some(part(line.get(..line.floor_char_boundary(LINE_LIMIT)).unwrap_or(line)))
}

fn from_json(value: &Value) -> Option<Redacted> {
    ["detail", "error", "message"].iter().find_map(|name| match value.get(name)? {
        Value::String(text) if !text.is_empty() => Some(part(text)),
        nested @ Value::Object(_) => from_json(nested),
        _ => None,
    })
}

/// A part of what is already redacted.
fn part(text: &str) -> Redacted {
    Redacted::vouch(text)
}

fn status(status: StatusCode, grpc_status: Option<u16>) -> Redacted {
    match grpc_status {
        Some(code) if status.is_success() => Redacted::vouch(format!("gRPC status {code}")),
        _ => Redacted::vouch(format!("HTTP {}", status.as_u16())),
    }
}
