/// A pattern in which `*` is any run of characters and `?` one; case counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob(Vec<char>);

impl Glob {
    pub(crate) fn new(pattern: &str) -> Self {
        Self(pattern.chars().collect())
    }

    /// In time of pattern by text at most: the last `*` alone is gone back to.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut place) = (0, 0);
        let mut star = None;
        while let Some(c) = text.get(at) {
            match self.0.get(place) {
                Some('*') => {
                    star = Some((place, at));
                    place += 1;
                }
                Some(p) if *p == '?' || p == c => {
                    place += 1;
                    at += 1;
                }
                _ => match star {
                    Some((star_place, star_at)) => {
                        place = star_place + 1;
                        at = star_at + 1;
                        star = Some((star_place, star_at + 1));
                    }
                    None => return false,
                },
            }
        }
        self.0.get(place..).is_some_and(|rest| rest.iter().all(|c| *c == '*'))
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn stars_are_any_run_and_question_marks_one_character() {
        for (pattern, text, expected) in [
            ("/a", "/a", true),
            ("/a", "/ab", false),
            ("/a*", "/a", true),
            ("*", "", true),
            ("/*/x/*", "/a/b/x/c", true),
            ("/*/x", "/a/xx", false),
            ("/?", "/é", true),
            ("", "", true),
            ("**a**b", "xxaxxb", true),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn hostile_patterns_take_no_time() {
        assert!(!Glob::new(&"*a".repeat(50)).matches(&"a".repeat(20_000).replace("aaaaaaaaaa", "b")));
    }
}
