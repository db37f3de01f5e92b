//! Requests that are not logged unless they turn out remarkable (`LOG_SKIP`).

use std::borrow::Cow;

/// Bytes of one pattern.
const MAX_PATTERN: usize = 1024;

/// Patterns such as `/health` or `GET /static/*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Skip(Vec<Pattern>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    /// In upper case; none where any method is meant.
    method: Option<String>,
    path: String,
}

impl Skip {
    /// Of patterns that [`is_pattern`] allows.
    pub(crate) fn of(patterns: &[String]) -> Self {
        Self(patterns.iter().filter_map(|pattern| Pattern::parse(pattern)).collect())
    }

    /// True where there is no pattern.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True where a pattern fits the method and either the path or the template of the route.
    pub(crate) fn takes(&self, method: &str, path: &str, route: Option<&str>) -> bool {
        let method = match method.bytes().any(|byte| byte.is_ascii_lowercase()) {
            true => Cow::Owned(method.to_ascii_uppercase()),
            false => Cow::Borrowed(method),
        };
        self.0.iter().any(|pattern| {
            pattern.method.as_ref().is_none_or(|wanted| fits(wanted, &method))
                && (fits(&pattern.path, path) || route.is_some_and(|route| fits(&pattern.path, route)))
        })
    }
}

/// Whether this is a path, or a method and a path.
pub(super) fn is_pattern(text: &str) -> bool {
    Pattern::parse(text).is_some()
}

impl Pattern {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ').filter(|word| !word.is_empty());
        let (first, second) = (words.next()?, words.next());
        let (method, path) = second.map_or((None, first), |path| (Some(first), path));
        // Paths have no query here, and it is what a pattern with one would never fit.
        let is_path = path.starts_with(['/', '*']) && !path.contains(['?', '#']);
        let is_method = method.is_none_or(|method| method.bytes().all(is_token));
        let is_clean = text.len() <= MAX_PATTERN && !text.contains(|c: char| c.is_control());
        (is_path && is_method && is_clean && words.next().is_none())
            .then(|| Self { method: method.map(str::to_ascii_uppercase), path: path.to_owned() })
    }
}

/// What methods are made of (RFC 9110 section 5.6.2); our `*` is among it.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether `pattern`, in which `*` stands for any run of characters, is all of `text`.
///
/// Each piece between two `*` is looked for once, where the one before it ends: what fits at all fits so, and the time
/// is linear whatever a client sends.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in middle.split('*') {
        match text.find(piece).and_then(|at| text.get(at + piece.len()..)) {
            Some(rest) => text = rest,
            None => return false,
        }
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn takes(pattern: &str, method: &str, path: &str) -> bool {
        Skip::of(&[pattern.to_owned()]).takes(method, path, None)
    }

    #[test]
    fn patterns_fit_whole_paths() {
        for (pattern, path, fits) in [
            ("/health", "/health", true),
            ("/health", "/health/", false),
            ("/health", "/healthy", false),
            ("/health", "/Health", false),
            ("/health", "/api/health", false),
            ("/static/*", "/static/", true),
            ("/static/*", "/static/a/b.css", true),
            ("/static/*", "/static", false),
            ("*", "", true),
            ("*", "/anything", true),
            ("*/health", "/api/v1/health", true),
            ("*.css", "/a.css", true),
            ("*.css", "/a.css.map", false),
            ("/a*c", "/ac", true),
            ("/a*c", "/abcbc", true),
            ("/a*a", "/a", false),
            ("/api/*/health*", "/api/v1/health", true),
            ("/api/*/health*", "/api/health", false),
            ("/*ab*ab*", "/abab", true),
            ("/*ab*ab*", "/xabxabx", true),
            ("/*ab*ab*", "/aba", false),
            ("/**", "/a", true),
            ("/größe*", "/größer", true),
        ] {
            assert_eq!(takes(pattern, "GET", path), fits, "{pattern} and {path}");
        }
    }

    #[test]
    fn a_method_is_matched_in_any_case() {
        for (pattern, method, fits) in [
            ("GET /x", "GET", true),
            ("get  /x", "GET", true),
            (" GET /x ", "get", true),
            ("GET /x", "POST", false),
            ("* /x", "PURGE", true),
            ("P*T /x", "PUT", true),
            ("P*T /x", "PATCH", false),
            ("/x", "POST", true),
        ] {
            assert_eq!(takes(pattern, method, "/x"), fits, "{pattern} and {method}");
        }
    }

    #[test]
    fn the_template_of_the_route_counts_too() {
        let skip = Skip::of(&["/users/{id}".to_owned(), "GET /health".to_owned()]);
        assert!(skip.takes("GET", "/users/7", Some("/users/{id}")));
        assert!(skip.takes("GET", "/health", Some("/{*rest}")));
        assert!(!skip.takes("GET", "/users/7", Some("/users/{user}")));
        assert!(!skip.takes("GET", "/users/7", None));
        assert!(!skip.is_empty() && Skip::default().is_empty());
        assert!(!Skip::default().takes("GET", "/", None));
    }

    #[test]
    fn what_could_never_fit_is_no_pattern() {
        for text in ["/", "*", "/a,b", "GET /a", "M-SEARCH *", "/{id}", "/a%20b"] {
            assert!(is_pattern(text), "{text}");
        }
        let long = format!("/{}", "x".repeat(1024));
        for text in [
            "",
            " ",
            "health",
            "GET",
            "/a?b=1",
            "/a#b",
            "G/T /a",
            "GET /a /b",
            "GET a",
            "/a\tb",
            "/a\n",
            &long,
        ] {
            assert!(!is_pattern(text), "{text}");
        }
    }

    /// What `*` means, without care for time.
    fn plainly(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|skipped| plainly(rest, &text[skipped..])),
            Some((byte, rest)) => text.first() == Some(byte) && plainly(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn it_is_what_a_star_means(pattern in "/[ab*]{0,8}", text in "/[ab]{0,10}") {
            prop_assert_eq!(fits(&pattern, &text), plainly(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn nothing_makes_it_panic(pattern in "\\PC{0,30}|[/* aé]{0,12}", text in "\\PC{0,30}|[/aé]{0,12}") {
            Skip::of(std::slice::from_ref(&pattern)).takes(&text, &text, Some(&text));
            fits(&pattern, &text);
        }
    }
}
