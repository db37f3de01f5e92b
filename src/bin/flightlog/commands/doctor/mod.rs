//! What is wrong with the logs.

mod lines;
mod places;
mod secrets;

use super::dumps;
use crate::{
    Failure, Found,
    args::Options,
    read::LogSet,
    term::{Ink, Screen, grouped},
};

pub(crate) fn doctor(options: &Options, set: &LogSet, screen: &mut Screen<'_>) -> Result<Found, Failure> {
    let mut report = Report::default();
    report.bad(set.troubles.iter().map(|trouble| format!("{trouble}: it was not read")));
    for series in &set.series {
        lines::examine(series, &mut report)?;
    }
    places::places(options, set, &mut report);
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
