//! JSON, whole or the head of one, in one pass that is not recursive.
//!
//! The scanner copies what it may in long runs, masks the rest, and finds out on the way whether what it read is
//! one whole, valid document. Where the input stops being JSON it gives up, and the caller reads it as text.

mod calm;
mod keys;
mod numbers;
mod pairs;
mod strings;
mod walk;

use std::borrow::Cow;

use super::MASK;
use super::decisions::Decisions;
use super::lanes::Chunk;
use super::names::NameClass;
use pairs::Pairs;

/// Documents that deep are still inlined (DESIGN section 2.3); deeper ones are text.
const INLINE_DEPTH: usize = 64;

/// What the scanner made of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// One whole document that any reader of JSON accepts.
    Whole,
    /// The same, and the input already is as it must be: nothing was written.
    Same,
    /// The head of a document, several documents, or one that some readers refuse.
    Part,
    /// Not JSON, and to be read as text. Where something was written, that is the text: of a pair like
    /// `"value": "x", "name": "password"` no text shows that the value is secret.
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

/// Appends `src` without its secrets to `out`, unless it is to stay the `Same`. `src` is UTF-8.
pub(super) fn scan(src: &[u8], rules: Rules<'_>, out: &mut Vec<u8>) -> (Verdict, bool) {
    let mark = out.len();
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
        watched: rules.strict,
        key: NameClass::Plain,
        pairs: Pairs::default(),
    };
    let verdict = match scan.documents() {
        Ok(()) if scan.inlinable && scan.is_same() => Verdict::Same,
        Ok(()) if scan.inlinable => {
            scan.flush(scan.pos, scan.pos);
            Verdict::Whole
        }
        Ok(()) | Err(Stop::End) => {
            scan.flush(scan.pos, scan.pos);
            scan.pairs_end();
            Verdict::Part
        }
        Err(Stop::Garbage) => {
            scan.pairs_end();
            if scan.pairs.have_masked() {
                scan.flush(src.len(), src.len());
            } else {
                scan.out.truncate(mark);
            }
            Verdict::Garbage
        }
    };
    (verdict, scan.masked)
}

/// The text to be read where a scan of `src` that wrote from `mark` on found garbage.
pub(super) fn as_text<'a>(src: &'a [u8], out: &mut Vec<u8>, mark: usize) -> Cow<'a, [u8]> {
    if out.len() > mark { out.split_off(mark).into() } else { src.into() }
}

/// Why a scan ended early.
enum Stop {
    /// The input ended inside a document.
    End,
    Garbage,
}

impl Stop {
    /// Nothing that could be read stands there.
    #[cold]
    fn at(byte: Option<&u8>) -> Self {
        if byte.is_none() { Self::End } else { Self::Garbage }
    }
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
    /// True where values do not stay as they are: below a secret key, and in strict mode.
    watched: bool,
    /// What the key of the value to come says.
    key: NameClass,
    pairs: Pairs,
}

impl Scan<'_, '_> {
    /// True where nothing was left out or replaced.
    fn is_same(&self) -> bool {
        self.copied == 0 && !self.masked
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.src.get(self.pos).copied()
    }

    /// Writes what is unwritten before `upto`, and leaves out what stands between it and `next`.
    fn flush(&mut self, upto: usize, next: usize) {
        if self.copied == 0 {
            self.out.reserve(self.src.len() + 32);
        }
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

    #[inline(always)]
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
        self.watched |= self.secret_from != usize::MAX;
    }

    #[inline(always)]
    fn close(&mut self) {
        self.pos += 1;
        self.depth -= 1;
        self.kinds >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.kinds = self.deeper.pop().unwrap_or_default();
        }
        if self.is_named() {
            self.close_named();
        }
    }

    /// True where the end of what is open has something to say.
    #[inline(always)]
    fn is_named(&self) -> bool {
        !self.pairs.is_empty() || self.secret_from & self.kept_from != usize::MAX
    }

    #[inline(never)]
    fn close_named(&mut self) {
        self.pair_closes(self.depth + 1);
        if self.secret_from > self.depth {
            self.secret_from = usize::MAX;
        }
        if self.kept_from > self.depth {
            self.kept_from = usize::MAX;
        }
        self.pair_value_ends();
        self.watched = self.rules.strict || self.secret_from != usize::MAX;
    }

    /// How long the output would be, were everything before `pos` written.
    fn written(&self) -> usize {
        self.out.len() + self.pos - self.copied
    }

    #[inline]
    fn is_secret_here(&self) -> bool {
        self.secret_from != usize::MAX || self.key == NameClass::Secret
    }

    #[inline(always)]
    fn literal(&mut self, word: &[u8]) -> Result<(), Stop> {
        let rest = self.src.get(self.pos..).unwrap_or_default();
        if rest.starts_with(word) {
            self.pos += word.len();
            return Ok(());
        }
        Err(if word.starts_with(rest) { Stop::End } else { Stop::Garbage })
    }
}
