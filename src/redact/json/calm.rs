//! Strings in which nothing is: most of them. Told in one pass, without unescaping and without a copy.
//!
//! `blocks` marks the bytes on which anything may hang. Here is asked what hangs on them: where the answer is not
//! surely "nothing", the detectors read the string.

use super::super::blocks::{self, BEFORE, BLOCK, Marks, Window};
use super::super::decisions::Decisions;
use super::super::{detect, escape, tags, url};

/// No secret that is known by its looks alone is shorter: `eyJabcdefg.`
const SHORTEST_SECRET: usize = 11;
const SHORTEST_CARD: usize = 13;

/// Where the string that begins at `start`, behind its quote, ends. None where its end was not found, or where
/// something in it calls for a closer look.
#[inline(always)]
pub(super) fn end(src: &[u8], start: usize, names: &Decisions<'_>) -> Option<usize> {
    match short(src.get(start..)?) {
        Some(length) => Some(start + length),
        None => end_from(src, start, names),
    }
}

/// How long the string is that `text` begins with, where it is too short for a secret that is known by its looks, and
/// nothing else is in it.
#[inline(always)]
pub(super) fn short(text: &[u8]) -> Option<usize> {
    let length = Marks::of_short(text)?.first();
    (length < SHORTEST_SECRET && text.get(length) == Some(&b'"')).then_some(length)
}

/// As `end`, for a string that is long, or holds bytes that matter.
#[inline(never)]
pub(super) fn end_from(src: &[u8], start: usize, names: &Decisions<'_>) -> Option<usize> {
    let mut stretch =
        Stretch { src, names, string: start, start, spent: detect::Spent::default(), digits: false };
    let mut base = start;
    let mut padded;
    loop {
        let first = base.wrapping_sub(BEFORE);
        let window =
            match src.get(first..first.wrapping_add(size_of::<Window>())).and_then(<[u8]>::first_chunk) {
                Some(window) => window,
                None => {
                    padded = blocks::padded(src, base)?;
                    &padded
                }
            };
        let (marks, digits) = Marks::of(window);
        stretch.digits |= digits;
        let mut matter = marks.bits();
        let mut next = base + BLOCK;
        while matter != 0 {
            let place = matter.trailing_zeros() as usize % BLOCK;
            matter &= matter - 1;
            let at = base + place;
            match window.get(BEFORE + place)? {
                b'"' => return stretch.holds_no_card(at).then_some(at),
                b'\\' => {
                    let past = stretch.past_escape(at)?;
                    // What is escaped may be in the next block.
                    matter &= !(2 << place);
                    next = next.max(past);
                }
                _ if is_calm(window, place) || stretch.is_harmless(at) => {}
                _ => return None,
            }
        }
        base = next;
    }
}

/// True for most bytes that only look as if something hung on them.
#[inline(always)]
fn is_calm(window: &Window, place: usize) -> bool {
    let next = |n: usize| window.get(BEFORE + place + n).copied().unwrap_or(0);
    let before = |n: usize| window.get(BEFORE + place - n).copied().unwrap_or(0);
    match next(0) {
        b'>' | b'?' | b']' | b'^' | b'|' | b'}' | b'~' | b'*' | b'j' => true,
        // `sk-`, `xoxb-`, `xapp-`, and two for `--name` and `-----BEGIN`
        b'-' => before(1) != b'k' && before(4) != b'x' && (next(1) != b'-' || !next(2).is_ascii_alphabetic()),
        // `AKIA`, `ASIA`, `AIza`
        b'I' => !matches!(before(1), b'K' | b'S') && next(1) != b'z',
        b'J' => before(1) != b'y',
        b'_' => !detect::may_end_prefix([before(2), before(1)]),
        // `T10:30`
        b':' => {
            let digit = |b: u8| b.is_ascii_digit();
            matches!(before(3), b'T' | b' ' | b':')
                && digit(before(4)) & digit(before(2)) & digit(before(1)) & digit(next(1))
        }
        // `Bearer`, `Basic`
        b'b' | b'B' => match next(1) | 0x20 {
            b'e' => next(2) | 0x20 != b'a',
            b'a' => next(2) | 0x20 != b's',
            _ => true,
        },
        // An escape of a URL, `Token(\"x\")`, `Token('x')`, a tag.
        b'%' => !next(1).is_ascii_hexdigit() || !next(2).is_ascii_hexdigit(),
        b'(' => !matches!(next(1), b'\\' | b'\'' | b'`' | b'b' | b'S' | b' '),
        b'<' => !next(1).is_ascii_alphabetic() && next(1) < 0x80,
        _ => false,
    }
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
    /// Digits were seen.
    digits: bool,
}

impl Stretch<'_> {
    fn holds_no_card(&self, end: usize) -> bool {
        let content = self.src.get(self.start..end).unwrap_or_default();
        !self.digits || content.len() < SHORTEST_CARD || !detect::holds_card(content)
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
        self.spent = detect::Spent::default();
        Some(self.start)
    }

    /// False where the byte at `at` may be part of a secret, name one, or must not be shown as it is.
    #[inline(never)]
    fn is_harmless(&mut self, at: usize) -> bool {
        let rest = self.src.get(at..).unwrap_or_default();
        match rest.first() {
            None | Some(0..0x20 | 0x7F | b'=' | b'%') => false,
            Some(b'(') => !matches!(
                rest,
                [_, b'\\' | b'\'' | b'`' | b' ', ..] | [_, b'b', b'\\', ..] | [_, b'S', b'o', ..]
            ),
            Some(b'<') => !tags::is_secret(self.src, at, self.names),
            Some(0x80..) => !escape::begins_with_acting(rest),
            Some(b':') => match rest.strip_prefix(b"://") {
                Some(rest) => url::is_harmless(rest, self.names),
                None => self.is_time(at),
            },
            Some(b'-') => !rest.starts_with(b"--") && self.none_at(at, 1) && self.none_at(at, 4),
            Some(b'I') => self.none_at(at, 1) && self.none_at(at, 2),
            Some(_) => self.none_at(at, 0),
        }
    }

    /// True where no secret hangs on the byte `back` bytes before `at`.
    fn none_at(&mut self, at: usize, back: usize) -> bool {
        let text = self.src.get(self.start..).unwrap_or_default();
        let Some(place) = (at - self.start).checked_sub(back) else { return true };
        detect::secret_at(text, place, &mut self.spent).is_none()
    }

    /// A number on its own: no name ends so.
    fn is_time(&self, at: usize) -> bool {
        let head = self.src.get(self.string..at).unwrap_or_default();
        let digits = head.iter().rev().take(20).take_while(|b| b.is_ascii_digit()).count();
        digits > 0
            && (digits == head.len() || matches!(head.get(head.len() - digits - 1), Some(b' ' | b':' | b'/')))
            && detect::bot_token(self.src, at).is_none()
    }
}
