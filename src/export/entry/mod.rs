//! Entries: one JSON object on one line, as [`formats`](crate::formats) specifies it.
//!
//! Each function appends one line to a buffer, all but its number: lines are formatted outside of the lock under which
//! they are numbered.

mod draft;
mod exchange;
mod instruments;
mod log;
mod recorder;
mod streamed;

pub(crate) use draft::Draft;
pub(crate) use exchange::{
    Kind, entries_of, error_message, exception_message, failures_of, finished, request, request_message,
    response_message,
};
pub(crate) use log::{fields as write_fields, log};
pub(crate) use recorder::{Kindred, Note, Suppressed, recorder};
pub(crate) use streamed::{stats as stream, usage as llm};
