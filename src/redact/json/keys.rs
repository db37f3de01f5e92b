//! Keys, and what they say about the values that go with them.

use super::super::decisions::Trail;
use super::super::{MASK, escape};
use super::{NameClass, Scan, Stop};

impl Scan<'_, '_> {
    /// A key and its colon, where it was not expected. Leaves what the key says in `self.key`.
    #[inline(never)]
    pub(super) fn other_key(&mut self, trail: &mut Trail) -> Result<(), Stop> {
        self.skip_blanks();
        if self.byte() != Some(b'"') {
            return Err(Stop::at(self.byte().as_ref()));
        }
        self.pos += 1;
        self.new_key(trail)?;
        if self.key != NameClass::Plain {
            self.telling_key();
        }
        self.skip_blanks();
        if self.byte() != Some(b':') {
            return Err(Stop::at(self.byte().as_ref()));
        }
        self.pos += 1;
        Ok(())
    }

    fn new_key(&mut self, trail: &mut Trail) -> Result<(), Stop> {
        let (src, start) = (self.src, self.pos);
        let end = self.string_end()?.end;
        let name = src.get(start..end).unwrap_or_default();
        self.key = self.rules.names.met(name, trail);
        if self.key != NameClass::Leak && name.iter().any(|b| *b >= 0x7F) {
            self.flush(start, end);
            escape::push_visible(name, self.out);
        }
        self.pos = end + 1;
        Ok(())
    }

    /// The key that ends here is not just a key.
    #[inline(never)]
    pub(super) fn telling_key(&mut self) {
        match self.key {
            NameClass::Leak => {
                let end = self.pos - 1;
                let name = self.src.get(..end).unwrap_or_default();
                // Escaped quotes are none.
                let length = name.iter().rev().take_while(|b| **b != b'"').count();
                self.replace(end - length, end, MASK);
                self.key = NameClass::Plain;
            }
            NameClass::PairName | NameClass::PairValue => self.pair_key(),
            _ => {}
        }
    }
}
