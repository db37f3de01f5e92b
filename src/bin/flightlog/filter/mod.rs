//! Which exchanges are wanted: the flags that all commands share.

mod glob;
mod question;

pub(crate) use glob::Glob;
pub(crate) use question::Question;

use crate::{
    entry::{Entry, Kind},
    json,
};

/// What must hold, all of it. The default lets everything pass.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Microseconds, the first and the last moment.
    pub(crate) since: Option<u64>,
    pub(crate) until: Option<u64>,
    pub(crate) status: Vec<Status>,
    pub(crate) methods: Vec<String>,
    pub(crate) endpoints: Vec<Glob>,
    /// Microseconds: those that took as long or longer.
    pub(crate) slow: Option<u64>,
    pub(crate) id: Option<String>,
    pub(crate) question: Option<Question>,
    pub(crate) errors_only: bool,
}

/// `5xx`, `429`, `400-499`, or `none` for those without a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    from: u16,
    to: u16,
}

impl Status {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text == "none" || text == "---" {
            return Some(Self { from: 0, to: 0 });
        }
        let lower = text.to_ascii_lowercase();
        if let Some(class) = lower.strip_suffix("xx") {
            let class: u16 = class.parse().ok().filter(|class| (1..=9).contains(class))?;
            return Some(Self { from: class * 100, to: class * 100 + 99 });
        }
        let code = |text: &str| text.parse().ok().filter(|code| (100..=999).contains(code));
        match lower.split_once('-') {
            Some((from, to)) => {
                Some(Self { from: code(from)?, to: code(to)? }).filter(|range| range.from <= range.to)
            }
            None => code(&lower).map(|code| Self { from: code, to: code }),
        }
    }
}

impl Filter {
    /// Whether it asks about the request's part, which may stand in an entry of its own.
    pub(crate) fn needs_request(&self) -> bool {
        self.question.as_ref().is_some_and(Question::needs_request)
    }

    /// Whether anything but time is asked.
    pub(crate) fn asks_about_exchanges(&self) -> bool {
        !self.status.is_empty()
            || !self.methods.is_empty()
            || !self.endpoints.is_empty()
            || self.slow.is_some()
            || self.question.is_some()
    }

    /// Whether it lets everything pass.
    pub(crate) fn is_open(&self) -> bool {
        self.since.is_none()
            && self.until.is_none()
            && self.id.is_none()
            && !self.errors_only
            && !self.asks_about_exchanges()
    }

    /// Whether an entry passes. `request` is the request entry of the same exchange, where there is one.
    pub(crate) fn passes(&self, entry: &Entry<'_>, request: Option<&[u8]>) -> bool {
        self.is_in_time(entry.at)
            && self.is_of_exchange(entry)
            && self.id.as_ref().is_none_or(|id| is_id(entry, id))
            && self.question.as_ref().is_none_or(|question| question.holds(entry, request))
    }

    pub(crate) fn is_in_time(&self, at: u64) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at <= until)
    }

    /// Whether nothing that passes can come after an entry of this time: lines are in order but for a few seconds.
    pub(crate) fn is_over(&self, at: u64) -> bool {
        self.until.is_some_and(|until| at > until.saturating_add(10_000_000))
    }

    /// The same the other way round.
    pub(crate) fn is_before(&self, at: u64) -> bool {
        at > 0 && self.since.is_some_and(|since| at.saturating_add(10_000_000) < since)
    }

    fn is_of_exchange(&self, entry: &Entry<'_>) -> bool {
        if self.errors_only && !entry.is_failure() {
            return false;
        }
        if !self.status.is_empty() {
            let ended = !matches!(entry.kind, Kind::Request | Kind::Recorder | Kind::Told);
            let code = entry.status;
            if !ended || !self.status.iter().any(|status| (status.from..=status.to).contains(&code)) {
                return false;
            }
        }
        if !self.methods.is_empty()
            && !self.methods.iter().any(|method| entry.method.eq_ignore_ascii_case(method.as_bytes()))
        {
            return false;
        }
        if !self.endpoints.is_empty() {
            let endpoint = json::unescape(entry.endpoint);
            if !self.endpoints.iter().any(|glob| glob.matches(&endpoint)) {
                return false;
            }
        }
        self.slow.is_none_or(|slow| entry.duration.is_some_and(|duration| duration >= slow))
    }
}

/// Whether an id begins or ends like this, or is the client's own.
pub(crate) fn is_id(entry: &Entry<'_>, id: &str) -> bool {
    let wanted = id.as_bytes();
    if begins_or_ends(entry.id, wanted) {
        return true;
    }
    // Ours are walked for the client's only where it can be: text that is no id of ours.
    memchr::memmem::find(entry.line, wanted).is_some()
        && entry.text("client_request_id").is_some_and(|client| client.starts_with(id))
}

/// Whether an id begins or ends so, in small or large letters.
pub(crate) fn begins_or_ends(id: &[u8], wanted: &[u8]) -> bool {
    begins(id, wanted)
        || id
            .len()
            .checked_sub(wanted.len())
            .and_then(|from| id.get(from..))
            .is_some_and(|end| !wanted.is_empty() && end.eq_ignore_ascii_case(wanted))
}

/// Whether an id begins so, in small or large letters.
pub(crate) fn begins(id: &[u8], wanted: &[u8]) -> bool {
    !wanted.is_empty() && id.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Parser;

    const LINE: &str = r#"{"timestamp":"2026-11-20T10:30:00.135799Z","level":"ERROR","type":"response","run":"a1b2c3d4","seq":4,"request_id":"0198c0de-0000-7000-8000-000000000001","method":"POST","endpoint":"/orders/{id}","status_code":500,"duration_ms":12.343,"ttfb_ms":11.250,"outcome":"complete","message":"Outgoing response","client_request_id":"abc-1"}"#;

    fn passes(change: impl FnOnce(&mut Filter)) -> bool {
        let mut filter = Filter::default();
        change(&mut filter);
        filter.passes(&Parser::default().read(LINE.as_bytes(), false).unwrap(), None)
    }

    #[test]
    fn each_flag_lets_pass_what_it_names() {
        let at = 1_795_170_600_135_799;
        assert!(passes(|_| {}));
        for (text, expected) in
            [("5xx", true), ("500", true), ("4xx", false), ("400-599", true), ("none", false)]
        {
            assert_eq!(
                passes(|filter| filter.status = vec![Status::parse(text).unwrap()]),
                expected,
                "{text}"
            );
        }
        for (text, expected) in [("post", true), ("GET", false)] {
            assert_eq!(passes(|filter| filter.methods = vec![text.into()]), expected, "{text}");
        }
        for (text, expected) in [("/orders/*", true), ("*id}", true), ("/orders", false)] {
            assert_eq!(passes(|filter| filter.endpoints = vec![Glob::new(text)]), expected, "{text}");
        }
        for (text, expected) in
            [("0198c0de", true), ("00000001", true), ("abc-1", true), ("0198C0DE", true), ("0002", false)]
        {
            assert_eq!(passes(|filter| filter.id = Some(text.into())), expected, "{text}");
        }
        for (slow, expected) in [(12_343, true), (12_344, false)] {
            assert_eq!(passes(|filter| filter.slow = Some(slow)), expected);
        }
        assert!(passes(|filter| (filter.since, filter.until) = (Some(at), Some(at))));
        assert!(!passes(|filter| filter.since = Some(at + 1)));
        assert!(!passes(|filter| filter.until = Some(at - 1)));
        assert!(passes(|filter| filter.errors_only = true));
    }

    #[test]
    fn what_is_no_status_is_refused() {
        for text in ["", "xx", "99", "0xx", "5xxx", "abc", "1000", "500-", "599-500"] {
            assert_eq!(Status::parse(text), None, "{text}");
        }
    }
}
