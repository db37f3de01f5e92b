//! Names the user added or exempted.

use super::names::NameClass;
use super::spelling::{for_each_word, plain_name};

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
    pub(super) fn class(&self, name: &[u8]) -> Option<NameClass> {
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
