//! All of it as one page: no script, no request to anyone, light and dark.

mod axis;
mod chart;
pub(crate) mod draw;
mod html;
mod overview;
mod tables;
pub(crate) mod usage;

use std::{fs, io::Write as _, path::Path};

use super::{
    groups::Failures,
    stats::{By, Gathered},
    trouble::Trouble,
};
use crate::{
    Failure, Found,
    args::Options,
    read::LogSet,
    say,
    term::{Ink, Screen, grouped},
    time::{self, size},
};
use axis::Axis;
use html::{Page, text};

/// A page is no larger, however large the log is.
const LARGEST: usize = 150_000;

pub(crate) fn report(options: &Options, set: &LogSet, screen: &mut Screen<'_>) -> Result<Found, Failure> {
    let mut trouble = Trouble::default();
    let by = options.by.as_deref().map_or(Ok(By::Endpoint), By::parse)?;
    let gathered = Gathered::with_heat(options, set, by, &mut trouble)?;
    let failures = Failures::of(options, set, gathered.since(), &mut trouble)?;
    trouble.tell();
    if gathered.all.count == 0 {
        say("no exchanges in that time that are so: there is nothing to report");
        return Ok(Found::Nothing);
    }
    let by = options.by.as_deref().unwrap_or("endpoint");
    // Long names, or many of them, leave room for fewer rows.
    let mut rows = 100;
    let mut made = page(by, &gathered, &failures, rows);
    while made.len() > LARGEST && rows > 1 {
        rows /= 2;
        made = page(by, &gathered, &failures, rows);
    }
    let path = options.output.as_deref().unwrap_or(Path::new("report.html"));
    if path == Path::new("-") {
        screen.text(&made)?;
        return Ok(Found::Something);
    }
    let written = fs::File::create(path).and_then(|mut file| file.write_all(made.as_bytes()));
    written.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    screen.put(Ink::Bold, &path.display().to_string());
    let requests = if gathered.all.count == 1 { "request" } else { "requests" };
    let about = format!("  {}, {} {requests}", size(made.len() as u64), grouped(gathered.all.count));
    screen.line(Ink::Dim, &about)?;
    Ok(Found::Something)
}

fn page(by: &str, gathered: &Gathered, failures: &Failures, rows: usize) -> String {
    let (first, last) = (gathered.first, gathered.last);
    let span = format!("{} to {} UTC", time::plain(first), time::plain(last));
    let axis = Axis::new(first, last);
    let mut page = Page::new(&format!("Flight log, {span}"));
    page.raw("<header>");
    page.element("h1", "Flight log");
    page.element("p", &text(&format!("{span} ({})", time::human(last.saturating_sub(first)))));
    page.raw("</header><main>\n");
    overview::figures(&mut page, gathered, failures);

    page.begin("Requests and errors over time");
    overview::over_time(&mut page, gathered, &axis);
    page.end();

    page.begin("Latency over time");
    page.raw(&draw::heat(&gathered.heat, first, last, &axis));
    page.end();

    page.begin(&format!("By {}", by.replace('_', " ")));
    tables::routes(&mut page, by, gathered, rows);
    page.end();

    page.begin("Errors");
    tables::errors(&mut page, failures, rows.div_ceil(2));
    page.end();

    page.begin("Slowest requests");
    tables::slowest(&mut page, gathered);
    page.end();

    if let Some(usage) = gathered.usage.as_ref().filter(|usage| !usage.models().is_empty()) {
        page.begin("Token usage");
        overview::tokens(&mut page, usage, first, last, &axis);
        tables::models(&mut page, usage, rows.div_ceil(4));
        page.end();
    }
    if gathered.open > 0 {
        page.begin("Begun and never answered");
        tables::open(&mut page, gathered);
        page.end();
    }
    let note = format!(
        "Times are UTC. Failed: a status of 500 or above, or none. Percentiles are right within 1 %. Made by flightlog {}.",
        env!("CARGO_PKG_VERSION")
    );
    page.raw("</main><footer>");
    page.element("p", &text(&note));
    page.raw("</footer>");
    page.finish()
}
