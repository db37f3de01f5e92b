use std::{io, mem::take};

use super::entry::Draft;

/// Memory in which text is written from the front on.
///
/// What does not fit is left out, and all that comes after it: then there is no room left, and everything is to be
/// written once more with more of it. So nobody asks for memory between two pieces, and a sheet is two registers.
#[derive(Debug, Default)]
pub(crate) struct Sheet<'a>(&'a mut [u8]);

impl<'a> Sheet<'a> {
    pub(crate) fn new(memory: &'a mut [u8]) -> Self {
        Self(memory)
    }

    /// How many bytes still fit. Where there are none, something may have been left out.
    #[inline(always)]
    pub(crate) fn left(&self) -> usize {
        self.0.len()
    }

    /// Writes a piece of a known length: a few stores.
    #[inline(always)]
    pub(crate) fn put<const N: usize>(&mut self, piece: &[u8; N]) {
        if let Some((place, rest)) = take(&mut self.0).split_first_chunk_mut() {
            *place = *piece;
            self.0 = rest;
        }
    }

    /// Writes the first of some bytes. All are put down, those that are not wanted will be overwritten.
    #[inline(always)]
    pub(crate) fn put_first<const N: usize>(&mut self, piece: &[u8; N], wanted: usize) {
        self.put_some(|place| {
            *place = *piece;
            wanted
        });
    }

    /// Writes as many bytes as `write` says it has put down to be written, of so many at most.
    #[inline(always)]
    pub(crate) fn put_some<const N: usize>(&mut self, write: impl FnOnce(&mut [u8; N]) -> usize) {
        let memory = take(&mut self.0);
        if let Some(place) = memory.first_chunk_mut() {
            let written = write(place);
            self.0 = memory.get_mut(written.min(N)..).unwrap_or_default();
        }
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, byte: u8) {
        self.put(&[byte]);
    }

    #[inline(always)]
    pub(crate) fn extend_from_slice(&mut self, bytes: &[u8]) {
        if let Some((place, rest)) = take(&mut self.0).split_at_mut_checked(bytes.len()) {
            place.copy_from_slice(bytes);
            self.0 = rest;
        }
    }

    /// Writes three pieces, of which those of a known length are a few stores, with one look at the room that is left.
    #[inline(always)]
    pub(crate) fn put_around(&mut self, before: &[u8], piece: &[u8], after: &[u8]) {
        let memory = take(&mut self.0);
        let length = before.len() + piece.len() + after.len();
        let Some((place, rest)) = memory.split_at_mut_checked(length) else { return };
        let Some((first, place)) = place.split_at_mut_checked(before.len()) else { return };
        let Some((middle, last)) = place.split_at_mut_checked(piece.len()) else { return };
        first.copy_from_slice(before);
        middle.copy_from_slice(piece);
        // As long as `after`: said once more for the compiler, which does not know.
        if let Some(last) = last.get_mut(..after.len()) {
            last.copy_from_slice(after);
        }
        self.0 = rest;
    }

    /// Writes `length` bytes as `write` does, if it can: it says whether it did. Else nothing is written.
    #[inline(always)]
    pub(crate) fn try_fill(&mut self, length: usize, write: impl FnOnce(&mut [u8]) -> bool) -> bool {
        let memory = take(&mut self.0);
        let is_done = memory.get_mut(..length).is_some_and(write);
        let written = if is_done { length } else { 0 };
        self.0 = memory.get_mut(written..).unwrap_or_default();
        is_done
    }
}

impl io::Write for Sheet<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What most texts have room in.
const USUAL: usize = 4 << 10;

/// Gives as much of a buffer as it takes, from its front, to what is written; gives the length of that. What the buffer
/// holds is of no interest, and its length is how much room there is.
#[inline]
pub(crate) fn fill<T>(buffer: &mut Vec<u8>, write: impl Fn(&mut Sheet<'_>) -> T) -> (T, usize) {
    loop {
        let mut sheet = Sheet::new(buffer);
        let told = write(&mut sheet);
        let left = sheet.left();
        if left > 0 {
            return (told, buffer.len() - left);
        }
        grow(buffer);
    }
}

#[cold]
fn grow(buffer: &mut Vec<u8>) {
    buffer.resize(USUAL.max(2 * buffer.len()), 0);
}

/// Appends what is written.
pub(crate) fn append<T>(out: &mut Vec<u8>, write: impl Fn(&mut Sheet<'_>) -> T) -> T {
    let mut buffer = Vec::new();
    let (told, length) = fill(&mut buffer, write);
    out.extend_from_slice(buffer.get(..length).unwrap_or_default());
    told
}

/// Appends a line that is to be numbered.
pub(crate) fn append_line(out: &mut Vec<u8>, write: impl Fn(&mut Sheet<'_>) -> Draft) -> Draft {
    let begin = out.len();
    let Draft { seq_at } = append(out, write);
    Draft { seq_at: begin + seq_at }
}

/// What is written, as a text.
pub(crate) fn text_of(write: impl Fn(&mut Sheet<'_>)) -> String {
    let mut text = Vec::new();
    append(&mut text, write);
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_piece_that_does_not_fit_is_left_out_too() {
        let pieces: [fn(&mut Sheet<'_>); 4] = [
            |out| out.put(b"abc"),
            |out| out.put_first(b"abc", 1),
            |out| out.extend_from_slice(b"abc"),
            |out| out.put_around(b"a", b"b", b"c"),
        ];
        for put in pieces {
            let mut memory = [b'.'; 2];
            let mut sheet = Sheet::new(&mut memory);
            put(&mut sheet);
            sheet.push(b'x');
            assert_eq!((sheet.left(), memory), (0, *b".."));
        }
    }

    #[test]
    fn what_is_appended_stands_behind_what_was_there() {
        for length in [0, 1, USUAL - 1, USUAL, USUAL + 1, 5 * USUAL] {
            let mut text = b"before ".to_vec();
            append(&mut text, |out| out.extend_from_slice(&vec![b'x'; length]));
            assert_eq!(text, [b"before ".to_vec(), vec![b'x'; length]].concat());
        }
    }
}
