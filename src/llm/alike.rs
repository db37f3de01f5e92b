//! The document that was read last, and whether the next one is like it.
//!
//! Of the events of a stream nearly all differ in a text or a number that nobody wants, or in what the model wrote, of
//! which only its presence counts. One that differs in nothing else says what the last one said, and need not be read.

use super::forms::Slot;

/// Longer documents are read each time.
const LONGEST: usize = 2048;

/// Texts and words of one document that may differ; one with more is read each time.
const MOST: usize = 64;

/// A text without its quotes, or a word, that may be another.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// Bytes from where it begins to the end of the document.
    pub(super) begin: usize,
    /// Bytes from where it ends, at what ends it, to the end of the document.
    pub(super) end: usize,
    /// What it means: content, or nothing.
    pub(super) slot: Option<Slot>,
    pub(super) is_word: bool,
}

/// What the model wrote in a document: so many texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wrote {
    pub(super) contents: usize,
    pub(super) thoughts: usize,
}

#[derive(Default)]
pub(super) struct Alike {
    last: Vec<u8>,
    spans: Vec<Span>,
    wrote: Wrote,
}

impl Alike {
    /// There is no last one.
    pub(super) fn forget(&mut self) {
        self.last.clear();
    }

    /// True where it is worth the while to note the spans of this document; those of the last one are gone.
    pub(super) fn begin(&mut self, document: &[u8]) -> bool {
        self.last.clear();
        self.spans.clear();
        document.len() <= LONGEST
    }

    /// Notes a span of the document that is read.
    pub(super) fn note(&mut self, span: Span) {
        if self.spans.len() < MOST && matches!(span.slot, None | Some(Slot::Content | Slot::Thought)) {
            self.spans.push(span);
        }
    }

    /// This document was whole, its spans are noted.
    pub(super) fn end(&mut self, document: &[u8]) {
        if self.spans.len() >= MOST {
            return;
        }
        self.last.extend_from_slice(document);
        self.wrote = Wrote::default();
        for span in &self.spans {
            if span.begin > span.end {
                self.wrote.count(span.slot, 1);
            }
        }
    }

    /// What the model wrote in this document, where it is like the last one.
    pub(super) fn wrote(&self, document: &[u8]) -> Option<Wrote> {
        if self.last.is_empty() {
            return None;
        }
        let length = self.last.len();
        let (mut old, mut new) = (&*self.last, document);
        let mut spans = self.spans.iter();
        let mut wrote = self.wrote;
        loop {
            let same = common(old, new);
            let left = old.len() - same;
            if left == 0 {
                return (new.len() == same).then_some(wrote);
            }
            // The difference is in this span, or at its end.
            let span = spans.find(|span| span.end <= left)?;
            let skipped = old.len().checked_sub(span.begin).filter(|_| left <= span.begin)?;
            let begun = new.get(skipped..)?;
            let now = if span.is_word { word(begun) } else { text(begun) }?;
            if span.begin > span.end {
                wrote.uncount(span.slot);
            }
            wrote.count(span.slot, usize::from(now > 0));
            old = self.last.get(length - span.end..)?;
            new = begun.get(now..)?;
        }
    }
}

impl Wrote {
    fn count(&mut self, slot: Option<Slot>, texts: usize) {
        match slot {
            Some(Slot::Content) => self.contents += texts,
            Some(Slot::Thought) => self.thoughts += texts,
            _ => {}
        }
    }

    fn uncount(&mut self, slot: Option<Slot>) {
        match slot {
            Some(Slot::Content) => self.contents = self.contents.saturating_sub(1),
            Some(Slot::Thought) => self.thoughts = self.thoughts.saturating_sub(1),
            _ => {}
        }
    }
}

/// How many bytes are the same at the beginning of both.
#[inline]
fn common(a: &[u8], b: &[u8]) -> usize {
    let (a_words, _) = a.as_chunks::<16>();
    let (b_words, _) = b.as_chunks::<16>();
    let same = a_words.iter().zip(b_words).position(|(a, b)| a != b);
    let from = 16 * same.unwrap_or(a_words.len().min(b_words.len()));
    let rest = a.iter().zip(b).skip(from);
    from + rest.take_while(|(a, b)| a == b).count()
}

/// Where the text ends that begins here.
fn text(bytes: &[u8]) -> Option<usize> {
    let mut after_backslash = false;
    bytes.iter().position(|byte| {
        let is_escaped = std::mem::take(&mut after_backslash);
        after_backslash = *byte == b'\\' && !is_escaped;
        *byte == b'"' && !is_escaped
    })
}

/// Where the word ends that begins here; none where there is none.
fn word(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| super::json::ends_word(*byte)).filter(|length| *length > 0)
}
