//! No code of users runs under a lock: whoever is in the midst of it keeps nobody from anything.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    thread,
};

use axum::body::Body;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde::{Serialize, Serializer};
use tower::ServiceExt;
use tower_flightlog::{Console, Exchange, FlightLog, Sink, current, event};
use tracing::{Dispatch, dispatcher};
use tracing_subscriber::{Registry, layer::SubscriberExt};

use crate::support::{PATIENCE, entries, flush};

/// Whoever formats it waits until another thread has done this.
#[derive(Clone)]
struct Slow(Arc<dyn Fn() + Send + Sync>);

impl Slow {
    fn wait(&self) {
        let (done, told) = mpsc::channel();
        let does = Arc::clone(&self.0);
        thread::spawn(move || {
            does();
            done.send(())
        });
        told.recv_timeout(PATIENCE).expect("another thread does not wait for who formats a value");
    }
}

impl fmt::Debug for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wait();
        f.write_str("slow")
    }
}

impl fmt::Display for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wait();
        f.write_str("slow")
    }
}

impl Error for Slow {}

impl Serialize for Slow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.wait();
        serializer.serialize_str("slow")
    }
}

impl Sink for Slow {
    fn finished(&self, _: &Arc<Exchange>) {
        self.wait();
    }
}

/// A request to the same log, with an event and an error in it.
fn ask(flightlog: &FlightLog, status: StatusCode, tell: impl Fn() + Clone + Send + 'static) {
    let service = tower::ServiceBuilder::new().layer(flightlog.layer()).service_fn(move |_: Request<_>| {
        tell();
        async move { Ok::<_, Infallible>(Response::builder().status(status).body(Body::empty()).unwrap()) }
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        service.oneshot(Request::new(Body::empty())).await.unwrap().into_body().collect().await.unwrap();
    });
}

#[test]
fn who_formats_a_value_keeps_nobody_waiting() {
    let home = tempfile::tempdir().unwrap();
    let flightlog = FlightLog::builder().dir(home.path()).console(Console::Off).build().unwrap();
    let heard = Dispatch::new(Registry::default().with(flightlog.tracing_layer()));
    let asked = Arc::new(AtomicUsize::new(0));
    let slow = {
        let (flightlog, heard, asked) = (flightlog.clone(), heard.clone(), Arc::clone(&asked));
        Slow(Arc::new(move || {
            asked.fetch_add(1, Relaxed);
            dispatcher::with_default(&heard, || {
                ask(&flightlog, StatusCode::OK, || tracing::info!("meanwhile"));
            });
            assert!(!flightlog.in_flight().is_empty());
            flush(&flightlog);
            let _ = flightlog.stats();
        }))
    };
    let formats: [fn(&Slow); 6] = [
        |slow| tracing::info!(%slow, "displayed"),
        |slow| tracing::debug!(?slow, "for the trail"),
        |slow| event!("told", slow = slow),
        |slow| current().attribute("slow", slow),
        |slow| current().report_error(slow),
        |slow| tracing::error!(error = slow as &dyn Error, "an error"),
    ];
    for (format, count) in formats.into_iter().zip(1..) {
        let before = asked.load(Relaxed);
        let slow = slow.clone();
        dispatcher::with_default(&heard, || {
            ask(&flightlog, StatusCode::INTERNAL_SERVER_ERROR, move || format(&slow));
        });
        assert!(asked.load(Relaxed) > before, "{count}: it was formatted");
    }
    flush(&flightlog);
    let finished = flightlog.stats().finished;
    assert_eq!(finished as usize, formats.len() + asked.load(Relaxed));
    assert!(!entries(home.path(), "api.log").is_empty());
}

#[test]
fn a_sink_that_is_told_keeps_nobody_waiting() {
    let (sender, inner) = mpsc::channel::<FlightLog>();
    let inner = std::sync::Mutex::new(inner);
    let sink = Slow(Arc::new(move || {
        // The first exchange only: the second would wait for this one.
        if let Ok(flightlog) = inner.lock().unwrap().try_recv() {
            ask(&flightlog, StatusCode::OK, || current().attribute("told", 1));
            let _ = flightlog.in_flight();
            let _ = flightlog.stats();
        }
    }));
    let flightlog = FlightLog::builder().files(false).dumps(false).sink(sink).build().unwrap();
    sender.send(flightlog.clone()).unwrap();
    ask(&flightlog, StatusCode::OK, || {});
    flush(&flightlog);
    assert_eq!(flightlog.stats().finished, 2);
}
