//! The live flight: from the first byte of a request to the last of its response.

mod answer;
mod arrival;
mod beginning;
mod cause;
mod clock;
mod completion;
mod current;
mod flight;
mod forwarded;
mod grpc;
mod noted;
mod open;
mod panics;
mod recorder;
mod report;
mod request_id;
mod sample;
mod sight;
mod tap;
mod traceparent;
mod with_current;

pub(crate) use arrival::Hints;
pub(crate) use completion::{Ahead, dropped};
pub use current::{Current, current};
#[cfg(feature = "init")]
pub(crate) use flight::WeakFlight;
pub(crate) use flight::{Flight, Panic};
pub(crate) use panics::chain_hook;
pub(crate) use recorder::{Equipment, Recorder, RemoteAddr};
pub(crate) use report::{ErrorReader, boxed, reader};
#[cfg(feature = "init")]
pub(crate) use report::{head, say, shown, sources};
pub use with_current::{WithCurrent, WithCurrentFuture};
