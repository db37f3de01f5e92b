//! The last exchanges, a line each.

use std::{collections::VecDeque, io};

use super::{
    find::{self, Go, Open, Parts, Spot, spot},
    follow,
    row::Rows,
    trouble::Trouble,
};
use crate::{
    Failure, Found,
    args::{Only, Options},
    entry::{Entry, Kind, Level, Parser},
    read::{LogSet, Series},
    term::{Ink, Screen},
};

/// So many where nobody says.
const USUAL: usize = 50;

pub(crate) fn tail(options: &Options, set: &LogSet, screen: &mut Screen<'_>) -> Result<Found, Failure> {
    let mut trouble = Trouble::default();
    let choice = Choice::of(options, set);
    let most = options.lines.unwrap_or(USUAL);
    let mut spots = Vec::new();
    for series in set.series.iter().filter(|series| choice.reads(&series.name)) {
        let found = if options.filter.needs_request() {
            joined(&choice, series, most, &mut trouble)?
        } else {
            let mut last_id = Vec::new();
            find::last(series, &options.filter, most, &mut trouble, |entry| {
                // A body that fails after a status of 500 is told twice in errors.log.
                let again = !entry.id.is_empty() && is_failure_entry(entry.kind) && entry.id == last_id;
                let wanted =
                    !again && choice.wants(&series.name, entry) && options.filter.passes(entry, None);
                if wanted {
                    last_id = entry.id.to_vec();
                }
                wanted
            })?
        };
        spots.extend(found);
    }
    // Stable: what has one time stays in the order of its file.
    spots.sort_by_key(|spot| spot.at);
    spots.drain(..spots.len().saturating_sub(most));
    let mut rows = Rows::new(options.verbose);
    for group in spots.chunks(GROUP) {
        show(options, set, screen, &mut rows, group)?;
    }
    if spots.is_empty() && screen.is_terminal && !options.json && !options.follow {
        screen.line(Ink::Dim, "no exchanges")?;
    }
    trouble.tell();
    if options.follow {
        screen.flush()?;
        follow::follow(options, set, &choice, screen, &mut rows)?;
    }
    Ok((!spots.is_empty()).into())
}

/// So many are shown at a time, so that memory does not grow with `--lines`.
const GROUP: usize = 512;

fn is_failure_entry(kind: Kind) -> bool {
    matches!(kind, Kind::Error | Kind::Exception)
}

/// Which logs are read, and which of their entries are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice<'o> {
    options: &'o Options,
    /// Failures are read from errors.log, which has them all and nothing else.
    by_errors: bool,
    /// There is no api.log: whatever there is is read.
    has_api: bool,
}

impl<'o> Choice<'o> {
    pub(crate) fn of(options: &'o Options, set: &LogSet) -> Self {
        let asked =
            options.kind == Some(Only::Errors) || (options.filter.errors_only && options.kind.is_none());
        let exists = set.named("errors").is_some() || (options.follow && set.series.is_empty());
        // Its entries have neither headers nor bodies.
        let by_errors = asked && exists && !options.filter.needs_request();
        let has_api = set.named("api").is_some() || set.named("errors").is_some() || set.series.is_empty();
        Self { options, by_errors, has_api }
    }

    /// Whether a log is read for what is shown.
    pub(crate) fn reads(&self, name: &str) -> bool {
        match name {
            "errors" => self.by_errors,
            "api" => !self.by_errors,
            // A component's, or a single file of any name.
            _ => !self.by_errors && (self.options.events || !self.has_api),
        }
    }

    /// Whether an entry is of the kind that is shown.
    pub(crate) fn wants(&self, name: &str, entry: &Entry<'_>) -> bool {
        let options = self.options;
        match entry.kind {
            Kind::Response => !self.by_errors && (options.kind != Some(Only::Errors) || entry.is_failure()),
            Kind::Error | Kind::Exception => self.by_errors,
            Kind::Request => false,
            Kind::Recorder => {
                let told = options.events || entry.level >= Level::Warn;
                told && options.kind.is_none() && !options.filter.asks_about_exchanges() && name != "errors"
            }
            Kind::Told if self.by_errors => !options.filter.asks_about_exchanges(),
            Kind::Told => options.events && !options.filter.asks_about_exchanges(),
        }
    }
}

/// The last entries where the question is also about the request's part: read forward, so that it is known by then.
fn joined<'s>(
    choice: &Choice<'_>,
    series: &'s Series,
    most: usize,
    trouble: &mut Trouble,
) -> io::Result<Vec<Spot<'s>>> {
    let filter = &choice.options.filter;
    let mut open = Open::default();
    let mut last: VecDeque<Spot<'s>> = VecDeque::new();
    find::each(series, filter, trouble, |entry, file, at, length| {
        if entry.kind == Kind::Request {
            open.begin(entry);
        } else if choice.wants(&series.name, entry) {
            let request = open.end(entry.id);
            if filter.passes(entry, request.as_deref()) {
                last.push_back(spot(file, at, length, entry));
                if last.len() > most {
                    last.pop_front();
                }
            }
        }
        Go::On
    })?;
    Ok(last.into())
}

/// Shows entries, each with what other entries tell of it.
fn show(
    options: &Options,
    set: &LogSet,
    screen: &mut Screen<'_>,
    rows: &mut Rows,
    spots: &[Spot<'_>],
) -> Result<(), Failure> {
    let mut parser = Parser::default();
    if options.json {
        for spot in spots {
            let (line, _) = spot.read()?;
            screen.json(&String::from_utf8_lossy(line.trim_ascii()))?;
        }
        return Ok(());
    }
    let mut parts = Parts::default();
    let mut failed = Vec::new();
    let mut ended = Vec::new();
    for spot in spots {
        let (line, is_whole) = spot.read()?;
        let Ok(entry) = parser.read(&line, !is_whole) else { continue };
        if entry.kind == Kind::Response && entry.is_failure() {
            failed.push((entry.id.to_vec(), *spot));
        }
        if options.verbose && !entry.id.is_empty() {
            ended.push((entry.id.to_vec(), *spot));
        }
    }
    parts.find_failures(set, &failed)?;
    parts.find_requests(set, &ended)?;
    for spot in spots {
        let (line, is_whole) = spot.read()?;
        let Ok(entry) = parser.read(&line, !is_whole) else { continue };
        let failure = parts.failures.get(entry.id).map(Vec::as_slice);
        let request = parts.requests.get(entry.id).map(Vec::as_slice);
        rows.show(screen, &entry, request, failure)?;
    }
    Ok(())
}
