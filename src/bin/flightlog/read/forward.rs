use std::{fs::File, io, os::unix::fs::FileExt};

use memchr::memchr;

use super::{HEAD, Line, PIECE};

/// The lines of a file, first to last.
#[derive(Debug)]
pub(crate) struct Forward<'f> {
    file: &'f File,
    buffer: Vec<u8>,
    /// What of the buffer was not given yet.
    start: usize,
    end: usize,
    /// Where the buffer begins in the file.
    offset: u64,
    /// Nothing behind it is read: what is written meanwhile is not a part of this reading.
    limit: u64,
}

impl<'f> Forward<'f> {
    /// The lines from `from`, where one begins, to `limit`.
    pub(crate) fn new(file: &'f File, from: u64, limit: u64) -> Self {
        Self::with_buffer(file, from, limit, Vec::new())
    }

    /// The same with the buffer of another one.
    pub(crate) fn with_buffer(file: &'f File, from: u64, limit: u64, mut buffer: Vec<u8>) -> Self {
        buffer.resize(PIECE, 0);
        Self { file, buffer, start: 0, end: 0, offset: from, limit }
    }

    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    /// The next line. Most are in the buffer as a whole.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let rest = self.buffer.get(self.start..self.end).unwrap_or_default();
        match memchr(b'\n', rest) {
            Some(length) => Ok(Some(self.line(length, true))),
            None => self.next_elsewhere(),
        }
    }

    /// The next line where the buffer has no end of it.
    #[inline(never)]
    fn next_elsewhere(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            if self.start == 0 && self.end == self.buffer.len() {
                return self.long_line().map(Some);
            }
            if !self.fill()? {
                let length = self.end - self.start;
                return Ok((length > 0).then(|| self.line(length, false)));
            }
            let rest = self.buffer.get(self.start..self.end).unwrap_or_default();
            if let Some(length) = memchr(b'\n', rest) {
                return Ok(Some(self.line(length, true)));
            }
        }
    }

    /// Gives what comes next in the buffer.
    #[inline(always)]
    fn line(&mut self, length: usize, is_ended: bool) -> Line<'_> {
        let from = self.start;
        self.start += length + usize::from(is_ended);
        let bytes = self.buffer.get(from..from + length).unwrap_or_default();
        Line { bytes, at: self.offset + from as u64, length: length as u64, is_ended }
    }

    /// Reads on behind what is left; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.offset += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        let read = self.read_at(self.end, self.offset + self.end as u64)?;
        self.end += read;
        Ok(read > 0)
    }

    /// Reads into the buffer from a place on.
    fn read_at(&mut self, place: usize, offset: u64) -> io::Result<usize> {
        let room = self.buffer.get_mut(place..).unwrap_or_default();
        let most = usize::try_from(self.limit.saturating_sub(offset)).unwrap_or(usize::MAX).min(room.len());
        let room = room.get_mut(..most).unwrap_or_default();
        loop {
            match self.file.read_at(room, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// A line longer than the buffer: its head stays, the rest is only looked through for its end.
    fn long_line(&mut self) -> io::Result<Line<'_>> {
        let at = self.offset;
        let mut offset = at + self.end as u64;
        let (length, is_ended) = loop {
            let read = self.read_at(HEAD, offset)?;
            if read == 0 {
                break (offset - at, false);
            }
            let piece = self.buffer.get(HEAD..HEAD + read).unwrap_or_default();
            if let Some(end) = memchr(b'\n', piece) {
                break (offset - at + end as u64, true);
            }
            offset += read as u64;
        };
        self.offset = at + length + u64::from(is_ended);
        self.start = 0;
        self.end = 0;
        Ok(Line { bytes: self.buffer.get(..HEAD).unwrap_or_default(), at, length, is_ended })
    }
}
