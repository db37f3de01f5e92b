//! What is known of a panic: the payload tells the message, a chained hook where it came from.

use std::{
    any::{Any, TypeId},
    backtrace,
    borrow::Cow,
    cell::{Cell, RefCell},
    env,
    error::Error,
    panic::{self, PanicHookInfo},
    sync::{Arc, Once},
};

use super::{
    current, frames,
    report::{self, Known},
};
use crate::exchange::{Backtrace, ErrorReport, Scrub};

/// Where a panic came from, as the hook saw it.
#[derive(Debug)]
struct Origin {
    payload: Mark,
    location: Option<String>,
    /// Captured, but not yet symbols.
    stack: Option<backtrace::Backtrace>,
}

/// What tells a payload from another: its type, and where its text stands in memory.
#[derive(Debug, PartialEq)]
struct Mark(TypeId, Option<(*const u8, usize)>);

/// Panics remembered of one step of a service: it may catch some itself before one goes on, and while one goes on.
const REMEMBERED: usize = 8;

thread_local!(static SEEN: RefCell<Vec<Origin>> = const { RefCell::new(Vec::new()) });
// Asked with each step of a service: cheaper than to look at them.
thread_local!(static HAS_SEEN: Cell<bool> = const { Cell::new(false) });

/// Puts our hook in front of the present one, once in a process.
pub(crate) fn chain_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            note(info);
            previous(info);
        }));
    });
}

/// Remembers a panic inside an exchange; panics elsewhere, and those of sinks, are not ours. Whatever is called here must
/// not panic, which would abort, nor be the user's.
fn note(info: &PanicHookInfo<'_>) {
    if !current::is_inside() || crate::sink::is_delivering() {
        return;
    }
    let location = info.location().map(report::place);
    // RUST_BACKTRACE=0 is heeded; unset, the stack is worth its microseconds: nobody can ask for it later.
    let wanted = env::var_os("RUST_BACKTRACE").is_none_or(|value| value != "0");
    let stack = wanted.then(backtrace::Backtrace::force_capture);
    let origin = Origin { payload: Mark::of(info.payload()), location, stack };
    let _ = SEEN.try_with(|seen| {
        if let Ok(mut seen) = seen.try_borrow_mut() {
            if seen.len() >= REMEMBERED {
                seen.remove(0);
            }
            seen.push(origin);
            HAS_SEEN.set(true);
        }
    });
}

/// Forgets panics that somebody else has caught.
#[inline]
pub(super) fn forget() {
    if HAS_SEEN.replace(false) {
        drop(all());
    }
}

/// What is told of the panic just caught on this thread.
pub(super) fn report(payload: &(dyn Any + Send), known: &[Known], scrub: &dyn Scrub) -> ErrorReport {
    let mark = Mark::of(payload);
    // Others were caught before it, or while it went on.
    let origin = all().into_iter().rev().find(|origin| origin.payload == mark);
    let (location, stack) = origin.map_or((None, None), |origin| (origin.location, origin.stack));
    let told = match error_in(payload, known) {
        Some(error) => report::of_error(error, known, scrub),
        None => ErrorReport { message: report::text(message(payload), scrub), ..ErrorReport::default() },
    };
    let backtrace = stack.map(|stack| Backtrace::captured(stack, frames::trimmed)).or(told.backtrace);
    ErrorReport { error_type: Some("panic".into()), location, backtrace, ..told }
}

/// What is told of a panic that goes on through another exchange, which is to find where it came from.
pub(super) fn report_passing(payload: &(dyn Any + Send), scrub: &dyn Scrub) -> ErrorReport {
    let message = report::text(message(payload), scrub);
    ErrorReport { error_type: Some("panic".into()), message, ..ErrorReport::default() }
}

fn all() -> Vec<Origin> {
    let take = |seen: &RefCell<Vec<_>>| seen.try_borrow_mut().map(|mut seen| std::mem::take(&mut *seen));
    SEEN.try_with(take).ok().and_then(Result::ok).unwrap_or_default()
}

/// The error that `panic_any` was called with.
fn error_in<'a>(payload: &'a (dyn Any + Send), known: &[Known]) -> Option<&'a (dyn Error + 'static)> {
    if let Some(error) = payload.downcast_ref::<Box<dyn Error + Send>>() {
        return Some(&**error);
    }
    if let Some(error) = payload.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return Some(&**error);
    }
    report::read(payload, known)
}

/// The message of a panic, where its payload is a text, as that of `panic!` is.
fn message(payload: &(dyn Any + Send)) -> &str {
    text(payload).unwrap_or("a panic whose payload is not text")
}

fn text(payload: &(dyn Any + Send)) -> Option<&str> {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        return Some(text);
    }
    let string = || payload.downcast_ref::<String>().map(String::as_str);
    let boxed = || payload.downcast_ref::<Box<str>>().map(|text| &**text);
    let either = || payload.downcast_ref::<Cow<'static, str>>().map(|text| &**text);
    string().or_else(boxed).or_else(either)
}

impl Mark {
    /// The text of a payload stays where it is when the payload is boxed for those who catch it.
    fn of(payload: &(dyn Any + Send)) -> Self {
        Self(payload.type_id(), text(payload).map(|text| (text.as_ptr(), text.len())))
    }
}
