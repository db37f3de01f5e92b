use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Sink;
use crate::exchange::{Event, Exchange, Started};

/// Keeps every record in memory, for tests to look at. It keeps them all: not for a service that stays up.
///
/// ```
/// use std::sync::Arc;
/// use tower_flightlog::{FlightLog, MemorySink};
///
/// let memory = Arc::new(MemorySink::default());
/// let flightlog = FlightLog::builder().files(false).dumps(false).sink(Arc::clone(&memory)).build()?;
/// assert!(memory.exchanges().is_empty());
/// # Ok::<(), tower_flightlog::Error>(())
/// ```
///
/// Records arrive on the recorder's own thread: flush before looking.
///
/// ```
/// # use std::{sync::Arc, time::Duration};
/// # use tower_flightlog::{FlightLog, MemorySink};
/// # let memory = Arc::new(MemorySink::default());
/// # let flightlog = FlightLog::builder().files(false).dumps(false).sink(Arc::clone(&memory)).build()?;
/// flightlog.flush(Duration::from_secs(5))?;
/// let failures = memory.exchanges().iter().filter(|exchange| exchange.is_failure()).count();
/// assert_eq!(failures, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct MemorySink {
    started: Mutex<Vec<Arc<Started>>>,
    exchanges: Mutex<Vec<Arc<Exchange>>>,
    events: Mutex<Vec<Arc<Event>>>,
}

impl MemorySink {
    /// Requests that began, in the order they were told.
    // Not `started`: on an `Arc<MemorySink>` that would be the method of `Sink`.
    #[must_use]
    pub fn requests(&self) -> Vec<Arc<Started>> {
        lock(&self.started).clone()
    }

    /// Exchanges that ended, in the order they were told.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Arc<Exchange>> {
        lock(&self.exchanges).clone()
    }

    /// What the application told, in order.
    #[must_use]
    pub fn events(&self) -> Vec<Arc<Event>> {
        lock(&self.events).clone()
    }

    /// Forgets all of it.
    pub fn clear(&self) {
        lock(&self.started).clear();
        lock(&self.exchanges).clear();
        lock(&self.events).clear();
    }
}

impl Sink for MemorySink {
    fn started(&self, started: &Arc<Started>) {
        lock(&self.started).push(Arc::clone(started));
    }

    fn finished(&self, exchange: &Arc<Exchange>) {
        lock(&self.exchanges).push(Arc::clone(exchange));
    }

    fn event(&self, event: &Arc<Event>) {
        lock(&self.events).push(Arc::clone(event));
    }
}

/// A list is whole after every push: a panic elsewhere does not spoil it.
fn lock<T>(list: &Mutex<T>) -> MutexGuard<'_, T> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use serde_json::json;

    use super::MemorySink;
    use crate::{
        export::fixtures::{event, exchange},
        sink::Sink,
    };

    #[test]
    fn records_are_kept_in_order_until_forgotten_even_past_a_panic() {
        let memory = Arc::new(MemorySink::default());
        let first = Arc::new(exchange(json!({})));
        let second = Arc::new(exchange(json!({"response": {"status": 500}})));
        let poisoner = Arc::clone(&memory);
        let panicked = thread::spawn(move || {
            let _held = poisoner.exchanges.lock().unwrap();
            panic!("with the lock held");
        });
        assert!(panicked.join().is_err());
        memory.started(&first.began);
        memory.finished(&first);
        memory.finished(&second);
        memory.event(&Arc::new(event(json!({}))));
        assert_eq!(memory.exchanges(), [first, second]);
        assert_eq!((memory.requests().len(), memory.events().len()), (1, 1));
        memory.clear();
        assert_eq!((memory.requests().len(), memory.exchanges().len(), memory.events().len()), (0, 0, 0));
    }
}
