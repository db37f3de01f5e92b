//! What passes between client and service: heads, data, ends.

use std::sync::Arc;

use bytes::Buf;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::{Flight, REQUEST_ID};
use crate::{
    capture::{
        answer::Answer,
        completion::{self, Ahead},
        following::Following,
        noted::Noted,
        tap::Seen,
    },
    exchange::{ErrorReport, Started},
    stream::Told,
};

impl Flight {
    /// Puts the request id into the response: the client's own where it sent a valid one.
    /// What was asked for is not touched: only the extensions tell the id.
    pub(crate) fn stamp(&self, response: &mut http::response::Parts) {
        if self.0.outbound.is_some() {
            response.extensions.insert(self.0.request_id);
            return;
        }
        let ours = || HeaderValue::from_bytes(&self.0.request_id.digits()).ok();
        if let Some(id) = self.0.echo.clone().or_else(ours) {
            // A map that is full stays as it is.
            let _ = response.headers.try_insert(REQUEST_ID, id);
        }
        response.extensions.insert(self.0.request_id);
    }

    /// Data of the request body passed.
    pub(crate) fn request_data(&self, data: &impl Buf) {
        let seen = Seen::of(data, self.0.recorder.capture_limit());
        self.lock().request.data(&seen);
    }

    /// The request body failed.
    pub(crate) fn request_failed(&self, error: &str) {
        let message = self.0.recorder.scrub.text(error);
        self.lock().told.logged = Some(Box::new(ErrorReport { message, ..ErrorReport::default() }));
    }

    /// There is no request body. Sinks are told once the service has had its chance to set a policy.
    pub(crate) fn request_is_empty(&self) {
        self.lock().request.end();
    }

    /// The service waits: a request that is whole is told now, another one a second after it came.
    pub(crate) fn is_waiting(&self) {
        let mut state = self.lock();
        let is_whole = state.request.has_ended();
        let told = if is_whole { self.tell_beginning(&mut state) } else { None };
        let is_new = !is_whole && !state.expected && state.beginning.is_held() && self.may_tell(&state);
        state.expected |= is_new;
        drop(state);
        self.announce(told);
        if let Some(seat) = self.seat().filter(|_| is_new) {
            self.0.recorder.clock.expect(self, seat);
        }
    }

    /// Its body is long in coming; gives what sinks are to be told.
    pub(in crate::capture) fn is_late(&self) -> Option<Arc<Started>> {
        self.tell_beginning(&mut self.lock())
    }

    /// The request body ended, or nobody will read more of it.
    pub(crate) fn request_ended(&self, at_its_end: bool) {
        let mut state = self.lock();
        if at_its_end {
            state.request.end();
        }
        let told = self.tell_beginning(&mut state);
        drop(state);
        self.announce(told);
    }

    /// The response's headers are there: what follows, as far as they tell.
    pub(crate) fn answer(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        is_end: bool,
        exact: Option<u64>,
    ) -> (Ahead, Option<Box<Following>>) {
        let (declared, following) = self.answered(status, headers);
        let ahead = completion::ahead(&self.0.method, status, declared, is_end, exact);
        if let Ahead::Nothing(outcome) = ahead {
            self.finish(outcome, None);
        }
        (ahead, following)
    }

    /// Gives the Content-Length, and who follows the body.
    pub(super) fn answered(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> (Option<u64>, Option<Box<Following>>) {
        let ttfb = self.age();
        let noted = Noted::of(headers);
        let declared = noted.length();
        let mut state = self.lock();
        let answer = Answer::new(&self.0.recorder, status, &noted, declared, ttfb, state.policy);
        let following = state.beginning.started().and_then(|began| {
            let tells =
                !self.is_skipped(state.policy) && state.policy.limit(self.0.recorder.capture_limit()) > 0;
            Following::of(&self.0.recorder, began, self.0.arrived, &answer, tells)
        });
        state.answer = Some(answer);
        let told = self.tell_beginning(&mut state);
        drop(state);
        self.announce(told);
        self.tell_parent_of_answer(status);
        (declared, following)
    }

    /// Data of the response body passed; gives the bytes so far.
    pub(crate) fn response_data(&self, data: &impl Buf) -> u64 {
        let seen = Seen::of(data, self.0.recorder.capture_limit());
        let mut state = self.lock();
        let Some(answer) = &mut state.answer else { return 0 };
        answer.body.data(&seen);
        answer.body.total()
    }

    /// What was heard as the response's body passed.
    pub(crate) fn heard(&self, heard: Told) {
        if let Some(answer) = &mut self.lock().answer {
            answer.heard = Some(heard.into());
        }
    }

    /// The trailers of the response passed.
    pub(crate) fn response_trailers(&self, trailers: &HeaderMap) {
        if let Some(answer) = &mut self.lock().answer {
            answer.end_with(&self.0.recorder, trailers);
        }
    }
}
