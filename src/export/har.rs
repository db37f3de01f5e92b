//! Dumps as an HTTP archive: HAR 1.2, <http://www.softwareishard.com/blog/har-12-spec/>.

mod cookies;

use serde::Serialize;
use serde_json::{Value, json};

use super::{pretty::pretty, read::Dump, replay::Replay};
use crate::exchange::{self, BodyText, CapturedBody, ErrorReport, Headers, Trail, millis_of};

/// The archive, by time of arrival.
pub(super) fn har<'a>(dumps: impl IntoIterator<Item = &'a Dump>) -> String {
    let mut dumps: Vec<_> = dumps.into_iter().collect();
    dumps.sort_by_key(|dump| dump.exchange.started);
    let archive = json!({
        "log": {
            "version": "1.2",
            "creator": {"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")},
            "entries": dumps.into_iter().map(entry).collect::<Vec<_>>(),
        }
    });
    // Writing a `Value` does not fail.
    pretty(&archive).unwrap_or_default()
}

/// What HAR has for a size or a time that is not known.
const UNKNOWN: i64 = -1;

fn entry(dump: &Dump) -> Value {
    let exchange = &dump.exchange;
    let total = millis_of(exchange.duration);
    let wait = exchange.ttfb.map_or(total, millis_of);
    let mut entry = json!({
        "startedDateTime": exchange.started,
        "time": total,
        "request": request(dump),
        "response": response(dump),
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": (total - wait).max(0.0)},
        "_request_id": exchange.request_id,
        "_trigger": dump.trigger,
        "_outcome": exchange.outcome,
        "_events": exchange.trail.as_ref().map_or(&[][..], Trail::events),
    });
    put(&mut entry, "_client_request_id", exchange.client_request_id.as_ref());
    put(&mut entry, "_trace_id", exchange.trace_id);
    put(&mut entry, "_reason", exchange.dump_reason.as_ref());
    put(&mut entry, "_stream", exchange.stream.as_ref());
    put(&mut entry, "_llm", exchange.llm.as_ref());
    put(&mut entry, "_error", exchange.error.as_ref().map(error));
    if let Some(trail) = &exchange.trail {
        put(&mut entry, "_events_dropped", (trail.dropped() > 0).then_some(trail.dropped()));
        put(&mut entry, "_events_limited_to", trail.limit());
    }
    put(&mut entry, "_steps", (!exchange.steps.is_empty()).then_some(&exchange.steps));
    let attributes = &exchange.attributes;
    put(
        &mut entry,
        "_attributes",
        (!attributes.is_empty()).then(|| exchange::Value::Object(attributes.clone())),
    );
    put(&mut entry, "_cache", (!exchange.cache.is_empty()).then_some(&exchange.cache));
    put(&mut entry, "comment", dump.exchange.dump.as_ref());
    entry
}

/// With the backtrace, whose symbols were looked up long ago.
fn error(report: &ErrorReport) -> Value {
    let mut value = json!({"message": report.message});
    put(&mut value, "type", report.error_type.as_ref());
    put(&mut value, "location", report.location.as_ref());
    put(&mut value, "chain", (!report.chain.is_empty()).then_some(&report.chain));
    put(&mut value, "backtrace", report.backtrace.as_ref());
    value
}

fn request(dump: &Dump) -> Value {
    let request = &dump.exchange.request;
    let body = &request.body;
    let replay = Replay::of(&dump.exchange);
    let mut value = json!({
        "method": request.method.as_str(),
        "url": request.url(),
        "httpVersion": request.http_version(),
        "cookies": cookies::sent(request.headers()),
        "headers": headers(request.headers()),
        "queryString": query(replay.target()),
        "headersSize": UNKNOWN,
        "bodySize": body.total_bytes(),
        "_truncated": is_truncated(body),
    });
    put(&mut value, "postData", (body.total_bytes() > 0).then(|| post_data(body, request.headers())));
    value
}

fn post_data(body: &CapturedBody, headers: &Headers) -> Value {
    let mut data =
        json!({"mimeType": mime_type(body, headers), "params": [], "text": text(body).unwrap_or_default()});
    put(&mut data, "comment", comment(body));
    data
}

fn response(dump: &Dump) -> Value {
    let Some(response) = &dump.exchange.response else {
        // As browsers archive a request that got no response.
        return json!({
            "status": 0,
            "statusText": "",
            "httpVersion": "",
            "cookies": [],
            "headers": [],
            "content": {"size": 0, "mimeType": ""},
            "redirectURL": "",
            "headersSize": UNKNOWN,
            "bodySize": UNKNOWN,
            "_truncated": false,
            "comment": "there was no response",
        });
    };
    let body = &response.body;
    let mut content = json!({"size": body.total_bytes(), "mimeType": mime_type(body, response.headers())});
    put(&mut content, "text", text(body));
    put(&mut content, "comment", comment(body));
    let mut value = json!({
        "status": response.status.as_u16(),
        "statusText": response.status.canonical_reason().unwrap_or_default(),
        "httpVersion": dump.exchange.request.http_version(),
        "cookies": cookies::set(response.headers()),
        "headers": headers(response.headers()),
        "content": content,
        "redirectURL": response.headers().get("location").unwrap_or_default(),
        "headersSize": UNKNOWN,
        "bodySize": body.total_bytes(),
        "_truncated": is_truncated(body),
    });
    put(&mut value, "_trailers", response.trailers.as_ref().map(headers));
    value
}

fn headers(headers: &Headers) -> Value {
    headers.iter().map(|(name, value)| pair(name, value)).collect()
}

fn query(target: &str) -> Value {
    let query = target.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| pair(name, value))
        .collect()
}

fn pair(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

fn mime_type(body: &CapturedBody, headers: &Headers) -> String {
    let told = body.content_type().map(|told| told.to_string());
    told.or_else(|| headers.get("content-type").map(Into::into)).unwrap_or_default()
}

fn text(body: &CapturedBody) -> Option<&str> {
    match body.whole() {
        BodyText::Json(json) => Some(json.as_str()),
        BodyText::Text { text, .. } => Some(text.as_str()),
        BodyText::Binary | BodyText::NotKept => None,
    }
}

fn is_truncated(body: &CapturedBody) -> bool {
    body.is_truncated()
        || !body.is_complete()
        || matches!(body.whole(), BodyText::Text { truncated: true, .. })
}

/// What the text does not say of a body.
fn comment(body: &CapturedBody) -> Option<String> {
    let total = body.total_bytes();
    match body.whole() {
        BodyText::Binary => Some(match body.sha256() {
            Some(digest) => format!("{total} bytes that are not text, SHA-256 {digest}"),
            None => format!("{total} bytes that are not text"),
        }),
        BodyText::NotKept if total > 0 => Some(format!("none of its {total} bytes were kept")),
        _ if body.is_truncated() => Some(format!("{} of its {total} bytes were kept", body.captured_bytes())),
        _ if !body.is_complete() => Some(format!("its end was not seen, only {total} bytes")),
        _ => None,
    }
}

fn put<T: Serialize>(object: &mut Value, name: &str, value: Option<T>) {
    let value = value.and_then(|value| serde_json::to_value(value).ok());
    if let (Some(object), Some(value)) = (object.as_object_mut(), value) {
        object.insert(name.into(), value);
    }
}

#[cfg(test)]
mod tests;
