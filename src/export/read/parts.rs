use serde::{Deserialize, Serialize};

/// Other failures like the one of a [`Dump`](crate::Dump).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Similar {
    /// What they have in common: 16 hexadecimal digits.
    pub fingerprint: String,
    /// How many of them got no dump since the last one that did.
    pub count: u64,
}

/// What the recorder says about itself in a [`Dump`](crate::Dump).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecorderState {
    /// Failures since the last dump that got none because of LOG_DUMP_PER_MINUTE.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub suppressed_since_last_dump: u64,
    /// Counts since the process began, as [`Stats`](crate::Stats) has them; others in other releases.
    #[serde(default)]
    pub counters: serde_json::Map<String, serde_json::Value>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
