//! Words of a POSIX shell line.

use std::borrow::Cow;

use super::blanks::{Blanks, Piece};
use crate::exchange::must_escape;

/// Makes words for a shell, with variables in place of what was redacted.
#[derive(Default)]
pub(super) struct Words {
    blanks: Blanks,
}

impl Words {
    /// One word that stands for `text`, whatever that holds. Each secret becomes a variable called after the name
    /// in front of it (`token=`, `"token":`), else after `owner`.
    pub(super) fn word(&mut self, text: &str, owner: &str) -> String {
        joined(self.blanks.pieces(text, owner), quote)
    }

    /// The same for a header, `begin` and its value, whose characters up to U+00FF are bytes.
    pub(super) fn header(&mut self, begin: &str, value: &str, owner: &str) -> String {
        let line = format!("{begin}{value}");
        joined(self.blanks.pieces(&line, owner), |text| quote_bytes(&latin1(text)))
    }

    /// A reference to a new variable called after `name`.
    pub(super) fn variable(&mut self, name: &str) -> String {
        format!("\"${}\"", self.blanks.named(name))
    }

    /// The variables to set before the line is run.
    pub(super) fn blanks(&self) -> &Blanks {
        &self.blanks
    }
}

fn joined(pieces: Vec<Piece<'_>>, quote: impl Fn(&str) -> String) -> String {
    let word: String = pieces
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => quote(text),
            Piece::Blank(name) => format!("\"${name}\""),
        })
        .collect();
    if word.is_empty() { "''".into() } else { word }
}

/// The bytes that a header's value had on the wire.
pub(super) fn latin1(text: &str) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return text.as_bytes().into();
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match u8::try_from(c) {
            Ok(byte) => bytes.push(byte),
            Err(_) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes.into()
}

/// Single quotes keep everything but themselves; a NUL no word can hold.
///
/// What a terminal would act upon, were the line shown there, is made by `printf`: so a line is always plain text.
pub(super) fn quote(text: &str) -> String {
    quote_bytes(text.as_bytes())
}

fn quote_bytes(bytes: &[u8]) -> String {
    let acts = |c: char| (c.is_control() && c != '\n' && c != '\0') || must_escape(c);
    match str::from_utf8(bytes) {
        Ok(text) if !text.contains(acts) => single_quoted(text),
        _ => printed(bytes, acts),
    }
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\0', "\u{fffd}").replace('\'', r"'\''"))
}

/// `"$(printf '..')"`, of which a shell takes the line feeds at the end.
fn printed(bytes: &[u8], acts: impl Fn(char) -> bool) -> String {
    let content = bytes.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    let (content, line_feeds) = bytes.split_at_checked(content).unwrap_or((bytes, &[]));
    let mut format = String::from("\"$(printf '");
    for chunk in content.utf8_chunks() {
        for (at, c) in chunk.valid().char_indices() {
            match c {
                '\\' => format.push_str(r"\\"),
                '%' => format.push_str("%%"),
                '\n' => format.push_str(r"\n"),
                '\0' => format.push('\u{fffd}'),
                // An option, if it stands first.
                '-' if at == 0 => octal(&mut format, b"-"),
                c if c == '\'' || acts(c) => octal(&mut format, c.encode_utf8(&mut [0; 4]).as_bytes()),
                c => format.push(c),
            }
        }
        octal(&mut format, chunk.invalid());
    }
    format.push_str("')\"");
    if !line_feeds.is_empty() {
        format.push_str(&single_quoted(&"\n".repeat(line_feeds.len())));
    }
    format
}

fn octal(format: &mut String, bytes: &[u8]) {
    format.extend(bytes.iter().map(|byte| format!("\\{byte:03o}")));
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn secrets_become_variables_named_after_what_stands_in_front() {
        let mut words = Words::default();
        assert_eq!(words.word("Bearer [REDACTED]", "authorization"), r#"'Bearer '"$AUTHORIZATION""#);
        assert_eq!(words.word("[REDACTED]", "x-api-key"), r#""$X_API_KEY""#);
        assert_eq!(
            words.word("sid=[REDACTED]; theme=dark; csrf-token=[REDACTED]", "cookie"),
            r#"'sid='"$SID"'; theme=dark; csrf-token='"$CSRF_TOKEN""#
        );
        assert_eq!(
            words.word(r#"{"new": {"password" : "[REDACTED]"}, "keys":["[REDACTED]"]}"#, "body"),
            r#"'{"new": {"password" : "'"$PASSWORD"'"}, "keys":["'"$BODY"'"]}'"#
        );
        assert_eq!(words.word("password=[REDACTED]", "body"), r#"'password='"$PASSWORD_2""#);
        assert_eq!(
            words.blanks().names(),
            ["AUTHORIZATION", "X_API_KEY", "SID", "CSRF_TOKEN", "PASSWORD", "BODY", "PASSWORD_2"]
        );
    }

    #[test]
    fn names_that_mean_something_to_a_shell_are_not_taken() {
        let mut words = Words::default();
        assert_eq!(words.word("pwd=[REDACTED]", "url"), r#"'pwd='"$PWD_VALUE""#);
        assert_eq!(words.word("ld_preload=[REDACTED]", "url"), r#"'ld_preload='"$LD_PRELOAD_VALUE""#);
        assert_eq!(words.word("2fa=[REDACTED]", "url"), r#"'2fa='"$VALUE_2FA""#);
    }

    #[test]
    fn quotes_and_emptiness_are_data_and_variables_are_few() {
        let mut words = Words::default();
        assert_eq!(words.word("", "x"), "''");
        assert_eq!(words.word("it's\n$(x) `y` \0", "x"), "'it'\\''s\n$(x) `y` \u{fffd}'");
        assert_eq!(
            words.header("x: ", "caf\u{e9}% \\\u{1b}'", "x"),
            r#""$(printf 'x: caf\351%% \\\033\047')""#
        );
        let many = words.word(&"[REDACTED]".repeat(100), "x");
        assert_eq!((words.blanks().names().len(), words.blanks().left()), (32, 68));
        assert!(many.ends_with("[REDACTED]'"));
    }
}
