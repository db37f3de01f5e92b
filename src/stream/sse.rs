use super::events::Heard;
use crate::llm::{below, find};

/// Bytes of an event's name that are kept.
const LONGEST_NAME: usize = 64;

/// No field that means something to us has a longer name than `event`.
const LONGEST_FIELD: usize = 5;

const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// Finds the events in an event stream (WHATWG HTML section 9.2.6).
///
/// An event is what has a `data` field, even an empty one, and ends with an empty line; one that the end of the stream
/// cuts off is none. `id` and `retry` are for the client that connects again and mean nothing here.
pub(super) struct ServerSentEvents {
    line: Line,
    /// Bytes of a byte order mark seen at the beginning; none once it is decided.
    mark: Option<usize>,
    /// A line feed that comes next belongs to the carriage return before it.
    after_return: bool,
    has_data: bool,
    name: [u8; LONGEST_NAME],
    name_length: usize,
}

/// Where in a line we are.
#[derive(Clone, Copy)]
enum Line {
    /// In the name of a field, of which so much was seen.
    Field([u8; LONGEST_FIELD], usize),
    /// In its value, or in front of it, where a space is none of it.
    Data {
        begins: bool,
    },
    Name {
        begins: bool,
    },
    /// In what means nothing.
    Other,
}

/// Where the line ends. Nearly every byte that small ends one, and one comparison is cheaper than two.
#[inline(always)]
fn end_of_line(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = bytes.get(from..)?;
        let at = from + find(rest, |word| below(word, b'\r' + 1))?;
        if matches!(bytes.get(at)?, b'\n' | b'\r') {
            return Some(at);
        }
        from = at + 1;
    }
}

/// What most frames are: one event with one line of data. None where that takes more than a look.
#[inline(always)]
fn only_data(frame: &[u8]) -> Option<&[u8]> {
    let data = frame.strip_prefix(b"data:")?.strip_suffix(b"\n\n")?;
    let is_one_line = find(data, |word| below(word, b'\r' + 1)).is_none();
    is_one_line.then(|| data.strip_prefix(b" ").unwrap_or(data))
}

const BEGIN: Line = Line::Field([0; LONGEST_FIELD], 0);

impl Default for ServerSentEvents {
    fn default() -> Self {
        Self {
            line: BEGIN,
            mark: Some(0),
            after_return: false,
            has_data: false,
            name: [0; LONGEST_NAME],
            name_length: 0,
        }
    }
}

impl ServerSentEvents {
    pub(super) fn feed(&mut self, mut bytes: &[u8], to: &mut Heard) {
        if self.mark.is_some() {
            bytes = self.skip_mark(bytes);
        }
        if !self.after_return
            && self.mark.is_none()
            && to.takes_whole()
            && self.is_before_data()
            && let Some(data) = only_data(bytes)
        {
            to.passed(data);
            self.name_length = 0;
            return;
        }
        while let Some(first) = bytes.first() {
            if std::mem::take(&mut self.after_return) && *first == b'\n' {
                bytes = bytes.get(1..).unwrap_or_default();
                continue;
            }
            let end = end_of_line(bytes);
            let Some((line, [terminator, rest @ ..])) = end.map(|end| bytes.split_at(end)) else {
                return self.piece(bytes, to);
            };
            // The same with others before or behind it.
            if let [b'\n', after @ ..] = rest
                && *terminator == b'\n'
                && to.takes_whole()
                && self.is_before_data()
                && let Some(data) = line.strip_prefix(b"data:")
            {
                to.passed(data.strip_prefix(b" ").unwrap_or(data));
                self.name_length = 0;
                bytes = after;
                continue;
            }
            if !line.is_empty() {
                self.piece(line, to);
            }
            self.end_of_line(to);
            self.after_return = *terminator == b'\r';
            bytes = rest;
        }
    }

    /// True where the stream may not end without cutting off an event.
    pub(super) fn is_within_an_event(&self) -> bool {
        self.has_data || matches!(self.line, Line::Field(_, 1..) | Line::Data { .. } | Line::Name { .. })
    }

    /// True at the beginning of a line of an event of which there are no data yet.
    fn is_before_data(&self) -> bool {
        !self.has_data && matches!(self.line, Line::Field(_, 0))
    }

    /// Takes a byte order mark off the beginning.
    fn skip_mark<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        while let (Some(seen), Some((first, rest))) = (self.mark, bytes.split_first()) {
            if BYTE_ORDER_MARK.get(seen) != Some(first) {
                if seen > 0 {
                    // A piece of one is the beginning of a field nobody knows.
                    self.line = Line::Other;
                }
                self.mark = None;
                break;
            }
            self.mark = (seen + 1 < BYTE_ORDER_MARK.len()).then_some(seen + 1);
            bytes = rest;
        }
        bytes
    }

    /// A piece of a line; never empty.
    fn piece(&mut self, piece: &[u8], to: &mut Heard) {
        match self.line {
            Line::Other => {}
            Line::Field(_, 0) if piece.starts_with(b"data:") => {
                self.begin_data(to);
                self.value(piece.get(5..).unwrap_or_default(), to);
            }
            Line::Field(field, length) => self.field(field, length, piece, to),
            Line::Data { .. } | Line::Name { .. } => self.value(piece, to),
        }
    }

    fn field(&mut self, mut field: [u8; LONGEST_FIELD], mut length: usize, piece: &[u8], to: &mut Heard) {
        for (at, byte) in piece.iter().enumerate() {
            if *byte == b':' {
                self.begin_value(field.get(..length).unwrap_or_default(), to);
                return self.value(piece.get(at + 1..).unwrap_or_default(), to);
            }
            let Some(place) = field.get_mut(length) else {
                self.line = Line::Other;
                return;
            };
            *place = *byte;
            length += 1;
        }
        self.line = Line::Field(field, length);
    }

    fn begin_value(&mut self, field: &[u8], to: &mut Heard) {
        match field {
            b"data" => self.begin_data(to),
            b"event" => {
                self.name_length = 0;
                self.line = Line::Name { begins: true };
            }
            _ => self.line = Line::Other,
        }
    }

    fn begin_data(&mut self, to: &mut Heard) {
        to.data(if self.has_data { b"\n" } else { b"" });
        self.has_data = true;
        self.line = Line::Data { begins: true };
    }

    fn value(&mut self, piece: &[u8], to: &mut Heard) {
        if piece.is_empty() {
            return;
        }
        let without_space = |begins| if begins { piece.strip_prefix(b" ").unwrap_or(piece) } else { piece };
        match self.line {
            Line::Data { begins } => {
                self.line = Line::Data { begins: false };
                to.data(without_space(begins));
            }
            Line::Name { begins } => {
                self.line = Line::Name { begins: false };
                let piece = without_space(begins);
                let free = self.name.get_mut(self.name_length..).unwrap_or_default();
                let taken = free.len().min(piece.len());
                free.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
                self.name_length += taken;
            }
            Line::Field(..) | Line::Other => {}
        }
    }

    fn end_of_line(&mut self, to: &mut Heard) {
        match self.line {
            Line::Field(_, 0) => {
                if std::mem::take(&mut self.has_data) {
                    to.event(self.name.get(..self.name_length).unwrap_or_default());
                }
                self.name_length = 0;
            }
            // A field without a colon has an empty value.
            Line::Field(field, length) => self.begin_value(field.get(..length).unwrap_or_default(), to),
            _ => {}
        }
        self.line = BEGIN;
    }
}
