//! What passes between client and service: heads, data, ends.

use std::{
    cell::RefCell,
    sync::{Arc, MutexGuard, atomic::Ordering::Relaxed},
};

use bytes::{Buf, Bytes, BytesMut};
use http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode};

use super::{Flight, REQUEST_ID, spare, state::State};
use crate::{
    capture::{
        answer::Answer,
        completion::{self, Ahead},
        following::Following,
        noted::Noted,
        tap::{Described, Seen, Tap},
    },
    exchange::{ErrorReport, RequestId, Started},
    stream::Told,
};

/// What a response's body passes through. Whoever hands its frames on has it alone, so that needs no lock.
#[derive(Debug)]
pub(crate) struct Passing {
    pub(crate) tap: Box<Tap>,
    pub(crate) following: Option<Box<Following>>,
}

impl Flight {
    /// Puts the request id into the response: the client's own where it sent a valid one.
    /// What was asked for is not touched: only the extensions tell the id.
    pub(crate) fn stamp(&self, headers: &mut HeaderMap, extensions: &mut Extensions) {
        extensions.insert(self.0.request_id);
        if self.0.outbound.is_some() {
            return;
        }
        if let Some(id) = self.0.echo.as_deref().cloned().or_else(|| written(self.0.request_id)) {
            // A map that is full stays as it is.
            let _ = headers.try_insert(REQUEST_ID, id);
        }
    }

    /// Data of the request body passed, and perhaps it ended with that. False where the rest need only be
    /// [counted](Self::request_passed).
    pub(crate) fn request_data(&self, data: &impl Buf, is_end: bool) -> bool {
        let recorder = &self.0.recorder;
        let seen = Seen::of(data, recorder.capture_limit());
        let mut state = self.lock();
        let listens = state.request.data(&seen, recorder);
        if is_end {
            self.end_request(state, true);
        }
        listens
    }

    /// So many bytes of the request body passed, of which nothing is to be kept: no lock is needed.
    pub(crate) fn request_passed(&self, bytes: usize) {
        self.0.request_beyond.fetch_add(bytes as u64, Relaxed);
    }

    /// The request body failed.
    pub(crate) fn request_failed(&self, error: &str) {
        let message = self.0.recorder.scrub.text(error);
        self.lock().told().logged = Some(ErrorReport { message, ..ErrorReport::default() });
    }

    /// There is no request body. Sinks are told once the service has had its chance to set a policy.
    pub(crate) fn request_is_empty(&self) {
        self.lock().request.end();
    }

    /// The service waits: a request that is whole is told now, another one a second after it came.
    pub(crate) fn is_waiting(&self) {
        let mut state = self.lock();
        let is_whole = state.request.has_ended();
        let told = if is_whole { self.tell_beginning(&mut state, || self.age()) } else { None };
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
        self.tell_beginning(&mut self.lock(), || self.age())
    }

    /// The request body ended, or nobody will read more of it.
    pub(crate) fn request_ended(&self, at_its_end: bool) {
        self.end_request(self.lock(), at_its_end);
    }

    fn end_request(&self, mut state: MutexGuard<'_, State>, at_its_end: bool) {
        if at_its_end {
            state.request.end();
        }
        let told = self.tell_beginning(&mut state, || self.age());
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
    ) -> (Ahead, Option<Passing>) {
        let answered = self.answered(status, headers, is_end, exact);
        if let Ahead::Nothing(outcome) = answered.0 {
            self.finish(outcome, None);
        }
        answered
    }

    /// Gives what follows, and what its body passes through, where there is one.
    pub(super) fn answered(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        is_end: bool,
        exact: Option<u64>,
    ) -> (Ahead, Option<Passing>) {
        let ttfb = self.age();
        let recorder = &self.0.recorder;
        let noted = Noted::of(headers);
        let described = Described::by(&noted);
        let mut state = self.lock();
        let policy = state.policy;
        let began = state.beginning.started();
        let method = began.map_or(&Method::GET, |began| &began.request.method);
        let ahead = completion::ahead(method, status, described.declared, is_end, exact);
        let following = began.and_then(|began| {
            let tells = !self.is_skipped(policy) && policy.limit(recorder.capture_limit()) > 0;
            Following::of(recorder, began, self.0.arrived, &described.labels, status, tells)
        });
        let answer = state.answer.insert(spare::boxed(Answer::new(recorder, status, &noted, ttfb)));
        answer.tap(recorder, described, policy);
        let tap = if let Ahead::Body(_) = ahead { answer.tap.take() } else { None };
        let passing = tap.map(|tap| Passing { tap, following });
        let told = self.tell_beginning(&mut state, || ttfb);
        drop(state);
        self.announce(told);
        self.tell_parent_of_answer(status);
        (ahead, passing)
    }

    /// Data of the response body passed. False where the rest need only be [counted](Self::response_passed).
    pub(crate) fn response_data(&self, tap: &mut Tap, data: &impl Buf) -> bool {
        let listens = tap.data(&Seen::of(data, tap.room()), &self.0.recorder);
        self.0.response_bytes.store(tap.total(), Relaxed);
        listens
    }

    /// So many bytes of the response body passed, of which nothing is to be kept.
    pub(crate) fn response_passed(&self, tap: &mut Tap, bytes: usize) {
        tap.count(bytes as u64);
        self.0.response_bytes.store(tap.total(), Relaxed);
    }

    /// Bytes of the response body that passed.
    pub(crate) fn response_bytes(&self) -> u64 {
        self.0.response_bytes.load(Relaxed)
    }

    /// No more of the response's body will pass: what it left behind, and what was heard of it.
    pub(crate) fn response_over(&self, tap: Box<Tap>, heard: Option<Told>) {
        if let Some(answer) = &mut self.lock().answer {
            answer.tap = Some(tap);
            answer.late.heard = heard.map(Box::new);
        }
    }

    /// The trailers of the response passed.
    pub(crate) fn response_trailers(&self, trailers: &HeaderMap) {
        if let Some(answer) = &mut self.lock().answer {
            answer.end_with(&self.0.recorder, trailers);
        }
    }
}

/// Ids are written side by side into memory that goes when the last of them does: an allocation for each would be dearer
/// than the id.
const PAGE_BYTES: usize = 4096;

thread_local!(static PAGE: RefCell<Option<BytesMut>> = const { RefCell::new(None) });

fn written(id: RequestId) -> Option<HeaderValue> {
    let digits = id.digits();
    let write = |page: &RefCell<Option<BytesMut>>| {
        let mut page = page.try_borrow_mut().ok()?;
        let page = match &mut *page {
            Some(page) if page.capacity() >= digits.len() => page,
            page => page.insert(BytesMut::with_capacity(PAGE_BYTES)),
        };
        page.extend_from_slice(&digits);
        Some(page.split().freeze())
    };
    // Where the thread ends it has memory of its own.
    let id = PAGE.try_with(write).ok().flatten().unwrap_or_else(|| Bytes::copy_from_slice(&digits));
    HeaderValue::from_maybe_shared(id).ok()
}
