use std::sync::{Arc, atomic::AtomicU8};

use http::{HeaderMap, Request, StatusCode};

use super::{Flight, spare};
use crate::{
    capture::{arrival::Hints, recorder::Equipment, recorder::Recorder},
    config::{RoutePolicy, Settings},
    exchange::{Budget, Exchange, InFlight, Outcome},
    redact::RedactOptions,
    sink::{Counters, Fanout, MemorySink, Outputs},
};

/// A recorder that keeps 4 bytes of each body.
fn recorder(memory: &Arc<MemorySink>) -> Arc<Recorder> {
    let counters = Arc::new(Counters::default());
    let outputs = Outputs { queued: vec![(Box::new(Arc::clone(memory)), None)], ..Outputs::default() };
    Arc::new(Recorder::new(Equipment {
        scrub: Arc::new(RedactOptions::default().build()),
        sinks: Arc::new(Fanout::new(outputs, Arc::clone(&counters))),
        counters,
        budget: Arc::new(Budget::new(1 << 20)),
        verbosity: Arc::new(AtomicU8::new(0)),
        remote_addr: None,
        known_errors: Vec::new(),
        journal: None,
        settings: Settings { capture_limit: 4, ..Settings::default() },
    }))
}

fn begun(recorder: &Arc<Recorder>) -> Flight {
    let (parts, ()) = Request::post("/upload").body(()).unwrap().into_parts();
    Flight::begin(recorder, &parts, &Hints { peer: None, route: None, uri: &parts.uri }).unwrap()
}

/// What is recorded of one.
fn recorded(pass: impl FnOnce(&Flight, &dyn Fn() -> InFlight)) -> Arc<Exchange> {
    let memory = Arc::new(MemorySink::default());
    let recorder = recorder(&memory);
    let flight = begun(&recorder);
    pass(&flight, &|| recorder.in_flight().remove(0));
    flight.finish(Outcome::Complete, None);
    recorder.flush(std::time::Duration::from_secs(5));
    memory.exchanges().remove(0)
}

#[test]
fn what_passes_after_the_cap_is_counted_at_any_moment() {
    let exchange = recorded(|flight, open| {
        assert!(flight.request_data(&&b"abc"[..], false));
        assert!(!flight.request_data(&&b"def"[..], false));
        flight.request_passed(10);
        assert_eq!((open().request_bytes, open().response_bytes), (16, 0));
        let mut tap = flight.answer(StatusCode::OK, &HeaderMap::new(), false, None).1.unwrap().tap;
        assert!(!flight.response_data(&mut tap, &&b"abcdef"[..]));
        flight.response_passed(&mut tap, 100);
        assert_eq!((open().request_bytes, open().response_bytes), (16, 106));
        flight.request_passed(1);
        flight.response_passed(&mut tap, 1);
        flight.request_ended(true);
        flight.response_over(tap, None);
    });
    let (request, response) = (&exchange.request.body, &exchange.response.as_ref().unwrap().body);
    assert_eq!((request.total_bytes(), request.captured_bytes(), request.is_complete()), (17, 4, true));
    assert_eq!((response.total_bytes(), response.captured_bytes(), response.is_complete()), (107, 4, true));
}

#[test]
fn a_policy_lets_more_be_kept_until_something_has_passed() {
    let exchange = recorded(|flight, _| {
        flight.set_policy(RoutePolicy::new().bodies(false));
        assert!(flight.request_data(&&b""[..], false));
        flight.set_policy(RoutePolicy::new());
        assert!(flight.request_data(&&b"abc"[..], false));
        flight.set_policy(RoutePolicy::new().capture_limit(2));
        assert!(!flight.request_data(&&b"d"[..], false));
        flight.set_policy(RoutePolicy::new());
        assert!(!flight.request_data(&&b"e"[..], true));
    });
    let body = &exchange.request.body;
    assert_eq!((body.total_bytes(), body.captured_bytes(), body.is_complete()), (5, 2, true));
}

#[test]
fn a_body_for_which_the_budget_has_nothing_is_counted_once() {
    let memory = Arc::new(MemorySink::default());
    let recorder = recorder(&memory);
    let _all = {
        let mut permit = crate::exchange::Permit::new(&recorder.budget);
        assert!(permit.ask(1 << 20));
        permit
    };
    let flight = begun(&recorder);
    assert!(!flight.request_data(&&b"abc"[..], false));
    assert!(!flight.request_data(&&b"def"[..], false));
    assert_eq!(recorder.stats().bodies_over_budget, 1);
    flight.finish(Outcome::Complete, None);
}

#[test]
fn an_open_exchange_is_small_beside_what_it_keeps() {
    let bytes = (size_of::<super::Inner>(), size_of::<crate::exchange::Started>());
    assert!(bytes.0 + bytes.1 <= 776, "{bytes:?}");
}

#[test]
fn the_next_answer_has_the_memory_of_the_last_one_and_nothing_else_of_it() {
    let memory = Arc::new(MemorySink::default());
    let recorder = recorder(&memory);
    let first = begun(&recorder);
    let headers = HeaderMap::from_iter([(http::header::SERVER, http::HeaderValue::from_static("one"))]);
    let mut tap = first.answer(StatusCode::BAD_REQUEST, &headers, false, None).1.unwrap().tap;
    first.response_data(&mut tap, &&b"not for others"[..]);
    first.response_over(tap, None);
    assert_eq!(spare::kept(), 0);
    first.finish(Outcome::Complete, None);
    assert_eq!(spare::kept(), 1);
    let second = begun(&recorder);
    second.answer(StatusCode::OK, &HeaderMap::new(), false, None);
    assert_eq!(spare::kept(), 0);
    second.finish(Outcome::Complete, None);
    recorder.flush(std::time::Duration::from_secs(5));
    let told = memory.exchanges();
    let responses = told.iter().filter_map(|exchange| exchange.response.as_ref());
    let seen = responses.map(|response| (response.headers().len(), response.body.total_bytes()));
    assert_eq!(seen.collect::<Vec<_>>(), [(1, 14), (0, 0)]);
}

#[test]
fn a_thread_keeps_memory_for_some_answers_only() {
    let recorder = recorder(&Arc::new(MemorySink::default()));
    let flights: Vec<_> = (0..spare::SPARE * 2).map(|_| begun(&recorder)).collect();
    for flight in &flights {
        flight.answer(StatusCode::OK, &HeaderMap::new(), false, None);
    }
    flights.iter().for_each(|flight| flight.finish(Outcome::Complete, None));
    assert_eq!(spare::kept(), spare::SPARE);
}
