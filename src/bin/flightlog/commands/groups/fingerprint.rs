//! What makes two failures one: the message counts without what differs from case to case.

use std::borrow::Cow;

use memchr::memchr;

use super::said::Said;
use crate::{entry::Entry, term::cut};

/// All that counts, a zero byte behind each part.
pub(super) fn key(key: &mut Vec<u8>, entry: &Entry<'_>, said: &Said<'_>, message: &str) {
    key.clear();
    let mut take = |text: &[u8]| {
        key.extend_from_slice(text);
        key.push(0);
    };
    take(entry.method);
    take(entry.endpoint);
    let digits =
        [entry.status / 100, entry.status / 10 % 10, entry.status % 10].map(|digit| b'0' + digit as u8);
    take(if entry.status < 100 { b"0" } else { &digits });
    take(entry.outcome);
    take(said.error_type.as_bytes());
    take(message.as_bytes());
}

/// Its FNV-1a.
pub(super) fn of(key: &[u8]) -> u64 {
    key.iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A message without numbers, ids, and what stands in quotes; its first line.
pub(super) fn normalise(message: &str, text: &mut String) {
    text.clear();
    let line = match memchr(b'\n', message.as_bytes()).and_then(|end| message.get(..end)) {
        Some(line) => line.strip_suffix('\r').unwrap_or(line),
        None => message,
    };
    let short = if line.len() <= 300 { Cow::Borrowed(line) } else { Cow::Owned(cut(line, 300)) };
    let piece = |from: usize, to: usize| short.get(from..to).unwrap_or_default();
    // What stays as it is is copied in one piece, from `kept` on.
    let (mut kept, mut at) = (0, 0);
    while at < short.len() {
        let (length, has_digit) = word(piece(at, short.len()));
        let end = at + length;
        if has_digit {
            text.push_str(piece(kept, at));
            text.push('#');
            kept = end;
        }
        let Some(c) = piece(end, short.len()).chars().next() else { break };
        at = end + c.len_utf8();
        if matches!(c, '"' | '`') {
            text.push_str(piece(kept, at));
            kept = short.len();
            if let Some(length) = piece(at, kept).find(c) {
                text.push('…');
                kept = at + length;
            }
            at = kept + 1;
        }
    }
    text.push_str(piece(kept, short.len()));
    text.truncate(text.trim_end().len());
}

/// How long the word is that a text begins with, and whether it has digits.
fn word(text: &str) -> (usize, bool) {
    let mut has_digit = false;
    let ends = text.bytes().position(|byte| {
        let kind = KINDS.get(usize::from(byte)).copied().unwrap_or_default();
        has_digit |= kind == DIGIT;
        kind < LETTER
    });
    match ends {
        None => (text.len(), has_digit),
        Some(at) if text.as_bytes().get(at).is_some_and(u8::is_ascii) => (at, has_digit),
        // Letters of other alphabets.
        Some(_) => {
            let is_end = |c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_');
            let word = text.find(is_end).and_then(|end| text.get(..end)).unwrap_or(text);
            (word.len(), word.bytes().any(|byte| byte.is_ascii_digit()))
        }
    }
}

const LETTER: u8 = 1;
const DIGIT: u8 = 2;

/// What each byte is in a word: a digit, anything else of one, or its end.
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let (mut rest, mut byte) = (kinds.as_mut_slice(), 0_u8);
    while let Some((kind, tail)) = rest.split_first_mut() {
        if byte.is_ascii_digit() {
            *kind = DIGIT;
        } else if byte.is_ascii_alphabetic() || byte == b'-' || byte == b'_' {
            *kind = LETTER;
        }
        rest = tail;
        byte = byte.wrapping_add(1);
    }
    kinds
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same by the rule, slowly.
    fn by_rule(message: &str) -> String {
        let (mut text, mut word, mut quote) = (String::new(), String::new(), None);
        let push_word = |text: &mut String, word: &mut String| {
            let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
            text.push_str(if has_digit { "#" } else { word });
            word.clear();
        };
        for c in cut(message.lines().next().unwrap_or_default(), 300).chars() {
            if let Some(open) = quote {
                if c == open {
                    quote = None;
                    text.extend(['…', c]);
                }
            } else if c.is_ascii_alphanumeric() || "-_".contains(c) || (!c.is_ascii() && c.is_alphanumeric())
            {
                word.push(c);
            } else {
                push_word(&mut text, &mut word);
                text.push(c);
                quote = matches!(c, '"' | '`').then_some(c);
            }
        }
        push_word(&mut text, &mut word);
        text.trim_end().to_owned()
    }

    proptest! {
        #[test]
        fn what_stays_is_copied_in_pieces(
            message in prop_oneof![any::<String>(), r#"[a-c0-2 `"é٣…\r\n_.-]{0,40}"#, r"[a0é .]{290,310}"],
        ) {
            let mut text = String::new();
            normalise(&message, &mut text);
            prop_assert_eq!(text, by_rule(&message));
        }
    }

    #[test]
    fn messages_are_one_but_for_numbers_ids_and_quotes() {
        for (message, expected) in [
            ("could not place order 4711", "could not place order #"),
            ("no row 0198c0de-0000-7000-8000-000000000001 in `orders`", "no row # in `…`"),
            ("timeout after 1.5s (attempt 3)", "timeout after #.# (attempt #)"),
            (
                "invalid type: string \"a \u{1b}[31m\", expected u32\nmore",
                "invalid type: string \"…\", expected #",
            ),
            ("", ""),
            ("an \"open quote", "an \""),
        ] {
            let mut text = String::from("what was before");
            normalise(message, &mut text);
            assert_eq!(text, expected);
        }
    }
}
