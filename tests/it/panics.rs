//! What is told of a panic, and that nothing of ours makes it worse.

use std::{
    error::Error,
    io,
    panic::{self, AssertUnwindSafe, catch_unwind, panic_any},
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use axum::{Router, body::Body, extract::Request, http::StatusCode, response::Response};
use http_body_util::BodyExt;
use tower::ServiceExt;
use tower_flightlog::{ErrorReport, Exchange, FlightLog, Outcome, current};

use crate::support::{watched, watched_with};

const FAILED: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;

/// The record of one request, whose panic is answered.
async fn record_of<H, T>(handler: H) -> Arc<Exchange>
where
    H: axum::handler::Handler<T, ()>,
    T: 'static,
{
    let (flightlog, watcher) = watched();
    ask(handler, &flightlog).await;
    watcher.only()
}

async fn ask<H: axum::handler::Handler<T, ()>, T: 'static>(handler: H, flightlog: &FlightLog) -> Response {
    let app = Router::new().fallback(handler).layer(flightlog.axum_layer().answer_panics(true));
    let response = app.oneshot(Request::new(Body::empty())).await.unwrap();
    let (parts, body) = response.into_parts();
    body.collect().await.unwrap();
    Response::from_parts(parts, Body::empty())
}

fn report(exchange: &Exchange) -> &ErrorReport {
    exchange.error.as_ref().unwrap()
}

fn stack(exchange: &Exchange) -> String {
    report(exchange).backtrace.as_ref().unwrap().to_string()
}

fn place(line: u32) -> Option<String> {
    Some(format!("tests/it/panics.rs:{line}"))
}

fn bake(loaves: &[u32]) -> u32 {
    loaves[7]
}

async fn order() -> u32 {
    tokio::task::yield_now().await;
    bake(&[1, 2])
}

#[tokio::test]
async fn the_stack_begins_with_the_services_own_frames() {
    let exchange = record_of(|| async { Box::pin(async { order().await }).await.to_string() }).await;
    assert_eq!(exchange.outcome, Outcome::Panicked);
    let stack = stack(&exchange);
    let frames: Vec<_> = stack.lines().filter(|line| !line.trim_start().starts_with("at ")).collect();
    assert!(frames[0].ends_with("it::panics::bake"), "{stack}");
    assert!(frames[1].contains("it::panics::order::"), "{stack}");
    assert!(frames.iter().any(|frame| frame.contains("the_stack_begins_with")), "{stack}");
    for runtime in ["tokio::", "axum::", "tower", "std::panicking", "core::panicking", "hyper"] {
        let of_runtime = frames.iter().find(|frame| frame.contains(runtime) && !frame.contains("it::"));
        assert_eq!(of_runtime, None, "{stack}");
    }
    assert!(
        frames[frames.len() - 1].ends_with("frames of the runtime left out, RUST_BACKTRACE=full keeps them"),
        "{stack}"
    );
}

#[tokio::test]
async fn any_payload_that_says_something_is_told() {
    let panics: Vec<(fn(), &str, &[&str])> = vec![
        (|| panic!("no price"), "no price", &[]),
        (|| panic!("no {}", "tea"), "no tea", &[]),
        (|| panic_any("static"), "static", &[]),
        (|| panic_any(String::from("password=hunter2")), "password=[REDACTED]", &[]),
        (|| panic_any(Box::<str>::from("boxed")), "boxed", &[]),
        (|| panic_any(io::Error::other("disk")), "disk", &[]),
        (|| panic_any(Box::<dyn Error + Send + Sync>::from("closed")), "closed", &[]),
        (
            || panic_any(Box::new(io::Error::other(io::Error::other("why"))) as Box<dyn Error + Send>),
            "why",
            &[],
        ),
        (|| panic_any(42), "a panic whose payload is not text", &[]),
    ];
    for (panic, message, chain) in panics {
        let exchange = record_of(move || async move { panic() }).await;
        let told = report(&exchange);
        assert_eq!(told.message, message);
        assert_eq!(told.chain.len(), chain.len());
        assert_eq!(told.error_type.as_deref(), Some("panic"));
        assert!(told.location.as_ref().unwrap().starts_with("tests/it/panics.rs:"), "{message}: {told:?}");
        assert!(told.backtrace.is_some());
    }
}

#[tokio::test]
async fn a_payload_whose_drop_panics_is_answered_all_the_same() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_any(Self);
        }
    }
    fn explode(now: bool) {
        if now {
            panic_any(Bomb);
        }
    }
    let (flightlog, watcher) = watched();
    assert_eq!(ask(|| async { explode(true) }, &flightlog).await.status(), FAILED);
    assert_eq!(watcher.only().outcome, Outcome::Panicked);
}

#[track_caller]
fn crash(text: &str) {
    if !text.is_empty() {
        panic!("{text}");
    }
}

fn caught(text: &'static str) {
    assert!(catch_unwind(|| panic!("{text}")).is_err());
}

#[tokio::test]
async fn a_panic_that_the_handler_caught_is_not_the_failure() {
    let calm = record_of(|| async { caught("caught") }).await;
    assert_eq!((calm.outcome, &calm.error), (Outcome::Complete, &None));

    let failed = record_of(|| async {
        caught("caught");
        (FAILED, "the oven is cold")
    })
    .await;
    assert_eq!((report(&failed).message.as_str(), &report(&failed).location), ("the oven is cold", &None));
    assert!(report(&failed).backtrace.is_none());

    let line = line!() + 3;
    let second = record_of(|| async {
        caught("caught");
        crash("the second");
    })
    .await;
    assert_eq!((report(&second).message.as_str(), &report(&second).location), ("the second", &place(line)));
}

/// Does all that a value may do while its owner unwinds.
struct Busy;

impl Drop for Busy {
    fn drop(&mut self) {
        current().report_error(&io::Error::other("reported while it unwinds"));
        tracing::error!("logged while it unwinds");
        for _ in 0..3 {
            caught("caught while it unwinds");
        }
    }
}

#[test]
fn what_is_done_while_it_unwinds_does_not_abort_and_does_not_take_its_place() {
    let Some(output) =
        in_child("what_is_done_while_it_unwinds_does_not_abort_and_does_not_take_its_place", "1")
    else {
        return run(async {
            let line = line!() + 3;
            let exchange = record_of(|| async {
                let _busy = Busy;
                crash("the oven burns");
            })
            .await;
            let told = report(&exchange);
            assert_eq!((told.message.as_str(), &told.location), ("the oven burns", &place(line)));
            assert_eq!(exchange.outcome, Outcome::Panicked);
            assert!(!stack(&exchange).contains("caught"), "{}", stack(&exchange));
        });
    };
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_connection_that_is_dropped_while_its_task_unwinds_is_recorded() {
    let Some(output) = in_child("a_connection_that_is_dropped_while_its_task_unwinds_is_recorded", "1")
    else {
        return run(async {
            let (flightlog, watcher) = watched_with(|builder| builder.panic_hook(true));
            let app = Router::new()
                .fallback(|| async {
                    let _busy = Busy;
                    std::future::pending::<()>().await;
                })
                .layer(flightlog.axum_layer());
            let task = tokio::spawn(async move {
                let mut open = std::pin::pin!(app.oneshot(Request::new(Body::empty())));
                std::future::poll_fn(|cx| {
                    assert!(open.as_mut().poll(cx).is_pending());
                    std::task::Poll::Ready(())
                })
                .await;
                panic!("the task");
            });
            assert!(task.await.unwrap_err().is_panic());
            assert_eq!(watcher.only().outcome, Outcome::AbortedBeforeResponse);
        });
    };
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn rust_backtrace_is_heeded() {
    for (value, lines) in [("0", None), ("1", Some(false)), ("full", Some(true))] {
        let Some(output) = in_child("rust_backtrace_is_heeded", value) else {
            return run(async {
                let exchange = record_of(|| async { order().await.to_string() }).await;
                match report(&exchange).backtrace.as_ref() {
                    Some(stack) => {
                        println!("runtime shown: {}", stack.to_string().contains("tokio::runtime"))
                    }
                    None => println!("no stack"),
                }
            });
        };
        let expected = lines.map_or_else(|| "no stack".into(), |all| format!("runtime shown: {all}"));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains(&expected), "{value}: {output:?}");
    }
}

#[test]
fn the_previous_hook_runs_and_panics_elsewhere_are_left_alone() {
    let Some(output) = in_child("the_previous_hook_runs_and_panics_elsewhere_are_left_alone", "1") else {
        static SEEN: AtomicUsize = AtomicUsize::new(0);
        panic::set_hook(Box::new(|_| _ = SEEN.fetch_add(1, Relaxed)));
        return run(async {
            record_of(|| async { crash("inside") }).await;
            assert_eq!(SEEN.load(Relaxed), 1);
            assert!(catch_unwind(AssertUnwindSafe(|| panic!("outside"))).is_err());
            assert_eq!(SEEN.load(Relaxed), 2);
            let calm = record_of(|| async { (FAILED, "cold") }).await;
            assert_eq!(report(&calm).location, None);
        });
    };
    assert!(output.status.success(), "{output:?}");
}

/// Runs a test in a process of its own, which gets None: an abort, a hook and RUST_BACKTRACE are a whole process's.
fn in_child(test: &str, rust_backtrace: &str) -> Option<Output> {
    const CHILD: &str = "IT_IS_A_CHILD";
    if std::env::var_os(CHILD).is_some() {
        return None;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([&format!("panics::{test}"), "--exact", "--nocapture"]);
    Some(child.env(CHILD, "1").env("RUST_BACKTRACE", rust_backtrace).output().unwrap())
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}
