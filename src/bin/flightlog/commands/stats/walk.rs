use std::{collections::HashMap, hash::BuildHasherDefault};

use super::{By, Quick, Tally, begun::Begun};
use crate::{
    commands::{find::Open, groups::Collector},
    entry::Entry,
    filter::Filter,
};

/// So many groups are told apart.
pub(super) const GROUPS: usize = 2000;

/// What is needed on the way only.
pub(super) struct Walk<'o> {
    pub(super) by: By,
    pub(super) filter: &'o Filter,
    /// The filter lets everything pass.
    pub(super) is_open: bool,
    pub(super) of_errors: bool,
    pub(super) places: HashMap<Box<[u8]>, usize, BuildHasherDefault<Quick>>,
    pub(super) keys: Vec<Box<[u8]>>,
    pub(super) tallies: Vec<Tally>,
    /// The place of the group that came first, where time is what they are grouped by.
    pub(super) oldest: usize,
    pub(super) begun: Begun,
    pub(super) lines: Open,
    pub(super) scratch: Vec<u8>,
    /// Failures are among what is read: they are grouped on the way.
    pub(super) failures: Option<Collector>,
}

impl Walk<'_> {
    #[inline(always)]
    pub(super) fn fail(&mut self, entry: &Entry<'_>) {
        if let Some(failures) = &mut self.failures {
            failures.take(&{ *entry });
        }
    }

    /// Of steps of time the last ones are wanted: the oldest goes to the others, and its place to the new one.
    #[cold]
    pub(super) fn make_room(&mut self, key: Box<[u8]>, others: &mut Option<Tally>) -> Option<usize> {
        let place = self.oldest;
        let old = self.keys.get_mut(place).filter(|old| matches!(self.by, By::Step(_)) && **old < key)?;
        self.places.remove(old);
        self.places.insert(key.clone(), place);
        *old = key;
        let tally = self.tallies.get_mut(place)?;
        others.get_or_insert_default().merge(&std::mem::take(tally));
        self.oldest = (place + 1) % GROUPS;
        Some(place)
    }
}
