//! JSON for people to read, in which no character of a client's can pose as something else.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::exchange::{must_escape, one_line, tokens};

/// Writes `value` indented by two spaces, and ends with a newline.
///
/// Raw JSON inside is indented along, but otherwise keeps its bytes: digits, order and repeated keys. DEL, C1, U+2028,
/// U+2029 and bidi controls leave as `\uXXXX`, as the C0 controls do in any JSON.
pub(super) fn pretty<T: Serialize>(value: &T) -> serde_json::Result<String> {
    let mut bytes = Vec::with_capacity(4096);
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Pretty::default()))?;
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

#[derive(Default)]
struct Pretty {
    depth: usize,
    has_value: bool,
}

/// Nested short arrays grow when indented: past this factor the raw JSON stays on one line.
const GROWTH: usize = 8;

impl Pretty {
    fn open<W: io::Write + ?Sized>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.has_value = false;
        writer.write_all(bracket)
    }

    fn close<W: io::Write + ?Sized>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if self.has_value {
            writer.write_all(line(self.depth).as_bytes())?;
        }
        self.has_value = true;
        writer.write_all(bracket)
    }

    fn item<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.has_value = true;
        writer.write_all(line(self.depth).as_bytes())
    }
}

impl Formatter for Pretty {
    fn begin_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.item(writer, first)
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: io::Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.item(writer, first)
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        write_escaped(writer, fragment)
    }

    fn write_raw_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let most = fragment.len().saturating_mul(GROWTH).max(4096);
        match indented(fragment, self.depth, most) {
            Some(indented) => write_escaped(writer, &indented),
            None => write_escaped(writer, &one_line(fragment)),
        }
    }
}

/// Valid JSON laid out anew from `depth` on; none where that takes more than `most` bytes.
pub(super) fn indented(json: &str, mut depth: usize, most: usize) -> Option<String> {
    let mut text = String::with_capacity(json.len() * 2);
    let mut just_opened = false;
    for token in tokens(json) {
        if text.len() > most {
            return None;
        }
        let closes = matches!(token, "}" | "]");
        if just_opened && !closes {
            depth += 1;
            text.push_str(&line(depth));
        } else if !just_opened && closes {
            depth = depth.saturating_sub(1);
            text.push_str(&line(depth));
        }
        text.push_str(token);
        match token {
            "," => text.push_str(&line(depth)),
            ":" => text.push(' '),
            _ => {}
        }
        just_opened = matches!(token, "{" | "[");
    }
    Some(text)
}

fn line(depth: usize) -> String {
    let mut line = String::with_capacity(1 + 2 * depth);
    line.push('\n');
    line.extend(std::iter::repeat_n("  ", depth));
    line
}

fn write_escaped<W: io::Write + ?Sized>(writer: &mut W, text: &str) -> io::Result<()> {
    let mut from = 0;
    for (at, c) in text.match_indices(must_escape) {
        writer.write_all(text.get(from..at).unwrap_or_default().as_bytes())?;
        for c in c.chars() {
            write!(writer, "\\u{:04x}", u32::from(c))?;
        }
        from = at + c.len();
    }
    writer.write_all(text.get(from..).unwrap_or_default().as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::{must_escape, one_line, pretty};

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
  "body": {
    "a": 1.50,
    "a": [
      1E+2,
      -0,
      {}
    ],
    "b": [],
    "s": "x, {\"y\": [1]}",
    "n": 123456789012345678901234567890
  }
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
        assert_eq!(raw("[\"\u{202e}\u{85}\"]"), "{\n  \"body\": [\n    \"\\u202e\\u0085\"\n  ]\n}\n");
    }

    #[test]
    fn nesting_that_would_blow_up_stays_on_one_line() {
        let deep = format!("{}{}1{}", "[".repeat(60), "1,".repeat(10_000), "]".repeat(60));
        let text = raw(&deep);
        assert!(text.len() < deep.len() + 100, "{} bytes of {}", text.len(), deep.len());
        assert!(text.contains(&deep));
    }

    #[test]
    fn structures_without_raw_json_look_as_serde_json_makes_them() {
        let value = serde_json::json!({"a": [], "b": {}, "c": [[], [1, {"d": null}]], "e": [{}], "f": "x"});
        assert_eq!(pretty(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap() + "\n");
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
