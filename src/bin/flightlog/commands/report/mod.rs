//! All of it as one page: no script, no request to anyone, light and dark.

pub(crate) mod draw;
mod html;

use std::{fs, io::Write as _, path::Path};

use super::{
    groups::{Failures, Group},
    stats::{By, Gathered, Tally},
    trouble::Trouble,
};
use crate::{
    Failure, Found,
    args::Options,
    read::LogSet,
    say,
    term::{Ink, Screen, cut, grouped},
    time::{self, human, size},
};
use html::{Page, text};

/// Rows of each table: the page stays small however large the log is.
const ROUTES: usize = 100;
const GROUPS: usize = 50;

pub(crate) fn report(options: &Options, set: &LogSet, screen: &mut Screen<'_>) -> Result<Found, Failure> {
    let mut trouble = Trouble::default();
    let by = options.by.as_deref().map_or(Ok(By::Endpoint), By::parse)?;
    let gathered = Gathered::with_heat(options, set, by, &mut trouble)?;
    let failures = Failures::of(options, set, &mut trouble)?;
    trouble.tell();
    if gathered.all.count == 0 {
        say("no exchanges: no report");
        return Ok(Found::Nothing);
    }
    let page = page(options, &gathered, &failures);
    let path = options.output.as_deref().unwrap_or(Path::new("report.html"));
    if path == Path::new("-") {
        screen.text(&page)?;
        return Ok(Found::Something);
    }
    let written = fs::File::create(path).and_then(|mut file| file.write_all(page.as_bytes()));
    written.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    screen.line(Ink::Plain, &format!("{} ({})", path.display(), size(page.len() as u64)))?;
    Ok(Found::Something)
}

fn page(options: &Options, gathered: &Gathered, failures: &Failures) -> String {
    let all = &gathered.all;
    let span = format!("{} to {} (UTC)", time::plain(gathered.first), time::plain(gathered.last));
    let mut page = Page::new(&format!("Flight log, {span}"));
    page.element("h1", "Flight log");
    page.element("p", &text(&span));
    figures(&mut page, gathered, failures);

    page.element("h2", "Exchanges and failures over time");
    let counts = gathered.timeline.between(gathered.first, gathered.last, draw::STEPS);
    let failed = gathered.failed_timeline.between(gathered.first, gathered.last, draw::STEPS);
    page.raw(&draw::bars(&counts, &failed, gathered.first, gathered.last));

    page.element("h2", "Latency over time");
    page.raw(&draw::heat(&gathered.heat, gathered.first, gathered.last));

    let by = options.by.as_deref().unwrap_or("endpoint");
    page.element("h2", &text(&format!("By {by}")));
    routes(&mut page, by, gathered);

    if !failures.groups.is_empty() {
        page.element("h2", "Failures");
        errors(&mut page, failures);
    }
    page.element("h2", "Slowest calls");
    slowest(&mut page, gathered);
    let note = format!(
        "{} exchanges, percentiles within 1 %. Made by flightlog {}.",
        grouped(all.count),
        env!("CARGO_PKG_VERSION")
    );
    page.raw("</main><footer>");
    page.element("p", &text(&note));
    page.end()
}

/// The headline numbers.
fn figures(page: &mut Page, gathered: &Gathered, failures: &Failures) {
    let all = &gathered.all;
    let mut rows = vec![
        ("exchanges", grouped(all.count)),
        ("a second", format!("{:.1}", all.count as f64 / gathered.seconds().max(0.001))),
        ("failed", format!("{} ({:.2} %)", grouped(all.failed), all.error_rate() * 100.0)),
        ("kinds of failures", grouped(failures.groups.len() as u64)),
        ("median", human(all.percentile(0.5))),
        ("99 %", human(all.percentile(0.99))),
        ("longest", human(all.max)),
        ("answered", size(gathered.bytes)),
    ];
    let [hits, misses] = gathered.cache;
    if hits + misses > 0 {
        rows.push(("cache hits", format!("{:.1} %", hits as f64 * 100.0 / (hits + misses) as f64)));
    }
    let [input, output, cached, reasoning] = gathered.tokens;
    if input + output > 0 {
        rows.push(("tokens in", format!("{} ({} cached)", grouped(input), grouped(cached))));
        rows.push(("tokens out", format!("{} ({} reasoning)", grouped(output), grouped(reasoning))));
    }
    if gathered.open > 0 {
        rows.push(("begun, never ended", grouped(gathered.open)));
    }
    page.raw("<dl>");
    for (name, value) in rows {
        page.raw("<div>");
        page.element("dt", name);
        page.element("dd", &text(&value));
        page.raw("</div>");
    }
    page.raw("</dl>");
}

fn routes(page: &mut Page, by: &str, gathered: &Gathered) {
    let headings = [by, "requests", "failed", "p50", "p90", "p99", "longest", "p50 to p99", "of all time"];
    page.begin_table("Durations and failures, by what takes most of the time", &headings);
    let longest = gathered.all.max;
    let mut rest = gathered.others.clone().unwrap_or_default();
    for (place, (name, tally)) in gathered.groups.iter().enumerate() {
        if place < ROUTES {
            route(page, name, tally, gathered.all.total, longest);
        } else {
            rest.merge(tally);
        }
    }
    if rest.count > 0 {
        route(page, "(others)", &rest, gathered.all.total, longest);
    }
    page.end_table();
}

fn route(page: &mut Page, name: &str, tally: &Tally, total: u64, longest: u64) {
    let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|share| tally.percentile(share));
    let share = tally.total as f64 * 100.0 / total.max(1) as f64;
    let failed = if tally.failed > 0 { format!("{:.1} %", tally.error_rate() * 100.0) } else { "0".into() };
    page.row(
        &text(&cut(name, 120)),
        &[
            grouped(tally.count),
            failed,
            human(p50),
            human(p90),
            human(p99),
            human(tally.max),
            draw::strip(p50, p90, p99, longest),
            format!("{share:.1} %"),
        ],
    );
}

fn errors(page: &mut Page, failures: &Failures) {
    page.begin_table(
        "Equal failures in one row, the most frequent first",
        &["failure", "count", "first", "last", "over time", "sample"],
    );
    for group in failures.groups.iter().take(GROUPS) {
        let counts = group.timeline.between(failures.first, failures.last, 40);
        page.row(
            &what(group),
            &[
                grouped(group.count),
                time::plain(group.first),
                time::plain(group.last),
                draw::spark(&counts),
                format!("<code>{}</code>", text(group.ids.last().map_or("", String::as_str))),
            ],
        );
    }
    page.end_table();
    let hidden: u64 = failures.groups.iter().skip(GROUPS).map(|group| group.count).sum();
    if hidden + failures.others > 0 {
        page.element("p", &format!("And {} failures in other groups.", grouped(hidden + failures.others)));
    }
}

fn what(group: &Group) -> String {
    let status = if group.status == 0 { group.outcome.replace('_', " ") } else { group.status.to_string() };
    let name = if group.error_type.is_empty() { String::new() } else { format!("{}: ", group.error_type) };
    let message = cut(&group.message, 200);
    format!(
        "<b>{}</b> {}<br>{}{} <i>{}</i>",
        text(&cut(&group.route, 120)),
        text(&status),
        text(&name),
        text(&message),
        text(&group.location)
    )
}

fn slowest(page: &mut Page, gathered: &Gathered) {
    page.begin_table("The calls that took longest", &["call", "duration", "status", "ended", "id"]);
    for slow in &gathered.slowest {
        let status = if slow.status == 0 { "none".into() } else { slow.status.to_string() };
        page.row(
            &text(&cut(&slow.route, 120)),
            &[human(slow.duration), status, time::plain(slow.at), format!("<code>{}</code>", text(&slow.id))],
        );
    }
    page.end_table();
}
