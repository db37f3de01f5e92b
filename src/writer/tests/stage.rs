//! One process that writes one file, step by step, and the check of what it left.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{
    super::{
        Expired, Gap, Notice, Office, Place, Tally,
        desk::{Desk, Round},
        journal::Journal,
        lane::Lane,
    },
    model::Model,
};

/// One process at work on `api.log`.
pub(super) struct Process {
    pub(super) run: &'static str,
    model: Model,
    desk: Desk<Model>,
    lane: Lane,
    office: Office,
    tally: Arc<Tally>,
}

impl Process {
    pub(super) fn start(run: &'static str, model: &Model, max_bytes: u64, backups: usize) -> Self {
        let place =
            Place { dir: PathBuf::from("/logs"), name: "api.log".into(), mode: 0o600, max_bytes, backups };
        let tally = Arc::new(Tally::default());
        let journal = Journal::new(Arc::new(model.clone()), place, Arc::clone(&tally));
        Self {
            run,
            model: model.clone(),
            desk: Desk::new(journal, Arc::clone(&tally)),
            lane: Lane::default(),
            office: office(run),
            tally,
        }
    }

    pub(super) fn push(&self, lines: usize) {
        for _ in 0..lines {
            self.push_line(40, false);
        }
    }

    pub(super) fn push_line(&self, length: usize, is_error: bool) {
        let tail = format!(",\"run\":{:?},\"text\":{:?}}}\n", self.run, "x".repeat(length));
        self.lane.push(b"{\"seq\":", tail.as_bytes(), is_error, &self.tally);
    }

    pub(super) fn work(&mut self) -> Round {
        self.desk.work(&self.lane, false, &self.office, self.model.now())
    }

    /// Works until there is nothing left to do, where that is possible.
    pub(super) fn flush(&mut self) -> Round {
        let mut round = Round::Stuck;
        for _ in 0..6 {
            round = self.desk.work(&self.lane, true, &self.office, self.model.now());
            self.model.pass(Duration::from_secs(6));
        }
        round
    }

    pub(super) fn last(&self) -> u64 {
        self.lane.last()
    }

    pub(super) fn unwritten(&self) -> u64 {
        self.lane.unwritten(self.last())
    }

    pub(super) fn rotations(&self) -> u64 {
        self.tally.rotations.get()
    }
}

pub(super) fn office(run: &'static str) -> Office {
    Office {
        tell: Box::new(move |out, notice| {
            let told = match *notice {
                Notice::Gap(Gap { lost, cause, .. }) => json!({"lost": lost, "cause": cause.to_string()}),
                Notice::Expired(Expired { lines, .. }) => {
                    json!({"expired": lines.map_or(0, |lines| lines.count)})
                }
            };
            out.extend_from_slice(b"{\"seq\":");
            let seq_at = out.len();
            out.extend_from_slice(format!(",\"run\":{run:?},\"told\":{told}}}\n").as_bytes());
            seq_at
        }),
        report: Box::new(|_| {}),
        is_failing: Box::new(|_| {}),
    }
}

/// What all files together hold of one run, those included that had to make room.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The lines that are there.
    pub(super) kept: BTreeSet<u64>,
    /// The lines that had to make room.
    pub(super) expired: BTreeSet<u64>,
    pub(super) told_lost: u64,
    pub(super) told_expired: u64,
    pub(super) causes: Vec<String>,
    /// Pieces of lines, of any run.
    pub(super) pieces: usize,
}

impl Found {
    /// Lines that are, or were, in a file, and lines that are told lost.
    pub(super) fn accounted(&self) -> u64 {
        (self.kept.len() + self.expired.len()) as u64 + self.told_lost
    }
}

/// Reads all files as a reader would: what does not parse is a piece of a line, and no more than that.
pub(super) fn found(model: &Model, run: &str) -> Found {
    let mut found = Found::default();
    for bytes in model.files().values() {
        let seqs = read(bytes, run, &mut found);
        found.kept.extend(seqs);
    }
    for bytes in model.expired() {
        let seqs = read(&bytes, run, &mut found);
        found.expired.extend(seqs);
    }
    assert!(found.kept.is_disjoint(&found.expired), "{run}: a line is there twice: {found:?}");
    found
}

fn read(bytes: &[u8], run: &str, found: &mut Found) -> Vec<u64> {
    let mut seqs = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let Ok(value) = serde_json::from_slice::<Value>(line) else {
            found.pieces += 1;
            continue;
        };
        assert!(value.get("text").is_some() || value.get("told").is_some(), "{value}");
        if value["run"] != run {
            continue;
        }
        let seq = value["seq"].as_u64().unwrap();
        assert!(seqs.last().is_none_or(|last| *last < seq), "{seq} comes after {seqs:?}");
        assert!(!found.kept.contains(&seq), "{run}: {seq} is there twice");
        seqs.push(seq);
        let told = &value["told"];
        found.told_lost += told["lost"].as_u64().unwrap_or(0);
        found.told_expired += told["expired"].as_u64().unwrap_or(0);
        found.causes.extend(told["cause"].as_str().map(String::from));
    }
    seqs
}
