//! A flight log for tower services.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod exchange;
mod redact;

pub use exchange::{BodyText, Redacted};
pub use redact::{RedactMode, RedactOptions, Redactor};
