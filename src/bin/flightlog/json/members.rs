use std::borrow::Cow;

use super::{
    scalar::{unescape, unescape_key},
    scan::{special, string_end, value_end},
};

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
