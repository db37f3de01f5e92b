//! Names of secrets that stand in a log with a value.

use std::collections::{BTreeMap, HashMap};

use tower_flightlog::{RedactOptions, Redactor};

use crate::json::{self, Members};

/// So many names are told, and so many are remembered.
const TOLD: usize = 20;
const KNOWN: usize = 100_000;
const DEEPEST: usize = 64;

pub(super) struct Secrets {
    redactor: Redactor,
    /// Whether a name is one of a secret.
    known: HashMap<Vec<u8>, bool>,
    /// How often each stands there.
    pub(super) found: BTreeMap<String, u64>,
}

impl Default for Secrets {
    fn default() -> Self {
        Self { redactor: RedactOptions::default().build(), known: HashMap::new(), found: BTreeMap::new() }
    }
}

impl Secrets {
    /// Looks through the parts of a line that others chose the names of.
    pub(super) fn look(&mut self, line: &[u8]) {
        for member in Members::of(line) {
            if matches!(
                member.key,
                b"request_headers"
                    | b"response_headers"
                    | b"request_body"
                    | b"response_body"
                    | b"fields"
                    | b"attributes"
            ) {
                self.within(member.value, DEEPEST);
            }
        }
    }

    fn within(&mut self, value: &[u8], depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match value.first() {
            Some(b'{') => {
                for member in Members::of(value) {
                    let is_text = member.value.first() == Some(&b'"') && member.value.len() > 2;
                    let is_redacted = memchr::memmem::find(member.value, b"[REDACTED]").is_some();
                    if is_text && !is_redacted && self.is_secret(member.key) {
                        let name = json::unescape(member.key).into_owned();
                        if self.found.len() < TOLD || self.found.contains_key(&name) {
                            *self.found.entry(name).or_default() += 1;
                        }
                    }
                    self.within(member.value, depth);
                }
            }
            Some(b'[') => json::items(value).for_each(|item| self.within(item, depth)),
            _ => {}
        }
    }

    fn is_secret(&mut self, name: &[u8]) -> bool {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let is_secret = self.redactor.is_secret_name(&json::unescape(name));
        if self.known.len() < KNOWN {
            self.known.insert(name.to_vec(), is_secret);
        }
        is_secret
    }
}
