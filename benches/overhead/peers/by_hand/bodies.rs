//! Bodies that are kept while they pass.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};

use super::Going;

/// The request's body as far as it was read; the answer's end wants it.
pub(super) type Kept = Arc<Mutex<Vec<u8>>>;

/// As much as the flight log keeps.
const MOST: usize = 64 * 1024;

fn keep(kept: &mut Vec<u8>, frame: &Frame<Bytes>) {
    if let Some(data) = frame.data_ref() {
        let room = MOST - kept.len();
        kept.extend_from_slice(data.get(..room).unwrap_or(data));
    }
}

/// A request's body.
pub(super) struct Read {
    pub(super) body: Body,
    pub(super) kept: Kept,
}

impl http_body::Body for Read {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            keep(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner), frame);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body; where it ends, or is given up, the line is written.
pub(super) struct Answered {
    body: Body,
    answer: Vec<u8>,
    going: Going,
}

impl Answered {
    pub(super) fn new(body: Body, going: Going) -> Self {
        Self { body, answer: Vec::new(), going }
    }
}

impl http_body::Body for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && self.going.kept.is_some()
        {
            keep(&mut self.answer, frame);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        let line = &mut self.going.line;
        match &self.going.kept {
            Some(kept) => {
                let asked = kept.lock().unwrap_or_else(PoisonError::into_inner);
                line.end(Some((asked.as_slice(), self.answer.as_slice())));
            }
            None => line.end(None),
        }
        self.going.file.push(line.text());
    }
}
