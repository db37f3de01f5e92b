use serde::{Deserialize, Serialize};

use super::{Backtrace, Redacted};

/// What went wrong, as far as anyone told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ErrorReport {
    /// The type of the error, such as `shop::OrderError`, where it is known.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// What it said.
    pub message: Redacted,
    /// Where it was reported, or where the panic happened: `src/orders.rs:42`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Its sources, outermost first, without the error itself.
    pub chain: Vec<Redacted>,
    /// Where a panic came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backtrace: Option<Backtrace>,
}
