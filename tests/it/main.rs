//! The crate as its users have it: over real sockets, in real stacks, by what is recorded.
#![allow(missing_docs)]

mod architecture;
mod capture;
mod logs;
mod outcomes;
mod protocol;
mod quickstart;
mod stacks;
mod support;
mod transparency;
