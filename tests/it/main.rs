//! The crate as its users have it: over real sockets, in real stacks, by what is recorded.
#![allow(missing_docs)]

mod outcomes;
mod quickstart;
mod stacks;
mod support;
mod transparency;
