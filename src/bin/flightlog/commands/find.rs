//! Entries by place: what was chosen is remembered by where it lies, not by what it says.

use std::{collections::HashMap, io, os::unix::fs::FileExt};

use super::{progress::Progress, trouble::Trouble};
use crate::{
    entry::{Entry, Kind, Parser},
    filter::Filter,
    read::{Backward, Forward, LogFile, LogSet, Series, seek_end},
    time::SECOND,
};

/// Where an entry lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot<'s> {
    pub(crate) at: u64,
    pub(crate) duration: u64,
    pub(crate) file: SpotFile<'s>,
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// A file, compared by what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpotFile<'s>(pub(crate) &'s LogFile);

impl PartialEq for SpotFile<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.inode == other.0.inode
    }
}

impl Eq for SpotFile<'_> {}

/// So much of a line is read to show it.
const MOST: u64 = 4 << 20;

impl Spot<'_> {
    /// Reads the line; whether all of it is here.
    pub(crate) fn read(&self) -> io::Result<(Vec<u8>, bool)> {
        let mut line = vec![0; self.length.min(MOST) as usize];
        let mut filled = 0;
        while let Some(room) = line.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.file.0.file.read_at(room, self.offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        line.truncate(filled);
        Ok((line, filled as u64 == self.length))
    }
}

/// The last `most` entries of a series that `is_wanted` wants, in time order: read backwards, as far as needed.
pub(crate) fn last<'s>(
    series: &'s Series,
    filter: &Filter,
    most: usize,
    trouble: &mut Trouble,
    mut is_wanted: impl FnMut(&Entry<'_>) -> bool,
) -> io::Result<Vec<Spot<'s>>> {
    let mut parser = Parser::default();
    let mut spots = Vec::new();
    let (first, from) = series.seek(filter.since, &mut parser)?;
    let mut progress = Progress::new(series.files.iter().skip(first).map(|file| file.length).sum());
    'files: for (place, file) in series.files.iter().enumerate().skip(first).rev() {
        let end = match filter.until {
            Some(until) => seek_end(&file.file, file.length, until, &mut parser)?,
            None => file.length,
        };
        let mut lines = Backward::new(&file.file, end);
        while let Some(line) = lines.next()? {
            if spots.len() == most || (place == first && line.at < from) {
                break 'files;
            }
            progress.add(line.length);
            // What was read only because lines are not quite in order is passed by.
            if let Some(at) = parser.moment_of_ours(line.bytes).filter(|at| !filter.is_in_time(*at)) {
                if filter.is_before(at) {
                    break 'files;
                }
                continue;
            }
            let entry = match parser.read(line.bytes, line.is_cut()) {
                Ok(entry) => entry,
                // The last one may be being written.
                Err(_) if !line.is_ended => continue,
                Err(broken) => {
                    trouble.note(broken, &file.path, line.at);
                    continue;
                }
            };
            if filter.is_before(entry.at) {
                break 'files;
            }
            if is_wanted(&entry) {
                spots.push(spot(file, line.at, line.length, &entry));
            }
        }
    }
    spots.reverse();
    Ok(spots)
}

pub(crate) fn spot<'s>(file: &'s LogFile, offset: u64, length: u64, entry: &Entry<'_>) -> Spot<'s> {
    Spot { at: entry.at, duration: entry.duration.unwrap_or(0), file: SpotFile(file), offset, length }
}

/// What a walk over entries goes on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Go {
    On,
    /// Nothing more of this series is wanted.
    Stop,
}

/// Reads the entries of a series in time order, as far as the filter's time asks for.
pub(crate) fn each<'s>(
    series: &'s Series,
    filter: &Filter,
    trouble: &mut Trouble,
    mut take: impl FnMut(&Entry<'_>, &'s LogFile, u64, u64) -> Go,
) -> io::Result<()> {
    let mut parser = Parser::default();
    let (first, from) = series.seek(filter.since, &mut parser)?;
    let mut buffer = Vec::new();
    let left = series.files.iter().skip(first).map(|file| file.length).sum::<u64>().saturating_sub(from);
    let mut progress = Progress::new(left);
    for (place, file) in series.files.iter().enumerate().skip(first) {
        let from = if place == first { from } else { 0 };
        let mut lines = Forward::with_buffer(&file.file, from, file.length, buffer);
        while let Some(line) = lines.next()? {
            progress.add(line.length);
            // By reference: an entry is not moved about.
            match &parser.read(line.bytes, line.is_cut()) {
                Ok(entry) if filter.is_over(entry.at) => return Ok(()),
                Ok(entry) => {
                    if take(entry, file, line.at, line.length) == Go::Stop {
                        return Ok(());
                    }
                }
                Err(_) if !line.is_ended => {}
                Err(broken) => trouble.note(*broken, &file.path, line.at),
            }
        }
        buffer = lines.into_buffer();
    }
    Ok(())
}

/// The request entries of exchanges that are open, so that the end of each meets its beginning. Bounded: past the cap the
/// request's part of some is not known.
#[derive(Debug, Default)]
pub(crate) struct Open {
    lines: HashMap<Box<[u8]>, Box<[u8]>>,
    bytes: usize,
}

const OPEN_MOST: usize = 8 << 20;

impl Open {
    pub(crate) fn begin(&mut self, entry: &Entry<'_>) {
        if self.bytes + entry.line.len() <= OPEN_MOST && !entry.id.is_empty() {
            self.bytes += entry.line.len();
            self.lines.insert(entry.id.into(), entry.line.into());
        }
    }

    pub(crate) fn end(&mut self, id: &[u8]) -> Option<Box<[u8]>> {
        let line = self.lines.remove(id)?;
        self.bytes = self.bytes.saturating_sub(line.len());
        Some(line)
    }
}

/// Entries of other kinds that belong to exchanges that are to be shown.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// The request's part, by id.
    pub(crate) requests: HashMap<Vec<u8>, Vec<u8>>,
    /// The failure's entry, by id.
    pub(crate) failures: HashMap<Vec<u8>, Vec<u8>>,
}

impl Parts {
    /// Looks for the request entries of exchanges that end at these spots.
    pub(crate) fn find_requests(&mut self, set: &LogSet, spots: &[(Vec<u8>, Spot<'_>)]) -> io::Result<()> {
        let begun = |spot: &Spot<'_>| spot.at.saturating_sub(spot.duration);
        self.requests = gather(set, "api", spots, begun, &[Kind::Request])?;
        Ok(())
    }

    /// Looks for the failures' entries.
    pub(crate) fn find_failures(&mut self, set: &LogSet, spots: &[(Vec<u8>, Spot<'_>)]) -> io::Result<()> {
        self.failures = gather(set, "errors", spots, |spot| spot.at, &[Kind::Error, Kind::Exception])?;
        Ok(())
    }
}

/// Entries of these kinds and ids, in the time of the spots.
fn gather(
    set: &LogSet,
    name: &str,
    spots: &[(Vec<u8>, Spot<'_>)],
    begins: impl Fn(&Spot<'_>) -> u64,
    kinds: &[Kind],
) -> io::Result<HashMap<Vec<u8>, Vec<u8>>> {
    let mut found = HashMap::new();
    let (Some(series), Some(since)) = (set.named(name), spots.iter().map(|(_, spot)| begins(spot)).min())
    else {
        return Ok(found);
    };
    let until = spots.iter().map(|(_, spot)| spot.at + SECOND).max();
    let mut wanted: std::collections::HashSet<&[u8]> = spots.iter().map(|(id, _)| id.as_slice()).collect();
    let filter = Filter { since: Some(since.saturating_sub(SECOND)), until, ..Filter::default() };
    each(series, &filter, &mut Trouble::default(), |entry, _, _, _| {
        if kinds.contains(&entry.kind) && wanted.remove(entry.id) {
            found.insert(entry.id.to_vec(), entry.line.to_vec());
        }
        if wanted.is_empty() { Go::Stop } else { Go::On }
    })?;
    Ok(found)
}
