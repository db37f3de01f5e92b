use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tracing::Level;

use super::{Location, Redacted, RequestId, StreamedEvent, Timestamp, TraceId, text};

/// Something that happened: what the application, or a crate it uses, told through `tracing`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// When it happened.
    pub timestamp: Timestamp,
    /// How much it matters.
    #[serde(with = "text::level")]
    pub level: Level,
    /// What kind of thing it is; not written where it is a log entry.
    #[serde(default, skip_serializing_if = "EventKind::is_log")]
    pub kind: EventKind,
    /// The exchange it happened in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The trace of that exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// True where that exchange had ended: it was told by work that goes on after the response.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub after_response: bool,
    /// What was said. Of each text of an event or an error, of its fields and its sources as of its message, the first
    /// 8 KiB are told; what is cut says so at its end, `…[9000 bytes]`, with the length of the whole. A word at the cut
    /// may be half a secret and is left out.
    pub message: Redacted,
    /// Who said it: the tracing target.
    pub module: Cow<'static, str>,
    /// Where in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The sources of the errors among the fields, outermost first; what an error itself says is in its field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub error_chain: Vec<Redacted>,
    /// What else was said, in order, then the fields of the spans it was said in, from the innermost outwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// The event of a streamed response that this is: of those of the kind [`Stream`](EventKind::Stream).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Box<StreamedEvent>>,
}

/// What kind of thing an [`Event`] is: the `type` of its entry.
///
/// ```
/// use tower_flightlog::EventKind;
///
/// let kind = EventKind::Custom("cache_hit".into());
/// assert_eq!(serde_json::to_string(&kind)?, r#"{"custom_event":"cache_hit"}"#);
/// assert_eq!(kind.entry_type(), "custom_event");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// Told through `tracing` or the `log` crate.
    #[default]
    Log,
    /// Told by its `event_type`, such as `cache_hit`.
    #[serde(rename = "custom_event")]
    Custom(Cow<'static, str>),
    /// Told for whoever looks for a fault.
    Debug,
    /// One event of a streamed response.
    Stream,
}

impl EventKind {
    /// The `type` of an entry of this kind.
    #[must_use]
    pub const fn entry_type(&self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Custom(_) => "custom_event",
            Self::Debug => "debug",
            Self::Stream => "stream",
        }
    }

    fn is_log(&self) -> bool {
        *self == Self::Log
    }
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

/// The value of a [`Field`], which is also how it is written with serde: an object is an object, a list a list.
///
/// ```
/// let value: tower_flightlog::Value = serde_json::from_str(r#"{"layers":[1,2.5,null]}"#)?;
/// assert_eq!(serde_json::to_string(&value)?, r#"{"layers":[1,2.5,null]}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Value {
    /// Nothing; also what a number that is not finite is read back as.
    Null,
    /// A truth.
    Bool(bool),
    /// A whole number.
    Unsigned(u64),
    /// A whole number below zero.
    Signed(i64),
    /// Any other number; `null` when written where it is not finite.
    Float(f64),
    /// A text, redacted.
    Text(Redacted),
    /// Values in order.
    List(Vec<Self>),
    /// Values by name.
    Object(#[serde(with = "super::by_name")] Vec<Field>),
}

impl Value {
    /// Bytes it takes, about.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Unsigned(_) | Self::Signed(_) | Self::Float(_) => 0,
            Self::Text(text) => text.as_str().len(),
            Self::List(values) => values.iter().map(|value| size_of::<Self>() + value.weight()).sum(),
            Self::Object(fields) => fields.iter().map(Field::weight).sum(),
        }
    }
}

impl Field {
    /// Bytes it takes, about.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Self>() + self.name.len() + self.value.weight()
    }
}
