//! JSON as it stands in a line: members are found in place, nothing is built, and reading stops where it may.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// A member of an object: its key without quotes and its value as they are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) value: &'a [u8],
    is_escaped: bool,
}

impl<'a> Member<'a> {
    /// The key without its escapes.
    #[inline]
    pub(crate) fn spelled(&self) -> Cow<'a, [u8]> {
        if self.is_escaped { unescape_key(self.key) } else { Cow::Borrowed(self.key) }
    }

    /// Whether this is its key.
    #[inline]
    pub(crate) fn is(&self, name: &str) -> bool {
        if self.is_escaped { unescape(self.key) == name } else { self.key == name.as_bytes() }
    }
}

/// The members of an object, in order. Ends early where the text stops to be JSON.
#[derive(Clone, Debug)]
pub(crate) struct Members<'a> {
    text: &'a [u8],
    at: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Begin,
    Inside,
    Ended,
    Broken,
}

impl<'a> Members<'a> {
    pub(crate) fn of(text: &'a [u8]) -> Self {
        Self { text, at: 0, state: State::Begin }
    }

    /// Goes on behind a member, at the comma or the brace.
    pub(crate) fn from(text: &'a [u8], at: usize) -> Self {
        Self { text, at, state: State::Inside }
    }

    /// What was not read yet.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Where the next member begins, at its comma.
    pub(crate) fn place(&self) -> usize {
        self.at
    }

    /// Whether the text stopped to be an object before its end.
    pub(crate) fn is_broken(&self) -> bool {
        self.state == State::Broken
    }

    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn advance(&mut self) -> Option<Member<'a>> {
        self.skip_space();
        let before = if self.state == State::Begin { b'{' } else { b',' };
        if self.state == State::Inside && self.byte() == Some(b'}') {
            self.state = State::Ended;
            return None;
        }
        if self.byte()? != before {
            return None;
        }
        self.at += 1;
        self.skip_space();
        if self.state == State::Begin && self.byte() == Some(b'}') {
            self.state = State::Ended;
            return None;
        }
        let key_at = self.at;
        self.at = string_end(self.text, key_at)?;
        let key = self.text.get(key_at + 1..self.at - 1)?;
        self.skip_space();
        if self.byte()? != b':' {
            return None;
        }
        self.at += 1;
        self.skip_space();
        let value_at = self.at;
        self.at = value_end(self.text, value_at)?;
        self.state = State::Inside;
        Some(Member { key, value: self.text.get(value_at..self.at)?, is_escaped: true })
    }

    /// A member without white space around it and escapes in its key, as most are.
    #[inline(always)]
    fn plain(&mut self) -> Option<Member<'a>> {
        let tail = match (self.state, self.rest()) {
            (State::Inside, [b',', b'"', tail @ ..]) | (State::Begin, [b'{', b'"', tail @ ..]) => tail,
            _ => return None,
        };
        let (key, tail) = tail.split_at_checked(special(tail)?)?;
        let tail = tail.strip_prefix(b"\":")?;
        if matches!(tail.first()?, b' ' | b'\t' | b'\r' | b'\n') {
            return None;
        }
        let (value, tail) = tail.split_at_checked(value_end(tail, 0)?)?;
        self.at = self.text.len() - tail.len();
        self.state = State::Inside;
        Some(Member { key, value, is_escaped: false })
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    #[inline]
    fn next(&mut self) -> Option<Member<'a>> {
        if matches!(self.state, State::Ended | State::Broken) {
            return None;
        }
        let member = self.plain().or_else(|| self.advance());
        if member.is_none() && self.state != State::Ended {
            self.state = State::Broken;
        }
        member
    }
}

/// Where the string that begins at `at` ends, behind its quote.
pub(crate) fn string_end(text: &[u8], at: usize) -> Option<usize> {
    if *text.get(at)? != b'"' {
        return None;
    }
    let mut at = at + 1;
    loop {
        at += special(text.get(at..)?)?;
        if *text.get(at)? == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Where the first quote or backslash is. Most strings are so short that a call of a search costs more than it saves: their
/// bytes are looked at eight at a time here.
#[inline(always)]
pub(crate) fn special(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    let mut passed = 0;
    while let Some((word, tail)) = rest.split_first_chunk::<8>()
        && passed < 32
    {
        let word = u64::from_le_bytes(*word);
        let found = byte_in(word, b'"') | byte_in(word, b'\\');
        if found != 0 {
            return Some(passed + found.trailing_zeros() as usize / 8);
        }
        passed += 8;
        rest = tail;
    }
    memchr2(b'"', b'\\', rest).map(|at| passed + at)
}

/// The highest bit of the first byte of a word that is this one; those above it may be set for no reason.
#[inline(always)]
fn byte_in(word: u64, byte: u8) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let zero = word ^ (LOW * u64::from(byte));
    zero.wrapping_sub(LOW) & !zero & (LOW << 7)
}

/// Where the first quote, brace or bracket is.
#[inline(always)]
fn structure(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*word);
        // Brackets differ from braces in this bit alone.
        let folded = word | 0x2020_2020_2020_2020;
        let found = byte_in(word, b'"') | byte_in(folded, b'{') | byte_in(folded, b'}');
        if found != 0 {
            return Some(text.len() - rest.len() + found.trailing_zeros() as usize / 8);
        }
        rest = tail;
    }
    let at = rest.iter().position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))?;
    Some(text.len() - rest.len() + at)
}

/// Where the value that begins at `at` ends.
fn value_end(text: &[u8], at: usize) -> Option<usize> {
    match *text.get(at)? {
        b'"' => string_end(text, at),
        b'{' | b'[' => nested_end(text, at),
        b',' | b'}' | b']' | b':' => None,
        _ => {
            let rest = text.get(at..)?;
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n');
            Some(at + rest.iter().position(ends)?)
        }
    }
}

/// The value that begins at `at`; nothing where none does.
pub(crate) fn value_at(text: &[u8], at: usize) -> &[u8] {
    value_end(text, at).and_then(|end| text.get(at..end)).unwrap_or_default()
}

/// Where an object or array ends. Depth is counted, not recursed into.
fn nested_end(text: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        at += structure(text.get(at..)?)?;
        match *text.get(at)? {
            b'"' => at = string_end(text, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            _ => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
    }
}

/// The items of an array as they are written.
pub(crate) fn items(array: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let space = |at: &mut usize| {
            while matches!(array.get(*at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
                *at += 1;
            }
        };
        space(&mut at);
        if !matches!(array.get(at)?, b'[' | b',') {
            return None;
        }
        at += 1;
        space(&mut at);
        let from = at;
        at = value_end(array, at)?;
        array.get(from..at)
    })
}

/// A key without its escapes.
fn unescape_key(key: &[u8]) -> Cow<'_, [u8]> {
    match memchr(b'\\', key) {
        None => Cow::Borrowed(key),
        Some(_) => Cow::Owned(unescape(key).into_owned().into_bytes()),
    }
}

/// The value at a path of keys; of arrays, numbers from 0.
pub(crate) fn lookup<'a>(object: &'a [u8], path: &[String]) -> Option<&'a [u8]> {
    let mut value = object;
    for name in path {
        value = match value.first()? {
            b'[' => items(value).nth(name.parse().ok()?)?,
            _ => member(value, name)?,
        };
    }
    Some(value)
}

/// The value of the first member that has this name.
pub(crate) fn member<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    Members::of(object).find(|member| member.is(name)).map(|member| member.value)
}

/// A value as text: a string without its quotes, anything else as it is written.
pub(crate) fn text(value: &[u8]) -> Cow<'_, str> {
    match value {
        [b'"', inner @ .., b'"'] => unescape(inner),
        other => lossy(other),
    }
}

/// The value of a number.
pub(crate) fn number(value: &[u8]) -> Option<f64> {
    str::from_utf8(value).ok()?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The value of a whole number that is not negative; of any other number the whole part.
#[inline]
pub(crate) fn whole(value: &[u8]) -> Option<u64> {
    if !value.is_empty() && value.len() < 19 && value.iter().all(u8::is_ascii_digit) {
        return Some(value.iter().fold(0, |number, byte| number * 10 + u64::from(byte - b'0')));
    }
    number(value).filter(|number| *number >= 0.0).map(|number| number as u64)
}

/// Text, U+FFFD for what is none. Nearly all is text, which is found out faster by asking nothing else.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// What a string says, given without its quotes. What is no character becomes U+FFFD.
pub(crate) fn unescape(inner: &[u8]) -> Cow<'_, str> {
    let mut rest = lossy(inner);
    if memchr(b'\\', inner).is_none() {
        return rest;
    }
    let written = rest.to_mut().as_str();
    let mut said = String::with_capacity(written.len());
    let mut left = written;
    while let Some((before, after)) = left.split_once('\\') {
        said.push_str(before);
        let mut chars = after.chars();
        left = match chars.next() {
            Some('u') => {
                let (c, length) = unicode(chars.as_str());
                said.push(c);
                chars.as_str().get(length..).unwrap_or_default()
            }
            Some(c) => {
                said.push(match c {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    other => other,
                });
                chars.as_str()
            }
            None => "",
        };
    }
    said.push_str(left);
    said.into()
}

/// The character that four hexadecimal digits mean, or twelve with `\u` between them, and how many bytes say so.
fn unicode(text: &str) -> (char, usize) {
    let unit = |text: Option<&str>| u32::from_str_radix(text?, 16).ok();
    let Some(first) = unit(text.get(..4)) else { return ('\u{fffd}', 0) };
    if (0xd800..0xdc00).contains(&first)
        && let Some(second) = text.get(4..6).filter(|mark| *mark == "\\u").and(unit(text.get(6..10)))
        && (0xdc00..0xe000).contains(&second)
    {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(code).unwrap_or('\u{fffd}'), 10);
    }
    (char::from_u32(first).unwrap_or('\u{fffd}'), 4)
}

#[cfg(test)]
mod tests;
