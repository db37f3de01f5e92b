use std::sync::atomic::AtomicU8;

use http::{Request, StatusCode};

use super::{super::arrival::Hints, super::recorder::Equipment, super::recorder::Recorder, *};
use crate::sink::Outputs;
use crate::{
    config::{RoutePolicy, Settings},
    exchange::{Budget, Outcome},
    redact::RedactOptions,
    sink::{Counters, MemorySink},
};

/// A recorder whose clock is turned by hand.
struct Stage {
    recorder: Arc<Recorder>,
    memory: Arc<MemorySink>,
    idle: Instant,
}

impl Stage {
    fn with(settings: Settings) -> Self {
        let (memory, counters) = (Arc::new(MemorySink::default()), Arc::new(Counters::default()));
        let inline: Vec<Box<dyn crate::sink::Sink>> = vec![Box::new(Arc::clone(&memory))];
        let equipment = Equipment {
            scrub: Arc::new(RedactOptions::default().build()),
            sinks: Arc::new(Fanout::new(Outputs { inline, ..Outputs::default() }, Arc::clone(&counters))),
            counters,
            budget: Arc::new(Budget::new(1 << 20)),
            verbosity: Arc::new(AtomicU8::new(0)),
            remote_addr: None,
            known_errors: Vec::new(),
            settings,
        };
        let recorder = Recorder::new(equipment);
        // It is said to run, so that none is started.
        recorder.late.lock().ticks = true;
        Self { recorder: Arc::new(recorder), memory, idle: Instant::now() }
    }

    fn new() -> Self {
        Self::with(Settings::default())
    }

    /// A request whose body does not come, at the first time its service waits.
    fn waiting(&self) -> Flight {
        let (parts, ()) =
            Request::post("/upload").header("content-length", "5").body(()).unwrap().into_parts();
        let hints = Hints { peer: None, route: None, uri: &parts.uri };
        let flight = Flight::begin(&self.recorder, &parts, &hints).unwrap();
        flight.is_waiting();
        flight
    }

    fn tick(&mut self, now: Instant) -> Option<Duration> {
        let late = Arc::clone(&self.recorder.late);
        late.tick(now, &mut self.idle)
    }

    fn listed(&self) -> usize {
        self.recorder.late.lock().waiting.len()
    }

    fn told(&self) -> Vec<RequestId> {
        self.memory.requests().iter().map(|started| started.request_id).collect()
    }
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn a_request_is_told_once_when_its_second_is_over() {
    let mut stage = Stage::new();
    let flight = stage.waiting();
    flight.request_data(&&b"{\"a"[..]);
    flight.is_waiting();
    assert_eq!(stage.listed(), 1);
    stage.tick(flight.arrived() + millis(999));
    assert!(stage.told().is_empty());
    stage.tick(flight.arrived() + millis(1000));
    assert_eq!(stage.told(), [flight.request_id()]);
    let body = &stage.memory.requests()[0].request.body;
    assert_eq!((body.total_bytes(), body.is_complete()), (3, false));

    flight.is_waiting();
    assert_eq!(stage.listed(), 0);
    flight.request_data(&&b"\":"[..]);
    flight.request_ended(true);
    flight.finish(Outcome::AbortedBeforeResponse, None);
    assert_eq!(stage.told().len(), 1);
    assert_eq!(stage.memory.exchanges()[0].request.body.total_bytes(), 5);
}

#[test]
fn those_that_are_due_are_told_in_the_order_they_came() {
    let mut stage = Stage::new();
    let flights: Vec<_> = (0..5).map(|_| stage.waiting()).collect();
    flights[3].finish(Outcome::AbortedBeforeResponse, None);
    let (ended, told) = (stage.told(), [0, 1, 2, 4].map(|place| flights[place].request_id()));
    assert_eq!((ended.len(), stage.listed()), (1, 4));
    stage.tick(flights[4].arrived() + millis(1000));
    let mut sorted = told;
    sorted.sort_by_key(|id| flights.iter().find(|flight| flight.request_id() == *id).map(key));
    assert_eq!(stage.told()[1..], sorted);
}

#[test]
fn what_ended_or_was_told_before_is_not_told_again() {
    let mut stage = Stage::new();
    let (answered, read, dropped) = (stage.waiting(), stage.waiting(), stage.waiting());
    answered.answer(StatusCode::OK, &http::HeaderMap::new(), true, Some(0));
    read.request_ended(true);
    drop(dropped);
    assert_eq!((stage.told().len(), stage.listed()), (2, 2));
    stage.tick(read.arrived() + millis(5000));
    assert_eq!((stage.told().len(), stage.listed()), (2, 0));
}

#[test]
fn what_is_skipped_is_not_waited_for() {
    let skipped = Stage::with(Settings { skip: vec!["POST /up*".into()], ..Settings::default() });
    let unsampled = Stage::with(Settings { sample: 0.0, ..Settings::default() });
    for mut stage in [skipped, unsampled] {
        let flight = stage.waiting();
        assert_eq!(stage.listed(), 0);
        stage.tick(flight.arrived() + millis(5000));
        assert!(stage.told().is_empty());
    }
    let mut stage = Stage::new();
    let flight = stage.waiting();
    flight.set_policy(RoutePolicy::new().skip(true));
    stage.tick(flight.arrived() + millis(5000));
    assert!(stage.told().is_empty(), "the policy came in between");
}

#[test]
fn the_clock_naps_until_the_next_is_due_and_ends_when_nobody_comes() {
    let mut stage = Stage::new();
    let flight = stage.waiting();
    let at = |after| flight.arrived() + millis(after);
    assert_eq!(stage.tick(at(0)), Some(millis(500)));
    assert_eq!(stage.tick(at(700)), Some(millis(300)));
    assert_eq!(stage.tick(at(990)), Some(millis(50)));
    assert_eq!(stage.tick(at(1000)), Some(millis(500)));
    let second = stage.waiting();
    second.finish(Outcome::AbortedBeforeResponse, None);
    assert_eq!(stage.tick(at(5000)), Some(millis(500)));
    assert_eq!(stage.tick(at(9999)), Some(millis(500)), "someone came and went");
    assert_eq!(stage.tick(at(10_000)), None);
    assert!(!stage.recorder.late.lock().ticks, "the next request starts it again");
}

#[test]
fn the_clock_keeps_no_recorder() {
    let stage = Stage::new();
    let flight = stage.waiting();
    let (recorder, late) = (Arc::downgrade(&stage.recorder), Arc::downgrade(&stage.recorder.late));
    drop((flight, stage));
    assert!(recorder.upgrade().is_none() && late.upgrade().is_none());
    // The thread ends when there is nothing left to look at.
    run(&late);
}
