//! Columns over time. What they show is said in words too, for those who do not see them.

use std::fmt::Write;

use super::axis::{Axis, Scale, brief};
use crate::term::grouped;

/// What is drawn in one place.
pub(super) struct Chart<'c> {
    pub(super) title: &'c str,
    /// For those who do not see it.
    pub(super) said: &'c str,
    /// Counts below and above, each with a name and the class of its colour.
    pub(super) parts: [(&'c str, &'c str, &'c [u64]); 2],
    /// Whether it is low, beside a larger one.
    pub(super) is_low: bool,
}

/// The height of a drawing in units of its own; it is stretched to where it stands.
const HIGH: f64 = 200.0;

impl Chart<'_> {
    /// Two counts upon each other.
    pub(super) fn stacked(&self, axis: &Axis) -> String {
        let [(lower_name, lower_class, lower), (upper_name, upper_class, upper)] = self.parts;
        let sums: Vec<u64> = lower.iter().zip(upper).map(|(a, b)| a.saturating_add(*b)).collect();
        let scale = Scale::whole(sums.iter().copied().max().unwrap_or(0));
        let mut html = self.open();
        for (name, class) in [(upper_name, upper_class), (lower_name, lower_class)] {
            _ = write!(html, "<span class=\"key\"><i class=\"{class}\"></i>{name}</span>");
        }
        html.push_str("</figcaption><div class=\"plot\">");
        html.push_str(&scale.labels(brief));
        self.svg(&mut html, axis, &scale);
        columns(&mut html, upper_class, lower, upper, scale.top);
        columns(&mut html, lower_class, &[], lower, scale.top);
        hover(&mut html, axis, |place| {
            let of = |counts: &[u64]| counts.get(place).copied().unwrap_or(0);
            format!("{} {upper_name}, {} {lower_name}", grouped(of(upper)), grouped(of(lower)))
        });
        html.push_str("</svg>");
        html.push_str(&axis.labels());
        html.push_str("</div></figure>\n");
        html
    }

    /// What share the lower count has of both.
    pub(super) fn share(&self, axis: &Axis) -> String {
        let [(name, class, part), (_, _, rest)] = self.parts;
        let share = |part: u64, rest: u64| part as f64 * 100.0 / part.saturating_add(rest).max(1) as f64;
        let shares: Vec<f64> = part.iter().zip(rest).map(|(part, rest)| share(*part, *rest)).collect();
        let scale = Scale::to(shares.iter().copied().fold(0.0, f64::max));
        let scale = if scale.top > 100.0 { Scale::to(100.0) } else { scale };
        let mut html = self.open();
        html.push_str("</figcaption><div class=\"plot\">");
        html.push_str(&scale.labels(|share| format!("{} %", brief(share))));
        self.svg(&mut html, axis, &scale);
        // In thousandths of the scale, as the columns are whole numbers.
        let heights: Vec<u64> = shares.iter().map(|share| (share * 1000.0) as u64).collect();
        columns(&mut html, class, &[], &heights, scale.top * 1000.0);
        hover(&mut html, axis, |place| {
            let of = |counts: &[u64]| counts.get(place).copied().unwrap_or(0);
            let (part, rest) = (of(part), of(rest));
            format!("{:.1} % {name}, {} of {}", share(part, rest), grouped(part), grouped(part + rest))
        });
        html.push_str("</svg>");
        html.push_str(&axis.labels());
        html.push_str("</div></figure>\n");
        html
    }

    fn open(&self) -> String {
        let class = if self.is_low { " class=\"low\"" } else { "" };
        format!("<figure{class}><figcaption><b>{}</b>", self.title)
    }

    fn svg(&self, html: &mut String, axis: &Axis, scale: &Scale) {
        let (wide, said) = (axis.0.count, self.said);
        _ = write!(
            html,
            "<svg viewBox=\"0 0 {wide} {HIGH}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{said}\"><path class=\"grid\" d=\""
        );
        for line in scale.lines() {
            _ = write!(html, "M0 {:.0}h{wide}", HIGH - line * HIGH / scale.top);
        }
        html.push_str("\"/>");
    }
}

/// Columns of one colour, upon others.
fn columns(html: &mut String, class: &str, below: &[u64], counts: &[u64], top: f64) {
    _ = write!(html, "<path class=\"{class}\" d=\"");
    for (place, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let foot = below.get(place).map_or(0.0, |below| *below as f64 * HIGH / top);
        // What is there at all is seen.
        let height = (*count as f64 * HIGH / top).max(1.5);
        let gap = if counts.len() > 1 { 0.1 } else { 0.0 };
        _ = write!(
            html,
            "M{:.1} {:.1}v-{height:.1}h{:.1}v{height:.1}z",
            place as f64 + gap,
            HIGH - foot,
            1.0 - 2.0 * gap
        );
    }
    html.push_str("\"/>");
}

/// What is said of a step where the mouse is on it.
pub(super) fn hover(html: &mut String, axis: &Axis, says: impl Fn(usize) -> String) {
    html.push_str("<g class=\"hit\">");
    for place in 0..axis.0.count {
        _ = write!(
            html,
            "<path d=\"M{place} 0h1v{HIGH}h-1z\"><title>{}: {}</title></path>",
            axis.span(place),
            says(place)
        );
    }
    html.push_str("</g>");
}

/// A few counts in a row of a table.
pub(super) fn spark(counts: &[u64]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let wide = counts.len().max(1);
    let mut svg = format!(
        "<svg class=\"spark\" viewBox=\"0 0 {wide} 24\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"at most {most} at a time\"><path class=\"bad\" d=\""
    );
    for (place, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (*count as f64 * 24.0 / most as f64).max(2.0);
        _ = write!(svg, "M{place} 24v-{height:.0}h.8v{height:.0}z");
    }
    svg.push_str("\"/></svg>");
    svg
}
