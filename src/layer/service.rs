use std::{
    fmt::Display,
    panic::resume_unwind,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    AnyBody, ResponseFuture,
    future::Waiting,
    hints,
    mode::{RequestMode, ResponseMode},
    request_body::Ear,
};
use crate::capture::{Flight, Recorder};

/// A service of which every exchange is recorded; see [`FlightLogLayer`](crate::FlightLogLayer).
#[derive(Clone, Debug)]
pub struct FlightLogService<S, M = AnyBody> {
    inner: S,
    recorder: Arc<Recorder>,
    mode: M,
}

impl<S, M> FlightLogService<S, M> {
    pub(super) fn new(inner: S, recorder: Arc<Recorder>, mode: M) -> Self {
        Self { inner, recorder, mode }
    }

    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service inside, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service inside, without the layer.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, M, ReqBody, ResBody> Service<Request<ReqBody>> for FlightLogService<S, M>
where
    ReqBody: Body,
    ResBody: Body,
    M: RequestMode<ReqBody> + ResponseMode<ResBody>,
    S: Service<Request<<M as RequestMode<ReqBody>>::Body>, Response = Response<ResBody>>,
    S::Error: Display + 'static,
{
    type Response = Response<<M as ResponseMode<ResBody>>::Body>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, M>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        if self.recorder.is_enabled() {
            self.observe(request)
        } else {
            ResponseFuture::unobserved(self.inner.call(M::pass(request)), &self.mode)
        }
    }
}

impl<S, M> FlightLogService<S, M> {
    /// On its own: where nothing is recorded, nobody makes room for what this needs.
    #[inline(never)]
    fn observe<ReqBody, ResBody>(&mut self, request: Request<ReqBody>) -> ResponseFuture<S::Future, M>
    where
        ReqBody: Body,
        M: RequestMode<ReqBody> + ResponseMode<ResBody>,
        S: Service<Request<<M as RequestMode<ReqBody>>::Body>, Response = Response<ResBody>>,
    {
        let (mut parts, body) = request.into_parts();
        let outbound = self.mode.outbound();
        let begun = match outbound {
            None => Flight::begin(&self.recorder, &parts, &hints::of(&parts)),
            Some(outbound) => Flight::begin_outbound(&self.recorder, &mut parts, outbound.known()),
        };
        // From here on it ends, whatever panics.
        let waiting = Waiting(begun);
        let Some(flight) = &waiting.0 else {
            let request = Request::from_parts(parts, M::request_body(body, None));
            return ResponseFuture::unobserved(self.inner.call(request), &self.mode);
        };
        if outbound.is_none() {
            parts.extensions.insert(flight.request_id());
        }
        let body = if body.is_end_stream() {
            flight.request_is_empty();
            M::request_body(body, None)
        } else {
            M::request_body(body, Some(Ear::new(flight)))
        };
        let request = Request::from_parts(parts, body);
        match flight.watch(|| self.inner.call(request)) {
            Ok(inner) => ResponseFuture::running(inner, waiting, &self.mode),
            Err(panic) if self.mode.answers_panics() => ResponseFuture::crashed(panic, waiting, &self.mode),
            Err(panic) => resume_unwind(flight.crashed(panic)),
        }
    }
}
