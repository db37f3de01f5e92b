//! The command line as its users have it: the program, on logs of all kinds.
#![allow(missing_docs)]
// What clippy.toml allows in tests it allows in functions that are tests, not in their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod answers;
mod doctor;
mod follow;
mod fuzz;
#[path = "../../benches/cli/generate.rs"]
mod generate;
mod hostile;
mod manners;
mod replay;
mod report;
mod snapshots;
mod support;
mod usage;
