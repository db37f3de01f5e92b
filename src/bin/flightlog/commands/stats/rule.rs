use super::Tally;
use crate::{Failure, time};

/// `--fail-if`: a figure of all exchanges together, compared with a limit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rule {
    figure: Figure,
    above: bool,
    or_equal: bool,
    limit: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Figure {
    ErrorRate,
    Errors,
    Requests,
    Rate,
    Max,
    /// In milliseconds.
    Percentile(f64),
}

impl Rule {
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = |why: &str| {
            Failure::usage(format!(
                "--fail-if '{text}': {why}\ntry: --fail-if 'error_rate>0.05' or --fail-if 'p99>2s'"
            ))
        };
        let at = text.find(['<', '>']).ok_or_else(|| wrong("want a figure, < or >, and a limit"))?;
        let (name, rest) = text.split_at_checked(at).unwrap_or_default();
        let figure = match name.trim() {
            "error_rate" => Figure::ErrorRate,
            "errors" => Figure::Errors,
            "requests" => Figure::Requests,
            "rate" => Figure::Rate,
            "max" => Figure::Max,
            "p50" => Figure::Percentile(0.5),
            "p90" => Figure::Percentile(0.9),
            "p95" => Figure::Percentile(0.95),
            "p99" => Figure::Percentile(0.99),
            "p99.9" => Figure::Percentile(0.999),
            _ => {
                return Err(wrong(
                    "there are error_rate, errors, requests, rate, p50, p90, p95, p99, p99.9, max",
                ));
            }
        };
        let above = rest.starts_with('>');
        let rest = rest.get(1..).unwrap_or_default();
        let (or_equal, limit) = rest.strip_prefix('=').map_or((false, rest), |rest| (true, rest));
        let limit = limit.trim();
        let number = match figure {
            Figure::Max | Figure::Percentile(_) => {
                time::typed_length(limit).map(|micros| micros as f64 / 1000.0)
            }
            _ => limit
                .strip_suffix('%')
                .and_then(|share| share.trim().parse::<f64>().ok())
                .map(|share| share / 100.0),
        };
        let limit = number
            .or_else(|| limit.parse().ok())
            .filter(|limit| limit.is_finite())
            .ok_or_else(|| wrong("want a number, a length of time (2s), or a share (5%)"))?;
        Ok(Self { figure, above, or_equal, limit })
    }

    /// Whether it holds, and what the figure is.
    pub(crate) fn holds(&self, all: &Tally, seconds: f64) -> (bool, f64) {
        let figure = match self.figure {
            Figure::ErrorRate => all.error_rate(),
            Figure::Errors => all.failed as f64,
            Figure::Requests => all.count as f64,
            Figure::Rate => all.count as f64 / seconds.max(1.0),
            Figure::Max => all.max as f64 / 1000.0,
            Figure::Percentile(share) => all.percentile(share) as f64 / 1000.0,
        };
        let beyond = if self.above { figure > self.limit } else { figure < self.limit };
        (beyond || (self.or_equal && figure == self.limit), figure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_compare_figures_with_limits() {
        let mut all = Tally::default();
        for n in 1..=100 {
            all.add(Some(n * 10_000), n > 94);
        }
        for (text, expected) in [
            ("error_rate>0.05", true),
            ("error_rate > 5%", true),
            ("error_rate>0.06", false),
            ("error_rate>=6%", true),
            ("p99>2s", false),
            ("p99>500ms", true),
            ("p50>400", true),
            ("max>=1s", true),
            ("requests<100", false),
            ("requests<=100", true),
            ("rate<11", true),
        ] {
            assert_eq!(Rule::parse(text).unwrap().holds(&all, 10.0).0, expected, "{text}");
        }
        // A burst within a second is no higher rate than what came.
        assert!(!Rule::parse("rate>100").unwrap().holds(&all, 0.0).0);
        for text in ["", "p99", "p98>1", "p99>", "error_rate>many", ">1", "p99>nan", "max>inf"] {
            assert!(Rule::parse(text).unwrap_err().to_string().contains("try: --fail-if"), "{text}");
        }
    }
}
