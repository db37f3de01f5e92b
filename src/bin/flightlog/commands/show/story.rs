use std::path::PathBuf;

use serde_json::{Map, Value};

use super::said;
use crate::{
    entry::{Entry, Kind},
    json,
};

/// An exchange as its entries and its dump tell it.
#[derive(Debug, Default)]
pub(crate) struct Story {
    request: Option<Value>,
    response: Option<Value>,
    pub(super) failure: Option<Value>,
    pub(super) told: Vec<Value>,
    pub(super) dump: Option<(PathBuf, Value)>,
}

/// Events kept of the log.
const TOLD: usize = 1000;

impl Story {
    pub(crate) fn take(&mut self, entry: &Entry<'_>) {
        let Ok(value) = serde_json::from_slice::<Value>(entry.line) else {
            // A line too long or too deep: its first keys, as far as they go.
            let value = json::Members::of(entry.line)
                .map(|member| {
                    (json::unescape(member.key).into_owned(), Value::from(json::text(member.value)))
                })
                .collect::<Map<_, _>>();
            return self.put(entry.kind, Value::Object(value));
        };
        self.put(entry.kind, value);
    }

    fn put(&mut self, kind: Kind, value: Value) {
        match kind {
            Kind::Request => self.request = Some(value),
            Kind::Response => self.response = Some(value),
            Kind::Error | Kind::Exception => self.failure = Some(value),
            _ if self.told.len() < TOLD => self.told.push(value),
            _ => {}
        }
    }

    pub(crate) fn dump(&mut self, path: PathBuf, dump: Value) {
        self.dump = Some((path, dump));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.request.is_none() && self.response.is_none() && self.failure.is_none() && self.dump.is_none()
    }

    /// A key of any entry.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        [&self.response, &self.failure, &self.request].into_iter().flatten().find_map(|entry| entry.get(key))
    }

    /// A value at a path of the dump.
    pub(super) fn of_dump(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.dump.as_ref()?.1, |value, key| value.get(key))
    }

    pub(super) fn text(&self, key: &str, path: &[&str]) -> Option<String> {
        self.get(key).or_else(|| self.of_dump(path)).map(said)
    }

    pub(crate) fn dump_name(&self) -> Option<String> {
        self.get("dump").map(said)
    }

    pub(crate) fn id(&self) -> Option<String> {
        self.text("request_id", &["request_id"])
    }

    pub(crate) fn short_id(&self) -> String {
        crate::commands::row::short_id(&self.id().unwrap_or_default()).to_owned()
    }

    pub(super) fn status(&self) -> u16 {
        let status = self.get("status_code").or_else(|| self.of_dump(&["response", "status"]));
        status.and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok()).unwrap_or(0)
    }

    pub(crate) fn is_failure(&self) -> bool {
        let outcome = self.text("outcome", &["outcome"]).unwrap_or_default();
        self.failure.is_some()
            || self.status() >= 500
            || matches!(outcome.as_str(), "panicked" | "service_error" | "body_error")
    }

    pub(crate) fn has_dump(&self) -> bool {
        self.dump.is_some()
    }

    /// Whether a dump is of a failure like this one.
    pub(crate) fn is_like(&self, dump: &Value) -> bool {
        let of_dump = |path: &str| dump.pointer(path).map(said).unwrap_or_default();
        let status = dump.pointer("/response/status").and_then(Value::as_u64).unwrap_or(0);
        let of_error = |key: &str| self.failure.as_ref().and_then(|entry| entry.get(key)).map(said);
        self.text("method", &[]).unwrap_or_default() == of_dump("/request/method")
            && self.text("endpoint", &[]).unwrap_or_default() == of_dump("/request/endpoint")
            && u64::from(self.status()) == status
            && of_error("location").unwrap_or_default() == of_dump("/error/location")
            && of_error("error_type").unwrap_or_default() == of_dump("/error/type")
    }

    /// Nothing is known of its end.
    pub(super) fn is_open(&self) -> bool {
        self.response.is_none() && self.failure.is_none() && self.dump.is_none()
    }

    /// Microseconds.
    pub(crate) fn duration(&self) -> Option<u64> {
        self.micros("duration_ms")
    }

    pub(super) fn micros(&self, key: &str) -> Option<u64> {
        let millis = self.get(key).or_else(|| self.of_dump(&["timing", key]))?.as_f64()?;
        (millis >= 0.0).then_some((millis * 1000.0) as u64)
    }

    /// What the logs say of the request.
    pub(crate) fn of_request(&self, key: &str) -> Option<Value> {
        let logged =
            [&self.request, &self.failure].into_iter().flatten().find_map(|entry| entry.get(key)).cloned();
        let combined = || {
            self.response.as_ref().filter(|_| key.starts_with("request_")).and_then(|entry| entry.get(key))
        };
        logged.or_else(|| combined().cloned())
    }

    pub(crate) fn as_json(&self) -> Value {
        let entries: Vec<_> = [&self.request, &self.response, &self.failure].into_iter().flatten().collect();
        serde_json::json!({"entries": entries, "log": self.told, "dump": self.dump.as_ref().map(|(_, dump)| dump)})
    }
}
