//! Errors as records: type, message, sources; never more than is bounded, never a panic of theirs.

use std::{
    any::{Any, type_name},
    borrow::Cow,
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
/// Bytes of each that are counted before its end is no longer waited for.
const COUNT_LIMIT: usize = 256 * 1024;

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
    say_within(text, TEXT_LIMIT, said);
}

/// The same where there is room for so many bytes, behind what stands there. True where it was cut.
pub(crate) fn say_within<P: Paper>(text: &mut P, room: usize, said: fmt::Arguments<'_>) -> bool {
    let start = text.length();
    let mut head = Bounded { text, room, total: 0, ended: true };
    if catch_unwind(AssertUnwindSafe(|| head.write_fmt(said))).is_err() {
        text.cut(start);
        text.append("[saying this panicked]");
        return false;
    }
    let Bounded { total, ended, .. } = head;
    let is_cut = total > text.length() - start;
    if is_cut {
        let more = if ended { "" } else { "more than " };
        text.append(&format!("…[{more}{total} bytes]"));
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
    fn cut(&mut self, length: usize);
}

impl Paper for String {
    fn append(&mut self, text: &str) {
        self.push_str(text);
    }

    fn length(&self) -> usize {
        self.len()
    }

    fn cut(&mut self, length: usize) {
        self.truncate(length);
    }
}

impl Paper for Vec<u8> {
    fn append(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }

    fn length(&self) -> usize {
        self.len()
    }

    fn cut(&mut self, length: usize) {
        self.truncate(length);
    }
}

/// Takes text until there is no more room, then counts it.
struct Bounded<'a, P> {
    text: &'a mut P,
    room: usize,
    /// Bytes that came.
    total: usize,
    /// False once there was more than is counted.
    ended: bool,
}

impl<P: Paper> Write for Bounded<'_, P> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.total >= COUNT_LIMIT && !text.is_empty() {
            self.ended = false;
            return Err(fmt::Error);
        }
        self.total = self.total.saturating_add(text.len());
        let fits = if text.len() <= self.room { text.len() } else { text.floor_char_boundary(self.room) };
        self.text.append(text.get(..fits).unwrap_or_default());
        // Nothing stands behind what did not fit.
        self.room = if fits < text.len() { 0 } else { self.room - fits };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{error::Error, fmt};

    use super::{COUNT_LIMIT, TEXT_LIMIT, of_display, of_error, text};
    use crate::redact::Redactor;

    #[derive(Debug)]
    struct Told(String, Option<Box<Told>>);

    impl fmt::Display for Told {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.fmt(f)
        }
    }

    impl Error for Told {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|source| source as _)
        }
    }

    /// Says a piece again and again, as long as it is let.
    struct Pieces(&'static str, usize);

    impl fmt::Display for Pieces {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (0..self.1).try_for_each(|_| f.write_str(self.0))
        }
    }

    #[test]
    fn what_an_error_says_is_bounded_and_says_so() {
        let scrub = Redactor::default();
        let error = Told("x".repeat(9000), Some(Box::new(Told("é".repeat(4500), None))));
        let report = of_error(&error, &scrub);
        assert_eq!(report.message, "…[9000 bytes]");
        assert_eq!(report.chain.len(), 1);
        // Letters beyond ASCII end a word that may be half a secret.
        assert_eq!(report.chain[0].as_str(), format!("{}…[9000 bytes]", "é".repeat(TEXT_LIMIT / 2)));
        assert_eq!(of_display(&"x".repeat(9000), &[], &scrub).message, "…[9000 bytes]");
        for fits in [0, 1, TEXT_LIMIT - 1, TEXT_LIMIT] {
            assert_eq!(text(&"x".repeat(fits), &scrub).as_str().len(), fits);
        }
        assert_eq!(text(&"x".repeat(TEXT_LIMIT + 1), &scrub), "…[8193 bytes]");
        let secret = format!("{} password=hunter2", "x ".repeat(4088));
        assert!(!text(&secret, &scrub).as_str().contains("hun"));
    }

    #[test]
    fn what_has_no_end_is_not_counted_to_it() {
        let scrub = Redactor::default();
        assert_eq!(text(&Pieces("x", 9000), &scrub), "…[9000 bytes]");
        assert_eq!(text(&Pieces("x", COUNT_LIMIT), &scrub), "…[262144 bytes]");
        assert_eq!(text(&Pieces("x", COUNT_LIMIT + 1), &scrub), "…[more than 262144 bytes]");
        assert_eq!(text(&Pieces("x", usize::MAX), &scrub), "…[more than 262144 bytes]");
        // One piece is known whole.
        assert_eq!(text(&"x".repeat(2 * COUNT_LIMIT), &scrub), "…[524288 bytes]");
    }

    #[test]
    fn a_piece_that_fits_behind_one_that_did_not_is_not_told() {
        struct Uneven;

        impl fmt::Display for Uneven {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&"\n".repeat(TEXT_LIMIT - 1))?;
                f.write_str("é")?;
                f.write_str("a ")
            }
        }

        let told = text(&Uneven, &Redactor::default());
        assert_eq!(told.as_str(), format!("{}…[{} bytes]", "\n".repeat(TEXT_LIMIT - 1), TEXT_LIMIT + 3));
    }
}
