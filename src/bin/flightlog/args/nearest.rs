//! What was meant by a word that is none.

/// The name that differs in the fewest letters, if these are few.
pub(super) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    // What was not typed to its end.
    let begun = |name: &&str| word.len() > 1 && name.starts_with(word);
    if let Some(name) = names.clone().find(begun) {
        return Some(name);
    }
    let closest = names.map(|name| (distance(word, name), name)).min()?;
    (closest.0 <= 1 + word.len() / 4).then_some(closest.1)
}

/// Levenshtein's.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let next = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = *cell;
            *cell = next;
            left = next;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_word_that_is_begun_or_misspelt_is_guessed_and_others_are_not() {
        let names = ["top", "type", "status", "stats", "errors-only"];
        for (word, meant) in [
            ("typ", Some("type")),
            ("error", Some("errors-only")),
            ("statsu", Some("stats")),
            ("tpye", Some("type")),
            ("xyzzy", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, names.into_iter()), meant, "{word}");
        }
    }
}
