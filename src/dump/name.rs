use std::fmt;

use crate::exchange::{RequestId, Timestamp};

/// Triggers that are not a status.
const WORDS: [&str; 5] = ["panic", "error", "aborted", "slow", "manual"];
/// As long as `20261120T103000.123456Z`.
const TIME: usize = 23;

/// The name of an exchange's dump, `{time}-{trigger}-{request_id}.json`: none of it comes from a client.
pub(super) fn name(at: Timestamp, trigger: impl fmt::Display, id: RequestId) -> String {
    format!("{}-{trigger}-{id}.json", at.compact())
}

/// The trigger in a name that is exactly one of ours.
pub(super) fn trigger(name: &str) -> Option<&str> {
    let (time, rest) = name.split_at_checked(TIME)?;
    let (trigger, id) = rest.strip_prefix('-')?.strip_suffix(".json")?.split_once('-')?;
    (is_time(time) && is_trigger(trigger) && is_id(id)).then_some(trigger)
}

/// Under which a dump stands until it is whole.
pub(super) fn temporary(name: &str) -> String {
    format!(".{name}.tmp")
}

/// True for a name that `temporary` makes.
pub(super) fn is_temporary(name: &str) -> bool {
    name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp")).and_then(trigger).is_some()
}

fn is_time(text: &str) -> bool {
    text.bytes().zip(b"dddddddd".iter().chain(b"Tdddddd.ddddddZ")).all(|(byte, pattern)| match pattern {
        b'd' => byte.is_ascii_digit(),
        other => byte == *other,
    })
}

fn is_trigger(text: &str) -> bool {
    let is_status = || text.len() == 3 && text.starts_with('5') && text.bytes().all(|b| b.is_ascii_digit());
    WORDS.contains(&text) || is_status()
}

fn is_id(text: &str) -> bool {
    text.parse::<RequestId>().is_ok_and(|id| id.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::{is_temporary, name, temporary, trigger};
    use crate::export::fixtures::failed;

    const NAME: &str = "20261120T103000.123456Z-500-0198c0de-0000-7000-8000-000000000001.json";

    #[test]
    fn a_name_is_time_trigger_and_our_id() {
        let exchange = failed(&[]);
        assert_eq!(name(exchange.finished, 500, exchange.request_id), NAME);
        assert_eq!(trigger(NAME), Some("500"));
        assert!(is_temporary(&temporary(NAME)) && trigger(&temporary(NAME)).is_none());
        assert_eq!(trigger(&NAME.replace("-500-", "-panic-")), Some("panic"));
    }

    #[test]
    fn anything_else_is_not_ours() {
        for other in [
            "",
            "notes.json",
            "../20261120T103000.123456Z-500-0198c0de-0000-7000-8000-000000000001.json",
            "20261120T103000.123456Z-404-0198c0de-0000-7000-8000-000000000001.json",
            "20261120T103000.123456Z-5é-0198c0de-0000-7000-8000-000000000001.json",
            "20261120T103000.123456Z-why-0198c0de-0000-7000-8000-000000000001.json",
            "20261120T103000.123456Z-500-0198C0DE-0000-7000-8000-000000000001.json",
            "20261120T103000.123456Z-500-0198c0de000070008000000000000001.json",
            "20261120T103000.123456Z-500-0198c0de-0000-7000-8000-000000000001.json.bak",
            "20261120T103000x123456Z-500-0198c0de-0000-7000-8000-000000000001.json",
            "2026112éT103000.123456Z-500-0198c0de-0000-7000-8000-000000000001.json",
        ] {
            assert_eq!(trigger(other), None, "{other}");
            assert!(!is_temporary(other) && !is_temporary(&temporary(other)), "{other}");
        }
    }
}
