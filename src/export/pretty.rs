//! JSON for people to read, in which no character of a client's can pose as something else.

use serde::Serialize;

use crate::exchange::{must_escape, tokens};

/// Lists and objects that fit a line of so many bytes stand on one; those that are items of a list, such as events, get a
/// longer one, for then they can be read like a log.
const LINE: usize = 120;
const ITEM: usize = 240;
/// What is nested grows when indented: past this factor it stays on one line, however long that is.
const GROWTH: usize = 8;

/// Writes `value` indented by two spaces, and ends with a newline.
///
/// Raw JSON inside is laid out along, but otherwise keeps its bytes: digits, order and repeated keys. DEL, C1, U+2028,
/// U+2029 and bidi controls leave as `\uXXXX`, as the C0 controls do in any JSON.
pub(super) fn pretty<T: Serialize>(value: &T) -> serde_json::Result<String> {
    Ok(laid_out(&serde_json::to_string(value)?) + "\n")
}

/// Valid JSON laid out anew, with a space behind colons, and behind commas within a line.
pub(super) fn laid_out(json: &str) -> String {
    let tokens: Vec<&str> = tokens(json).collect();
    let extents = extents(&tokens);
    let mut page = Page { text: String::with_capacity(json.len() * 2), line: 0, open: Vec::new() };
    // While something stands on one line: where it ends.
    let mut ends_line = None;
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "{" | "[" if ends_line.is_none() => {
                let extent = extents.get(at).copied().unwrap_or_default();
                page.put(token);
                if page.fits(extent) {
                    ends_line = Some(at + extent.tokens);
                } else {
                    page.open.push(*token);
                    page.next_line();
                }
            }
            "}" | "]" if ends_line.is_none() => {
                page.open.pop();
                page.next_line();
                page.put(token);
            }
            "," if ends_line.is_none() => {
                page.put(token);
                page.next_line();
            }
            "," => page.put(", "),
            ":" => page.put(": "),
            other => page.put_escaped(other),
        }
        if ends_line == Some(at) {
            ends_line = None;
        }
    }
    page.text
}

/// What stands between a bracket and the one that closes it, both included.
#[derive(Clone, Copy, Default)]
struct Extent {
    /// Tokens behind the first bracket.
    tokens: usize,
    /// Bytes on one line.
    bytes: usize,
    /// Brackets open at once.
    depth: usize,
}

/// For each bracket that opens, and for nothing else.
fn extents(tokens: &[&str]) -> Vec<Extent> {
    let mut extents = vec![Extent::default(); tokens.len()];
    let mut open: Vec<(usize, Extent)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if matches!(*token, "{" | "[") {
            open.push((at, Extent { depth: 1, ..Extent::default() }));
        }
        if let Some((_, extent)) = open.last_mut() {
            extent.bytes += token.len() + usize::from(matches!(*token, "," | ":"));
        }
        if matches!(*token, "}" | "]")
            && let Some((from, extent)) = open.pop()
        {
            let extent = Extent { tokens: at - from, ..extent };
            if let Some(place) = extents.get_mut(from) {
                *place = extent;
            }
            if let Some((_, outer)) = open.last_mut() {
                outer.bytes += extent.bytes;
                outer.depth = outer.depth.max(extent.depth + 1);
            }
        }
    }
    extents
}

struct Page<'a> {
    text: String,
    /// Where the line begins.
    line: usize,
    /// The brackets that are open, each with lines of its own.
    open: Vec<&'a str>,
}

impl Page<'_> {
    /// True where it stands on this line, whose first bracket is there already.
    fn fits(&self, Extent { tokens, bytes, depth }: Extent) -> bool {
        // The document itself is always laid out, a list of nothing never.
        let longest = match self.open.last() {
            None => 0,
            Some(&"[") => ITEM,
            Some(_) => LINE,
        };
        let column = self.text.len() - self.line;
        let grown = tokens.saturating_mul(2 * (self.open.len() + depth));
        tokens == 1 || column + bytes <= longest || grown > bytes.saturating_mul(GROWTH).max(4096)
    }

    fn next_line(&mut self) {
        self.text.push('\n');
        self.line = self.text.len();
        self.text.extend(std::iter::repeat_n("  ", self.open.len()));
    }

    fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn put_escaped(&mut self, text: &str) {
        let mut from = 0;
        for (at, c) in text.match_indices(must_escape) {
            self.put(text.get(from..at).unwrap_or_default());
            for c in c.chars() {
                self.put(&format!("\\u{:04x}", u32::from(c)));
            }
            from = at + c.len();
        }
        self.put(text.get(from..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::{LINE, must_escape, pretty};
    use crate::exchange::one_line;

    fn raw(json: &str) -> String {
        let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
        pretty(&std::collections::BTreeMap::from([("body", raw)])).unwrap()
    }

    #[test]
    fn raw_json_is_indented_but_keeps_its_numbers_and_repeated_keys() {
        assert_eq!(
            raw(
                r#"{"a":1.50,"a":[1E+2,-0,{}],"b":[ ],"s":"x, {\"y\": [1]}","n":123456789012345678901234567890}"#
            ),
            r#"{
  "body": {"a": 1.50, "a": [1E+2, -0, {}], "b": [], "s": "x, {\"y\": [1]}", "n": 123456789012345678901234567890}
}
"#
        );
        assert_eq!(raw("null"), "{\n  \"body\": null\n}\n");
    }

    #[test]
    fn characters_that_act_leave_as_escapes_in_strings_in_keys_and_in_raw_json() {
        let text = "\u{1b}[31m \u{7f} \u{9b} \u{2028} \u{202e} \u{2069} \u{61c} é 😀";
        let escaped = r#""\u001b[31m \u007f \u009b \u2028 \u202e \u2069 \u061c é 😀""#;
        assert_eq!(pretty(&text).unwrap(), format!("{escaped}\n"));
        let keyed = pretty(&std::collections::BTreeMap::from([(text, 1)])).unwrap();
        assert_eq!(keyed, format!("{{\n  {escaped}: 1\n}}\n"));
        assert_eq!(raw("[\"\u{202e}\u{85}\"]"), "{\n  \"body\": [\"\\u202e\\u0085\"]\n}\n");
    }

    #[test]
    fn nesting_that_would_blow_up_stays_on_one_line() {
        let deep = format!("{}{}1{}", "[".repeat(60), "1,".repeat(10_000), "]".repeat(60));
        let text = raw(&deep);
        assert!(text.len() < 2 * deep.len(), "{} bytes of {}", text.len(), deep.len());
        assert_eq!(one_line(&text), format!("{{\"body\":{deep}}}"));
    }

    #[test]
    fn what_fits_a_line_stands_on_one() {
        let list = |words: usize| format!("[{}]", vec!["\"word\""; words].join(","));
        let fitting = (LINE - r#"  "body": []"#.len() + 2) / r#""word", "#.len();
        assert_eq!(
            raw(&list(fitting)),
            format!("{{\n  \"body\": {}\n}}\n", list(fitting).replace(',', ", "))
        );
        let long = raw(&format!("{{\"x\":{},\"y\":[1]}}", list(fitting + 1)));
        assert!(
            long.starts_with("{\n  \"body\": {\n    \"x\": [\n      \"word\",\n      \"word\",\n"),
            "{long}"
        );
        assert!(long.ends_with("      \"word\"\n    ],\n    \"y\": [1]\n  }\n}\n"), "{long}");
        assert_eq!(pretty(&serde_json::json!({})).unwrap(), "{}\n");
        assert_eq!(pretty(&serde_json::json!({"a": 1})).unwrap(), "{\n  \"a\": 1\n}\n");
    }

    proptest! {
        #[test]
        fn any_text_comes_back_and_shows_nothing_that_acts(text in any::<String>()) {
            let raw: Box<RawValue> = RawValue::from_string(serde_json::to_string(&[&text]).unwrap()).unwrap();
            let shown = pretty(&(&text, &raw)).unwrap();
            let acting = shown.chars().find(|c| must_escape(*c) || (*c < ' ' && *c != '\n'));
            prop_assert_eq!(acting, None);
            let (first, second): (String, Vec<String>) = serde_json::from_str(&shown).unwrap();
            prop_assert_eq!((&first, &second), (&text, &vec![text.clone()]));
            prop_assert_eq!(one_line(&shown).len(), one_line(&one_line(&shown)).len());
        }
    }
}
