//! Chosen values out of JSON as it passes: in pieces of any size, keeping no more of it than one short value.
//!
//! Values are chosen by their whole path from the root, so that a name inside a text or deeper down is no decoy. Arrays
//! are no step of a path: `choices` / `index` is the index of each element. What is not JSON chooses nothing wrong: the
//! values of a document count once it is whole.

use super::{
    alike::Span,
    forms::{Node, Slot},
    scan::{find, is, is_bracket},
};

/// Longer texts and numbers are told by their length only.
pub(super) const LONGEST: usize = 128;

/// Levels with names that are looked for; deeper ones are counted.
const DEPTH: usize = 10;

/// Who hears what was chosen.
pub(super) trait Pick {
    /// The value in this place.
    fn value(&mut self, slot: Slot, value: Value<'_>);

    /// A document is whole; `listed` where it stood in an array around all.
    fn document(&mut self, listed: bool);

    /// A text or a word is whole. Told of documents that pass in one piece.
    fn span(&mut self, span: Span) {
        let _ = span;
    }
}

/// A value, as its bytes stand in the JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A string, with its escapes; none of it where it is longer than [`LONGEST`].
    Text { raw: &'a [u8], length: usize },
    /// A number, `true`, `false`, `null`, or what stands there instead.
    Word(&'a [u8]),
    /// An object or array begins.
    Opened,
}

#[derive(Clone, Copy)]
struct Level {
    names: &'static [Node],
    is_array: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Structure,
    Name,
    Text,
    Word,
    /// Brackets that do not match: nothing more is chosen.
    Broken,
}

/// Reads one document after the other.
pub(super) struct Picker {
    root: &'static [Node],
    levels: [Level; DEPTH],
    open: usize,
    /// Levels below the last in which names are looked for.
    below: usize,
    mode: Mode,
    wants_name: bool,
    after_backslash: bool,
    has_escape: bool,
    node: Option<&'static Node>,
    /// True where spans are told, of what is fed in one piece.
    tells_spans: bool,
    /// What was left of the piece after the first byte of what is read.
    begun: usize,
    kept: [u8; LONGEST],
    length: usize,
}

impl Picker {
    /// Chooses the values of `root`.
    pub(super) fn new(root: &'static [Node]) -> Self {
        Self {
            root,
            levels: [Level { names: &[], is_array: false }; DEPTH],
            open: 0,
            below: 0,
            mode: Mode::Structure,
            wants_name: false,
            after_backslash: false,
            has_escape: false,
            node: None,
            tells_spans: false,
            begun: 0,
            kept: [0; LONGEST],
            length: 0,
        }
    }

    /// Begins anew, whatever was left open.
    pub(super) fn reset(&mut self) {
        (self.open, self.below) = (0, 0);
        (self.mode, self.wants_name, self.node) = (Mode::Structure, false, None);
    }

    /// Reads one document in one piece, and tells its spans. True where it was whole and nothing is left open.
    pub(super) fn feed_whole(&mut self, document: &[u8], to: &mut impl Pick) -> bool {
        self.tells_spans = true;
        self.feed(document, to);
        self.tells_spans = false;
        (self.open, self.below) == (0, 0) && self.mode == Mode::Structure
    }

    /// Reads on.
    pub(super) fn feed(&mut self, mut bytes: &[u8], to: &mut impl Pick) {
        while let Some((&first, rest)) = bytes.split_first() {
            bytes = match self.mode {
                Mode::Structure if self.below > 0 => self.pass(bytes),
                Mode::Structure => match first {
                    b' ' | b'\t' | b'\r' | b'\n' => rest,
                    _ => {
                        self.begun = rest.len();
                        self.structure(first, to);
                        rest
                    }
                },
                Mode::Name | Mode::Text => self.string(bytes, to),
                Mode::Word => self.word(bytes, to),
                Mode::Broken => return,
            };
        }
    }

    /// Passes over what is below, to its next string or bracket.
    fn pass<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let at = find(bytes, |word| is(word, b'"') | is_bracket(word));
        let Some((byte, rest)) = at.and_then(|at| bytes.get(at..)?.split_first()) else { return &[] };
        match byte {
            b'"' => {
                self.begun = rest.len();
                self.begin_string(Mode::Text);
            }
            b'{' | b'[' => self.below += 1,
            _ => self.below -= 1,
        }
        rest
    }

    fn structure(&mut self, first: u8, to: &mut impl Pick) {
        let is_array = self.level().is_none_or(|level| level.is_array);
        match first {
            b'"' if self.wants_name && !is_array => self.begin_string(Mode::Name),
            b'"' => self.begin_string(Mode::Text),
            b':' => self.wants_name = false,
            b',' => (self.wants_name, self.node) = (!is_array, None),
            b'{' | b'[' => self.opened(first == b'[', to),
            b'}' | b']' => self.closed(first == b']', to),
            _ => {
                (self.mode, self.length) = (Mode::Word, 0);
                self.keep(&[first]);
            }
        }
    }

    fn level(&self) -> Option<Level> {
        self.levels.get(self.open.checked_sub(1)?).copied()
    }

    fn opened(&mut self, is_array: bool, to: &mut impl Pick) {
        let node = self.node.take();
        if let Some(slot) = node.and_then(|node| node.slot) {
            to.value(slot, Value::Opened);
        }
        let names = match self.level() {
            None => self.root,
            Some(level) if level.is_array => level.names,
            Some(_) => node.map_or(&[][..], |node| node.below),
        };
        match self.levels.get_mut(self.open) {
            Some(level) if !names.is_empty() => {
                *level = Level { names, is_array };
                self.open += 1;
                self.wants_name = !is_array;
            }
            _ => self.below = 1,
        }
    }

    fn closed(&mut self, is_array: bool, to: &mut impl Pick) {
        if self.level().is_none_or(|level| level.is_array != is_array) {
            self.mode = Mode::Broken;
            return;
        }
        self.open -= 1;
        (self.wants_name, self.node) = (false, None);
        let listed = self.open == 1 && self.level().is_some_and(|level| level.is_array);
        if self.open == 0 || listed {
            to.document(listed);
        }
    }

    fn begin_string(&mut self, mode: Mode) {
        (self.mode, self.length, self.after_backslash, self.has_escape) = (mode, 0, false, false);
    }

    fn string<'a>(&mut self, bytes: &'a [u8], to: &mut impl Pick) -> &'a [u8] {
        if std::mem::take(&mut self.after_backslash) {
            let (escape, rest) = bytes.split_at(1);
            self.keep(escape);
            return rest;
        }
        let Some((text, [end, rest @ ..])) =
            find(bytes, |word| is(word, b'"') | is(word, b'\\')).map(|at| bytes.split_at(at))
        else {
            self.keep(bytes);
            return &[];
        };
        if *end == b'\\' {
            self.keep(text);
            self.keep(b"\\");
            (self.after_backslash, self.has_escape) = (true, true);
            return rest;
        }
        if self.tells_spans && self.mode == Mode::Text {
            let slot = self.node.and_then(|node| node.slot);
            to.span(Span { begin: self.begun, end: rest.len() + 1, slot, is_word: false });
        }
        if self.length == 0 {
            // It is here as a whole, as nearly all are.
            self.end_of_string(text, text.len(), to);
        } else {
            self.keep(text);
            let (kept, length) = (self.kept, self.length);
            self.end_of_string(kept.get(..length).unwrap_or_default(), length, to);
        }
        self.mode = Mode::Structure;
        rest
    }

    #[inline]
    fn end_of_string(&mut self, text: &[u8], length: usize, to: &mut impl Pick) {
        if self.mode == Mode::Name {
            let names = self.level().map_or(&[][..], |level| level.names);
            // Nobody escapes the letters of these names.
            self.node = if self.has_escape { None } else { Node::of(names, text) };
        } else if let Some(slot) = self.node.take().and_then(|node| node.slot) {
            let raw = if length <= LONGEST { text } else { &[] };
            to.value(slot, Value::Text { raw, length });
        }
    }

    fn word<'a>(&mut self, bytes: &'a [u8], to: &mut impl Pick) -> &'a [u8] {
        let Some(at) = bytes.iter().position(|b| ends_word(*b)) else {
            self.keep(bytes);
            return &[];
        };
        let (word, rest) = bytes.split_at(at);
        self.keep(word);
        if self.tells_spans && self.node.is_none_or(|node| node.slot.is_none()) {
            to.span(Span { begin: self.begun + 1, end: rest.len(), slot: None, is_word: true });
        }
        if let (Some(slot), Some(word)) =
            (self.node.take().and_then(|node| node.slot), self.kept.get(..self.length))
        {
            to.value(slot, Value::Word(word));
        }
        self.mode = Mode::Structure;
        rest
    }

    /// Keeps a piece of a name or value somebody may want.
    #[inline]
    fn keep(&mut self, piece: &[u8]) {
        if self.mode != Mode::Name && self.node.is_none() {
            return;
        }
        let free = self.kept.get_mut(self.length..);
        if let Some(room) = free.and_then(|free| free.get_mut(..piece.len())) {
            room.copy_from_slice(piece);
        }
        self.length = self.length.saturating_add(piece.len());
    }
}

/// True of what ends a word.
pub(super) fn ends_word(b: u8) -> bool {
    matches!(b, b',' | b'}' | b']' | b'{' | b'[' | b':' | b'"' | b' ' | b'\t' | b'\r' | b'\n')
}
