//! Moments and lengths of time, as people type them and as logs write them. All moments are UTC, in microseconds.

use tower_flightlog::Timestamp;

use crate::digits::{digits_in, number};

pub(crate) const MILLISECOND: u64 = 1_000;
pub(crate) const SECOND: u64 = 1_000_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;
/// The year 10000: what claims to be later is no moment, and sums of moments and lengths stay numbers.
const END: u64 = 253_402_300_800 * SECOND;

/// Reads the timestamps of a log: those of one minute differ in the last digits only.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    minute: [u8; 17],
    begins: u64,
}

impl Clock {
    /// A timestamp of ours: `2026-11-20T10:30:00.123456Z`.
    #[inline(always)]
    pub(crate) fn ours(&mut self, text: &[u8; 27]) -> Option<u64> {
        let (minute, rest) = text.split_first_chunk::<17>()?;
        if *minute != self.minute {
            self.turn(minute)?;
        }
        // Two digits, then a point, six digits and a Z in a word: all eight digits together are microseconds.
        let (&[s1, s2, fraction @ ..], &[]) = rest.split_first_chunk::<10>()? else { return None };
        let word = u64::from_le_bytes(fraction);
        let shape = word & 0xff00_0000_0000_00ff == 0x5a00_0000_0000_002e;
        let digits = (word >> 8) << 16 | u64::from(u16::from_le_bytes([s1, s2]));
        if !shape || digits_in(digits) < 8 {
            return None;
        }
        let micros = number(digits, 8);
        (micros < 61 * SECOND).then_some(self.begins + micros)
    }

    /// Goes on to another minute: `2026-11-20T10:30:`.
    #[inline(never)]
    fn turn(&mut self, minute: &[u8; 17]) -> Option<()> {
        let (date, b'T', b':', b':') =
            (date(minute.get(..10)?)?, minute.get(10)?, minute.get(13)?, minute.get(16)?)
        else {
            return None;
        };
        let (hour, min) = (digits(minute.get(11..13)?)?, digits(minute.get(14..16)?)?);
        if hour > 23 || min > 59 {
            return None;
        }
        self.begins = date * DAY + hour * HOUR + min * MINUTE;
        self.minute = *minute;
        Some(())
    }

    /// A timestamp of anyone: RFC 3339 with any fraction and offset, a space or comma as Python writes them, or a number of
    /// seconds, milliseconds, microseconds or nanoseconds since 1970. Without an offset it is UTC.
    pub(crate) fn any(&mut self, text: &str) -> Option<u64> {
        if let Ok(ours) = <&[u8; 27]>::try_from(text.as_bytes())
            && let Some(at) = self.ours(ours)
        {
            return Some(at);
        }
        if let Ok(number) = text.parse::<f64>() {
            let factor = match number {
                number if !number.is_finite() || number < 0.0 => return None,
                ..1e11 => 1e6,
                ..1e14 => 1e3,
                ..1e17 => 1.0,
                _ => 1e-3,
            };
            return Some((number * factor) as u64).filter(|at| *at < END);
        }
        moment(text)
    }
}

/// A date, perhaps with a time of the day, perhaps with an offset.
fn moment(text: &str) -> Option<u64> {
    let days = date(text.as_bytes().get(..10)?)?;
    let rest = text.get(10..)?;
    let Some(rest) = rest.strip_prefix(['T', 't', ' ']) else {
        return rest.is_empty().then_some(days * DAY);
    };
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at_checked(zone_at)?;
    let at = days * DAY + of_day(clock)?;
    let offset = match zone {
        "" | "Z" | "z" => return Some(at),
        zone => {
            let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
            let (hours, minutes) = (digits.get(..2)?.parse::<u64>().ok()?, digits.get(2..4).unwrap_or("00"));
            hours * HOUR + minutes.parse::<u64>().ok()? * MINUTE
        }
    };
    if zone.starts_with('-') { Some(at + offset) } else { at.checked_sub(offset) }
}

/// A time of the day: `10:30`, `10:30:05.25`.
fn of_day(text: &str) -> Option<u64> {
    let (clock, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let mut parts = clock.split(':').map(|part| digits(part.as_bytes()));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut micros = 0;
    for place in 0..6 {
        let digit = fraction.as_bytes().get(place).map_or(Some(0), |byte| digits(&[*byte]))?;
        micros = micros * 10 + digit;
    }
    Some(hour * HOUR + minute * MINUTE + second * SECOND + micros)
}

fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 10 {
        return None;
    }
    text.iter().try_fold(0, |number, byte| {
        Some(number * 10 + u64::from(byte.is_ascii_digit().then(|| byte - b'0')?))
    })
}

/// Days since 1970 of `2026-11-20`, by Howard Hinnant's `days_from_civil`.
fn date(text: &[u8]) -> Option<u64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let (year, month, day) = (digits(&[y1, y2, y3, y4])?, digits(&[m1, m2])?, digits(&[d1, d2])?);
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match month {
        2 => 28 + u64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=12).contains(&month) || !(1..=longest).contains(&day) {
        return None;
    }
    let year = year - u64::from(month <= 2 && year > 0);
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * if month > 2 { month - 3 } else { month + 9 } + 2) / 5 + day - 1;
    (era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year)
        .checked_sub(719_468)
}

/// A moment as people type it: `10m` (ago), `2026-11-20T10:00`, `10:30` (today), `today`, `yesterday`, `now`.
pub(crate) fn typed_moment(text: &str, now: u64) -> Option<u64> {
    let today = now / DAY * DAY;
    match text {
        "now" => Some(now),
        "today" => Some(today),
        "yesterday" => Some(today.saturating_sub(DAY)),
        _ => typed_length(text.strip_suffix(" ago").unwrap_or(text))
            .map(|length| now.saturating_sub(length))
            .or_else(|| moment(text))
            .or_else(|| text.contains(':').then(|| of_day(text)).flatten().map(|time| today + time)),
    }
}

/// A length of time as people type it: `500ms`, `1.5s`, `10m`, `2h30m`, `7d`.
pub(crate) fn typed_length(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(unit)?;
        total += number.parse::<f64>().ok()?
            * match unit.trim() {
                "us" | "µs" => 1.0,
                "ms" => 1e3,
                "s" | "sec" | "seconds" => 1e6,
                "m" | "min" | "minutes" => 60e6,
                "h" | "hours" => 3600e6,
                "d" | "days" => 86_400e6,
                "w" | "weeks" => 7.0 * 86_400e6,
                _ => return None,
            };
        rest = tail;
    }
    Some(total as u64)
}

/// A moment in full: `2026-11-20T10:30:00.123456Z`.
pub(crate) fn full(at: u64) -> String {
    Timestamp::from_micros(at).to_string()
}

/// `10:30:00.123`.
pub(crate) fn clock(at: u64) -> String {
    full(at).get(11..23).unwrap_or_default().to_owned()
}

/// `2026-11-20`.
pub(crate) fn day(at: u64) -> String {
    full(at).get(..10).unwrap_or_default().to_owned()
}

/// `2026-11-20 10:30:00`.
pub(crate) fn plain(at: u64) -> String {
    full(at).get(..19).unwrap_or_default().replace('T', " ")
}

/// The moment it is now.
pub(crate) fn now() -> u64 {
    Timestamp::from(std::time::SystemTime::now()).as_micros()
}

/// Three digits and a unit, in at most 7 columns; cut, not rounded.
pub(crate) fn human(micros: u64) -> String {
    let (seconds, millis) = (micros / SECOND, micros / MILLISECOND);
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{millis}.{:02} ms", micros % 1000 / 10),
        10_000..100_000 => format!("{millis}.{} ms", micros % 1000 / 100),
        100_000..1_000_000 => format!("{millis} ms"),
        1_000_000..10_000_000 => format!("{seconds}.{:02} s", millis % 1000 / 10),
        10_000_000..60_000_000 => format!("{seconds}.{} s", millis % 1000 / 100),
        60_000_000..3_600_000_000 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3_600_000_000..172_800_000_000 => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// Bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1024 => return format!("{bytes} B"),
        1024..1_048_576 => (1024, "KiB"),
        1_048_576..1_073_741_824 => (1_048_576, "MiB"),
        _ => (1_073_741_824, "GiB"),
    };
    format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: u64 = 1_795_170_600_123_456;

    #[test]
    fn timestamps_of_all_kinds_are_read() {
        let mut clock = Clock::default();
        for (text, at) in [
            ("2026-11-20T10:30:00.123456Z", AT),
            ("2026-11-20T10:30:00.123456789+00:00", AT),
            ("2026-11-20T12:30:00.123456+02:00", AT),
            ("2026-11-20T05:00:00.123456-0530", AT),
            ("2026-11-20 10:30:00,123456", AT),
            ("2026-11-20T10:30:00Z", AT - 123_456),
            ("2026-11-20", AT / DAY * DAY),
            ("2024-02-29", 1_709_164_800_000_000),
            ("1795170600", AT - 123_456),
            ("1795170600123", AT - 456),
            ("1795170600123456", AT),
        ] {
            assert_eq!(clock.any(text), Some(at), "{text}");
        }
        for text in [
            "",
            "x",
            "2026-13-20",
            "2026-02-29",
            "2026-11-31",
            "2026-11-20T25:00",
            "2026-11-20x",
            "-5",
            "NaN",
            "2026-11-20T10:30:00.12x456Z",
            "1e300",
            "9999999999999999999999999",
        ] {
            assert_eq!(clock.any(text), None, "{text}");
        }
    }

    #[test]
    fn moments_and_lengths_are_read_as_people_type_them() {
        for (text, at) in [
            ("10m", AT - 10 * MINUTE),
            ("1h30m", AT - 90 * MINUTE),
            ("7d ago", AT - 7 * DAY),
            ("2026-11-20T10:00", AT / HOUR * HOUR),
            ("10:15", AT / DAY * DAY + 10 * HOUR + 15 * MINUTE),
            ("yesterday", AT / DAY * DAY - DAY),
            ("now", AT),
        ] {
            assert_eq!(typed_moment(text, AT), Some(at), "{text}");
        }
        for text in ["", "10", "10x", "soon", "m", "2026-11-20T"] {
            assert_eq!(typed_moment(text, AT), None, "{text}");
        }
        assert_eq!(typed_length("1.5s"), Some(1_500_000));
    }

    #[test]
    fn lengths_and_sizes_take_few_columns() {
        assert_eq!(
            [999, 12_343, 4_200_000, 3_700_000_000].map(human),
            ["999 µs", "12.3 ms", "4.20 s", "1h 01m"]
        );
        assert_eq!([999, 1536, 1 << 21, 3 << 30].map(size), ["999 B", "1.5 KiB", "2.0 MiB", "3.0 GiB"]);
    }
}
