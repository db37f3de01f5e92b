use std::{collections::HashMap, hash::BuildHasherDefault};

use super::{
    By, by,
    quick::{ODD, Quick},
};
use crate::{entry::Entry, filter::Filter};

/// Requests that have not ended yet. Bounded: past the cap it is not known of some that they are open.
///
/// Few are open at a time, and for most there is a place that their id alone leads to. The others, and those of which more
/// is to be remembered than when they began, are in a map.
#[derive(Debug)]
pub(super) struct Begun {
    places: Vec<Option<Ours>>,
    others: HashMap<u128, Other, BuildHasherDefault<Quick>>,
}

/// Of so many requests more it is known that they are open.
const MOST: usize = 40_000;
/// A power of two: all places together stay in the processor's first cache.
const PLACES: usize = 256;

/// With an id as long as ours.
#[derive(Clone, Debug)]
struct Ours {
    at: u64,
    id: [u8; 36],
}

#[derive(Debug)]
struct Other {
    at: u64,
    id: Box<[u8]>,
    /// What it is grouped by, where its entry says so.
    value: Option<Box<[u8]>>,
}

impl Default for Begun {
    fn default() -> Self {
        Self { places: vec![None; PLACES], others: HashMap::default() }
    }
}

impl Begun {
    #[inline(always)]
    pub(super) fn begin(&mut self, entry: &Entry<'_>, by: &By, filter: &Filter) {
        if !filter.is_in_time(entry.at) {
            return;
        }
        if !matches!(by, By::Keys(_))
            && let Ok(id) = <[u8; 36]>::try_from(entry.id)
            && let Some(place) = self.places.get_mut(place_of(&id))
            && place.as_ref().is_none_or(|there| there.id == id)
        {
            *place = Some(Ours { at: entry.at, id });
            if !self.others.is_empty() {
                self.others.remove(&key(&id));
            }
            return;
        }
        self.begin_other(entry.at, entry.id, entry.line, by);
    }

    #[inline(never)]
    fn begin_other(&mut self, at: u64, id: &[u8], line: &[u8], by: &By) {
        if self.others.len() >= MOST {
            return;
        }
        let value = match by {
            By::Keys(paths) => by::value(paths, line).map(Into::into),
            _ => None,
        };
        self.others.insert(key(id), Other { at, id: id.into(), value });
    }

    /// Ends one; what it is grouped by, where its entry said so.
    #[inline(always)]
    pub(super) fn end(&mut self, id: &[u8]) -> Option<Box<[u8]>> {
        if let Ok(id) = <&[u8; 36]>::try_from(id)
            && let Some(place) = self.places.get_mut(place_of(id))
            && place.as_ref().is_some_and(|there| there.id == *id)
        {
            *place = None;
            return None;
        }
        if self.others.is_empty() { None } else { self.others.remove(&key(id))?.value }
    }

    pub(super) fn count(&self) -> u64 {
        (self.places.iter().flatten().count() + self.others.len()) as u64
    }

    /// When the last ones began, and their ids.
    pub(super) fn last(self, most: usize) -> Vec<(u64, String)> {
        let text = |id: &[u8]| String::from_utf8_lossy(id).into_owned();
        let ours = self.places.into_iter().flatten().map(|one| (one.at, text(&one.id)));
        let mut ids: Vec<_> =
            ours.chain(self.others.into_values().map(|one| (one.at, text(&one.id)))).collect();
        ids.sort();
        ids.split_off(ids.len().saturating_sub(most))
    }
}

/// Where a request of this id is looked for: its last characters are by chance.
#[inline]
fn place_of(id: &[u8; 36]) -> usize {
    let word = id.last_chunk::<8>().map_or(0, |last| u64::from_le_bytes(*last));
    (word.wrapping_mul(ODD) >> (u64::BITS - PLACES.ilog2())) as usize
}

/// The last 16 characters of an id: of one of ours 60 bits by chance.
#[inline]
fn key(id: &[u8]) -> u128 {
    match id.last_chunk::<16>() {
        Some(chunk) => u128::from_le_bytes(*chunk),
        None => id.iter().fold(0, |key, byte| key << 8 | u128::from(*byte)),
    }
}
