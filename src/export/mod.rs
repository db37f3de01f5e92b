//! Pure formatting: a record goes in, text comes out.

mod blanks;
mod curl;
mod dump;
pub(crate) mod entry;
mod failure;
mod har;
mod inline;
mod json_text;
mod line;
mod markdown;
mod pretty;
mod read;
mod replay;
mod rust_literal;
mod rust_test;
mod sheet;
mod shell;
mod told;
mod view;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;

use curl::curl;
pub(crate) use dump::{Context, dump};
pub use dump::{Program, Similar};
pub(crate) use inline::{Inline, inline_request, inline_response};
pub(crate) use json_text::escape_for_terminal;
pub(crate) use line::write_headers;
pub use read::{Dump, DumpError, RecorderState};
pub(crate) use sheet::{Sheet, append, append_line, fill, text_of};
pub(crate) use told::told;
pub(crate) use view::{View, Watch};
