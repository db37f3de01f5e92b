//! The log of what happens outside of exchanges.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::super::recorder::Recorder;

static HOME: Mutex<Weak<Recorder>> = Mutex::new(Weak::new());

/// From now on what happens outside of exchanges is told to this log, as long as somebody holds it.
#[cfg(feature = "init")]
pub(crate) fn make_home(recorder: &Arc<Recorder>) {
    *HOME.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(recorder);
}

pub(super) fn home() -> Option<Arc<Recorder>> {
    let home = HOME.lock().unwrap_or_else(PoisonError::into_inner).clone();
    home.upgrade()
}
