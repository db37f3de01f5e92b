//! The exchange that is being worked on, for the handler and everyone it calls.

use std::{cell::Cell, panic::Location, path::PathBuf, sync::Arc};

use super::{Flight, any_error::AnyError, recorder::Recorder};
use crate::exchange::RequestId;

thread_local!(static CURRENT: Cell<Option<Flight>> = const { Cell::new(None) });

/// The exchange in whose handler, or response body, this is called; see [`Current`].
///
/// ```
/// use tower_flightlog::current;
///
/// async fn handler() -> &'static str {
///     match current().request_id() {
///         Some(id) => println!("this is exchange {id}"),
///         None => println!("no exchange here"),
///     }
///     "done"
/// }
/// ```
#[must_use]
#[inline]
pub fn current() -> Current {
    Current { flight: looked_at(Option::clone).flatten(), log: None }
}

/// A handle to the exchange that is being worked on. Owned and `Send`; outside an exchange everything is a no-op but
/// [`event`](Self::event), [`debug`](Self::debug), [`timer`](Self::timer), [`cache_hit`](Self::cache_hit) and
/// [`cache_miss`](Self::cache_miss): what these tell goes to the log that [`init`](crate::init) started last, without a
/// request's id, or to the one whose [`FlightLog::current`](crate::FlightLog::current) was asked.
///
/// It is there while the handler's future, or the response's body, is polled. Work that is spawned sees it if it is made
/// [`with_current`](crate::WithCurrent) or, on other threads, is [wrapped](Self::wrap); or if the handle was taken before:
///
/// ```
/// # async fn handler() {
/// let current = tower_flightlog::current();
/// tokio::spawn(async move {
///     if let Err(error) = std::fs::read("prices.csv") {
///         current.report_error(&error);
///     }
/// });
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Current {
    flight: Option<Flight>,
    /// Whom instruments tell where there is no exchange.
    log: Option<Arc<Recorder>>,
}

impl Current {
    /// The id of the exchange.
    #[must_use]
    pub fn request_id(&self) -> Option<RequestId> {
        self.flight.as_ref().map(Flight::request_id)
    }

    /// A closure that takes the exchange along to where it runs: a thread for work that blocks, a pool, a callback. In
    /// it, [`current`] is this exchange, so that its events, timers and calls belong to the request, as those of a
    /// future do that is made [`with_current`](crate::WithCurrent). Where there is no exchange, it is the closure alone.
    ///
    /// What it tells when the exchange has ended has the id of the request and
    /// [`after_response`](crate::Event::after_response); of timers, attributes and counts of caches nothing is kept any
    /// more. The exchange is freed when the closure is.
    ///
    /// ```
    /// use tower_flightlog::current;
    ///
    /// async fn resize(picture: Vec<u8>) -> usize {
    ///     let work = current().wrap(move || {
    ///         let _timer = current().timer("resize");
    ///         picture.len() / 2
    ///     });
    ///     tokio::task::spawn_blocking(work).await.unwrap_or(0)
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() { assert_eq!(resize(vec![0; 8]).await, 4); }
    /// ```
    ///
    /// On threads of the standard library, which need no runtime:
    ///
    /// ```
    /// let current = tower_flightlog::current();
    /// let threads: Vec<_> = (1..=3).map(|n| std::thread::spawn(current.wrap(move || n * 2))).collect();
    /// let sum: i32 = threads.into_iter().filter_map(|thread| thread.join().ok()).sum();
    /// assert_eq!(sum, 12);
    /// ```
    #[must_use = "it is the closure that does the work"]
    pub fn wrap<F: FnOnce() -> T, T>(&self, work: F) -> impl FnOnce() -> T + use<F, T> {
        let flight = self.flight.clone();
        move || {
            let _entered = flight.as_ref().map(enter);
            work()
        }
    }

    /// Tells why the exchange is about to fail: type, message, sources, the place of this call and the stack that the
    /// error shows go into its entries and its dump, redacted. The last report counts, and more than what the response
    /// has in its extensions (see [`WithError`](crate::WithError)).
    ///
    /// ```
    /// use axum::http::StatusCode;
    /// use tower_flightlog::current;
    ///
    /// async fn prices() -> Result<String, StatusCode> {
    ///     std::fs::read_to_string("prices.csv").map_err(|error| {
    ///         current().report_error(&error);
    ///         StatusCode::INTERNAL_SERVER_ERROR
    ///     })
    /// }
    /// ```
    ///
    /// It takes any error, `&anyhow::Error`, `&eyre::Report` and boxed errors:
    ///
    /// ```
    /// use anyhow::Context;
    /// use axum::http::StatusCode;
    /// use tower_flightlog::current;
    ///
    /// async fn prices() -> Result<String, StatusCode> {
    ///     std::fs::read_to_string("prices.csv").context("no prices").map_err(|error| {
    ///         current().report_error(&error);
    ///         StatusCode::INTERNAL_SERVER_ERROR
    ///     })
    /// }
    /// ```
    ///
    /// Of `anyhow::Error` and `eyre::Report` give a reference to themselves: `&*error` is the error inside, which does
    /// not show the stack. They capture one if `RUST_BACKTRACE` or `RUST_LIB_BACKTRACE` is set, and its symbols are
    /// looked up here: a quarter of a millisecond, the first time in a process 100 ms and more.
    /// [`WithError`](crate::WithError) leaves that to the writer of the dump.
    #[track_caller]
    pub fn report_error<By, E: AnyError<By> + ?Sized>(&self, error: &E) {
        if let Some(flight) = &self.flight {
            flight.report(error, Location::caller());
        }
    }

    /// Asks for a dump of this exchange, however it ends, and gives the place where it will be once it has ended.
    ///
    /// There is one for each exchange: asked again, the path is the same, and the first reason is the one in the dump,
    /// redacted, its first 8 KiB. None outside an exchange and once it has ended, with LOG_DUMPS=false, and where
    /// LOG_DUMP_PER_MINUTE lets no more of them through. What was refused gets a dump at its end if there is room again,
    /// else it is counted in [`Stats::dumps_suppressed`](crate::Stats::dumps_suppressed). The path is for logs and
    /// operators: a client has no use for it.
    ///
    /// ```
    /// use tower_flightlog::current;
    ///
    /// async fn reserve(amount: i64) -> &'static str {
    ///     if amount < 0 {
    ///         current().dump("a negative amount reached the stock");
    ///     }
    ///     "reserved"
    /// }
    /// ```
    pub fn dump(&self, reason: &str) -> Option<PathBuf> {
        self.flight.as_ref()?.ask_for_dump(reason)
    }

    pub(crate) fn flight(&self) -> Option<&Flight> {
        self.flight.as_ref()
    }

    /// The same; where no exchange is worked on, instruments tell this log.
    pub(crate) fn or_log(self, recorder: &Arc<Recorder>) -> Self {
        Self { log: Some(Arc::clone(recorder)), ..self }
    }

    pub(super) fn log(&self) -> Option<&Arc<Recorder>> {
        self.log.as_ref()
    }

    #[cfg(feature = "init")]
    pub(crate) fn into_flight(self) -> Option<Flight> {
        self.flight
    }
}

/// True while an exchange is worked on in this thread.
pub(super) fn is_inside() -> bool {
    looked_at(Option::is_some).unwrap_or(false)
}

/// What is current stays so; none where the thread ends.
#[inline]
fn looked_at<T>(look: impl FnOnce(&Option<Flight>) -> T) -> Option<T> {
    let look = |current: &Cell<Option<Flight>>| {
        let flight = current.take();
        let seen = look(&flight);
        current.set(flight);
        seen
    };
    CURRENT.try_with(look).ok()
}

/// Makes `flight` the current exchange until the guard is dropped.
#[inline]
pub(super) fn enter(flight: &Flight) -> Entered {
    Entered(replace(Some(flight.clone())))
}

/// Makes `flight` the current exchange, and gives it to `back` when the guard is dropped.
#[inline]
pub(super) fn enter_with(flight: Flight, back: &mut Option<Flight>) -> EnteredWith<'_> {
    EnteredWith { before: replace(Some(flight)), back }
}

#[inline]
fn replace(flight: Option<Flight>) -> Option<Flight> {
    CURRENT.try_with(|current| current.replace(flight)).ok().flatten()
}

/// Restores what was current before, also when unwinding.
#[derive(Debug)]
pub(super) struct Entered(Option<Flight>);

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        drop(replace(self.0.take()));
    }
}

/// The same; the handle that was current is kept.
pub(super) struct EnteredWith<'a> {
    before: Option<Flight>,
    back: &'a mut Option<Flight>,
}

impl Drop for EnteredWith<'_> {
    #[inline]
    fn drop(&mut self) {
        *self.back = replace(self.before.take());
    }
}
