use std::{
    cell::Cell,
    fmt, str,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::digits::six_digits;

/// A moment in UTC, to the microsecond.
///
/// Written as RFC 3339 with six digits and `Z`: always 27 characters, so that text order is time order.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use tower_flightlog::Timestamp;
///
/// let at = Timestamp::from(UNIX_EPOCH + Duration::from_micros(1_795_170_600_123_456));
/// assert_eq!(at.to_string(), "2026-11-20T10:30:00.123456Z");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(u64);

const MICROS: u64 = 1_000_000;
/// 9999-12-31T23:59:59.999999Z, the last moment that RFC 3339 can write.
const LAST: u64 = 253_402_300_799 * MICROS + 999_999;

impl Timestamp {
    /// The moment it is now.
    pub(crate) fn now() -> Self {
        SystemTime::now().into()
    }

    /// So many microseconds after 1970; past the year 9999 the last moment of it.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(if micros > LAST { LAST } else { micros })
    }

    /// The moment `duration` later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self::from_micros(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The 27 characters, without an allocation.
    pub(crate) fn encode(self) -> [u8; 27] {
        let [_, text @ .., _] = self.quoted();
        text
    }

    /// The same as a JSON string. Moments of one second differ in the last digits only.
    #[inline]
    pub(crate) fn quoted(self) -> [u8; 29] {
        thread_local! {
            static SECOND: Cell<u64> = const { Cell::new(u64::MAX) };
            static TEXT: Cell<[u8; 21]> = const { Cell::new([b'"'; 21]) };
        }
        let second = self.0 / MICROS;
        if SECOND.get() != second {
            SECOND.set(second);
            let [text @ .., _, _, _, _, _, _, _] = Self(second * MICROS).spell();
            let mut quoted = TEXT.get();
            if let Some(place) = quoted.last_chunk_mut() {
                *place = text;
            }
            TEXT.set(quoted);
        }
        let mut text = [0; 29];
        if let Some(begin) = text.first_chunk_mut() {
            *begin = TEXT.get();
        }
        if let Some(end) = text.last_chunk_mut() {
            let digits = six_digits((self.0 % MICROS) as u32);
            *end = (digits | u64::from_le_bytes(*b"\0\0\0\0\0\0Z\"")).to_le_bytes();
        }
        text
    }

    // Once a second: on its own, so that what remains of `encode` is a copy.
    #[inline(never)]
    fn spell(self) -> [u8; 27] {
        let (year, month, day) = civil(self.0 / MICROS / 86_400);
        let second = self.0 / MICROS % 86_400;
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let mut rest = text.as_mut_slice();
        let fields = [
            (year, 4),
            (month, 2),
            (day, 2),
            (second / 3600, 2),
            (second / 60 % 60, 2),
            (second % 60, 2),
            (self.0 % MICROS, 6),
        ];
        for (mut number, width) in fields {
            let Some((field, tail)) = rest.split_at_mut_checked(width) else { break };
            for digit in field.iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
            rest = tail.get_mut(1..).unwrap_or_default();
        }
        text
    }

    /// As in the name of a dump: `20261120T103000.123456Z`.
    pub(crate) fn compact(self) -> String {
        self.to_string().replace(['-', ':'], "")
    }
}

/// Year, month and day of a day counted from 1970, by Howard Hinnant's `civil_from_days`.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// The inverse, by `days_from_civil`.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = year - u64::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * if month > 2 { month - 3 } else { month + 9 } + 2) / 5 + day - 1;
    (era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year)
        .checked_sub(719_468)
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_micros(
            since.as_secs().saturating_mul(MICROS).saturating_add(u64::from(since.subsec_micros())),
        )
    }
}

impl From<Timestamp> for SystemTime {
    fn from(at: Timestamp) -> Self {
        UNIX_EPOCH + Duration::from_micros(at.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(str::from_utf8(&self.encode()).unwrap_or_default())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| {
            de::Error::custom(format!("{text:?} is not a time such as 2026-11-20T10:30:00.123456Z"))
        })
    }
}

/// Reads just the form that `Display` writes.
fn parse(text: &str) -> Option<Timestamp> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let date = days(number(0, 4)?, number(5, 7)?, number(8, 10)?)?;
    let second = number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    let at = Timestamp::from_micros((date * 86_400 + second) * MICROS + number(20, 26)?);
    (at.encode() == text.as_bytes()).then_some(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LAST, Timestamp, parse};

    #[test]
    fn known_moments_are_written_as_rfc_3339() {
        for (micros, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (4_107_542_400_000_001, "2100-03-01T00:00:00.000001Z"),
            (1_795_170_600_123_456, "2026-11-20T10:30:00.123456Z"),
            (u64::MAX, "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(Timestamp::from_micros(micros).to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_and_sorts_as_time(a in 0..=LAST, b in 0..=LAST) {
            let (first, second) = (Timestamp::from_micros(a), Timestamp::from_micros(b));
            prop_assert_eq!(parse(&first.to_string()), Some(first));
            prop_assert_eq!(first.to_string().len(), 27);
            prop_assert_eq!(first.cmp(&second), first.to_string().cmp(&second.to_string()));
        }
    }

    #[test]
    fn anything_else_is_not_a_time() {
        for text in [
            "",
            "2026-11-20",
            "2026-11-20T10:30:00.123456+00:00",
            "2026-02-30T00:00:00.000000Z",
            "2026-11-20T24:00:00.000000Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
