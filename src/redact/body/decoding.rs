//! The text of a body, whatever its encoding.

use std::borrow::Cow;

use crate::exchange::{Kept, RawBody};

/// The window as text, and how many bytes of the body it took. None where it is no text at all.
pub(super) fn decode<'a>(body: &RawBody<'a>, window: usize) -> (Option<Cow<'a, str>>, usize) {
    if let Some((width, big)) = wide_encoding(body.bytes, body.content_type()) {
        let bytes = body.bytes.first(window.saturating_mul(width));
        let seen = bytes.len() / width * width;
        let units = bytes.chunks_exact(width).map(|unit| {
            let bytes = unit.iter().map(|b| u32::from(*b));
            if big { bytes.fold(0, |v, b| v << 8 | b) } else { bytes.rev().fold(0, |v, b| v << 8 | b) }
        });
        let text: String = if width == 2 {
            let units = units.map(|unit| u16::try_from(unit).unwrap_or(0xFFFD));
            char::decode_utf16(units).map(|c| c.unwrap_or('\u{FFFD}')).collect()
        } else {
            units.map(|unit| char::from_u32(unit).unwrap_or('\u{FFFD}')).collect()
        };
        return (Some(Cow::Owned(text)), seen);
    }
    let head = body.bytes.first(window);
    let seen = head.len();
    match std::str::from_utf8(head) {
        Ok(text) if !text.starts_with('\0') => (Some(Cow::Borrowed(text)), seen),
        Ok(text) => (readable(text).then_some(Cow::Borrowed(text)), seen),
        // A character cut in two at the end of the window.
        Err(error) if error.error_len().is_none() && (seen < body.bytes.len() || !body.whole) => {
            let text = head.get(..error.valid_up_to()).and_then(|head| std::str::from_utf8(head).ok());
            (text.map(Cow::Borrowed), seen.min(error.valid_up_to().max(1)))
        }
        Err(_) => {
            let text = String::from_utf8_lossy(head);
            (readable(&text).then_some(text), seen)
        }
    }
}

/// False where one character in eight is none.
fn readable(text: &str) -> bool {
    let odd = |c: &char| *c == '\u{FFFD}' || (c.is_ascii_control() && !c.is_ascii_whitespace());
    text.chars().filter(odd).count() * 8 <= text.len()
}

/// Bytes per unit, and whether the highest comes first.
fn wide_encoding(bytes: Kept<'_>, content_type: &str) -> Option<(usize, bool)> {
    match bytes.first(4) {
        [0xFF, 0xFE, 0, 0, ..] | [b'{' | b'[' | b'"', 0, 0, 0, ..] => return Some((4, false)),
        [0, 0, 0xFE, 0xFF, ..] | [0, 0, 0, b'{' | b'[' | b'"', ..] => return Some((4, true)),
        [0xFF, 0xFE, ..] => return Some((2, false)),
        [0xFE, 0xFF, ..] => return Some((2, true)),
        // JSON, XML, a form: two ASCII characters or a line end after the first.
        [a, 0, b, 0, ..] if a.is_ascii() && b.is_ascii() && *a != 0 => return Some((2, false)),
        [0, a, 0, b, ..] if a.is_ascii() && b.is_ascii() && *a != 0 => return Some((2, true)),
        _ => {}
    }
    if !content_type.contains('=') {
        return None;
    }
    let charset = content_type.to_ascii_lowercase();
    let named = charset.contains("utf-16") || charset.contains("ucs-2");
    // The label lies more often than the bytes: UTF-16 of anything Western holds zeros.
    (named && bytes.first(usize::MAX).contains(&0)).then(|| (2, !charset.contains("16le")))
}
