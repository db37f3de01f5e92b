//! Strings in which nothing is: most of them. Told in one pass, without unescaping and without a copy.

use super::super::decisions::Decisions;
use super::super::{detect, escape, tags, url};

const STOP: u8 = 1;
const DIGIT: u8 = 2;

/// `STOP` for bytes that end a string, or that a secret, its name, or something unfit to be shown may hang on: see
/// `detect::secret_at`.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut b = 0;
    while b < 256 {
        #[allow(clippy::indexing_slicing)] // at compile time
        {
            classes[b] = match b as u8 {
                0..0x20 | b'"' | b'\\' | b':' | b'=' | b'_' | 0x7F.. => STOP,
                b'A' | b'B' | b'J' | b'b' | b'k' | b'x' => STOP,
                b'%' | b'(' | b'<' => STOP,
                b'0'..=b'9' => DIGIT,
                _ => 0,
            };
        }
        b += 1;
    }
    classes
};

#[inline(always)]
fn class(b: u8) -> u8 {
    CLASSES.get(usize::from(b)).copied().unwrap_or(STOP)
}

/// False for most letters that only look as if something hung on them.
#[inline(always)]
fn is_stop(src: &[u8], at: usize) -> bool {
    let next = || src.get(at + 1).copied().unwrap_or(0);
    let after = || src.get(at + 2).copied().unwrap_or(0) | 0x20;
    match src.get(at) {
        Some(b'k') => next() == b'-',
        Some(b'x') => next() == b'o',
        Some(b'A') => matches!(next(), b'K' | b'S' | b'I'),
        // `Bearer`, `BEGIN`, `Basic`
        Some(b'b' | b'B') => match next() | 0x20 {
            b'e' => matches!(after(), b'a' | b'g'),
            b'a' => after() == b's',
            _ => false,
        },
        // An escape of a URL, `Token(\"x\")`, `Token('x')`, a tag.
        Some(b'%') => next().is_ascii_hexdigit() && after().is_ascii_hexdigit(),
        Some(b'(') => matches!(next(), b'\\' | b'\'' | b'b' | b'S' | b' '),
        Some(b'<') => next().is_ascii_alphabetic() || next() >= 0x80,
        Some(b'J') => src.get(..at).and_then(<[u8]>::last) == Some(&b'y'),
        _ => true,
    }
}

/// The first stop from `from` on. Adds the classes of what comes before it to `seen`.
#[inline(always)]
fn next_stop(src: &[u8], from: usize, seen: &mut u8) -> usize {
    let (eights, rest) = src.get(from..).unwrap_or_default().as_chunks::<8>();
    let mut at = from;
    for eight in eights {
        // One branch for all.
        let classes = eight.iter().fold(0, |any, b| any | class(*b));
        *seen |= classes;
        if classes & STOP == 0 {
            at += 8;
            continue;
        }
        for b in eight {
            if class(*b) & STOP != 0 && is_stop(src, at) {
                return at;
            }
            at += 1;
        }
    }
    for b in rest {
        *seen |= class(*b);
        if class(*b) & STOP != 0 && is_stop(src, at) {
            return at;
        }
        at += 1;
    }
    at
}

/// A string that is read, from one escape to the next: each stretch is text of its own.
struct Stretch<'a> {
    src: &'a [u8],
    names: &'a Decisions<'a>,
    /// Where the string begins.
    string: usize,
    /// Where the stretch begins.
    start: usize,
    spent: detect::Spent,
    /// Classes seen.
    seen: u8,
}

/// Where the string that begins at `start`, behind its quote, ends. None where its end was not found, or where
/// something in it calls for a closer look.
#[inline(always)]
pub(super) fn end(src: &[u8], start: usize, names: &Decisions<'_>) -> Option<usize> {
    let mut seen = 0;
    let at = next_stop(src, start, &mut seen);
    if src.get(at) != Some(&b'"') {
        return end_after(src, start, at, names);
    }
    (at - start < 13 || seen & DIGIT == 0 || !detect::holds_card(src.get(start..at)?)).then_some(at)
}

/// As `end`, for a string whose first stop is at `at`.
#[inline(never)]
fn end_after(src: &[u8], start: usize, mut at: usize, names: &Decisions<'_>) -> Option<usize> {
    let mut stretch =
        Stretch { src, names, string: start, start, spent: detect::Spent::default(), seen: DIGIT };
    loop {
        match src.get(at)? {
            b'"' => {
                return stretch.holds_no_card(at).then_some(at);
            }
            b'\\' => at = stretch.past_escape(at)?,
            _ if stretch.is_harmless(at) => at += 1,
            _ => return None,
        }
        at = next_stop(src, at, &mut stretch.seen);
    }
}

impl Stretch<'_> {
    fn holds_no_card(&self, end: usize) -> bool {
        let content = self.src.get(self.start..end).unwrap_or_default();
        content.len() < 13 || self.seen & DIGIT == 0 || !detect::holds_card(content)
    }

    /// Just past an escape that changes nothing in what detectors and readers make of the text around it.
    fn past_escape(&mut self, at: usize) -> Option<usize> {
        let content = self.src.get(self.start..at)?;
        // JSON in a string begins so.
        let first = self.src.get(self.string)?;
        let escape = match self.src.get(at + 1)? {
            b'n' | b'r' | b'"' | b'\\' => true,
            // `Bearer\tx`
            b't' => content.last().is_none_or(|b| !matches!(b | 0x20, b'r' | b'c' | b' ' | b'+' | b'=')),
            _ => false,
        };
        let plain = escape && !matches!(first, b'{' | b'[' | b'\\' | b' ') && self.holds_no_card(at);
        if !plain {
            return None;
        }
        self.start = at + 2;
        self.seen = 0;
        self.spent = detect::Spent::default();
        Some(self.start)
    }

    /// False where the byte at `at` may be part of a secret, name one, or must not be shown as it is.
    fn is_harmless(&mut self, at: usize) -> bool {
        let rest = self.src.get(at..).unwrap_or_default();
        match rest.first() {
            None | Some(0..0x20 | 0x7F | b'=' | b'%') => false,
            Some(b'(') => {
                !matches!(rest, [_, b'\\' | b'\'' | b' ', ..] | [_, b'b', b'\\', ..] | [_, b'S', b'o', ..])
            }
            Some(b'<') => !tags::is_secret(self.src, at, self.names),
            Some(0x80..) => !escape::begins_with_acting(rest),
            Some(b':') => match rest.strip_prefix(b"://") {
                Some(rest) => url::is_harmless(rest, self.names),
                None => self.is_time(at) && detect::bot_token(self.src, at).is_none(),
            },
            // Private keys are looked for to their very end.
            Some(b'B') if rest.starts_with(b"BEGIN ") => false,
            Some(_) => {
                let text = self.src.get(self.start..).unwrap_or_default();
                detect::secret_at(text, at - self.start, &mut self.spent).is_none()
            }
        }
    }

    /// `T10:30`, or a number on its own: no name ends so.
    fn is_time(&self, at: usize) -> bool {
        let head = self.src.get(self.string..at).unwrap_or_default();
        if let [.., a, b'T' | b' ' | b':', b, c] = head
            && [a, b, c].iter().all(|b| b.is_ascii_digit())
            && self.src.get(at + 1).is_some_and(u8::is_ascii_digit)
        {
            return true;
        }
        let digits = head.iter().rev().take(20).take_while(|b| b.is_ascii_digit()).count();
        digits > 0
            && (digits == head.len() || matches!(head.get(head.len() - digits - 1), Some(b' ' | b':' | b'/')))
    }
}
