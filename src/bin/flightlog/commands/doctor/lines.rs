//! What the lines of one log show: whether each is whole, and whether together they are.

use std::{collections::HashMap, path::Path};

use serde::de::IgnoredAny;

use super::{super::progress::Progress, Report, secrets::Secrets};
use crate::{
    Failure,
    commands::trouble::Trouble,
    entry::{Entry, Kind, Parser},
    json,
    read::{Forward, Series},
    time::{self, SECOND},
};

/// So many runs and open requests are kept.
const RUNS: usize = 1000;
const OPEN: usize = 100_000;

/// What one series shows.
#[derive(Default)]
struct Examined {
    trouble: Trouble,
    invalid: u64,
    first_invalid: Option<String>,
    /// Of each run the last number, and whether it told its end.
    runs: HashMap<String, (u64, bool)>,
    missing: u64,
    told_missing: u64,
    twice: u64,
    back: u64,
    first_back: Option<String>,
    last_at: u64,
    first_at: u64,
    open: HashMap<Vec<u8>, u64>,
    has_requests: bool,
    unbegun: u64,
    secrets: Secrets,
}

/// Reads a series through, every byte of it.
pub(super) fn examine(series: &Series, report: &mut Report) -> Result<(), Failure> {
    let mut seen = Examined::default();
    let mut parser = Parser::default();
    let mut progress = Progress::new(series.files.iter().map(|file| file.length).sum());
    for file in &series.files {
        let mut lines = Forward::new(&file.file, 0, file.length);
        while let Some(line) = lines.next()? {
            report.lines += 1;
            progress.add(line.length);
            match parser.read(line.bytes, line.is_cut()) {
                Ok(entry) => seen.take(&entry, line.is_cut(), &file.path, line.at),
                Err(_) if !line.is_ended => {
                    report.note(format!(
                        "{} ends in the midst of a line: it may be being written",
                        file.path.display()
                    ));
                }
                Err(broken) => seen.trouble.note(broken, &file.path, line.at),
            }
        }
    }
    drop(progress);
    seen.tell(&series.name, report);
    Ok(())
}

impl Examined {
    fn take(&mut self, entry: &Entry<'_>, is_cut: bool, path: &Path, at: u64) {
        if !is_cut && serde_json::from_slice::<IgnoredAny>(entry.line).is_err() {
            self.invalid += 1;
            self.first_invalid.get_or_insert_with(|| format!("at byte {at} of {}", path.display()));
        }
        if entry.at > 0 {
            if self.first_at == 0 {
                self.first_at = entry.at;
            }
            if entry.at + SECOND < self.last_at {
                self.back += 1;
                let by = time::human(self.last_at - entry.at);
                self.first_back.get_or_insert_with(|| format!("by {by} at byte {at} of {}", path.display()));
                // A clock that was set is told once, not for each line that follows.
                self.last_at = entry.at;
            }
            self.last_at = self.last_at.max(entry.at);
        }
        self.number(entry);
        self.pair(entry);
        self.secrets.look(entry.line);
    }

    /// Numbers go up by one within a run.
    fn number(&mut self, entry: &Entry<'_>) {
        let (Some(run), Some(seq)) = (entry.text("run"), entry.get("seq").and_then(json::number)) else {
            return;
        };
        let seq = seq as u64;
        if self.runs.len() >= RUNS && !self.runs.contains_key(run.as_ref()) {
            return;
        }
        let is_new = !self.runs.contains_key(run.as_ref());
        let (last, has_stopped) = self.runs.entry(run.into_owned()).or_default();
        if seq > last.saturating_add(1) && !is_new {
            self.missing = self.missing.saturating_add(seq - *last - 1);
        } else if seq <= *last {
            self.twice += 1;
        }
        *last = (*last).max(seq);
        if entry.kind == Kind::Recorder {
            match entry.text("event_type").as_deref() {
                Some("stopped") => *has_stopped = true,
                Some("gap") => {
                    let lost = entry.get("fields").and_then(|fields| json::member(fields, "lost"));
                    let lost = lost.and_then(json::number).map_or(0, |lost| lost as u64);
                    self.told_missing = self.told_missing.saturating_add(lost);
                }
                _ => {}
            }
        }
    }

    fn pair(&mut self, entry: &Entry<'_>) {
        match entry.kind {
            Kind::Request => {
                self.has_requests = true;
                if self.open.len() < OPEN {
                    self.open.insert(entry.id.to_vec(), entry.at);
                }
            }
            Kind::Response => {
                let was_open = self.open.remove(entry.id).is_some();
                // The beginning of those that were open when the log begins is not in it.
                let begun = entry.at.saturating_sub(entry.duration.unwrap_or(0));
                if !was_open && self.has_requests && begun > self.first_at + SECOND && self.open.len() < OPEN
                {
                    self.unbegun += 1;
                }
            }
            _ => {}
        }
    }

    fn tell(&self, name: &str, report: &mut Report) {
        let log = format!("{name}.log");
        if let Some(first) = &self.trouble.first {
            let Trouble { torn, not_json, nul, .. } = self.trouble;
            report.bad([format!(
                "{log}: {torn} torn lines, {not_json} that are no JSON, {nul} of NUL bytes; {first}; each command passes \
                 them over and counts them"
            )]);
        }
        if let Some(first) = &self.first_invalid {
            report.bad([format!(
                "{log}: {} lines are not valid JSON to their end, the first {first}; jq and DuckDB stop there",
                self.invalid
            )]);
        }
        let untold = self.missing.saturating_sub(self.told_missing);
        if untold > 0 {
            report.bad([format!("{log}: {untold} numbers are missing, and no gap entry says why: lines were deleted, or a crash took them")]);
        }
        if self.told_missing > 0 {
            report.bad([format!(
                "{log}: {} entries were lost (when and why: flightlog --events --where 'event_type=gap')",
                self.told_missing
            )]);
        }
        if self.twice > 0 {
            report.bad([format!(
                "{log}: {} numbers come twice: lines were copied, and count twice",
                self.twice
            )]);
        }
        if let Some(first) = &self.first_back {
            report.bad([format!(
                "{log}: the clock went back {} times, the first time {first}; --since and --until may miss lines there",
                self.back
            )]);
        }
        if self.unbegun > 0 {
            report.bad([format!("{log}: {} responses without a request entry: lines were deleted, or runs differ in LOG_COMBINED", self.unbegun)]);
        }
        let stale = self.open.values().filter(|at| **at + 60 * SECOND < self.last_at).count();
        if stale > 0 {
            report.bad([format!(
                "{log}: {stale} requests begun more than a minute before its end have no response: they hang, or the process \
                 died (flightlog --events --where 'event_type=in_flight_at_death')"
            )]);
        }
        let unstopped = self.runs.values().filter(|(_, has_stopped)| !has_stopped).count();
        if unstopped > 1 {
            report.note(format!(
                "{log}: {unstopped} of {} runs did not tell their end: they go on, or were killed",
                self.runs.len()
            ));
        }
        for (name, count) in &self.secrets.found {
            report.bad([format!(
                "{log}: `{name}` has a value that is not redacted, {count} times; from now on: LOG_REDACT={name}"
            )]);
        }
    }
}
