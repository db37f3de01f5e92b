//! Decisions about names, remembered per thread.

use std::cell::Cell;

use super::detect;
use super::lanes::Chunk;
use super::names::{NameClass, classify};
use super::own_names::OwnNames;

/// Short names, two to a bucket; and long ones.
const SHORT: usize = 256;
const LONG: usize = 128;

/// With two quotes and a colon that makes 16.
const LONGEST_SHORT: usize = 13;

/// A name of at most 13 bytes, all of them printable ASCII without quotes and backslashes.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Short {
    /// As it stands in JSON: a quote, its bytes, a quote and a colon, from the lowest byte up.
    packed: u128,
    /// Which bytes these are.
    mask: u128,
    class: NameClass,
    /// With quotes and colon.
    length: u8,
    /// Where the two names are that came after it, the one that was new last time first.
    next: [u8; 2],
}

impl Short {
    /// Equals nothing.
    const NONE: Self = Self { packed: 1, mask: 0, class: NameClass::Plain, length: 0, next: [0; 2] };
}

/// What was decided earlier on this thread. It never changes a decision, only its price: the same few dozen keys
/// make up nearly all traffic of a service.
struct Cache {
    /// The rules that the decisions belong to.
    owner: Cell<u64>,
    slots: Slots,
}

struct Slots {
    short: [Cell<Short>; SHORT],
    /// Other names of at most 31 bytes, each with the quote after it, and what they say.
    long: [Cell<([u128; 2], NameClass)>; LONG],
}

impl Slots {
    fn forget(&self) {
        self.short.iter().for_each(|slot| slot.set(Short::NONE));
        self.long.iter().for_each(|slot| slot.set(([0; 2], NameClass::Plain)));
    }
}

/// Where the keys of a document are to be found.
#[derive(Default)]
pub(super) struct Trail {
    last: u8,
    /// The key to come is most often one that came after the last one before.
    likely: [u8; 2],
}

thread_local! {
    static CACHE: Cache = const {
        Cache {
            owner: Cell::new(0),
            slots: Slots {
                short: [const { Cell::new(Short::NONE) }; SHORT],
                long: [const { Cell::new(([0; 2], NameClass::Plain)) }; LONG],
            },
        }
    };
}

/// A view of this thread's decisions for one scan.
pub(super) struct Decisions<'a> {
    own: &'a OwnNames,
    slots: &'a Slots,
}

impl Decisions<'_> {
    /// Runs `scan` with the decisions of the rules called `owner`.
    #[inline]
    pub(super) fn with<R>(owner: u64, own: &OwnNames, scan: impl FnOnce(&Decisions<'_>) -> R) -> R {
        // A const-initialised thread local without a destructor is always there.
        CACHE.with(|cache| {
            if cache.owner.replace(owner) != owner {
                cache.slots.forget();
            }
            scan(&Decisions { own, slots: &cache.slots })
        })
    }

    /// What was decided about the key that begins here, with its quote, and how long it is with its colon. Where
    /// something was, the key holds nothing that a JSON string must escape.
    #[inline(always)]
    pub(super) fn key(&self, text: Chunk, trail: &mut Trail) -> Option<(NameClass, usize)> {
        let [likely, _] = trail.likely;
        self.key_at(likely, text, trail).or_else(|| self.unlikely_key(text, trail))
    }

    #[inline(always)]
    fn key_at(&self, at: u8, text: Chunk, trail: &mut Trail) -> Option<(NameClass, usize)> {
        let short = self.slots.short.get(usize::from(at))?.get();
        if text.0 & short.mask != short.packed {
            return None;
        }
        *trail = Trail { last: at, likely: short.next };
        Some((short.class, short.length.into()))
    }

    #[inline(never)]
    fn unlikely_key(&self, text: Chunk, trail: &mut Trail) -> Option<(NameClass, usize)> {
        let [likely, second] = trail.likely;
        if let Some(found) = self.key_at(second, text, trail) {
            return Some(found);
        }
        let length = Chunk(text.0 >> 8).before_quote() + 3;
        if length > 16 {
            return None;
        }
        let (at, found) = self.known(text.head(length).0)?;
        if let Some(before) = self.slots.short.get(usize::from(trail.last)) {
            before.set(Short { next: [at, likely], ..before.get() });
        }
        *trail = Trail { last: at, likely: found.next };
        Some((found.class, found.length.into()))
    }

    /// A short name as it stands in JSON, and where it is.
    fn known(&self, packed: u128) -> Option<(u8, Short)> {
        let at = bucket(packed);
        [at, at | 1].into_iter().find_map(|at| {
            let short = self.slots.short.get(usize::from(at))?.get();
            (short.packed == packed).then_some((at, short))
        })
    }

    /// What a name, as it stands between its quotes, says.
    pub(super) fn class(&self, name: &[u8]) -> NameClass {
        if name.len() > 31 {
            return self.decide(name);
        }
        let mut bytes = [0; 32];
        if let Some((head, [quote, ..])) = bytes.split_at_mut_checked(name.len()) {
            head.copy_from_slice(name);
            *quote = b'"';
        }
        let packed = halves(&bytes);
        let simple = |b: &u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\');
        if name.len() <= LONGEST_SHORT && name.iter().all(simple) {
            let end = u128::from(b':') << (8 * name.len() + 16);
            self.short(packed[0] << 8 | u128::from(b'"') | end, name)
        } else {
            self.long(packed, name)
        }
    }

    fn short(&self, packed: u128, name: &[u8]) -> NameClass {
        if let Some((_, short)) = self.known(packed) {
            return short.class;
        }
        let class = self.decide(name);
        let mask = u128::MAX >> (8 * (LONGEST_SHORT.saturating_sub(name.len())));
        let Ok(length) = u8::try_from(name.len() + 3) else { return self.decide(name) };
        let at = bucket(packed);
        // The older of the two goes.
        if let (Some(first), Some(second)) =
            (self.slots.short.get(usize::from(at)), self.slots.short.get(usize::from(at | 1)))
        {
            second.set(first.replace(Short { packed, mask, class, length, next: [at; 2] }));
        }
        class
    }

    fn long(&self, packed: [u128; 2], name: &[u8]) -> NameClass {
        let [low, high] = packed;
        let slot = usize::from(hash(low ^ high.rotate_left(17))) % LONG;
        let Some(slot) = self.slots.long.get(slot) else { return self.decide(name) };
        let (known, class) = slot.get();
        if known == packed {
            return class;
        }
        let class = self.decide(name);
        slot.set((packed, class));
        class
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

fn halves(bytes: &[u8; 32]) -> [u128; 2] {
    let half = |part: Option<&[u8; 16]>| part.map_or(0, |part| u128::from_le_bytes(*part));
    [half(bytes.first_chunk()), half(bytes.last_chunk())]
}

#[inline]
#[allow(clippy::cast_possible_truncation)] // folded on purpose
fn hash(packed: u128) -> u8 {
    let folded = (packed as u64) ^ ((packed >> 64) as u64).rotate_left(29);
    (folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8
}

/// Where the first of two short names is.
fn bucket(packed: u128) -> u8 {
    hash(packed) & !1
}
