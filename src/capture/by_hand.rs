//! A record of what did not pass the layer: told by hand, made by the same means.

use std::{collections::BTreeMap, error::Error, time::Duration};

use http::{HeaderMap, Response, StatusCode, request::Parts};

use super::{
    answer::Answer,
    arrival::{self, Hints},
    noted::Noted,
    recorder::Recorder,
    report,
    tap::{Described, Seen, Tap},
};
use crate::{
    config::RoutePolicy,
    exchange::{CapturedBody, Exchange, Outcome, Redacted, RequestId, Timestamp},
};

/// What was asked.
pub(crate) struct Asked<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) hints: &'a Hints<'a>,
    pub(crate) body: &'a [u8],
}

/// The record of a request, the response to it if there was one, and what went wrong if something did.
pub(crate) fn exchange<C: AsRef<[u8]>>(
    recorder: &Recorder,
    asked: &Asked<'_>,
    response: Option<&Response<C>>,
    error: Option<&(dyn Error + 'static)>,
) -> Exchange {
    let now = Timestamp::now();
    let extensions = &asked.parts.extensions;
    let request_id = extensions.get().copied().unwrap_or_else(|| RequestId::fresh(now));
    let policy = extensions.get::<RoutePolicy>().copied().unwrap_or_default();
    let headers = Noted::of(&asked.parts.headers);
    let mut began = arrival::started(recorder, asked.parts, &headers, asked.hints, request_id, now);
    began.request.body = body(recorder, &headers, asked.body, policy);
    let response = response.map(|response| {
        let (status, headers) = (response.status(), response.headers());
        answer(recorder, status, headers, response.body().as_ref(), policy)
    });
    Exchange {
        began: began.into(),
        finished: now,
        outcome: outcome(response.is_some(), error.is_some()),
        response: response.map(|mut answer| answer.take(true)),
        ttfb: None,
        duration: Duration::ZERO,
        grpc_status: None,
        slow: false,
        error: error.map(|error| report::of_error(error, &recorder.known_errors, &*recorder.scrub)),
        steps: Vec::new(),
        attributes: Vec::new(),
        cache: BTreeMap::new(),
        instruments_dropped: 0,
        stream: None,
        llm: None,
        trail: None,
        dump: None,
        dump_reason: Some(Redacted::literal("write_dump")),
    }
}

fn outcome(is_answered: bool, is_error: bool) -> Outcome {
    match (is_answered, is_error) {
        (true, _) => Outcome::Complete,
        (false, true) => Outcome::ServiceError,
        (false, false) => Outcome::AbortedBeforeResponse,
    }
}

fn answer(
    recorder: &Recorder,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    policy: RoutePolicy,
) -> Answer {
    let noted = Noted::of(headers);
    let described = Described::by(&noted);
    let mut answer = Answer::new(recorder, status, &noted, Duration::ZERO);
    answer.tap(recorder, described, policy);
    if let Some(tap) = &mut answer.tap {
        tap.data(&Seen::of(&body, recorder.capture_limit()), recorder);
    }
    answer
}

fn body(recorder: &Recorder, headers: &Noted<'_>, body: &[u8], policy: RoutePolicy) -> CapturedBody {
    let limit = policy.limit(recorder.capture_limit());
    let described = Described { declared: Some(body.len() as u64), ..Described::by(headers) };
    let mut tap = Tap::new(described, limit, true);
    tap.data(&Seen::of(&body, limit), recorder);
    tap.end();
    tap.take()
}
