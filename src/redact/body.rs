//! Bodies: which scanner reads what, how much of it, and where the result is cut.

mod decoding;

use std::borrow::Cow;

use crate::exchange::{BodyText, Media, RawBody, Redacted, ShownBody};

use super::json::{self, Verdict};
use super::text::Text;
use super::{MASK, guess, multipart, url, vouch, xml};
use decoding::decode;

/// How far beyond the wanted text a body is read, so that a word or a token at the cut is seen whole.
const BEYOND: usize = 256;

/// Reads the window of a body that its limit asks for.
pub(super) fn redact<'a>(body: &RawBody<'a>, text: Text<'_>) -> ShownBody<'a> {
    if body.bytes.is_empty() {
        return BodyText::NotKept.into();
    }
    if body.media == Media::Binary {
        return BodyText::Binary.into();
    }
    if body.media == Media::Json
        && body.whole
        && body.bytes.len() <= body.limit
        && let bytes = body.bytes.first(body.limit)
        && is_utf8(bytes)
    {
        // Nearly all bodies: nothing is copied until something must be masked.
        let mut out = Vec::new();
        match json::scan(bytes, rules(text), &mut out).0 {
            Verdict::Same => return ShownBody::vouch(bytes),
            Verdict::Whole if out.len() <= body.limit => return BodyText::Json(vouch(out)).into(),
            _ => {}
        }
    }
    let (decoded, seen) = decode(body, body.limit.saturating_add(BEYOND));
    let cut = !body.whole || seen < body.bytes.len();
    let longer = cut || body.bytes.len() > body.limit;
    let Some(decoded) = decoded else {
        let label = format!("[unscannable {} bytes]", body.bytes.len());
        return BodyText::Text { text: vouch(label.into_bytes()), truncated: longer }.into();
    };
    let src = decoded.trim_start_matches('\u{FEFF}');
    let text = Text { cut, ..text };
    let mut out = Vec::with_capacity(src.len().min(body.limit) + 32);
    let inlinable = by_media(src.as_bytes(), body, text, &mut out);
    if inlinable && !longer && out.len() <= body.limit {
        return BodyText::Json(vouch(out)).into();
    }
    let truncated = longer || out.len() > body.limit;
    cut_to(&mut out, body.limit);
    let text = match src.get(..out.len()) {
        // Nothing had to go: to compare is cheaper than to find out once more that it is UTF-8.
        Some(head) if head.as_bytes() == out => Redacted::vouch(head),
        _ => vouch(out),
    };
    BodyText::Text { text, truncated }.into()
}

/// As many bytes as `is_ascii` looks at together; what is left it reads one by one.
const STRIDE: usize = 64;

fn is_utf8(bytes: &[u8]) -> bool {
    let is_ascii = match (bytes.get(..bytes.len() / STRIDE * STRIDE), bytes.last_chunk::<STRIDE>()) {
        (Some(head), Some(tail)) => head.is_ascii() && tail.is_ascii(),
        _ => bytes.is_ascii(),
    };
    is_ascii || str::from_utf8(bytes).is_ok()
}

/// Cuts at a character; what is left holds no secret, wherever it is cut.
fn cut_to(out: &mut Vec<u8>, limit: usize) {
    let mut end = limit.min(out.len());
    while end > 0 && out.get(end).is_some_and(|b| b & 0xC0 == 0x80) {
        end -= 1;
    }
    out.truncate(end);
}

/// True where `out` is one whole JSON document.
fn by_media(src: &[u8], body: &RawBody<'_>, text: Text<'_>, out: &mut Vec<u8>) -> bool {
    let first = src.trim_ascii_start().first().copied();
    let jsonish = matches!(first, Some(b'{' | b'[' | b'"'));
    match body.media {
        Media::Multipart => {
            parts(src, body, body.content_type(), text, out);
            false
        }
        _ if guess::is_multipart(src) => {
            parts(src.trim_ascii_start(), body, "", text, out);
            false
        }
        Media::EventStream => {
            events(src, text, out);
            false
        }
        Media::Json | Media::JsonLines => document(src, body.media == Media::JsonLines, text, out),
        // Content types lie: what looks like JSON is read as JSON.
        _ if jsonish => document(src, false, text, out) && body.media != Media::Form,
        Media::Form => {
            form(src, text, out);
            false
        }
        _ if first == Some(b'<') => {
            let show = |part: &[u8], cut: bool, out: &mut Vec<u8>| fragment(part, Text { cut, ..text }, out);
            xml::redact(src, text, &show, out);
            false
        }
        _ => {
            unlabelled(src, text, out);
            false
        }
    }
}

fn parts(src: &[u8], body: &RawBody<'_>, content_type: &str, text: Text<'_>, out: &mut Vec<u8>) {
    let value = |value: &[u8], cut: bool, out: &mut Vec<u8>| fragment(value, Text { cut, ..text }, out);
    if !multipart::redact(src, content_type, text, &value, out) {
        out.clear();
        out.extend_from_slice(format!("[unscannable {} bytes]", body.bytes.len()).as_bytes());
    }
}

/// JSON, or whatever else stands where JSON was announced.
fn document(src: &[u8], lines: bool, text: Text<'_>, out: &mut Vec<u8>) -> bool {
    let mark = out.len();
    let (verdict, _) = json::scan(src, rules(text), out);
    match verdict {
        Verdict::Same => {
            out.extend_from_slice(src);
            return true;
        }
        Verdict::Whole => return true,
        Verdict::Part => return false,
        Verdict::Garbage => {}
    }
    let src = &*json::as_text(src, out, mark);
    if lines && src.contains(&b'\n') {
        let mut rest = src;
        while !rest.is_empty() {
            let end = rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |at| at + 1);
            let (line, tail) = rest.split_at(end);
            document(line, false, Text { cut: text.cut && tail.is_empty(), ..text }, out);
            if out.last() != Some(&b'\n') && !tail.is_empty() {
                out.push(b'\n');
            }
            rest = tail;
        }
        return false;
    }
    if src.trim_ascii_start().first() == Some(&b'<') {
        let show = |part: &[u8], cut: bool, out: &mut Vec<u8>| fragment(part, Text { cut, ..text }, out);
        xml::redact(src, text, &show, out);
        return false;
    }
    unlabelled(src, text, out);
    false
}

/// Text of which nobody says what it is.
fn unlabelled(src: &[u8], text: Text<'_>, out: &mut Vec<u8>) {
    // In strict mode names that may be none are not shown.
    if text.strict || !guess::is_form(src) {
        return loose(src, text, out);
    }
    let mut fields = Vec::new();
    form(src, text, &mut fields);
    // It may be no form after all.
    loose(&fields, Text { cut: false, ..text }, out);
}

fn rules(text: Text<'_>) -> json::Rules<'_> {
    json::Rules { names: text.names, strict: text.strict, cut: text.cut, depth: text.depth }
}

/// Text that is in no known format.
fn loose(src: &[u8], text: Text<'_>, out: &mut Vec<u8>) {
    if text.strict {
        let label = if text.cut { "[string]".to_owned() } else { format!("[string {}]", chars(src)) };
        out.extend_from_slice(label.as_bytes());
    } else if !text.scrub(src, out) {
        out.extend_from_slice(src);
    }
}

fn chars(src: &[u8]) -> usize {
    src.iter().filter(|b| **b & 0xC0 != 0x80).count()
}

/// A value of a form, an element, a line: JSON or text.
fn fragment(src: &[u8], text: Text<'_>, out: &mut Vec<u8>) {
    if !matches!(src.trim_ascii_start().first(), Some(b'{' | b'[' | b'"')) {
        return loose(src, text, out);
    }
    let mark = out.len();
    match json::scan(src, rules(text), out).0 {
        Verdict::Same => out.extend_from_slice(src),
        Verdict::Whole | Verdict::Part => {}
        Verdict::Garbage => loose(&json::as_text(src, out, mark), text, out),
    }
}

/// A message of the program: as text, but never told by its length. False where nothing had to be masked.
pub(super) fn message(src: &[u8], text: Text<'_>, out: &mut Vec<u8>) -> bool {
    if !matches!(src.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return text.scrub(src, out);
    }
    let rules = json::Rules { strict: false, ..rules(text) };
    match json::scan(src, rules, out) {
        (Verdict::Garbage, _) => text.scrub_garbage(src, out),
        (verdict, masked) => masked || verdict == Verdict::Part,
    }
}

/// `application/x-www-form-urlencoded`. Bytes stay as they were sent but for what is masked.
fn form(src: &[u8], text: Text<'_>, out: &mut Vec<u8>) {
    let fields = if text.cut { whole_fields(src) } else { src };
    url::params(fields, text, out);
    if fields.len() < src.len() {
        // The field at the cut: its name may show, its value is not known to its end.
        let field = src.get(fields.len()..).unwrap_or_default();
        let name = field.iter().position(|&b| b == b'=').map_or(0, |at| at + 1);
        out.extend_from_slice(field.get(..name).unwrap_or_default());
        let named = url::decode_name(field.get(..name.saturating_sub(1)).unwrap_or_default());
        if text.strict || text.names.is_secret(&named) || url::is_secret_param(&named) {
            out.extend_from_slice(MASK);
        } else {
            loose(field.get(name..).unwrap_or_default(), text, out);
        }
    }
}

fn whole_fields(src: &[u8]) -> &[u8] {
    let end = src.iter().rposition(|&b| b == b'&').map_or(0, |at| at + 1);
    src.get(..end).unwrap_or_default()
}

/// `text/event-stream`: the data lines of one event are read as one document.
fn events(src: &[u8], text: Text<'_>, out: &mut Vec<u8>) {
    let src = with_plain_line_ends(src);
    let mut data: Vec<u8> = Vec::new();
    let mut rest = src.as_ref();
    while !rest.is_empty() {
        let end = rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, tail) = rest.split_at(end);
        rest = tail;
        let text = Text { cut: text.cut && tail.is_empty(), ..text };
        let plain = line.strip_suffix(b"\n").unwrap_or(line);
        if let Some(value) = plain.strip_prefix(b"data:") {
            data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
            if tail.starts_with(b"data:") {
                data.push(b'\n');
                continue;
            }
            let mut shown = Vec::new();
            document(&std::mem::take(&mut data), false, text, &mut shown);
            for (nth, line) in shown.split(|&b| b == b'\n').enumerate() {
                out.extend_from_slice(if nth == 0 { b"data: " } else { b"\ndata: " });
                out.extend_from_slice(line);
            }
        } else if !text.scrub(plain, out) {
            out.extend_from_slice(plain);
        }
        if line.ends_with(b"\n") {
            out.push(b'\n');
        }
    }
}

/// Lines of an event stream end with CRLF, LF or CR.
fn with_plain_line_ends(src: &[u8]) -> Cow<'_, [u8]> {
    if !src.contains(&b'\r') {
        return Cow::Borrowed(src);
    }
    let mut plain = Vec::with_capacity(src.len());
    for (i, &b) in src.iter().enumerate() {
        match b {
            b'\r' if src.get(i + 1) == Some(&b'\n') => {}
            b'\r' => plain.push(b'\n'),
            _ => plain.push(b),
        }
    }
    Cow::Owned(plain)
}
