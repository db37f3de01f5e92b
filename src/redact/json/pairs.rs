//! Lists of names and values: `[{"name": "password", "value": "x"}]`.

use super::{NameClass, Scan};

/// Objects open at once whose `value` waits for its `name`.
const PAIRS_OPEN: usize = 64;

/// An object that may be an entry of such a list.
#[derive(Default)]
pub(super) struct Pair {
    /// Where it is open; 0 is no object.
    depth: usize,
    /// Where its name stands in the input, until somebody asks what it says.
    name: Option<(usize, usize)>,
    /// What its names say, once asked.
    secret: Option<bool>,
    /// Where its value was written.
    value: Option<(usize, usize)>,
}

/// The objects that are open, innermost first.
#[derive(Default)]
pub(super) struct Pairs {
    innermost: Pair,
    outer: Vec<Pair>,
    have_masked: bool,
}

impl Pairs {
    pub(super) fn is_empty(&self) -> bool {
        self.innermost.depth == 0
    }

    /// Something was masked for a name behind it.
    pub(super) fn have_masked(&self) -> bool {
        self.have_masked
    }

    fn here(&mut self, depth: usize) -> Option<&mut Pair> {
        (self.innermost.depth == depth).then_some(&mut self.innermost)
    }

    fn open(&mut self, depth: usize) {
        let before = std::mem::replace(&mut self.innermost, Pair { depth, ..Pair::default() });
        if before.depth > 0 {
            self.outer.push(before);
        }
    }

    fn close(&mut self) {
        self.innermost = self.outer.pop().unwrap_or_default();
    }
}

impl Scan<'_, '_> {
    /// A key was read that may belong to a pair.
    pub(super) fn pair_key(&mut self) {
        if self.pairs.here(self.depth).is_none() {
            if self.pairs.outer.len() >= PAIRS_OPEN {
                // Nobody nests pairs that deep: no name is waited for.
                if self.key == NameClass::PairValue {
                    self.key = NameClass::Secret;
                }
                return;
            }
            self.pairs.open(self.depth);
        }
        if self.key == NameClass::PairValue {
            self.ask_name();
            if self.pairs.innermost.secret == Some(true) {
                self.key = NameClass::Secret;
            }
        }
    }

    /// The name of a pair stands between `from` and `to`.
    pub(super) fn pair_name_at(&mut self, from: usize, to: usize) {
        if self.pairs.here(self.depth).is_none() {
            return;
        }
        // `{"key": "db", "name": "password"}`: any of the names may be the one that counts.
        self.ask_name();
        self.pairs.innermost.name = Some((from, to));
        if self.pairs.innermost.value.is_some() {
            self.ask_name();
        }
    }

    /// Names are asked what they say only where a value is there to go with them.
    fn ask_name(&mut self) {
        let Some((from, to)) = self.pairs.innermost.name.take() else { return };
        let name = self.src.get(from..to).unwrap_or_default();
        // JSON Patch: `/user/password`
        let last = name.rsplit(|b| *b == b'/').next().unwrap_or_default();
        let names = self.rules.names;
        let secret =
            names.value_names_secret(name) || (last.len() < name.len() && names.value_names_secret(last));
        self.pairs.innermost.secret = Some(secret || self.pairs.innermost.secret == Some(true));
        if secret {
            self.mask_pair();
        }
    }

    /// The value of a pair is a container that opens here.
    pub(super) fn pair_value_begins(&mut self) {
        let at = self.written();
        self.pair_value_at(at, usize::MAX);
    }

    pub(super) fn pair_value_at(&mut self, from: usize, to: usize) {
        if let Some(pair) = self.pairs.here(self.depth) {
            // A second value before the name: all from the first one on.
            pair.value = Some((pair.value.map_or(from, |(first, _)| first), to));
        }
    }

    /// Masks a value written before its name was known.
    fn mask_pair(&mut self) {
        let Some((from, to)) = self.pairs.innermost.value.take() else { return };
        self.flush(self.pos, self.pos);
        let to = to.min(self.out.len());
        let shown = self.out.get(from..to).unwrap_or_default();
        let harmless = matches!(shown, b"null" | b"true" | b"false" | b"\"[REDACTED]\"");
        if from < to && !harmless {
            self.out.splice(from..to, *b"\"[REDACTED]\"");
            self.masked = true;
            self.pairs.have_masked = true;
        }
    }

    /// An object ends, at `depth`.
    pub(super) fn pair_closes(&mut self, depth: usize) {
        if self.pairs.here(depth).is_some() {
            self.pairs.close();
        }
    }

    /// A container ended that may have been the value of a pair at this depth.
    pub(super) fn pair_value_ends(&mut self) {
        let end = self.written();
        if let Some(Pair { value: Some((_, to)), .. }) = self.pairs.here(self.depth)
            && *to == usize::MAX
        {
            *to = end;
        }
    }

    /// The input ends: values that still wait for their name are masked.
    pub(super) fn pairs_end(&mut self) {
        while !self.pairs.is_empty() {
            if self.pairs.innermost.secret.is_none() && self.pairs.innermost.name.is_none() {
                self.mask_pair();
            }
            self.pairs.close();
        }
    }
}
