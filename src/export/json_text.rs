//! JSON on one line, written by hand: strings, numbers, and JSON that is already there.
//!
//! Whatever the text, C0, DEL and C1 controls, U+2028, U+2029 and the bidi controls leave escaped only: no client's
//! bytes end a line, drive a terminal or reverse what a reader sees.

use std::time::Duration;

/// Writes a JSON string, quotes included.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escape::<InString>(out, text);
    out.push(b'"');
}

/// Writes JSON that is already valid. Escapes leave its meaning as it is: what has to be escaped stands in a string,
/// and line breaks between tokens are left out.
pub(crate) fn json(out: &mut Vec<u8>, json: &str) {
    escape::<AsJson>(out, json);
}

/// Writes text for a terminal: control characters are escaped as in JSON, all else stands as it is.
pub(crate) fn escape_for_terminal(out: &mut Vec<u8>, text: &str) {
    escape::<OnTerminal>(out, text);
}

/// Writes a whole number.
pub(crate) fn number(out: &mut Vec<u8>, number: u64) {
    if number < 10 {
        return out.push(b'0' + number as u8);
    }
    let mut digits = [0; 20];
    let mut rest = number;
    let mut first = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        first -= 1;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(first..).unwrap_or_default());
}

/// Writes a duration as milliseconds with three decimals.
pub(crate) fn millis(out: &mut Vec<u8>, duration: Duration) {
    let micros = duration.subsec_micros();
    number(out, duration.as_secs().saturating_mul(1000).saturating_add(u64::from(micros / 1000)));
    let fraction = micros % 1000;
    let digit = |of: u32| b'0' + (of % 10) as u8;
    out.extend_from_slice(&[b'.', digit(fraction / 100), digit(fraction / 10), digit(fraction)]);
}

/// Writes a number that has a fraction, the shortest way; `null` where it is not finite.
pub(crate) fn float(out: &mut Vec<u8>, number: f64) {
    // Writing to a buffer cannot fail.
    let _ = serde_json::to_writer(out, &number);
}

/// What becomes of ASCII; what becomes of the rest is the same everywhere.
trait Dialect {
    /// Bytes that have to be escaped, or begin a character that may have to be.
    const SUSPECTS: [bool; 256];

    /// True where a printable ASCII byte may stand as it is.
    fn is_plain(byte: u8) -> bool;

    /// Writes an ASCII byte that may not.
    fn write(out: &mut Vec<u8>, byte: u8);
}

struct InString;

impl Dialect for InString {
    const SUSPECTS: [bool; 256] = suspects(b"\"\\");

    fn is_plain(byte: u8) -> bool {
        byte != b'"' && byte != b'\\'
    }

    fn write(out: &mut Vec<u8>, byte: u8) {
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

    fn write(out: &mut Vec<u8>, byte: u8) {
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

    fn write(out: &mut Vec<u8>, byte: u8) {
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

fn control(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => unit(out, byte.into()),
    }
}

/// Writes a UTF-16 unit as `\uXXXX`.
fn unit(out: &mut Vec<u8>, unit: u16) {
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

fn escape<D: Dialect>(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    // Bytes at the head of `rest` that are known to stand as they are.
    let mut plain = 0;
    while let Some(suspect) = next_suspect::<D>(rest.get(plain..).unwrap_or_default()) {
        plain += suspect;
        let (before, suspect) = rest.split_at_checked(plain).unwrap_or_default();
        match judge(suspect) {
            Verdict::Ascii(byte) => {
                out.extend_from_slice(before);
                D::write(out, byte);
                (rest, plain) = (suspect.get(1..).unwrap_or_default(), 0);
            }
            Verdict::Escape { length, unit: value } => {
                out.extend_from_slice(before);
                unit(out, value);
                (rest, plain) = (suspect.get(length..).unwrap_or_default(), 0);
            }
            Verdict::Innocent => plain += 1,
        }
    }
    out.extend_from_slice(rest);
}

/// Where the first byte is that may have to be escaped.
fn next_suspect<D: Dialect>(bytes: &[u8]) -> Option<usize> {
    let mut at = leading::<D, LONG_BLOCK>(bytes);
    at += leading::<D, BLOCK>(bytes.get(at..)?);
    if bytes.last_chunk::<BLOCK>().is_some_and(|last| bytes.len() - at < BLOCK && is_plain::<D>(last)) {
        return None;
    }
    let suspect = |byte: &u8| D::SUSPECTS.get(usize::from(*byte)).is_none_or(|suspect| *suspect);
    Some(at + bytes.get(at..)?.iter().position(suspect)?)
}

/// How many bytes the leading blocks have that hold nothing but plain printable ASCII.
fn leading<D: Dialect, const SIZE: usize>(bytes: &[u8]) -> usize {
    bytes.chunks_exact(SIZE).take_while(|block| is_plain::<D>(block)).count() * SIZE
}

fn is_plain<D: Dialect>(block: &[u8]) -> bool {
    block.iter().fold(true, |plain, byte| plain & (byte.wrapping_sub(b' ') < 0x5f) & D::is_plain(*byte))
}

enum Verdict {
    Ascii(u8),
    Escape { length: usize, unit: u16 },
    Innocent,
}

/// Looks at the character that a suspect byte begins.
fn judge(bytes: &[u8]) -> Verdict {
    match *bytes {
        // U+0080 to U+009F, the C1 controls.
        [0xc2, low @ 0x80..=0x9f, ..] => Verdict::Escape { length: 2, unit: low.into() },
        // U+061C ARABIC LETTER MARK.
        [0xd8, 0x9c, ..] => Verdict::Escape { length: 2, unit: 0x061c },
        // U+200E and U+200F are marks, U+2028 and U+2029 end lines, U+202A to U+202E embed and override.
        [0xe2, 0x80, low @ (0x8e | 0x8f | 0xa8..=0xae), ..] => {
            Verdict::Escape { length: 3, unit: 0x2000 + u16::from(low & 0x3f) }
        }
        // U+2066 to U+2069 isolate.
        [0xe2, 0x81, low @ 0xa6..=0xa9, ..] => {
            Verdict::Escape { length: 3, unit: 0x2040 + u16::from(low & 0x3f) }
        }
        [byte @ 0..=0x7f, ..] => Verdict::Ascii(byte),
        _ => Verdict::Innocent,
    }
}
