//! Drawings as SVG. What they show is said in words too, for those who do not see them.

use std::fmt::Write;

use crate::{
    commands::stats::Timeline,
    term::grouped,
    time::{self, human},
};

/// Steps of time at most.
pub(super) const STEPS: usize = 120;
const WIDTH: usize = 960;
const HEIGHT: usize = 120;

/// Columns of exchanges, the failed part of each in another colour.
pub(super) fn bars(counts: &[u64], failed: &[u64], first: u64, last: u64) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let width = WIDTH as f64 / counts.len().max(1) as f64;
    let label = format!(
        "Exchanges from {} to {} in {} steps, at most {} in one; failures at most {}",
        time::plain(first),
        time::plain(last),
        counts.len(),
        grouped(most),
        grouped(failed.iter().copied().max().unwrap_or(0))
    );
    let mut svg = open(&label, HEIGHT + 20);
    for (class, values) in [("cool", counts), ("bad", failed)] {
        _ = write!(svg, "<path class=\"{class}\" d=\"");
        for (place, count) in values.iter().enumerate().filter(|(_, count)| **count > 0) {
            // What is there at all is seen.
            let height = (*count as f64 / most as f64 * HEIGHT as f64).max(1.0);
            let x = place as f64 * width;
            _ = write!(svg, "M{x:.1} {HEIGHT}v-{height:.1}h{:.1}v{height:.1}z", (width - 0.5).max(0.5));
        }
        svg.push_str("\"/>");
    }
    axis(&mut svg, HEIGHT, first, last);
    _ = writeln!(svg, "<text x=\"2\" y=\"11\">{}</text></svg>", grouped(most));
    svg
}

/// Time from left to right, duration from below to above by factors of two, the more the darker.
pub(super) fn heat(rows: &[Timeline], first: u64, last: u64) -> String {
    const ROW: usize = 14;
    let counts: Vec<_> = rows.iter().map(|row| row.between(first, last, STEPS)).collect();
    let used: Vec<_> = counts
        .iter()
        .enumerate()
        .filter(|(_, row)| row.iter().any(|count| *count > 0))
        .map(|(place, _)| place)
        .collect();
    let (Some(low), Some(high)) = (used.first().copied(), used.last().copied()) else { return String::new() };
    let most = counts.iter().flatten().copied().max().unwrap_or(0).max(1) as f64;
    let height = (high - low + 1) * ROW;
    let label = format!(
        "Durations from {} to {}: between {} and {}",
        time::plain(first),
        time::plain(last),
        human(floor_of(low)),
        human(floor_of(high + 1))
    );
    let mut svg = open(&label, height + 20);
    for (place, row) in counts.iter().enumerate().take(high + 1).skip(low) {
        let width = WIDTH as f64 / row.len().max(1) as f64;
        let y = (high - place) * ROW;
        for (step, count) in row.iter().enumerate().filter(|(_, count)| **count > 0) {
            // A single slow call is seen beside thousands of quick ones.
            let shade = 0.15 + 0.85 * (*count as f64).ln_1p() / most.ln_1p();
            let x = step as f64 * width;
            _ = write!(
                svg,
                "<path class=\"cool\" opacity=\"{shade:.2}\" d=\"M{x:.1} {y}h{:.1}v{}h-{:.1}z\"/>",
                (width - 0.5).max(0.5),
                ROW - 1,
                (width - 0.5).max(0.5)
            );
        }
        if (high - place).is_multiple_of(2) {
            _ = write!(svg, "<text x=\"2\" y=\"{}\">{}</text>", y + 11, human(floor_of(place)));
        }
    }
    axis(&mut svg, height, first, last);
    svg.push_str("</svg>\n");
    svg
}

/// Rows of the heat: 64 µs and less, then by factors of two.
pub(crate) const ROWS: usize = 24;

/// The row of a duration in microseconds.
pub(crate) fn row_of(duration: u64) -> usize {
    ((duration.max(1).ilog2() as usize).saturating_sub(5)).min(ROWS - 1)
}

fn floor_of(row: usize) -> u64 {
    if row == 0 { 0 } else { 1 << (row + 5) }
}

/// From p50 to p99 on a scale that all rows share, with a mark at p90.
pub(super) fn strip(p50: u64, p90: u64, p99: u64, longest: u64) -> String {
    let scale =
        |micros: u64| (micros.max(10) as f64 / 10.0).ln() / (longest.max(100) as f64 / 10.0).ln() * 120.0;
    let (from, mark, to) = (scale(p50), scale(p90), scale(p99));
    format!(
        "<svg viewBox=\"0 0 122 12\" width=\"122\" height=\"12\" role=\"img\" aria-label=\"{} to {}\">\
         <path class=\"base\" d=\"M0 6h122\"/><path class=\"range\" d=\"M{from:.1} 2h{:.1}v8h-{:.1}z\"/>\
         <path class=\"cool\" d=\"M{mark:.1} 1h2v10h-2z\"/></svg>",
        human(p50),
        human(p99),
        (to - from).max(1.0),
        (to - from).max(1.0)
    )
}

pub(super) fn spark(counts: &[u64]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let width = 120.0 / counts.len().max(1) as f64;
    let mut svg = format!(
        "<svg viewBox=\"0 0 120 16\" width=\"120\" height=\"16\" role=\"img\" aria-label=\"at most {most} at a time\"><path class=\"bad\" d=\""
    );
    for (place, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (*count as f64 / most as f64 * 16.0).max(1.0);
        _ = write!(
            svg,
            "M{:.1} 16v-{height:.1}h{:.1}v{height:.1}z",
            place as f64 * width,
            (width - 0.3).max(0.5)
        );
    }
    svg.push_str("\"/></svg>");
    svg
}

fn open(label: &str, height: usize) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{label}\"><title>{label}</title>"
    )
}

/// The moments below.
fn axis(svg: &mut String, height: usize, first: u64, last: u64) {
    _ = write!(svg, "<path class=\"base\" d=\"M0 {height}.5h{WIDTH}\"/>");
    for (x, anchor, at) in
        [(0, "start", first), (WIDTH / 2, "middle", first + (last - first) / 2), (WIDTH, "end", last)]
    {
        _ = write!(
            svg,
            "<text x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
            height + 14,
            time::plain(at)
        );
    }
}
