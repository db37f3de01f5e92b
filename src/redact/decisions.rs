//! Decisions about names, remembered per thread.

use std::cell::Cell;

use super::detect;
use super::names::{NameClass, classify};
use super::own_names::OwnNames;

/// Names that are remembered, two to a bucket.
const SLOTS: usize = 256;

/// As much of a document as a name that is remembered may take: with two quotes and a colon.
pub(super) const KEY: usize = 32;

/// With them it is shorter than that.
const LONGEST: usize = KEY - 4;

/// A name of at most 28 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Packed {
    /// As it stands in JSON, a quote, its bytes, a quote and a colon: the first 16 bytes.
    head: [u64; 2],
    /// The last 16, where there are more than 16.
    tail: [u64; 2],
    /// With quotes and colon.
    length: u8,
}

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Name {
    packed: Packed,
    /// Which of the first 16 bytes are those of the name; none of a name that JSON may not show as it is here.
    mask: [u64; 2],
    class: NameClass,
    /// Where the two names are that came after it, the one that was new last time first.
    next: [u8; 2],
}

impl Name {
    /// Equals nothing.
    const NONE: Self = Self {
        packed: Packed { head: [1, 0], tail: [0; 2], length: 0 },
        mask: [0; 2],
        class: NameClass::Plain,
        next: [0; 2],
    };
}

/// What was decided earlier on this thread. It never changes a decision, only its price: the same few dozen keys
/// make up nearly all traffic of a service.
struct Cache {
    /// The rules that the decisions belong to.
    owner: Cell<u64>,
    slots: [Cell<Name>; SLOTS],
}

/// Where the keys of a document are to be found.
pub(super) struct Trail {
    last: u8,
    /// The key to come is most often one that came after the last one before.
    likely: [u8; 2],
}

thread_local! {
    static CACHE: Cache =
        const { Cache { owner: Cell::new(0), slots: [const { Cell::new(Name::NONE) }; SLOTS] } };
}

/// A view of this thread's decisions for one scan.
pub(super) struct Decisions<'a> {
    own: &'a OwnNames,
    slots: &'a [Cell<Name>; SLOTS],
}

impl Decisions<'_> {
    /// Runs `scan` with the decisions of the rules called `owner`.
    #[inline]
    pub(super) fn with<R>(owner: u64, own: &OwnNames, scan: impl FnOnce(&Decisions<'_>) -> R) -> R {
        // A const-initialised thread local without a destructor is always there.
        CACHE.with(|cache| {
            if cache.owner.replace(owner) != owner {
                cache.slots.iter().for_each(|slot| slot.set(Name::NONE));
            }
            scan(&Decisions { own, slots: &cache.slots })
        })
    }

    /// The trail at the beginning of a document: the first place also tells which keys came first.
    pub(super) fn trail(&self) -> Trail {
        let [first, ..] = self.slots;
        Trail { last: 0, likely: first.get().next }
    }

    /// What was decided about the key that begins here, with its quote, and how long it is with its colon, where it is
    /// one that was to be expected: such a key holds nothing that a JSON string must escape.
    #[inline(always)]
    pub(super) fn expected(&self, text: &[u8; KEY], trail: &mut Trail) -> Option<(NameClass, usize)> {
        let [likely, second] = trail.likely;
        self.expected_at(likely, text, trail).or_else(|| self.second(second, text, trail))
    }

    #[inline(never)]
    fn second(&self, at: u8, text: &[u8; KEY], trail: &mut Trail) -> Option<(NameClass, usize)> {
        self.expected_at(at, text, trail)
    }

    #[inline(always)]
    fn expected_at(&self, at: u8, text: &[u8; KEY], trail: &mut Trail) -> Option<(NameClass, usize)> {
        let name = self.slots.get(usize::from(at))?.get();
        let length = usize::from(name.packed.length) % KEY;
        let [low, high] = words(text.first_chunk()?);
        if (low & name.mask[0] ^ name.packed.head[0]) | (high & name.mask[1] ^ name.packed.head[1]) != 0 {
            return None;
        }
        if length > 16 && words(text.get(length % 16..)?.first_chunk()?) != name.packed.tail {
            return None;
        }
        *trail = Trail { last: at, likely: name.next };
        Some((name.class, length))
    }

    /// What the name of a key, as it stands between its quotes, says; the next time it is expected here.
    pub(super) fn met(&self, name: &[u8], trail: &mut Trail) -> NameClass {
        let Some(packed) = Packed::of(name) else { return self.decide(name) };
        let (at, found) = self.remembered(packed, name);
        if let Some(before) = self.slots.get(usize::from(trail.last)) {
            let [likely, _] = trail.likely;
            before.set(Name { next: [at, likely], ..before.get() });
        }
        *trail = Trail { last: at, likely: found.next };
        found.class
    }

    /// What a name, as it stands between its quotes, says.
    pub(super) fn class(&self, name: &[u8]) -> NameClass {
        match Packed::of(name) {
            Some(packed) => self.remembered(packed, name).1.class,
            None => self.decide(name),
        }
    }

    /// A name, and where it is.
    fn remembered(&self, packed: Packed, name: &[u8]) -> (u8, Name) {
        let first = packed.bucket();
        for at in [first, first | 1] {
            if let Some(known) = self.slots.get(usize::from(at)).map(Cell::get)
                && known.packed == packed
            {
                return (at, known);
            }
        }
        let new = Name { packed, mask: packed.mask(), class: self.decide(name), next: [first; 2] };
        // The older of the two goes.
        if let (Some(newer), Some(older)) =
            (self.slots.get(usize::from(first)), self.slots.get(usize::from(first | 1)))
        {
            older.set(newer.replace(new));
        }
        (first, new)
    }

    #[cold]
    fn decide(&self, name: &[u8]) -> NameClass {
        match classify(self.own, name) {
            NameClass::Plain if detect::holds_secret(name) => NameClass::Leak,
            class => class,
        }
    }

    /// True where a value names a secret: `password` in `{"name": "password", ..}`. Values are of all kinds and
    /// would push names out of the cache.
    pub(super) fn value_names_secret(&self, value: &[u8]) -> bool {
        value.iter().any(|b| b.is_ascii_alphabetic() || *b >= 0x80)
            && classify(self.own, value) == NameClass::Secret
    }

    /// True where the value that goes with `name` is masked.
    pub(super) fn is_secret(&self, name: &[u8]) -> bool {
        self.class(name) == NameClass::Secret
    }
}

impl Packed {
    /// None where it is too long.
    fn of(name: &[u8]) -> Option<Self> {
        let length = name.len() + 3;
        let mut bytes = [0; KEY];
        let (room, end) = bytes.get_mut(1..)?.split_at_mut_checked(name.len())?;
        room.copy_from_slice(name);
        end.get_mut(..2)?.copy_from_slice(b"\":");
        let simple = |b: &u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\');
        let is_simple = name.iter().all(simple);
        *bytes.first_mut()? = if is_simple { b'"' } else { NO_KEY };
        let tail = if length > 16 { words(bytes.get(length - 16..)?.first_chunk()?) } else { [0; 2] };
        let length = u8::try_from(length).ok().filter(|_| name.len() <= LONGEST)?;
        Some(Self { head: words(bytes.first_chunk()?), tail, length })
    }

    /// Which of the first 16 bytes are to be compared with those of a document.
    #[allow(clippy::cast_possible_truncation)] // halves
    fn mask(self) -> [u64; 2] {
        let [first, ..] = self.head.map(|word| word as u8);
        let missing = 16_u32.saturating_sub(self.length.into());
        let mask = if first == NO_KEY { 0 } else { u128::MAX >> (8 * missing % 128) };
        [mask as u64, (mask >> 64) as u64]
    }

    /// Where the first of the two names is that it is among.
    #[allow(clippy::cast_possible_truncation)] // folded on purpose
    fn bucket(self) -> u8 {
        let ([a, b], [c, d]) = (self.head, self.tail);
        let folded = a ^ b.rotate_left(29) ^ c.rotate_left(17) ^ d.rotate_left(43);
        (folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8 & !1
    }
}

/// Stands in place of the first quote where a name must not be taken for one in a document.
const NO_KEY: u8 = 1;

#[inline(always)]
#[allow(clippy::cast_possible_truncation)] // halves
fn words(bytes: &[u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(*bytes);
    [both as u64, (both >> 64) as u64]
}
