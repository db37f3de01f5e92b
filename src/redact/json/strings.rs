//! Strings that are values: masked, told by their length, or looked into.

use super::super::text::Text;
use super::super::{MASK, escape};
use super::{Chunk, NameClass, Rules, Scan, Stop, Verdict, scan};

/// How often JSON inside a string inside JSON is followed.
const NESTED_STRINGS: u8 = 3;

/// Where a string ends, and whether it has escapes.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    pub(super) end: usize,
    escape: bool,
}

impl Scan<'_, '_> {
    /// A string that is a value but does not just stay as it is. `end` is where its quote is, if it is calm.
    #[inline(never)]
    pub(super) fn other_string(&mut self, end: Option<usize>) -> Result<(), Stop> {
        let start = self.pos + 1;
        match end {
            Some(end) if !self.watched && self.key != NameClass::Secret => {
                self.pos = end + 1;
                self.pair_string(start, end, self.written() - (end + 2 - start));
                Ok(())
            }
            _ => self.any_string(start),
        }
    }

    fn any_string(&mut self, start: usize) -> Result<(), Stop> {
        let written_from = self.written();
        self.pos = start;
        let seen = match self.string_end() {
            Ok(seen) => seen,
            Err(Stop::End) => {
                self.cut_string(start);
                return Err(Stop::End);
            }
            Err(stop) => return Err(stop),
        };
        let src = self.src;
        let content = src.get(start..seen.end).unwrap_or_default();
        self.pos = seen.end + 1;
        if self.is_secret_here() {
            self.replace(start, seen.end, MASK);
        } else if self.told_by_length() {
            let label = length_label(content);
            self.replace(start, seen.end, label.as_bytes());
        } else {
            self.look_into(start, seen);
        }
        self.pair_string(start, seen.end, written_from);
        Ok(())
    }

    fn told_by_length(&self) -> bool {
        self.rules.strict && self.key != NameClass::Kept && self.kept_from == usize::MAX
    }

    /// A string was read that may be the name or the value of a pair.
    fn pair_string(&mut self, start: usize, end: usize, written_from: usize) {
        match self.key {
            NameClass::PairName => self.pair_name_at(start, end),
            NameClass::PairValue => {
                let to = self.written();
                self.pair_value_at(written_from, to);
            }
            _ => {}
        }
    }

    /// The value detectors, and JSON inside the string.
    fn look_into(&mut self, start: usize, seen: Seen) {
        let src = self.src;
        let content = src.get(start..seen.end).unwrap_or_default();
        let mut with = Vec::new();
        let masked = if seen.escape {
            let mut text = Vec::with_capacity(content.len());
            escape::unescape(content, &mut text);
            inner(&text, self.rules, false, &mut with)
        } else {
            let text = Text { names: self.rules.names, cut: false, depth: self.rules.depth, strict: false };
            text.scrub(content, &mut with)
        };
        if masked {
            self.flush(start, seen.end);
            if seen.escape {
                escape::push_escaped(&with, self.out)
            } else {
                escape::push_visible(&with, self.out)
            }
            self.masked = true;
        } else if content.iter().any(|b| *b >= 0x7F) {
            self.flush(start, seen.end);
            escape::push_visible(content, self.out);
        }
    }

    /// The input ends inside the string: no closing quote is written.
    fn cut_string(&mut self, start: usize) {
        let src = self.src;
        let content = src.get(start..).unwrap_or_default();
        self.pos = src.len();
        if self.is_secret_here() {
            self.replace(start, src.len(), MASK);
            return;
        }
        let named = matches!(self.key, NameClass::PairValue);
        if named || self.told_by_length() {
            self.replace(start, src.len(), if named { MASK } else { b"[string]" });
            return;
        }
        let mut text = Vec::with_capacity(content.len());
        escape::unescape(content, &mut text);
        let mut with = Vec::new();
        self.flush(start, src.len());
        let hits = inner(&text, self.rules, true, &mut with);
        escape::push_escaped(if hits { &with } else { &text }, self.out);
        self.masked |= hits;
    }

    /// From inside a string to its closing quote.
    pub(super) fn string_end(&mut self) -> Result<Seen, Stop> {
        let mut escape = false;
        let mut at = self.pos;
        loop {
            let plain = Chunk::load(self.src, at).plain();
            at += plain;
            if plain == 16 {
                continue;
            }
            match self.src.get(at) {
                Some(b'"') => return Ok(Seen { end: at, escape }),
                Some(b'\\') => {
                    escape = true;
                    at += self.escape_length(at)?;
                }
                None => return Err(Stop::End),
                Some(_) => return Err(Stop::Garbage),
            }
        }
    }

    /// How long the escape at `at` is.
    fn escape_length(&mut self, at: usize) -> Result<usize, Stop> {
        match self.src.get(at + 1) {
            None => Err(Stop::End),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
            Some(b'u') => {
                let Some(digits) = self.src.get(at + 2..at + 6) else { return Err(Stop::End) };
                let Some(unit) = escape::hex4(digits) else { return Err(Stop::Garbage) };
                if !(0xD800..=0xDFFF).contains(&unit) {
                    return Ok(6);
                }
                let low =
                    self.src.get(at + 6..at + 12).and_then(|t| t.strip_prefix(b"\\u")).and_then(escape::hex4);
                if unit < 0xDC00 && low.is_some_and(|low| (0xDC00..=0xDFFF).contains(&low)) {
                    return Ok(12);
                }
                self.inlinable = false;
                Ok(6)
            }
            Some(_) => Err(Stop::Garbage),
        }
    }
}

/// What a string says once its escapes are gone: JSON again, or text. Appends and says true where something
/// had to be masked.
fn inner(text: &[u8], rules: Rules<'_>, cut: bool, out: &mut Vec<u8>) -> bool {
    let json = match text.trim_ascii() {
        [b'{' | b'[', ..] => true,
        // An opening quote alone is prose.
        [b'"', .., last] => cut || *last == b'"',
        _ => false,
    };
    let as_text = Text { names: rules.names, cut, depth: 0, strict: false };
    if json && text.contains(&b'"') {
        if rules.depth >= NESTED_STRINGS {
            // Deeper than anybody nests: in doubt nothing of it is shown, where names could hide.
            if text.contains(&b'\\') {
                out.extend_from_slice(format!("[unscannable {} bytes]", text.len()).as_bytes());
                return true;
            }
        }
        let inside = Rules { cut, depth: rules.depth + 1, ..rules };
        let (verdict, masked) = scan(text, inside, out);
        match verdict {
            Verdict::Same => return false,
            Verdict::Whole | Verdict::Part => return masked || cut,
            Verdict::Garbage => return as_text.scrub_garbage(text, out),
        }
    }
    as_text.scrub(text, out)
}

/// `[string 12]`: characters, not bytes.
pub(super) fn length_label(content: &[u8]) -> String {
    let mut text = Vec::new();
    escape::unescape(content, &mut text);
    format!("[string {}]", String::from_utf8_lossy(&text).chars().count())
}
