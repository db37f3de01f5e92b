use serde::{Deserialize, Serialize};

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
