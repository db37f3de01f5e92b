use std::{iter::once, sync::OnceLock};

use super::Buffer;

/// Bytes that are kept as they come: one piece of memory after the other, so that what is there is not copied once more
/// when there is more.
///
/// Hardly anybody reads all of them: an entry shows what the first piece has. Who does gets them as one.
#[derive(Default)]
pub(crate) struct Pieces {
    first: Buffer,
    more: Option<Box<More>>,
}

/// What few bodies have.
#[derive(Default)]
struct More {
    pieces: Vec<Buffer>,
    length: usize,
    /// All bytes, those of the first piece too.
    joined: OnceLock<Vec<u8>>,
}

/// The first piece grows up to this many bytes: more than an entry reads, as it is by default.
const FIRST: usize = 4096;
/// Each of the others is as long as all before it, and no longer than this.
const LONGEST: usize = 8192;

impl Pieces {
    /// None yet, with room for the first of so many.
    #[inline]
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self { first: Buffer::with_room(bytes.min(FIRST)), more: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.first.len() + self.more.as_ref().map_or(0, |more| more.length)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// Appends bytes, the first of as many as are `expected`.
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8], expected: usize) {
        let mut rest = self.fill(bytes);
        while !rest.is_empty() {
            let filled = bytes.len() - rest.len();
            self.grow(rest.len().max(expected.saturating_sub(filled)));
            rest = self.fill(rest);
        }
    }

    /// All bytes but those that do not fit into the memory that is there: these are given back.
    #[inline]
    fn fill<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let piece = match self.more.as_deref_mut() {
            None => &mut self.first,
            Some(more) => {
                more.joined.take();
                let Some(last) = more.pieces.last_mut() else { return bytes };
                more.length += bytes.len().min(last.capacity() - last.len());
                last
            }
        };
        let room = piece.capacity() - piece.len();
        let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        piece.extend_from_slice(now);
        later
    }

    fn grow(&mut self, wanted: usize) {
        let length = self.len();
        if length < FIRST {
            // What entries read stays in one piece.
            let mut larger = Buffer::with_room((length + wanted.max(length)).min(FIRST));
            larger.extend_from_slice(&self.first);
            self.first = larger;
        } else {
            let more = self.more.get_or_insert_default();
            more.pieces.push(Buffer::with_room(wanted.max(length).min(LONGEST)));
        }
    }

    /// Leaves as many bytes at most.
    pub(crate) fn truncate(&mut self, length: usize) {
        if length < self.len() {
            let mut all = self.clone();
            all.first.truncate(length);
            *self = all;
        }
    }

    /// At least the first `wanted` bytes, or all.
    #[inline]
    pub(crate) fn first(&self, wanted: usize) -> &[u8] {
        match &self.more {
            Some(more) if wanted > self.first.len() => more.joined.get_or_init(|| {
                let mut all = Vec::with_capacity(self.len());
                self.copy_to(&mut all);
                all
            }),
            _ => &self.first,
        }
    }

    /// All bytes.
    pub(crate) fn all(&self) -> &[u8] {
        self.first(usize::MAX)
    }

    fn copy_to(&self, all: &mut Vec<u8>) {
        let more = self.more.iter().flat_map(|more| &more.pieces);
        once(&self.first).chain(more).for_each(|piece| all.extend_from_slice(piece));
    }
}

impl Clone for Pieces {
    /// One piece, of all bytes.
    fn clone(&self) -> Self {
        let mut first = Buffer::with_room(self.len());
        self.copy_to(&mut first);
        Self { first, more: None }
    }
}

impl From<Vec<u8>> for Pieces {
    fn from(bytes: Vec<u8>) -> Self {
        Self { first: bytes.into(), more: None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{FIRST, LONGEST, Pieces};

    fn text(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at % 251) as u8).collect()
    }

    proptest! {
        #[test]
        fn what_is_pushed_is_read(
            pushed in prop::collection::vec(0..12_000_usize, 0..12),
            expected in 0..40_000_usize,
            room in 0..40_000_usize,
            wanted in 0..40_000_usize,
            left in 0..50_000_usize,
        ) {
            let all = text(pushed.iter().sum());
            let (mut pieces, mut at) = (Pieces::with_room(room), 0);
            for length in pushed {
                pieces.push(&all[at..at + length], expected);
                at += length;
                prop_assert_eq!((pieces.len(), pieces.is_empty()), (at, at == 0));
                let first = pieces.first(wanted);
                prop_assert!(first.len() >= wanted.min(at) && all[..at].starts_with(first));
            }
            prop_assert_eq!(pieces.all(), &all);
            let copy = pieces.clone();
            prop_assert_eq!(copy.all(), &all);
            pieces.truncate(left);
            pieces.push(b"!", 0);
            let all = [&all[..left.min(at)], b"!"].concat();
            prop_assert_eq!((pieces.all(), pieces.len()), (&all[..], all.len()));
        }
    }

    #[test]
    fn little_memory_is_held_that_is_not_used() {
        let held = |pieces: &Pieces| {
            let more = pieces.more.iter().flat_map(|more| &more.pieces);
            pieces.first.capacity() + more.map(|piece| piece.capacity()).sum::<usize>()
        };
        let mut pieces = Pieces::default();
        for length in 1..=256 {
            pieces.push(&[0; 512], 0);
            assert!(held(&pieces) <= (2 * length * 512).min(length * 512 + LONGEST), "{length}");
        }
        let mut pieces = Pieces::default();
        pieces.push(&[0; 100], 300);
        assert_eq!(held(&pieces), 384);
        pieces.push(&[0; 200], 200);
        assert_eq!((held(&pieces), pieces.first(1).len()), (384, 300));
    }

    #[test]
    fn the_head_of_a_long_body_is_not_joined() {
        let mut pieces = Pieces::default();
        (0..64).for_each(|_| pieces.push(&[0; 1024], 0));
        assert_eq!(pieces.first(FIRST).len(), FIRST);
        assert!(pieces.more.as_ref().is_some_and(|more| more.joined.get().is_none()));
        assert_eq!(pieces.first(FIRST + 1).len(), 1 << 16);
    }
}
