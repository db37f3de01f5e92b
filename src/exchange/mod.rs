//! The record: plain data, written and read with serde.

mod backtrace;
mod bodies;
mod body;
mod budget;
mod error_report;
mod event;
mod fingerprint;
mod head;
mod id;
mod in_flight;
mod instruments;
mod location;
mod media;
mod outcome;
mod record;
mod redacted;
mod scrub;
mod started;
#[cfg(test)]
mod tests;
mod text;
mod timestamp;
mod tokens;
mod trace_context;
mod trail;

pub use backtrace::Backtrace;
pub use bodies::Bodies;
pub use body::CapturedBody;
pub(crate) use body::Raw;
pub(crate) use budget::{Budget, Permit};
pub use error_report::ErrorReport;
pub use event::{Event, EventKind, Field, Value};
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use head::Headers;
pub(crate) use head::{Head, RawHead};
pub use id::RequestId;
pub(crate) use id::random;
pub use in_flight::InFlight;
pub use instruments::{CacheCounts, Step, StepKind};
pub use location::Location;
pub(crate) use media::Media;
pub use outcome::Outcome;
pub use record::{Exchange, Response};
pub use redacted::Redacted;
pub use scrub::BodyText;
pub(crate) use scrub::{RawBody, Scrub};
pub use started::{Direction, Request, Started};
pub(crate) use text::{Millis, millis_of, must_escape};
pub use timestamp::Timestamp;
pub(crate) use tokens::{one_line, tokens};
pub(crate) use trace_context::decode;
pub use trace_context::{SpanId, TraceId};
#[cfg(feature = "init")]
pub(crate) use trail::Jot;
pub(crate) use trail::{Place, Ring, by_name};
pub use trail::{Trail, TrailEvent};
