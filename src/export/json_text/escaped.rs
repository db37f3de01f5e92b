//! Texts in which something has to be escaped: what stays is told by blocks, what does not byte by byte.

use std::mem::take;

use super::super::sheet::Sheet;

/// What becomes of ASCII; what becomes of the rest is the same everywhere.
pub(super) trait Dialect {
    /// Quotes and backslashes come after a backslash.
    const ESCAPES_QUOTES: bool;

    /// Bytes that have to be escaped, or begin a character that may have to be.
    const SUSPECTS: [bool; 256] = suspects(if Self::ESCAPES_QUOTES { b"\"\\" } else { b"" });

    /// Writes a control character.
    fn write(out: &mut Sheet<'_>, byte: u8);
}

pub(super) struct InString;

impl Dialect for InString {
    const ESCAPES_QUOTES: bool = true;

    fn write(out: &mut Sheet<'_>, byte: u8) {
        control(out, byte);
    }
}

pub(super) struct AsJson;

impl Dialect for AsJson {
    const ESCAPES_QUOTES: bool = false;

    fn write(out: &mut Sheet<'_>, byte: u8) {
        // Valid JSON holds C0 controls as white space between tokens only.
        if byte == 0x7f {
            control(out, byte);
        }
    }
}

pub(super) struct OnTerminal;

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

/// Bytes looked at together where there are few suspects, and where quotes come in crowds.
const LONG_BLOCK: usize = 64;
const BLOCK: usize = 16;
/// And where a suspect is near.
const WORD: usize = 8;

#[inline(always)]
pub(super) fn escaped<'a, D: Dialect>(mut out: Sheet<'a>, text: &[u8]) -> Sheet<'a> {
    let mut rest = text;
    loop {
        if D::ESCAPES_QUOTES {
            rest = write_quotes(&mut out, rest);
        } else {
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

/// Writes the leading blocks that hold no suspect but quotes and backslashes. Gives the rest.
#[inline(always)]
fn write_quotes<'a>(out: &mut Sheet<'_>, mut rest: &'a [u8]) -> &'a [u8] {
    while let Some(text) = rest.first_chunk::<{ 2 * BLOCK }>()
        && let Some(block) = text.first_chunk()
        && let Some(quotes) = quotes(*block)
    {
        if quotes == [0; 2] {
            out.put(block);
        } else {
            out.put_some(|place| with_backslashes(text, quotes, place));
        }
        rest = rest.get(BLOCK..).unwrap_or_default();
    }
    rest
}

/// Of each byte the lowest bit where it is a quote or a backslash; none where there is any other suspect.
#[inline(always)]
fn quotes(block: [u8; BLOCK]) -> Option<[u64; 2]> {
    let (mut quotes, mut others) = ([0; BLOCK], [0; BLOCK]);
    for ((quote, other), byte) in quotes.iter_mut().zip(&mut others).zip(block) {
        *quote = u8::from((byte == b'"') | (byte == b'\\'));
        *other = u8::from(!is_clean_byte(byte));
    }
    let quotes = u128::from_le_bytes(quotes);
    // The halves.
    (others == [0; BLOCK]).then_some([quotes as u64, (quotes >> 64) as u64])
}

/// Writes a block with a backslash before each quote; gives how many bytes that are. What comes from a quote on is put
/// down as a block, whatever of it will be overwritten.
#[inline(always)]
fn with_backslashes(text: &[u8; 2 * BLOCK], quotes: [u64; 2], place: &mut [u8; 3 * BLOCK]) -> usize {
    if let (Some(block), Some(place)) = (text.first_chunk::<BLOCK>(), place.first_chunk_mut()) {
        *place = *block;
    }
    let mut added = 0;
    for (from, mut quotes) in [0, WORD].into_iter().zip(quotes) {
        while quotes != 0 {
            let at = from + quotes.trailing_zeros() as usize / 8;
            quotes &= quotes - 1;
            // Remainders of what is smaller anyway: so that no bound is asked for.
            let text = text.get(at % BLOCK..).and_then(<[u8]>::first_chunk::<BLOCK>);
            let place = place.get_mut((at + added) % (2 * BLOCK)..).and_then(<[u8]>::first_chunk_mut);
            let place: Option<&mut [u8; BLOCK + 1]> = place;
            if let (Some(text), Some([before, place @ ..])) = (text, place) {
                *before = b'\\';
                *place = *text;
            }
            added += 1;
        }
    }
    BLOCK + added
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

/// How many bytes the leading blocks have in which no byte is a suspect, where quotes stay.
fn leading_clean(bytes: &[u8]) -> usize {
    bytes.chunks_exact(LONG_BLOCK).take_while(|block| is_clean(block)).count() * LONG_BLOCK
}

fn is_clean(block: &[u8]) -> bool {
    block.iter().fold(true, |clean, byte| clean & is_clean_byte(*byte))
}

#[inline(always)]
fn is_clean_byte(byte: u8) -> bool {
    (byte >= b' ') & (byte != 0x7f) & (byte & 0xdf != 0xc2) & (byte != 0xd8)
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

    use super::{super::super::sheet::text_of, *};

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
