//! What a log entry costs on all threads: from the event, in a request, through the tracing layer and the console's
//! queue to the written line.
//!
//! `cargo bench --bench log_count`: instructions per event, counted by valgrind. Each case runs alone in a process, once
//! with some events in each request and once with twice as many: what start, requests and end cost falls out of the
//! difference.
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::{
    convert::Infallible,
    io,
    process::{Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Full;
use tower::{ServiceBuilder, ServiceExt, service_fn};
use tower_flightlog::{Console, FlightLog, RequestBody};
use tracing::{info_span, subscriber};
use tracing_subscriber::{Registry, layer::SubscriberExt};

const ROUNDS: usize = 200;
const EVENTS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(60);

/// Tells something so many times.
type Tell = fn(usize);

/// Without dumps there are no trails: what entries cost alone.
const CASES: &[(&str, Tell)] = &[
    ("below the level", |times| {
        for id in 0..times {
            tracing::debug!(id, "order placed");
        }
    }),
    ("no fields", |times| {
        for _ in 0..times {
            tracing::info!("order placed");
        }
    }),
    ("a number, a text, a Display", |times| {
        for id in 0..times {
            tracing::info!(id, customer = "ada", total = %format_args!("{}.{}", 129, 90), "order placed");
        }
    }),
    ("the same in a span with two fields", |times| {
        let _entered = info_span!("checkout", cart = 7, shop = "north").entered();
        for id in 0..times {
            tracing::info!(id, customer = "ada", total = %format_args!("{}.{}", 129, 90), "order placed");
        }
    }),
    ("a span with two fields, nothing told", |times| {
        for cart in 0..times {
            let _entered = info_span!("checkout", cart, shop = "north").entered();
        }
    }),
];

/// With dumps, LOG_LEVEL=info, and nothing fails.
const TRAILS: &[(&str, Tell)] = &[
    ("trail: message, a text, two numbers", |times| {
        for id in 0..times {
            tracing::debug!(customer = "ada", id, attempt = 3, "looking up");
        }
    }),
    ("trail: the same in a span", |times| {
        let _entered = info_span!("checkout", cart = 7, shop = "north").entered();
        for id in 0..times {
            tracing::debug!(customer = "ada", id, attempt = 3, "looking up");
        }
    }),
    ("trail: message with an argument", |times| {
        for id in 0..times {
            tracing::debug!("looking up {id}");
        }
    }),
    ("trail: below its level", |times| {
        for id in 0..times {
            tracing::trace!(customer = "ada", id, attempt = 3, "looking up");
        }
    }),
    ("trail: a DEBUG span, nothing told", |times| {
        for cart in 0..times {
            let _entered = tracing::debug_span!("checkout", cart, shop = "north").entered();
        }
    }),
    (OFF, |times| {
        for id in 0..times {
            tracing::debug!(customer = "ada", id, attempt = 3, "looking up");
        }
    }),
    (OUTSIDE, |times| {
        for id in 0..times {
            tracing::debug!(customer = "ada", id, attempt = 3, "looking up");
        }
    }),
];
const OFF: &str = "trail: LOG_API_CALLS=false";
const OUTSIDE: &str = "trail: outside of a request";

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    match (args.next(), args.next()) {
        (Some(case), Some(events)) => run(&case, events.parse().expect("a number of events")),
        _ => counts(),
    }
}

fn run(case: &str, events: usize) {
    let has_trail = TRAILS.iter().any(|(name, _)| *name == case);
    let (_, tell) = CASES.iter().chain(TRAILS).find(|(name, _)| *name == case).expect("a case");
    let builder = FlightLog::builder().files(false).dumps(has_trail).console(Console::Json);
    let dumps = std::env::temp_dir().join("flightlog-log-count");
    let flightlog = builder.dump_dir(dumps).enabled(case != OFF).build().expect("a log");
    let _guard = subscriber::set_default(Registry::default().with(flightlog.tracing_layer()));
    for _ in 0..ROUNDS {
        if case == OUTSIDE {
            tell(events);
            continue;
        }
        let service = ServiceBuilder::new().layer(flightlog.layer()).service(service_fn(
            |_: Request<RequestBody<Full<Bytes>>>| async move {
                tell(events);
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
            },
        ));
        let response = service.oneshot(Request::new(Full::default())).now_or_never();
        drop(response.expect("an answer at once"));
        flightlog.flush(PATIENCE).expect("written");
    }
}

fn counts() {
    let program = std::env::current_exe().expect("the path of this program");
    let instructions = |case: &str, events: usize| -> io::Result<f64> {
        let counted = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(&program)
            .args([case, &events.to_string()])
            .stdout(Stdio::null())
            .output()?;
        let told = String::from_utf8_lossy(&counted.stderr).into_owned();
        let (_, count) = told.split_once("Collected : ").ok_or_else(|| io::Error::other(told.clone()))?;
        count
            .split_whitespace()
            .next()
            .and_then(|count| count.parse().ok())
            .ok_or(io::ErrorKind::InvalidData.into())
    };
    for (case, _) in CASES.iter().chain(TRAILS) {
        let (few, many) = (instructions(case, EVENTS), instructions(case, 2 * EVENTS));
        let each = (many.expect("a count") - few.expect("a count")) / (ROUNDS * EVENTS) as f64;
        println!("{case:38} {each:8.0} instructions");
    }
}
