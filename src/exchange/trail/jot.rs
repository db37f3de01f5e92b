//! An event in few bytes: the names of its spans, then each field as its index among those of its place in the source,
//! a tag and the value. Whole numbers are little-endian.
//!
//! Written where the event is told, which has to cost next to nothing; read where a dump is written.

use std::{borrow::Cow, time::Duration};

use tracing::Metadata;

use super::{Field, Location, Place, Redacted, Scrub, TrailEvent};
use crate::exchange::Value;

/// Text kept of one event.
const TEXT_LIMIT: usize = 8 * 1024;
/// Fields and spans kept of one event.
const LIMIT: u8 = 64;

/// Bytes before a text, and those of a number.
const HEAD: usize = 5;
const NUMBER: usize = 11;

const FALSE: u8 = 0;
const TRUE: u8 = 1;
const UNSIGNED: u8 = 2;
const SIGNED: u8 = 3;
const FLOAT: u8 = 4;
const TEXT: u8 = 5;
/// The head of a text, with the mark of its length behind it.
const CUT: u8 = 6;

/// An event being put down.
pub(crate) struct Jot<'a> {
    bytes: &'a mut Vec<u8>,
    room: usize,
    fields: u8,
    /// How many of them stand there already.
    known: u8,
    /// Where the last text that was said by somebody else begins.
    said: usize,
}

impl<'a> Jot<'a> {
    /// Puts the names of spans, from the innermost outwards, in place of what stands in `bytes`.
    pub(crate) fn name_spans<'s>(bytes: &mut Vec<u8>, spans: impl Iterator<Item = &'s str>) {
        bytes.clear();
        bytes.push(0);
        let mut count = 0;
        for name in spans.take(LIMIT.into()) {
            let fits = name.floor_char_boundary(u8::MAX.into());
            bytes.push(u8::try_from(fits).unwrap_or(0));
            bytes.extend_from_slice(name.as_bytes().get(..fits).unwrap_or_default());
            count += 1;
        }
        if let Some(first) = bytes.first_mut() {
            *first = count;
        }
    }

    /// Behind the names of its spans.
    #[inline]
    pub(crate) fn new(spans: &'a mut Vec<u8>) -> Self {
        let said = spans.len();
        Self { bytes: spans, room: TEXT_LIMIT, fields: 0, known: 0, said }
    }

    /// A text; false where there is no room for it.
    #[inline]
    pub(crate) fn text(&mut self, index: usize, text: &str) -> bool {
        if text.len() > self.room {
            return false;
        }
        if !self.has_memory(HEAD + text.len()) {
            return self.text_in_more(index, text);
        }
        let Some([low, high]) = self.next(index) else { return true };
        self.room -= text.len();
        let [short, long] = length(text.len());
        self.bytes.extend_from_slice(&[low, high, TEXT, short, long]);
        self.bytes.extend_from_slice(text.as_bytes());
        true
    }

    #[cold]
    #[inline(never)]
    fn text_in_more(&mut self, index: usize, text: &str) -> bool {
        self.grow(HEAD + text.len());
        self.text(index, text)
    }

    /// A text that `say` puts behind what stands there, as much of it as there is room for. It says whether it cut it,
    /// and put the mark of its length behind it.
    #[inline]
    pub(crate) fn said(&mut self, index: usize, say: impl FnOnce(&mut Vec<u8>, usize) -> bool) {
        if !self.has_memory(HEAD) {
            self.grow(HEAD);
        }
        let Some([low, high]) = self.next(index) else { return };
        self.bytes.extend_from_slice(&[low, high, TEXT, 0, 0]);
        self.said = self.bytes.len();
        let is_cut = say(self.bytes, self.room);
        self.end(if is_cut { CUT } else { TEXT });
    }

    /// Whoever said the last text did not come to its end: `instead` stands there, and the fields that stand there are
    /// passed over when all come again. False where there is none more than the last time.
    pub(crate) fn begin_again(&mut self, instead: &str) -> bool {
        if self.fields <= self.known {
            return false;
        }
        self.bytes.truncate(self.said);
        self.bytes.extend_from_slice(instead.as_bytes());
        self.end(TEXT);
        self.known = std::mem::take(&mut self.fields);
        true
    }

    /// Notes the length of the text that was said.
    #[inline]
    fn end(&mut self, how: u8) {
        let said = self.bytes.len() - self.said;
        self.room = self.room.saturating_sub(said);
        let Some(head) = self.said.checked_sub(HEAD - 2) else { return };
        if let Some([tag, short, long]) = self.bytes.get_mut(head..self.said) {
            [*short, *long] = length(said);
            *tag = how;
        }
    }

    #[inline]
    pub(crate) fn bool(&mut self, index: usize, value: bool) {
        let Some([low, high]) = self.next(index) else { return };
        self.bytes.extend_from_slice(&[low, high, if value { TRUE } else { FALSE }]);
    }

    #[inline]
    pub(crate) fn unsigned(&mut self, index: usize, value: u64) {
        self.number(index, UNSIGNED, value);
    }

    #[inline]
    pub(crate) fn signed(&mut self, index: usize, value: i64) {
        self.number(index, SIGNED, value.cast_unsigned());
    }

    #[inline]
    pub(crate) fn float(&mut self, index: usize, value: f64) {
        self.number(index, FLOAT, value.to_bits());
    }

    #[inline]
    fn number(&mut self, index: usize, tag: u8, bits: u64) {
        if !self.has_memory(NUMBER) {
            return self.number_in_more(index, tag, bits);
        }
        let Some([low, high]) = self.next(index) else { return };
        let [a, b, c, d, e, f, g, h] = bits.to_le_bytes();
        self.bytes.extend_from_slice(&[low, high, tag, a, b, c, d, e, f, g, h]);
    }

    #[cold]
    #[inline(never)]
    fn number_in_more(&mut self, index: usize, tag: u8, bits: u64) {
        self.grow(NUMBER);
        self.number(index, tag, bits);
    }

    /// Asked before anything is put down: where there is memory, nothing has to be saved for the call that gets some.
    #[inline]
    fn has_memory(&self, length: usize) -> bool {
        self.bytes.capacity() - self.bytes.len() >= length
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, length: usize) {
        self.bytes.reserve(length);
    }

    #[inline]
    fn next(&mut self, index: usize) -> Option<[u8; 2]> {
        let index = u16::try_from(index).ok().filter(|_| self.fields < LIMIT)?;
        self.fields += 1;
        (self.fields > self.known).then_some(index.to_le_bytes())
    }
}

#[inline]
fn length(of: usize) -> [u8; 2] {
    u16::try_from(of).unwrap_or(0).to_le_bytes()
}

/// What was put down of an event, redacted.
pub(super) fn read(place: Place, at: Duration, told: &[u8], scrub: &dyn Scrub) -> TrailEvent {
    let Place { metadata, is_log } = place;
    let mut event = TrailEvent {
        at,
        level: *metadata.level(),
        target: Cow::Borrowed(metadata.target()),
        event_type: None,
        message: Redacted::default(),
        location: metadata.file().map(|file| Location::new(file, metadata.line().unwrap_or(0))),
        spans: Vec::new(),
        fields: Vec::new(),
    };
    let mut reader = Reader(told);
    event.spans = reader.spans().unwrap_or_default();
    let mut origin = Origin::default();
    while let Some((name, value)) = reader.field(metadata) {
        if is_log && name.starts_with("log.") {
            origin.take(name, &value);
        } else {
            put(&mut event, name, &value, scrub);
        }
    }
    if is_log {
        event.location = origin.file.map(|file| Location::new(file.to_owned(), origin.line));
        event.target = origin.target.unwrap_or_default().to_owned().into();
    }
    event
}

fn put(event: &mut TrailEvent, name: &'static str, value: &Said<'_>, scrub: &dyn Scrub) {
    if let (Said::Text(text, is_cut), "message") = (value, name) {
        event.message = shown(text, *is_cut, scrub);
        return;
    }
    let is_secret = || scrub.is_secret(name);
    let masked = || Value::Text(Redacted::literal("[REDACTED]"));
    let value = match value {
        Said::Other(Value::Bool(value)) => Value::Bool(*value),
        _ if is_secret() => masked(),
        Said::Other(number) => scrub.number(number).map_or_else(|| number.clone(), Value::Text),
        Said::Text(text, is_cut) => Value::Text(shown(text, *is_cut, scrub)),
    };
    // Written as an object, where each name stands once.
    match event.fields.iter_mut().find(|known| known.name == name) {
        Some(known) => known.value = value,
        None => event.fields.push(Field { name: name.into(), value }),
    }
}

fn shown(text: &str, is_cut: bool, scrub: &dyn Scrub) -> Redacted {
    if is_cut { scrub.head(text) } else { scrub.text(text) }
}

/// Where a record of the `log` crate comes from.
#[derive(Default)]
struct Origin<'a> {
    target: Option<&'a str>,
    file: Option<&'a str>,
    line: u32,
}

impl<'a> Origin<'a> {
    fn take(&mut self, name: &str, value: &Said<'a>) {
        match (name, value) {
            ("log.target", Said::Text(text, _)) => self.target = Some(text),
            ("log.file", Said::Text(text, _)) => self.file = Some(text),
            ("log.line", Said::Other(Value::Unsigned(line))) => {
                self.line = u32::try_from(*line).unwrap_or(0);
            }
            _ => {}
        }
    }
}

/// The value of a field.
enum Said<'a> {
    Text(&'a str, bool),
    Other(Value),
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn spans(&mut self) -> Option<Vec<Cow<'static, str>>> {
        let [count] = self.array()?;
        let names = (0..count).map_while(|_| {
            let [length] = self.array()?;
            Some(self.text(length.into())?.to_owned().into())
        });
        let mut names: Vec<_> = names.collect();
        names.reverse();
        Some(names)
    }

    fn field(&mut self, metadata: &'static Metadata<'static>) -> Option<(&'static str, Said<'a>)> {
        let [low, high, tag] = self.array()?;
        let name = metadata.fields().iter().nth(u16::from_le_bytes([low, high]).into())?.name();
        let value = match tag {
            FALSE | TRUE => Said::Other(Value::Bool(tag == TRUE)),
            UNSIGNED => Said::Other(Value::Unsigned(u64::from_le_bytes(self.array()?))),
            SIGNED => Said::Other(Value::Signed(i64::from_le_bytes(self.array()?))),
            FLOAT => Said::Other(Value::Float(f64::from_le_bytes(self.array()?))),
            TEXT | CUT => {
                let length = u16::from_le_bytes(self.array()?);
                Said::Text(self.text(length.into())?, tag == CUT)
            }
            _ => return None,
        };
        Some((name, value))
    }

    fn text(&mut self, length: usize) -> Option<&'a str> {
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }
}
