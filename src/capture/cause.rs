//! Why a request failed of which the handler reported nothing.

use http::StatusCode;
use serde_json::Value;

use crate::exchange::{BodyText, ErrorReport, Exchange, Redacted, Response};

/// The longest cause taken from a body that is not JSON.
const LINE_LIMIT: usize = 200;

/// What gRPC told of the failure; else, from the response itself, `detail`, `error` or `message` of its JSON body
/// (RFC 9457 and common usage), the first line of a textual one, its status.
pub(super) fn of(exchange: &Exchange, told: Option<Redacted>) -> ErrorReport {
    let from_response =
        || exchange.response.as_ref().map(|response| from_response(response, exchange.grpc_status));
    ErrorReport { message: told.or_else(from_response).unwrap_or_default(), ..ErrorReport::default() }
}

fn from_response(response: &Response, grpc_status: Option<u16>) -> Redacted {
    from_body(response.body.whole()).unwrap_or_else(|| status(response.status, grpc_status))
}

fn from_body(body: &BodyText) -> Option<Redacted> {
    match body {
        BodyText::Json(json) => from_json(&serde_json::from_str(json.as_str()).ok()?),
        BodyText::Text { text, .. } => {
            let line = text.as_str().lines().map(str::trim).find(|line| !line.is_empty())?;
            Some(part(line.get(..line.floor_char_boundary(LINE_LIMIT)).unwrap_or(line)))
        }
        BodyText::Binary | BodyText::NotKept => None,
    }
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
