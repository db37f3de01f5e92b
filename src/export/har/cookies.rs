//! Cookies as HAR wants them (RFC 6265 section 4): their values were redacted.

use serde_json::{Value, json};

use crate::exchange::Headers;

/// What the client sent.
pub(super) fn sent(headers: &Headers) -> Value {
    let crumbs = headers.get_all("cookie").flat_map(|value| value.split(';'));
    crumbs.map(str::trim).filter(|crumb| !crumb.is_empty()).map(cookie).collect()
}

/// What the service set.
pub(super) fn set(headers: &Headers) -> Value {
    headers.get_all("set-cookie").filter_map(with_attributes).collect()
}

fn with_attributes(line: &str) -> Option<Value> {
    let mut parts = line.split(';').map(str::trim);
    let mut value = cookie(parts.next().filter(|crumb| !crumb.is_empty())?);
    let cookie = value.as_object_mut()?;
    for attribute in parts {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let (name, value) = match name.trim().to_ascii_lowercase().as_str() {
            "path" => ("path", json!(value.trim())),
            "domain" => ("domain", json!(value.trim())),
            "httponly" => ("httpOnly", json!(true)),
            "secure" => ("secure", json!(true)),
            // `expires` would have to be a date of another format; the header has it.
            _ => continue,
        };
        cookie.insert(name.into(), value);
    }
    Some(value)
}

fn cookie(crumb: &str) -> Value {
    let (name, value) = crumb.split_once('=').unwrap_or(("", crumb));
    json!({"name": name.trim(), "value": value.trim()})
}
