use std::sync::atomic::AtomicU8;

use http::{Request, StatusCode};

use super::{super::arrival::Hints, super::recorder::Equipment, super::recorder::Recorder, *};
use crate::{
    config::{RoutePolicy, Settings},
    exchange::{Budget, Exchange, Outcome, Started},
    redact::RedactOptions,
    sink::{Counters, Formatter, MemorySink, Outputs, Sink},
};

/// Hears at once what others hear on threads of their own.
struct Heard(Arc<MemorySink>);

impl Formatter for Heard {
    fn started(&self, started: &Started) {
        self.0.started(&Arc::new(started.clone()));
    }

    fn finished(&self, exchange: &Exchange) {
        self.0.finished(&Arc::new(exchange.clone()));
    }

    fn event(&self, event: &Event) {
        self.0.event(&Arc::new(event.clone()));
    }
}

/// A recorder whose clock is turned by hand.
struct Stage {
    recorder: Arc<Recorder>,
    memory: Arc<MemorySink>,
    pace: Pace,
}

impl Stage {
    fn with(settings: Settings) -> Self {
        Self::noted_by(settings, None)
    }

    fn noted_by(settings: Settings, journal: Option<Arc<dyn Journal>>) -> Self {
        let (memory, counters) = (Arc::new(MemorySink::default()), Arc::new(Counters::default()));
        let inline: Vec<Box<dyn Formatter>> = vec![Box::new(Heard(Arc::clone(&memory)))];
        let equipment = Equipment {
            scrub: Arc::new(RedactOptions::default().build()),
            sinks: Arc::new(Fanout::new(Outputs { inline, ..Outputs::default() }, Arc::clone(&counters))),
            counters,
            budget: Arc::new(Budget::new(1 << 20)),
            verbosity: Arc::new(AtomicU8::new(0)),
            remote_addr: None,
            known_errors: Vec::new(),
            journal,
            settings,
        };
        let recorder = Recorder::new(equipment);
        // It is said to run, so that none is started.
        recorder.clock.ticks.store(true, Relaxed);
        Self { recorder: Arc::new(recorder), memory, pace: Pace::new(Instant::now()) }
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

    fn working(&self, path: &str) -> Flight {
        working(&self.recorder, path)
    }

    fn open(&self) -> Vec<InFlight> {
        self.recorder.in_flight()
    }

    fn tick(&mut self, now: Instant) -> Option<Duration> {
        let clock = Arc::clone(&self.recorder.clock);
        clock.tick(now, &mut self.pace)
    }

    fn listed(&self) -> usize {
        self.recorder.clock.open.waited_for()
    }

    fn told(&self) -> Vec<RequestId> {
        self.memory.requests().iter().map(|started| started.request_id).collect()
    }
}

/// A request that is whole, at work.
fn working(recorder: &Arc<Recorder>, path: &str) -> Flight {
    let (parts, ()) = Request::get(path)
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .body(())
        .unwrap()
        .into_parts();
    let flight =
        Flight::begin(recorder, &parts, &Hints { peer: None, route: None, uri: &parts.uri }).unwrap();
    flight.request_is_empty();
    flight.is_waiting();
    flight
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

#[test]
fn a_request_is_told_once_when_its_second_is_over() {
    let mut stage = Stage::new();
    let flight = stage.waiting();
    flight.request_data(&&b"{\"a"[..], false);
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
    flight.request_data(&&b"\":"[..], false);
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
    sorted.sort_by_key(|id| {
        flights.iter().find(|flight| flight.request_id() == *id).map(|flight| (flight.arrived(), *id))
    });
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
    assert!(!stage.recorder.clock.ticks.load(Relaxed), "the next request starts it again");
}

#[test]
fn the_clock_keeps_no_recorder() {
    let stage = Stage::new();
    let flight = stage.waiting();
    let (recorder, clock) = (Arc::downgrade(&stage.recorder), Arc::downgrade(&stage.recorder.clock));
    drop((flight, stage));
    assert!(recorder.upgrade().is_none() && clock.upgrade().is_none());
    // The thread ends when there is nothing left to look at.
    run(&clock);
}

#[test]
fn open_exchanges_are_listed_with_what_is_known_of_them_until_they_end() {
    let stage = Stage::new();
    let first = stage.working("/orders?token=hunter2");
    let second = stage.waiting();
    let [one, two] = &stage.open()[..] else { panic!("{:?}", stage.open()) };
    assert_eq!((one.request_id, two.request_id), (first.request_id(), second.request_id()));
    assert_eq!((one.endpoint.as_str(), one.status, one.trace_id), ("/orders", None, first.trace_id()));
    assert!(one.trace_id.is_some() && one.age >= two.age);
    assert_eq!((two.method.as_str(), two.endpoint.as_str(), two.request_bytes), ("POST", "/upload", 0));

    second.request_data(&&b"{\"a"[..], false);
    let mut passing = first.answer(StatusCode::CREATED, &http::HeaderMap::new(), false, None).1.unwrap();
    first.response_data(&mut passing.tap, &&b"12345"[..]);
    let open = stage.open();
    assert_eq!((open[0].status, open[0].response_bytes), (Some(StatusCode::CREATED), 5));
    assert_eq!((open[1].status, open[1].request_bytes), (None, 3));

    first.finish(Outcome::Complete, None);
    assert_eq!(stage.open().len(), 1);
    // It may be held a while longer.
    second.finish(Outcome::AbortedInBody, None);
    assert!(stage.open().is_empty());
}

#[test]
fn endpoints_are_redacted_in_the_list() {
    let stage = Stage::new();
    let _open = stage.working(
        "/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    );
    assert!(!format!("{:?}", stage.open()).contains("eyJhb"), "{:?}", stage.open());
}

#[test]
fn many_come_and_go_in_any_order_and_each_has_its_seat() {
    let stage = Stage::new();
    let mut flights: Vec<_> = (0..1000).map(|n| stage.working(&format!("/{n}"))).collect();
    assert_eq!(stage.open().len(), 1000);
    for step in [7, 3, 2] {
        let mut place = 0;
        flights.retain(|flight| {
            place += 1;
            let stays = place % step != 0;
            if !stays {
                flight.finish(Outcome::Complete, None);
            }
            stays
        });
        flights.extend((0..50).map(|n| stage.working(&format!("/more/{n}"))));
        let mut expected: Vec<_> =
            flights.iter().map(|flight| (flight.arrived(), flight.request_id())).collect();
        expected.sort();
        let listed: Vec<_> = stage.open().iter().map(|open| open.request_id).collect();
        assert_eq!(listed, expected.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
    }
    flights.iter().for_each(|flight| flight.finish(Outcome::Complete, None));
    assert!(stage.open().is_empty());
    assert_eq!(stage.recorder.clock.open.standing().open, 0);
}

#[test]
fn threads_come_and_go_at_once() {
    let stage = Stage::with(Settings { slow: Some(millis(1)), ..Settings::default() });
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let (one, two) = (stage.working("/"), stage.waiting());
                    one.finish(Outcome::Complete, None);
                    two.finish(Outcome::Complete, None);
                }
            });
        }
        let mut pace = Pace::new(Instant::now());
        for _ in 0..200 {
            stage.recorder.clock.tick(Instant::now() + millis(500), &mut pace);
            stage.open();
        }
    });
    assert!(stage.open().is_empty());
    let mut told: Vec<_> = stage.memory.events().iter().map(|event| event.request_id).collect();
    let all = told.len();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), all, "nobody is told twice");
}

fn slow(limit: u64) -> Settings {
    Settings { slow: Some(millis(limit)), ..Settings::default() }
}

#[test]
fn an_exchange_past_the_limit_is_told_once_while_it_runs() {
    let mut stage = Stage::with(slow(5000));
    let flight = stage.working("/generate");
    let at = |after| flight.arrived() + millis(after);
    stage.tick(at(5000));
    assert!(stage.memory.events().is_empty(), "it is not past the limit");
    stage.tick(at(5040));
    stage.tick(at(6000));
    stage.tick(at(60_000));
    let [event] = &stage.memory.events()[..] else { panic!("{:?}", stage.memory.events()) };
    assert_eq!(event.kind, EventKind::Custom("still_running".into()));
    assert_eq!(
        (event.level, event.message.as_str()),
        (Level::WARN, "still running after 5.0 s: GET /generate")
    );
    assert_eq!((event.request_id, event.trace_id), (Some(flight.request_id()), flight.trace_id()));
    let fields = serde_json::to_value(&event.fields).unwrap();
    let named = |name| {
        fields.as_array().unwrap().iter().find(|field| field["name"] == name).map(|f| f["value"].clone())
    };
    assert_eq!(named("age_ms"), Some(5040.into()));
    assert_eq!((named("method"), named("endpoint")), (Some("GET".into()), Some("/generate".into())));
    assert_eq!((named("request_bytes"), named("response_bytes")), (Some(0.into()), Some(0.into())));
    assert_eq!(named("status"), None);
    let lines = {
        let mut out = Vec::new();
        crate::export::append_line(&mut out, |out| {
            crate::export::entry::log(out, &crate::export::View::default(), event)
        })
        .number(&mut out, 1);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(crate::export::fixtures::validated_entry(&lines)["type"], "custom_event");
}

#[test]
fn a_call_past_the_limit_says_that_it_is_one() {
    let mut stage = Stage::with(slow(5000));
    let (mut parts, ()) = Request::get("http://stock.test/reserve").body(()).unwrap().into_parts();
    let call = Flight::begin_outbound(&stage.recorder, &mut parts, None).unwrap();
    stage.tick(call.arrived() + millis(5040));
    let [event] = &stage.memory.events()[..] else { panic!("{:?}", stage.memory.events()) };
    assert_eq!(event.message, "still running after 5.0 s: the call GET /reserve");
    let told = event.fields.iter().find(|field| field.name == "direction").map(|field| &field.value);
    assert_eq!(told, Some(&Value::Text(Redacted::literal("outbound"))));
    assert_eq!(stage.recorder.in_flight()[0].direction, Direction::Outbound);
}

#[test]
fn one_whose_response_has_begun_says_so_and_one_that_ended_is_not_told() {
    let mut stage = Stage::with(slow(5000));
    let (streams, ended, upgraded) = (stage.working("/stream"), stage.working("/"), stage.working("/ws"));
    let mut passing = streams.answer(StatusCode::OK, &http::HeaderMap::new(), false, None).1.unwrap();
    streams.response_data(&mut passing.tap, &&b"data"[..]);
    ended.finish(Outcome::Complete, None);
    upgraded.answer(StatusCode::SWITCHING_PROTOCOLS, &http::HeaderMap::new(), false, None);
    stage.tick(streams.arrived() + millis(9000));
    let [event] = &stage.memory.events()[..] else { panic!("{:?}", stage.memory.events()) };
    assert_eq!(event.request_id, Some(streams.request_id()));
    let fields = serde_json::to_string(&event.fields).unwrap();
    assert!(
        fields.contains(r#"{"name":"response_bytes","value":4},{"name":"status","value":200}"#),
        "{fields}"
    );
}

#[test]
fn what_is_skipped_is_told_where_it_is_slow_and_nothing_without_a_limit() {
    let mut skipped = Stage::with(Settings { skip: vec!["GET /health".into()], ..slow(1000) });
    let flight = skipped.working("/health");
    skipped.tick(flight.arrived() + millis(2000));
    assert_eq!((skipped.memory.events().len(), skipped.told().len()), (1, 0));
    let mut stage = Stage::new();
    let flight = stage.working("/");
    stage.tick(flight.arrived() + millis(1_000_000));
    assert!(stage.memory.events().is_empty());
}

#[test]
fn a_late_one_that_is_slow_is_told_in_this_order() {
    let mut stage = Stage::with(slow(2000));
    let flight = stage.waiting();
    assert_eq!(stage.tick(flight.arrived()), Some(millis(500)));
    stage.tick(flight.arrived() + millis(1500));
    assert_eq!((stage.told().len(), stage.memory.events().len()), (1, 0));
    stage.tick(flight.arrived() + millis(2100));
    assert_eq!((stage.told().len(), stage.memory.events().len()), (1, 1));
}

#[test]
fn a_short_limit_makes_short_naps_and_the_clock_lasts_while_something_is_due() {
    let mut stage = Stage::with(slow(60_000));
    let flight = stage.working("/");
    let at = |after| flight.arrived() + millis(after);
    assert_eq!(stage.tick(at(0)), Some(millis(500)));
    assert_eq!(stage.tick(at(30_000)), Some(millis(500)), "it is looked after");
    assert_eq!(stage.tick(at(59_800)), Some(Duration::from_micros(200_001)));
    assert_eq!(stage.tick(at(60_100)), Some(millis(500)));
    assert_eq!(stage.tick(at(64_800)), None, "nothing is due any more, though it is open");

    let mut stage = Stage::with(slow(200));
    let flight = stage.working("/");
    assert_eq!(stage.tick(flight.arrived()), Some(millis(100)));
    flight.finish(Outcome::Complete, None);
    assert_eq!(stage.tick(flight.arrived() + millis(5000)), None);
}

/// What a journal was told.
#[derive(Default)]
struct Noted {
    snapshots: Mutex<Vec<Snapshot>>,
    is_full: AtomicBool,
    rests: std::sync::atomic::AtomicUsize,
}

impl Journal for Noted {
    fn note(&self, snapshot: Snapshot) -> bool {
        let takes = !self.is_full.load(Relaxed);
        if takes {
            self.snapshots.lock().unwrap().push(snapshot);
        }
        takes
    }

    fn rest(&self) {
        self.rests.fetch_add(1, Relaxed);
    }

    fn close(&self, _: Instant) {}
}

impl Noted {
    /// Those in flight in each snapshot since this was asked last.
    fn take(&self) -> Vec<Vec<RequestId>> {
        let snapshots = std::mem::take(&mut *self.snapshots.lock().unwrap());
        snapshots.iter().map(|noted| noted.open.iter().map(|open| open.request_id).collect()).collect()
    }
}

fn noted() -> (Stage, Arc<Noted>) {
    let noted = Arc::new(Noted::default());
    (Stage::noted_by(Settings::default(), Some(Arc::clone(&noted) as Arc<dyn Journal>)), noted)
}

#[test]
fn who_is_in_flight_is_noted_where_that_changed_and_each_second() {
    let (mut stage, noted) = noted();
    let first = stage.working("/first");
    let at = |after| first.arrived() + millis(after);
    assert_eq!(stage.tick(at(0)), Some(millis(100)));
    stage.tick(at(100));
    assert_eq!(noted.take(), [[first.request_id()]], "nothing changed");
    let second = stage.working("/second");
    stage.tick(at(200));
    assert_eq!(noted.take(), [[first.request_id(), second.request_id()]]);
    stage.tick(at(1100));
    assert!(noted.take().is_empty());
    stage.tick(at(1200));
    assert_eq!(noted.snapshots.lock().unwrap()[0].open[0].age, millis(1200));
    assert_eq!(noted.take().len(), 1);

    first.finish(Outcome::Complete, None);
    noted.is_full.store(true, Relaxed);
    stage.tick(at(1300));
    noted.is_full.store(false, Relaxed);
    stage.tick(at(1400));
    assert_eq!(noted.take(), [[second.request_id()]], "what it could not take comes again");
    second.finish(Outcome::Complete, None);
    stage.tick(at(1500));
    assert_eq!(noted.take(), [[]]);
    stage.tick(at(3000));
    assert!(noted.take().is_empty(), "nobody is noted once");
}

#[test]
fn who_comes_and_goes_between_two_looks_is_not_noted() {
    let (mut stage, noted) = noted();
    let start = Instant::now();
    for look in 0..20 {
        stage.working("/").finish(Outcome::Complete, None);
        assert_eq!(stage.tick(start + millis(look * 100)), Some(millis(100)));
    }
    assert!(noted.take().is_empty());
    assert_eq!(stage.tick(start + millis(6800)), Some(millis(100)));
    assert_eq!(stage.tick(start + millis(6901)), None, "five seconds after the last one");
    assert_eq!(noted.rests.load(Relaxed), 1);
}

#[test]
fn the_clock_lasts_while_someone_is_in_flight_and_names_the_oldest() {
    let (mut stage, noted) = noted();
    let flights: Vec<_> = (0..NAMED + 10).map(|n| stage.working(&format!("/{n}"))).collect();
    let at = |after| flights[0].arrived() + millis(after);
    assert_eq!(stage.tick(at(0)), Some(millis(100)));
    let snapshot = noted.snapshots.lock().unwrap()[0].clone();
    assert_eq!((snapshot.open.len(), snapshot.others), (NAMED, 10));
    let endpoints: Vec<_> = snapshot.open.iter().map(|open| open.endpoint.to_string()).collect();
    assert_eq!(endpoints, (0..NAMED).map(|n| format!("/{n}")).collect::<Vec<_>>());
    assert_eq!(stage.tick(at(60_000)), Some(millis(100)));
    assert_eq!(stage.tick(at(65_000)), Some(millis(100)));
    flights.iter().for_each(|flight| flight.finish(Outcome::Complete, None));
    assert_eq!(stage.tick(at(66_000)), Some(millis(100)));
    assert_eq!(stage.tick(at(70_000)), None);
}

#[test]
fn one_that_comes_while_the_clock_ends_keeps_it() {
    /// Someone comes at the last moment: nobody was there, and the clock still says that it runs.
    #[derive(Default)]
    struct Comes(Mutex<Option<Box<dyn FnOnce() + Send>>>);
    impl Journal for Comes {
        fn note(&self, _: Snapshot) -> bool {
            true
        }
        fn rest(&self) {
            if let Some(come) = self.0.lock().unwrap().take() {
                come();
            }
        }
        fn close(&self, _: Instant) {}
    }
    let comes = Arc::new(Comes::default());
    let mut stage = Stage::noted_by(Settings::default(), Some(Arc::clone(&comes) as Arc<dyn Journal>));
    let start = Instant::now();
    let (recorder, flights) = (Arc::clone(&stage.recorder), Arc::new(Mutex::default()));
    let open = Arc::clone(&flights);
    *comes.0.lock().unwrap() = Some(Box::new(move || *open.lock().unwrap() = Some(working(&recorder, "/"))));
    assert_eq!(stage.tick(start + millis(6000)), Some(millis(50)));
    assert!(stage.recorder.clock.ticks.load(Relaxed));
    let flight: Option<Flight> = flights.lock().unwrap().take();
    flight.unwrap().finish(Outcome::Complete, None);
    assert_eq!(stage.tick(start + millis(12_000)), None);
    assert!(!stage.recorder.clock.ticks.load(Relaxed));
}
