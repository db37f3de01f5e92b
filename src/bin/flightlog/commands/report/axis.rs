//! Time from left to right, numbers from below to above.

use std::fmt::Write;

use crate::{
    commands::stats::{Steps, Timeline},
    time::{self, DAY, HOUR, MINUTE, SECOND},
};

/// Steps of time at most.
pub(super) const STEPS: usize = 120;

/// Time in steps of one length.
pub(super) struct Axis(pub(super) Steps);

/// Labels at most.
const LABELS: u64 = 8;
/// What people count time in.
const ROUND: [u64; 22] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    28 * DAY,
    365 * DAY,
];

impl Axis {
    pub(super) fn new(first: u64, last: u64) -> Self {
        Self(Timeline::steps(first, last, STEPS))
    }

    fn ends(&self) -> u64 {
        self.0.begins + self.0.width * self.0.count as u64
    }

    /// How long a step is, behind a "per": `second`, `32 s`.
    pub(super) fn step(&self) -> String {
        match self.0.width {
            SECOND => "second".into(),
            width if width < 2 * MINUTE => format!("{} s", width / SECOND),
            width if width < 2 * HOUR => format!("{} min", (width + MINUTE / 2) / MINUTE),
            width if width < 2 * DAY => format!("{} h", (width + HOUR / 2) / HOUR),
            width => format!("{} days", (width + DAY / 2) / DAY),
        }
    }

    /// When a step is: `10:30:00 to 10:30:32`.
    pub(super) fn span(&self, place: usize) -> String {
        let from = self.0.begins + self.0.width * place as u64;
        let (from, to) = (time::plain(from), time::plain(from + self.0.width));
        let is_one_day = time::day(self.0.begins) == time::day(self.ends());
        let short = |text: &str| text.get(11..).unwrap_or_default().to_owned();
        match from.get(..11) == to.get(..11) {
            true if is_one_day => format!("{} to {}", short(&from), short(&to)),
            true => format!("{from} to {}", short(&to)),
            false => format!("{from} to {to}"),
        }
    }

    /// The moments below a drawing, as HTML. Its span is said elsewhere in words.
    pub(super) fn labels(&self) -> String {
        let (begins, length) = (self.0.begins, self.ends() - self.0.begins);
        let step = ROUND.into_iter().find(|step| length / step <= LABELS).unwrap_or(length.max(1));
        let mut html = String::from("<div class=\"x\" aria-hidden=\"true\">");
        let mut at = begins.div_ceil(step) * step;
        while at < begins + length {
            let share = (at - begins) as f64 * 100.0 / length as f64;
            // One at the very edge would stand out of the drawing.
            if (1.5..=98.0).contains(&share) {
                let text = time::plain(at);
                let text = match step {
                    _ if at.is_multiple_of(DAY) => text.get(5..10),
                    DAY.. => text.get(5..10),
                    MINUTE.. => text.get(11..16),
                    _ => text.get(11..19),
                };
                _ = write!(html, "<span style=\"left:{share:.1}%\">{}</span>", text.unwrap_or_default());
            }
            at += step;
        }
        html.push_str("</div>");
        html
    }
}

/// Numbers from nothing to a round one above all of them.
pub(super) struct Scale {
    step: f64,
    pub(super) top: f64,
}

impl Scale {
    pub(super) fn to(most: f64) -> Self {
        let most = if most > 0.0 { most } else { 1.0 };
        let power = 10_f64.powf((most / 3.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = step.into_iter().find(|step| most / step <= 3.0).unwrap_or(most);
        Self { step, top: (most / step).ceil() * step }
    }

    /// Whole numbers have no halves between them.
    pub(super) fn whole(most: u64) -> Self {
        let scale = Self::to(most as f64);
        if scale.step < 1.0 { Self { step: 1.0, top: most.max(1) as f64 } } else { scale }
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = f64> {
        let count = (self.top / self.step).round() as usize;
        let step = self.step;
        (0..=count).map(move |place| place as f64 * step)
    }

    /// The numbers beside a drawing, as HTML.
    pub(super) fn labels(&self, name: impl Fn(f64) -> String) -> String {
        let mut html = String::from("<div class=\"y\" aria-hidden=\"true\">");
        for line in self.lines() {
            let share = line * 100.0 / self.top;
            _ = write!(html, "<span style=\"bottom:{share:.0}%\">{}</span>", name(line));
        }
        html.push_str("</div>");
        html
    }
}

/// A number in few characters: `1.2k`.
pub(super) fn brief(number: f64) -> String {
    let (number, unit) = match number {
        1e9.. => (number / 1e9, "G"),
        1e6.. => (number / 1e6, "M"),
        1e4.. => (number / 1e3, "k"),
        _ => (number, ""),
    };
    let text = format!("{number:.1}");
    format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_round_and_hold_all() {
        for most in [0.0, 0.004, 0.1, 1.0, 3.0, 7.0, 49.0, 250.0, 1234.0, 9e9] {
            let scale = Scale::to(most);
            assert!(scale.top >= most && scale.top <= most.max(1.0) * 2.0, "{most} {}", scale.top);
            assert!((1..=4).contains(&scale.lines().skip(1).count()), "{most}");
        }
        let lines = |most| Scale::whole(most).lines().collect::<Vec<_>>();
        assert_eq!(
            [lines(1), lines(2), lines(70)],
            [vec![0.0, 1.0], vec![0.0, 1.0, 2.0], vec![0.0, 50.0, 100.0]]
        );
        assert_eq!([0.5, 950.0, 12_300.0, 4e6].map(brief), ["0.5", "950", "12.3k", "4M"]);
    }

    #[test]
    fn moments_are_round_whatever_the_span() {
        let at = 1_795_170_600_000_000;
        for (length, label) in [
            (0, ""),
            (40 * SECOND, "10:30:10"),
            (HOUR, "10:40"),
            (DAY, "15:00"),
            (9 * DAY, "11-21"),
            (4000 * DAY, "</span>"),
        ] {
            let axis = Axis::new(at, at + length);
            assert!(axis.0.count <= STEPS);
            let html = axis.labels();
            assert!(html.contains(label), "{length}: {html}");
            assert!(html.matches("<span").count() <= 1 + LABELS as usize, "{html}");
        }
        assert_eq!(Axis::new(at, at + HOUR).span(0), "10:29:52 to 10:30:24");
        assert_eq!(Axis::new(at, at + HOUR).step(), "32 s");
    }
}
