//! Free text: log lines, error messages, broken JSON, GraphQL, anything that is not one of the known formats.
//!
//! Value detectors, URLs, and whatever stands behind a secret name: behind `:` or `=`, as the second of a pair, on a
//! command line. In doubt too much is masked.

mod named;

use std::{borrow::Cow, ops::Range};

use super::before::NAME_REACH;
use super::decisions::Decisions;
use super::json;
use super::lanes::{self, Chunk};
use super::values::{is_literal, value_after};
use super::{MASK, detect, encoded, tags, url, wrapped};

/// How one text is to be read.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) names: &'a Decisions<'a>,
    /// The text goes on where nobody looks: its last token may be half a secret.
    pub(super) cut: bool,
    /// How often something in something else was unwrapped to get here.
    pub(super) depth: u8,
    /// Strict mode: values of parameters and forms are masked but for kept names.
    pub(super) strict: bool,
}

/// What takes the place of a part of the text.
enum With {
    Mask,
    Other(Vec<u8>),
}

/// What one reading remembers.
#[derive(Default)]
struct State<'a> {
    /// A name was seen that makes the next value secret: `name: 'password', value: 'x'`.
    named: bool,
    /// Up to here a URL was looked at.
    url_end: usize,
    /// Up to here an encoded word was looked into.
    word_end: usize,
    closings: tags::Closings<'a>,
    spent: detect::Spent,
}

struct Hit {
    range: Range<usize>,
    with: With,
}

impl Text<'_> {
    /// Appends the text without its secrets and says true; or says false and appends nothing, because there are none.
    #[inline]
    pub(super) fn scrub(self, src: &[u8], out: &mut Vec<u8>) -> bool {
        // Most texts of log entries are that short, and hold nothing.
        if src.len() <= 16 && !self.cut && lanes::marks(Chunk::load(src, 0)) == 0 {
            return false;
        }
        self.scrub_marked(src, out)
    }

    fn scrub_marked(self, src: &[u8], out: &mut Vec<u8>) -> bool {
        let mut hits = false;
        let (mut base, mut at, mut copied) = (0, 0, 0);
        let mut state = State::default();
        while base < src.len() {
            let mut marks = lanes::marks(Chunk::load(src, base));
            while marks != 0 {
                let pos = base + lanes::first(marks);
                marks &= marks - 1;
                if pos < at {
                    continue;
                }
                let Some(hit) = self.look(src, pos, copied, &mut state) else { continue };
                out.extend_from_slice(src.get(copied..hit.range.start).unwrap_or_default());
                match &hit.with {
                    With::Mask => out.extend_from_slice(MASK),
                    With::Other(text) => out.extend_from_slice(text),
                }
                copied = hit.range.end;
                at = copied.max(pos + 1);
                hits = true;
                if at >= base + 16 {
                    break;
                }
            }
            base = at.max(base + 16);
        }
        let kept = if self.cut { last_token(src, copied) } else { src.len() };
        hits |= kept < src.len();
        if hits {
            out.extend_from_slice(src.get(copied..kept).unwrap_or_default());
        }
        hits
    }

    /// As `scrub`, of what a scan of `src` into `out`, which was empty, found to be no JSON.
    pub(super) fn scrub_garbage(self, src: &[u8], out: &mut Vec<u8>) -> bool {
        match json::as_text(src, out, 0) {
            Cow::Borrowed(src) => self.scrub(src, out),
            Cow::Owned(masked) => {
                if !self.scrub(&masked, out) {
                    *out = masked;
                }
                true
            }
        }
    }

    /// As `scrub`, for a part that is whole whatever its text is.
    pub(super) fn scrub_whole(self, src: &[u8], out: &mut Vec<u8>) -> bool {
        Text { cut: false, ..self }.scrub(src, out)
    }

    fn look<'a>(self, src: &'a [u8], pos: usize, floor: usize, state: &mut State<'a>) -> Option<Hit> {
        match src.get(pos)? {
            b':' if pos >= state.url_end && src.get(pos + 1..pos + 3) == Some(b"//") => {
                self.url(src, pos, floor, &mut state.url_end)
            }
            b':' | b'=' => {
                let bot = detect::bot_token(src, pos).filter(|range| range.start >= floor);
                bot.map(mask).or_else(|| self.named(src, pos, floor, &mut state.named))
            }
            b'(' => self.pair(src, pos).or_else(|| {
                wrapped::in_parentheses(src, pos, floor, self.names)
                    .and_then(|range| unless_masked(src, range))
            }),
            b'<' if tags::is_secret(src, pos, self.names) => {
                unless_masked(src, tags::content(src, pos, self.cut, &mut state.closings)?)
            }
            b'%' if pos >= state.word_end && pos >= state.url_end => {
                let word = encoded::word(src, pos, floor.max(state.word_end))?;
                state.word_end = word.end;
                self.encoded(src, word)
            }
            b'-' => self.flag(src, pos),
            _ => {
                let range = detect::secret_at(src, pos, &mut state.spent)?;
                (range.start >= floor && range.start < range.end).then(|| mask(range))
            }
        }
    }

    /// A URL in the text: as the URL rules say.
    fn url(self, src: &[u8], pos: usize, floor: usize, url_end: &mut usize) -> Option<Hit> {
        let scheme = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-');
        let back = src.get(floor..pos)?.iter().rev().take(16).take_while(|b| scheme(**b)).count();
        let start = pos - back;
        let rest = src.get(pos + 3..)?;
        let ends = |b: u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'<' | b'>' | b'`' | b'\\');
        let end = pos + 3 + rest.iter().position(|b| ends(*b)).unwrap_or(rest.len());
        let whole = src.get(start..end)?;
        // A URL in a URL was seen with it.
        *url_end = end;
        let mut with = Vec::new();
        if self.cut && end == src.len() {
            // Half a URL: what follows its last delimiter may be half a secret, and without a slash after the
            // host all of it may be a password.
            let host_end = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#'));
            if host_end.is_none() || rest.contains(&b'@') {
                with.extend_from_slice(src.get(start..pos + 3)?);
                with.extend_from_slice(MASK);
                return Some(Hit { range: start..end, with: With::Other(with) });
            }
            let shown = whole.iter().rposition(|b| matches!(b, b'/' | b'?' | b'&' | b'=' | b';' | b'#'))? + 1;
            let shown = whole.get(..shown)?;
            if !url::redact(shown, self, &mut with) {
                with.extend_from_slice(shown);
            }
            return Some(Hit { range: start..end, with: With::Other(with) });
        }
        url::redact(whole, self, &mut with).then_some(Hit { range: start..end, with: With::Other(with) })
    }

    fn encoded(self, src: &[u8], word: Range<usize>) -> Option<Hit> {
        // Half a word goes with the rest of the last token.
        if self.cut && word.end == src.len() {
            return None;
        }
        let mut with = Vec::new();
        let changed = url::nested(src.get(word.clone())?, self, &mut with);
        changed.then_some(Hit { range: word, with: With::Other(with) })
    }
}

/// Masks the value behind the separator at `pos`.
fn masked(src: &[u8], pos: usize) -> Option<Hit> {
    let value = value_after(src, pos)?;
    let shown = src.get(value.range.clone())?;
    // Already masked, or says nothing.
    if shown.is_empty() || shown == MASK || (!value.quoted && is_literal(shown)) {
        return None;
    }
    Some(Hit { range: value.range, with: With::Mask })
}

fn mask(range: Range<usize>) -> Hit {
    Hit { range, with: With::Mask }
}

/// Masks what was found, unless nothing is left to be masked.
fn unless_masked(src: &[u8], range: Range<usize>) -> Option<Hit> {
    let shown = src.get(range.clone())?;
    (!shown.is_empty() && shown != MASK).then(|| mask(range))
}

fn is_quote(b: u8) -> bool {
    matches!(b, b'"' | b'\'' | b'`')
}

/// A byte of a name that is one word.
fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')
}

/// Where the run of `is` bytes that begins at `from` ends, as far as a name is looked for.
fn run(src: &[u8], from: usize, is: impl Fn(u8) -> bool) -> usize {
    let rest = src.get(from..).unwrap_or_default();
    from + rest.iter().take(NAME_REACH).take_while(|b| is(**b)).count()
}

/// Where the last token begins, which may be half a secret.
fn last_token(src: &[u8], floor: usize) -> usize {
    let tail = src.get(floor..).unwrap_or_default();
    let token = |b: &&u8| {
        !b.is_ascii_whitespace()
            && !matches!(
                b,
                b'"' | b'\'' | b'<' | b'>' | b'{' | b'}' | b'[' | b']' | b'(' | b')' | b',' | 0x80..
            )
    };
    let length = tail.iter().rev().take_while(token).count();
    let mut start = src.len() - length;
    let token = src.get(start..).unwrap_or_default();
    // Groups of a card number.
    if token.iter().all(|b| b.is_ascii_digit() || *b == b'-') {
        let groups = |b: &&u8| b.is_ascii_digit() || matches!(b, b' ' | b'-');
        start -= src.get(floor..start).unwrap_or_default().iter().rev().take(24).take_while(groups).count();
    }
    // `Basic dXN`, `Bearer abc`: too short to be told from prose yet; the token is gone, the scheme may stay.
    start
}
