use crate::{
    Failure,
    commands::{
        find::{self, Go, Spot},
        trouble::Trouble,
    },
    entry::Kind,
    filter::{Filter, begins, is_id},
    read::LogSet,
    time::{MILLISECOND, SECOND},
};

/// The entry that ends the exchange of an id: `latest`, `latest:error`, the first or last digits, or the client's own id.
pub(crate) fn end<'s>(set: &'s LogSet, id: &str) -> Result<Option<Spot<'s>>, Failure> {
    let mut trouble = Trouble::default();
    match id {
        "latest" => return newest(set, |_| true),
        "latest:error" => return Ok(newest(set, |is_failure| is_failure)?.or(newest_told(set)?)),
        _ => {}
    }
    if let Some((from, to)) = times_of(id) {
        let found = within(set, id, from, to, &mut trouble)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    let mut best: Option<Spot<'s>> = None;
    for series in set.exchanges() {
        let found = find::last(series, &Filter::default(), 1, &mut trouble, |entry| {
            entry.kind == Kind::Response && is_id(entry, id)
        })?;
        best = best.or(found.first().copied());
    }
    // The part of the log where it ended may be gone, and errors.log still have it.
    if best.is_none()
        && let Some(errors) = set.named("errors")
    {
        let found = find::last(errors, &Filter::default(), 1, &mut trouble, |entry| {
            matches!(entry.kind, Kind::Error | Kind::Exception) && is_id(entry, id)
        })?;
        best = found.first().copied();
    }
    // It began, and its end was never written.
    for series in set.exchanges() {
        if best.is_none() {
            let found = find::last(series, &Filter::default(), 1, &mut trouble, |entry| {
                entry.kind == Kind::Request && is_id(entry, id)
            })?;
            best = found.first().copied();
        }
    }
    Ok(best)
}

fn newest<'s>(set: &'s LogSet, wanted: impl Fn(bool) -> bool) -> Result<Option<Spot<'s>>, Failure> {
    let mut best: Option<Spot<'s>> = None;
    for series in set.exchanges() {
        let found = find::last(series, &Filter::default(), 1, &mut Trouble::default(), |entry| {
            entry.kind == Kind::Response && wanted(entry.is_failure())
        })?;
        best = best.into_iter().chain(found).max_by_key(|spot| spot.at);
    }
    Ok(best)
}

/// The newest failure of errors.log, where api.log has none any more.
fn newest_told(set: &LogSet) -> Result<Option<Spot<'_>>, Failure> {
    let Some(errors) = set.named("errors") else { return Ok(None) };
    let found = find::last(errors, &Filter::default(), 1, &mut Trouble::default(), |entry| {
        matches!(entry.kind, Kind::Error | Kind::Exception) && !entry.id.is_empty()
    })?;
    Ok(found.first().copied())
}

/// The moments at which requests whose ids begin like this arrived: the first 12 digits of a UUIDv7 are milliseconds.
fn times_of(id: &str) -> Option<(u64, u64)> {
    let digits: String = id.chars().filter(|c| *c != '-').take(12).collect();
    let is_prefix = digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_prefix {
        return None;
    }
    let first = u64::from_str_radix(&format!("{digits:0<12}"), 16).ok()?;
    let last = u64::from_str_radix(&format!("{digits:f<12}"), 16).ok()?;
    Some((first.checked_mul(MILLISECOND)?, (last + 1).checked_mul(MILLISECOND)?))
}

/// Reads from the arrival on to the end of the exchange.
fn within<'s>(
    set: &'s LogSet,
    id: &str,
    from: u64,
    to: u64,
    trouble: &mut Trouble,
) -> Result<Option<Spot<'s>>, Failure> {
    let filter = Filter { since: Some(from), ..Filter::default() };
    let is_whole = id.len() == 36;
    let mut ends: Vec<(Vec<u8>, Spot<'s>)> = Vec::new();
    let mut open: Vec<Vec<u8>> = Vec::new();
    for series in set.exchanges() {
        find::each(series, &filter, trouble, |entry, file, at, length| {
            if begins(entry.id, id.as_bytes()) {
                match entry.kind {
                    Kind::Request if ends.len() < CANDIDATES => open.push(entry.id.to_vec()),
                    Kind::Response => {
                        open.retain(|other| other != entry.id);
                        ends.push((entry.id.to_vec(), find::spot(file, at, length, entry)));
                    }
                    _ => {}
                }
            }
            let is_past = entry.at > to + 2 * SECOND && open.is_empty() && !ends.is_empty();
            if (is_whole && !ends.is_empty()) || is_past || ends.len() >= CANDIDATES {
                Go::Stop
            } else {
                Go::On
            }
        })?;
    }
    match ends.as_slice() {
        [] => Ok(None),
        [(_, spot)] => Ok(Some(*spot)),
        several => {
            let ids: Vec<_> =
                several.iter().map(|(id, _)| String::from_utf8_lossy(id).into_owned()).collect();
            Err(Failure::usage(format!("`{id}` begins several ids:\n  {}", ids.join("\n  "))))
        }
    }
}

/// So many ids are named where an id is not enough.
const CANDIDATES: usize = 10;

#[cfg(test)]
mod tests {
    use super::times_of;

    #[test]
    fn the_first_digits_of_an_id_say_when() {
        let millis = 0x0198_c0de_1234_u64;
        assert_eq!(times_of("0198c0de-1234-7000"), Some((millis * 1000, (millis + 1) * 1000)));
        let (from, to) = times_of("0198c0de").unwrap();
        assert_eq!((to - from) / 1000, 0x1_0000);
        for other in ["", "0198c0d", "latest", "req-12345678"] {
            assert_eq!(times_of(other), None, "{other}");
        }
    }
}
