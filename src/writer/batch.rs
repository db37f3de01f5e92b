use std::ops::RangeBounds;

use super::{
    notice::{Lines, Notice},
    seq::Seq,
};

/// Whole lines on their way to one file.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// All of the memory that was made ready. A line is written into it in place, which takes fewer steps than appending
    /// its pieces.
    bytes: Vec<u8>,
    /// Bytes of it that lines have.
    size: usize,
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
/// As much memory is made ready at once, or what a longer line takes.
const READY: usize = 16 << 10;

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
        self.size
    }

    /// Adds a line that comes in two pieces, with its number between them.
    #[inline]
    pub(super) fn push(&mut self, head: &[u8], seq: &Seq, tail: &[u8]) {
        let needed = self.size + head.len() + Seq::LONGEST + tail.len();
        if self.bytes.len() < needed {
            self.make_ready(needed);
        }
        let place = self.bytes.get_mut(self.size..).unwrap_or_default();
        if let Some(length) = write(place, head, seq, tail) {
            self.size += length;
            self.marks.push(Mark { seq: seq.value(), end: self.size });
        }
    }

    #[cold]
    #[inline(never)]
    fn make_ready(&mut self, needed: usize) {
        self.bytes.resize(needed.max(self.bytes.len() + READY), 0);
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
        self.marks.get(line).map_or(self.size, |mark| mark.end)
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
        let (bytes, lines) = (KEPT.max(2 * self.size), 2 * self.marks.len());
        self.size = 0;
        self.bytes.truncate(bytes);
        self.bytes.shrink_to(bytes);
        self.marks.clear();
        self.marks.shrink_to(lines.max(KEPT / 256));
        self.notices.clear();
    }
}

/// Writes a line to its place and gives its length; there is room for the longest number.
#[inline(always)]
fn write(place: &mut [u8], head: &[u8], seq: &Seq, tail: &[u8]) -> Option<usize> {
    let (digits, count) = seq.digits();
    let (place, rest) = place.split_at_mut_checked(head.len())?;
    place.copy_from_slice(head);
    // All of them in one piece: what is none is written over.
    *rest.first_chunk_mut()? = *digits;
    rest.get_mut(count..count + tail.len())?.copy_from_slice(tail);
    Some(head.len() + count + tail.len())
}
