//! What is known of a panic: the payload tells the message, a chained hook where it came from.

use std::{
    any::Any,
    backtrace,
    cell::RefCell,
    panic::{self, PanicHookInfo},
    sync::Once,
};

use super::current;
use crate::exchange::Backtrace;

/// Where a panic came from, as the hook saw it.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) location: Option<String>,
    pub(super) backtrace: Option<Backtrace>,
}

thread_local!(static LAST: RefCell<Option<Origin>> = const { RefCell::new(None) });

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

/// Remembers the first panic inside an exchange; panics elsewhere, and those of sinks, are not ours.
fn note(info: &PanicHookInfo<'_>) {
    if !current::is_inside() || crate::sink::is_delivering() {
        return;
    }
    let location = info.location().map(|location| format!("{}:{}", location.file(), location.line()));
    // RUST_BACKTRACE=0 is heeded; unset, the stack is worth its microseconds: nobody can ask for it later.
    let wanted = std::env::var_os("RUST_BACKTRACE").is_none_or(|value| value != "0");
    let backtrace = wanted.then(|| Backtrace::new(backtrace::Backtrace::force_capture()));
    let _ = LAST.try_with(|last| {
        if let Ok(mut last) = last.try_borrow_mut() {
            *last = Some(Origin { location, backtrace });
        }
    });
}

/// Forgets a panic that somebody else has caught.
pub(super) fn forget() {
    drop(take_origin());
}

/// What the hook saw of the panic just caught on this thread.
pub(super) fn take_origin() -> Origin {
    LAST.try_with(|last| last.try_borrow_mut().ok().and_then(|mut last| last.take()))
        .ok()
        .flatten()
        .unwrap_or(Origin { location: None, backtrace: None })
}

/// The message of a panic, where its payload is a text, as that of `panic!` is.
pub(super) fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic whose payload is not text")
}
