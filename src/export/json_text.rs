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

/// What becomes of ASCII; what becomes of the rest is the same everywhere.
trait Dialect {
    /// Quotes and backslashes come after a backslash.
    const ESCAPES_QUOTES: bool;

    /// Bytes that have to be escaped, or begin a character that may have to be.
    const SUSPECTS: [bool; 256] = suspects(if Self::ESCAPES_QUOTES { b"\"\\" } else { b"" });

    /// Writes a control character.
    fn write(out: &mut Sheet<'_>, byte: u8);
}

struct InString;

impl Dialect for InString {
    const ESCAPES_QUOTES: bool = true;

    fn write(out: &mut Sheet<'_>, byte: u8) {
        control(out, byte);
    }
}

struct AsJson;

impl Dialect for AsJson {
    const ESCAPES_QUOTES: bool = false;

    fn write(out: &mut Sheet<'_>, byte: u8) {
        // Valid JSON holds C0 controls as white space between tokens only.
        if byte == 0x7f {
            control(out, byte);
        }
    }
}

struct OnTerminal;

impl Dialect for OnTerminal {
    const ESCAPES_QUOTES: bool = false;

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

/// Bytes looked at together where there are few suspects, and where they come in crowds, as quotes do.
const BLOCK: usize = 64;
const WORD: usize = 8;

#[inline(always)]
fn escaped<'a, D: Dialect>(mut out: Sheet<'a>, text: &[u8]) -> Sheet<'a> {
    let mut rest = text;
    loop {
        if !D::ESCAPES_QUOTES {
            let (clean, others) = rest.split_at_checked(leading_clean(rest)).unwrap_or_default();
            out.extend_from_slice(clean);
            rest = others;
        }
        while let Some(word) = rest.first_chunk() {
            let plain = leading_plain::<D>(*word);
            out.put_first(word, plain);
            rest = rest.get(plain..).unwrap_or_default();
            if plain < WORD {
                break;
            }
        }
        if rest.len() < WORD {
            let plain = first_suspect::<D>(rest).unwrap_or(rest.len());
            let (plain, others) = rest.split_at_checked(plain).unwrap_or_default();
            out.extend_from_slice(plain);
            rest = others;
        }
        rest = match rest {
            [] => return out,
            [quote @ (b'"' | b'\\'), after @ ..] if D::ESCAPES_QUOTES => {
                out.put(&[b'\\', *quote]);
                after
            }
            [suspect, after @ ..] => {
                // Whoever takes the sheet's address gets another one: this one stays in registers.
                let mut sheet = take(&mut out);
                let after = write_suspect::<D>(&mut sheet, *suspect, after);
                out = sheet;
                after
            }
        };
    }
}

/// Writes what becomes of a suspect, or its first byte. Gives the rest.
#[inline(never)]
fn write_suspect<'a, D: Dialect>(out: &mut Sheet<'_>, suspect: u8, after: &'a [u8]) -> &'a [u8] {
    match judge(suspect, after) {
        Verdict::Ascii => D::write(out, suspect),
        Verdict::Escape { more, unit: value } => {
            unit(out, value);
            return after.get(more..).unwrap_or_default();
        }
        Verdict::Innocent => out.push(suspect),
    }
    after
}

fn first_suspect<D: Dialect>(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| D::SUSPECTS.get(usize::from(*byte)).is_none_or(|suspect| *suspect))
}

/// How many bytes the leading blocks have in which no byte is a suspect, where quotes are none.
fn leading_clean(bytes: &[u8]) -> usize {
    bytes.chunks_exact(BLOCK).take_while(|block| is_clean(block)).count() * BLOCK
}

fn is_clean(block: &[u8]) -> bool {
    let is_clean = |byte: u8| (byte >= b' ') & (byte != 0x7f) & (byte & 0xdf != 0xc2) & (byte != 0xd8);
    block.iter().fold(true, |clean, byte| clean & is_clean(*byte))
}

/// How many bytes come before the first suspect.
#[inline(always)]
fn leading_plain<D: Dialect>(word: [u8; WORD]) -> usize {
    let text = u64::from_le_bytes(word);
    // What is marked wrongly comes after what is marked rightly.
    let is = |text: u64, byte: u8| {
        let difference = text ^ (ONES * u64::from(byte));
        difference.wrapping_sub(ONES) & !difference
    };
    let mut marks = (text.wrapping_sub(ONES * u64::from(b' ')) | text.wrapping_add(ONES)) & !text;
    if D::ESCAPES_QUOTES {
        marks |= is(text, b'"') | is(text, b'\\');
    }
    if text & HIGH != 0 {
        marks |= is(text & (ONES * 0xdf), 0xc2) | is(text, 0xd8);
    }
    // 64 / 8 where there is none.
    (marks & HIGH).trailing_zeros() as usize / 8
}

const ONES: u64 = u64::from_le_bytes([1; WORD]);
const HIGH: u64 = ONES * 0x80;

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::sheet::text_of, *};

    /// Byte by byte.
    fn slowly<D: Dialect>(text: &str) -> String {
        text_of(|out| {
            let mut rest = text.as_bytes();
            while let [byte, after @ ..] = rest {
                rest = match byte {
                    b'"' | b'\\' if D::ESCAPES_QUOTES => {
                        out.extend_from_slice(&[b'\\', *byte]);
                        after
                    }
                    byte if first_suspect::<D>(&[*byte]).is_some() => write_suspect::<D>(out, *byte, after),
                    byte => {
                        out.push(*byte);
                        after
                    }
                };
            }
        })
    }

    fn fast<D: Dialect>(text: &str) -> String {
        text_of(|out| *out = escaped::<D>(take(out), text.as_bytes()))
    }

    #[test]
    fn each_byte_is_told_wherever_it_stands() {
        let characters =
            ('\0'..='\u{ff}').chain("\u{61c}\u{600}\u{200e}\u{2028}\u{2069}\u{2070}é–한😀".chars());
        for character in characters {
            for at in 0..80 {
                let text = format!("{}{character}{}", "x".repeat(at), "é".repeat(20));
                assert_eq!(fast::<InString>(&text), slowly::<InString>(&text), "{character:?} at {at}");
                assert_eq!(fast::<AsJson>(&text), slowly::<AsJson>(&text), "{character:?} at {at}");
                assert_eq!(fast::<OnTerminal>(&text), slowly::<OnTerminal>(&text), "{character:?} at {at}");
            }
        }
        assert_eq!(fast::<InString>("a\"\\\n\u{85}é"), r#"a\"\\\n\u0085é"#);
        assert_eq!(fast::<AsJson>("[\"\u{7f}\",\n1]"), r#"["\u007f",1]"#);
    }

    proptest! {
        #[test]
        fn what_is_read_fast_is_what_is_read_slowly(
            text in prop_oneof!["\\PC{0,200}", r#"([a-z\x00-\x1f\x7f-\u{a0}"\\é–\u{2026}-\u{2030}\u{61c}]|[a-z ]{20,90}){0,20}"#],
        ) {
            prop_assert_eq!(fast::<InString>(&text), slowly::<InString>(&text));
            prop_assert_eq!(fast::<AsJson>(&text), slowly::<AsJson>(&text));
            prop_assert_eq!(fast::<OnTerminal>(&text), slowly::<OnTerminal>(&text));
        }
    }
}
