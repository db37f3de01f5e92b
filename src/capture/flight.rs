use std::{
    any::Any,
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::Buf;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, request::Parts};

use super::{
    answer::Answer,
    any_error::AnyError,
    arrival::{self, Hints},
    beginning::Beginning,
    cause,
    completion::{self, Ahead},
    current,
    instruments::Instruments,
    left::Left,
    noted::Noted,
    open::Seat,
    panics,
    recorder::{Recorder, warn_of_filter},
    report,
    sight::Sight,
    tap::{Seen, Tap},
    theirs::Theirs,
};
use crate::{
    config::RoutePolicy,
    exchange::{
        ErrorReport, Exchange, Outcome, Place, Redacted, RequestId, Ring, Started, Timestamp, TraceId, Trail,
    },
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
    method: Method,
    /// LOG_SKIP or LOG_SAMPLE leaves it out.
    unwanted: bool,
    trace_id: Option<TraceId>,
    /// The client's valid `x-request-id`, to be sent back.
    echo: Option<HeaderValue>,
    /// Its [`Seat`] among those that are open, set before anybody else has a handle.
    seat: AtomicU32,
    state: Mutex<State>,
    /// None where there is none, and once it is over.
    trail: Mutex<Option<Ring>>,
    /// Made by the first that is used.
    instruments: OnceLock<Box<Instruments>>,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

struct State {
    beginning: Beginning,
    request: Tap,
    answer: Option<Answer>,
    reported: Option<ErrorReport>,
    /// What the response has of it in its extensions.
    left: Option<Left>,
    /// The last ERROR the application logged.
    logged: Option<ErrorReport>,
    /// The dump that was asked for.
    asked: Option<Box<Asked>>,
    policy: RoutePolicy,
    /// The clock will tell sinks of it.
    expected: bool,
    finished: bool,
}

/// A dump that is asked for.
struct Asked {
    reason: Redacted,
    /// None where there may be no more of them for now.
    name: Option<String>,
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
        let policy = parts.extensions.get::<RoutePolicy>().copied().unwrap_or_default();
        let limit = policy.limit(recorder.capture_limit());
        let unwanted = !recorder.wants(parts, hints, request_id);
        recorder.counters.begun.add(1);
        let headers = Noted::of(&parts.headers);
        let beginning = arrival::started(recorder, parts, &headers, hints, request_id, started);
        if beginning.request.remote_addr.is_none() {
            recorder.warn_of_unknown_peer();
        }
        let trace_id = beginning.trace_id;
        let echo = beginning.client_request_id.as_ref().and_then(|_| headers.request_id.once().cloned());
        let state = State {
            beginning: Beginning::of(beginning),
            request: Tap::new(&headers, headers.length(), limit, true, &recorder.budget),
            answer: None,
            reported: None,
            left: None,
            logged: None,
            asked: None,
            policy,
            expected: false,
            finished: false,
        };
        let flight = Self(Arc::new(Inner {
            recorder: Arc::clone(recorder),
            request_id,
            arrived,
            method: parts.method.clone(),
            unwanted,
            trace_id,
            echo,
            seat: Seat::number(None).into(),
            state: state.into(),
            trail: recorder.hearing().keeps_trails().then(Ring::default).into(),
            instruments: OnceLock::new(),
        }));
        flight.0.seat.store(Seat::number(recorder.clock.enter(&flight)), Relaxed);
        Some(flight)
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

    pub(super) fn arrived(&self) -> Instant {
        self.0.arrived
    }

    /// The trace it belongs to.
    pub(crate) fn trace_id(&self) -> Option<TraceId> {
        self.0.trace_id
    }

    pub(crate) fn downgrade(&self) -> WeakFlight {
        WeakFlight(Arc::downgrade(&self.0))
    }

    /// Runs a step of the service with this as the current exchange, and catches its panic.
    pub(crate) fn watch<T>(&self, step: impl FnOnce() -> T) -> Result<T, Panic> {
        let _entered = current::enter(self);
        panics::forget();
        catch_unwind(AssertUnwindSafe(step)).map_err(|payload| {
            let recorder = &self.0.recorder;
            let report = panics::report(&*payload, &recorder.known_errors, &*recorder.scrub);
            Panic { payload, report: report.into() }
        })
    }

    /// The service, or its body, panicked; gives the payload to go on with.
    pub(crate) fn crashed(&self, panic: Panic) -> Box<dyn Any + Send> {
        self.finish(Outcome::Panicked, Some(*panic.report));
        panic.payload
    }

    /// The service panicked, and the layer answers in its place.
    pub(crate) fn answer_crash(&self, panic: Panic, status: StatusCode, headers: &HeaderMap) {
        self.answered(status, headers);
        self.finish(Outcome::Panicked, Some(*panic.report));
        drop(Theirs::new(panic.payload));
    }

    /// Puts the request id into the response: the client's own where it sent a valid one.
    pub(crate) fn stamp(&self, response: &mut http::response::Parts) {
        let ours = || HeaderValue::from_str(self.0.request_id.encode(&mut [0; 36])).ok();
        if let Some(id) = self.0.echo.clone().or_else(ours) {
            // A map that is full stays as it is.
            let _ = response.headers.try_insert(REQUEST_ID, id);
        }
        response.extensions.insert(self.0.request_id);
    }

    /// Data of the request body passed.
    pub(crate) fn request_data(&self, data: &impl Buf) {
        let seen = Seen::of(data, self.0.recorder.capture_limit());
        self.lock().request.data(&seen);
    }

    /// The request body failed.
    pub(crate) fn request_failed(&self, error: &str) {
        let message = self.0.recorder.scrub.text(error);
        self.lock().logged = Some(ErrorReport { message, ..ErrorReport::default() });
    }

    /// There is no request body. Sinks are told once the service has had its chance to set a policy.
    pub(crate) fn request_is_empty(&self) {
        self.lock().request.end();
    }

    /// The service waits: a request that is whole is told now, another one a second after it came.
    pub(crate) fn is_waiting(&self) {
        let mut state = self.lock();
        let is_whole = state.request.has_ended();
        let told = if is_whole { self.tell_beginning(&mut state) } else { None };
        let is_new = !is_whole && !state.expected && state.beginning.is_held() && self.may_tell(&state);
        state.expected |= is_new;
        drop(state);
        self.announce(told);
        if let Some(seat) = self.seat().filter(|_| is_new) {
            self.0.recorder.clock.expect(self, seat);
        }
    }

    /// Its body is long in coming; gives what sinks are to be told.
    pub(super) fn is_late(&self) -> Option<Arc<Started>> {
        self.tell_beginning(&mut self.lock())
    }

    /// How it stands; none where it ended.
    pub(super) fn sight(&self) -> Option<Sight> {
        let state = self.lock();
        let began = state.beginning.started().filter(|_| !state.finished)?;
        Some(Sight {
            request_id: self.0.request_id,
            trace_id: self.0.trace_id,
            arrived: self.0.arrived,
            started: began.started,
            method: self.0.method.clone(),
            endpoint: began.request.head.endpoint_alone(),
            status: state.answer.as_ref().map(Answer::status),
            request_bytes: state.request.total(),
            response_bytes: state.answer.as_ref().map_or(0, |answer| answer.body.total()),
        })
    }

    /// The request body ended, or nobody will read more of it.
    pub(crate) fn request_ended(&self, at_its_end: bool) {
        let mut state = self.lock();
        if at_its_end {
            state.request.end();
        }
        let told = self.tell_beginning(&mut state);
        drop(state);
        self.announce(told);
    }

    /// The response's headers are there: what follows, as far as they tell.
    pub(crate) fn answer(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        is_end: bool,
        exact: Option<u64>,
    ) -> Ahead {
        let declared = self.answered(status, headers);
        let ahead = completion::ahead(&self.0.method, status, declared, is_end, exact);
        if let Ahead::Nothing(outcome) = ahead {
            self.finish(outcome, None);
        }
        ahead
    }

    /// Gives the Content-Length.
    fn answered(&self, status: StatusCode, headers: &HeaderMap) -> Option<u64> {
        let ttfb = self.age();
        let noted = Noted::of(headers);
        let declared = noted.length();
        let mut state = self.lock();
        state.answer = Some(Answer::new(&self.0.recorder, status, headers, &noted, ttfb, state.policy));
        let told = self.tell_beginning(&mut state);
        drop(state);
        self.announce(told);
        declared
    }

    /// Data of the response body passed; gives the bytes so far.
    pub(crate) fn response_data(&self, data: &impl Buf) -> u64 {
        let seen = Seen::of(data, self.0.recorder.capture_limit());
        let mut state = self.lock();
        let Some(answer) = &mut state.answer else { return 0 };
        answer.body.data(&seen);
        answer.body.total()
    }

    /// The trailers of the response passed.
    pub(crate) fn response_trailers(&self, trailers: &HeaderMap) {
        if let Some(answer) = &mut self.lock().answer {
            answer.end_with(&self.0.recorder, trailers);
        }
    }

    /// Someone in the handler tells why.
    pub(super) fn report<By, E: AnyError<By> + ?Sized>(&self, error: &E, location: &Location<'_>) {
        let recorder = &self.0.recorder;
        let told = report::of_any(error, location, &recorder.known_errors, &*recorder.scrub);
        self.lock().reported = Some(told);
    }

    /// The response tells why, should it be a failure.
    pub(crate) fn leave(&self, left: Left) {
        let before = self.lock().left.replace(left);
        // Not under the lock: it may be the last to hold an error of the user's.
        drop(before);
    }

    /// Someone in the handler asks for a dump, however this ends; gives the place where it will be.
    pub(super) fn ask_for_dump(&self, reason: &str) -> Option<PathBuf> {
        let recorder = &self.0.recorder;
        if !recorder.sinks.has_dumps() {
            return None;
        }
        let reason = report::text(reason, &*recorder.scrub);
        let mut state = self.lock();
        if state.finished {
            return None;
        }
        let asked = state.asked.get_or_insert_with(|| Asked { reason, name: None }.into());
        if asked.name.is_none() {
            asked.name = recorder.sinks.reserve(self.0.request_id, Timestamp::now());
        }
        recorder.sinks.dump_path(asked.name.as_deref()?)
    }

    /// The application logged an ERROR.
    pub(crate) fn logged_error(&self, told: ErrorReport) {
        let mut state = self.lock();
        if !state.finished {
            state.logged = Some(told);
        }
    }

    /// The application told something, as a layer put it down.
    pub(crate) fn told(&self, layer: u64, place: Place, told: &[u8]) {
        let mut trail = self.trail();
        let Some(ring) = trail.as_mut() else { return };
        if !ring.is_told_by(layer) {
            return;
        }
        // Asked here, so that the order of events is that of their times.
        let at = self.0.arrived.elapsed();
        let micros = at.as_secs() * 1_000_000 + u64::from(at.subsec_micros());
        let dropped = ring.push(place, micros, told, &self.0.recorder.budget);
        drop(trail);
        if dropped > 0 {
            self.0.recorder.counters.events_over_budget.add(dropped);
        }
    }

    /// From here on another policy holds.
    pub(crate) fn set_policy(&self, policy: RoutePolicy) {
        let limit = policy.limit(self.0.recorder.capture_limit());
        let mut state = self.lock();
        state.policy = policy;
        state.request.set_limit(limit);
    }

    /// The service, or the response body, failed.
    pub(crate) fn fail<E: fmt::Display + 'static>(&self, outcome: Outcome, error: &E) {
        let recorder = &self.0.recorder;
        let report = report::of_display(error, &recorder.known_errors, &*recorder.scrub);
        self.finish(outcome, Some(report));
    }

    /// Ends the record. The first call counts.
    pub(crate) fn finish(&self, outcome: Outcome, error: Option<ErrorReport>) {
        let duration = self.age();
        let mut state = self.lock();
        if std::mem::replace(&mut state.finished, true) {
            return;
        }
        let held = state.beginning.is_held();
        let State { beginning, request, .. } = &mut *state;
        let Some(began) = beginning.end(request, &self.0.recorder, || duration) else { return };
        let mut response = state.answer.take();
        let grpc = response.as_mut().and_then(|response| response.grpc.take());
        if let (Outcome::Complete | Outcome::Upgraded, Some(response)) = (outcome, &mut response) {
            response.body.end();
        }
        let reported = state.reported.take();
        let left = state.left.take();
        let logged = state.logged.take();
        let asked = state.asked.take();
        let skipped = self.is_skipped(&state);
        drop(state);
        let trail = self.trail().take();
        if let Some(seat) = self.seat() {
            self.0.recorder.clock.leave(seat);
        }

        let grpc_status = grpc.as_ref().map(|grpc| grpc.status);
        let mut exchange = self.record(began, response, grpc_status, outcome, duration);
        exchange.error = error.or(reported).or_else(|| {
            let recorder = &self.0.recorder;
            let left = || left.map(|left| left.into_report(&recorder.known_errors, &recorder.scrub));
            exchange.is_failure().then(|| {
                left().or(logged).unwrap_or_else(|| cause::of(&exchange, grpc.and_then(|grpc| grpc.message)))
            })
        });
        if let Some(asked) = asked {
            let Asked { reason, name } = *asked;
            exchange.dump = name;
            exchange.dump_reason = Some(reason);
        }
        if let Some(instruments) = self.0.instruments.get() {
            instruments.close(&mut exchange, &self.0.recorder.counters);
        }
        self.0.recorder.counters.finished.add(1);
        self.0.recorder.sinks.claim(&mut exchange, || self.read(trail?));
        if held && skipped && !exchange.is_remarkable() {
            return;
        }
        if held {
            self.0.recorder.sinks.started(&exchange.began);
        }
        self.0.recorder.sinks.finished(exchange);
    }

    /// A trail for the dump.
    fn read(&self, ring: Ring) -> Option<Trail> {
        let recorder = &self.0.recorder;
        let limited_to = recorder.hearing().limited_to(!ring.is_empty());
        Some(ring.into_trail(&recorder.scrub, limited_to))
    }

    fn record(
        &self,
        began: Arc<Started>,
        answer: Option<Answer>,
        grpc_status: Option<u16>,
        outcome: Outcome,
        duration: Duration,
    ) -> Exchange {
        let recorder = &self.0.recorder;
        Exchange {
            finished: began.started.after(duration),
            began,
            outcome,
            ttfb: answer.as_ref().map(|answer| answer.ttfb),
            response: answer.map(|answer| answer.into_response(recorder)),
            duration,
            grpc_status,
            slow: recorder.settings.slow.is_some_and(|limit| duration > limit),
            error: None,
            steps: Vec::new(),
            attributes: Vec::new(),
            cache: BTreeMap::new(),
            instruments_dropped: 0,
            trail: None,
            dump: None,
            dump_reason: None,
        }
    }

    /// The request as sinks are told of it, once; none where it is held back or was told before.
    fn tell_beginning(&self, state: &mut State) -> Option<Arc<Started>> {
        if !self.may_tell(state) {
            return None;
        }
        let State { beginning, request, .. } = state;
        beginning.tell(request, &self.0.recorder, || self.age())
    }

    fn may_tell(&self, state: &State) -> bool {
        !state.finished && !self.is_skipped(state) && self.0.recorder.sinks.hears_started()
    }

    /// True where sinks are told only if it ends remarkably.
    fn is_skipped(&self, state: &State) -> bool {
        self.0.unwanted || state.policy.is_skipped()
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

    fn trail(&self) -> MutexGuard<'_, Option<Ring>> {
        self.0.trail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
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
