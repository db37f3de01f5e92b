use std::{fs::File, io, os::unix::fs::FileExt};

use super::{Forward, PIECE, backward::next_line};
use crate::{entry::Parser, time::SECOND};

/// Lines are in time order but for what several threads told at once, and for clocks that were set.
const SLACK: u64 = 2 * SECOND;
/// What is left is read through.
const NEAR: u64 = 32 * 1024;

/// Where to begin in a file to miss nothing that was written at `since` or later: the start of a line.
pub(crate) fn seek(file: &File, limit: u64, since: u64, parser: &mut Parser) -> io::Result<u64> {
    Ok(bisect(file, limit, since.saturating_sub(SLACK), parser)?.0)
}

/// Where to end in a file to miss nothing that was written up to `until`.
pub(crate) fn seek_end(file: &File, limit: u64, until: u64, parser: &mut Parser) -> io::Result<u64> {
    let (_, high) = bisect(file, limit, until.saturating_add(SLACK), parser)?;
    let mut lines = Forward::new(file, high, limit);
    let line = lines.next()?.map_or(0, |line| line.length + u64::from(line.is_ended));
    Ok(high + line)
}

/// Two places near each other: what is before the first is earlier, what begins behind the second is later.
fn bisect(file: &File, limit: u64, since: u64, parser: &mut Parser) -> io::Result<(u64, u64)> {
    let (mut low, mut high) = (0, limit);
    let mut piece = vec![0; 4096];
    while high - low > NEAR {
        let middle = low + (high - low) / 2;
        match first_moment(file, middle, high, &mut piece, parser)? {
            Some((at, line)) if at < since => low = line,
            _ => high = middle,
        }
    }
    Ok((low, high))
}

/// When the first line behind `from` was written, and where it begins.
fn first_moment(
    file: &File,
    from: u64,
    limit: u64,
    piece: &mut Vec<u8>,
    parser: &mut Parser,
) -> io::Result<Option<(u64, u64)>> {
    let read = file.read_at(piece, from)?;
    let text = piece.get(..read).unwrap_or_default();
    let mut start = match next_line(text) {
        Some(start) => start,
        // A long line: its end is looked for as far as a piece goes, else the search goes on before it.
        None if piece.len() < PIECE && read == piece.len() => {
            piece.resize(PIECE, 0);
            return first_moment(file, from, limit, piece, parser);
        }
        None => return Ok(None),
    };
    while let Some(line) = text.get(start..).filter(|line| !line.is_empty()) {
        let at = from + start as u64;
        if at >= limit {
            return Ok(None);
        }
        if let Some(moment) = parser.moment(line) {
            return Ok(Some((moment, at)));
        }
        match next_line(line) {
            Some(next) => start += next,
            None => break,
        }
    }
    Ok(None)
}

/// When the first line of a file was written.
pub(crate) fn starts_at(file: &File, limit: u64, parser: &mut Parser) -> Option<u64> {
    let mut lines = Forward::new(file, 0, limit.min(PIECE as u64));
    for _ in 0..16 {
        let line = lines.next().ok()??;
        if let Some(at) = parser.moment(line.bytes) {
            return Some(at);
        }
    }
    None
}
