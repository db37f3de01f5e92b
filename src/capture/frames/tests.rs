use super::{chosen, in_debug_as as in_debug, of_lines};
use crate::{capture::report::stack_in, redact::Redactor};

fn trimmed(stack: &str, all: bool) -> Option<String> {
    chosen(&of_lines(stack.lines()), all)
}

const PANIC: &str = "   0: tower_flightlog::capture::panics::note
             at ./src/capture/panics.rs:50:54
   1: shop::install_hook::{{closure}}
             at ./src/main.rs:9:13
   2: std::panicking::panic_with_hook
   3: core::panicking::panic_fmt
             at /rustc/abc/library/core/src/panicking.rs:80:14
   4: core::option::expect_failed
   5: core::option::Option<T>::expect
      shop::prices::of
             at ./src/prices.rs:42:9
   6: alloc::slice::<impl [T]>::sort_by_key
   7: shop::fail::{{closure}}
             at ./src/app.rs:7:5
   8: <core::pin::Pin<P> as core::future::future::Future>::poll
   9: core::option::Option<T>::map
  10: <axum::routing::Route<E> as tower_service::Service<B>>::call
  11: shop::auth::check::{{closure}}
  12: tokio::runtime::task::raw::poll
  13: std::thread::local::LocalKey<T>::with
  14: start_thread
";

#[test]
fn the_runtimes_frames_are_left_out_and_counted() {
    assert_eq!(
        trimmed(PANIC, false).unwrap(),
        "   5: shop::prices::of
             at ./src/prices.rs:42:9
   6: alloc::slice::<impl [T]>::sort_by_key
   7: shop::fail::{{closure}}
             at ./src/app.rs:7:5
  11: shop::auth::check::{{closure}}
      … 12 frames of the runtime left out, RUST_BACKTRACE=full keeps them"
    );
    assert_eq!(trimmed(PANIC, true).unwrap(), PANIC.trim_end());
}

#[test]
fn where_all_is_runtime_all_is_told() {
    let stack = "   0: core::panicking::panic_fmt\n   1: tokio::runtime::park";
    assert_eq!(trimmed(stack, false).unwrap(), stack);
    assert_eq!(trimmed("", false), None);
    assert_eq!(trimmed("disabled backtrace", false), None);
}

#[test]
fn a_real_stack_is_read() {
    let stack = std::backtrace::Backtrace::force_capture();
    let text = stack.to_string();
    let full = trimmed(&text, true).unwrap();
    assert_eq!(full.lines().count(), text.trim_end().lines().count(), "{full}\n{text}");
    let debug = in_debug(&format!("Failed {{ backtrace: {stack:?} }}"), true).unwrap();
    assert!(debug.contains("a_real_stack_is_read") && debug.contains("frames/tests.rs"), "{debug}");
}

#[test]
fn what_errors_show_is_found() {
    let stack = "   0: anyhow::__private::format_err\n   1: shop::order\n             at ./src/order.rs:3:1\n   2: main";
    let told = "   1: shop::order\n             at ./src/order.rs:3:1\n      … 2 frames of the runtime left out, RUST_BACKTRACE=full keeps them";
    let anyhow =
        format!("no order\n\nCaused by:\n    0: no stock\n    1: closed\n\nStack backtrace:\n{stack}");
    let color_eyre = format!(
        "\u{1b}[31mno order\u{1b}[0m\n\nLocation:\n   src/order.rs:3\n\n  ━━━━━━ BACKTRACE ━━━━━━\n      ⋮ 7 frames hidden ⋮\n{}\n\nRun with COLORBT_SHOW_HIDDEN=1",
        stack.replace("shop::order", "\u{1b}[32mshop::order\u{1b}[0m")
    );
    for said in [anyhow, color_eyre] {
        assert_eq!(in_debug(&said, false).as_deref(), Some(told), "{said}");
    }
    let derived = r#"Failed { id: 7, backtrace: Backtrace [{ fn: "snafu::new" }, { fn: "shop::order", file: "./src/order.rs", line: 3 }], n: 1 }"#;
    assert!(in_debug(derived, true).unwrap().contains("shop::order\n             at ./src/order.rs:3"));
    for none in [
        "",
        "Failed",
        "Stack backtrace:",
        "Stack backtrace:\n\n",
        "backtrace: <disabled>",
        "Backtrace [{ fn: x",
    ] {
        assert_eq!(in_debug(none, false), None, "{none:?}");
    }
}

#[test]
fn a_stack_without_end_is_bounded_and_says_so() {
    let stack: String = (0..100_000).map(|n| format!("{n:4}: shop::again\n")).collect();
    let told = trimmed(&stack, false).unwrap();
    assert!(told.len() < 33 * 1024, "{}", told.len());
    let shown = told.lines().filter(|line| line.contains("shop::again")).count();
    assert!(told.ends_with(&format!("      … {} more frames", 100_000 - shown)), "{told}");
}

#[test]
fn redaction_takes_secrets_out_of_a_stack_and_nothing_else() {
    struct Says(String);

    impl std::fmt::Debug for Says {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(&self.0)
        }
    }

    let names = [
        "shop::auth::token::verify",
        "<shop::Password as shop::Secret>::check",
        "shop::session::{{closure}}",
        "shop::api_key::Basic<T>::read::{{closure}}::{{closure}}",
    ];
    let stack: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(at, name)| format!("{at:4}: {name}\n             at ./src/auth/token.rs:42:9"))
        .collect();
    let stack = stack.join("\n");
    let said =
        |stack: &str| stack_in(&Says(format!("Stack backtrace:\n{stack}")), &Redactor::default()).unwrap();
    assert_eq!(said(&stack).as_str(), stack);
    let secret = format!("{stack}\n   9: password=hunter2");
    assert_eq!(said(&secret).as_str(), format!("{stack}\n   9: password=[REDACTED]"));
}
