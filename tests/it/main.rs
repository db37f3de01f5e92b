//! The crate as its users have it: over real sockets, in real stacks, by what is recorded.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod architecture;
mod capture;
mod logs;
mod outcomes;
mod protocol;
mod quickstart;
mod redaction;
mod stacks;
mod support;
mod transparency;
