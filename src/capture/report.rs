//! Errors as records: type, message, sources; never more than is bounded, never a panic of theirs.

use std::{
    any::{Any, type_name},
    borrow::Cow,
    error::Error,
    fmt::{self, Debug, Display, Write},
    panic::{AssertUnwindSafe, Location, catch_unwind},
};

use super::{
    any_error::{AnyError, Shown},
    frames,
    left::Failure,
    theirs::Theirs,
};
use crate::{
    exchange::{Backtrace, ErrorReport, Redacted, Scrub},
    redact,
};

/// An error type that is known by name, so that its sources can be told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// Sees it behind `Any`.
    read: for<'a> fn(&'a (dyn Any + 'static)) -> Option<&'a (dyn Error + 'static)>,
    /// Its name, if it is this.
    name: fn(&(dyn Error + 'static)) -> Option<&'static str>,
}

/// `E` is known.
pub(crate) fn known<E: Error + 'static>() -> Known {
    Known {
        read: |error| error.downcast_ref::<E>().map(|error| error as _),
        name: |error| error.is::<E>().then(type_name::<E>),
    }
}

/// What needs no telling: boxed errors, and those of the standard library that handlers meet most.
pub(crate) fn known_errors() -> [Known; 8] {
    [
        boxed(),
        known::<std::io::Error>(),
        known::<fmt::Error>(),
        known::<std::net::AddrParseError>(),
        known::<std::num::ParseFloatError>(),
        known::<std::num::ParseIntError>(),
        known::<std::str::Utf8Error>(),
        known::<std::string::FromUtf8Error>(),
    ]
}

/// tower's `BoxError`.
fn boxed() -> Known {
    Known {
        read: |error| error.downcast_ref::<Box<dyn Error + Send + Sync>>().map(|error| &**error as _),
        name: |_| None,
    }
}

/// The first that knows what is behind `Any`.
pub(super) fn read<'a>(error: &'a (dyn Any + 'static), known: &[Known]) -> Option<&'a (dyn Error + 'static)> {
    known.iter().find_map(|known| (known.read)(error))
}

/// Sources told at most.
const CHAIN_LIMIT: usize = 16;
/// Bytes told of each.
pub(super) const TEXT_LIMIT: usize = 8 * 1024;
/// Of an error with so many sources nothing is asked that it may answer by asking each in turn: the thread's stack might
/// not be enough for that, and nothing catches its end.
const DEPTH_LIMIT: usize = 64;
/// Bytes of each that are counted before its end is no longer waited for.
pub(super) const COUNT_LIMIT: usize = 256 * 1024;

/// An error that is reported at a place.
pub(super) fn of_any<By, E: AnyError<By> + ?Sized>(
    error: &E,
    location: &Location<'_>,
    known: &[Known],
    scrub: &dyn Scrub,
) -> ErrorReport {
    let mut told = ErrorReport::default();
    contained(|| error.show(&mut |shown| told = of_shown(&shown, known, scrub)));
    ErrorReport { location: Some(place(location)), ..told }
}

fn of_shown(shown: &Shown<'_>, known: &[Known], scrub: &dyn Scrub) -> ErrorReport {
    let error_type = match shown.any {
        Some(error) => type_of(error, shown.type_name, known),
        None => nameable(shown.type_name),
    };
    let backtrace = stack_of(shown.error, shown.debug, scrub).map(Backtrace::told);
    ErrorReport { backtrace, ..without_stack(shown.error, error_type, scrub) }
}

/// `src/orders.rs:42`.
pub(super) fn place(location: &Location<'_>) -> String {
    format!("{}:{}", location.file(), location.line())
}

/// An error whose sources are known.
pub(super) fn of_error(error: &(dyn Error + 'static), known: &[Known], scrub: &dyn Scrub) -> ErrorReport {
    let backtrace = stack_of(error, error, scrub).map(Backtrace::told);
    ErrorReport { backtrace, ..without_stack(error, type_of(error, "", known), scrub) }
}

/// An error of which only the text is known, unless its type is one of `known`.
pub(super) fn of_display<E: Display + 'static>(error: &E, known: &[Known], scrub: &dyn Scrub) -> ErrorReport {
    let report = match read(error, known) {
        Some(error) => of_error(error, known, scrub),
        None => ErrorReport { message: text(error, scrub), ..ErrorReport::default() },
    };
    let error_type = nameable(type_name::<E>()).or(report.error_type);
    ErrorReport { error_type, ..report }
}

/// An error of which the type is told, if it is that one.
pub(super) fn of_known<E: Any>(
    error: &E,
    told: Known,
    known: &[Known],
    scrub: &dyn Scrub,
) -> Option<ErrorReport> {
    let read = (told.read)(error)?;
    let report = of_error(read, known, scrub);
    Some(ErrorReport { error_type: (told.name)(read).map(ToOwned::to_owned), ..report })
}

/// An error without the stack it may show.
pub(super) fn without_stack(error: &dyn Error, error_type: Option<String>, scrub: &dyn Scrub) -> ErrorReport {
    ErrorReport {
        error_type,
        message: text(error, scrub),
        chain: sources(error).map(|error| text(error, scrub)).collect(),
        ..ErrorReport::default()
    }
}

/// The type of an error: the one it is if that is known, else the one it was told as.
pub(super) fn type_of(error: &(dyn Error + 'static), told: &'static str, known: &[Known]) -> Option<String> {
    match known.iter().find_map(|known| (known.name)(error)) {
        Some(name) => Some(name.to_owned()),
        None => nameable(told),
    }
}

/// The stack in what an error says with `{:?}`, trimmed and redacted.
pub(super) fn stack_of(
    error: &dyn Error,
    said: &(impl Debug + ?Sized),
    scrub: &dyn Scrub,
) -> Option<Redacted> {
    let chain = std::iter::successors(source(error), |error| source(*error));
    (chain.take(DEPTH_LIMIT).count() < DEPTH_LIMIT).then(|| stack_in(said, scrub)).flatten()
}

/// The same, however deep it is.
pub(super) fn stack_in(said: &(impl Debug + ?Sized), scrub: &dyn Scrub) -> Option<Redacted> {
    let mut text = String::new();
    let mut head = Bounded::new(&mut text, COUNT_LIMIT);
    // What it said before it panicked, or before there was too much, may have the stack.
    let _ = contained(|| write!(head, "{said:?}"));
    Some(redact::stack(scrub, &frames::in_debug(&text)?))
}

/// What is told of what panicked while it said something.
pub(crate) const PANICKED: &str = "[saying this panicked]";

/// Runs somebody else's code; none where it panicked.
#[inline]
pub(crate) fn contained<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| drop(Theirs::new(payload))).ok()
}

fn source<E: Error + ?Sized>(error: &E) -> Option<&(dyn Error + 'static)> {
    contained(|| error.source()).flatten()
}

/// A type is worth telling unless it is "some error" or a text.
fn nameable(name: &str) -> Option<String> {
    let is_some = name.is_empty()
        || name.contains("dyn ")
        || matches!(name, "&str" | "alloc::string::String")
        || name == type_name::<Failure>();
    (!is_some).then(|| name.to_owned())
}

/// What something says of itself, redacted.
pub(super) fn text(said: &(impl Display + ?Sized), scrub: &dyn Scrub) -> Redacted {
    shown(&bounded(said), scrub)
}

/// What is shown of a text that is bounded.
pub(crate) fn shown(text: &str, scrub: &dyn Scrub) -> Redacted {
    // With its mark, what was cut is longer than what fits.
    if text.len() <= TEXT_LIMIT { scrub.text(text) } else { scrub.head(text) }
}

/// The head of what something says of itself, as `say` has it.
fn bounded(said: &(impl Display + ?Sized)) -> String {
    let mut text = String::new();
    say(&mut text, format_args!("{said}"));
    text
}

/// Puts in place of what stands in `text` what is told of `said`: where that is cut, with `…[9000 bytes]` behind it.
/// Should saying it panic, that is what is told.
pub(crate) fn say(text: &mut String, said: fmt::Arguments<'_>) {
    text.clear();
    if contained(|| say_within(text, TEXT_LIMIT, said)).is_none() {
        text.clear();
        text.push_str(PANICKED);
    }
}

/// The same where there is room for so many bytes, behind what stands there. True where it was cut. It panics where
/// saying it does.
#[inline]
pub(crate) fn say_within<P: Paper>(text: &mut P, room: usize, said: fmt::Arguments<'_>) -> bool {
    let mut head = Bounded::new(text, room);
    let _ = fmt::write(&mut head, said);
    let is_cut = head.lost > 0;
    if is_cut {
        head.mark();
    }
    is_cut
}

/// As much of a text as is told, as `say` has it.
pub(crate) fn head(text: &str) -> Cow<'_, str> {
    if text.len() <= TEXT_LIMIT { text.into() } else { bounded(text).into() }
}

/// The sources of an error, outermost first.
pub(crate) fn sources<E: Error + ?Sized>(error: &E) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(source(error), |error| source(*error)).take(CHAIN_LIMIT)
}

/// What text is put on.
pub(crate) trait Paper {
    fn append(&mut self, text: &str);
    fn length(&self) -> usize;
}

impl Paper for String {
    fn append(&mut self, text: &str) {
        self.push_str(text);
    }

    fn length(&self) -> usize {
        self.len()
    }
}

impl Paper for Vec<u8> {
    #[inline]
    fn append(&mut self, text: &str) {
        // Where there is memory nothing has to be saved for the call that gets some.
        if self.capacity() - self.len() < text.len() {
            return append_to_more(self, text);
        }
        self.extend_from_slice(text.as_bytes());
    }

    fn length(&self) -> usize {
        self.len()
    }
}

#[cold]
#[inline(never)]
fn append_to_more(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(text.as_bytes());
}

/// Takes text until there is no more room, then counts it.
struct Bounded<'a, P> {
    text: &'a mut P,
    start: usize,
    room: usize,
    /// Bytes that found no room.
    lost: usize,
    /// False once there was more than is counted.
    ended: bool,
}

impl<'a, P: Paper> Bounded<'a, P> {
    #[inline]
    fn new(text: &'a mut P, room: usize) -> Self {
        let start = text.length();
        Self { text, start, room, lost: 0, ended: true }
    }

    /// Bytes that came.
    fn total(&self) -> usize {
        (self.text.length() - self.start).saturating_add(self.lost)
    }

    #[cold]
    fn lose(&mut self, text: &str) -> fmt::Result {
        if self.total() >= COUNT_LIMIT {
            self.ended = false;
            return Err(fmt::Error);
        }
        let fits = text.get(..text.floor_char_boundary(self.room)).unwrap_or_default();
        self.text.append(fits);
        self.lost = self.lost.saturating_add(text.len() - fits.len());
        // Nothing stands behind what did not fit.
        self.room = 0;
        Ok(())
    }

    /// How long it all was, where that is more than stands there.
    #[cold]
    fn mark(&mut self) {
        let more = if self.ended { "" } else { "more than " };
        let mark = format!("…[{more}{} bytes]", self.total());
        self.text.append(&mark);
    }
}

impl<P: Paper> Write for Bounded<'_, P> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let Some(room) = self.room.checked_sub(text.len()) else { return self.lose(text) };
        self.room = room;
        self.text.append(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
