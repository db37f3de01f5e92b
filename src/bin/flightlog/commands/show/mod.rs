//! One exchange, all that is known of it: from its dump, from the logs, or from both.

pub(crate) mod compare;
mod locate;
mod stack;
mod story;
mod view;
mod work;

use serde_json::Value;

use super::{
    dumps,
    find::{self, Go, Parts, Spot},
    row::{self, Rows},
    trouble::Trouble,
};
use crate::{
    Failure, Found,
    args::Options,
    entry::{Entry, Kind, Parser},
    filter::Filter,
    json,
    read::LogSet,
    say,
    term::{Ink, Screen},
    time::{DAY, SECOND},
};
use story::Story;

pub(crate) fn show(options: &Options, set: &LogSet, screen: &mut Screen<'_>) -> Result<Found, Failure> {
    let id = options.names.first().map(String::as_str).unwrap_or_default();
    let spot = locate::end(set, id)?;
    let mut story = Story::default();
    if let Some(spot) = &spot {
        read_log(set, spot, &mut story)?;
    }
    read_dump(options, id, &mut story);
    if story.is_empty() {
        return Err(Failure::usage(format!(
            "there is no exchange `{id}` in {}\nit may have been rotated away; flightlog -n 20 shows the last ones",
            options.log_dir().display()
        )));
    }
    if options.json {
        screen.json(&story.as_json().to_string())?;
        return Ok(Found::Something);
    }
    story.show(screen, options.verbose)?;
    if story.is_failure() && !story.has_dump() {
        alike(options, &story, screen)?;
    }
    if let Some(spot) = &spot {
        if options.vs_good != Some(false) && story.is_failure() {
            versus(set, spot, &story, screen, options.vs_good == Some(true))?;
        }
        neighbours(set, spot, screen)?;
    }
    Ok(Found::Something)
}

/// What the logs say of the exchange that ends here.
fn read_log(set: &LogSet, spot: &Spot<'_>, story: &mut Story) -> Result<(), Failure> {
    let (line, is_whole) = spot.read()?;
    let mut parser = Parser::default();
    let Ok(entry) = parser.read(&line, !is_whole) else { return Ok(()) };
    let id = entry.id.to_vec();
    story.take(&entry);
    if id.is_empty() {
        return Ok(());
    }
    let of_it = [(id.clone(), *spot)];
    let mut parts = Parts::default();
    parts.find_requests(set, &of_it)?;
    parts.find_failures(set, &of_it)?;
    for line in parts.requests.values().chain(parts.failures.values()) {
        if let Ok(entry) = parser.read(line, true) {
            story.take(&entry);
        }
    }
    let filter = Filter {
        since: Some(spot.at.saturating_sub(spot.duration + SECOND)),
        until: Some(spot.at + SECOND),
        ..Filter::default()
    };
    for series in set.series.iter().filter(|series| series.name != "errors") {
        find::each(series, &filter, &mut Trouble::default(), |entry, _, _, _| {
            if entry.kind == Kind::Told && entry.id == id {
                story.take(entry);
            }
            Go::On
        })?;
    }
    Ok(())
}

/// What the dump says: that which the log names, else one of this id.
fn read_dump(options: &Options, id: &str, story: &mut Story) {
    let dir = options.dump_dir();
    let from_log = story.dump_name().filter(|name| !name.contains(['/', '\\']) && name.ends_with(".json"));
    let path = match from_log {
        Some(name) => Some(dir.join(name)),
        None if story.is_empty() => dumps::named(&dir, id).ok().map(|dump| dump.path),
        None => story.id().and_then(|id| dumps::named(&dir, &id).ok()).map(|dump| dump.path),
    };
    let Some(path) = path else { return };
    match dumps::read(&path) {
        Ok(dump) => story.dump(path, dump),
        Err(error) => say(&format!("{}: {error}", path.display())),
    }
}

/// Of failures that are alike a few only have a dump: this names one of those.
fn alike(options: &Options, story: &Story, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let newest = dumps::list(&options.dump_dir()).unwrap_or_default().into_iter().take(LOOKED_AT);
    let Some(dump) =
        newest.into_iter().find(|dump| dumps::read(&dump.path).is_ok_and(|value| story.is_like(&value)))
    else {
        return Ok(());
    };
    screen.put(Ink::Dim, "dump  ");
    screen.put(Ink::Plain, "it has none; the newest of one alike: ");
    screen.line(Ink::Cyan, &format!("flightlog show {}", row::short_id(&dump.id)))?;
    Ok(screen.end_line()?)
}

/// Dumps among which one alike is looked for.
const LOOKED_AT: usize = 200;

/// What differs from the nearest success of the same route.
fn versus(
    set: &LogSet,
    spot: &Spot<'_>,
    story: &Story,
    screen: &mut Screen<'_>,
    asked: bool,
) -> Result<(), Failure> {
    let good = nearest_success(set, spot)?;
    let Some(good) = good else {
        if asked {
            screen.line(Ink::Dim, "there is no success of this route within a day to compare with")?;
        }
        return Ok(());
    };
    let mut other = Story::default();
    read_log(set, &good, &mut other)?;
    let differences = compare::differences(story, &other);
    screen.line(Ink::Bold, &format!("what differs from the nearest success ({})", other.short_id()))?;
    if differences.is_empty() {
        screen.line(Ink::Dim, "  nothing that the log knows of the request")?;
    }
    compare::show(screen, &differences, ["here", "there"])?;
    Ok(screen.end_line()?)
}

fn nearest_success<'s>(set: &'s LogSet, spot: &Spot<'_>) -> Result<Option<Spot<'s>>, Failure> {
    let (line, is_whole) = spot.read()?;
    let Ok(failed) = Parser::default().read(&line, !is_whole) else { return Ok(None) };
    let endpoint = json::unescape(failed.endpoint);
    let filter =
        Filter { since: Some(spot.at.saturating_sub(DAY)), until: Some(spot.at), ..Filter::default() };
    let is_good = |entry: &Entry<'_>| {
        entry.kind == Kind::Response
            && (200..400).contains(&entry.status)
            && !entry.is_failure()
            && entry.method == failed.method
            && json::unescape(entry.endpoint) == endpoint
    };
    let mut best: Option<Spot<'s>> = None;
    for series in set.exchanges() {
        let before = find::last(series, &filter, 1, &mut Trouble::default(), |entry| {
            is_good(entry) && filter.is_in_time(entry.at)
        })?;
        best = best.or(before.first().copied());
        if best.is_none() {
            let after = Filter { since: Some(spot.at), until: Some(spot.at + DAY), ..Filter::default() };
            find::each(series, &after, &mut Trouble::default(), |entry, file, at, length| {
                if is_good(entry) && after.is_in_time(entry.at) {
                    best = Some(find::spot(file, at, length, entry));
                    return Go::Stop;
                }
                Go::On
            })?;
        }
    }
    Ok(best)
}

/// What else ended about that time.
fn neighbours(set: &LogSet, spot: &Spot<'_>, screen: &mut Screen<'_>) -> Result<(), Failure> {
    const EACH: usize = 3;
    let mut spots = Vec::new();
    for series in set.exchanges() {
        let before = Filter {
            since: Some(spot.at.saturating_sub(60 * SECOND)),
            until: Some(spot.at),
            ..Filter::default()
        };
        spots.extend(find::last(series, &before, EACH + 1, &mut Trouble::default(), |entry| {
            entry.kind == Kind::Response && before.is_in_time(entry.at)
        })?);
        let after =
            Filter { since: Some(spot.at + 1), until: Some(spot.at + 60 * SECOND), ..Filter::default() };
        let mut more = Vec::new();
        find::each(series, &after, &mut Trouble::default(), |entry, file, at, length| {
            if entry.kind == Kind::Response && after.is_in_time(entry.at) {
                more.push(find::spot(file, at, length, entry));
            }
            if more.len() == EACH { Go::Stop } else { Go::On }
        })?;
        spots.extend(more);
    }
    spots.sort_by_key(|spot| spot.at);
    if spots.len() < 2 {
        return Ok(());
    }
    screen.line(Ink::Bold, "about that time")?;
    let mut rows = Rows::new(false);
    let mut parser = Parser::default();
    for near in &spots {
        let (line, is_whole) = near.read()?;
        if let Ok(entry) = parser.read(&line, !is_whole) {
            screen.put(Ink::Plain, if near == spot { "> " } else { "  " });
            rows.brief(screen, &entry)?;
        }
    }
    Ok(())
}

/// A value of JSON for people: text without its quotes.
fn said(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
