use std::{fs::File, io, os::unix::fs::FileExt};

use memchr::{memchr, memrchr};

use super::{HEAD, Line, PIECE};

/// The lines of a file, last to first.
#[derive(Debug)]
pub(crate) struct Backward<'f> {
    file: &'f File,
    buffer: Vec<u8>,
    /// What of the file is in the buffer.
    low: u64,
    high: u64,
    /// Where what was not given yet ends.
    end: u64,
}

impl<'f> Backward<'f> {
    /// The lines before `end`.
    pub(crate) fn new(file: &'f File, end: u64) -> Self {
        Self { file, buffer: Vec::new(), low: end, high: end, end }
    }

    /// The line before.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            if self.end == 0 {
                return Ok(None);
            }
            self.have(self.end - 1)?;
            if self.end <= self.high {
                break;
            }
            // The file was cut meanwhile: what is left of it ends here, or before.
            self.end = self.high;
        }
        let is_ended = self.byte(self.end - 1) == Some(b'\n');
        let end = self.end - u64::from(is_ended);
        let at = self.line_start(end)?;
        self.end = at;
        let length = end - at;
        let is_here = self.low <= at && end <= self.high;
        let kept = if length >= PIECE as u64 { HEAD as u64 } else { length };
        if !is_here {
            self.load(at, at + kept)?;
        }
        let kept = (self.high.min(at + kept).saturating_sub(at)) as usize;
        let from = (at - self.low) as usize;
        let bytes = self.buffer.get(from..from + kept).unwrap_or_default();
        Ok(Some(Line { bytes, at, length, is_ended }))
    }

    fn byte(&self, at: u64) -> Option<u8> {
        self.buffer.get(usize::try_from(at.checked_sub(self.low)?).ok()?).copied()
    }

    /// Where the line that ends at `end` begins.
    fn line_start(&mut self, end: u64) -> io::Result<u64> {
        let mut upto = end;
        loop {
            if upto == 0 {
                return Ok(0);
            }
            if !(self.low < upto && upto <= self.high) {
                self.have(upto - 1)?;
                // A file that was cut meanwhile.
                if !(self.low < upto && upto <= self.high) {
                    return Ok(upto);
                }
            }
            let piece = self.buffer.get(..(upto - self.low) as usize).unwrap_or_default();
            if let Some(feed) = memrchr(b'\n', piece) {
                return Ok(self.low + feed as u64 + 1);
            }
            // It begins in the piece before, which is read with all of this line: so no piece is read twice.
            if upto == end && self.low > 0 && end - self.low < PIECE as u64 {
                self.load(end.saturating_sub(PIECE as u64), end)?;
            } else {
                upto = self.low;
            }
        }
    }

    /// Has the byte at `at` in the buffer, and what is before it.
    fn have(&mut self, at: u64) -> io::Result<()> {
        if self.low <= at && at < self.high {
            return Ok(());
        }
        self.load((at + 1).saturating_sub(PIECE as u64), at + 1)
    }

    fn load(&mut self, low: u64, high: u64) -> io::Result<()> {
        self.buffer.resize(PIECE, 0);
        let mut filled = 0;
        let wanted = ((high - low) as usize).min(PIECE);
        while filled < wanted {
            let room = self.buffer.get_mut(filled..wanted).unwrap_or_default();
            match self.file.read_at(room, low + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.low = low;
        self.high = low + filled as u64;
        Ok(())
    }
}

/// Where the next line begins, at `from` or behind it, as far as `text` says.
pub(super) fn next_line(text: &[u8]) -> Option<usize> {
    memchr(b'\n', text).map(|feed| feed + 1)
}
