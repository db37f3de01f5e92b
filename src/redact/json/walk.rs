//! From value to value.
//!
//! Nearly all of a document is keys and values that stay as they are, one right behind the other. They are read here,
//! with the position in a register; whatever is not so is left to the methods of `Scan`.

use super::super::decisions::Trail;
use super::{Chunk, NameClass, Scan, Stop, calm, numbers};

impl Scan<'_, '_> {
    /// One document.
    pub(super) fn document(&mut self) -> Result<(), Stop> {
        let (src, names) = (self.src, self.rules.names);
        let mut trail = Trail::default();
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
        // A key, its colon included.
        macro_rules! key {
            () => {
                match names.key(Chunk::load(src, pos), &mut trail) {
                    Some((NameClass::Plain, length)) => {
                        self.key = NameClass::Plain;
                        pos += length;
                    }
                    Some((class, length)) => leave_to!(self.known_key(class, length)),
                    None => leave_to!(self.other_key())?,
                }
            };
        }
        loop {
            // A value, or the opening of one.
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
                            key!();
                            continue;
                        }
                        leave_to!(self.close());
                    }
                    Some(b'[') => {
                        leave_to!(self.open(0));
                        leave_to!(self.skip_blanks());
                        if src.get(pos) != Some(&b']') {
                            self.key = NameClass::Plain;
                            continue;
                        }
                        leave_to!(self.close());
                    }
                    Some(b't') => leave_to!(self.literal(b"true"))?,
                    Some(b'f') => leave_to!(self.literal(b"false"))?,
                    Some(b'n') => leave_to!(self.literal(b"null"))?,
                    Some(b' ' | b'\n' | b'\r' | b'\t') => {
                        leave_to!(self.drop_blanks());
                        continue;
                    }
                    other => {
                        self.pos = pos;
                        return Err(Stop::at(other));
                    }
                }
            }
            // What follows a value.
            loop {
                let next = src.get(pos);
                let in_object = self.kinds & 1 == 1;
                if next == Some(&b',') && in_object {
                    pos += 1;
                    key!();
                    break;
                }
                if self.depth == 0 {
                    self.pos = pos;
                    return Ok(());
                }
                match next {
                    Some(b',') => {
                        pos += 1;
                        self.key = NameClass::Plain;
                        break;
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
