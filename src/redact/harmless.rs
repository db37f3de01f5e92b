//! Short texts in which nothing had to be hidden, remembered per thread.

use std::cell::RefCell;

/// Texts that are remembered, each in the one place that its bytes choose.
const PLACES: usize = 64;
/// Longer ones, with their names, seldom come again.
const LONGEST: usize = 256;

/// What was asked: `name` is that of a header, and empty for a URL.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    /// The rules that the answer belongs to.
    pub rules: u64,
    pub name: &'a str,
    pub value: &'a [u8],
}

/// What is known of a text in which nothing had to be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Harmless {
    /// It is printable ASCII without quotes and backslashes.
    Plain,
    Text,
}

struct Known {
    rules: u64,
    kind: Harmless,
    name: Box<str>,
    value: Box<[u8]>,
}

// It never changes an answer, only its price: a client sends the same user agent, and the same URL, again and again.
// What had to be changed is not remembered, so that no secret outlives its request here.
thread_local!(static KNOWN: RefCell<[Option<Known>; PLACES]> = const { RefCell::new([const { None }; PLACES]) });

impl Question<'_> {
    /// What is known where this text came before and nothing in it had to be hidden.
    pub(super) fn answer(self) -> Option<Harmless> {
        self.with_place(|place| {
            let known = place.as_ref()?;
            let is_same =
                known.rules == self.rules && *known.value == *self.value && *known.name == *self.name;
            is_same.then_some(known.kind)
        })
    }

    /// Nothing in this text had to be hidden.
    pub(super) fn remember(self) {
        let is_plain = |b: &u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\');
        let kind = if self.value.iter().all(is_plain) { Harmless::Plain } else { Harmless::Text };
        self.with_place(|place| {
            let (name, value) = (self.name.into(), self.value.into());
            *place = Some(Known { rules: self.rules, kind, name, value });
            None::<Harmless>
        });
    }

    fn with_place<T>(self, visit: impl FnOnce(&mut Option<Known>) -> Option<T>) -> Option<T> {
        if self.name.len() + self.value.len() > LONGEST {
            return None;
        }
        let visit = |known: &RefCell<[Option<Known>; PLACES]>| {
            visit(known.try_borrow_mut().ok()?.get_mut(self.place())?)
        };
        KNOWN.try_with(visit).ok().flatten()
    }

    /// All of the text counts: agents of browsers differ in the middle only.
    fn place(self) -> usize {
        let (words, _) = self.value.as_chunks::<8>();
        let mix = |mixed: u64, word: u64| (mixed.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.rules ^ (257 * self.name.len() + self.value.len()) as u64;
        for word in words {
            mixed = mix(mixed, u64::from_le_bytes(*word));
        }
        // Some bytes of the last word are among those before it.
        let last = match self.value.last_chunk() {
            Some(last) => u64::from_le_bytes(*last),
            None => self.value.iter().fold(0, |last, byte| (last << 8) | u64::from(*byte)),
        };
        (mix(mixed, last) >> 58) as usize % PLACES
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Harmless, LONGEST, Question};
    use crate::redact::{RedactOptions, Redactor};

    #[test]
    fn only_the_same_question_has_the_same_answer() {
        let question = Question { rules: 7001, name: "accept", value: b"text/html; charset=utf-8" };
        assert_eq!(question.answer(), None);
        question.remember();
        assert_eq!(question.answer(), Some(Harmless::Plain));
        assert_eq!(Question { rules: 7002, ..question }.answer(), None);
        assert_eq!(Question { name: "except", ..question }.answer(), None);
        assert_eq!(Question { value: b"text/html; ch4rset=utf-8", ..question }.answer(), None);
        for value in ["\"quoted\" text", "back\\slashed", "of Zürich", "tab\there", "\u{7f}"] {
            let question = Question { value: value.as_bytes(), ..question };
            question.remember();
            assert_eq!(question.answer(), Some(Harmless::Text), "{value}");
        }
    }

    #[test]
    fn long_texts_and_texts_under_long_names_are_not_kept() {
        for (name, length) in [("accept", LONGEST), ("a".repeat(LONGEST).as_str(), 2)] {
            let value = vec![b'x'; length];
            let question = Question { rules: 7004, name, value: &value };
            question.remember();
            assert_eq!(question.answer(), None, "{name}");
        }
    }

    #[test]
    fn agents_of_browsers_are_remembered_side_by_side() {
        let agents: Vec<String> = (100..108)
            .map(|version| format!("Mozilla/5.0 (X11; Linux x86_64) Chrome/{version}.0.0.0 Safari/537.36"))
            .collect();
        let question = |agent| Question { rules: 7003, name: "user-agent", value: agent };
        let places: BTreeSet<usize> = agents.iter().map(|agent| question(agent.as_bytes()).place()).collect();
        assert!(places.len() >= 6, "{places:?}");
    }

    #[test]
    fn other_rules_are_asked_anew() {
        let plain = Redactor::default();
        let strict = Redactor::new(RedactOptions::default().redact(["shelf"]));
        for _ in 0..2 {
            assert_eq!(plain.url("/items?shelf=seven"), "/items?shelf=seven");
            assert_eq!(strict.url("/items?shelf=seven"), "/items?shelf=[REDACTED]");
            assert_eq!(plain.header("x-shelf", b"seven"), "seven");
            assert_eq!(strict.header("x-shelf", b"seven"), "[REDACTED]");
            assert_eq!(plain.header("x-api-key", b"seven"), "[REDACTED]");
        }
    }
}
