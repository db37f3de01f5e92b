//! From value to value.
//!
//! Nearly all of a document is keys and values that stay as they are, one right behind the other. They are read here,
//! with the position in a register; whatever is not so is left to the methods of `Scan`.

use super::super::blocks::BLOCK;
use super::super::decisions::{KEY, Trail};
use super::{INLINE_DEPTH, NameClass, Scan, Stop, calm, numbers};

/// As much of a document as is looked at together: a key, and its value if that is short.
const WINDOW: usize = KEY + BLOCK + 1;

/// What is to be read.
enum Step {
    Key,
    /// A value, or the opening of one.
    Value,
    /// What follows a value.
    Next,
}

impl Scan<'_, '_> {
    /// One document.
    pub(super) fn document(&mut self) -> Result<(), Stop> {
        let (src, names) = (self.src, self.rules.names);
        let mut trail = names.trail();
        let mut pos = self.pos;
        self.key = NameClass::Plain;
        // Leaves what is read here to a method of `Scan`.
        macro_rules! leave_to {
            ($read:expr) => {{
                self.pos = pos;
                let read = $read;
                pos = self.pos;
                read
            }};
        }
        let mut step = Step::Value;
        loop {
            match step {
                Step::Key => {
                    step = Step::Value;
                    let mut stopped = At::Key;
                    if !self.watched {
                        self.key = NameClass::Plain;
                        (pos, stopped) = self.plain_pairs(pos, &mut trail);
                    }
                    match stopped {
                        At::Key => match names.expected(&window(src, pos), &mut trail) {
                            Some((NameClass::Plain, length)) => {
                                self.key = NameClass::Plain;
                                pos += length;
                            }
                            Some((class, length)) => leave_to!(self.known_key(class, length)),
                            None => leave_to!(self.other_key(&mut trail))?,
                        },
                        At::Colon(class, length) => leave_to!(self.known_key(class, length)),
                        At::Value => {}
                        At::String => {
                            leave_to!(self.other_string(None))?;
                            step = Step::Next;
                        }
                        At::Next => step = Step::Next,
                    }
                }
                Step::Value => {
                    step = Step::Next;
                    let plain = self.key == NameClass::Plain && !self.watched;
                    let first = src.get(pos);
                    if first == Some(&b'"') {
                        match calm::end(src, pos + 1, names) {
                            Some(end) if plain => pos = end + 1,
                            end => leave_to!(self.other_string(end))?,
                        }
                    } else if let Some(b'-' | b'0'..=b'9') = first {
                        match numbers::simple(src, pos) {
                            Some(end) if plain => pos = end,
                            _ => leave_to!(self.any_number())?,
                        }
                    } else {
                        match first {
                            Some(b'{') => {
                                leave_to!(self.open(1));
                                if src.get(pos) != Some(&b'"') {
                                    leave_to!(self.skip_blanks());
                                }
                                if src.get(pos) != Some(&b'}') {
                                    step = Step::Key;
                                    continue;
                                }
                                leave_to!(self.close());
                            }
                            Some(b'[') => {
                                leave_to!(self.open(0));
                                leave_to!(self.skip_blanks());
                                if src.get(pos) != Some(&b']') {
                                    self.key = NameClass::Plain;
                                    step = Step::Value;
                                    continue;
                                }
                                leave_to!(self.close());
                            }
                            Some(b't') => leave_to!(self.literal(b"true"))?,
                            Some(b'f') => leave_to!(self.literal(b"false"))?,
                            Some(b'n') => leave_to!(self.literal(b"null"))?,
                            Some(b' ' | b'\n' | b'\r' | b'\t') => {
                                leave_to!(self.drop_blanks());
                                step = Step::Value;
                            }
                            other => {
                                self.pos = pos;
                                return Err(Stop::at(other));
                            }
                        }
                    }
                }
                Step::Next => {
                    let next = src.get(pos);
                    let in_object = self.kinds & 1 == 1;
                    if next == Some(&b',') && in_object {
                        pos += 1;
                        step = Step::Key;
                        continue;
                    }
                    if self.depth == 0 {
                        self.pos = pos;
                        return Ok(());
                    }
                    match next {
                        Some(b',') => {
                            pos += 1;
                            self.key = NameClass::Plain;
                            step = Step::Value;
                        }
                        Some(b'}') if in_object => leave_to!(self.close()),
                        Some(b']') if !in_object => leave_to!(self.close()),
                        Some(b' ' | b'\n' | b'\r' | b'\t') => leave_to!(self.drop_blanks()),
                        other => {
                            self.pos = pos;
                            return Err(Stop::at(other));
                        }
                    }
                }
            }
        }
    }

    /// A key that is not just a key.
    #[inline(never)]
    fn known_key(&mut self, class: NameClass, length: usize) {
        self.key = class;
        // Behind its quote; then behind the colon.
        self.pos += length - 1;
        self.telling_key();
        self.pos += 1;
    }
}

/// What stands where a run of pairs ended.
enum At {
    /// A key that was not expected, or is near the end.
    Key,
    /// One that was expected, but is not just a key.
    Colon(NameClass, usize),
    /// A value that is not just read past.
    Value,
    /// A string, to be looked at more closely.
    String,
    /// What follows a value.
    Next,
}

impl Scan<'_, '_> {
    /// Reads pairs whose keys were expected and whose values stay as they are, from object to object.
    #[inline(never)]
    fn plain_pairs(&mut self, mut pos: usize, trail: &mut Trail) -> (usize, At) {
        let (src, names) = (self.src, self.rules.names);
        while let Some(text) = src.get(pos..).and_then(<[u8]>::first_chunk::<WINDOW>) {
            let Some(key) = text.first_chunk() else { break };
            let length = match names.expected(key, trail) {
                Some((NameClass::Plain, length)) => length % KEY,
                Some((class, length)) => return (pos, At::Colon(class, length)),
                None => break,
            };
            let value = text.get(length..).unwrap_or_default();
            pos += length;
            match value {
                [b'"', value @ ..] => {
                    let end = match calm::short(value) {
                        Some(length) => Some(pos + 1 + length),
                        None => calm::end_from(src, pos + 1, names),
                    };
                    let Some(end) = end else { return (pos, At::String) };
                    pos = end + 1;
                }
                [b'-' | b'0'..=b'9', ..] => {
                    let Some(end) = numbers::simple(src, pos) else { return (pos, At::Value) };
                    pos = end;
                }
                [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => pos += 4,
                [b'f', b'a', b'l', b's', b'e', ..] => pos += 5,
                [b'{', b'"', ..] if self.is_shallow() => {
                    self.enter(1);
                    pos += 1;
                    continue;
                }
                [b'[', b'{', b'"', ..] if self.is_shallow() => {
                    self.enter(0);
                    self.enter(1);
                    pos += 2;
                    continue;
                }
                _ => return (pos, At::Value),
            }
            if src.get(pos) == Some(&b',') {
                pos += 1;
                continue;
            }
            match self.next_key(pos) {
                Ok(key) => pos = key,
                Err(end) => return (end, At::Next),
            }
        }
        (pos, At::Key)
    }

    /// Where the next key is, if nothing stands before it but the ends of containers, and the beginning of an object in a
    /// list; else where something else stands.
    #[inline(never)]
    fn next_key(&mut self, mut pos: usize) -> Result<usize, usize> {
        loop {
            match (self.src.get(pos..).unwrap_or_default(), self.kinds & 1) {
                ([b'}', ..], 1) | ([b']', ..], 0)
                    if self.depth > 1 && self.is_shallow() && !self.is_named() =>
                {
                    self.depth -= 1;
                    self.kinds >>= 1;
                    pos += 1;
                }
                ([b',', ..], 1) => return Ok(pos + 1),
                ([b',', b'{', b'"', ..], 0) if self.is_shallow() => {
                    self.enter(1);
                    return Ok(pos + 2);
                }
                _ => return Err(pos),
            }
        }
    }

    /// True where two containers more may be opened, and nothing is to be thought of.
    #[inline(always)]
    fn is_shallow(&self) -> bool {
        self.depth < INLINE_DEPTH - 1
    }

    #[inline(always)]
    fn enter(&mut self, kind: u64) {
        self.kinds = self.kinds << 1 | kind;
        self.depth += 1;
    }
}

/// What a key near the end of a document is compared with.
fn window(src: &[u8], pos: usize) -> [u8; KEY] {
    let rest = src.get(pos..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut window = [0; KEY];
        window.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        window
    })
}
