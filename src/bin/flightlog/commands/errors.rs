use std::{fmt::Write, path::Path};

use super::{
    groups::{Failures, Group, as_json, id_of_dump},
    row::short_id,
    trouble::Trouble,
};
use crate::{
    Failure, Found,
    args::Options,
    read::LogSet,
    term::{Ink, Screen, grouped, sparkline},
    time,
};

/// Where the lines below the first begin.
const BELOW: usize = 9;
/// Columns of a sparkline.
const SPARK: usize = 24;

pub(crate) fn errors(options: &Options, set: &LogSet, screen: &mut Screen<'_>) -> Result<Found, Failure> {
    let mut trouble = Trouble::default();
    let failures = Failures::of(options, set, None, &mut trouble)?;
    let most = options.lines.unwrap_or(50);
    let dumps = options.dump_dir();
    for group in failures.groups.iter().take(most) {
        if options.json {
            screen.json(&as_json(group).to_string())?;
        } else {
            show(screen, group, &failures, &dumps)?;
        }
    }
    if !options.json {
        foot(screen, &failures, most)?;
    }
    trouble.tell();
    Ok((!failures.groups.is_empty()).into())
}

fn foot(screen: &mut Screen<'_>, failures: &Failures, most: usize) -> Result<(), Failure> {
    let hidden: u64 = failures.groups.iter().skip(most).map(|group| group.count).sum();
    if hidden + failures.others > 0 {
        let text =
            format!("and {} more failures in other groups (--lines N)", grouped(hidden + failures.others));
        screen.line(Ink::Dim, &text)?;
    }
    if failures.groups.is_empty() {
        screen.line(Ink::Green, "no failures")?;
    }
    Ok(())
}

/// ```text
///    23x  POST /orders/{id}  500
///         shop::OrderError: could not place the order
///         ▁▃ ▅   2026-11-20 10:30:00 to 10:59:12   src/orders.rs:42
///         dump 20261120T103000.135799Z-500-0198c0de-0000-7000-8000-000000000001.json
///         flightlog show 00000001
/// ```
fn show(screen: &mut Screen<'_>, group: &Group, failures: &Failures, dumps: &Path) -> Result<(), Failure> {
    screen.put(Ink::Bold, &format!("{:>6}x", grouped(group.count)));
    screen.space(2);
    screen.put(Ink::Plain, &group.route);
    screen.space(2);
    screen.put(Ink::Alarm, &group.ending());
    screen.end_line()?;
    screen.space(BELOW);
    if !group.error_type.is_empty() {
        screen.put(Ink::Dim, &group.error_type);
        screen.put(Ink::Dim, ": ");
    }
    let mut lines = group.message.lines();
    screen.line(Ink::Red, lines.next().unwrap_or_default())?;
    screen.space(BELOW);
    let counts = group.timeline.between(failures.first, failures.last, SPARK);
    screen.put(Ink::Cyan, &sparkline(&counts));
    screen.space(2);
    let mut when = time::plain(group.first);
    if group.last > group.first {
        let (first, last) = (time::day(group.first), time::plain(group.last));
        // The day is said once.
        let last = if last.starts_with(&first) { last.get(11..).unwrap_or_default() } else { &last };
        _ = write!(when, " to {last}");
    }
    screen.put(Ink::Dim, &when);
    if !group.location.is_empty() {
        screen.space(2);
        screen.put(Ink::Cyan, &group.location);
    }
    screen.end_line()?;
    // Old dumps are deleted; what the log says of them stays.
    let is_there = |name: &&String| !name.contains(['/', '\\']) && dumps.join(name).is_file();
    let dump = group.dumps.iter().rev().find(is_there);
    if let Some(dump) = dump {
        screen.space(BELOW);
        screen.put(Ink::Dim, "dump ");
        screen.line(Ink::Plain, dump)?;
    }
    let id = dump.and_then(|name| id_of_dump(name)).or(group.ids.last().map(String::as_str));
    if let Some(id) = id {
        screen.space(BELOW);
        screen.put(Ink::Dim, "flightlog show ");
        screen.line(Ink::Plain, short_id(id))?;
    }
    Ok(screen.end_line()?)
}
