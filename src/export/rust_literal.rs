//! Any text or bytes as a literal of Rust.

use std::fmt::Write;

use crate::exchange::must_escape;

/// A string literal: raw where that is easier to read, and possible.
///
/// What an editor or a terminal would act upon is escaped (the compiler denies bidi controls in literals), and so are
/// carriage returns, of which source files lose some.
pub(super) fn string(text: &str) -> String {
    if text.contains(|c: char| (c.is_control() && c != '\n') || must_escape(c)) || loses_space(text) {
        return escaped(text);
    }
    if !text.contains(['"', '\\', '\n']) {
        return format!("\"{text}\"");
    }
    match hashes(text) {
        Some(hashes) => format!("r{hashes}\"{text}\"{hashes}"),
        None => escaped(text),
    }
}

/// A byte string literal.
pub(super) fn bytes(bytes: &[u8]) -> String {
    let content: String = bytes.iter().map(|byte| byte.escape_ascii().to_string()).collect();
    format!("b\"{content}\"")
}

/// A text for a comment: on one line, and nothing in it acts.
pub(super) fn comment(text: &str) -> String {
    let mut line = Vec::new();
    super::json_text::escape_for_terminal(&mut line, text);
    String::from_utf8_lossy(&line).into_owned()
}

/// Lower-case words joined by `_`: an identifier, as long as it begins with a letter.
pub(super) fn words(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_")
}

/// Editors take white space off the ends of lines.
fn loses_space(text: &str) -> bool {
    text.contains(" \n") || text.contains("\t\n")
}

/// The compiler takes no more.
const MOST_HASHES: usize = 255;

/// As many as no quote in the text is followed by; one at least, so that all look alike.
fn hashes(text: &str) -> Option<String> {
    let runs = text.split('"').skip(1).map(|after| after.bytes().take_while(|byte| *byte == b'#').count());
    let wanted = 1 + runs.max().unwrap_or(0);
    (wanted <= MOST_HASHES).then(|| "#".repeat(wanted))
}

fn escaped(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            // Writing to a string cannot fail.
            c if c.is_control() || must_escape(c) => _ = write!(literal, "\\u{{{:x}}}", u32::from(c)),
            c => literal.push(c),
        }
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests {
    use super::{bytes, comment, string, words};

    #[test]
    fn each_text_is_the_easiest_literal_that_holds_it() {
        for (text, literal) in [
            ("", r#""""#),
            ("it's café", r#""it's café""#),
            (r#"{"a":"\n"}"#, r###"r#"{"a":"\n"}"#"###),
            ("\"####", "r#####\"\"####\"#####"),
            ("a\nb", "r#\"a\nb\"#"),
            ("a \nb", r#""a \nb""#),
            ("a\r\nb", r#""a\r\nb""#),
            ("\u{202e}\u{2028}\0\u{1b}\u{9b}\"\\", r#""\u{202e}\u{2028}\u{0}\u{1b}\u{9b}\"\\""#),
        ] {
            assert_eq!(string(text), literal);
        }
        assert!(string(&format!("\"{}", "#".repeat(300))).starts_with("\"\\\"##"));
        assert_eq!(bytes(b"caf\xe9\"\\"), r#"b"caf\xe9\"\\""#);
    }

    #[test]
    fn comments_and_names_are_harmless() {
        assert_eq!(comment("a\n*/ \u{202e}\r"), r"a\n*/ \u202e\r");
        assert_eq!(words("/Orders/{id}/a-b"), "orders_id_a_b");
        assert_eq!(words("/\u{202e}é"), "");
    }
}
