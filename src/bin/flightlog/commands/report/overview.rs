//! The numbers and drawings of all together.

use super::{
    axis::{Axis, STEPS},
    chart::Chart,
    html::{Page, text},
    usage::Usage,
};
use crate::{
    commands::{groups::Failures, stats::Gathered},
    term::grouped,
    time::{human, size},
};

/// The headline numbers.
pub(super) fn figures(page: &mut Page, gathered: &Gathered, failures: &Failures) {
    let all = &gathered.all;
    let share = |part: u64, whole: u64| percent(part as f64 / whole.max(1) as f64);
    // Of less than a second there is no rate to speak of.
    let rate = match gathered.seconds() {
        1.0.. => format!("{:.1} a second", all.count as f64 / gathered.seconds()),
        _ => "within a second".into(),
    };
    let kinds = match failures.groups.len() {
        1 => "one kind".to_owned(),
        kinds => format!("{} kinds", grouped(kinds as u64)),
    };
    let mut tiles = vec![
        ("Requests", grouped(all.count), rate),
        match all.failed {
            0 => ("Failed", "0 %".into(), "none".into()),
            failed => ("Failed", share(failed, all.count), format!("{}, {kinds}", grouped(failed))),
        },
        ("Median duration", human(all.percentile(0.5)), "half were quicker".into()),
        ("p99 duration", human(all.percentile(0.99)), format!("p90 {}", human(all.percentile(0.9)))),
        ("Longest", human(all.max), "to the last byte".into()),
        ("Sent", size(gathered.bytes), format!("{} each", size(gathered.bytes / all.count.max(1)))),
    ];
    let [hits, misses] = gathered.cache;
    if hits + misses > 0 {
        let text = format!("of {} look-ups", grouped(hits + misses));
        tiles.push(("Cache hits", share(hits, hits + misses), text));
    }
    let [input, output, cached, _] = gathered.tokens;
    if input + output > 0 {
        tiles.push(("Tokens in", grouped(input), format!("{} of them cached", share(cached, input))));
        tiles.push(("Tokens out", grouped(output), format!("{} a request", output / all.count.max(1))));
    }
    if gathered.open > 0 {
        tiles.push(("Never answered", grouped(gathered.open), "or open still".into()));
    }
    page.raw("<dl>");
    for (name, value, more) in tiles {
        let class = if name == "Failed" && all.failed > 0 { " class=\"bad\"" } else { "" };
        let (value, more) = (text(&value), text(&more));
        page.raw(&format!("<div><dt>{name}</dt><dd{class}>{value}<small>{more}</small></dd></div>\n"));
    }
    page.raw("</dl>\n");
}

/// A share of few characters.
pub(super) fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".into(),
        small if small < 0.1 => "<0.1 %".into(),
        small if small < 10.0 => format!("{small:.1} %"),
        large => format!("{large:.0} %"),
    }
}

pub(super) fn over_time(page: &mut Page, gathered: &Gathered, axis: &Axis) {
    let (first, last) = (gathered.first, gathered.last);
    let all = gathered.timeline.between(first, last, STEPS);
    let failed = gathered.failed_timeline.between(first, last, STEPS);
    let fine: Vec<u64> = all.iter().zip(&failed).map(|(all, failed)| all.saturating_sub(*failed)).collect();
    let most = |counts: &[u64]| grouped(counts.iter().copied().max().unwrap_or(0));
    let step = axis.step();
    let parts = [("failed", "bad", failed.as_slice()), ("answered", "good", fine.as_slice())];
    let title = format!("Requests per {step}");
    let said = format!(
        "Requests over time: at most {} in {step}, of which at most {} failed",
        most(&all),
        most(&failed)
    );
    page.raw(&Chart { title: &title, said: &said, parts, is_low: false }.stacked(axis));
    if gathered.all.failed > 0 {
        let said = format!(
            "Share of requests that failed, over time: {} of all",
            percent(gathered.all.error_rate())
        );
        page.raw(&Chart { title: "Share that failed", said: &said, parts, is_low: true }.share(axis));
    }
    classes(page, gathered);
}

/// How many had which class of status.
fn classes(page: &mut Page, gathered: &Gathered) {
    const CLASSES: [(&str, &str); 6] = [
        ("none", "no answer"),
        ("s6", "1xx"),
        ("good", "2xx"),
        ("calm", "3xx"),
        ("warn", "4xx"),
        ("bad", "5xx"),
    ];
    let counts = gathered.classes.iter().zip(CLASSES).filter(|(count, _)| **count > 0);
    let counts: Vec<_> = counts.map(|(count, (class, name))| (*count, class, name)).collect();
    page.raw("<figure class=\"low\"><figcaption><b>Status</b></figcaption><div class=\"bar\" aria-hidden=\"true\">");
    for (count, class, _) in &counts {
        page.raw(&format!("<span class=\"{class}\" style=\"--w:{count}\"></span>"));
    }
    page.raw("</div><ul class=\"status\">");
    for (count, class, name) in &counts {
        let share = percent(*count as f64 / gathered.all.count.max(1) as f64);
        page.raw(&format!(
            "<li class=\"key\"><i class=\"{class}\"></i>{name} <b>{}</b> <span class=\"dim\">{}</span></li>",
            grouped(*count),
            text(&share)
        ));
    }
    page.raw("</ul></figure>\n");
}

pub(super) fn tokens(page: &mut Page, usage: &Usage, first: u64, last: u64, axis: &Axis) {
    let [input, output] = [&usage.input, &usage.output].map(|line| line.between(first, last, STEPS));
    let most = |counts: &[u64]| grouped(counts.iter().copied().max().unwrap_or(0));
    let step = axis.step();
    let said = format!("Tokens over time: at most {} in and {} out in {step}", most(&input), most(&output));
    let title = format!("Tokens per {step}");
    let parts = [("output", "out", output.as_slice()), ("input", "good", input.as_slice())];
    page.raw(&Chart { title: &title, said: &said, parts, is_low: true }.stacked(axis));
}
