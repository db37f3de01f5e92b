//! Durations as drawings: over time, and of one endpoint.

use std::fmt::Write;

use super::{axis::Axis, chart};
use crate::{commands::stats::Timeline, term::grouped, time::human};

/// Rows of the heat: 64 µs and less, then by factors of two.
pub(crate) const ROWS: usize = 24;
/// Shades of the heat.
const SHADES: usize = 7;

/// The row of a duration in microseconds.
pub(crate) fn row_of(duration: u64) -> usize {
    ((duration.max(1).ilog2() as usize).saturating_sub(5)).min(ROWS - 1)
}

fn floor_of(row: usize) -> u64 {
    if row == 0 { 0 } else { 1 << (row + 5) }
}

/// A duration with two digits, for what is no exact limit to anyone: `130 ms`.
fn about(micros: u64) -> String {
    if micros == 0 {
        return "0".into();
    }
    let (number, unit) = match micros {
        0..1_000 => (micros as f64, "µs"),
        1_000..1_000_000 => (micros as f64 / 1e3, "ms"),
        1_000_000..120_000_000 => (micros as f64 / 1e6, "s"),
        _ => (micros as f64 / 60e6, "min"),
    };
    let power = 10_f64.powf(number.max(1.0).log10().floor() - 1.0).min(10.0);
    let text = format!("{:.1}", (number / power).round() * power);
    format!("{} {unit}", text.strip_suffix(".0").unwrap_or(&text))
}

/// Time from left to right, duration from below to above by factors of two, the more the stronger.
pub(super) fn heat(rows: &[Timeline], first: u64, last: u64, axis: &Axis) -> String {
    let counts: Vec<_> = rows.iter().map(|row| row.between(first, last, super::axis::STEPS)).collect();
    let is_used = |row: &Vec<u64>| row.iter().any(|count| *count > 0);
    let (Some(low), Some(high)) = (counts.iter().position(is_used), counts.iter().rposition(is_used)) else {
        return String::new();
    };
    let most = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
    let (wide, tall) = (axis.0.count, high - low + 1);
    let mut html = String::from("<figure><figcaption><b>Requests by duration</b><span class=\"key\">1");
    for shade in 1..=SHADES {
        _ = write!(html, "<i class=\"s{shade}\"></i>");
    }
    _ = write!(html, "{} per {}</span></figcaption><div class=\"plot\">", grouped(most), axis.step());
    html.push_str("<div class=\"y\" aria-hidden=\"true\">");
    let every = tall.div_ceil(9);
    for row in (low..=high + 1).step_by(every) {
        let share = (row - low) as f64 * 100.0 / tall as f64;
        _ = write!(html, "<span style=\"bottom:{share:.1}%\">{}</span>", about(floor_of(row)));
    }
    _ = write!(
        html,
        "</div><svg viewBox=\"0 0 {wide} 200\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Durations over time: between {} and {}\">",
        about(floor_of(low)),
        about(floor_of(high + 1))
    );
    _ = write!(html, "<g transform=\"scale(1 {:.3})\">", 200.0 / tall as f64);
    cells(&mut html, counts.get(low..=high).unwrap_or_default(), most);
    html.push_str("</g>");
    chart::hover(&mut html, axis, |place| column(&counts, place));
    html.push_str("</svg>");
    html.push_str(&axis.labels());
    html.push_str("</div></figure>\n");
    html
}

/// A path for each shade; neighbours of one shade are one piece.
fn cells(html: &mut String, counts: &[Vec<u64>], most: u64) {
    // A single slow call is seen beside thousands of quick ones.
    let shade = |count: u64| match count {
        0 => 0,
        _ => 1 + ((count as f64 / most as f64).powf(0.35) * (SHADES - 1) as f64).round() as usize,
    };
    for wanted in 1..=SHADES {
        let mut path = String::new();
        for (place, row) in counts.iter().rev().enumerate() {
            let mut from = 0;
            for run in row.chunk_by(|a, b| shade(*a) == shade(*b)) {
                if run.first().is_some_and(|count| shade(*count) == wanted) {
                    _ = write!(path, "M{from} {place}h{}v1h-{}z", run.len(), run.len());
                }
                from += run.len();
            }
        }
        if !path.is_empty() {
            _ = write!(html, "<path class=\"s{wanted}\" d=\"{path}\"/>");
        }
    }
}

/// What a column says: how many, and between which durations most of them lie.
fn column(counts: &[Vec<u64>], place: usize) -> String {
    let column: Vec<u64> = counts.iter().map(|row| row.get(place).copied().unwrap_or(0)).collect();
    let all: u64 = column.iter().sum();
    let Some(longest) = column.iter().rposition(|count| *count > 0) else { return "none".into() };
    let mut seen = 0;
    let middle = column.iter().position(|count| {
        seen += count;
        seen * 2 >= all
    });
    let middle = middle.unwrap_or(longest);
    format!(
        "{}, median {} to {}, longest {} to {}",
        grouped(all),
        about(floor_of(middle)),
        about(floor_of(middle + 1)),
        about(floor_of(longest)),
        about(floor_of(longest + 1))
    )
}

/// Durations on a scale by powers of ten that all rows of a table share.
pub(super) struct Decades {
    low: f64,
    pub(super) count: usize,
}

impl Decades {
    /// All durations between these are on it.
    pub(super) fn of(least: u64, most: u64) -> Self {
        let low = (least.max(10) as f64).log10().floor();
        let high = (most.max(10) as f64 * 1.001).log10().ceil();
        Self { low, count: (high - low).max(1.0) as usize }
    }

    fn place(&self, micros: u64) -> f64 {
        let place = ((micros.max(1) as f64).log10() - self.low) / self.count as f64;
        (place * 1000.0).clamp(0.0, 1000.0)
    }

    /// The scale's numbers, as HTML.
    pub(super) fn labels(&self) -> String {
        let mut html = String::from(
            "<span class=\"said\">p50 to longest</span><span class=\"scale\" aria-hidden=\"true\">",
        );
        let every = self.count.div_ceil(4);
        for decade in (0..=self.count).step_by(every) {
            let share = decade as f64 * 100.0 / self.count as f64;
            let at = 10_f64.powf(self.low + decade as f64) as u64;
            _ = write!(html, "<span style=\"left:{share:.1}%\">{}</span>", about(at));
        }
        html.push_str("</span>");
        html
    }

    /// From the median over p90 and p99 to the longest.
    pub(super) fn strip(&self, [p50, p90, p99, max]: [u64; 4]) -> String {
        let [a, b, c, d] = [p50, p90, p99, max].map(|micros| self.place(micros));
        let said =
            format!("p50 {}, p90 {}, p99 {}, longest {}", human(p50), human(p90), human(p99), human(max));
        // The median is seen also where all are one.
        format!(
            "<svg class=\"strip\" viewBox=\"0 0 1000 16\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{said}\"><title>{said}</title>\
             <path class=\"s2\" d=\"M{a:.0} 7H{d:.0}v2H{a:.0}z\"/><path class=\"s3\" d=\"M{a:.0} 4H{c:.0}v8H{a:.0}z\"/>\
             <path class=\"s5\" d=\"M{a:.0} 4H{b:.0}v8H{a:.0}z\"/><path class=\"mark\" d=\"M{a:.0} 1h8v14h-8z\"/></svg>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_their_row_and_two_digits() {
        for (micros, row) in [(0, 0), (63, 0), (64, 1), (1000, 4), (1024, 5), (u64::MAX, ROWS - 1)] {
            assert_eq!(row_of(micros), row, "{micros}");
        }
        assert_eq!(
            [64, 1024, 8192, 131_072, 1_048_576, 16_777_216, 300_000_000].map(about),
            ["64 µs", "1 ms", "8.2 ms", "130 ms", "1 s", "17 s", "5 min"]
        );
        let decades = Decades::of(90, 1_000_000);
        assert_eq!((decades.count, decades.place(10), decades.place(1_000)), (6, 0.0, decades.place(1_000)));
    }
}
