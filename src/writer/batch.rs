use std::ops::RangeBounds;

use super::notice::{Lines, Notice};

/// Whole lines on their way to one file.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    marks: Vec<Mark>,
    /// What some of the lines tell, by their place: to be told again where a line is lost.
    notices: Vec<(usize, Notice)>,
}

/// A line: its number, and where it ends.
#[derive(Clone, Copy, Debug)]
struct Mark {
    seq: u64,
    end: usize,
}

/// What an emptied batch keeps of its memory at least.
const KEPT: usize = 256 << 10;

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// The number of lines.
    pub(super) fn lines(&self) -> usize {
        self.marks.len()
    }

    /// The number of bytes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a line that comes in pieces.
    #[inline]
    pub(super) fn push(&mut self, seq: u64, pieces: [&[u8]; 3]) {
        let [head, number, tail] = pieces;
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(number);
        self.bytes.extend_from_slice(tail);
        self.marks.push(Mark { seq, end: self.bytes.len() });
    }

    /// Says what the last line tells.
    pub(super) fn note(&mut self, notice: Notice) {
        self.notices.push((self.marks.len().saturating_sub(1), notice));
    }

    /// Where a line begins.
    pub(super) fn start(&self, line: usize) -> usize {
        line.checked_sub(1).map_or(0, |before| self.end(before))
    }

    /// Where a line ends, behind its line feed.
    fn end(&self, line: usize) -> usize {
        self.marks.get(line).map_or(self.bytes.len(), |mark| mark.end)
    }

    /// The number of a line.
    pub(super) fn seq(&self, line: usize) -> Option<u64> {
        self.marks.get(line).map(|mark| mark.seq)
    }

    /// The lines from one on; their numbers go up.
    pub(super) fn rest(&self, from: usize) -> Option<Lines> {
        let (first, last) = (self.marks.get(from)?, self.marks.last()?);
        Some(Lines { count: (self.marks.len() - from) as u64, from: first.seq, to: last.seq })
    }

    /// The bytes from one line up to another, that one not included.
    pub(super) fn text(&self, from: usize, to: usize) -> &[u8] {
        self.bytes.get(self.start(from)..self.start(to)).unwrap_or_default()
    }

    /// The first line from `from` on that does not fit into so many bytes with those before it.
    pub(super) fn fitting(&self, from: usize, bytes: usize) -> usize {
        let limit = self.start(from).saturating_add(bytes);
        let rest = self.marks.get(from..).unwrap_or_default();
        from + rest.partition_point(|mark| mark.end <= limit)
    }

    /// How many lines from `from` on are whole in so many bytes. One that lacks its line feed only is whole.
    pub(super) fn whole(&self, from: usize, bytes: usize) -> usize {
        self.fitting(from, bytes.saturating_add(1)) - from
    }

    /// What some of the lines tell.
    pub(super) fn told(&self, lines: impl RangeBounds<usize>) -> impl Iterator<Item = Notice> {
        self.notices.iter().filter(move |(line, _)| lines.contains(line)).map(|(_, notice)| *notice)
    }

    /// Forgets the lines. Of its memory it keeps what lines as many as these need: a burst is paid back.
    pub(super) fn clear(&mut self) {
        let (bytes, lines) = (2 * self.bytes.len(), 2 * self.marks.len());
        self.bytes.clear();
        self.bytes.shrink_to(bytes.max(KEPT));
        self.marks.clear();
        self.marks.shrink_to(lines.max(KEPT / 256));
        self.notices.clear();
    }
}
