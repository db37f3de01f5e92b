//! What is told of an error, wherever the service leaves it.

use std::{backtrace::Backtrace, error::Error, fmt, io, process::Stdio, sync::Arc};

use anyhow::Context as _;
use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, Request},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_flightlog::{ErrorReport, Exchange, Failure, FlightLog, Redacted, WithError, current};
use tracing::subscriber;
use tracing_subscriber::{Registry, layer::SubscriberExt};

use crate::{
    process::{Quickstart, dumped, home},
    support::{entries, validated_dump, watched, watched_with},
};

/// The record of one request to a handler.
async fn record_of<H, T>(handler: H) -> Arc<Exchange>
where
    H: axum::handler::Handler<T, ()>,
    T: 'static,
{
    let (flightlog, watcher) = watched();
    ask(Router::new().route("/{a}/{b}", any(handler)), &flightlog).await;
    watcher.only()
}

async fn ask(app: Router, flightlog: &FlightLog) -> Response {
    let app = app.layer(flightlog.axum_layer());
    let response = app.oneshot(Request::get("/order/42").body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    body.collect().await.unwrap();
    Response::from_parts(parts, Body::empty())
}

async fn report_of<H: axum::handler::Handler<T, ()>, T: 'static>(handler: H) -> ErrorReport {
    record_of(handler).await.error.clone().unwrap()
}

fn place(line: u32) -> Option<String> {
    Some(format!("tests/it/errors.rs:{line}"))
}

fn texts(chain: &[Redacted]) -> Vec<&str> {
    chain.iter().map(Redacted::as_str).collect()
}

#[derive(Debug, thiserror::Error)]
#[error("no order {id}, token=hunter2")]
struct OrderError {
    id: u32,
    source: io::Error,
}

fn order_error() -> OrderError {
    OrderError { id: 42, source: io::Error::other("password=hunter2 refused") }
}

const MESSAGE: &str = "no order 42, token=[REDACTED]";
const CAUSE: &str = "password=[REDACTED] refused";

const FAILED: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;

#[tokio::test]
async fn an_error_is_reported_however_it_is_held() {
    let reports: Vec<(&str, fn(), Option<&str>)> = vec![
        ("an error", || current().report_error(&order_error()), Some("it::errors::OrderError")),
        ("a reference", || current().report_error(&&order_error()), Some("&it::errors::OrderError")),
        ("anyhow", || current().report_error(&anyhow::Error::from(order_error())), Some("anyhow::Error")),
        ("inside anyhow", || current().report_error(&*anyhow::Error::from(order_error())), None),
        (
            "as_ref",
            || current().report_error::<_, dyn Error>(anyhow::Error::from(order_error()).as_ref()),
            None,
        ),
        ("eyre", || current().report_error(&eyre::Report::from(order_error())), Some("eyre::Report")),
        ("inside eyre", || current().report_error(&*eyre::Report::from(order_error())), None),
        ("a box", || current().report_error(&Box::<dyn Error + Send + Sync>::from(order_error())), None),
        ("a box for one thread", || current().report_error(&Box::<dyn Error>::from(order_error())), None),
        ("inside a box", || current().report_error(&*Box::<dyn Error>::from(order_error())), None),
        (
            "a box of a type",
            || current().report_error(&Box::new(order_error())),
            Some("alloc::boxed::Box<it::errors::OrderError>"),
        ),
        (
            "shared",
            || current().report_error(&(Arc::new(order_error()) as Arc<dyn Error + Send + Sync>)),
            None,
        ),
        ("a failure", || current().report_error(&Failure::new(order_error())), None),
    ];
    for (name, report, error_type) in reports {
        let told = report_of(move || async move {
            report();
            FAILED
        })
        .await;
        assert_eq!((told.message.as_str(), texts(&told.chain)), (MESSAGE, vec![CAUSE]), "{name}");
        assert!(told.location.as_ref().unwrap().starts_with("tests/it/errors.rs:"), "{name}: {told:?}");
        // Which is told depends on what the compiler calls a box; a type that is only "some error" is not.
        assert_eq!(told.error_type.as_deref(), error_type, "{name}");
    }
}

#[tokio::test]
async fn a_type_that_is_known_is_told_though_it_is_hidden() {
    let hidden = || current().report_error(&anyhow::Error::from(io::Error::other("closed")));
    let told = report_of(move || async move {
        hidden();
        FAILED
    })
    .await;
    assert_eq!(told.error_type.as_deref(), Some("std::io::error::Error"));

    let (flightlog, watcher) = watched_with(|builder| builder.error_type::<OrderError>());
    let fails =
        || async { FAILED.into_response().with_error(Box::<dyn Error + Send + Sync>::from(order_error())) };
    ask(Router::new().fallback(fails), &flightlog).await;
    let exchange = watcher.only();
    assert_eq!(exchange.error.as_ref().unwrap().error_type.as_deref(), Some("it::errors::OrderError"));
}

/// Shows a stack as `anyhow` does, or does something worse.
struct Shows(Box<dyn Fn(&mut fmt::Formatter<'_>) -> fmt::Result + Send + Sync>);

impl fmt::Debug for Shows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.0)(f)
    }
}

impl fmt::Display for Shows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it shows something")
    }
}

impl Error for Shows {}

fn shows(how: impl Fn(&mut fmt::Formatter<'_>) -> fmt::Result + Send + Sync + 'static) -> Shows {
    Shows(Box::new(how))
}

fn with_stack() -> Shows {
    let stack = Backtrace::force_capture();
    shows(move |f| write!(f, "it shows\n\nCaused by:\n    0: password=hunter2\n\nStack backtrace:\n{stack}"))
}

#[tokio::test]
async fn the_stack_that_an_error_shows_is_told_without_the_runtime() {
    let reported = report_of(|| async {
        current().report_error(&with_stack());
        FAILED
    });
    let left = report_of(|| async { FAILED.into_response().with_error(with_stack()) });
    for told in [reported.await, left.await] {
        let stack = told.backtrace.unwrap().to_string();
        let first = stack.lines().next().unwrap();
        assert!(first.ends_with("it::errors::with_stack"), "{stack}");
        assert!(stack.contains("the_stack_that_an_error_shows"), "{stack}");
        assert!(!stack.contains("axum::") && !stack.contains("hunter2"), "{stack}");
        assert!(stack.contains("frames of the runtime left out"), "{stack}");
    }
}

#[tokio::test]
async fn what_an_error_shows_may_panic_never_end_or_hold_no_stack() {
    let all: Vec<fn() -> Shows> = vec![
        || shows(|f| f.write_str("nothing of interest")),
        || shows(|_| panic!("not today")),
        || shows(|_| Err(fmt::Error)),
        || shows(|f| (0..).try_for_each(|_| f.write_str("again and again "))),
    ];
    for make in all {
        let reported = record_of(move || async move {
            current().report_error(&make());
            FAILED
        });
        let left = record_of(move || async move { FAILED.into_response().with_error(make()) });
        for exchange in [reported.await, left.await] {
            let told = exchange.error.as_ref().unwrap();
            assert_eq!(told.message, "it shows something");
            let written = serde_json::to_value(&*exchange).unwrap();
            assert!(written["error"].get("backtrace").is_none(), "{written}");
            assert_eq!(serde_json::from_value::<Exchange>(written).unwrap(), *exchange);
        }
    }
}

#[tokio::test]
async fn an_error_left_in_the_response_is_told_where_it_failed() {
    let line = line!() + 1;
    let left = report_of(|| async { FAILED.into_response().with_error(order_error()) }).await;
    assert_eq!((left.message.as_str(), texts(&left.chain)), (MESSAGE, vec![CAUSE]));
    assert_eq!((left.error_type.as_deref(), left.location), (Some("it::errors::OrderError"), place(line)));

    let any = report_of(|| async {
        let error = Err::<(), _>(order_error()).context("no tea").unwrap_err();
        FAILED.into_response().with_error(error)
    })
    .await;
    assert_eq!((any.message.as_str(), texts(&any.chain)), ("no tea", vec![MESSAGE, CAUSE]));
    assert_eq!(any.error_type.as_deref(), Some("anyhow::Error"));

    let text = report_of(|| async { FAILED.into_response().with_error("no tea today") }).await;
    assert_eq!((text.message.as_str(), text.error_type), ("no tea today", None));

    let shared = report_of(|| async {
        let error: Arc<dyn Error + Send + Sync> = Arc::new(order_error());
        (FAILED, Extension(error))
    })
    .await;
    assert_eq!((shared.message.as_str(), texts(&shared.chain)), (MESSAGE, vec![CAUSE]));
    assert_eq!((shared.error_type, shared.location), (None, None));

    let report = report_of(|| async {
        let mut report = ErrorReport::default();
        report.message = Redacted::literal("the oven is cold");
        report.error_type = Some("shop::Oven".into());
        (FAILED, Extension(report), "body")
    })
    .await;
    assert_eq!(
        (report.message.as_str(), report.error_type.as_deref()),
        ("the oven is cold", Some("shop::Oven"))
    );

    let not_failed =
        record_of(|| async { StatusCode::NOT_FOUND.into_response().with_error(order_error()) }).await;
    assert_eq!(not_failed.error, None);
}

#[tokio::test]
async fn a_failure_made_where_the_question_mark_stands_tells_its_place() {
    struct AppError(Failure);

    impl<E: Into<anyhow::Error>> From<E> for AppError {
        #[track_caller]
        fn from(error: E) -> Self {
            Self(Failure::new(error.into()))
        }
    }

    impl IntoResponse for AppError {
        fn into_response(self) -> Response {
            FAILED.into_response().with_error(self.0)
        }
    }

    let line = line!() + 2;
    let told = report_of(|| async {
        Err(order_error())?;
        Ok::<_, AppError>(())
    })
    .await;
    assert_eq!((told.message.as_str(), told.location), (MESSAGE, place(line)));
}

#[tokio::test]
async fn what_a_handler_reports_counts_more_than_what_its_response_has() {
    let told = report_of(|| async {
        tracing::error!("logged");
        current().report_error(&order_error());
        FAILED.into_response().with_error("something went wrong")
    })
    .await;
    assert_eq!(told.message, MESSAGE);
}

#[tokio::test]
async fn what_is_left_stays_there_for_others() {
    async fn look(request: Request, next: Next) -> Response {
        let response = next.run(request).await;
        assert_eq!(response.extensions().get::<Failure>().unwrap().to_string(), "closed");
        response
    }
    let (flightlog, watcher) = watched();
    let app = Router::new()
        .route("/order/42", get(|| async { FAILED.into_response().with_error("closed") }))
        .layer(middleware::from_fn(look));
    let response = ask(app, &flightlog).await;
    let failure = response.extensions().get::<Failure>().unwrap();
    assert_eq!(failure.error().to_string(), "closed");
    assert_eq!(watcher.only().error.as_ref().unwrap().message, "closed");
}

#[tokio::test]
async fn an_error_whose_drop_panics_is_no_requests_trouble() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let (flightlog, watcher) = watched();
    for status in [StatusCode::OK, FAILED] {
        let fails = move || async move {
            let bomb = Bomb;
            let error: Arc<dyn Error + Send + Sync> = Arc::new(shows(move |_| {
                let _ = &bomb;
                Ok(())
            }));
            (status, Extension(error), "a body")
        };
        let app = Router::new().fallback(fails).layer(flightlog.axum_layer());
        let mut response = app.oneshot(Request::new(Body::empty())).await.unwrap();
        // From now on only the log holds it.
        response.extensions_mut().clear();
        assert_eq!(response.status(), status);
        response.into_body().collect().await.unwrap();
    }
    assert_eq!(watcher.exchanges(2).len(), 2);
    drop(watcher);
}

#[tokio::test]
async fn rejections_that_are_the_services_fault_are_told_by_their_text() {
    #[derive(Clone)]
    struct Store;
    let missing = record_of(|_: Extension<Store>| async {}).await;
    let arity = record_of(|_: Path<String>| async {}).await;
    for (exchange, text) in
        [(missing, "Missing request extension: Extension of type"), (arity, "Wrong number of path arguments")]
    {
        let told = exchange.error.as_ref().unwrap();
        assert!(told.message.as_str().starts_with(text), "{told:?}");
        assert!(serde_json::to_string(&*exchange).unwrap().matches(text).count() >= 2, "the body is kept");
    }
}

#[tokio::test]
async fn a_logged_error_brings_its_place_and_its_sources() {
    let (flightlog, watcher) = watched();
    let _guard = subscriber::set_default(Registry::default().with(flightlog.tracing_layer()));
    let line = line!() + 4;
    let fails = || async {
        let error = order_error();
        let error: &(dyn Error + 'static) = &error;
        tracing::error!(error, "giving up");
        FAILED
    };
    ask(Router::new().fallback(fails), &flightlog).await;
    let exchange = watcher.only();
    let told = exchange.error.as_ref().unwrap();
    assert_eq!((told.message.as_str(), texts(&told.chain)), ("giving up", vec![MESSAGE, CAUSE]));
    assert_eq!((&told.location, &told.error_type), (&place(line), &None));
}

#[tokio::test]
async fn an_error_without_words_around_it_is_not_told_twice() {
    let (flightlog, watcher) = watched();
    let _guard = subscriber::set_default(Registry::default().with(flightlog.tracing_layer()));
    let fails = || async {
        let error = order_error();
        tracing::error!(error = &error as &dyn Error);
        FAILED
    };
    ask(Router::new().fallback(fails), &flightlog).await;
    let exchange = watcher.only();
    let told = exchange.error.as_ref().unwrap();
    assert_eq!((told.message.as_str(), texts(&told.chain)), (MESSAGE, vec![CAUSE]));
}

#[tokio::test]
async fn the_example_tells_both_kinds_of_errors() {
    let (_home, logs) = home();
    let variables = [("RUST_BACKTRACE", "1")];
    let service = Quickstart::start_example("errors", &logs, &variables, Stdio::piped()).await;
    for (path, status) in
        [("typed/orders/42", 503), ("typed/orders/7", 404), ("any/prices/tea", 200), ("any/prices/rum", 500)]
    {
        let reply = service.ask(&format!("GET /{path} HTTP/1.1")).await;
        assert_eq!(reply.status(), Some(status), "{path}: {}", reply.0);
        for told in ["10.0.0.7", "1O.00", "dumps"] {
            assert!(!reply.0.contains(told), "the client learns nothing: {}", reply.0);
        }
    }
    dumped(&logs, 2);
    let (exit, _) = service.stop().await;
    assert!(exit.success());
    let errors = entries(&logs, "errors.log");
    let mut dumps: Vec<_> = errors
        .iter()
        .filter_map(|entry| entry["dump"].as_str())
        .map(|name| {
            validated_dump(&std::fs::read_to_string(logs.join("dumps").join(name)).unwrap())["error"].clone()
        })
        .collect();
    assert_eq!(dumps.len(), 2, "{errors:#?}");
    let any = dumps.pop().unwrap();
    let typed = dumps.pop().unwrap();
    assert_eq!(typed["type"], "errors::typed::OrderError");
    assert_eq!(typed["message"], "could not load order 42");
    assert_eq!(typed["chain"][0], "the order store at 10.0.0.7:5432 does not answer");
    assert!(typed["location"].as_str().unwrap().starts_with("examples/errors/typed.rs:"));
    assert_eq!(any["message"], "no price for rum");
    assert_eq!(any["chain"][0], "\"1O.00\" is not a price");
    assert!(any["location"].as_str().unwrap().starts_with("examples/errors/any.rs:"));
    let stack = any["backtrace"].as_str().unwrap();
    assert!(stack.lines().next().unwrap().ends_with("errors::any::look_up"), "{stack}");
}
