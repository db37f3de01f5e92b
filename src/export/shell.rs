//! Words of a POSIX shell line.

/// What stands where a secret stood.
const REDACTED: &str = "[REDACTED]";
/// Past so many, secrets stay as they are shown.
const MOST_VARIABLES: usize = 32;
/// Names a shell, the loader or curl give a meaning of their own.
const TAKEN: [&str; 33] = [
    "CDPATH", "COLUMNS", "ENV", "EUID", "FPATH", "GROUPS", "HOME", "HOST", "HOSTNAME", "IFS", "LANG",
    "LINENO", "LINES", "LOGNAME", "MAIL", "OLDPWD", "OPTARG", "OPTERR", "OPTIND", "PATH", "PPID", "PS1",
    "PS2", "PS4", "PWD", "RANDOM", "SECONDS", "SHELL", "STATUS", "TERM", "TZ", "UID", "USER",
];
const TAKEN_BEGINNINGS: [&str; 6] = ["BASH", "CURL_", "DYLD_", "LC_", "LD_", "SSL_"];

/// Makes words for a shell, with variables in place of what was redacted.
#[derive(Default)]
pub(super) struct Words {
    variables: Vec<String>,
    left: usize,
}

impl Words {
    /// One word that stands for `text`, whatever that holds. Each secret becomes a variable called after the name
    /// in front of it (`token=`, `"token":`), else after `owner`.
    pub(super) fn word(&mut self, text: &str, owner: &str) -> String {
        let mut word = String::with_capacity(text.len() + 2);
        let (mut from, mut literal_from) = (0, 0);
        while let Some(found) = text.get(from..).and_then(|rest| rest.find(REDACTED)) {
            let (start, end) = (from + found, from + found + REDACTED.len());
            from = end;
            if self.variables.len() == MOST_VARIABLES {
                self.left += 1;
                continue;
            }
            let variable =
                self.variable(name_in_front(text.get(..start).unwrap_or_default()).unwrap_or(owner));
            quote_some(&mut word, text.get(literal_from..start).unwrap_or_default());
            word.push_str(&variable);
            literal_from = end;
        }
        quote_some(&mut word, text.get(literal_from..).unwrap_or_default());
        if word.is_empty() { "''".into() } else { word }
    }

    /// A reference to a new variable called after `name`.
    pub(super) fn variable(&mut self, name: &str) -> String {
        let base = variable_name(name);
        let taken = |name: &String| self.variables.contains(name);
        let name = std::iter::once(base.clone())
            .chain((2..).map(|n| format!("{base}_{n}")))
            .find(|name| !taken(name))
            .unwrap_or(base);
        let reference = format!("\"${name}\"");
        self.variables.push(name);
        reference
    }

    /// The variables to set before the line is run.
    pub(super) fn variables(&self) -> &[String] {
        &self.variables
    }

    /// How many secrets got no variable.
    pub(super) fn left(&self) -> usize {
        self.left
    }
}

/// Single quotes keep everything but themselves; a NUL no word can hold.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\0', "\u{fffd}").replace('\'', r"'\''"))
}

fn quote_some(word: &mut String, text: &str) {
    if !text.is_empty() {
        word.push_str(&quote(text));
    }
}

fn name_in_front(text: &str) -> Option<&str> {
    let fillers = ['"', '\'', '\\', ' '];
    let text = text.trim_end_matches(fillers).strip_suffix(['=', ':'])?.trim_end_matches(fillers);
    let name = text.rsplit(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))).next()?;
    (!name.is_empty()).then_some(name)
}

fn variable_name(name: &str) -> String {
    let mut variable: String = name
        .chars()
        .take(40)
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    if !variable.starts_with(|c: char| c.is_ascii_alphabetic()) {
        variable.insert_str(0, "VALUE_");
    }
    if TAKEN.contains(&variable.as_str()) || TAKEN_BEGINNINGS.iter().any(|taken| variable.starts_with(taken))
    {
        variable.push_str("_VALUE");
    }
    variable
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
            words.variables(),
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
        let many = words.word(&"[REDACTED]".repeat(100), "x");
        assert_eq!((words.variables().len(), words.left()), (32, 68));
        assert!(many.ends_with("[REDACTED]'"));
    }
}
