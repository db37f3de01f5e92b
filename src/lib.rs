//! A flight log for tower services.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod exchange;
mod redact;
mod sink;

pub use exchange::*;
pub use sink::{Sink, Stats};
