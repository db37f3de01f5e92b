//! JSON on one line, written by hand: strings, numbers, and JSON that is already there.
//!
//! Whatever the text, C0, DEL and C1 controls, U+2028, U+2029 and the bidi controls leave escaped only: no client's
//! bytes end a line, drive a terminal or reverse what a reader sees.

mod escaped;
mod numbers;
mod plain;

use std::mem::take;

use escaped::{AsJson, InString, OnTerminal, escaped};
pub(crate) use numbers::{float, ipv4, millis, number};

use super::sheet::{Sheet, append};

/// Writes a JSON string, quotes included.
#[inline(always)]
pub(crate) fn string(out: &mut Sheet<'_>, text: &str) {
    out.push(b'"');
    rest_of_string(out, text);
}

/// Writes a JSON string but for its first quote, which is there.
#[inline(always)]
pub(crate) fn rest_of_string(out: &mut Sheet<'_>, text: &str) {
    contents(out, text);
    out.push(b'"');
}

/// Writes what is between the quotes of a JSON string.
#[inline(always)]
pub(crate) fn contents(out: &mut Sheet<'_>, text: &str) {
    *out = with_contents(take(out), text);
}

// A sheet comes and goes in registers, and what is seldom comes last and on its own: so nearly all save none.
fn with_contents<'a>(mut out: Sheet<'a>, text: &str) -> Sheet<'a> {
    let text = text.as_bytes();
    let Some(last) = text.last_chunk() else { return with_short_contents(out, text) };
    let is_written = out.try_fill(text.len(), |place| plain::copy(text, last, place));
    if is_written { out } else { with_escapes(out, text) }
}

#[inline(never)]
fn with_short_contents<'a>(mut out: Sheet<'a>, text: &[u8]) -> Sheet<'a> {
    let is_written = out.try_fill(text.len(), |place| plain::copy_short(text, place));
    if is_written { out } else { with_escapes(out, text) }
}

#[cold]
fn with_escapes<'a>(out: Sheet<'a>, text: &[u8]) -> Sheet<'a> {
    escaped::<InString>(out, text)
}

/// Writes JSON that is already valid. Escapes leave its meaning as it is: what has to be escaped stands in a string,
/// and line breaks between tokens are left out.
pub(crate) fn json(out: &mut Sheet<'_>, json: &str) {
    *out = escaped::<AsJson>(take(out), json.as_bytes());
}

/// Writes text for a terminal: control characters are escaped as in JSON, all else stands as it is.
pub(crate) fn escape_for_terminal(out: &mut Vec<u8>, text: &str) {
    append(out, |out| *out = escaped::<OnTerminal>(take(out), text.as_bytes()));
}
