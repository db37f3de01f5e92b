//! What has a budget. A case does its work so many times, and once more before it is counted.

use std::{
    hint::black_box,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    routing::post,
};
use http::{Request, header};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tower::Service as _;
use tower_flightlog::{Bodies, Console, FlightLog, FlightLogBuilder, Redactor};
use tracing::subscriber;
use tracing_subscriber::{Registry, layer::SubscriberExt as _};

use crate::{Result, service};

/// One row of the table.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What the same costs without us.
    pub(crate) base: Option<&'static str>,
    /// Does the work so many times, after a warm-up that is always the same.
    pub(crate) run: fn(u64) -> Result<()>,
    /// So often, and twice as often, for a count.
    pub(crate) times: u64,
}

impl Case {
    /// Not only something to compare with.
    pub(crate) fn is_ours(&self) -> bool {
        ![BARE, BARE_FRAME, NO_EVENT].contains(&self.name)
    }
}

pub(crate) const CASES: &[Case] = &[
    Case { name: BARE, base: None, run: bare, times: 500 },
    Case { name: "off", base: Some(BARE), run: |times| log(times, |log| log.enabled(false)), times: 500 },
    Case {
        name: "metadata only, two entries",
        base: Some(BARE),
        run: |times| log(times, |log| log.bodies(Bodies::Off)),
        times: 500,
    },
    Case {
        name: "metadata only, one entry",
        base: Some(BARE),
        run: |times| log(times, |log| log.bodies(Bodies::Off).combined(true)),
        times: 500,
    },
    Case {
        name: "both bodies redacted, one entry",
        base: Some(BARE),
        run: |times| log(times, |log| log.combined(true)),
        times: 500,
    },
    Case { name: "as by default", base: Some(BARE), run: |times| log(times, |log| log), times: 500 },
    Case { name: "redaction of JSON, 500 bytes", base: None, run: |times| redact(times, 1), times: 500 },
    Case { name: "redaction of JSON, 20 kB", base: None, run: |times| redact(times, 40), times: 50 },
    Case { name: NO_EVENT, base: None, run: |times| trail(times, false), times: 2_000 },
    Case {
        name: "an event of the trail",
        base: Some(NO_EVENT),
        run: |times| trail(times, true),
        times: 2_000,
    },
    Case { name: BARE_FRAME, base: None, run: |times| frames(times, None), times: 4_000 },
    Case {
        name: "a frame past the cap",
        base: Some(BARE_FRAME),
        run: |times| with_log(|log| log, |log| frames(times, Some(log))),
        times: 4_000,
    },
];

const BARE: &str = "bare router";
const BARE_FRAME: &str = "a frame of 1 KiB";
const NO_EVENT: &str = "an event that nobody hears";

/// Before anything is counted: lazy statics, threads, tables of decisions.
const WARM_UP: u64 = 300;
const PATIENCE: Duration = Duration::from_secs(60);

fn bare(times: u64) -> Result<()> {
    runtime()?.block_on(serve(service::bare(), times))
}

/// With log files and dumps as `init()` has them.
fn log(times: u64, set: fn(FlightLogBuilder) -> FlightLogBuilder) -> Result<()> {
    with_log(set, |log| {
        runtime()?.block_on(serve(service::bare().layer(log.axum_layer()), times))?;
        log.flush(PATIENCE)?;
        let stats = log.stats();
        let expected = if log.is_enabled() { WARM_UP + times } else { 0 };
        if stats.finished == expected { Ok(()) } else { Err(format!("of {expected}: {stats:?}").into()) }
    })
}

fn with_log(
    set: fn(FlightLogBuilder) -> FlightLogBuilder,
    run: impl FnOnce(&FlightLog) -> Result<()>,
) -> Result<()> {
    let dir = TempDir::new()?;
    run(&set(FlightLog::builder().dir(dir.path()).console(Console::Off)).build()?)
}

async fn serve(router: Router, times: u64) -> Result<()> {
    let mut router = router.with_state(());
    for number in 0..WARM_UP + times {
        service::ask(&mut router, service::request(number)).await?;
    }
    Ok(())
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_time().build()?)
}

const ORDER: &str = r#"{"id":"ord_9s6XKzkNRiz8i3","object":"order","created_at":"2024-01-15T10:30:00Z","updated_at":"2024-01-15T10:31:12.345Z","status":"paid","customer":{"id":42,"name":"Ada Lovelace","email":"ada@example.org","active":true},"items":[{"sku":"A-100","title":"Mechanical keyboard","price":129.9,"quantity":1},{"sku":"B-220","title":"Desk lamp","price":39.5,"quantity":2}],"total":208.9,"currency":"EUR","url":"https://example.org/orders/42","request_id":"550e8400-e29b-41d4-a716-446655440000","notes":null}"#;

/// One document of so many orders, each time with other numbers in it.
fn redact(times: u64, orders: usize) -> Result<()> {
    let redactor = Redactor::default();
    let document = |number: u64| {
        let order = ORDER.replace("9s6XKzkNRiz8i3", &format!("{number:014}"));
        if orders == 1 { order } else { format!("[{}]", vec![order; orders].join(",")) }
    };
    let documents: Vec<String> = (0..16).map(document).collect();
    for number in 0..20 + times {
        let document = documents.get(number as usize % 16).ok_or("there are 16")?;
        black_box(redactor.json(black_box(document.as_bytes())));
    }
    Ok(())
}

/// Events in requests, twenty in each: LOG_LEVEL=info, LOG_TRAIL=debug. Where the handler tells none, it only counts.
fn trail(times: u64, is_told: bool) -> Result<()> {
    let run = |log: &FlightLog| {
        let _heard = subscriber::set_default(Registry::default().with(log.tracing_layer()));
        let handler = move || async move {
            for number in 0..EVENTS {
                if is_told {
                    tracing::debug!(customer = "ada", number, attempt = 3, "looking up");
                }
                black_box(number);
            }
        };
        let mut router = Router::new().route("/", post(handler)).layer(log.axum_layer()).with_state::<()>(());
        runtime()?.block_on(async {
            for _ in 0..20 + times / EVENTS {
                drop(router.call(Request::post("/").body(Body::empty())?).await?);
            }
            Ok(())
        })
    };
    with_log(|log| log.bodies(Bodies::Off), run)
}

const EVENTS: u64 = 20;

/// One response in frames of 1 KiB, of which the first 64 are kept.
fn frames(times: u64, log: Option<&FlightLog>) -> Result<()> {
    let frames = (0..100 + times).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 1024])));
    let body = Arc::new(Mutex::new(Some(Body::from_stream(tokio_stream::iter(frames)))));
    let handler = move || async move {
        let body = body.lock().ok().and_then(|mut body| body.take()).unwrap_or_default();
        ([(header::CONTENT_TYPE, "text/plain")], body)
    };
    let router = Router::new().route("/", post(handler));
    let router = match log {
        Some(log) => router.layer(log.axum_layer()),
        None => router,
    };
    let mut router = router.with_state::<()>(());
    runtime()?.block_on(async { service::ask(&mut router, Request::post("/").body(Body::empty())?).await })
}
