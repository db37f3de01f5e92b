use std::{
    any::Any,
    error::Error,
    fmt,
    net::SocketAddr,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Buf;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, request::Parts};

use super::{
    cause,
    completion::{self, Ahead},
    current, forwarded,
    grpc::GrpcEnd,
    noted::Noted,
    panics,
    recorder::Recorder,
    report,
    request_id::{self, ClientId},
    tap::Tap,
    traceparent::TraceParent,
};
use crate::{
    config::RoutePolicy,
    exchange::{
        CapturedBody, Direction, ErrorReport, Exchange, Head, Outcome, RawHead, Redacted, Request, RequestId,
        Response, SpanId, Started, Timestamp, TraceId, random,
    },
};

/// Bytes of a message's head that are kept, and how many once the capture budget is spent.
const HEAD_LIMIT: usize = 96 * 1024;
const HEAD_LIMIT_WHEN_SPENT: usize = 4 * 1024;

/// One exchange while it lasts: a shared handle to its record in the making.
#[derive(Clone)]
pub(crate) struct Flight(Arc<Inner>);

struct Inner {
    recorder: Arc<Recorder>,
    request_id: RequestId,
    arrived: Instant,
    method: Method,
    trace_id: Option<TraceId>,
    /// The client's valid `x-request-id`, to be sent back.
    echo: Option<HeaderValue>,
    state: Mutex<State>,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

struct State {
    beginning: Beginning,
    request: Tap,
    answer: Option<Answer>,
    reported: Option<ErrorReport>,
    /// The last ERROR the application logged.
    logged: Option<Redacted>,
    policy: RoutePolicy,
    finished: bool,
}

enum Beginning {
    /// Nobody was told yet: this is the only handle.
    Held(Arc<Started>),
    Told(Arc<Started>),
    Gone,
}

/// A response whose headers are there.
struct Answer {
    status: StatusCode,
    head: Head,
    ttfb: Duration,
    body: Tap,
    trailers: Option<Head>,
    grpc: Option<GrpcEnd>,
}

/// What the layer knows of a request beside its parts.
#[derive(Debug)]
pub(crate) struct Hints<'a> {
    /// The other end of the socket.
    pub(crate) peer: Option<SocketAddr>,
    /// The template of the route that matched.
    pub(crate) route: Option<&'a str>,
    /// The URI before routers stripped it.
    pub(crate) uri: &'a Uri,
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
        let (arrived, started) = (Instant::now(), Timestamp::now());
        let request_id = RequestId::fresh(started);
        let policy = parts.extensions.get::<RoutePolicy>().copied().unwrap_or_default();
        let limit = policy.limit(recorder.capture_limit());
        recorder.counters.begun.add(1);
        let headers = Noted::of(&parts.headers);
        let beginning = beginning(recorder, parts, &headers, hints, request_id, started);
        let trace_id = beginning.trace_id;
        let echo = beginning.client_request_id.as_ref().and_then(|_| headers.request_id.once().cloned());
        let state = State {
            beginning: Beginning::Held(Arc::new(beginning)),
            request: Tap::new(&headers, headers.length(), limit, true, &recorder.budget),
            answer: None,
            reported: None,
            logged: None,
            policy,
            finished: false,
        };
        Some(Self(Arc::new(Inner {
            recorder: Arc::clone(recorder),
            request_id,
            arrived,
            method: parts.method.clone(),
            trace_id,
            echo,
            state: state.into(),
        })))
    }

    pub(crate) fn request_id(&self) -> RequestId {
        self.0.request_id
    }

    /// The trace it belongs to.
    pub(crate) fn trace_id(&self) -> Option<TraceId> {
        self.0.trace_id
    }

    /// Runs a step of the service with this as the current exchange, and catches its panic.
    pub(crate) fn watch<T>(&self, step: impl FnOnce() -> T) -> Result<T, Panic> {
        let _entered = current::enter(self);
        catch_unwind(AssertUnwindSafe(step)).map_err(|payload| {
            let panics::Origin { location, backtrace } = panics::take_origin();
            let message = report::text(panics::message(&*payload), &*self.0.recorder.scrub);
            let report = ErrorReport {
                error_type: Some("panic".into()),
                message,
                location,
                backtrace,
                ..ErrorReport::default()
            };
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
    }

    /// Puts the request id into the response: the client's own where it sent a valid one.
    pub(crate) fn stamp(&self, response: &mut http::response::Parts) {
        let ours = || HeaderValue::from_str(self.0.request_id.encode(&mut [0; 36])).ok();
        if let Some(id) = self.0.echo.clone().or_else(ours) {
            response.headers.insert(REQUEST_ID, id);
        }
        response.extensions.insert(self.0.request_id);
    }

    /// Data of the request body passed.
    pub(crate) fn request_data(&self, data: &impl Buf) {
        self.lock().request.data(data);
    }

    /// The request body failed.
    pub(crate) fn request_failed(&self, error: &str) {
        let error = self.0.recorder.scrub.text(error);
        self.lock().logged = Some(error);
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
        let recorder = &self.0.recorder;
        let ttfb = self.age();
        let keep_binary = status.is_client_error() || status.is_server_error();
        let raw = RawHead::copy(&[], &[], headers, head_limit(recorder));
        let headers = Noted::of(headers);
        let declared = headers.length();
        let grpc = GrpcEnd::read(&headers, &*recorder.scrub);
        let mut state = self.lock();
        let limit = state.policy.limit(recorder.capture_limit());
        state.answer = Some(Answer {
            status,
            head: Head::new(raw, Arc::clone(&recorder.scrub)),
            ttfb,
            body: Tap::new(&headers, declared, limit, keep_binary, &recorder.budget),
            trailers: None,
            grpc,
        });
        let told = self.tell_beginning(&mut state);
        drop(state);
        self.announce(told);
        declared
    }

    /// Data of the response body passed; gives the bytes so far.
    pub(crate) fn response_data(&self, data: &impl Buf) -> u64 {
        let mut state = self.lock();
        let Some(answer) = &mut state.answer else { return 0 };
        answer.body.data(data);
        answer.body.total()
    }

    /// The trailers of the response passed.
    pub(crate) fn response_trailers(&self, trailers: &HeaderMap) {
        let scrub = Arc::clone(&self.0.recorder.scrub);
        let raw = RawHead::copy(&[], &[], trailers, head_limit(&self.0.recorder));
        let grpc = GrpcEnd::read(&Noted::of(trailers), &*scrub);
        let mut state = self.lock();
        if let Some(answer) = &mut state.answer {
            answer.grpc = grpc.or(answer.grpc.take());
            answer.trailers = Some(Head::new(raw, scrub));
        }
    }

    /// Someone in the handler tells why.
    pub(super) fn report<E: Error + ?Sized>(&self, error: &E, location: &Location<'_>) {
        let location = Some(format!("{}:{}", location.file(), location.line()));
        let report = ErrorReport { location, ..report::of_error(error, &*self.0.recorder.scrub) };
        self.lock().reported = Some(report);
    }

    /// The application logged an ERROR.
    pub(crate) fn logged_error(&self, message: Redacted) {
        self.lock().logged = Some(message);
    }

    /// From here on another policy holds.
    pub(crate) fn set_policy(&self, policy: RoutePolicy) {
        let limit = policy.limit(self.0.recorder.capture_limit());
        let mut state = self.lock();
        state.policy = policy;
        state.request.restrict(limit);
    }

    /// The service, or the response body, failed.
    pub(crate) fn fail<E: fmt::Display + 'static>(&self, outcome: Outcome, error: &E) {
        let recorder = &self.0.recorder;
        let report = report::of_display(error, &recorder.error_readers, &*recorder.scrub);
        self.finish(outcome, Some(report));
    }

    /// Ends the record. The first call counts.
    pub(crate) fn finish(&self, outcome: Outcome, error: Option<ErrorReport>) {
        let duration = self.age();
        let mut state = self.lock();
        if std::mem::replace(&mut state.finished, true) {
            return;
        }
        let held = matches!(state.beginning, Beginning::Held(_));
        let Some(began) = self.beginning_at_end(&mut state) else { return };
        let mut response = state.answer.take();
        let grpc = response.as_mut().and_then(|response| response.grpc.take());
        if let (Outcome::Complete | Outcome::Upgraded, Some(response)) = (outcome, &mut response) {
            response.body.end();
        }
        let reported = state.reported.take();
        let logged = state.logged.take();
        let policy = state.policy;
        drop(state);

        let grpc_status = grpc.as_ref().map(|grpc| grpc.status);
        let mut exchange = self.record(began, response, grpc_status, outcome, duration);
        exchange.error = error.or(reported).or_else(|| {
            let told = logged.or_else(|| grpc?.message);
            exchange.is_failure().then(|| why(&exchange, told))
        });
        self.0.recorder.counters.finished.add(1);
        if held && policy.is_skipped() && !exchange.is_remarkable() {
            return;
        }
        if held {
            self.0.recorder.sinks.started(&exchange.began);
        }
        self.0.recorder.sinks.finished(exchange);
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
            dump: None,
        }
    }

    /// The request as sinks are told of it, once; none where it is held back or was told before.
    fn tell_beginning(&self, state: &mut State) -> Option<Arc<Started>> {
        if state.finished || state.policy.is_skipped() || !self.0.recorder.sinks.hears_started() {
            return None;
        }
        match std::mem::replace(&mut state.beginning, Beginning::Gone) {
            Beginning::Held(started) => {
                let mut started = with_body(started, self.request_body(&mut state.request));
                if let Some(own) = Arc::get_mut(&mut started) {
                    own.told = own.started.after(self.age());
                }
                state.beginning = Beginning::Told(Arc::clone(&started));
                Some(started)
            }
            told => {
                state.beginning = told;
                None
            }
        }
    }

    fn announce(&self, told: Option<Arc<Started>>) {
        if let Some(started) = told {
            self.0.recorder.sinks.started(&started);
        }
    }

    /// The request as the record shows it: with all of its body that passed.
    fn beginning_at_end(&self, state: &mut State) -> Option<Arc<Started>> {
        match std::mem::replace(&mut state.beginning, Beginning::Gone) {
            Beginning::Held(started) => Some(with_body(started, self.take(&mut state.request))),
            Beginning::Told(started) => {
                let seen = &started.request.body;
                if (seen.total_bytes(), seen.is_complete())
                    == (state.request.total(), state.request.has_ended())
                {
                    return Some(started);
                }
                Some(with_body(started, self.take(&mut state.request)))
            }
            Beginning::Gone => None,
        }
    }

    /// What of the request body can be shown now: it is given away once no more can come.
    fn request_body(&self, tap: &mut Tap) -> CapturedBody {
        if tap.has_ended() {
            return self.take(tap);
        }
        tap.peek(self.0.recorder.settings.inline_limit(), &self.0.recorder.scrub)
    }

    fn take(&self, tap: &mut Tap) -> CapturedBody {
        tap.take(self.0.recorder.settings.inline_limit(), &self.0.recorder.scrub)
    }

    /// Since arrival, in whole microseconds, as records have it.
    fn age(&self) -> Duration {
        let age = self.0.arrived.elapsed();
        Duration::new(age.as_secs(), age.subsec_micros() * 1000)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Flight").field(&self.0.request_id).finish()
    }
}

impl Answer {
    fn into_response(mut self, recorder: &Recorder) -> Response {
        Response {
            status: self.status,
            trailers: self.trailers.map(|trailers| trailers.headers().clone()),
            body: self.body.take(recorder.settings.inline_limit(), &recorder.scrub),
            head: self.head,
        }
    }
}

/// In place where nobody else has a handle.
fn with_body(mut started: Arc<Started>, body: CapturedBody) -> Arc<Started> {
    match Arc::get_mut(&mut started) {
        Some(own) => {
            own.request.body = body;
            started
        }
        None => started.with_body(body).into(),
    }
}

/// The cause of a failure nobody reported: what was told of it, else what the response says.
fn why(exchange: &Exchange, told: Option<Redacted>) -> ErrorReport {
    match (told, &exchange.response) {
        (Some(message), _) => ErrorReport { message, ..ErrorReport::default() },
        (None, Some(response)) => cause::of(response, exchange.grpc_status),
        (None, None) => ErrorReport::default(),
    }
}

fn beginning(
    recorder: &Recorder,
    parts: &Parts,
    headers: &Noted<'_>,
    hints: &Hints<'_>,
    request_id: RequestId,
    started: Timestamp,
) -> Started {
    let trace = TraceParent::from_header(headers.traceparent);
    let (client_request_id, client_request_id_rejected) =
        match request_id::client_request_id(headers.request_id) {
            ClientId::Absent => (None, false),
            ClientId::Rejected => (None, true),
            ClientId::Valid(id) => (Some(recorder.scrub.text(id)), false),
        };
    let peer = match &recorder.remote_addr {
        Some(source) => source(parts),
        None => hints.peer.map(|peer| peer.ip().to_canonical()),
    };
    if peer.is_none() {
        recorder.warn_of_unknown_peer();
    }
    let remote_addr =
        peer.map(|peer| forwarded::client_addr(peer, &parts.headers, &recorder.settings.trusted_proxies));
    Started {
        request_id,
        client_request_id,
        client_request_id_rejected,
        trace_id: trace.map(|trace| trace.trace_id),
        span_id: trace.map(|_| SpanId::from_bytes(random().max(1).to_be_bytes())),
        parent_span_id: trace.map(|trace| trace.parent_id),
        started,
        told: started,
        direction: Direction::Inbound,
        request: Request {
            method: parts.method.clone(),
            version: parts.version,
            remote_addr,
            peer_addr: peer.filter(|_| peer != remote_addr),
            body: CapturedBody::default(),
            head: Head::new(head(parts, headers, hints, head_limit(recorder)), Arc::clone(&recorder.scrub)),
        },
    }
}

/// The effective request URI (RFC 9110 section 7.1) and the headers.
fn head(parts: &Parts, headers: &Noted<'_>, hints: &Hints<'_>, limit: usize) -> RawHead {
    let uri = hints.uri;
    let authority = match uri.authority() {
        Some(authority) => authority.as_str().as_bytes(),
        None => headers.host.map_or(&[][..], |host| host.as_bytes()),
    };
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let endpoint = hints.route.unwrap_or(uri.path());
    // The asterisk-form of OPTIONS names the server itself, which has no path.
    let path = if path == "*" { "" } else { path };
    let scheme = uri.scheme_str().unwrap_or("http");
    let url: &[&[u8]] = match authority {
        [] => &[path.as_bytes()],
        authority => &[scheme.as_bytes(), b"://", authority, path.as_bytes()],
    };
    RawHead::copy(url, endpoint.as_bytes(), &parts.headers, limit)
}

fn head_limit(recorder: &Recorder) -> usize {
    if recorder.budget.is_spent() { HEAD_LIMIT_WHEN_SPENT } else { HEAD_LIMIT }
}
