use serde::{Deserialize, Serialize};

/// How often a cache had what was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CacheCounts {
    /// How often it had it.
    pub hits: u64,
    /// How often it had not.
    pub misses: u64,
}
