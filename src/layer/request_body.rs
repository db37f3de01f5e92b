use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::capture::Flight;

pin_project! {
    /// A request's body on its way to the service: the same frames, looked at as they pass.
    pub struct RequestBody<B: Body> {
        #[pin]
        inner: B,
        ear: Option<Ear>,
        describe: Option<fn(&B::Error) -> String>,
    }
}

impl<B: Body> RequestBody<B> {
    pub(super) fn new(inner: B, ear: Option<Ear>, describe: fn(&B::Error) -> String) -> Self {
        Self { inner, ear, describe: Some(describe) }
    }
}

impl<B: Body> Body for RequestBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(cx));
        if let Some(ear) = this.ear {
            let (data, is_end) = match &frame {
                Some(Ok(frame)) => (frame.data_ref(), frame.is_trailers() || this.inner.is_end_stream()),
                Some(Err(error)) => {
                    ear.flight
                        .request_failed(&this.describe.map_or_else(String::new, |describe| describe(error)));
                    (None, false)
                }
                None => (None, true),
            };
            ear.hear(data, is_end);
            if is_end {
                *this.ear = None;
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B: Body + Default> Default for RequestBody<B> {
    fn default() -> Self {
        Self { inner: B::default(), ear: None, describe: None }
    }
}

impl<B: Body + fmt::Debug> fmt::Debug for RequestBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// Tells the flight once that no more will be read.
#[derive(Debug)]
pub struct Ear {
    flight: Flight,
    /// What passes may be kept.
    listens: bool,
    has_ended: bool,
}

impl Ear {
    pub(super) fn new(flight: &Flight) -> Self {
        Self { flight: flight.clone(), listens: true, has_ended: false }
    }

    /// Hears what passes; `is_end`: nothing can follow.
    #[inline]
    fn hear(&mut self, data: Option<&impl Buf>, is_end: bool) {
        self.has_ended = is_end;
        match data {
            Some(data) if self.listens => {
                self.listens = self.flight.request_data(data, is_end);
                return;
            }
            Some(data) => self.flight.request_passed(data.remaining()),
            None => {}
        }
        if is_end {
            self.flight.request_ended(true);
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        if !self.has_ended {
            self.flight.request_ended(false);
        }
    }
}
