//! Whether a name names a secret: by words, not substrings.

use std::borrow::Cow;
use std::cell::Cell;

use super::words::{
    ABOUT, ACCESS, ASKS, HARMLESS_BEFORE, JOINED, LAST, Meaning, PASS, POINTS, PUBLIC, SECRET_ENDS, TAMEABLE,
    meaning,
};

/// What a name tells about the value that goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum NameClass {
    /// Nothing.
    Plain,
    /// The value is a secret.
    Secret,
    /// The name itself is a secret: a map keyed by tokens.
    Leak,
    /// The user asked to keep the value.
    Kept,
    /// The value may be the name of a value beside it: `{"name": "password", ..}`.
    PairName,
    /// The value may be named by a value beside it: `{.., "value": "x"}`.
    PairValue,
}

/// Names the user added or exempted.
#[derive(Debug, Default)]
pub(super) struct OwnNames {
    /// Word sequences: a name that holds one is secret.
    redact: Vec<Vec<u8>>,
    /// Joined forms: a name that is one is kept.
    keep: Vec<Vec<u8>>,
}

impl OwnNames {
    pub(super) fn new(redact: &[String], keep: &[String]) -> Self {
        let spelled = |names: &[String], spell: fn(&[u8]) -> Vec<u8>| {
            names.iter().map(|n| spell(&plain_name(n.as_bytes()))).filter(|n| n.len() > 1).collect()
        };
        Self { redact: spelled(redact, spaced), keep: spelled(keep, joined) }
    }

    /// Extra names win over kept ones: in doubt a value is masked.
    fn class(&self, name: &[u8]) -> Option<NameClass> {
        if !self.redact.is_empty() {
            let name = spaced(name);
            let holds = |own: &Vec<u8>| name.windows(own.len()).any(|window| window == own.as_slice());
            if self.redact.iter().any(holds) {
                return Some(NameClass::Secret);
            }
            let squeezed: Vec<u8> = name.iter().copied().filter(|&b| b != b' ').collect();
            if self.redact.iter().any(|own| own.iter().filter(|&&b| b != b' ').eq(squeezed.iter())) {
                return Some(NameClass::Secret);
            }
        }
        (!self.keep.is_empty() && self.keep.contains(&joined(name))).then_some(NameClass::Kept)
    }
}

/// ` word word `: with a blank on either side, so that words match whole.
fn spaced(name: &[u8]) -> Vec<u8> {
    let mut out = vec![b' '];
    for_each_word(name, |word| {
        out.extend(word.iter().map(u8::to_ascii_lowercase));
        out.push(b' ');
    });
    out
}

fn joined(name: &[u8]) -> Vec<u8> {
    name.iter().filter(|b| b.is_ascii_alphanumeric() || !b.is_ascii()).map(u8::to_ascii_lowercase).collect()
}

/// What a name, as it stands between its quotes, means. Escapes of JSON are understood.
pub(super) fn classify(own: &OwnNames, raw: &[u8]) -> NameClass {
    let name = plain_name(raw);
    let name = name.as_ref();
    if let Some(class) = own.class(name) {
        return class;
    }
    if is_secret(name) { NameClass::Secret } else { pair_part(name) }
}

fn pair_part(name: &[u8]) -> NameClass {
    let is = |list: &[&str]| list.iter().any(|n| name.eq_ignore_ascii_case(n.as_bytes()));
    if is(&[
        "name",
        "key",
        "field",
        "header",
        "param",
        "parameter",
        "property",
        "attribute",
        "variable",
        "path",
        "k",
    ]) || is(&["fieldname", "field_name", "paramname", "param_name", "headername", "header_name"])
    {
        NameClass::PairName
    } else if is(&["value", "values", "val", "v", "fieldvalue", "field_value", "stringvalue", "string_value"])
    {
        NameClass::PairValue
    } else {
        NameClass::Plain
    }
}

/// The rules of words. `name` is free of escapes and invisible characters.
pub(super) fn is_secret(name: &[u8]) -> bool {
    let mut words = Words::default();
    for_each_word(name, |word| words.add(word));
    words.verdict()
}

/// What was seen of a name's words so far.
#[derive(Default)]
struct Words {
    count: usize,
    first: Meaning,
    before_last: Meaning,
    last: Meaning,
    pass: bool,
    public: bool,
    /// A pair was seen; where it ended; whether it began with `access`.
    pair_end: usize,
    access_pair: bool,
    /// The last word ends as secrets do, though nobody listed it.
    secret_end: bool,
    letters: [u8; 16],
    letter_count: usize,
}

impl Words {
    fn add(&mut self, word: &[u8]) {
        let mut this = meaning(word);
        self.secret_end = false;
        if !this.is_known() {
            this = self.stranger(word);
        }
        self.count += 1;
        if self.count == 1 {
            self.first = this;
        }
        self.pass |= this.has(PASS);
        self.public |= this.has(PUBLIC);
        if self.count > 1 && self.last.pairs_with(this) {
            self.pair_end = self.count;
            self.access_pair |= self.last.has(ACCESS);
        }
        self.before_last = self.last;
        self.last = this;
        for (at, b) in (self.letter_count..).zip(word) {
            if let Some(letter) = self.letters.get_mut(at) {
                *letter = b.to_ascii_lowercase();
            }
        }
        self.letter_count += word.len();
    }

    /// Words written together: `dbpassword`, `csrfmiddlewaretoken`.
    fn stranger(&mut self, word: &[u8]) -> Meaning {
        let holds =
            |part: &str| word.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()));
        // `pass` first: it is rare, and the search for it is cheap.
        let long = word.len() > 6 && word.iter().any(|b| b | 0x20 == b'p') && holds("pass");
        if long && ["password", "passwd", "passphrase", "passwort"].iter().any(|part| holds(part)) {
            let harmless = word.eq_ignore_ascii_case(b"passwordless");
            return if harmless { Meaning::default() } else { meaning(b"password") };
        }
        if word.iter().any(|b| *b >= 0x80)
            && ["пароль", "密码", "密碼", "パスワード", "비밀번호"].iter().any(|p| holds(p))
        {
            return meaning(b"password");
        }
        let ends = |end: &&'static str| {
            word.len() > end.len()
                && word.get(word.len() - end.len()..).is_some_and(|w| w.eq_ignore_ascii_case(end.as_bytes()))
        };
        let counts = ["max", "min", "num", "next", "page", "eos", "bos", "pad", "unk", "stop"];
        let may_end = word.last().is_some_and(|b| {
            matches!(b | 0x20, b't' | b'n' | b'y' | b'l' | b's' | b'e' | b'd' | b'g' | b'r')
        });
        if word.len() < 5 || !may_end {
            return Meaning::default();
        }
        self.secret_end = SECRET_ENDS.iter().any(ends)
            && !counts
                .iter()
                .any(|c| word.get(..c.len()).is_some_and(|w| w.eq_ignore_ascii_case(c.as_bytes())));
        Meaning::default()
    }

    /// DESIGN section 4, first rule that applies.
    fn verdict(&self) -> bool {
        if self.letters.get(..self.letter_count).is_some_and(|joined| meaning(joined).has(JOINED)) {
            return true;
        }
        if self.count == 0 {
            return false;
        }
        if self.count > 1 && (self.first.has(ASKS) || self.last.has(ABOUT)) {
            return false;
        }
        let points = self.last.has(POINTS) && self.pair_end != self.count;
        if self.pass {
            return !points;
        }
        if self.public {
            return false;
        }
        if self.last.has(LAST) {
            return !(self.count > 1 && self.last.has(TAMEABLE) && self.before_last.has(HARMLESS_BEFORE));
        }
        self.secret_end || (self.pair_end > 0 && (!points || self.access_pair))
    }
}

/// Splits on everything that is neither letter nor digit, on camelCase, and drops digits.
fn for_each_word(name: &[u8], mut found: impl FnMut(&[u8])) {
    let at = |i: usize| name.get(i).copied().unwrap_or(0);
    let is_lower = |b: u8| b.is_ascii_lowercase() || b >= 0x80;
    let mut start = 0;
    let mut before = 0_u8;
    for (i, &b) in name.iter().enumerate() {
        let letter = b.is_ascii_alphabetic() || b >= 0x80;
        // `userIDs`: a plural, not a hump
        let plural = at(i + 1) == b's' && !is_lower(at(i + 2));
        let last_capital = before.is_ascii_uppercase() && at(i + 1).is_ascii_lowercase() && !plural;
        let hump = b.is_ascii_uppercase() && (is_lower(before) || last_capital);
        if !letter || hump {
            if start < i {
                found(name.get(start..i).unwrap_or_default());
            }
            start = if hump { i } else { i + 1 };
        }
        before = b;
    }
    if let Some(word) = name.get(start..).filter(|word| !word.is_empty()) {
        found(word);
    }
}

/// Takes escapes, invisible characters and full-width forms out of a name. Borrows where there are none.
pub(super) fn plain_name(raw: &[u8]) -> Cow<'_, [u8]> {
    if raw.iter().all(|&b| b < 0x80 && b != b'\\') {
        return Cow::Borrowed(raw);
    }
    let mut unescaped = Vec::new();
    let text = if raw.contains(&b'\\') {
        super::escape::unescape(raw, &mut unescaped);
        &unescaped
    } else {
        raw
    };
    let text = String::from_utf8_lossy(text);
    let fold = |c: char| match c {
        '\u{AD}'
        | '\u{34F}'
        | '\u{61C}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{FFFD}'
        | '\u{0}'..='\u{8}' => None,
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0),
        '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{3000}' => Some(' '),
        '\u{2010}'..='\u{2015}' => Some('-'),
        _ => Some(c),
    };
    Cow::Owned(text.chars().filter_map(fold).collect::<String>().into_bytes())
}

const CACHED: usize = 512;

/// A name, from the lowest byte up, and what it says.
type Slot = Cell<([u128; 2], NameClass)>;

/// Decisions made earlier on this thread, exact for names of up to 32 bytes. It never changes a decision,
/// only its price: the same few dozen keys make up nearly all traffic of a service.
struct Cache {
    /// The rules that the decisions belong to.
    owner: Cell<u64>,
    slots: [Slot; CACHED],
}

thread_local! {
    static CACHE: Cache = const {
        Cache { owner: Cell::new(0), slots: [const { Cell::new(([0; 2], NameClass::Plain)) }; CACHED] }
    };
}

/// A view of this thread's cache for one scan.
pub(super) struct Decisions<'a> {
    own: &'a OwnNames,
    slots: &'a [Slot; CACHED],
}

impl<'a> Decisions<'a> {
    /// Runs `scan` with the decisions of the rules called `owner`.
    pub(super) fn with<R>(owner: u64, own: &'a OwnNames, scan: impl FnOnce(&Decisions<'_>) -> R) -> R {
        // A const-initialised thread local without a destructor is always there.
        CACHE.with(|cache| {
            if cache.owner.replace(owner) != owner {
                cache.slots.iter().for_each(|slot| slot.set(([0; 2], NameClass::Plain)));
            }
            scan(&Decisions { own, slots: &cache.slots })
        })
    }

    /// As `any`, for a name of 1 to 32 bytes, packed, without a NUL.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // folded on purpose
    pub(super) fn short(&self, packed: [u128; 2], name: &[u8]) -> NameClass {
        let [low, high] = packed;
        let fold =
            |x: u128| (x as u64) ^ ((x >> 64) as u64).rotate_left(31).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
        let mixed = fold(low) ^ fold(high).rotate_left(17);
        let slot = ((mixed ^ (mixed >> 29)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 55) as usize;
        let (Some(first), Some(second)) = (self.slots.get(slot), self.slots.get(slot ^ 1)) else {
            return self.any(name);
        };
        let (known, class) = first.get();
        if known == packed {
            return class;
        }
        let (known, class) = second.get();
        if known == packed {
            return class;
        }
        let class = self.any(name);
        second.set(first.replace((packed, class)));
        class
    }

    /// Any name, as it stands between its quotes.
    #[cold]
    pub(super) fn any(&self, name: &[u8]) -> NameClass {
        match classify(self.own, name) {
            NameClass::Plain if super::detect::holds_secret(name) => NameClass::Leak,
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

    /// As `any`, from the cache where it is short.
    pub(super) fn class(&self, name: &[u8]) -> NameClass {
        // A NUL at the end would be lost in packing.
        if name.len() > 32 || name.last().is_none_or(|&b| b == 0) {
            return self.any(name);
        }
        let packed = |part: Option<&[u8]>| {
            let mut bytes = [0; 16];
            bytes.iter_mut().zip(part.unwrap_or_default()).for_each(|(to, from)| *to = *from);
            u128::from_le_bytes(bytes)
        };
        self.short([packed(Some(name)), packed(name.get(16..))], name)
    }
}
