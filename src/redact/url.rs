//! URLs, whole or in part: userinfo, path, query, fragment. What stays, stays percent-encoded.

mod calm;
mod encoding;
mod plain;

use super::decisions::Decisions;
use super::text::Text;
use super::{MASK, detect};
pub(super) use calm::is_harmless;
pub(super) use encoding::decode_name;
use encoding::{decode, is_encoded};
pub(super) use plain::is_plain;

/// How often percent-encoding inside percent-encoding is followed.
const NESTING: u8 = 3;

/// Appends the URL without its secrets and says true; or appends nothing and says false.
pub(super) fn redact(url: &[u8], text: Text<'_>, out: &mut Vec<u8>) -> bool {
    let mark = out.len();
    let (rest, fragment) = split_at(url, b'#');
    let (rest, query) = split_at(rest, b'?');
    let mut changed = false;
    let path_start = authority(rest, out, &mut changed);
    path(rest.get(path_start..).unwrap_or_default(), text, out, &mut changed);
    if let Some(query) = query {
        out.push(b'?');
        changed |= params(query, text, out);
    }
    if let Some(fragment) = fragment {
        out.push(b'#');
        changed |= params(fragment, text, out);
    }
    if !changed {
        out.truncate(mark);
    }
    changed
}

fn split_at(src: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match src.iter().position(|&b| b == at) {
        Some(i) => (src.get(..i).unwrap_or_default(), src.get(i + 1..)),
        None => (src, None),
    }
}

/// Copies scheme and authority, without userinfo. Says where the path begins.
fn authority(src: &[u8], out: &mut Vec<u8>, changed: &mut bool) -> usize {
    let slashes = detect::find(src.get(..src.len().min(40)).unwrap_or_default(), b"//");
    let scheme = slashes.map_or(&[][..], |at| src.get(..at).unwrap_or_default());
    let start = match slashes {
        Some(at) if scheme.is_empty() || scheme.ends_with(b":") => at + 2,
        // Authority-form, `user:pw@host:443`; a path has no userinfo.
        _ if src.first().is_some_and(|b| *b != b'/') => 0,
        _ => return 0,
    };
    let rest = src.get(start..).unwrap_or_default();
    let host_end = rest.iter().position(|b| *b == b'/' || *b == b'\\').unwrap_or(rest.len());
    // A password of a database URL may hold a slash; a path of a web URL may hold an `@`.
    let web = scheme.is_empty() || scheme.starts_with(b"http") || scheme.starts_with(b"ws");
    let searched = if web { rest.get(..host_end).unwrap_or_default() } else { rest };
    out.extend_from_slice(src.get(..start).unwrap_or_default());
    let Some(at) = searched.iter().rposition(|&b| b == b'@') else { return start };
    if searched.get(..at) == Some(MASK) {
        return start;
    }
    out.extend_from_slice(MASK);
    *changed = true;
    start + at
}

/// Segments: value detectors, bot tokens, parameters after `;`, and what stands behind `reset-password/`.
fn path(src: &[u8], text: Text<'_>, out: &mut Vec<u8>, changed: &mut bool) {
    let mut before: &[u8] = &[];
    for (i, segment) in src.split(|&b| b == b'/').enumerate() {
        if i > 0 {
            out.push(b'/');
        }
        let (plain, matrix) = split_at(segment, b';');
        // A URL within the path may have userinfo: `/fetch/https://user:pw@host/`.
        let plain = match plain.iter().rposition(|&b| b == b'@') {
            Some(at)
                if (i > 1 && before.is_empty())
                    || plain.get(..at).is_some_and(|user| user.contains(&b':')) =>
            {
                out.extend_from_slice(MASK);
                *changed = true;
                plain.get(at..).unwrap_or_default()
            }
            _ => plain,
        };
        match secret_in_segment(before, plain, text) {
            Some(start) => {
                out.extend_from_slice(plain.get(..start).unwrap_or_default());
                out.extend_from_slice(MASK);
                *changed = true;
            }
            None => *changed |= parameter_or_word(plain, text, out),
        }
        if let Some(matrix) = matrix {
            out.push(b';');
            *changed |= params(matrix, text, out);
        }
        before = plain;
    }
}

/// `token=x` as a segment, or one that holds something encoded. True where something was masked.
fn parameter_or_word(segment: &[u8], text: Text<'_>, out: &mut Vec<u8>) -> bool {
    let (name, value) = split_at(segment, b'=');
    let value = match value {
        Some(value) => {
            out.extend_from_slice(name);
            out.push(b'=');
            if !value.is_empty() && value != MASK && text.names.is_secret(&decode_name(name)) {
                out.extend_from_slice(MASK);
                return true;
            }
            value
        }
        None => name,
    };
    if value.contains(&b'%') {
        return nested(value, text, out);
    }
    out.extend_from_slice(value);
    false
}

/// Where the secret in a segment begins.
fn secret_in_segment(before: &[u8], segment: &[u8], text: Text<'_>) -> Option<usize> {
    if segment.len() < 12 {
        return None;
    }
    // Telegram: `/bot123456:AA..`
    if let Some(id) = segment.strip_prefix(b"bot") {
        let digits = id.iter().take_while(|b| b.is_ascii_digit()).count();
        let separated =
            id.get(digits) == Some(&b':') || id.get(digits..).is_some_and(|r| r.starts_with(b"%3"));
        if digits > 0 && separated && id.len() > digits + 10 {
            return Some(3);
        }
    }
    let decoded = decode(segment);
    if detect::holds_secret(&decoded) {
        return Some(0);
    }
    let random = segment.len() >= 16 && segment.iter().any(u8::is_ascii_digit);
    (random && announces_secret(before, text.names)).then_some(0)
}

/// True for the segment before a secret: `/reset/4f0c..`.
fn announces_secret(segment: &[u8], names: &Decisions<'_>) -> bool {
    let leads =
        ["reset", "verify", "confirm", "activate", "invite", "magic", "magic-link", "unsubscribe", "recover"];
    leads.iter().any(|lead| segment.eq_ignore_ascii_case(lead.as_bytes()))
        || (!segment.is_empty() && names.is_secret(segment))
}

/// `name=value` pairs separated by `&` or `;`, of a query, a fragment or a form. Appends always; true where
/// something was masked.
pub(super) fn params(src: &[u8], text: Text<'_>, out: &mut Vec<u8>) -> bool {
    let mut changed = false;
    let mut first = true;
    for group in src.split(|&b| b == b'&') {
        if !std::mem::take(&mut first) {
            out.push(b'&');
        }
        let mut rest = group;
        loop {
            // `;` separates only where another name follows: in `token=a;b` it is part of the secret.
            let end = next_field(rest);
            let (field, tail) = rest.split_at(end);
            changed |= param(field, text, out);
            let Some(tail) = tail.get(1..) else { break };
            out.push(b';');
            rest = tail;
        }
    }
    changed
}

fn next_field(group: &[u8]) -> usize {
    let mut semicolon = None;
    for (i, &b) in group.iter().enumerate() {
        match b {
            b';' => semicolon = Some(i),
            b'=' => {
                if let Some(at) = semicolon {
                    return at;
                }
            }
            _ => {}
        }
    }
    group.len()
}

fn param(field: &[u8], text: Text<'_>, out: &mut Vec<u8>) -> bool {
    let (name, value) = split_at(field, b'=');
    let Some(value) = value else {
        // A bare value: `?eyJ..`
        if detect::holds_secret(&decode(name)) {
            out.extend_from_slice(MASK);
            return true;
        }
        out.extend_from_slice(name);
        return false;
    };
    let decoded = decode_name(name);
    out.extend_from_slice(name);
    out.push(b'=');
    if value.is_empty() || value == MASK {
        out.extend_from_slice(value);
        return false;
    }
    let kept = text.names.class(&decoded) == super::names::NameClass::Kept;
    if !kept && (text.strict || text.names.is_secret(&decoded) || is_secret_param(&decoded)) {
        out.extend_from_slice(MASK);
        return true;
    }
    nested(value, text, out)
}

/// A value that is not secret by name may hold a URL, JSON, a token.
pub(super) fn nested(value: &[u8], text: Text<'_>, out: &mut Vec<u8>) -> bool {
    if value.iter().all(|b| b.is_ascii_lowercase() && *b != b'k' || matches!(b, b'/' | b',' | b'.')) {
        out.extend_from_slice(value);
        return false;
    }
    let decoded = decode(value);
    if text.depth >= NESTING {
        // Deeper than anybody nests; whatever is still wrapped stays out of sight.
        let wrapped = is_encoded(&decoded);
        out.extend_from_slice(if wrapped { MASK } else { value });
        return wrapped;
    }
    let mut scrubbed = Vec::new();
    let inner = Text { depth: text.depth + 1, cut: false, ..text };
    let mut changed = if decoded.starts_with(b"/") {
        redact(&decoded, inner, &mut scrubbed)
    } else {
        inner.scrub(&decoded, &mut scrubbed)
    };
    if !changed && is_encoded(&decoded) {
        scrubbed.clear();
        changed = nested(&decoded, inner, &mut scrubbed);
    }
    if !changed {
        out.extend_from_slice(value);
        return false;
    }
    for &b in &scrubbed {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'[' | b']') {
            out.push(b);
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.push(b'%');
            out.extend([b >> 4, b & 15].iter().filter_map(|n| HEX.get(usize::from(*n))));
        }
    }
    true
}

/// Names that are secrets in a query only.
pub(super) fn is_secret_param(name: &[u8]) -> bool {
    const LONGEST: usize = 20;
    let mut lower = [0; LONGEST];
    lower.iter_mut().zip(name).for_each(|(to, from)| *to = from.to_ascii_lowercase());
    let Some(name) = lower.get(..name.len()) else { return false };
    matches!(
        name,
        b"code"
            | b"state"
            | b"key"
            | b"sig"
            | b"signature"
            | b"jwt"
            | b"password"
            | b"pass"
            | b"ticket"
            | b"hmac"
            | b"x-amz-signature"
            | b"x-amz-credential"
            | b"x-amz-security-token"
            | b"x-goog-signature"
            | b"x-goog-credential"
            | b"awsaccesskeyid"
            | b"googleaccessid"
            | b"oauth_verifier"
            | b"id_token_hint"
            | b"session_state"
            | b"samlresponse"
            | b"samlrequest"
            | b"assertion"
            | b"access"
            | b"verifier"
            | b"skey"
    )
}
