//! The log on disk: rotated files as one stream, read in pieces of constant size.

mod backward;
mod files;
mod forward;
mod other;
mod seek;
#[cfg(test)]
mod tests;

pub(crate) use backward::Backward;
pub(crate) use files::{LogFile, LogSet, Series, open_regular};
pub(crate) use forward::Forward;
pub(crate) use other::decompressed;
pub(crate) use seek::{seek, seek_end, starts_at};

/// Bytes read at once: so much stays near the processor, where twice as much cost a third more time, and a call of the system
/// costs less than it brings.
pub(crate) const PIECE: usize = 128 * 1024;
/// Bytes kept of a line that is as long as a piece or longer: what decides about an entry stands first.
pub(crate) const HEAD: usize = 64 * 1024;

/// A line where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// Without its line feed.
    pub(crate) bytes: &'a [u8],
    /// Where it begins in its file.
    pub(crate) at: u64,
    /// Its length in the file, without the line feed.
    pub(crate) length: u64,
    /// A line feed was there: it is whole.
    pub(crate) is_ended: bool,
}

impl Line<'_> {
    /// Only its head is here.
    pub(crate) fn is_cut(&self) -> bool {
        self.length > self.bytes.len() as u64
    }
}
