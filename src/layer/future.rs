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

use super::{mode::ResponseMode, response_body::Tail};
use crate::{
    capture::{Ahead, Flight, Left, Panic, Passing},
    config::RoutePolicy,
    exchange::Outcome,
};

pin_project! {
    /// The future of a recorded response.
    pub struct ResponseFuture<F, M> {
        #[pin]
        inner: Inner<F>,
        waiting: Waiting,
        mode: M,
    }

    impl<F, M> PinnedDrop for ResponseFuture<F, M> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // Where the client left, what the handler held is dropped here, and may have something to tell.
            if let Some(flight) = &this.waiting.0 {
                flight.put_away(|| this.inner.set(Inner::NONE));
            }
        }
    }
}

pin_project! {
    #[project = InnerOf]
    enum Inner<F> {
        Running { #[pin] future: F },
        // The service panicked when it was called, and that is to be answered.
        Crashed { panic: Option<Box<Panic>> },
    }
}

impl<F> Inner<F> {
    const NONE: Self = Self::Crashed { panic: None };
}

impl<F, M: Clone> ResponseFuture<F, M> {
    pub(super) fn unobserved(inner: F, mode: &M) -> Self {
        Self::running(inner, Waiting(None), mode)
    }

    pub(super) fn running(inner: F, waiting: Waiting, mode: &M) -> Self {
        Self { inner: Inner::Running { future: inner }, waiting, mode: mode.clone() }
    }

    pub(super) fn crashed(panic: Panic, waiting: Waiting, mode: &M) -> Self {
        Self { inner: Inner::Crashed { panic: Some(panic.into()) }, waiting, mode: mode.clone() }
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
        if self.waiting.0.is_some() {
            return self.observe(cx);
        }
        let InnerOf::Running { future } = self.project().inner.project() else { return Poll::Pending };
        future.poll(cx).map_ok(|response| response.map(|body| M::response_body(body, None)))
    }
}

impl<F, M> ResponseFuture<F, M> {
    /// On its own: where nothing is recorded, nobody makes room for what this needs.
    #[inline(never)]
    fn observe<B, E>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<<M as ResponseMode<B>>::Body>, E>>
    where
        F: Future<Output = Result<Response<B>, E>>,
        M: ResponseMode<B>,
        B: Body,
        E: Display + 'static,
    {
        let this = self.project();
        let Some(flight) = &this.waiting.0 else { return Poll::Pending };
        let answer = match this.inner.project() {
            InnerOf::Running { future } => flight.watch(|| future.poll(cx)),
            InnerOf::Crashed { panic } => match panic.take() {
                Some(panic) => Err(*panic),
                None => return Poll::Pending,
            },
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
                flight.stamp(&mut parts.headers, &mut parts.extensions);
                return Poll::Ready(Ok(Response::from_parts(parts, body)));
            }
        };
        let mut response = answer.inspect_err(|error| flight.fail(Outcome::ServiceError, error))?;
        let (ahead, passing) = depart(flight, &mut response);
        let flight = this.waiting.0.take();
        let tail = match ahead {
            Ahead::Nothing(_) => None,
            Ahead::Body(expected) => flight.map(|flight| Tail::new(flight, expected, passing)),
        };
        Poll::Ready(Ok(response.map(|body| M::response_body(body, tail))))
    }
}

/// Sends a response on its way; gives what follows, and what its body passes through.
fn depart<B: Body>(flight: &Flight, response: &mut Response<B>) -> (Ahead, Option<Passing>) {
    if let Some(policy) = response.extensions().get::<RoutePolicy>() {
        flight.set_policy(*policy);
    }
    if let Some(left) = Left::find(response.extensions()) {
        flight.leave(left);
    }
    let (is_end, exact) = (response.body().is_end_stream(), response.body().size_hint().exact());
    let gone = flight.answer(response.status(), response.headers(), is_end, exact);
    let mut extensions = std::mem::take(response.extensions_mut());
    flight.stamp(response.headers_mut(), &mut extensions);
    *response.extensions_mut() = extensions;
    gone
}

/// Ends the record where the future is dropped before there was a response. None where nothing is recorded.
pub(super) struct Waiting(pub(super) Option<Flight>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(flight) = &self.0 {
            flight.finish(Outcome::AbortedBeforeResponse, None);
        }
    }
}
