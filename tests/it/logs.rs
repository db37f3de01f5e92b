//! The application's own words, and exchanges as tracing events for subscribers of others.

use std::sync::Arc;

use axum::{Router, body::Body, routing::get};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_flightlog::Value;
use tracing::{Level, subscriber};
use tracing_subscriber::{Layer, Registry, filter::LevelFilter, layer::SubscriberExt};

use crate::support::{Lines, watched, watched_with};

async fn ask(app: Router) {
    app.oneshot(Request::new(Body::empty())).await.unwrap().into_body().collect().await.unwrap();
}

#[tokio::test]
async fn events_become_log_entries_with_the_request_they_happened_in_redacted() {
    let (flightlog, watcher) = watched();
    let _guard = subscriber::set_default(Registry::default().with(flightlog.tracing_layer()));
    let app = Router::new()
        .route(
            "/",
            get(|| async {
                tracing::info!(id = 42, password = "hunter2", pin = 1234, "buying with token=abc123");
                tracing::debug!("not listed");
            }),
        )
        .layer(flightlog.axum_layer());
    tracing::warn!("outside");
    ask(app).await;
    crate::support::flush(&flightlog);
    let exchange = watcher.only();
    let events: Vec<_> =
        watcher.events().into_iter().filter(|event| event.module.starts_with("it::")).collect();
    assert_eq!(events.len(), 2, "{events:#?}");
    assert_eq!((events[0].message.as_str(), events[0].request_id), ("outside", None));
    let told = &events[1];
    assert_eq!(told.request_id, Some(exchange.request_id));
    assert_eq!(told.level, Level::INFO);
    assert!(told.message.as_str().contains("token=[REDACTED]"), "{}", told.message);
    let fields: Vec<_> =
        told.fields.iter().map(|field| (&*field.name, format!("{:?}", field.value))).collect();
    assert_eq!(
        fields,
        [
            ("id", format!("{:?}", Value::Unsigned(42))),
            ("password", r#"Text("[REDACTED]")"#.into()),
            ("pin", r#"Text("[REDACTED]")"#.into()),
        ]
    );
    assert_eq!(told.location.as_ref().unwrap().file, "tests/it/logs.rs");
}

#[tokio::test]
async fn the_last_error_logged_is_the_cause_of_a_500_whatever_the_level_says() {
    let (flightlog, watcher) = watched_with(|builder| builder.level("off"));
    let _guard = subscriber::set_default(Registry::default().with(flightlog.tracing_layer()));
    let app = Router::new()
        .route(
            "/",
            get(|| async {
                tracing::error!("first");
                tracing::error!(shelf = 3, "the stock is gone");
                StatusCode::INTERNAL_SERVER_ERROR
            }),
        )
        .layer(flightlog.axum_layer());
    ask(app).await;
    assert_eq!(watcher.only().error.as_ref().unwrap().message, "the stock is gone");
    assert!(watcher.events().is_empty(), "LOG_LEVEL decides what is listed");
}

#[tokio::test]
async fn other_layers_keep_their_levels_and_hear_exchanges() {
    let (flightlog, watcher) = watched();
    let lines = Lines::default();
    let theirs = {
        let lines = lines.clone();
        tracing_subscriber::fmt::layer()
            .json()
            .with_writer(move || lines.clone())
            .with_filter(LevelFilter::TRACE)
    };
    let _guard = subscriber::set_default(Registry::default().with(theirs).with(flightlog.tracing_layer()));
    let app = Router::new()
        .route("/", get(|| async { tracing::trace!("a whisper") }))
        .layer(flightlog.axum_layer());
    ask(app).await;
    let exchange = watcher.only();
    let text = lines.text();
    assert!(text.contains("a whisper"));
    let told: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ours: Vec<_> = told.iter().filter(|line| line["target"] == "flightlog").collect();
    let types: Vec<_> = ours.iter().map(|line| line["fields"]["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["request", "response"]);
    assert_eq!(ours[1]["fields"]["request_id"], exchange.request_id.to_string());
    assert_eq!(ours[1]["fields"]["status_code"], 200);
    crate::support::flush(&flightlog);
    assert!(watcher.events().iter().all(|event| event.module != "flightlog"), "exchanges are told once");
}

#[tokio::test]
async fn a_sink_that_logs_hears_no_echo() {
    struct Chatty;
    impl tower_flightlog::Sink for Chatty {
        fn finished(&self, _: &Arc<tower_flightlog::Exchange>) {
            tracing::error!("a sink speaks");
        }
    }
    let (flightlog, watcher) = watched_with(|builder| builder.sink(Chatty));
    let _guard = subscriber::set_default(Registry::default().with(flightlog.tracing_layer()));
    ask(Router::new().route("/", get(|| async {})).layer(flightlog.axum_layer())).await;
    crate::support::flush(&flightlog);
    assert!(watcher.events().iter().all(|event| event.message != "a sink speaks"));
}

#[tokio::test]
async fn a_queue_that_overflows_is_told_once() {
    /// Takes its time for the first record.
    struct Slow(std::sync::Mutex<std::sync::mpsc::Receiver<()>>);
    impl tower_flightlog::Sink for Slow {
        fn started(&self, _: &Arc<tower_flightlog::Started>) {
            let _ = self.0.lock().unwrap().recv();
        }
    }
    let (go, gate) = std::sync::mpsc::channel();
    let (flightlog, watcher) = watched_with(|builder| builder.sink(Slow(gate.into())));
    // The warning comes from the sink's own thread.
    let dispatch = tracing::Dispatch::new(Registry::default().with(flightlog.tracing_layer()));
    tracing::dispatcher::set_global_default(dispatch).unwrap();
    let app = Router::new().route("/", get(|| async {})).layer(flightlog.axum_layer());
    for _ in 0..10_000 {
        ask(app.clone()).await;
    }
    drop(go);
    crate::support::flush(&flightlog);
    crate::support::flush(&flightlog);
    let about_it =
        |event: &&Arc<tower_flightlog::Event>| event.message.as_str().contains("slower than records come");
    let told = watcher.events().iter().filter(about_it).count();
    assert!((1..=2).contains(&told), "once for each of the two sinks at most: {told}");
}

#[tokio::test]
async fn requests_on_one_thread_never_share_an_identity() {
    let (flightlog, watcher) = watched();
    let _guard = subscriber::set_default(Registry::default().with(flightlog.tracing_layer()));
    let app = Router::new()
        .route(
            "/{n}",
            get(|axum::extract::Path(n): axum::extract::Path<u64>| async move {
                for _ in 0..3 {
                    tracing::info!(target: "it::identity", n);
                    tokio::task::yield_now().await;
                }
            }),
        )
        .layer(flightlog.axum_layer());
    let requests = (0..50).map(|n| {
        let request = Request::get(format!("/{n}")).body(Body::empty()).unwrap();
        let app = app.clone();
        async move { app.oneshot(request).await.unwrap().into_body().collect().await.unwrap() }
    });
    futures_util::future::join_all(requests).await;
    crate::support::flush(&flightlog);
    let exchanges = watcher.exchanges(50);
    let events: Vec<_> =
        watcher.events().into_iter().filter(|event| event.module == "it::identity").collect();
    assert_eq!(events.len(), 150);
    for event in events {
        let exchange =
            exchanges.iter().find(|exchange| Some(exchange.request_id) == event.request_id).unwrap();
        let Value::Unsigned(n) = event.fields[0].value else { panic!("{event:?}") };
        assert!(exchange.request.url().as_str().ends_with(&format!("/{n}")));
    }
}
