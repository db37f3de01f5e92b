//! `--where`: questions about any key of an exchange, such as `status_code>=500 and request_body.model="x"`.

use std::borrow::Cow;

use crate::{entry::Entry, json, time};

/// What `--where` asks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Question {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Is { path: Vec<String>, op: Op, value: Value },
    Has(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    More,
    MoreOrEqual,
    Contains,
}

impl Op {
    const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::More => ">",
            Self::MoreOrEqual => ">=",
            Self::Contains => "~",
        }
    }
}

/// What is compared with: a text, and the number it may mean.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Value {
    text: String,
    number: Option<f64>,
}

/// Keys of the request's part, which are in another entry than status and duration.
const OF_REQUEST: [&str; 11] = [
    "started",
    "url",
    "http_version",
    "remote_addr",
    "peer_addr",
    "user_agent",
    "request_bytes",
    "request_headers",
    "request_body",
    "request_body_text",
    "request_body_truncated",
];

/// Parentheses and `not` may stand so deep in each other.
const DEEPEST: usize = 64;

impl Question {
    /// Reads a question; the error says where it stops to be one and what may stand there.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut words = words(text)?.into_iter().peekable();
        let question = any_of(&mut words, 0)?;
        match words.next() {
            None => Ok(question),
            Some(word) => Err(format!("`and` or `or` is missing before {word}")),
        }
    }

    /// Whether it asks about the request's part.
    pub(crate) fn needs_request(&self) -> bool {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().any(Self::needs_request),
            Self::Not(one) => one.needs_request(),
            Self::Is { path, .. } | Self::Has(path) => is_of_request(path),
        }
    }

    pub(crate) fn holds(&self, entry: &Entry<'_>, request: Option<&[u8]>) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.holds(entry, request)),
            Self::Or(all) => all.iter().any(|one| one.holds(entry, request)),
            Self::Not(one) => !one.holds(entry, request),
            Self::Has(path) => {
                find(path, entry, request).is_some_and(|value| !matches!(value, b"null" | b"false"))
            }
            Self::Is { path, op, value } => match find(path, entry, request) {
                Some(found) => value.compare(*op, found),
                None => *op == Op::Unequal,
            },
        }
    }
}

/// Whether a path leads into the request's part.
pub(crate) fn is_of_request(path: &[String]) -> bool {
    path.first().is_some_and(|name| OF_REQUEST.contains(&name.as_str()))
}

/// The value at a path: of the entry, else, where it is one of the request's, of the request entry. What both have, such as
/// the type of their content, is the response's, whatever else is asked.
fn find<'a>(path: &[String], entry: &Entry<'a>, request: Option<&'a [u8]>) -> Option<&'a [u8]> {
    let request = request.filter(|_| is_of_request(path));
    json::lookup(entry.line, path).or_else(|| json::lookup(request?, path))
}

impl Value {
    fn of(text: &str, is_quoted: bool) -> Self {
        let number = if is_quoted { None } else { text.parse::<f64>().ok() };
        // 1.5s is 1500: all our lengths of time are milliseconds.
        let length = || time::typed_length(text).filter(|_| !is_quoted).map(|micros| micros as f64 / 1000.0);
        Self { text: text.to_owned(), number: number.or_else(length) }
    }

    fn compare(&self, op: Op, found: &[u8]) -> bool {
        let text = || -> Cow<'_, str> { json::text(found) };
        let ordering = match (self.number, json::number(found)) {
            (Some(wanted), Some(number)) => number.partial_cmp(&wanted),
            // A text is neither less nor more than a number, unless it is one.
            (Some(wanted), None) if !matches!(op, Op::Equal | Op::Unequal) => {
                text().parse::<f64>().ok().and_then(|number| number.partial_cmp(&wanted))
            }
            _ => Some(text().as_ref().cmp(self.text.as_str())),
        };
        match op {
            Op::Equal => ordering.is_some_and(|ordering| ordering.is_eq()),
            Op::Unequal => ordering.is_none_or(|ordering| ordering.is_ne()),
            Op::Less => ordering.is_some_and(|ordering| ordering.is_lt()),
            Op::LessOrEqual => ordering.is_some_and(|ordering| ordering.is_le()),
            Op::More => ordering.is_some_and(|ordering| ordering.is_gt()),
            Op::MoreOrEqual => ordering.is_some_and(|ordering| ordering.is_ge()),
            Op::Contains => text().contains(&self.text),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Word {
    Open,
    Close,
    Compare(Op),
    Plain(String),
    Quoted(String),
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open => f.write_str("`(`"),
            Self::Close => f.write_str("`)`"),
            Self::Compare(op) => write!(f, "`{}`", op.sign()),
            Self::Plain(text) => write!(f, "`{text}`"),
            Self::Quoted(text) => write!(f, "`\"{text}\"`"),
        }
    }
}

impl Word {
    fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Plain(text) if text.eq_ignore_ascii_case(keyword))
    }
}

type Words = std::iter::Peekable<std::vec::IntoIter<Word>>;

fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let two = rest.get(..2).unwrap_or_default();
        let (word, length) = match first {
            '(' => (Word::Open, 1),
            ')' => (Word::Close, 1),
            '&' if two == "&&" => (Word::Plain("and".into()), 2),
            '|' if two == "||" => (Word::Plain("or".into()), 2),
            '=' if two == "==" => (Word::Compare(Op::Equal), 2),
            '=' => (Word::Compare(Op::Equal), 1),
            '!' if two == "!=" => (Word::Compare(Op::Unequal), 2),
            '!' => (Word::Plain("not".into()), 1),
            '<' if two == "<=" => (Word::Compare(Op::LessOrEqual), 2),
            '<' => (Word::Compare(Op::Less), 1),
            '>' if two == ">=" => (Word::Compare(Op::MoreOrEqual), 2),
            '>' => (Word::Compare(Op::More), 1),
            '~' => (Word::Compare(Op::Contains), 1),
            quote @ ('"' | '\'') => {
                let inner = rest.get(1..).unwrap_or_default();
                let length =
                    inner.find(quote).ok_or_else(|| format!("the {quote} of {rest} is never closed"))?;
                (Word::Quoted(inner.get(..length).unwrap_or_default().to_owned()), length + 2)
            }
            _ => {
                let stops = |c: char| c.is_whitespace() || "()=!<>~\"'&|".contains(c);
                let length = rest.find(stops).unwrap_or(rest.len()).max(first.len_utf8());
                (Word::Plain(rest.get(..length).unwrap_or_default().to_owned()), length)
            }
        };
        words.push(word);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(words)
}

fn any_of(words: &mut Words, depth: usize) -> Result<Question, String> {
    let mut all = vec![all_of(words, depth)?];
    while words.next_if(|word| word.is("or")).is_some() {
        all.push(all_of(words, depth)?);
    }
    Ok(if all.len() == 1 { all.remove(0) } else { Question::Or(all) })
}

fn all_of(words: &mut Words, depth: usize) -> Result<Question, String> {
    let mut all = vec![one(words, depth)?];
    while words.next_if(|word| word.is("and")).is_some() {
        all.push(one(words, depth)?);
    }
    Ok(if all.len() == 1 { all.remove(0) } else { Question::And(all) })
}

fn one(words: &mut Words, depth: usize) -> Result<Question, String> {
    if depth > DEEPEST {
        return Err("it is nested too deep".into());
    }
    match words.next() {
        Some(Word::Open) => {
            let inner = any_of(words, depth + 1)?;
            match words.next() {
                Some(Word::Close) => Ok(inner),
                Some(other) => Err(format!("`)` is missing before {other}")),
                None => Err("`)` is missing at the end".into()),
            }
        }
        Some(word) if word.is("not") => Ok(Question::Not(Box::new(one(words, depth + 1)?))),
        Some(Word::Plain(name)) if !["and", "or"].contains(&name.to_ascii_lowercase().as_str()) => {
            let path: Vec<String> = name.split('.').map(str::to_owned).collect();
            let Some(Word::Compare(op)) = words.next_if(|word| matches!(word, Word::Compare(_))) else {
                return Ok(Question::Has(path));
            };
            let value = match words.next() {
                Some(Word::Plain(text)) => Value::of(&text, false),
                Some(Word::Quoted(text)) => Value::of(&text, true),
                Some(other) => return Err(format!("{name} is compared with {other}, want a value")),
                None => return Err(format!("{name} is compared with nothing, want a value")),
            };
            Ok(Question::Is { path, op, value })
        }
        Some(other) => {
            Err(format!("{other} stands where a key is wanted, such as status_code or request_body.model"))
        }
        None => Err("it ends where a key is wanted, such as status_code or request_body.model".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Parser;

    const RESPONSE: &str = r#"{"type":"response","endpoint":"/a b","status_code":503,"duration_ms":1200.5,"outcome":"complete","error_type":"x::E","content_type":"text/html","attributes":{"tier":"gold","level":"9"}}"#;
    const REQUEST: &str = r#"{"type":"request","content_type":"a/b","message":"in","request_body":{"model":"gpt-4","messages":[{"role":"user"}],"n":2,"stream":true},"request_headers":{"user-agent":"curl/8"}}"#;

    fn ask(text: &str) -> bool {
        let entry = Parser::default().read(RESPONSE.as_bytes(), false).unwrap();
        Question::parse(text)
            .unwrap_or_else(|error| panic!("{text}: {error}"))
            .holds(&entry, Some(REQUEST.as_bytes()))
    }

    #[test]
    fn questions_are_answered_from_both_entries() {
        for yes in [
            "status_code>=500 and duration_ms>1000 and request_body.model=\"gpt-4\"",
            "status_code = 503",
            "duration_ms > 1s",
            "duration_ms<1.5s && status_code!=500",
            "request_body.messages.0.role == 'user'",
            "request_body.model ~ gpt",
            "request_body.stream",
            "request_headers.user-agent=curl/8",
            "attributes.tier=gold or nothing=1",
            "not nothing",
            "nothing != 1",
            "(status_code=1 or status_code=503) and not (outcome=panicked)",
            "endpoint='/a b'",
            "!nothing",
            "request_body.n<10",
            "attributes.level<10",
            "content_type=text/html and url!=1",
        ] {
            assert!(ask(yes), "{yes}");
        }
        for no in [
            "status_code<500",
            "nothing=1",
            "nothing",
            "request_body.model=gpt",
            "status_code=\"5\"",
            "not status_code",
            "outcome>5",
            "attributes.level>10",
            "message and request_body",
        ] {
            assert!(!ask(no), "{no}");
        }
    }

    #[test]
    fn only_the_requests_part_needs_its_entry() {
        assert!(Question::parse("a=1 or not (b and url~x)").unwrap().needs_request());
        assert!(!Question::parse("status_code=1 and response_body.url=1").unwrap().needs_request());
    }

    #[test]
    fn what_is_no_question_says_where_and_what_is_wanted() {
        for (text, part) in [
            ("", "a key is wanted"),
            ("status_code>=", "compared with nothing"),
            ("status_code>=500 duration_ms>1", "`and` or `or` is missing before `duration_ms`"),
            ("(a=1", "`)` is missing"),
            ("a=\"x", "never closed"),
            ("= 5", "a key is wanted"),
            ("a = = 5", "a is compared with `=`, want a value"),
            ("<= 5", "`<=` stands where"),
            ("a and", "a key is wanted"),
        ] {
            let error = Question::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(Question::parse(&"(".repeat(10_000)).is_err());
        assert!(Question::parse(&"not ".repeat(10_000)).is_err());
    }
}
