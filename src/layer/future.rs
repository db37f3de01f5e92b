use std::{
    fmt::Display,
    future::Future,
    panic::resume_unwind,
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::{
    mode::{ResponseMode, joined},
    response_body::Tail,
};
use crate::{
    capture::{Ahead, Flight, Left, Panic},
    config::RoutePolicy,
    exchange::Outcome,
};

pin_project! {
    /// The future of a recorded response.
    pub struct ResponseFuture<F, M> {
        // None where the service panicked when it was called, and that is to be answered.
        #[pin]
        inner: Option<F>,
        panic: Option<Box<Panic>>,
        waiting: Waiting,
        mode: M,
    }

    impl<F, M> PinnedDrop for ResponseFuture<F, M> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // Where the client left, what the handler held is dropped here, and may have something to tell.
            if let Some(flight) = &this.waiting.0 {
                flight.put_away(|| this.inner.set(None));
            }
        }
    }
}

impl<F, M: Clone> ResponseFuture<F, M> {
    pub(super) fn unobserved(inner: F, mode: &M) -> Self {
        Self { inner: Some(inner), panic: None, waiting: Waiting(None), mode: mode.clone() }
    }

    pub(super) fn observed(flight: Flight, mode: &M) -> Self {
        Self { inner: None, panic: None, waiting: Waiting(Some(flight)), mode: mode.clone() }
    }

    pub(super) fn running(mut self, inner: F) -> Self {
        self.inner = Some(inner);
        self
    }

    pub(super) fn crashed(mut self, panic: Panic) -> Self {
        self.panic = Some(panic.into());
        self
    }
}

impl<F, M, B, E> Future for ResponseFuture<F, M>
where
    F: Future<Output = Result<Response<B>, E>>,
    M: ResponseMode<B>,
    B: Body,
    E: Display + 'static,
{
    type Output = Result<Response<M::Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let inner = this.inner.as_pin_mut();
        let Some(flight) = this.waiting.0.clone() else {
            let Some(inner) = inner else { return Poll::Pending };
            return inner.poll(cx).map_ok(|response| response.map(|body| M::response_body(body, None)));
        };
        let answer = match (inner, this.panic.take()) {
            (Some(inner), None) => flight.watch(|| inner.poll(cx)),
            (_, Some(panic)) => Err(*panic),
            (None, None) => return Poll::Pending,
        };
        let answer = match answer {
            Ok(Poll::Ready(answer)) => answer,
            Ok(Poll::Pending) => {
                flight.is_waiting();
                return Poll::Pending;
            }
            Err(panic) => {
                let (mut parts, body) = match this.mode.panic_answer(flight.request_id()) {
                    Some(answer) => answer,
                    None => resume_unwind(flight.crashed(panic)),
                };
                flight.answer_crash(panic, parts.status, &parts.headers);
                flight.stamp(&mut parts);
                return Poll::Ready(Ok(Response::from_parts(parts, body)));
            }
        };
        let response = answer.inspect_err(|error| flight.fail(Outcome::ServiceError, error))?;
        let response = depart::<M, B>(flight, response);
        this.waiting.0 = None;
        Poll::Ready(Ok(response))
    }
}

/// Sends a response on its way, followed to its end.
fn depart<M: ResponseMode<B>, B: Body>(flight: Flight, response: Response<B>) -> Response<M::Body> {
    let (mut parts, body) = response.into_parts();
    if let Some(policy) = parts.extensions.get::<RoutePolicy>() {
        flight.set_policy(*policy);
    }
    if let Some(left) = Left::find(&parts.extensions) {
        flight.leave(left);
    }
    let (is_end, exact) = (body.is_end_stream(), body.size_hint().exact());
    let (ahead, following) = flight.answer(parts.status, &parts.headers, is_end, exact);
    flight.stamp(&mut parts);
    let tail = match ahead {
        Ahead::Nothing(_) => None,
        Ahead::Body(expected) => Some(Tail::new(flight, expected, following)),
    };
    joined((parts, M::response_body(body, tail)))
}

/// Ends the record where the future is dropped before there was a response. None where nothing is recorded.
struct Waiting(Option<Flight>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(flight) = &self.0 {
            flight.finish(Outcome::AbortedBeforeResponse, None);
        }
    }
}
