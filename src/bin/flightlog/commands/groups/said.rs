use std::borrow::Cow;

use super::Group;
use crate::{
    commands::stats::Timeline,
    entry::{Entry, Kind, is_head_or_body},
    json,
};

/// What a failure's entry says.
#[derive(Debug, Default)]
pub(super) struct Said<'a> {
    pub(super) error_type: Cow<'a, str>,
    pub(super) message: Cow<'a, str>,
    pub(super) location: Cow<'a, str>,
    pub(super) dump: Cow<'a, str>,
}

impl<'a> Said<'a> {
    pub(super) fn of(entry: &Entry<'a>) -> Self {
        let message = if entry.kind == Kind::Response { "error_message" } else { "message" };
        let mut found = [None; 4];
        let mut members = entry.told();
        while !(entry.is_ours && is_head_or_body(members.rest()))
            && let Some(member) = members.next()
        {
            let spelled = member.spelled();
            let place = match spelled.as_ref() {
                b"error_type" => 0,
                key if key == message.as_bytes() => 1,
                b"location" => 2,
                b"dump" => 3,
                _ => continue,
            };
            if let Some(value) = found.get_mut(place) {
                value.get_or_insert(member.value);
            }
        }
        let [error_type, message, location, dump] =
            found.map(|value| value.map(json::text).unwrap_or_default());
        Self { error_type, message, location, dump }
    }

    pub(super) fn group(&self, entry: &Entry<'_>, fingerprint: u64) -> Group {
        Group {
            fingerprint,
            route: format!("{} {}", json::unescape(entry.method), json::unescape(entry.endpoint)),
            status: entry.status,
            outcome: json::unescape(entry.outcome).into_owned(),
            error_type: self.error_type.clone().into_owned(),
            message: String::new(),
            location: self.location.clone().into_owned(),
            count: 0,
            first: entry.at,
            last: entry.at,
            timeline: Timeline::default(),
            ids: Vec::new(),
            dumps: Vec::new(),
        }
    }
}
