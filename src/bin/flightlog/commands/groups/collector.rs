use std::{collections::HashMap, hash::BuildHasherDefault};

use super::{Failures, Group, fingerprint, said::Said};
use crate::{commands::stats::Quick, entry::Entry, json, term::cut};

const GROUPS: usize = 1000;
const SAMPLES: usize = 3;
/// Characters kept of a message.
const MESSAGE: usize = 500;

/// Puts failures into groups as they come.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    failures: Failures,
    places: HashMap<Box<[u8]>, usize, BuildHasherDefault<Quick>>,
    last_id: Vec<u8>,
    /// What makes a failure one with others, made anew in the same place.
    key: Vec<u8>,
    /// The message without what differs, likewise.
    scratch: String,
}

impl Collector {
    /// Takes a failure. What is told of one exchange twice in a row is one.
    pub(crate) fn take(&mut self, entry: &Entry<'_>) {
        if !entry.id.is_empty() {
            if entry.id == self.last_id {
                return;
            }
            self.last_id.clear();
            self.last_id.extend_from_slice(entry.id);
        }
        let Self { failures, places, key, scratch, .. } = self;
        let said = Said::of(entry);
        fingerprint::normalise(&said.message, scratch);
        fingerprint::key(key, entry, &said, scratch);
        if failures.first == 0 {
            failures.first = entry.at;
        }
        failures.last = failures.last.max(entry.at);
        let place = match places.get(key.as_slice()) {
            Some(place) => *place,
            None if failures.groups.len() >= GROUPS => {
                failures.others += 1;
                return;
            }
            None => {
                places.insert(key.as_slice().into(), failures.groups.len());
                failures.groups.push(said.group(entry, fingerprint::of(key)));
                failures.groups.len() - 1
            }
        };
        if let Some(group) = failures.groups.get_mut(place) {
            group.take(entry, &said);
        }
    }

    /// All groups, the most frequent first.
    pub(crate) fn end(self) -> Failures {
        let mut failures = self.failures;
        failures.groups.sort_by_key(|group| std::cmp::Reverse((group.count, group.last)));
        failures
    }
}

impl Group {
    fn take(&mut self, entry: &Entry<'_>, said: &Said<'_>) {
        self.count += 1;
        self.last = self.last.max(entry.at);
        self.timeline.add(entry.at);
        self.message.clear();
        if said.message.len() <= MESSAGE {
            self.message.push_str(&said.message);
        } else {
            self.message = cut(&said.message, MESSAGE);
        }
        keep(&mut self.ids, &json::unescape(entry.id));
        keep(&mut self.dumps, &said.dump);
    }
}

/// Keeps a text as the newest sample.
fn keep(samples: &mut Vec<String>, text: &str) {
    if text.is_empty() {
        return;
    }
    if samples.len() < SAMPLES {
        samples.push(text.to_owned());
    } else if let Some(oldest) = samples.first_mut() {
        oldest.clear();
        oldest.push_str(text);
        samples.rotate_left(1);
    }
}
