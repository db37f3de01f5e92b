//! Entries: one JSON object on one line, keys always in the same order, absent when unknown.
//!
//! Each function appends one line to a buffer and gives the place of `seq`'s digits in it, so that whoever numbers
//! lines under a lock may format them outside of it.

mod exchange;
mod log;
mod recorder;

pub(crate) use exchange::{
    Kind, entries_of, error_message, exception_message, finished, request, request_message, response_message,
};
pub(crate) use log::log;
pub(crate) use recorder::{Note, recorder};
