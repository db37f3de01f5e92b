//! The live flight: from the first byte of a request to the last of its response.

mod answer;
mod arrival;
mod beginning;
mod cause;
mod completion;
mod current;
mod flight;
mod forwarded;
mod grpc;
mod hearing;
mod late;
mod noted;
mod panics;
mod recorder;
mod report;
mod request_id;
mod sample;
mod tap;
mod traceparent;
mod with_current;

pub(crate) use arrival::Hints;
pub(crate) use completion::{Ahead, dropped};
pub use current::{Current, current};
#[cfg(feature = "init")]
pub(crate) use flight::WeakFlight;
pub(crate) use flight::{Flight, Panic};
#[cfg(feature = "init")]
pub(crate) use hearing::{Hearing, Reach};
pub(crate) use panics::chain_hook;
pub(crate) use recorder::{Equipment, Recorder, RemoteAddr};
pub(crate) use report::{ErrorReader, boxed, reader};
#[cfg(feature = "init")]
pub(crate) use report::{head, say, say_within, shown, sources};
pub use with_current::{InFlight, WithCurrent};
