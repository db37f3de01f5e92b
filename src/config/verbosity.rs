use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::{Error, Problem};

/// How much detail entries have, 0 to 3 (`LOG_DEBUG`).
///
/// It can be changed while the log runs, and is independent of `LOG_LEVEL`. Each level has what the ones
/// below it have, and adds:
///
/// | level | adds |
/// |---|---|
/// | 0, [`NORMAL`](Self::NORMAL) | request, response, error, exception, custom_event and log entries; redacted JSON bodies up to `LOG_BODY_LIMIT`; any textual response body from status 400 on |
/// | 1, [`DEBUG`](Self::DEBUG) | `debug(1, ..)` entries, cache hits and misses |
/// | 2, [`DETAIL`](Self::DETAIL) | headers, timers and checkpoints, `debug(2, ..)` whose data is cut to 200 characters |
/// | 3, [`FULL`](Self::FULL) | `debug(3, ..)` with data whole, text and form bodies, bodies up to the capture limit, one `stream` entry per streamed event |
///
/// ```
/// use tower_flightlog::Verbosity;
///
/// let verbosity: Verbosity = "2".parse()?;
/// assert_eq!(verbosity, Verbosity::DETAIL);
/// assert!(verbosity >= Verbosity::DEBUG);
/// assert_eq!(Verbosity::new(4), None);
/// # Ok::<(), tower_flightlog::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub struct Verbosity(u8);

impl Verbosity {
    /// 0, the default.
    pub const NORMAL: Self = Self(0);
    /// 1.
    pub const DEBUG: Self = Self(1);
    /// 2.
    pub const DETAIL: Self = Self(2);
    /// 3, everything.
    pub const FULL: Self = Self(3);

    pub(super) const WANT: &str = "0, 1, 2 or 3";

    /// The level with this number; none above 3.
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        if level <= Self::FULL.0 { Some(Self(level)) } else { None }
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Verbosity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Verbosity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "0" => Ok(Self::NORMAL),
            "1" => Ok(Self::DEBUG),
            "2" => Ok(Self::DETAIL),
            "3" => Ok(Self::FULL),
            _ => Err(Problem::setting("verbosity", text, Self::WANT).into()),
        }
    }
}

impl TryFrom<u8> for Verbosity {
    type Error = Error;

    fn try_from(level: u8) -> Result<Self, Error> {
        Self::new(level).ok_or_else(|| Problem::setting("verbosity", &level.to_string(), Self::WANT).into())
    }
}

impl From<Verbosity> for u8 {
    fn from(verbosity: Verbosity) -> Self {
        verbosity.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_levels_and_no_other() {
        for level in 0..=u8::MAX {
            let verbosity = Verbosity::new(level);
            assert_eq!(verbosity.is_some(), level <= 3);
            assert_eq!(level.to_string().parse::<Verbosity>().ok(), verbosity);
            assert_eq!(Verbosity::try_from(level).ok(), verbosity);
            assert_eq!(verbosity.map_or(level, Verbosity::get), level);
        }
        for text in ["", " 1", "+1", "01", "-1", "true", "4", "१"] {
            assert!(text.parse::<Verbosity>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn it_is_ordered_shown_and_serialized_as_its_number() {
        assert!(Verbosity::NORMAL < Verbosity::DEBUG && Verbosity::DETAIL < Verbosity::FULL);
        assert_eq!(Verbosity::default(), Verbosity::NORMAL);
        assert_eq!(Verbosity::DETAIL.to_string(), "2");
        assert_eq!(serde_json::to_string(&Verbosity::FULL).unwrap(), "3");
        assert_eq!(serde_json::from_str::<Verbosity>("1").unwrap(), Verbosity::DEBUG);
        assert!(serde_json::from_str::<Verbosity>("4").is_err());
    }
}
