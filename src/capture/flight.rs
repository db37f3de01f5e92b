//! One exchange while it lasts: who it is, and how the rest finds it.

mod ending;
mod passing;
mod sending;
mod spare;
mod state;
mod telling;
mod trail;

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use http::{HeaderName, HeaderValue, request::Parts};

pub(crate) use self::passing::Passing;
use self::{state::State, trail::Events};
use super::{
    answer::Answer,
    arrival::{self, Hints},
    beginning::Beginning,
    current, given_up,
    instruments::Instruments,
    noted::Noted,
    open::Seat,
    outbound::{Outbound, SAMPLED},
    panics,
    recorder::{Recorder, warn_of_filter},
    sight::Sight,
    tap::{Described, Tap},
    traceparent::TraceParent,
};
use crate::{
    config::RoutePolicy,
    exchange::{ErrorReport, RequestId, Started, Timestamp, TraceId},
};

/// One exchange while it lasts: a shared handle to its record in the making.
#[derive(Clone)]
pub(crate) struct Flight(Arc<Inner>);

/// A way to an exchange that keeps neither its record nor the recorder alive.
#[derive(Clone)]
pub(crate) struct WeakFlight(Weak<Inner>);

struct Inner {
    recorder: Arc<Recorder>,
    request_id: RequestId,
    arrived: Instant,
    /// LOG_SKIP or LOG_SAMPLE leaves it out.
    unwanted: bool,
    /// Set later where a request is sent from here and there was no trace.
    trace_id: OnceLock<TraceId>,
    /// The flags of the `traceparent` it came with.
    trace_flags: u8,
    /// What is known of a request because it is sent.
    outbound: Option<Box<Outbound>>,
    /// The client's valid `x-request-id`, to be sent back.
    echo: Option<Box<HeaderValue>>,
    /// Its [`Seat`] among those that are open, set before anybody else has a handle.
    seat: AtomicU32,
    state: Mutex<State>,
    /// Bytes of the request's body that passed after nothing more of it was to be kept, and that the state does not know of.
    request_beyond: AtomicU64,
    /// Bytes of the response's body that passed.
    response_bytes: AtomicU64,
    /// The record is made: what comes now comes after the response.
    ended: AtomicBool,
    /// Events are kept for a dump.
    keeps_trail: bool,
    /// Made by the first event.
    trail: OnceLock<Box<Events>>,
    /// Made by the first that is used.
    instruments: OnceLock<Box<Instruments>>,
}

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What differs between requests that come and those that are sent.
struct Own {
    arrived: Instant,
    unwanted: bool,
    trace_flags: u8,
    outbound: Option<Box<Outbound>>,
    echo: Option<Box<HeaderValue>>,
    keeps_trail: bool,
}

/// A part of the service is dropped, with its exchange as the current one, because nobody waits for it any longer.
#[derive(Debug)]
pub(crate) struct PuttingAway {
    _entered: Option<current::Entered>,
    _given_up: given_up::GivingUp,
}

/// A panic that was caught and recorded, to go on or to be answered.
pub(crate) struct Panic {
    payload: Box<dyn Any + Send>,
    report: Box<ErrorReport>,
}

impl Flight {
    /// Begins a record. None where the recorder is off, and where a layer further out records this request already.
    pub(crate) fn begin(recorder: &Arc<Recorder>, parts: &Parts, hints: &Hints<'_>) -> Option<Self> {
        if !recorder.is_enabled() || parts.extensions.get::<RequestId>().is_some() {
            return None;
        }
        warn_of_filter(recorder);
        let (arrived, started) = (Instant::now(), Timestamp::now());
        let request_id = RequestId::fresh(started);
        let unwanted = !recorder.wants(parts, hints, request_id);
        let headers = Noted::of(&parts.headers);
        let beginning =
            Arc::new_cyclic(|_| arrival::started(recorder, parts, &headers, hints, request_id, started));
        if beginning.request.remote_addr.is_none() {
            recorder.warn_of_unknown_peer();
        }
        let echo = beginning
            .client_request_id
            .as_ref()
            .and_then(|_| Some(Box::new(headers.request_id.once()?.clone())));
        let trace_flags = TraceParent::from_header(headers.traceparent).map_or(SAMPLED, |trace| trace.flags);
        let keeps_trail = recorder.hearing().keeps_trails();
        let own = Own { arrived, unwanted, trace_flags, outbound: None, echo, keeps_trail };
        Some(Self::open(recorder, parts, &headers, beginning, own))
    }

    fn open(
        recorder: &Arc<Recorder>,
        parts: &Parts,
        headers: &Noted<'_>,
        beginning: Arc<Started>,
        own: Own,
    ) -> Self {
        let Own { arrived, unwanted, trace_flags, outbound, echo, keeps_trail } = own;
        let policy = parts.extensions.get::<RoutePolicy>().copied().unwrap_or_default();
        let limit = policy.limit(recorder.capture_limit());
        recorder.counters.begun.add(1);
        let (request_id, trace_id) = (beginning.request_id, beginning.trace_id);
        // Written to its place at once: `Arc::new` would move it there, twice.
        let flight = Self(Arc::new_cyclic(|_| Inner {
            recorder: Arc::clone(recorder),
            request_id,
            arrived,
            unwanted,
            trace_id: trace_id.map_or_else(OnceLock::new, OnceLock::from),
            trace_flags,
            outbound,
            echo,
            seat: Seat::number(None).into(),
            state: State::new(
                Beginning::Held(beginning),
                Tap::new(Described::by(headers), limit, true),
                policy,
            )
            .into(),
            request_beyond: AtomicU64::new(0),
            response_bytes: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            keeps_trail,
            trail: OnceLock::new(),
            instruments: OnceLock::new(),
        }));
        flight.0.seat.store(Seat::number(recorder.clock.enter(&flight)), Relaxed);
        flight
    }

    pub(crate) fn request_id(&self) -> RequestId {
        self.0.request_id
    }

    pub(super) fn recorder(&self) -> &Arc<Recorder> {
        &self.0.recorder
    }

    pub(super) fn instruments(&self) -> &Instruments {
        self.0.instruments.get_or_init(Box::default)
    }

    /// True once its record is made. Work that it left behind may still have it.
    pub(crate) fn has_ended(&self) -> bool {
        self.0.ended.load(Relaxed)
    }

    pub(super) fn arrived(&self) -> Instant {
        self.0.arrived
    }

    /// The trace it belongs to.
    pub(crate) fn trace_id(&self) -> Option<TraceId> {
        self.0.trace_id.get().copied()
    }

    pub(crate) fn downgrade(&self) -> WeakFlight {
        WeakFlight(Arc::downgrade(&self.0))
    }

    /// Runs a step of the service with this as the current exchange, and catches its panic.
    #[inline]
    pub(crate) fn watch<T>(&self, step: impl FnOnce() -> T) -> Result<T, Panic> {
        // A call is not the current exchange: that is the request it is sent in.
        let _entered = self.0.outbound.is_none().then(|| {
            panics::forget();
            current::enter(self)
        });
        catch_unwind(AssertUnwindSafe(step)).map_err(|payload| self.caught(payload))
    }

    /// The same for one step of many: the handle by which it is the current exchange is kept from one to the next.
    #[inline]
    pub(crate) fn watch_again<T>(
        &self,
        handle: &mut Option<Self>,
        step: impl FnOnce() -> T,
    ) -> Result<T, Panic> {
        if self.0.outbound.is_some() {
            return self.watch(step);
        }
        panics::forget();
        let own = handle.take().filter(|own| Arc::ptr_eq(&own.0, &self.0));
        let _entered = current::enter_with(own.unwrap_or_else(|| self.clone()), handle);
        catch_unwind(AssertUnwindSafe(step)).map_err(|payload| self.caught(payload))
    }

    #[cold]
    fn caught(&self, payload: Box<dyn Any + Send>) -> Panic {
        let recorder = &self.0.recorder;
        let report = match self.0.outbound {
            None => panics::report(&*payload, &recorder.known_errors, &*recorder.scrub),
            Some(_) => panics::report_passing(&*payload, &*recorder.scrub),
        };
        Panic { payload, report: report.into() }
    }

    /// Lets go of a part of the service with this as the current exchange.
    pub(crate) fn put_away(&self, part: impl FnOnce()) {
        let _putting_away = self.putting_away();
        part();
    }

    /// The same for what is dropped until the guard is. To be asked for where nobody waits any longer for that part.
    pub(crate) fn putting_away(&self) -> PuttingAway {
        let entered = self.0.outbound.is_none().then(|| current::enter(self));
        PuttingAway { _entered: entered, _given_up: given_up::give_up() }
    }

    /// How it stands; none where it ended.
    pub(super) fn sight(&self) -> Option<Sight> {
        let state = self.counted();
        let began = state.beginning.started().filter(|_| !state.finished)?;
        Some(Sight {
            request_id: self.0.request_id,
            trace_id: self.trace_id(),
            direction: began.direction,
            arrived: self.0.arrived,
            started: began.started,
            method: began.request.method.clone(),
            endpoint: began.request.head.endpoint_alone(),
            status: state.answer.as_deref().map(Answer::status),
            request_bytes: state.request.total(),
            response_bytes: self.response_bytes(),
        })
    }

    /// The request as sinks are told of it, once; none where it is held back or was told before.
    fn tell_beginning(&self, state: &mut State, age: impl FnOnce() -> Duration) -> Option<Arc<Started>> {
        if !self.may_tell(state) {
            return None;
        }
        self.count(state);
        let State { beginning, request, .. } = state;
        beginning.tell(request, age)
    }

    fn may_tell(&self, state: &State) -> bool {
        !state.finished && !self.is_skipped(state.policy) && self.0.recorder.sinks.hears_started()
    }

    /// True where sinks are told only if it ends remarkably.
    fn is_skipped(&self, policy: RoutePolicy) -> bool {
        self.0.unwanted || policy.is_skipped()
    }

    fn seat(&self) -> Option<Seat> {
        Seat::of_number(self.0.seat.load(Relaxed))
    }

    fn announce(&self, told: Option<Arc<Started>>) {
        if let Some(started) = told {
            self.0.recorder.sinks.started(&started);
        }
    }

    /// Since arrival, in whole microseconds, as records have it.
    fn age(&self) -> Duration {
        let age = self.0.arrived.elapsed();
        Duration::new(age.as_secs(), age.subsec_micros() * 1000)
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, where all that passed is to be known.
    #[inline]
    fn counted(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        self.count(&mut state);
        state
    }

    /// Has the state know of all that passed.
    #[inline]
    fn count(&self, state: &mut State) {
        if self.0.request_beyond.load(Relaxed) > 0 {
            state.request.count(self.0.request_beyond.swap(0, Relaxed));
        }
    }
}

impl WeakFlight {
    /// The exchange, where somebody still works on it.
    pub(crate) fn upgrade(&self) -> Option<Flight> {
        self.0.upgrade().map(Flight)
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Flight").field(&self.0.request_id).finish()
    }
}

#[cfg(test)]
mod tests;
