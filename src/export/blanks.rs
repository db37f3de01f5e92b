//! What was redacted in a text, as blanks with names to fill in.

/// What stands where a secret stood.
pub(super) const REDACTED: &str = "[REDACTED]";
/// Past so many, secrets stay as they are shown.
const MOST: usize = 32;
/// Names a shell, the loader or curl give a meaning of their own.
const TAKEN: [&str; 33] = [
    "CDPATH", "COLUMNS", "ENV", "EUID", "FPATH", "GROUPS", "HOME", "HOST", "HOSTNAME", "IFS", "LANG",
    "LINENO", "LINES", "LOGNAME", "MAIL", "OLDPWD", "OPTARG", "OPTERR", "OPTIND", "PATH", "PPID", "PS1",
    "PS2", "PS4", "PWD", "RANDOM", "SECONDS", "SHELL", "STATUS", "TERM", "TZ", "UID", "USER",
];
const TAKEN_BEGINNINGS: [&str; 6] = ["BASH", "CURL_", "DYLD_", "LC_", "LD_", "SSL_"];

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// As it stands, never empty.
    Text(&'a str),
    /// To be filled in, under a name of upper-case ASCII letters, digits and `_`.
    Blank(String),
}

/// The blanks of one request, each with a name of its own.
#[derive(Default)]
pub(super) struct Blanks {
    names: Vec<String>,
    left: usize,
}

impl Blanks {
    /// Cuts a text at its secrets. Each is called after the name in front of it (`token=`, `"token":`), else after
    /// `owner`.
    pub(super) fn pieces<'a>(&mut self, text: &'a str, owner: &str) -> Vec<Piece<'a>> {
        let mut pieces = Vec::new();
        let (mut from, mut text_from) = (0, 0);
        while let Some(found) = text.get(from..).and_then(|rest| rest.find(REDACTED)) {
            let (start, end) = (from + found, from + found + REDACTED.len());
            from = end;
            if self.names.len() >= MOST {
                self.left += 1;
                continue;
            }
            let in_front = name_in_front(text.get(..start).unwrap_or_default());
            let name = self.named(in_front.unwrap_or(owner));
            push_text(&mut pieces, text.get(text_from..start));
            pieces.push(Piece::Blank(name));
            text_from = end;
        }
        push_text(&mut pieces, text.get(text_from..));
        pieces
    }

    /// A new blank called after `name`.
    pub(super) fn named(&mut self, name: &str) -> String {
        let base = blank_name(name);
        let name = std::iter::once(base.clone())
            .chain((2..).map(|n| format!("{base}_{n}")))
            .find(|name| !self.names.contains(name))
            .unwrap_or(base);
        self.names.push(name.clone());
        name
    }

    /// The names, in the order in which they came.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// How many secrets got no name.
    pub(super) fn left(&self) -> usize {
        self.left
    }
}

fn push_text<'a>(pieces: &mut Vec<Piece<'a>>, text: Option<&'a str>) {
    pieces.extend(text.filter(|text| !text.is_empty()).map(Piece::Text));
}

fn name_in_front(text: &str) -> Option<&str> {
    let fillers = ['"', '\'', '\\', ' '];
    let text = text.trim_end_matches(fillers).strip_suffix(['=', ':'])?.trim_end_matches(fillers);
    let name = text.rsplit(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))).next()?;
    (!name.is_empty()).then_some(name)
}

fn blank_name(name: &str) -> String {
    let mut blank: String = name
        .chars()
        .take(40)
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    if !blank.starts_with(|c: char| c.is_ascii_alphabetic()) {
        blank.insert_str(0, "VALUE_");
    }
    if TAKEN.contains(&blank.as_str()) || TAKEN_BEGINNINGS.iter().any(|taken| blank.starts_with(taken)) {
        blank.push_str("_VALUE");
    }
    blank
}
