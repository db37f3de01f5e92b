//! Failures, equal ones in one group.

mod collector;
mod fingerprint;
mod said;

pub(crate) use collector::Collector;

use super::{
    find::{self, Go},
    stats::Timeline,
    trouble::Trouble,
};
use crate::{
    Failure,
    args::{Only, Options},
    entry::Kind,
    filter::Filter,
    read::LogSet,
    time,
};

/// Failures that are one by method, route, status, type and message.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) fingerprint: u64,
    pub(crate) route: String,
    pub(crate) status: u16,
    pub(crate) outcome: String,
    pub(crate) error_type: String,
    /// As it was the last time.
    pub(crate) message: String,
    pub(crate) location: String,
    pub(crate) count: u64,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) timeline: Timeline,
    /// The last ones, the newest last.
    pub(crate) ids: Vec<String>,
    pub(crate) dumps: Vec<String>,
}

impl Group {
    /// How it ended, in a word or two: `500`, `panicked`, `200, body error`.
    pub(crate) fn ending(&self) -> String {
        let outcome = self.outcome.replace('_', " ");
        match (self.status, outcome.as_str()) {
            (0, _) => outcome,
            (status, "" | "complete") => status.to_string(),
            (status, _) => format!("{status}, {outcome}"),
        }
    }

    /// The id to look at: the newest that has a dump, else the newest.
    pub(crate) fn sample(&self) -> &str {
        let dumped = self.dumps.last().and_then(|name| id_of_dump(name));
        dumped.or(self.ids.last().map(String::as_str)).unwrap_or_default()
    }
}

/// A dump's name ends with the id.
pub(crate) fn id_of_dump(name: &str) -> Option<&str> {
    let name = name.strip_suffix(".json")?;
    name.get(name.len().checked_sub(36)?..)
}

/// All groups, the most frequent first.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    pub(crate) groups: Vec<Group>,
    /// Failures past the cap of groups.
    pub(crate) others: u64,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Failures {
    /// Reads errors.log; where there is none, or api.log is asked for, the responses of api.log. `since`: not what was
    /// before.
    pub(crate) fn of(
        options: &Options,
        set: &LogSet,
        since: Option<u64>,
        trouble: &mut Trouble,
    ) -> Result<Self, Failure> {
        // Whether bodies are asked about: errors.log has none.
        let since = options.filter.since.max(since);
        let filter = Filter { errors_only: true, since, ..options.filter.clone() };
        let series: Vec<_> = match set.named("errors").filter(|_| options.kind != Some(Only::Api)) {
            Some(series) => vec![series],
            None => set.exchanges().collect(),
        };
        let mut collector = Collector::default();
        for series in series {
            find::each(series, &filter, trouble, |entry, _, _, _| {
                let is_one = matches!(entry.kind, Kind::Error | Kind::Exception | Kind::Response);
                if is_one && filter.passes(entry, None) {
                    collector.take(entry);
                }
                Go::On
            })?;
        }
        Ok(collector.end())
    }
}

pub(crate) fn as_json(group: &Group) -> serde_json::Value {
    let mut value = serde_json::json!({
        "fingerprint": format!("{:016x}", group.fingerprint),
        "route": group.route,
        "outcome": group.outcome,
        "error_type": group.error_type,
        "message": group.message,
        "location": group.location,
        "count": group.count,
        "first": time::full(group.first),
        "last": time::full(group.last),
        "ids": group.ids,
        "dumps": group.dumps,
    });
    if group.status > 0
        && let Some(object) = value.as_object_mut()
    {
        object.insert("status_code".into(), group.status.into());
    }
    value
}
