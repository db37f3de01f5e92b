use std::{sync::Arc, time::Duration};

use http::{HeaderMap, StatusCode};

use super::{
    grpc::GrpcEnd,
    noted::Noted,
    recorder::Recorder,
    tap::{Described, Tap},
};
use crate::{
    config::RoutePolicy,
    exchange::{CapturedBody, Head, RawHead, Response},
    stream::Told,
};

/// A response whose headers are there.
pub(super) struct Answer {
    pub(super) ttfb: Duration,
    /// What its body passes through; none while that is with whoever hands its frames on.
    pub(super) tap: Option<Box<Tap>>,
    pub(super) late: Late,
    status: StatusCode,
    head: Head,
}

/// What few responses have, each in a box, so that all others do not carry the room for it along.
#[derive(Default)]
pub(super) struct Late {
    pub(super) grpc: Option<Box<GrpcEnd>>,
    /// What was heard as its body passed.
    pub(super) heard: Option<Box<Told>>,
    pub(super) trailers: Option<Box<Head>>,
}

impl Answer {
    #[inline]
    pub(super) fn new(recorder: &Recorder, status: StatusCode, noted: &Noted<'_>, ttfb: Duration) -> Self {
        Self {
            ttfb,
            tap: None,
            late: Late { grpc: GrpcEnd::read(noted, &*recorder.scrub).map(Box::new), ..Late::default() },
            status,
            head: head(recorder, noted),
        }
    }

    /// Makes what its body passes through, in the memory of the last one where there is some.
    #[inline]
    pub(super) fn tap(&mut self, recorder: &Recorder, described: Described, policy: RoutePolicy) {
        let keep_binary = self.status.is_client_error() || self.status.is_server_error();
        let tap = Tap::new(described, policy.limit(recorder.capture_limit()), keep_binary);
        match &mut self.tap {
            Some(place) => **place = tap,
            none => *none = Some(Box::new(tap)),
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The trailers passed.
    pub(super) fn end_with(&mut self, recorder: &Recorder, trailers: &HeaderMap) {
        let noted = Noted::of(trailers);
        self.late.grpc = GrpcEnd::read(&noted, &*recorder.scrub).map(Box::new).or(self.late.grpc.take());
        self.late.trailers = Some(head(recorder, &noted).into());
    }

    /// The response, which is taken, without the rest; `is_whole` where the end of its body is known.
    #[inline]
    pub(super) fn take(&mut self, is_whole: bool) -> Response {
        let head = std::mem::replace(&mut self.head, Head::empty());
        let body = match &mut self.tap {
            Some(tap) => {
                if is_whole {
                    tap.end();
                }
                tap.take()
            }
            None => CapturedBody::new(0, is_whole, None),
        };
        Response { status: self.status, trailers: None, body, head }
    }
}

fn head(recorder: &Recorder, noted: &Noted<'_>) -> Head {
    let raw = RawHead::of_fields(&noted.fields, recorder.head_limit());
    Head::new(raw, Arc::clone(&recorder.scrub))
}
