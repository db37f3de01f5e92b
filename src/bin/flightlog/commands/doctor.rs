//! What is wrong with the logs.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use serde::de::IgnoredAny;
use tower_flightlog::{RedactOptions, Redactor};

use super::{dumps, progress::Progress, trouble::Trouble};
use crate::{
    Failure, Found,
    args::Options,
    entry::{Entry, Kind, Parser},
    json::{self, Members},
    read::{Forward, LogSet, Series},
    term::{Ink, Screen, grouped},
    time::{self, SECOND},
};

pub(crate) fn doctor(options: &Options, set: &LogSet, screen: &mut Screen<'_>) -> Result<Found, Failure> {
    let mut report = Report::default();
    report.bad(set.troubles.iter().map(|trouble| format!("{trouble}: it was not read")));
    for series in &set.series {
        examine(series, &mut report)?;
    }
    places(options, set, &mut report);
    let is_well = report.findings.iter().all(|(is_bad, _)| !is_bad);
    for (is_bad, text) in &report.findings {
        if options.json {
            let kind = if *is_bad { "wrong" } else { "note" };
            screen.json(&serde_json::json!({"kind": kind, "text": text}).to_string())?;
            continue;
        }
        screen.put(if *is_bad { Ink::Alarm } else { Ink::Dim }, if *is_bad { "wrong  " } else { "note   " });
        screen.line(Ink::Plain, text)?;
    }
    if is_well && !options.json {
        screen.line(Ink::Green, &format!("{} lines read, nothing is wrong", grouped(report.lines)))?;
    }
    Ok(is_well.into())
}

#[derive(Default)]
struct Report {
    findings: Vec<(bool, String)>,
    lines: u64,
}

impl Report {
    fn bad(&mut self, texts: impl IntoIterator<Item = String>) {
        self.findings.extend(texts.into_iter().map(|text| (true, text)));
    }

    fn note(&mut self, text: String) {
        self.findings.push((false, text));
    }
}

/// So many runs, open requests and names of secrets are kept.
const RUNS: usize = 1000;
const OPEN: usize = 100_000;
const NAMES: usize = 20;

/// What one series shows.
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
    redactor: Redactor,
    /// Whether a name is one of a secret.
    known: HashMap<Vec<u8>, bool>,
    secrets: BTreeMap<String, u64>,
}

/// Reads a series through, every byte of it.
fn examine(series: &Series, report: &mut Report) -> Result<(), Failure> {
    let mut seen = Examined {
        trouble: Trouble::default(),
        invalid: 0,
        first_invalid: None,
        runs: HashMap::new(),
        missing: 0,
        told_missing: 0,
        twice: 0,
        back: 0,
        first_back: None,
        last_at: 0,
        first_at: 0,
        open: HashMap::new(),
        has_requests: false,
        unbegun: 0,
        redactor: RedactOptions::default().build(),
        known: HashMap::new(),
        secrets: BTreeMap::new(),
    };
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
        self.secrets(entry.line);
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
        if seq > *last + 1 && !is_new {
            self.missing += seq - *last - 1;
        } else if seq <= *last {
            self.twice += 1;
        }
        *last = (*last).max(seq);
        if entry.kind == Kind::Recorder {
            match entry.text("event_type").as_deref() {
                Some("stopped") => *has_stopped = true,
                Some("gap") => {
                    let lost = entry.get("fields").and_then(|fields| json::member(fields, "lost"));
                    self.told_missing += lost.and_then(json::number).map_or(0, |lost| lost as u64);
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

    /// Names of secrets whose values are there.
    fn secrets(&mut self, line: &[u8]) {
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
                    if is_text && !contains(member.value, b"[REDACTED]") && self.is_secret(member.key) {
                        let name = json::unescape(member.key).into_owned();
                        if self.secrets.len() < NAMES || self.secrets.contains_key(&name) {
                            *self.secrets.entry(name).or_default() += 1;
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
        if self.known.len() < OPEN {
            self.known.insert(name.to_vec(), is_secret);
        }
        is_secret
    }

    fn tell(&self, name: &str, report: &mut Report) {
        let log = format!("{name}.log");
        if let Some(first) = &self.trouble.first {
            let Trouble { torn, not_json, nul, .. } = self.trouble;
            report.bad([format!(
                "{log}: {torn} torn lines, {not_json} that are no JSON, {nul} of NUL bytes; {first}"
            )]);
        }
        if let Some(first) = &self.first_invalid {
            report.bad([format!(
                "{log}: {} lines are not valid JSON to their end, the first {first}",
                self.invalid
            )]);
        }
        let untold = self.missing.saturating_sub(self.told_missing);
        if untold > 0 {
            report.bad([format!("{log}: {untold} numbers are missing, and no gap entry says why")]);
        }
        if self.told_missing > 0 {
            report.bad([format!(
                "{log}: {} entries were lost (flightlog --events --where 'event_type=gap')",
                self.told_missing
            )]);
        }
        if self.twice > 0 {
            report.bad([format!("{log}: {} numbers come twice: lines were copied", self.twice)]);
        }
        if let Some(first) = &self.first_back {
            report.bad([format!(
                "{log}: the clock went back {} times, the first time {first}; --since may miss lines there",
                self.back
            )]);
        }
        if self.unbegun > 0 {
            report.bad([format!("{log}: {} responses without a request entry", self.unbegun)]);
        }
        let stale = self.open.values().filter(|at| **at + 60 * SECOND < self.last_at).count();
        if stale > 0 {
            report.bad([format!(
                "{log}: {stale} requests begun more than a minute before its end have no response"
            )]);
        }
        let unstopped = self.runs.values().filter(|(_, has_stopped)| !has_stopped).count();
        if unstopped > 1 {
            report.note(format!(
                "{log}: {unstopped} of {} runs did not tell their end: they go on, or were killed",
                self.runs.len()
            ));
        }
        for (name, count) in &self.secrets {
            report.bad([format!(
                "{log}: `{name}` has a value that is not redacted, {count} times (LOG_REDACT={name})"
            )]);
        }
    }
}

const DEEPEST: usize = 64;

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// Who may read what, and what lies there.
fn places(options: &Options, set: &LogSet, report: &mut Report) {
    let (logs, dump_dir) = (options.log_dir(), options.dump_dir());
    report.bad(
        [(&logs, "the directory"), (&dump_dir, "the directory")]
            .into_iter()
            .filter_map(|(path, what)| open_to(path, what)),
    );
    let files = set.series.iter().flat_map(|series| &series.files);
    report.bad(files.filter_map(|file| open_to(&file.path, "the log")));
    for dump in dumps::list(&dump_dir).unwrap_or_default() {
        report.bad(open_to(&dump.path, "the dump"));
        if let Err(error) = dumps::read(&dump.path) {
            report.bad([format!("{}: {error}", dump.path.display())]);
        }
    }
    let is_ours = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path == dump_dir || name.starts_with('.')
    };
    for path in set.foreign.iter().filter(|path| !is_ours(path)) {
        report.note(format!("{} is none of ours", path.display()));
    }
}

/// Whether others than the owner may do more than they should.
fn open_to(path: &Path, what: &str) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let shown = path.display();
    if mode & 0o007 != 0 {
        return Some(format!("{what} {shown} is open to everybody (mode {mode:o}; chmod o= {shown})"));
    }
    (mode & 0o020 != 0)
        .then(|| format!("{what} {shown} may be changed by its group (mode {mode:o}; chmod g-w {shown})"))
}
