//! The record: plain data.

mod media;
mod redacted;
mod scrub;

pub(crate) use media::Media;
pub use redacted::Redacted;
pub use scrub::BodyText;
pub(crate) use scrub::{RawBody, Scrub};
