//! Pure formatting: a record goes in, text comes out.

mod curl;
mod dump;
pub(crate) mod entry;
mod inline;
mod json_text;
mod line;
mod pretty;
mod shell;
mod told;
mod view;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;

pub(crate) use dump::{Context, Program, Similar, dump};
pub(crate) use inline::{Inline, inline_request, inline_response};
pub(crate) use json_text::escape_for_terminal;
pub(crate) use line::write_headers;
pub(crate) use told::told;
pub(crate) use view::{View, Watch};
