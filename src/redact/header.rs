//! Header values.

use std::borrow::Cow;

use super::names::NameClass;
use super::text::Text;
use super::values::is_scheme;
use super::{MASK, url};

/// Longer values keep their head only.
const LONGEST: usize = 8 * 1024;

/// Always secret, whatever their words say.
const SECRET: [&str; 16] = [
    "dpop",
    "x-firebase-appcheck",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "x-amz-content-sha256",
    "x-api-key",
    "x-csrftoken",
    "x-forwarded-client-cert",
    "x-client-cert",
    "client-cert",
    "client-cert-chain",
    "x-original-authorization",
    "x-authorization",
    "x-goog-iap-jwt-assertion",
    "x-ms-client-principal",
    "x-amzn-oidc-data",
];

/// Look like secrets by their endings and are not.
const HARMLESS: [&str; 4] = ["idempotency-key", "x-idempotency-key", "surrogate-key", "x-surrogate-key"];

const ADDRESSES: [&str; 12] = [
    "referer",
    "location",
    "content-location",
    "x-original-url",
    "x-original-uri",
    "x-rewrite-url",
    "x-forwarded-uri",
    "origin",
    "destination",
    "host",
    "x-forwarded-host",
    "x-original-host",
];

/// What strict mode shows.
const ALLOWED: &str = " accept accept-charset accept-encoding accept-language accept-ranges age allow alt-svc cache-control \
    connection content-disposition content-encoding content-language content-length content-range content-type date \
    etag expect expires host if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive \
    last-modified max-forwards origin pragma range retry-after server strict-transport-security te traceparent \
    trailer transfer-encoding upgrade user-agent vary via x-content-type-options x-frame-options x-request-id \
    grpc-status grpc-timeout grpc-encoding grpc-accept-encoding ";

/// Content types that most messages have, in which nothing has to be hidden, nor escaped.
#[inline]
pub(super) fn is_usual_content_type(value: &[u8]) -> bool {
    // The one of nearly all that is logged is told first.
    if value == b"application/json" {
        return true;
    }
    matches!(
        value,
        b"application/json; charset=utf-8"
            | b"application/grpc"
            | b"application/octet-stream"
            | b"application/x-www-form-urlencoded"
            | b"text/event-stream"
            | b"text/html"
            | b"text/html; charset=utf-8"
            | b"text/plain"
            | b"text/plain; charset=utf-8"
    )
}

/// Appends what may be said of a header. `text` carries the rules.
pub(super) fn redact(name: &str, value: &[u8], text: Text<'_>, out: &mut Vec<u8>) {
    let total = value.len();
    let head = value.get(..LONGEST).unwrap_or(value);
    // Latin-1: a byte is a character, so that nothing is lost and nothing is decoded.
    let value = if head.is_ascii() {
        Cow::Borrowed(head)
    } else {
        head.iter().map(|&b| char::from(b)).collect::<String>().into_bytes().into()
    };
    let text = Text { cut: total > head.len(), ..text };
    value_of(&normal(name), &value, text, out);
    if text.cut {
        out.extend_from_slice(format!("…[{total} bytes]").as_bytes());
    }
}

fn normal(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|b| b == b'_' || b.is_ascii_uppercase()) {
        return name.chars().map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect();
    }
    name.into()
}

fn value_of(name: &str, value: &[u8], text: Text<'_>, out: &mut Vec<u8>) {
    let class = text.names.class(name.as_bytes());
    if value.is_empty() {
        return;
    }
    match name {
        "authorization" | "proxy-authorization" => return authorization(value, out),
        "cookie" => return cookie(value, out),
        "set-cookie" => return set_cookie(value, out),
        _ => {}
    }
    let kept = class == NameClass::Kept;
    if !kept && (is_secret(name, class) || (text.strict && !ALLOWED.contains(&format!(" {name} ")))) {
        out.extend_from_slice(MASK);
    } else if ADDRESSES.contains(&name) {
        address(value, text, out);
    } else if matches!(name, "link" | "refresh") {
        let parts = |b: &u8| matches!(b, b'<' | b'>' | b'\'' | b'"' | b' ' | b',');
        for part in value.split_inclusive(parts) {
            // `0;url=/x?token=y`
            let at = part.windows(4).position(|w| w.eq_ignore_ascii_case(b"url=")).map_or(0, |at| at + 4);
            let (before, part) = part.split_at(at.min(part.len()));
            out.extend_from_slice(before);
            let end = part.len() - usize::from(part.last().is_some_and(parts));
            let (part, delimiter) = part.split_at(end);
            address(part, text, out);
            out.extend_from_slice(delimiter);
        }
    } else if !text.scrub(value, out) {
        out.extend_from_slice(value);
    }
}

fn is_secret(name: &str, class: NameClass) -> bool {
    if HARMLESS.contains(&name) {
        return class == NameClass::Secret;
    }
    class == NameClass::Secret || SECRET.contains(&name) || is_secret_by_ending(name)
}

fn is_secret_by_ending(name: &str) -> bool {
    ["-token", "-key", "-secret", "-cert", "-hmac"].iter().any(|end| name.ends_with(end))
        || ["-signature", "-jwt-", "-hmac-"].iter().any(|part| name.contains(part))
}

/// True for the name of a secret header where it is not known to be one of a header: a key, a name in a text.
pub(super) fn is_secret_name(name: &[u8]) -> bool {
    const LONGEST_NAME: usize = 64;
    let first = name.first().map(u8::to_ascii_lowercase);
    // All but a few names are done with here.
    if !matches!(first, Some(b'd' | b'x' | b's' | b'c')) || name.len() > LONGEST_NAME {
        return false;
    }
    let Ok(name) = str::from_utf8(name) else { return false };
    let name = normal(name);
    SECRET.contains(&name.as_ref())
        || (name.starts_with("x-") && !HARMLESS.contains(&name.as_ref()) && is_secret_by_ending(&name))
}

fn address(value: &[u8], text: Text<'_>, out: &mut Vec<u8>) {
    if text.cut {
        // Half a URL: the rules of running text know where to stop.
        if !text.scrub(value, out) {
            out.extend_from_slice(value);
        }
    } else if !url::redact(value, text, out) {
        out.extend_from_slice(value);
    }
}

/// Scheme only (RFC 9110 section 11.6.2).
fn authorization(value: &[u8], out: &mut Vec<u8>) {
    let end = value.iter().position(|&b| b == b' ' || b == b'\t').unwrap_or(0);
    let scheme = value.get(..end).unwrap_or_default();
    if is_scheme(scheme) {
        out.extend_from_slice(scheme);
        out.push(b' ');
    }
    out.extend_from_slice(MASK);
}

/// Names only (RFC 6265 section 4.2).
fn cookie(value: &[u8], out: &mut Vec<u8>) {
    for (i, pair) in value.split(|&b| b == b';').enumerate() {
        if i > 0 {
            out.push(b';');
        }
        crumb(pair, out);
    }
}

fn crumb(pair: &[u8], out: &mut Vec<u8>) {
    match pair.iter().position(|&b| b == b'=') {
        Some(at) => {
            out.extend_from_slice(pair.get(..=at).unwrap_or_default());
            out.extend_from_slice(MASK);
        }
        // A lone word may be a name as well as a value.
        None if !pair.trim_ascii().is_empty() => {
            if pair.first() == Some(&b' ') {
                out.push(b' ');
            }
            out.extend_from_slice(MASK);
        }
        None => out.extend_from_slice(pair),
    }
}

/// Name and attributes (RFC 6265 section 4.1).
fn set_cookie(value: &[u8], out: &mut Vec<u8>) {
    const ATTRIBUTES: [&str; 9] =
        ["path", "domain", "expires", "max-age", "httponly", "secure", "samesite", "partitioned", "priority"];
    for (i, part) in value.split(|&b| b == b';').enumerate() {
        if i > 0 {
            out.push(b';');
        }
        let name = part.split(|&b| b == b'=').next().unwrap_or_default().trim_ascii();
        if i > 0 && ATTRIBUTES.iter().any(|a| name.eq_ignore_ascii_case(a.as_bytes())) {
            out.extend_from_slice(part);
        } else {
            crumb(part, out);
        }
    }
}
