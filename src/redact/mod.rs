//! What must never leave.
//!
//! One `Redactor`, compiled once, answers for names (`names`, `words`), for values that give themselves away
//! (`detect`), and for each kind of text they stand in. Every answer is of the type that says so, `Redacted`.

mod before;
mod blocks;
mod body;
mod contained;
mod decisions;
mod detect;
mod encoded;
mod escape;
mod guess;
mod harmless;
mod header;
mod json;
mod lanes;
mod multipart;
mod names;
mod options;
mod own_names;
mod parts;
mod spelling;
mod stack;
mod tags;
mod text;
mod url;
mod values;
mod words;
mod wrapped;
mod xml;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::exchange::{BodyText, Media, RawBody, Redacted, Scrub, Shown, ShownBody, Value};

pub(crate) use contained::Contained;
use decisions::Decisions;
use harmless::{Harmless, Question};
use names::NameClass;
pub use options::{RedactMode, RedactOptions};
use own_names::OwnNames;
pub(crate) use stack::stack;
use text::Text;

/// What becomes of a part of a body, given whether it is cut off at its end.
type Show<'a> = dyn Fn(&[u8], bool, &mut Vec<u8>) + 'a;

/// What stands where a secret stood.
const MASK: &[u8] = b"[REDACTED]";

/// Takes secrets out of text; cheap to clone.
///
/// ```
/// use tower_flightlog::Redactor;
///
/// let redactor = Redactor::default();
/// let text = redactor.json(br#"{"user": "ada", "password": "hunter2", "max_tokens": 100}"#);
/// assert_eq!(text, r#"{"user":"ada","password":"[REDACTED]","max_tokens":100}"#);
/// ```
///
/// With names of one's own:
///
/// ```
/// use tower_flightlog::{RedactOptions, Redactor};
///
/// let redactor = Redactor::new(RedactOptions::default().redact(["email"]));
/// assert_eq!(redactor.json(br#"{"email": "ada@example.org"}"#), r#"{"email":"[REDACTED]"}"#);
/// ```
#[derive(Clone)]
pub struct Redactor {
    rules: Arc<Rules>,
}

struct Rules {
    /// Tells these rules from others in the caches of threads; never 0.
    id: u64,
    own: OwnNames,
    strict: bool,
    /// Content types are running text, as they are unless somebody calls them, or their charset, secret.
    shows_content_types: bool,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("strict", &self.rules.strict).finish_non_exhaustive()
    }
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new(RedactOptions::default())
    }
}

impl Redactor {
    /// A redactor with these options.
    #[must_use]
    pub fn new(options: RedactOptions) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let own = OwnNames::new(&options.redact, &options.keep);
        let strict = options.mode == RedactMode::Strict;
        let is_plain = |name: &[u8]| names::classify(&own, name) == NameClass::Plain;
        let shows_content_types = is_plain(b"content-type") && is_plain(b"charset");
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { rules: Arc::new(Rules { id, own, strict, shows_content_types }) }
    }

    /// JSON, its head, or what calls itself JSON.
    ///
    /// ```
    /// let redactor = tower_flightlog::Redactor::default();
    /// assert_eq!(redactor.json(br#"{"token": "abc", "n": 1e2"#), r#"{"token":"[REDACTED]","n":"#);
    /// ```
    #[must_use]
    pub fn json(&self, raw: &[u8]) -> Redacted {
        let limit = usize::MAX / 4;
        let bytes = raw.into();
        let body =
            RawBody { media: Media::Json, content_type: b"application/json", bytes, whole: true, limit };
        match BodyText::from(self.body(&body)) {
            BodyText::Json(text) | BodyText::Text { text, .. } => text,
            BodyText::Binary | BodyText::NotKept => Redacted::default(),
        }
    }

    /// Free text: log lines, error messages.
    ///
    /// ```
    /// let redactor = tower_flightlog::Redactor::default();
    /// let text = redactor.text("login failed: password=hunter2 user=ada");
    /// assert_eq!(text, "login failed: password=[REDACTED] user=ada");
    /// ```
    #[must_use]
    pub fn text(&self, raw: &str) -> Redacted {
        Scrub::text(self, raw)
    }

    /// A URL, or the path and query of one.
    ///
    /// ```
    /// let redactor = tower_flightlog::Redactor::default();
    /// assert_eq!(redactor.url("/items?page=2&token=abc"), "/items?page=2&token=[REDACTED]");
    /// ```
    #[must_use]
    pub fn url(&self, raw: &str) -> Redacted {
        Scrub::url(self, raw.as_bytes()).into()
    }

    /// The value of a header.
    ///
    /// ```
    /// let redactor = tower_flightlog::Redactor::default();
    /// assert_eq!(redactor.header("authorization", b"Bearer abc"), "Bearer [REDACTED]");
    /// assert_eq!(redactor.header("accept", b"*/*"), "*/*");
    /// ```
    #[must_use]
    pub fn header(&self, name: &str, value: &[u8]) -> Redacted {
        Scrub::header(self, name, value, false).into()
    }

    /// True where a value of this name is masked.
    ///
    /// ```
    /// let redactor = tower_flightlog::Redactor::default();
    /// assert!(redactor.is_secret_name("dbPassword"));
    /// assert!(!redactor.is_secret_name("passenger"));
    /// ```
    #[must_use]
    pub fn is_secret_name(&self, name: &str) -> bool {
        names::classify(&self.rules.own, name.as_bytes()) == NameClass::Secret
    }

    /// The text that `write` appends to, remembered where it says the same as `raw`.
    #[inline]
    fn unless_known<'a>(
        &self,
        name: &str,
        raw: &'a [u8],
        write: impl FnOnce(Text<'_>, &mut Vec<u8>),
    ) -> Shown<'a> {
        let question = Question { rules: self.rules.id, name, value: raw };
        let known = match question.answer() {
            Some(Harmless::Plain) => return Shown::vouch_plain(raw),
            Some(Harmless::Text) => str::from_utf8(raw).ok(),
            None => None,
        };
        match known {
            Some(text) => Shown::vouch(text),
            None => self.anew(question, write).into(),
        }
    }

    // On its own: what is known already pays for nothing of it.
    #[inline(never)]
    fn anew(&self, question: Question<'_>, write: impl FnOnce(Text<'_>, &mut Vec<u8>)) -> Redacted {
        let mut out = Vec::with_capacity(question.value.len());
        self.read(false, |text| write(text, &mut out));
        if out == question.value {
            question.remember();
        }
        vouch(out)
    }

    /// Runs `with` with the rules for running text.
    fn read<R>(&self, cut: bool, with: impl FnOnce(Text<'_>) -> R) -> R {
        Decisions::with(self.rules.id, &self.rules.own, |names| {
            with(Text { names, cut, depth: 0, strict: self.rules.strict })
        })
    }
}

/// The text that `write` appends to, or `raw` where it says that nothing had to be changed.
fn vouched(raw: &str, write: impl FnOnce(&mut Vec<u8>) -> bool) -> Redacted {
    let mut out = Vec::new();
    if write(&mut out) { vouch(out) } else { Redacted::vouch(raw) }
}

/// The scanners cut and replace at ASCII bytes only, so this copies nothing but what nobody expects.
fn vouch(out: Vec<u8>) -> Redacted {
    match String::from_utf8(out) {
        Ok(text) => Redacted::vouch(text),
        Err(error) => Redacted::vouch(String::from_utf8_lossy(error.as_bytes())),
    }
}

/// A head, and what stands behind it to say how long the whole is: `…[9000 bytes]`.
fn marked(raw: &str) -> (&str, &str) {
    let start = raw.rfind('…').unwrap_or(raw.len());
    let (Some(head), Some(mark)) = (raw.get(..start), raw.get(start..)) else { return (raw, "") };
    let length = mark.strip_prefix("…[").and_then(|mark| mark.strip_suffix(" bytes]"));
    let digits = length.map(|length| length.strip_prefix("more than ").unwrap_or(length));
    let is_mark = digits.is_some_and(|all| !all.is_empty() && all.bytes().all(|b| b.is_ascii_digit()));
    if is_mark { (head, mark) } else { (raw, "") }
}

/// The digits of a number that has enough of them for a card number: at least 13.
fn long_digits(number: &Value) -> Option<String> {
    const SHORTEST: u64 = 1_000_000_000_000;
    match number {
        Value::Unsigned(whole) => (*whole >= SHORTEST).then(|| whole.to_string()),
        Value::Signed(whole) => (whole.unsigned_abs() >= SHORTEST).then(|| whole.to_string()),
        Value::Float(number) => (number.abs() >= SHORTEST as f64).then(|| number.to_string()),
        Value::Null | Value::Bool(_) | Value::Text(_) | Value::List(_) | Value::Object(_) => None,
    }
}

impl Scrub for Redactor {
    fn text(&self, raw: &str) -> Redacted {
        self.read(false, |text| vouched(raw, |out| body::message(raw.as_bytes(), text, out)))
    }

    fn head(&self, raw: &str) -> Redacted {
        let (head, mark) = marked(raw);
        self.read(true, |text| {
            vouched(raw, |out| {
                let changed = body::message(head.as_bytes(), text, out);
                if changed {
                    out.extend_from_slice(mark.as_bytes());
                }
                changed
            })
        })
    }

    fn url<'a>(&self, raw: &'a [u8]) -> Shown<'a> {
        if self.read(false, |text| url::is_plain(raw, text)) {
            return Shown::vouch_plain(raw);
        }
        self.unless_known("", raw, |text, out| {
            let lossy = str::from_utf8(raw).map_or_else(|_| String::from_utf8_lossy(raw), Cow::Borrowed);
            if !url::redact(lossy.as_bytes(), text, out) {
                out.extend_from_slice(lossy.as_bytes());
            }
        })
    }

    fn header<'a>(&self, name: &str, value: &'a [u8], sensitive: bool) -> Shown<'a> {
        if sensitive {
            return Redacted::literal("[REDACTED]").into();
        }
        if name == "content-type" && header::is_usual_content_type(value) && self.rules.shows_content_types {
            return Shown::vouch_plain(value);
        }
        self.unless_known(name, value, |text, out| header::redact(name, value, text, out))
    }

    fn is_secret(&self, name: &str) -> bool {
        self.read(false, |text| text.names.is_secret(name.as_bytes()))
    }

    fn number(&self, number: &Value) -> Option<Redacted> {
        let digits = long_digits(number)?;
        let mut out = Vec::new();
        self.read(false, |text| text.scrub(digits.as_bytes(), &mut out)).then(|| vouch(out))
    }

    fn body<'a>(&self, body: &RawBody<'a>) -> ShownBody<'a> {
        self.read(false, |text| body::redact(body, text))
    }
}
