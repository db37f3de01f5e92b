//! Decisions about names, remembered per thread.

use std::cell::Cell;

use super::detect;
use super::names::{NameClass, classify};
use super::own_names::OwnNames;

/// Buckets of short names, and how many each holds.
const SHORT: usize = 128;
const WAYS: usize = 4;
const LONG: usize = 128;

/// A name with the quote after it, from the lowest byte up, and what it says.
type Slot<Packed> = Cell<(Packed, NameClass)>;

/// What was decided earlier on this thread. It never changes a decision, only its price: the same few dozen keys
/// make up nearly all traffic of a service.
struct Cache {
    /// The rules that the decisions belong to.
    owner: Cell<u64>,
    slots: Slots,
}

struct Slots {
    /// Names of at most 15 bytes, all of them printable ASCII without quotes and backslashes.
    short: [[Slot<u128>; WAYS]; SHORT],
    /// Other names of at most 31 bytes.
    long: [Slot<[u128; 2]>; LONG],
}

impl Slots {
    fn forget(&self) {
        self.short.iter().flatten().for_each(|slot| slot.set((0, NameClass::Plain)));
        self.long.iter().for_each(|slot| slot.set(([0; 2], NameClass::Plain)));
    }
}

thread_local! {
    static CACHE: Cache = const {
        Cache {
            owner: Cell::new(0),
            slots: Slots {
                short: [const { [const { Cell::new((0, NameClass::Plain)) }; WAYS] }; SHORT],
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

    /// What was decided about a name of at most 15 bytes, packed with the quote after it. Where something was, the
    /// name holds nothing that a JSON string must escape.
    #[inline]
    pub(super) fn known(&self, packed: u128) -> Option<NameClass> {
        for place in self.bucket(packed)? {
            let (known, class) = place.get();
            if known == packed {
                return Some(class);
            }
        }
        None
    }

    /// Where a packed name may be.
    #[inline]
    fn bucket(&self, packed: u128) -> Option<&[Slot<u128>; WAYS]> {
        self.slots.short.get(hash(packed) % SHORT)
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
        if name.len() < 16 && name.iter().all(simple) {
            self.short(packed[0], name)
        } else {
            self.long(packed, name)
        }
    }

    fn short(&self, packed: u128, name: &[u8]) -> NameClass {
        if let Some(class) = self.known(packed) {
            return class;
        }
        let class = self.decide(name);
        // Everything moves one place on, the oldest goes.
        let mut moved = (packed, class);
        for place in self.bucket(packed).into_iter().flatten() {
            moved = place.replace(moved);
        }
        class
    }

    fn long(&self, packed: [u128; 2], name: &[u8]) -> NameClass {
        let [low, high] = packed;
        let slot = hash(low ^ high.rotate_left(17)) % LONG;
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
fn hash(packed: u128) -> usize {
    let folded = (packed as u64) ^ ((packed >> 64) as u64).rotate_left(29);
    (folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 57) as usize
}
