//! The tables.

use super::{
    chart::spark,
    draw::Decades,
    html::{Page, text},
    overview::percent,
    usage::{Usage, Used},
};
use crate::{
    commands::{
        groups::{Failures, Group},
        row::short_id,
        stats::{Gathered, Tally},
    },
    term::{cut, grouped},
    time::{self, human},
};

/// Characters of a name at most, and of a message.
const NAME: usize = 120;
const MESSAGE: usize = 200;

/// Durations and failures by what exchanges are grouped by, as many rows as there is room for.
pub(super) fn routes(page: &mut Page, by: &str, gathered: &Gathered, rows: usize) {
    let least = gathered.groups.iter().map(|(_, tally)| tally.percentile(0.5)).min().unwrap_or(0);
    let scale = Decades::of(least, gathered.all.max);
    let labels = scale.labels();
    let name = text(&by.replace('_', " "));
    let mut first = name.chars();
    let name: String = first.next().into_iter().flat_map(char::to_uppercase).chain(first).collect();
    page.begin_table(
        "Durations and failures",
        "Who takes most of the time stands first. The mark is the median; the strong part ends at p90, the pale one at p99, the line at the longest.",
        &[
            (&name, ""),
            ("Requests", ""),
            ("Failed", ""),
            ("p50", ""),
            ("p90", ""),
            ("p99", ""),
            ("Longest", ""),
            (&labels, "strips"),
            ("Of all time", ""),
        ],
    );
    let mut rest = gathered.others.clone().unwrap_or_default();
    for (place, (name, tally)) in gathered.groups.iter().enumerate() {
        if place < rows {
            route(page, &named(name, by == "endpoint"), tally, gathered.all.total, &scale);
        } else {
            rest.merge(tally);
        }
    }
    if rest.count > 0 {
        route(page, "<i>others</i>", &rest, gathered.all.total, &scale);
    }
    page.end_table();
}

/// `POST /orders/{id}` with its method apart.
fn named(name: &str, is_route: bool) -> String {
    match name.split_once(' ') {
        Some((method, path)) if is_route => {
            let (method, path) = (text(&cut(method, 20)), text(&cut(path, NAME)).replace('/', "<wbr>/"));
            format!("<span class=\"route\"><span class=\"method\">{method} </span><span>{path}</span></span>")
        }
        _ => text(&cut(name, NAME)),
    }
}

fn route(page: &mut Page, name: &str, tally: &Tally, total: u64, scale: &Decades) {
    let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|share| tally.percentile(share));
    let share = tally.total as f64 / total.max(1) as f64;
    let failed =
        if tally.failed > 0 { ("bad", text(&percent(tally.error_rate()))) } else { ("zero", "0".into()) };
    page.row(
        name,
        &[
            ("", grouped(tally.count)),
            failed,
            ("", human(p50)),
            ("", human(p90)),
            ("", human(p99)),
            ("", human(tally.max)),
            (&format!("strips|--n:{}", scale.count), scale.strip([p50, p90, p99, tally.max])),
            (&format!("of|--w:{:.1}%", share * 100.0), text(&percent(share))),
        ],
    );
}

pub(super) fn errors(page: &mut Page, failures: &Failures, rows: usize) {
    if failures.groups.is_empty() {
        page.element("p", "None.");
        return;
    }
    page.begin_table(
        "Errors, equal ones in one row",
        "Equal ones in one row, the most frequent first.",
        &[
            ("Error", ""),
            ("Count", ""),
            ("Over time", "left"),
            ("First and last", ""),
            ("Look at one", "left"),
        ],
    );
    for group in failures.groups.iter().take(rows) {
        let counts = group.timeline.between(failures.first, failures.last, 40);
        let id = format!("<code>flightlog show {}</code>", text(&cut(short_id(group.sample()), 40)));
        let times = format!("{}<br>{}", time::plain(group.first), time::plain(group.last));
        page.row(
            &what(group),
            &[("", grouped(group.count)), ("left", spark(&counts)), ("dim", times), ("left", id)],
        );
    }
    page.end_table();
    let hidden: u64 = failures.groups.iter().skip(rows).map(|group| group.count).sum();
    if hidden + failures.others > 0 {
        page.element("p", &format!("And {} more of other kinds.", grouped(hidden + failures.others)));
    }
}

fn what(group: &Group) -> String {
    let status = group.ending();
    let name = if group.error_type.is_empty() {
        String::new()
    } else {
        format!("{}: ", cut(&group.error_type, NAME))
    };
    let place = if group.location.is_empty() {
        String::new()
    } else {
        format!("<br><code class=\"dim\">{}</code>", text(&cut(&group.location, NAME)))
    };
    format!(
        "{}<b>{}</b> {}<span class=\"say\">{}</span>{place}",
        named(&group.route, true),
        text(&status),
        text(&name),
        text(&cut(&group.message, MESSAGE)),
    )
}

pub(super) fn slowest(page: &mut Page, gathered: &Gathered) {
    page.begin_table(
        "The slowest requests",
        "Those that took longest, from arrival to the last byte.",
        &[("Request", ""), ("Duration", ""), ("Status", ""), ("Ended", ""), ("Look at it", "left")],
    );
    for slow in &gathered.slowest {
        let status = if slow.status == 0 { "none".into() } else { slow.status.to_string() };
        let class = if slow.status == 0 || slow.status >= 500 { "bad" } else { "" };
        page.row(
            &named(&slow.route, true),
            &[
                ("", human(slow.duration)),
                (class, status),
                ("dim", time::plain(slow.at)),
                ("left", format!("<code>flightlog show {}</code>", text(&cut(short_id(&slow.id), 40)))),
            ],
        );
    }
    page.end_table();
}

pub(super) fn models(page: &mut Page, usage: &Usage, rows: usize) {
    let models = usage.models();
    page.begin_table(
        "Tokens by model",
        "Who used most stands first.",
        &[
            ("Model", ""),
            ("Requests", ""),
            ("Input", ""),
            ("of it cached", ""),
            ("Output", ""),
            ("of it reasoning", ""),
        ],
    );
    let mut row = |name: &str, used: Used| {
        let numbers = [used.calls, used.input, used.cached, used.output, used.reasoning];
        page.row(name, &numbers.map(|number| (if number == 0 { "zero" } else { "" }, grouped(number))));
    };
    for (name, used) in models.iter().take(rows) {
        row(&text(&cut(name, NAME)), *used);
    }
    let others = models.iter().skip(rows).fold(Used::default(), |sum, (_, used)| sum.and(used));
    if others.calls > 0 {
        row("<i>others</i>", others);
    }
    page.end_table();
}

/// Requests without an end.
pub(super) fn open(page: &mut Page, gathered: &Gathered) {
    let ids: Vec<_> = gathered
        .open_ids
        .iter()
        .map(|(at, id)| format!("<code>{}</code> at {}", text(&cut(id, 40)), time::plain(*at)))
        .collect();
    page.element(
        "p",
        &format!("{}, or still open. The last ones: {}.", grouped(gathered.open), ids.join(", ")),
    );
}
