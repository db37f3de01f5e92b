//! Whether a name names a secret: by words, not substrings.

use super::header;
use super::own_names::OwnNames;
use super::spelling::{for_each_word, plain_name};
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

/// What a name, as it stands between its quotes, means. Escapes of JSON are understood.
pub(super) fn classify(own: &OwnNames, raw: &[u8]) -> NameClass {
    let name = plain_name(raw);
    let name = name.as_ref();
    if let Some(class) = own.class(name) {
        return class;
    }
    if is_secret(name) || header::is_secret_name(name) { NameClass::Secret } else { pair_part(name) }
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
