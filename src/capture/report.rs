//! Errors as records: type, message, sources; never more than is bounded, never a panic of theirs.

use std::{
    any::{Any, type_name},
    error::Error,
    fmt::{self, Display, Write},
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::exchange::{ErrorReport, Redacted, Scrub};

/// Sees an error type behind `Any`, so that its sources can be told.
pub(crate) type ErrorReader = for<'a> fn(&'a (dyn Any + 'static)) -> Option<&'a (dyn Error + 'static)>;

/// The reader for `E`.
pub(crate) fn reader<'a, E: Error + 'static>(
    error: &'a (dyn Any + 'static),
) -> Option<&'a (dyn Error + 'static)> {
    error.downcast_ref::<E>().map(|error| error as _)
}

/// The reader for tower's `BoxError`.
pub(crate) fn boxed<'a>(error: &'a (dyn Any + 'static)) -> Option<&'a (dyn Error + 'static)> {
    error.downcast_ref::<Box<dyn Error + Send + Sync>>().map(|error| &**error as _)
}

/// Sources told at most.
const CHAIN_LIMIT: usize = 16;
/// Bytes told of each.
const TEXT_LIMIT: usize = 8 * 1024;

/// An error whose sources are known.
pub(super) fn of_error<E: Error + ?Sized>(error: &E, scrub: &dyn Scrub) -> ErrorReport {
    ErrorReport {
        error_type: nameable(type_name::<E>()),
        message: text(error, scrub),
        chain: sources(error).map(|error| text(error, scrub)).collect(),
        ..ErrorReport::default()
    }
}

/// An error of which only the text is known, unless one of `readers` knows the type.
pub(super) fn of_display<E: Display + 'static>(
    error: &E,
    readers: &[ErrorReader],
    scrub: &dyn Scrub,
) -> ErrorReport {
    let report = match readers.iter().find_map(|read| read(error)) {
        Some(error) => of_error(error, scrub),
        None => ErrorReport { message: text(error, scrub), ..ErrorReport::default() },
    };
    ErrorReport { error_type: nameable(type_name::<E>()), ..report }
}

fn source<E: Error + ?Sized>(error: &E) -> Option<&(dyn Error + 'static)> {
    catch_unwind(AssertUnwindSafe(|| error.source())).ok().flatten()
}

/// A type is worth telling unless it is "some error".
fn nameable(name: &str) -> Option<String> {
    (!name.contains("dyn ")).then(|| name.to_owned())
}

/// What something says of itself, redacted.
pub(super) fn text(said: &(impl Display + ?Sized), scrub: &dyn Scrub) -> Redacted {
    shown(&bounded(said), scrub)
}

/// What is shown of a text that is bounded.
pub(crate) fn shown(text: &str, scrub: &dyn Scrub) -> Redacted {
    // A character may not have fitted.
    if text.len() + 3 < TEXT_LIMIT { scrub.text(text) } else { scrub.head(text) }
}

/// The head of what something says of itself. Should saying it panic, that is what is told.
fn bounded(said: &(impl Display + ?Sized)) -> String {
    let mut text = String::new();
    say(&mut text, format_args!("{said}"));
    text
}

/// The same, in place of what stands in `text`.
pub(crate) fn say(text: &mut String, said: fmt::Arguments<'_>) {
    text.clear();
    let mut head = Bounded { text, room: TEXT_LIMIT };
    if catch_unwind(AssertUnwindSafe(|| head.write_fmt(said))).is_err() {
        text.clear();
        text.push_str("[saying this panicked]");
    }
}

/// As much of a text as is told.
pub(crate) fn head(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_LIMIT)).unwrap_or_default()
}

/// The sources of an error, outermost first.
pub(crate) fn sources<E: Error + ?Sized>(error: &E) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(source(error), |error| source(*error)).take(CHAIN_LIMIT)
}

/// Takes text until there is no more room.
struct Bounded<'a> {
    text: &'a mut String,
    room: usize,
}

impl Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let fits = text.floor_char_boundary(self.room);
        self.text.push_str(text.get(..fits).unwrap_or_default());
        self.room -= fits;
        if fits < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}
