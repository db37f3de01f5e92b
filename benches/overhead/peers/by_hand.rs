//! The floor: what a service could write by hand for itself and no other. One line for a request, with its id, head, status
//! and time, and both bodies as they came, behind a buffer of which a thread of its own writes. It redacts nothing,
//! proves nothing, keeps nothing for a dump, survives no panic, and believes what a client says of its id.

mod bodies;
mod file;
mod line;

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{body::Body, extract::Request, response::Response};
use http::HeaderValue;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use self::{
    bodies::{Answered, Kept, Read},
    file::File,
    line::Line,
};
use crate::{Result, api, wrapped::Wrapped};

/// One line with both bodies.
pub(crate) fn by_hand() -> Result<Wrapped> {
    around(true)
}

/// One line without them.
pub(crate) fn by_hand_without_bodies() -> Result<Wrapped> {
    around(false)
}

fn around(bodies: bool) -> Result<Wrapped> {
    let (file, proof) = File::new()?;
    Ok(Wrapped::new(api::bare().layer(ByHand { bodies, file: Arc::new(file) }), proof))
}

#[derive(Clone)]
struct ByHand {
    bodies: bool,
    file: Arc<File>,
}

impl<S> Layer<S> for ByHand {
    type Service = Recorded<S>;

    fn layer(&self, inner: S) -> Recorded<S> {
        Recorded { inner, by: self.clone() }
    }
}

#[derive(Clone)]
struct Recorded<S> {
    inner: S,
    by: ByHand,
}

impl<S> Service<Request> for Recorded<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Answer<S::Future> {
        let line = Line::new(&request);
        let mut kept = None;
        let request = if self.by.bodies {
            let shared = Kept::default();
            kept = Some(Arc::clone(&shared));
            request.map(|body| Body::new(Read { body, kept: shared }))
        } else {
            request
        };
        let going = Some(Going { line, kept, file: Arc::clone(&self.by.file) });
        Answer { inner: self.inner.call(request), going }
    }
}

/// What is known of a request that is on its way.
struct Going {
    line: Line,
    /// The request's body, where bodies are kept.
    kept: Option<Kept>,
    file: Arc<File>,
}

pin_project! {
    struct Answer<F> {
        #[pin]
        inner: F,
        going: Option<Going>,
    }
}

impl<F> Future for Answer<F>
where
    F: Future<Output = std::result::Result<Response, Infallible>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Ok(mut response) = ready!(this.inner.poll(context));
        let Some(mut going) = this.going.take() else {
            return Poll::Ready(Ok(response));
        };
        going.line.status(response.status());
        if let Ok(id) = HeaderValue::from_bytes(going.line.id()) {
            response.headers_mut().insert("x-request-id", id);
        }
        Poll::Ready(Ok(response.map(|body| Body::new(Answered::new(body, going)))))
    }
}
