use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Tells what went wrong with an output, at most once a minute.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// `dumps`.
    with: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: Option<String>,
    told: Option<Instant>,
    untold: u64,
}

impl Trouble {
    pub(crate) fn new(with: &'static str) -> Self {
        Self { with, state: Mutex::default() }
    }

    /// Remembers what went wrong and, where the last warning is a minute old, warns. True where it did.
    pub(crate) fn report(&self, now: Instant, what: String) -> bool {
        let mut state = self.state();
        state.last = Some(what.clone());
        let recent = |told| now.saturating_duration_since(told) < Duration::from_secs(60);
        if state.told.is_some_and(recent) {
            state.untold += 1;
            return false;
        }
        state.told = Some(now);
        let untold = std::mem::take(&mut state.untold);
        // A subscriber may well come back to us.
        drop(state);
        match untold {
            0 => tracing::warn!("{what}"),
            n => {
                tracing::warn!("{what} ({n} more troubles with {} since the last warning)", self.with)
            }
        }
        true
    }

    /// What went wrong last.
    #[cfg(test)]
    pub(crate) fn last(&self) -> Option<String> {
        self.state().last.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Trouble;

    #[test]
    fn a_minute_hears_one_warning_and_the_last_trouble_is_known() {
        let (trouble, start) = (Trouble::new("dumps"), Instant::now());
        let told = [0, 1, 59, 60, 61]
            .map(|second| trouble.report(start + Duration::from_secs(second), format!("at {second}")));
        assert_eq!(told, [true, false, false, true, false]);
        assert_eq!(trouble.last().as_deref(), Some("at 61"));
    }
}
