//! An entry as far as it decides about itself: what a filter and a count need stands first in our lines.
//!
//! Three ways lead to it. A line of ours is held against a template: every byte that is passed over is compared, so that
//! nothing but our own writing passes, and reading ends before the bodies. Any other line is walked key by key until all
//! that is wanted was found. What is no JSON object is broken, which is counted and told.
//!
//! Where a key comes twice in an object the first one counts, whichever way it is read. A line that begins as ours, from
//! `timestamp` to `outcome`, is not searched for what should have stood there and does not: we write it nowhere else.

mod template;
mod walk;

pub(crate) use template::is_head_or_body;

use crate::{
    json::{self, Members},
    time::Clock,
};

/// How much an entry matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Trace,
    Debug,
    #[default]
    Info,
    Warn,
    Error,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Response,
    Error,
    Exception,
    Recorder,
    /// The application tells something: `log`, `custom_event`, `debug`, `stream`, and types to come.
    #[default]
    Told,
}

/// Why a line is no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// It begins as an object and ends in the midst of it.
    Torn,
    /// It is no object.
    NotJson,
    /// It is made of NUL bytes: what a crash of the machine leaves.
    Nul,
    /// There is nothing in it.
    Empty,
}

/// An entry, with texts as they are written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Entry<'a> {
    /// The line, from its brace.
    pub(crate) line: &'a [u8],
    /// When, in microseconds; 0 where it does not say.
    pub(crate) at: u64,
    pub(crate) level: Level,
    pub(crate) kind: Kind,
    pub(crate) id: &'a [u8],
    pub(crate) method: &'a [u8],
    pub(crate) endpoint: &'a [u8],
    /// 0 where there was no response.
    pub(crate) status: u16,
    /// Microseconds.
    pub(crate) duration: Option<u64>,
    pub(crate) outcome: &'a [u8],
    /// It begins as ours do.
    pub(crate) is_ours: bool,
    /// Where the method stands in a line of ours.
    method_at: u32,
    /// Where reading ended, and goes on: in a line of ours behind `outcome`.
    rest: u32,
    /// Where what is added up stands that was met on the way there; 0 is nowhere.
    sums: [u32; 3],
}

/// What is added up over entries; objects of numbers as they are written. Empty where it is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sums<'a> {
    pub(crate) response_bytes: u64,
    pub(crate) cache: &'a [u8],
    pub(crate) llm: &'a [u8],
}

impl<'a> Sums<'a> {
    /// The place of a key among these.
    #[inline]
    fn place_of(key: &[u8]) -> Option<usize> {
        Some(match key {
            b"response_bytes" => 0,
            b"cache" => 1,
            b"llm" => 2,
            _ => return None,
        })
    }

    /// Takes what stands at a place. The first one counts.
    fn take(&mut self, place: usize, value: &'a [u8]) {
        match place {
            0 if self.response_bytes == 0 => self.response_bytes = json::whole(value).unwrap_or(0),
            1 if self.cache.is_empty() => self.cache = value,
            2 if self.llm.is_empty() => self.llm = value,
            _ => {}
        }
    }
}

impl<'a> Entry<'a> {
    /// The value of a key, as it is written.
    pub(crate) fn get(&self, key: &str) -> Option<&'a [u8]> {
        json::member(self.line, key)
    }

    /// The value of a key as text.
    pub(crate) fn text(&self, key: &str) -> Option<std::borrow::Cow<'a, str>> {
        self.get(key).map(json::text)
    }

    /// Method and endpoint as one text of a line of ours, with what stands between them; nothing of others.
    #[inline]
    pub(crate) fn route(&self) -> Option<&'a [u8]> {
        let length = self.method.len() + BETWEEN.len() + self.endpoint.len();
        if self.is_ours { self.line.get(self.method_at as usize..)?.get(..length) } else { None }
    }

    /// The members that are none of these; of a line of others all.
    pub(crate) fn more(&self) -> Members<'a> {
        if self.is_ours { Members::from(self.line, self.rest as usize) } else { Members::of(self.line) }
    }

    /// The members among which a failure is told of: of a response of ours none stands before the bytes of the response.
    pub(crate) fn told(&self) -> Members<'a> {
        match template::response_bytes(self.line, self.rest as usize) {
            Some((_, at)) if self.is_ours && self.kind == Kind::Response => Members::from(self.line, at),
            _ => self.more(),
        }
    }

    /// What is added up. In lines of ours nothing of it comes behind the first header or body, whose values are not even
    /// passed over.
    #[inline(always)]
    pub(crate) fn sums(&self) -> Sums<'a> {
        let rest = self.rest as usize;
        let mut found = Sums::default();
        if !self.is_ours {
            return walk::sums(self.line, false, self.sums, found, rest);
        }
        let Some((response_bytes, at)) = template::response_bytes(self.line, rest) else {
            return walk::sums(self.line, true, self.sums, found, rest);
        };
        found.response_bytes = response_bytes;
        let at = if self.is_failure() { template::past_error(self.line, at) } else { at };
        let ends = template::is_head_or_body(self.line.get(at..).unwrap_or_default());
        if ends { found } else { walk::sums(self.line, true, self.sums, found, at) }
    }

    /// Whether it went wrong by its own fault.
    pub(crate) fn is_failure(&self) -> bool {
        self.level == Level::Error || self.status >= 500
    }
}

/// What stands between method and endpoint in a line of ours.
pub(crate) const BETWEEN: &[u8] = b"\",\"endpoint\":\"";

/// Reads entries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parser {
    clock: Clock,
}

impl Parser {
    /// Reads a line, given without its line feed. `is_cut`: its end is not there, and is not asked for.
    #[inline(always)]
    pub(crate) fn read<'a>(&mut self, line: &'a [u8], is_cut: bool) -> Result<Entry<'a>, Broken> {
        if (is_cut || line.last() == Some(&b'}'))
            && let Some(entry) = template::read(line, &mut self.clock)
        {
            return Ok(entry);
        }
        walk::read(line, is_cut, &mut self.clock)
    }

    /// When a line was written; the rest of it is not looked at.
    pub(crate) fn moment(&mut self, line: &[u8]) -> Option<u64> {
        self.moment_of_ours(line).or_else(|| {
            walk::read(line, true, &mut self.clock).ok().map(|entry| entry.at).filter(|at| *at > 0)
        })
    }

    /// The same of a line that begins as ours do.
    pub(crate) fn moment_of_ours(&mut self, line: &[u8]) -> Option<u64> {
        let text = line.strip_prefix(b"{\"timestamp\":\"")?.first_chunk::<27>()?;
        self.clock.ours(text)
    }
}

#[cfg(test)]
mod tests;
