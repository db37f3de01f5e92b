//! How many, how fast, how often wrong.

mod begun;
mod by;
mod gather;
mod histogram;
mod quick;
mod rule;
mod shown;
mod timeline;
mod walk;

pub(crate) use by::By;
pub(crate) use gather::Gathered;
pub(crate) use quick::Quick;
pub(crate) use timeline::{Steps, Timeline};

use histogram::Histogram;
use rule::Rule;

use super::trouble::Trouble;
use crate::{Failure, Found, args::Options, read::LogSet, say, term::Screen};

/// What is known of a group of exchanges.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    /// Failures: status from 500 on, or none.
    pub(crate) failed: u64,
    /// Microseconds, all together.
    pub(crate) total: u64,
    pub(crate) max: u64,
    histogram: Histogram,
}

impl Tally {
    pub(crate) fn add(&mut self, duration: Option<u64>, failed: bool) {
        self.count += 1;
        self.failed += u64::from(failed);
        if let Some(duration) = duration {
            self.total = self.total.saturating_add(duration);
            self.max = self.max.max(duration);
            self.histogram.add(duration);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.failed += other.failed;
        self.total = self.total.saturating_add(other.total);
        self.max = self.max.max(other.max);
        self.histogram.merge(&other.histogram);
    }

    pub(crate) fn error_rate(&self) -> f64 {
        self.failed as f64 / self.count.max(1) as f64
    }

    /// Whether how long it took is known of any.
    pub(crate) fn is_timed(&self) -> bool {
        !self.histogram.is_empty()
    }

    /// Microseconds. No step's middle is above the longest.
    pub(crate) fn percentile(&self, share: f64) -> u64 {
        self.histogram.percentile(share).min(self.max)
    }
}

pub(crate) fn stats(options: &Options, set: &LogSet, screen: &mut Screen<'_>) -> Result<Found, Failure> {
    let rules = options.fail_if.iter().map(|rule| Rule::parse(rule)).collect::<Result<Vec<_>, _>>()?;
    let by = options.by.as_deref().map_or(Ok(By::Endpoint), By::parse)?;
    let mut trouble = Trouble::default();
    let (gathered, failures) = Gathered::and_failures(options, set, by, &mut trouble)?;
    if options.json {
        shown::json(options, &gathered, &failures, screen)?;
    } else {
        shown::people(options, &gathered, &failures, screen)?;
    }
    trouble.tell();
    if rules.is_empty() {
        return Ok((gathered.all.count > 0).into());
    }
    screen.flush()?;
    let mut any = false;
    for (rule, typed) in rules.iter().zip(&options.fail_if) {
        let (holds, figure) = rule.holds(&gathered.all, gathered.seconds());
        if holds {
            let figure = (figure * 1000.0).round() / 1000.0;
            say(&format!("--fail-if '{typed}' holds: it is {figure}"));
        }
        any |= holds;
    }
    Ok((!any).into())
}
