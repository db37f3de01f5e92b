use std::{borrow::Cow, time::Duration};

use serde::{Deserialize, Serialize};

use super::text;

/// Something that took time while an exchange was served: a part of its waterfall.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// Its name.
    pub name: Cow<'static, str>,
    /// What it is.
    pub kind: StepKind,
    /// From the request's arrival to its beginning, in milliseconds when written.
    #[serde(rename = "start_ms", with = "text::millis")]
    pub start: Duration,
    /// How long it took, in milliseconds when written.
    #[serde(rename = "length_ms", with = "text::millis")]
    pub length: Duration,
    /// The timer that a checkpoint belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timer: Option<Cow<'static, str>>,
    /// True where it did not come to its end: it went on when the exchange ended, or its future was dropped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
}

/// What a [`Step`] is.
///
/// ```
/// assert_eq!(serde_json::to_string(&tower_flightlog::StepKind::Checkpoint)?, r#""checkpoint""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepKind {
    /// What a [`Timer`](crate::Timer) measured.
    Timer,
    /// What a timer measured up to a checkpoint, since the one before or since it began.
    Checkpoint,
    /// What another release of this crate knows.
    #[serde(other)]
    Other,
}

impl StepKind {
    /// Its name, as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timer => "timer",
            Self::Checkpoint => "checkpoint",
            Self::Other => "other",
        }
    }
}

/// How often a cache had what was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CacheCounts {
    /// How often it had it.
    pub hits: u64,
    /// How often it had not.
    pub misses: u64,
}
