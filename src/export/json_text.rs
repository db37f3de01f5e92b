//! JSON on one line, written by hand: strings, numbers, and JSON that is already there.
//!
//! Whatever the text, C0, DEL and C1 controls, U+2028, U+2029 and the bidi controls leave escaped only: no client's
//! bytes end a line, drive a terminal or reverse what a reader sees.

mod numbers;
mod plain;

use std::mem::take;

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
fn with_escapes<'a>(mut out: Sheet<'a>, text: &[u8]) -> Sheet<'a> {
    escape::<InString>(&mut out, text);
    out
}

/// Writes JSON that is already valid. Escapes leave its meaning as it is: what has to be escaped stands in a string,
/// and line breaks between tokens are left out.
pub(crate) fn json(out: &mut Sheet<'_>, json: &str) {
    escape::<AsJson>(out, json.as_bytes());
}

/// Writes text for a terminal: control characters are escaped as in JSON, all else stands as it is.
pub(crate) fn escape_for_terminal(out: &mut Vec<u8>, text: &str) {
    append(out, |out| escape::<OnTerminal>(out, text.as_bytes()));
}

/// What becomes of ASCII; what becomes of the rest is the same everywhere.
trait Dialect {
    /// Bytes that have to be escaped, or begin a character that may have to be.
    const SUSPECTS: [bool; 256];

    /// True where a printable ASCII byte may stand as it is.
    fn is_plain(byte: u8) -> bool;

    /// Writes an ASCII byte that may not.
    fn write(out: &mut Sheet<'_>, byte: u8);
}

struct InString;

impl Dialect for InString {
    const SUSPECTS: [bool; 256] = suspects(b"\"\\");

    fn is_plain(byte: u8) -> bool {
        byte != b'"' && byte != b'\\'
    }

    fn write(out: &mut Sheet<'_>, byte: u8) {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            _ => control(out, byte),
        }
    }
}

struct AsJson;

impl Dialect for AsJson {
    const SUSPECTS: [bool; 256] = suspects(b"");

    fn is_plain(_: u8) -> bool {
        true
    }

    fn write(out: &mut Sheet<'_>, byte: u8) {
        // Valid JSON holds C0 controls as white space between tokens only.
        if byte == 0x7f {
            control(out, byte);
        }
    }
}

struct OnTerminal;

impl Dialect for OnTerminal {
    const SUSPECTS: [bool; 256] = suspects(b"");

    fn is_plain(_: u8) -> bool {
        true
    }

    fn write(out: &mut Sheet<'_>, byte: u8) {
        control(out, byte);
    }
}

/// Controls, the bytes that begin dangerous characters, and some of a dialect's own.
const fn suspects(own: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut rest: &mut [bool] = &mut table;
    let mut byte = 0;
    while let [suspect, tail @ ..] = rest {
        *suspect = byte < b' ' || matches!(byte, 0x7f | 0xc2 | 0xd8 | 0xe2) || is_among(byte, own);
        byte = byte.wrapping_add(1);
        rest = tail;
    }
    table
}

const fn is_among(byte: u8, mut bytes: &[u8]) -> bool {
    while let [first, tail @ ..] = bytes {
        if *first == byte {
            return true;
        }
        bytes = tail;
    }
    false
}

fn control(out: &mut Sheet<'_>, byte: u8) {
    match byte {
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => unit(out, byte.into()),
    }
}

/// Writes a UTF-16 unit as `\uXXXX`.
fn unit(out: &mut Sheet<'_>, unit: u16) {
    let digit = |shift: u16| {
        let nibble = (unit >> shift & 15) as u8;
        if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
    };
    out.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
}

/// Bytes looked at together. Most texts are printable ASCII: that much is asked of a block at once.
const BLOCK: usize = 16;

/// The same for bodies, which are long.
const LONG_BLOCK: usize = 64;

fn escape<D: Dialect>(out: &mut Sheet<'_>, text: &[u8]) {
    let mut rest = text;
    while let Some(plain) = next_suspect::<D>(rest) {
        rest = write_up_to::<D>(out, rest, plain);
        // Quotes come in crowds.
        while let Some((block, after)) = rest.split_first_chunk()
            && is_printable(block)
            && !is_plain::<D>(block)
        {
            with_backslashes::<D>(out, block);
            rest = after;
        }
    }
    out.extend_from_slice(rest);
}

/// Writes printable ASCII. Every byte comes after a backslash, which is overwritten where none is wanted.
fn with_backslashes<D: Dialect>(out: &mut Sheet<'_>, block: &[u8; BLOCK]) {
    const ROOM: usize = 2 * BLOCK;
    let mut text = [0; ROOM];
    let mut length = 0;
    for byte in block {
        for (byte, stays) in [(b'\\', !D::is_plain(*byte)), (*byte, true)] {
            if let Some(place) = text.get_mut(length % ROOM) {
                *place = byte;
            }
            length += usize::from(stays);
        }
    }
    out.extend_from_slice(text.get(..length).unwrap_or_default());
}

/// Writes plain bytes and the suspect after them. Gives the rest.
fn write_up_to<'a, D: Dialect>(out: &mut Sheet<'_>, bytes: &'a [u8], plain: usize) -> &'a [u8] {
    let (before, suspect) = bytes.split_at_checked(plain).unwrap_or_default();
    out.extend_from_slice(before);
    let [first, after @ ..] = suspect else { return suspect };
    match judge(*first, after) {
        Verdict::Ascii => D::write(out, *first),
        Verdict::Escape { more, unit: value } => {
            unit(out, value);
            return after.get(more..).unwrap_or_default();
        }
        Verdict::Innocent => out.push(*first),
    }
    after
}

/// Where the first byte is that may have to be escaped.
fn next_suspect<D: Dialect>(bytes: &[u8]) -> Option<usize> {
    let mut at = leading::<D, LONG_BLOCK>(bytes);
    at += leading::<D, BLOCK>(bytes.get(at..)?);
    if bytes.last_chunk::<BLOCK>().is_some_and(|last| bytes.len() - at < BLOCK && is_plain::<D>(last)) {
        return None;
    }
    Some(at + first_suspect::<D>(bytes.get(at..)?)?)
}

fn first_suspect<D: Dialect>(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| D::SUSPECTS.get(usize::from(*byte)).is_none_or(|suspect| *suspect))
}

/// How many bytes the leading blocks have that hold nothing but plain printable ASCII.
fn leading<D: Dialect, const SIZE: usize>(bytes: &[u8]) -> usize {
    bytes.chunks_exact(SIZE).take_while(|block| is_plain::<D>(block)).count() * SIZE
}

fn is_plain<D: Dialect>(block: &[u8]) -> bool {
    is_printable(block) & block.iter().fold(true, |plain, byte| plain & D::is_plain(*byte))
}

fn is_printable(block: &[u8]) -> bool {
    block.iter().fold(true, |printable, byte| printable & (byte.wrapping_sub(b' ') < 0x5f))
}

enum Verdict {
    Ascii,
    Escape { more: usize, unit: u16 },
    Innocent,
}

/// Looks at the character that a suspect byte begins, with the bytes after it.
fn judge(first: u8, after: &[u8]) -> Verdict {
    match (first, after) {
        (0..=0x7f, _) => Verdict::Ascii,
        // U+0080 to U+009F, the C1 controls.
        (0xc2, [low @ 0x80..=0x9f, ..]) => Verdict::Escape { more: 1, unit: (*low).into() },
        // U+061C ARABIC LETTER MARK.
        (0xd8, [0x9c, ..]) => Verdict::Escape { more: 1, unit: 0x061c },
        // U+200E and U+200F are marks, U+2028 and U+2029 end lines, U+202A to U+202E embed and override.
        (0xe2, [0x80, low @ (0x8e | 0x8f | 0xa8..=0xae), ..]) => {
            Verdict::Escape { more: 2, unit: 0x2000 + u16::from(low & 0x3f) }
        }
        // U+2066 to U+2069 isolate.
        (0xe2, [0x81, low @ 0xa6..=0xa9, ..]) => {
            Verdict::Escape { more: 2, unit: 0x2040 + u16::from(low & 0x3f) }
        }
        _ => Verdict::Innocent,
    }
}
