//! The crate as its users have it: over real sockets, in real stacks, by what is recorded.
#![allow(missing_docs)]
// What clippy.toml allows in tests it allows in functions that are tests, not in their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::type_complexity)]

mod architecture;
mod canaries;
mod capture;
mod dumps;
mod errors;
mod exports;
mod files;
mod in_flight;
mod instruments;
mod locks;
mod logs;
mod lost_calls;
mod outbound;
mod outcomes;
mod own_events;
mod panics;
mod process;
mod protocol;
mod quickstart;
mod redaction;
mod shutdown;
mod spans;
mod spawned;
mod stacks;
mod story;
mod streams;
mod support;
mod third_parties;
mod told;
mod trail;
mod transparency;

use tower_flightlog::formats;
