use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tracing::Level;

use super::{Redacted, RequestId, Timestamp, TraceId, text};

/// Something that happened: what the application, or a crate it uses, told through `tracing`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// When it happened.
    pub timestamp: Timestamp,
    /// How much it matters.
    #[serde(with = "text::level")]
    pub level: Level,
    /// The exchange it happened in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The trace of that exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// What was said.
    pub message: Redacted,
    /// Who said it: the tracing target.
    pub module: Cow<'static, str>,
    /// Where in the source: `src/orders.rs:42`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// What else was said, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
}

/// A named value of an [`Event`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Field {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its value.
    pub value: Value,
}

/// The value of a [`Field`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Value {
    /// A truth.
    Bool(bool),
    /// A whole number.
    Unsigned(u64),
    /// A whole number below zero.
    Signed(i64),
    /// Any other number; `null` when written where it is not finite.
    Float(#[serde(deserialize_with = "text::number_or_null")] f64),
    /// A text, redacted.
    Text(Redacted),
}
