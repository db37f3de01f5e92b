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
    capture::{Flight, Following, PuttingAway, dropped},
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
        if let Err(panic) = tail.flight.watch(|| polled = this.inner.as_mut().poll_frame(cx)) {
            tail.heard(Outcome::Panicked);
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
    /// Nobody else has it: what it does with a frame needs no lock.
    following: Option<Box<Following>>,
    expected: Option<u64>,
    sent: u64,
    /// What passes may be kept.
    listens: bool,
    ended: bool,
    /// While the body is dropped that the client did not wait for.
    putting_away: Option<PuttingAway>,
}

impl Tail {
    pub(super) fn new(flight: Flight, expected: Option<u64>, following: Option<Box<Following>>) -> Self {
        Self { flight, following, expected, sent: 0, listens: true, ended: false, putting_away: None }
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
                    if self.following.as_mut().is_some_and(|following| !following.frame(data)) {
                        self.following = None;
                    }
                    self.pass(data);
                } else if let Some(trailers) = frame.trailers_ref() {
                    self.flight.response_trailers(trailers);
                    return self.complete();
                }
                is_end() && self.complete()
            }
            Some(Err(error)) => {
                self.heard(Outcome::BodyError);
                self.flight.fail(Outcome::BodyError, error);
                self.ended = true;
                true
            }
            None => self.complete(),
        }
    }

    fn pass(&mut self, data: &impl Buf) {
        let length = data.remaining();
        self.sent += length as u64;
        if self.listens {
            self.listens = self.flight.response_data(data);
        } else {
            self.flight.response_passed(length);
        }
    }

    /// Tells what was heard of the body, before the record ends.
    fn heard(&mut self, outcome: Outcome) {
        if let Some(told) = self.following.take().and_then(|following| following.end(outcome)) {
            self.flight.heard(told);
        }
    }

    /// What the body drops belongs to the request.
    fn body_is_dropped(&mut self) {
        if !self.ended && dropped(self.sent, self.expected).is_abort() {
            self.putting_away = Some(self.flight.putting_away());
        }
    }

    fn complete(&mut self) -> bool {
        self.heard(Outcome::Complete);
        self.flight.finish(Outcome::Complete, None);
        self.ended = true;
        true
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.putting_away = None;
        if !self.ended {
            let outcome = dropped(self.sent, self.expected);
            self.heard(outcome);
            self.flight.finish(outcome, None);
        }
    }
}
