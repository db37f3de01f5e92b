//! An event in few bytes: the names of its spans, then each field as its index among those of its place in the source,
//! a tag and the value. Whole numbers are little-endian.
//!
//! Written where the event is told, which has to cost next to nothing; read where a dump is written.

use std::{borrow::Cow, time::Duration};

use tracing::Metadata;

use super::{Field, Location, Redacted, Scrub, TrailEvent, ring::Entry};
use crate::exchange::Value;

/// Text kept of one event.
const TEXT_LIMIT: usize = 8 * 1024;
/// Fields and spans kept of one event.
const LIMIT: u8 = 64;

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
}

impl<'a> Jot<'a> {
    /// In place of what stands in `bytes`. The spans are named from the innermost outwards.
    pub(crate) fn new<'s>(bytes: &'a mut Vec<u8>, spans: Option<impl Iterator<Item = &'s str>>) -> Self {
        bytes.clear();
        bytes.push(0);
        if let Some(spans) = spans {
            name_spans(bytes, spans);
        }
        Self { bytes, room: TEXT_LIMIT, fields: 0 }
    }

    /// What was put down.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// A text; false where there is no room for it.
    pub(crate) fn text(&mut self, index: usize, text: &str) -> bool {
        if text.len() > self.room {
            return false;
        }
        let Some([low, high]) = self.next(index) else { return true };
        let [short, long] = u16::try_from(text.len()).unwrap_or(0).to_le_bytes();
        self.room -= text.len();
        self.bytes.extend_from_slice(&[low, high, TEXT, short, long]);
        self.bytes.extend_from_slice(text.as_bytes());
        true
    }

    /// A text that `say` puts behind what stands there, as much of it as there is room for. It says whether it cut it,
    /// and put the mark of its length behind it.
    pub(crate) fn said(&mut self, index: usize, say: impl FnOnce(&mut Vec<u8>, usize) -> bool) {
        let Some([low, high]) = self.next(index) else { return };
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[low, high, TEXT, 0, 0]);
        let is_cut = say(self.bytes, self.room);
        let length = self.bytes.len() - start - 5;
        self.room = self.room.saturating_sub(length);
        if let Some([_, _, tag, short, long]) = self.bytes.get_mut(start..start + 5) {
            [*short, *long] = u16::try_from(length).unwrap_or(0).to_le_bytes();
            *tag = if is_cut { CUT } else { TEXT };
        }
    }

    pub(crate) fn bool(&mut self, index: usize, value: bool) {
        let Some([low, high]) = self.next(index) else { return };
        self.bytes.extend_from_slice(&[low, high, if value { TRUE } else { FALSE }]);
    }

    pub(crate) fn unsigned(&mut self, index: usize, value: u64) {
        self.number(index, UNSIGNED, value);
    }

    pub(crate) fn signed(&mut self, index: usize, value: i64) {
        self.number(index, SIGNED, value.cast_unsigned());
    }

    pub(crate) fn float(&mut self, index: usize, value: f64) {
        self.number(index, FLOAT, value.to_bits());
    }

    fn number(&mut self, index: usize, tag: u8, bits: u64) {
        let Some([low, high]) = self.next(index) else { return };
        let [a, b, c, d, e, f, g, h] = bits.to_le_bytes();
        self.bytes.extend_from_slice(&[low, high, tag, a, b, c, d, e, f, g, h]);
    }

    fn next(&mut self, index: usize) -> Option<[u8; 2]> {
        let index = u16::try_from(index).ok().filter(|_| self.fields < LIMIT)?;
        self.fields += 1;
        Some(index.to_le_bytes())
    }
}

fn name_spans<'s>(bytes: &mut Vec<u8>, spans: impl Iterator<Item = &'s str>) {
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

/// What was put down of an event, redacted.
pub(super) fn read(entry: &Entry, told: &[u8], scrub: &dyn Scrub) -> TrailEvent {
    let metadata = entry.place.metadata;
    let mut event = TrailEvent {
        at: Duration::from_micros(entry.at),
        level: *metadata.level(),
        target: Cow::Borrowed(metadata.target()),
        message: Redacted::default(),
        location: metadata.file().map(|file| Location::new(file, metadata.line().unwrap_or(0))),
        spans: Vec::new(),
        fields: Vec::new(),
    };
    let mut reader = Reader(told);
    event.spans = reader.spans().unwrap_or_default();
    let mut origin = Origin::default();
    while let Some((name, value)) = reader.field(metadata) {
        if entry.place.is_log && name.starts_with("log.") {
            origin.take(name, &value);
        } else {
            put(&mut event, name, &value, scrub);
        }
    }
    if entry.place.is_log {
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
