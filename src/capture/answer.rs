use std::{sync::Arc, time::Duration};

use http::{HeaderMap, StatusCode};

use super::{grpc::GrpcEnd, noted::Noted, recorder::Recorder, tap::Tap};
use crate::{
    config::RoutePolicy,
    exchange::{Head, RawHead, Response},
    stream::Told,
};

/// A response whose headers are there.
pub(super) struct Answer {
    pub(super) ttfb: Duration,
    pub(super) body: Tap,
    pub(super) grpc: Option<GrpcEnd>,
    /// What was heard as its body passed.
    pub(super) heard: Option<Box<Told>>,
    status: StatusCode,
    head: Head,
    trailers: Option<Box<Head>>,
}

impl Answer {
    #[inline]
    pub(super) fn new(
        recorder: &Recorder,
        status: StatusCode,
        noted: &Noted<'_>,
        declared: Option<u64>,
        ttfb: Duration,
        policy: RoutePolicy,
    ) -> Self {
        let limit = policy.limit(recorder.capture_limit());
        let keep_binary = status.is_client_error() || status.is_server_error();
        Self {
            ttfb,
            body: Tap::new(noted, declared, limit, keep_binary, &recorder.budget),
            grpc: GrpcEnd::read(noted, &*recorder.scrub),
            heard: None,
            status,
            head: head(recorder, noted),
            trailers: None,
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The trailers passed.
    pub(super) fn end_with(&mut self, recorder: &Recorder, trailers: &HeaderMap) {
        let noted = Noted::of(trailers);
        self.grpc = GrpcEnd::read(&noted, &*recorder.scrub).or(self.grpc.take());
        self.trailers = Some(head(recorder, &noted).into());
    }

    #[inline]
    pub(super) fn into_response(mut self, recorder: &Recorder) -> Response {
        Response {
            status: self.status,
            trailers: self.trailers.map(|trailers| trailers.headers().clone()),
            body: self.body.take(recorder.settings.inline_limit(), &recorder.scrub),
            head: self.head,
        }
    }
}

fn head(recorder: &Recorder, noted: &Noted<'_>) -> Head {
    let raw = RawHead::copy(&[], &[], &noted.fields, recorder.head_limit());
    Head::new(raw, Arc::clone(&recorder.scrub))
}
