//! The live flight: from the first byte of a request to the last of its response.

mod answer;
mod any_error;
mod arrival;
mod beginning;
mod by_hand;
mod cause;
mod clock;
mod completion;
mod current;
mod flight;
mod following;
mod forwarded;
mod frames;
mod given_up;
mod grpc;
mod hearing;
mod instruments;
mod left;
mod lost_calls;
mod noted;
mod open;
mod outbound;
mod owner;
mod panics;
mod recorder;
mod report;
mod request_id;
mod sample;
mod sight;
mod tap;
mod theirs;
mod traceparent;
mod with_current;

pub use any_error::AnyError;
pub(crate) use arrival::Hints;
pub(crate) use by_hand::{Asked, exchange};
pub(crate) use completion::{Ahead, dropped};
pub use current::{Current, current};
#[cfg(feature = "init")]
pub(crate) use flight::WeakFlight;
pub(crate) use flight::{Flight, Panic, Passing, PuttingAway};
#[cfg(feature = "init")]
pub(crate) use hearing::{Hearing, Reach};
#[cfg(feature = "init")]
pub(crate) use instruments::make_home;
pub use instruments::{CustomEvent, Timed, TimedFuture, Timer, debug_level, is_debug_enabled};
pub(crate) use left::Left;
pub use left::{Failure, WithError};
pub(crate) use panics::chain_hook;
pub(crate) use recorder::{Equipment, Recorder, RemoteAddr};
pub(crate) use report::{Known, known, known_errors};
#[cfg(feature = "init")]
pub(crate) use report::{PANICKED, contained, head, say, say_within, shown, sources};
pub use with_current::{WithCurrent, WithCurrentFuture};
