use std::{
    fmt::Display,
    panic::resume_unwind,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{
    capture::{Flight, Passing, PuttingAway, dropped},
    exchange::Outcome,
};

pin_project! {
    /// A response's body on its way to the client: the same frames, looked at as they pass.
    #[derive(Debug, Default)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        // Dropped after the body: its record ends when that has told what it has to tell.
        tail: Option<Tail>,
    }

    impl<B> PinnedDrop for ResponseBody<B> {
        fn drop(this: Pin<&mut Self>) {
            if let Some(tail) = this.project().tail {
                tail.body_is_dropped();
            }
        }
    }
}

impl<B> ResponseBody<B> {
    pub(super) fn new(inner: B, tail: Option<Tail>) -> Self {
        Self { inner, tail }
    }
}

impl<B: Body> Body for ResponseBody<B>
where
    B::Error: Display + 'static,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(tail) = this.tail else { return this.inner.poll_frame(cx) };
        let mut polled = Poll::Pending;
        let step = || polled = this.inner.as_mut().poll_frame(cx);
        if let Err(panic) = tail.flight.watch_again(&mut tail.handle, step) {
            tail.over(Outcome::Panicked);
            resume_unwind(tail.flight.crashed(panic))
        }
        if let Poll::Ready(frame) = &polled
            && tail.look(frame, || this.inner.is_end_stream())
        {
            *this.tail = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Ends the record exactly once, whatever becomes of the body.
#[derive(Debug)]
pub struct Tail {
    flight: Flight,
    /// Another one, which is lent to whoever asks for the current exchange while the body is polled.
    handle: Option<Flight>,
    /// Until no more will pass.
    passing: Option<Passing>,
    expected: Option<u64>,
    /// What passes may be kept.
    listens: bool,
    ended: bool,
    /// While the body is dropped that the client did not wait for.
    putting_away: Option<PuttingAway>,
}

impl Tail {
    pub(super) fn new(flight: Flight, expected: Option<u64>, passing: Option<Passing>) -> Self {
        Self { flight, handle: None, passing, expected, listens: true, ended: false, putting_away: None }
    }

    /// Looks at what passes; true where nothing can follow.
    fn look<D: Buf, E: Display + 'static>(
        &mut self,
        frame: &Option<Result<Frame<D>, E>>,
        is_end: impl FnOnce() -> bool,
    ) -> bool {
        match frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.pass(data);
                } else if let Some(trailers) = frame.trailers_ref() {
                    self.flight.response_trailers(trailers);
                    return self.complete();
                }
                is_end() && self.complete()
            }
            Some(Err(error)) => {
                self.over(Outcome::BodyError);
                self.flight.fail(Outcome::BodyError, error);
                self.ended = true;
                true
            }
            None => self.complete(),
        }
    }

    fn pass(&mut self, data: &impl Buf) {
        let Some(Passing { tap, following }) = &mut self.passing else { return };
        if following.as_mut().is_some_and(|following| !following.frame(data)) {
            *following = None;
        }
        if self.listens {
            self.listens = self.flight.response_data(tap, data);
        } else {
            self.flight.response_passed(tap, data.remaining());
        }
    }

    /// Bytes that passed.
    fn sent(&self) -> u64 {
        self.flight.response_bytes()
    }

    /// Hands over what there is of the body, before the record ends.
    fn over(&mut self, outcome: Outcome) {
        let Some(Passing { tap, following }) = self.passing.take() else { return };
        self.flight.response_over(tap, following.and_then(|following| following.end(outcome)));
    }

    /// What the body drops belongs to the request.
    fn body_is_dropped(&mut self) {
        if !self.ended && dropped(self.sent(), self.expected).is_abort() {
            self.putting_away = Some(self.flight.putting_away());
        }
    }

    fn complete(&mut self) -> bool {
        self.over(Outcome::Complete);
        self.flight.finish(Outcome::Complete, None);
        self.ended = true;
        true
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.putting_away = None;
        if !self.ended {
            let outcome = dropped(self.sent(), self.expected);
            self.over(outcome);
            self.flight.finish(outcome, None);
        }
    }
}
