//! Which request an event belongs to, wherever it is told.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use axum::{Router, body::Body, extract::Path, routing::get};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tokio::{runtime, sync::oneshot, task::JoinHandle};
use tower::ServiceExt;
use tower_flightlog::{Event, RequestId, Value, WithCurrent, current};
use tracing::{Dispatch, Instrument, Span, dispatcher, info_span, subscriber};
use tracing_subscriber::{Layer, Registry, filter::LevelFilter, layer::SubscriberExt};

use crate::support::{PATIENCE, Watcher, flush, watched, watched_with};

async fn ask(app: Router, path: &str) -> StatusCode {
    let response = app.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status();
    response.into_body().collect().await.unwrap();
    status
}

fn told(watcher: &Watcher, module: &str) -> Vec<Arc<Event>> {
    watcher.events().into_iter().filter(|event| event.module == module).collect()
}

fn number(event: &Event) -> u64 {
    match event.fields.iter().find(|field| field.name == "n").map(|field| &field.value) {
        Some(Value::Unsigned(n)) => *n,
        other => panic!("{other:?} in {event:?}"),
    }
}

const REQUESTS: u64 = 200;

/// What the tasks of one test leave behind.
#[derive(Default)]
struct Traces {
    ids: Mutex<Vec<(u64, RequestId)>>,
    left: Mutex<Vec<JoinHandle<()>>>,
    told: AtomicUsize,
}

impl Traces {
    /// Tells something some times, moving between threads in between.
    async fn talk(self: Arc<Self>, n: u64) {
        for round in 0..3 {
            tracing::info!(target: "it::spans", n, round, "talking");
            log::info!(target: "it::spans::log", "n={n}");
            self.told.fetch_add(2, Relaxed);
            for _ in 0..(n * 7 + round * 5) % 4 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// The same where it belongs to nobody.
    async fn talk_outside(self: Arc<Self>, n: u64) {
        tracing::info!(target: "it::spans::outside", n, "talking");
        self.told.fetch_add(1, Relaxed);
        tokio::task::yield_now().await;
        assert!(current().request_id().is_none());
    }

    async fn handle(self: Arc<Self>, n: u64) {
        let id = current().request_id().unwrap();
        self.ids.lock().unwrap().push((n, id));
        let talk = || Arc::clone(&self).talk(n);
        let in_nested = {
            let this = Arc::clone(&self);
            async move {
                // A task in a task, in a span that knows the request only through its parent.
                let inner = info_span!("inner", depth = 2);
                tokio::spawn(this.talk(n).instrument(inner)).await.unwrap();
            }
        };
        let joined = [
            tokio::spawn(talk().in_current_span()),
            tokio::spawn(talk().with_current()),
            tokio::spawn(in_nested.in_current_span()),
            tokio::spawn(Arc::clone(&self).talk_outside(n)),
        ];
        let left = [
            tokio::spawn(
                Arc::clone(&self).talk_outside(n).instrument(info_span!(parent: None, "belongs to nobody")),
            ),
            tokio::spawn(async { tokio::task::yield_now().await }.with_current()),
            tokio::spawn(talk().with_current().in_current_span()),
        ];
        self.left.lock().unwrap().extend(left);
        talk().await;
        for task in joined {
            task.await.unwrap();
        }
    }
}

#[test]
fn every_entry_of_200_requests_at_once_has_the_id_of_its_own() {
    let (flightlog, watcher) = watched();
    let dispatch = Dispatch::new(Registry::default().with(flightlog.tracing_layer()));
    // Records of the `log` crate go to the subscriber of the thread.
    let _ = tracing_log::LogTracer::init();
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .on_thread_start(move || {
            let _ = Box::leak(Box::new(dispatcher::set_default(&dispatch)));
        })
        .build()
        .unwrap();
    let traces = Arc::new(Traces::default());
    let app = {
        let traces = Arc::clone(&traces);
        let handle = move |Path(n): Path<u64>| {
            let span = info_span!("request", n);
            Arc::clone(&traces).handle(n).instrument(span)
        };
        Router::new().route("/{n}", get(handle)).layer(flightlog.axum_layer())
    };
    runtime.block_on(async {
        let requests: Vec<_> = (0..REQUESTS)
            .map(|n| {
                let app = app.clone();
                tokio::spawn(async move { ask(app, &format!("/{n}")).await })
            })
            .collect();
        for request in requests {
            assert_eq!(request.await.unwrap(), StatusCode::OK);
        }
        let left = std::mem::take(&mut *traces.left.lock().unwrap());
        for task in left {
            task.await.unwrap();
        }
    });
    flush(&flightlog);

    let ids = traces.ids.lock().unwrap();
    assert_eq!(ids.len() as u64, REQUESTS);
    let id_of = |n: u64| ids.iter().find(|(known, _)| *known == n).map(|(_, id)| *id);
    let mut seen = 0;
    for event in watcher.events() {
        let n = match &*event.module {
            "it::spans" | "it::spans::outside" => number(&event),
            "it::spans::log" => event.message.as_str().strip_prefix("n=").unwrap().parse().unwrap(),
            _ => continue,
        };
        seen += 1;
        let expected = if event.module == "it::spans::outside" { None } else { id_of(n) };
        assert_eq!(event.request_id, expected, "{event:?}");
    }
    // What the queue had no place for is counted.
    assert!(seen + flightlog.stats().queue_dropped as usize >= traces.told.load(Relaxed));
    assert!(seen >= 1000, "{seen}");
}

#[tokio::test]
async fn a_task_that_outlives_its_request_keeps_its_id_and_nothing_else() {
    let witness = Arc::new(());
    let held = Arc::clone(&witness);
    let (flightlog, watcher) = watched_with(|builder| {
        builder.remote_addr(move |_| {
            let _ = &held;
            None
        })
    });
    let _guard = subscriber::set_default(Registry::default().with(flightlog.tracing_layer()));
    let (go, wait) = oneshot::channel::<()>();
    let (wait, left) = (Arc::new(Mutex::new(Some(wait))), Arc::new(Mutex::new(None)));
    let app = {
        let left = Arc::clone(&left);
        Router::new()
            .route(
                "/",
                get(|| async move {
                    let wait = wait.lock().unwrap().take().unwrap();
                    let work = async {
                        wait.await.unwrap();
                        tracing::error!(target: "it::late", "too late to be the cause");
                    };
                    let task = tokio::spawn(work.instrument(info_span!("long work")));
                    *left.lock().unwrap() = Some(task);
                    StatusCode::INTERNAL_SERVER_ERROR
                }),
            )
            .layer(flightlog.axum_layer())
    };
    assert_eq!(ask(app, "/").await, StatusCode::INTERNAL_SERVER_ERROR);
    flush(&flightlog);
    let exchange = watcher.only();
    assert_eq!(exchange.error.as_ref().unwrap().message, "HTTP 500");
    drop(flightlog);
    assert_eq!(Arc::strong_count(&witness), 1, "the span keeps no recorder");
    go.send(()).unwrap();
    let task = left.lock().unwrap().take().unwrap();
    task.await.unwrap();
    // Nobody is left who could flush, but what is told now is delivered too.
    let delivered = async {
        while told(&watcher, "it::late").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, delivered).await.unwrap();
    assert_eq!(told(&watcher, "it::late")[0].request_id, Some(exchange.request_id));
}

#[tokio::test]
async fn a_worker_whose_span_has_no_parent_belongs_to_no_request() {
    let (flightlog, watcher) = watched();
    let _guard = subscriber::set_default(Registry::default().with(flightlog.tracing_layer()));
    let app = Router::new()
        .route(
            "/",
            get(|| async {
                let work = async { tracing::info!(target: "it::worker", "works for all") };
                tokio::spawn(work.instrument(info_span!(parent: None, "worker"))).await.unwrap();
            }),
        )
        .layer(flightlog.axum_layer());
    assert_eq!(ask(app, "/").await, StatusCode::OK);
    flush(&flightlog);
    assert_eq!(told(&watcher, "it::worker")[0].request_id, None);
}

#[tokio::test]
async fn an_error_in_a_spawned_task_is_the_cause_while_the_request_lasts() {
    let (flightlog, watcher) = watched_with(|builder| builder.level("off"));
    let _guard = subscriber::set_default(Registry::default().with(flightlog.tracing_layer()));
    async fn fail(how: &'static str) {
        tracing::error!("failed {how}");
    }
    let app = Router::new()
        .route(
            "/span",
            get(|| async {
                tokio::spawn(fail("in a span").instrument(info_span!("work"))).await.unwrap();
                StatusCode::INTERNAL_SERVER_ERROR
            }),
        )
        .route(
            "/current",
            get(|| async {
                tokio::spawn(fail("with current").with_current()).await.unwrap();
                StatusCode::INTERNAL_SERVER_ERROR
            }),
        )
        .route(
            "/bare",
            get(|| async {
                tokio::spawn(fail("for itself")).await.unwrap();
                StatusCode::INTERNAL_SERVER_ERROR
            }),
        )
        .layer(flightlog.axum_layer());
    for path in ["/span", "/current", "/bare"] {
        ask(app.clone(), path).await;
    }
    let causes: Vec<_> = watcher
        .exchanges(3)
        .iter()
        .map(|exchange| exchange.error.as_ref().unwrap().message.as_str().to_owned())
        .collect();
    assert_eq!(causes, ["failed in a span", "failed with current", "HTTP 500"]);
    flush(&flightlog);
    assert!(watcher.events().is_empty(), "LOG_LEVEL decides what is listed");
}

#[tokio::test]
async fn the_exchange_of_an_event_is_that_of_the_thread_then_that_of_its_own_span() {
    let (flightlog, watcher) = watched();
    let _guard = subscriber::set_default(Registry::default().with(flightlog.tracing_layer()));
    let kept: Arc<Mutex<Vec<Span>>> = Arc::default();
    let app = {
        let kept = Arc::clone(&kept);
        let handle = move |Path(n): Path<u64>| async move {
            if let Some(first) = kept.lock().unwrap().first() {
                tracing::info!(target: "it::whose", parent: first, "on the thread");
                let _entered = first.enter();
                tracing::info!(target: "it::whose", "on the thread, in another's span");
            }
            kept.lock().unwrap().push(info_span!("of request", n));
        };
        Router::new().route("/{n}", get(handle)).layer(flightlog.axum_layer())
    };
    ask(app.clone(), "/0").await;
    ask(app, "/1").await;
    {
        let kept = kept.lock().unwrap();
        let _entered = kept[0].enter();
        tracing::info!(target: "it::whose", "of the first");
        tracing::info!(target: "it::whose", parent: &kept[1], "of the second");
        tracing::info!(target: "it::whose", parent: None, "of nobody");
        let within = info_span!(parent: &kept[1], "made outside");
        let _within = within.enter();
        tracing::info!(target: "it::whose", "of the second again");
    }
    tracing::info!(target: "it::whose", "of nobody again");
    flush(&flightlog);
    let ids: Vec<_> = watcher.exchanges(2).iter().map(|exchange| exchange.request_id).collect();
    let (first, second) = (Some(ids[0]), Some(ids[1]));
    let whose: Vec<_> = told(&watcher, "it::whose").iter().map(|event| event.request_id).collect();
    assert_eq!(whose, [second, second, first, second, None, second, None]);
}

#[tokio::test]
async fn spans_are_seen_below_the_level_and_events_are_not() {
    let (flightlog, watcher) = watched_with(|builder| builder.level("error"));
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let theirs = Names(Arc::clone(&heard)).with_filter(LevelFilter::ERROR);
    let _guard = subscriber::set_default(Registry::default().with(theirs).with(flightlog.tracing_layer()));
    let app = Router::new()
        .route(
            "/",
            get(|| async {
                let work = async {
                    tracing::warn!(target: "it::level", "not listed");
                    tracing::error!(target: "it::level", "listed");
                };
                tokio::spawn(work.instrument(info_span!("work"))).await.unwrap();
            }),
        )
        .layer(flightlog.axum_layer());
    ask(app, "/").await;
    flush(&flightlog);
    let events = told(&watcher, "it::level");
    assert_eq!(events.len(), 1, "{events:#?}");
    assert_eq!(events[0].request_id, Some(watcher.only().request_id));
    assert!(heard.lock().unwrap().is_empty(), "the other layer asked for no span below ERROR");
}

/// Hears the names of spans.
struct Names(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Names {
    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        _: &tracing::span::Id,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        self.0.lock().unwrap().push(attributes.metadata().name().to_owned());
    }
}

#[tokio::test]
async fn with_current_is_there_while_polled_and_while_dropped_and_not_in_between() {
    let (flightlog, watcher) = watched();
    let _guard = subscriber::set_default(Registry::default().with(flightlog.tracing_layer()));
    /// Tells of its end.
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            tracing::info!(target: "it::with_current", "dropped");
        }
    }
    let (tasks, mut received) = tokio::sync::mpsc::unbounded_channel();
    let app = Router::new()
        .route(
            "/",
            get(|| async move {
                let last = Last;
                let work = async move {
                    let _last = last;
                    tracing::info!(target: "it::with_current", "polled");
                    std::future::pending::<()>().await;
                };
                tasks.send(Box::pin(work.with_current())).unwrap();
            }),
        )
        .layer(flightlog.axum_layer());
    ask(app, "/").await;
    let mut task = received.recv().await.unwrap();
    assert!(futures_util::poll!(&mut task).is_pending());
    assert!(current().request_id().is_none());
    drop(task);
    assert!(current().request_id().is_none());
    flush(&flightlog);
    let id = Some(watcher.only().request_id);
    let told: Vec<_> = told(&watcher, "it::with_current")
        .iter()
        .map(|event| (event.message.as_str().to_owned(), event.request_id))
        .collect();
    assert_eq!(told, [("polled".to_owned(), id), ("dropped".to_owned(), id)]);
}

#[tokio::test]
async fn a_panic_in_a_spawned_task_is_not_the_requests() {
    let (flightlog, watcher) = watched();
    let app = Router::new()
        .route(
            "/",
            get(|| async {
                let task = tokio::spawn(async { panic!("of the task") }.with_current());
                if task.await.is_err() { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
            }),
        )
        .layer(flightlog.axum_layer());
    assert_eq!(ask(app, "/").await, StatusCode::INTERNAL_SERVER_ERROR);
    let exchange = watcher.only();
    assert_eq!(exchange.outcome, tower_flightlog::Outcome::Complete);
    let error = exchange.error.as_ref().unwrap();
    assert_eq!((error.message.as_str(), &error.location), ("HTTP 500", &None));
}
