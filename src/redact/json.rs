//! JSON, whole or the head of one, in one pass that is not recursive.
//!
//! The scanner copies what it may in long runs, masks the rest, and finds out on the way whether what it read is
//! one whole, valid document. Where the input stops being JSON it gives up, and the caller reads it as text.

use super::lanes::{self, Chunk};
use super::names::{Decisions, NameClass};
use super::text::Text;
use super::{MASK, escape};

/// Documents that deep are still inlined (DESIGN section 2.3); deeper ones are text.
const INLINE_DEPTH: usize = 64;
/// How often JSON inside a string inside JSON is followed.
const NESTED_STRINGS: u8 = 3;
/// Objects open at once whose `value` waits for its `name`.
const PAIRS_OPEN: usize = 64;

/// What the scanner made of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// One whole document that any reader of JSON accepts.
    Whole,
    /// The head of a document, several documents, or one that some readers refuse.
    Part,
    /// Not JSON; what was written is of no use.
    Garbage,
}

/// How to read.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) names: &'a Decisions<'a>,
    /// Strict mode: strings are told by their length.
    pub(super) strict: bool,
    /// The input goes on where nobody looks.
    pub(super) cut: bool,
    /// How many strings this was found in.
    pub(super) depth: u8,
}

/// Appends `src` without its secrets to `out`. `src` is UTF-8.
pub(super) fn scan(src: &[u8], rules: Rules<'_>, out: &mut Vec<u8>) -> (Verdict, bool) {
    let mut scan = Scan {
        src,
        rules,
        out,
        pos: 0,
        copied: 0,
        inlinable: true,
        masked: false,
        depth: 0,
        kinds: 0,
        deeper: Vec::new(),
        secret_from: usize::MAX,
        kept_from: usize::MAX,
        key: NameClass::Plain,
        pairs: Vec::new(),
    };
    let verdict = match scan.documents() {
        Ok(()) if scan.inlinable => Verdict::Whole,
        Ok(()) | Err(Stop::End) => {
            scan.finish_part();
            Verdict::Part
        }
        Err(Stop::Garbage) => Verdict::Garbage,
    };
    (verdict, scan.masked)
}

/// Why a scan ended early.
enum Stop {
    /// The input ended inside a document.
    End,
    Garbage,
}

/// An object that may be an entry of a list of name/value pairs.
struct Pair {
    depth: usize,
    /// What its name says, once seen.
    secret: Option<bool>,
    /// Where its value was written.
    value: Option<(usize, usize)>,
}

struct Scan<'a, 'o> {
    src: &'a [u8],
    rules: Rules<'a>,
    out: &'o mut Vec<u8>,
    pos: usize,
    /// Everything before this was written or left out.
    copied: usize,
    inlinable: bool,
    masked: bool,
    depth: usize,
    /// Kinds of the innermost 64 open containers, innermost lowest; 1 is an object.
    kinds: u64,
    deeper: Vec<u64>,
    /// Leaves at this depth and below are secret.
    secret_from: usize,
    /// Strings at this depth and below are kept, in strict mode.
    kept_from: usize,
    /// What the key of the value to come says.
    key: NameClass,
    pairs: Vec<Pair>,
}

impl Scan<'_, '_> {
    #[inline]
    fn byte(&self) -> Option<u8> {
        self.src.get(self.pos).copied()
    }

    /// Writes what is unwritten before `upto`, and leaves out what stands between it and `next`.
    fn flush(&mut self, upto: usize, next: usize) {
        if let Some(run) = self.src.get(self.copied..upto) {
            self.out.extend_from_slice(run);
        }
        self.copied = next;
    }

    fn replace(&mut self, from: usize, to: usize, with: &[u8]) {
        self.flush(from, to);
        self.out.extend_from_slice(with);
        self.masked = true;
    }

    #[inline]
    fn skip_blanks(&mut self) {
        if self.byte().is_some_and(|b| b <= b' ') {
            self.drop_blanks();
        }
    }

    fn drop_blanks(&mut self) {
        let start = self.pos;
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.pos += 1;
        }
        if self.pos > start {
            self.flush(start, self.pos);
        }
    }

    /// One document, or several one after the other: NDJSON, RFC 7464 sequences.
    fn documents(&mut self) -> Result<(), Stop> {
        let mut count = 0;
        loop {
            self.skip_blanks();
            while self.byte() == Some(0x1E) {
                self.flush(self.pos, self.pos + 1);
                self.pos += 1;
                self.inlinable = false;
                self.skip_blanks();
            }
            if self.byte().is_none() {
                self.flush(self.pos, self.pos);
                return if count == 0 { Err(Stop::End) } else { Ok(()) };
            }
            if count > 0 {
                self.inlinable = false;
                self.flush(self.pos, self.pos);
                self.out.push(b'\n');
            }
            self.document()?;
            count += 1;
        }
    }

    fn document(&mut self) -> Result<(), Stop> {
        self.key = NameClass::Plain;
        self.value()?;
        while self.depth > 0 {
            self.skip_blanks();
            let in_object = self.kinds & 1 == 1;
            match self.byte() {
                Some(b',') => {
                    self.pos += 1;
                    self.skip_blanks();
                    if in_object {
                        self.key()?;
                    } else {
                        self.key = NameClass::Plain;
                    }
                    self.value()?;
                }
                Some(b'}') if in_object => self.close(),
                Some(b']') if !in_object => self.close(),
                None => return Err(Stop::End),
                _ => return Err(Stop::Garbage),
            }
        }
        Ok(())
    }

    /// A value, or the opening of one with its first key and value.
    fn value(&mut self) -> Result<(), Stop> {
        loop {
            let start = self.pos;
            match self.byte() {
                Some(b'"') => return self.string(),
                Some(b'{') => {
                    self.open(1);
                    self.skip_blanks();
                    if self.byte() == Some(b'}') {
                        self.close();
                        return Ok(());
                    }
                    self.key()?;
                }
                Some(b'[') => {
                    self.open(0);
                    self.skip_blanks();
                    if self.byte() == Some(b']') {
                        self.close();
                        return Ok(());
                    }
                    self.key = NameClass::Plain;
                }
                Some(b'-' | b'0'..=b'9') => return self.number(),
                Some(b't') => return self.literal(b"true"),
                Some(b'f') => return self.literal(b"false"),
                Some(b'n') => return self.literal(b"null"),
                None => return Err(Stop::End),
                _ => return Err(Stop::Garbage),
            }
            debug_assert!(self.pos > start);
        }
    }

    fn open(&mut self, kind: u64) {
        if self.key != NameClass::Plain {
            self.open_named();
        }
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.deeper.push(self.kinds);
        }
        self.kinds = self.kinds << 1 | kind;
        self.depth += 1;
        self.inlinable &= self.depth <= INLINE_DEPTH;
        self.pos += 1;
    }

    #[cold]
    fn open_named(&mut self) {
        match self.key {
            NameClass::Secret if self.secret_from > self.depth => self.secret_from = self.depth + 1,
            NameClass::Kept if self.kept_from > self.depth => self.kept_from = self.depth + 1,
            NameClass::PairValue => self.pair_value_begins(),
            _ => {}
        }
    }

    fn close(&mut self) {
        if self.pairs.last().is_some_and(|pair| pair.depth == self.depth) {
            self.close_pair();
        }
        self.pos += 1;
        self.depth -= 1;
        self.kinds >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.kinds = self.deeper.pop().unwrap_or_default();
        }
        if self.secret_from > self.depth {
            self.secret_from = usize::MAX;
        }
        if self.kept_from > self.depth {
            self.kept_from = usize::MAX;
        }
        // A container that was the value of a pair ends here.
        let (depth, end) = (self.depth, self.written());
        if let Some(Pair { depth: at, value: Some((from, to)), .. }) = self.pairs.last_mut()
            && *at == depth
            && *to == usize::MAX
        {
            debug_assert!(*from <= end);
            *to = end;
        }
    }

    /// How long the output would be, were everything before `pos` written.
    fn written(&self) -> usize {
        self.out.len() + self.pos - self.copied
    }

    /// A key and its colon. Leaves what the key says in `self.key`.
    #[inline]
    fn key(&mut self) -> Result<(), Stop> {
        match self.byte() {
            Some(b'"') => self.pos += 1,
            None => return Err(Stop::End),
            _ => return Err(Stop::Garbage),
        }
        let chunk = Chunk::load(self.src, self.pos);
        let length = chunk.plain();
        let end = self.pos + length;
        let name = chunk.head(length & 15);
        if (1..16).contains(&length) && self.src.get(end) == Some(&b'"') && !name.is_wide() {
            let packed = [name.0, 0];
            let name = self.src.get(self.pos..end).unwrap_or_default();
            self.key = self.rules.names.short(packed, name);
            self.pos = end + 1;
        } else {
            self.long_key()?;
        }
        if self.key != NameClass::Plain {
            self.pair_key();
        }
        if self.byte() != Some(b':') {
            self.skip_blanks();
            match self.byte() {
                Some(b':') => {}
                None => return Err(Stop::End),
                _ => return Err(Stop::Garbage),
            }
        }
        self.pos += 1;
        self.skip_blanks();
        Ok(())
    }

    #[inline(never)]
    fn long_key(&mut self) -> Result<(), Stop> {
        let start = self.pos;
        let seen = self.string_end()?;
        let name = self.src.get(start..seen.end).unwrap_or_default();
        self.key = self.rules.names.class(name);
        if self.key == NameClass::Leak {
            self.replace(start, seen.end, MASK);
            self.key = NameClass::Plain;
        } else if seen.wide {
            self.flush(start, seen.end);
            escape::push_visible(name, self.out);
        }
        self.pos = seen.end + 1;
        Ok(())
    }

    /// Keeps account of keys that may belong to a list of name/value pairs.
    fn pair_key(&mut self) {
        match self.key {
            NameClass::Leak => {
                // A short key that is a secret itself.
                let end = self.pos - 1;
                let length =
                    self.src.get(..end).unwrap_or_default().iter().rev().take_while(|b| **b != b'"').count();
                self.replace(end - length, end, MASK);
                self.key = NameClass::Plain;
            }
            NameClass::PairName | NameClass::PairValue => {
                let known = self.pairs.last().is_some_and(|pair| pair.depth == self.depth);
                if !known {
                    if self.pairs.len() >= PAIRS_OPEN {
                        // Nobody nests pairs that deep: no name is waited for.
                        if self.key == NameClass::PairValue {
                            self.key = NameClass::Secret;
                        }
                        return;
                    }
                    self.pairs.push(Pair { depth: self.depth, secret: None, value: None });
                }
                let named = self.pairs.last().is_some_and(|pair| pair.secret == Some(true));
                if self.key == NameClass::PairValue && named {
                    self.key = NameClass::Secret;
                }
            }
            _ => {}
        }
    }

    fn pair_value_begins(&mut self) {
        let at = self.written();
        self.pair_value_at(at, usize::MAX);
    }

    fn pair_value_at(&mut self, from: usize, to: usize) {
        let depth = self.depth;
        if let Some(pair) = self.pairs.last_mut()
            && pair.depth == depth
        {
            // A second value before the name: all from the first one on.
            pair.value = Some((pair.value.map_or(from, |(first, _)| first), to));
        }
    }

    /// The name of a pair was read: `content` stands between its quotes.
    fn pair_name_is(&mut self, content: &[u8]) {
        // JSON Patch: `/user/password`
        let last = content.rsplit(|b| *b == b'/').next().unwrap_or_default();
        let names = self.rules.names;
        let secret = names.value_names_secret(content)
            || (last.len() < content.len() && names.value_names_secret(last));
        let depth = self.depth;
        if let Some(pair) = self.pairs.last_mut()
            && pair.depth == depth
        {
            // `{"key": "db", "name": "password"}`: any of the names may be the one that counts.
            pair.secret = Some(secret || pair.secret == Some(true));
        }
        if secret {
            self.mask_pair();
        }
    }

    /// Masks a value written before its name was known.
    fn mask_pair(&mut self) {
        let Some((from, to)) = self.pairs.last_mut().and_then(|pair| pair.value.take()) else { return };
        self.flush(self.pos, self.pos);
        let to = to.min(self.out.len());
        let shown = self.out.get(from..to).unwrap_or_default();
        let harmless = matches!(shown, b"null" | b"true" | b"false" | b"\"[REDACTED]\"");
        if from < to && !harmless {
            self.out.splice(from..to, *b"\"[REDACTED]\"");
            self.masked = true;
        }
    }

    fn close_pair(&mut self) {
        self.pairs.pop();
    }

    #[inline]
    fn is_secret_here(&self) -> bool {
        self.secret_from != usize::MAX || self.key == NameClass::Secret
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Stop> {
        let rest = self.src.get(self.pos..).unwrap_or_default();
        if rest.starts_with(word) {
            self.pos += word.len();
            return Ok(());
        }
        Err(if word.starts_with(rest) { Stop::End } else { Stop::Garbage })
    }

    fn number(&mut self) -> Result<(), Stop> {
        let start = self.pos;
        let digits = |scan: &mut Self| {
            let from = scan.pos;
            while scan.byte().is_some_and(|b| b.is_ascii_digit()) {
                scan.pos += 1;
            }
            scan.pos - from
        };
        if self.byte() == Some(b'-') {
            self.pos += 1;
        }
        let zero = self.byte() == Some(b'0');
        let whole = digits(self);
        let mut good = whole == 1 || (whole > 1 && !zero);
        let mut exponent = false;
        if self.byte() == Some(b'.') {
            self.pos += 1;
            good &= digits(self) > 0;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            exponent = true;
            self.pos += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.pos += 1;
            }
            good &= digits(self) > 0;
        }
        let end = self.pos;
        match self.byte() {
            // The end of a cut number may be the beginning of a longer one: it says nothing, secret or not.
            None if self.depth > 0 || self.rules.cut => {
                let with = if self.is_secret_here() { MASK } else { b"" };
                self.replace(start, end, with);
                return Err(Stop::End);
            }
            None | Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t' | 0x1E) => {}
            // `192.168.0.1`, `2024-01-01`, `12abc`
            Some(_) => return Err(Stop::Garbage),
        }
        if whole == 0 {
            return Err(Stop::Garbage);
        }
        if self.is_secret_here() {
            self.replace(start, end, b"\"[REDACTED]\"");
            return Ok(());
        }
        if exponent || end - start > 300 {
            let text = self.src.get(start..end).and_then(|n| std::str::from_utf8(n).ok()).unwrap_or_default();
            good &= text.parse::<f64>().is_ok_and(f64::is_finite);
        }
        self.inlinable &= good;
        if self.key == NameClass::PairValue {
            let to = self.written();
            self.pair_value_at(to - (end - start), to);
        }
        Ok(())
    }

    /// A string that is a value.
    #[inline]
    fn string(&mut self) -> Result<(), Stop> {
        self.pos += 1;
        let start = self.pos;
        let chunk = Chunk::load(self.src, start);
        let length = chunk.plain();
        // Short, plain, nothing to look at: most strings.
        if length < 16
            && self.src.get(start + length) == Some(&b'"')
            && self.key == NameClass::Plain
            && !self.rules.strict
            && self.secret_from == usize::MAX
        {
            let calls = lanes::calls(self.src.get(start..start + length).unwrap_or_default());
            if !calls.wide && !calls.detectors {
                self.pos = start + length + 1;
                return Ok(());
            }
        }
        self.any_string(start)
    }

    #[inline(never)]
    fn any_string(&mut self, start: usize) -> Result<(), Stop> {
        let written_from = self.written().saturating_sub(1);
        let seen = match self.string_end() {
            Ok(seen) => seen,
            Err(Stop::End) => {
                self.cut_string(start);
                return Err(Stop::End);
            }
            Err(stop) => return Err(stop),
        };
        let (src, end) = (self.src, seen.end);
        let content = src.get(start..end).unwrap_or_default();
        self.pos = end + 1;
        if self.is_secret_here() {
            self.replace(start, end, MASK);
        } else if self.rules.strict && self.key != NameClass::Kept && self.kept_from == usize::MAX {
            let label = length_label(content);
            self.replace(start, end, label.as_bytes());
        } else if seen.trigger || seen.escape {
            self.look_into(start, end, seen);
        } else if seen.wide {
            self.flush(start, end);
            escape::push_visible(content, self.out);
        }
        match self.key {
            NameClass::PairName => self.pair_name_is(content),
            NameClass::PairValue => {
                let to = self.written();
                self.pair_value_at(written_from, to);
            }
            _ => {}
        }
        Ok(())
    }

    /// The value detectors, and JSON inside the string.
    fn look_into(&mut self, start: usize, end: usize, seen: Seen) {
        let src = self.src;
        let content = src.get(start..end).unwrap_or_default();
        let mut with = Vec::new();
        if seen.escape {
            let mut text = Vec::with_capacity(content.len());
            escape::unescape(content, &mut text);
            if inner(&text, self.rules, false, &mut with) {
                self.flush(start, end);
                escape::push_escaped(&with, self.out);
                self.masked = true;
                return;
            }
        } else {
            let text = Text { names: self.rules.names, cut: false, depth: self.rules.depth, strict: false };
            if text.scrub(content, &mut with) {
                self.flush(start, end);
                escape::push_visible(&with, self.out);
                self.masked = true;
                return;
            }
        }
        if seen.wide {
            self.flush(start, end);
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
        if named || (self.rules.strict && self.key != NameClass::Kept && self.kept_from == usize::MAX) {
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

    /// The end of the input: what is open stays open, values that wait for their name are masked.
    fn finish_part(&mut self) {
        self.flush(self.pos, self.pos);
        while !self.pairs.is_empty() {
            if self.pairs.last().is_some_and(|pair| pair.secret.is_none()) {
                self.mask_pair();
            }
            self.pairs.pop();
        }
    }

    /// From inside a string to its closing quote.
    fn string_end(&mut self) -> Result<Seen, Stop> {
        let mut escape = false;
        let mut at = self.pos;
        loop {
            let chunk = Chunk::load(self.src, at);
            let plain = chunk.plain();
            at += plain;
            if plain == 16 {
                if at >= self.src.len() {
                    return Err(Stop::End);
                }
                continue;
            }
            match self.src.get(at) {
                Some(b'"') => {
                    let calls = lanes::calls(self.src.get(self.pos..at).unwrap_or_default());
                    return Ok(Seen { end: at, trigger: calls.detectors, wide: calls.wide, escape });
                }
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

/// What a string turned out to hold.
#[derive(Clone, Copy)]
struct Seen {
    end: usize,
    trigger: bool,
    wide: bool,
    escape: bool,
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
        if verdict != Verdict::Garbage {
            return masked || cut;
        }
        out.clear();
    }
    Text { names: rules.names, cut, depth: 0, strict: false }.scrub(text, out)
}

/// `[string 12]`: characters, not bytes.
pub(super) fn length_label(content: &[u8]) -> String {
    let mut text = Vec::new();
    escape::unescape(content, &mut text);
    format!("[string {}]", String::from_utf8_lossy(&text).chars().count())
}
