//! What handlers tell of their work, beside errors: timers, caches, events, attributes.
//!
//! Nothing of it is there until the first is used. What users say of their values is asked for, redacted and bounded before
//! any lock is taken.

mod attribute;
mod cache;
mod debug;
mod event;
mod home;
mod in_trail;
mod kept;
pub(super) mod loudest;
mod macros;
mod probe;
mod recipient;
mod timed;
mod timer;
mod value;

#[cfg(test)]
#[cfg(feature = "axum")]
mod tests;

use std::borrow::Cow;

pub use debug::{debug_level, is_debug_enabled};
pub use event::CustomEvent;
#[cfg(feature = "init")]
pub(crate) use home::make_home;
pub(super) use kept::{Instruments, StepId};
pub use timed::{Timed, TimedFuture};
pub use timer::Timer;

use crate::exchange::{Redacted, Scrub};

/// Bytes of a name that is not in the program itself.
const NAME_LIMIT: usize = 256;
/// Bytes of it that are looked at: so many more that a secret at the cut is seen for what it is.
const NAME_WINDOW: usize = 4096;

/// A name as steps have it.
#[allow(clippy::ptr_arg, reason = "what stands in the program needs no redaction")]
fn title(name: &Cow<'static, str>, scrub: &dyn Scrub) -> Redacted {
    match name {
        Cow::Borrowed(name) => Redacted::literal(name),
        Cow::Owned(name) => {
            let window = name.get(..name.floor_char_boundary(NAME_WINDOW)).unwrap_or(name);
            if window.len() < name.len() && may_hide_user(window) {
                return super::report::shown(&super::report::head(name), scrub).cut(NAME_LIMIT);
            }
            scrub.text(window).cut(NAME_LIMIT)
        }
    }
}

/// True where a URL is cut of which nobody can say whether it is one with a password: the `@` may come behind.
fn may_hide_user(window: &str) -> bool {
    window.split(char::is_whitespace).next_back().is_some_and(|word| word.contains("://"))
}

/// A name as it is told: one that was put together at run time may hold anything.
fn name(name: Cow<'static, str>, scrub: &dyn Scrub) -> Cow<'static, str> {
    match name {
        Cow::Borrowed(name) => name.into(),
        Cow::Owned(_) => title(&name, scrub).to_string().into(),
    }
}
