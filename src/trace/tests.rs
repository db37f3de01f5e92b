mod hostile;
mod spans;

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tracing::{
    Dispatch, Level, Metadata,
    callsite::{Callsite, Identifier},
    field::FieldSet,
    metadata::Kind,
    subscriber::{self, DefaultGuard, Interest},
};
use tracing_subscriber::{EnvFilter, Layer, Registry, layer::SubscriberExt};

use super::LogLayer;
use crate::{
    capture::Hearing,
    config::Settings,
    exchange::{Event, Scrub},
    export::{View, entry},
    redact::{RedactOptions, Redactor},
    sink::{Counters, Fanout, Formatter, Outputs},
};

/// No trail is kept.
fn deaf() -> Arc<Hearing> {
    Arc::new(Hearing::new(Settings::default().trail(), false))
}

/// What a layer told, as lines.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Formatter for Told {
    fn event(&self, event: &Event) {
        let mut line = Vec::new();
        entry::log(&mut line, &View::default(), event).number(&mut line, 7);
        self.0.lock().unwrap().push(String::from_utf8(line).unwrap());
    }
}

impl Told {
    fn layer<S>(&self, redactor: Redactor, level: &str) -> impl Layer<S>
    where
        S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
    {
        let counters = Arc::new(Counters::default());
        let sinks = Arc::new(Fanout::new(
            Outputs { inline: vec![Box::new(self.clone())], ..Outputs::default() },
            counters,
        ));
        LogLayer::filtered(sinks, Arc::new(redactor) as Arc<dyn Scrub>, EnvFilter::new(level), deaf())
    }

    /// The lines, which are taken.
    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// The only entry, which is taken.
    #[track_caller]
    fn only(&self) -> Value {
        let lines = self.lines();
        assert_eq!(lines.len(), 1, "{lines:#?}");
        serde_json::from_str(&lines[0]).unwrap()
    }
}

/// Everything up to DEBUG is told here while the guard lives.
fn listening() -> (Told, DefaultGuard) {
    let told = Told::default();
    let guard = subscriber::set_default(Registry::default().with(told.layer(Redactor::default(), "debug")));
    (told, guard)
}

/// Where something is told whose names are known at run time only.
struct Site(std::sync::OnceLock<&'static Metadata<'static>>);

impl Callsite for Site {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        self.0.get().unwrap()
    }
}

fn site(
    target: &str,
    level: Level,
    kind: Kind,
    names: &'static [&'static str],
) -> &'static Metadata<'static> {
    let site: &'static Site = Box::leak(Box::new(Site(std::sync::OnceLock::new())));
    let target = Box::leak(target.to_owned().into_boxed_str());
    let fields = FieldSet::new(names, Identifier(site));
    site.0.get_or_init(|| {
        Box::leak(Box::new(Metadata::new("made by a test", target, level, None, None, None, fields, kind)))
    })
}

#[test]
fn what_is_told_of_a_place_has_no_allocation_of_its_own() {
    struct Borrowed;
    impl Formatter for Borrowed {
        fn event(&self, event: &Event) {
            assert!(matches!(event.module, std::borrow::Cow::Borrowed("here")));
            assert!(
                matches!(&event.location.as_ref().unwrap().file, std::borrow::Cow::Borrowed(file) if file.ends_with("tests.rs"))
            );
        }
    }
    let counters = Arc::new(Counters::default());
    let sinks = Arc::new(Fanout::new(
        Outputs { inline: vec![Box::new(Borrowed)], ..Outputs::default() },
        Arc::clone(&counters),
    ));
    let layer = LogLayer::filtered(sinks, Arc::new(Redactor::default()), EnvFilter::new("info"), deaf());
    let _guard = subscriber::set_default(Registry::default().with(layer));
    tracing::info!(target: "here", "told");
    assert_eq!(counters.sink_panics.get(), 0);
}

#[test]
fn numbers_are_shown_but_for_secret_names_and_card_numbers() {
    let (told, _guard) = listening();
    tracing::info!(
        id = 42_u64,
        delta = -3,
        share = 0.5,
        nanos = 1_795_170_600_123_456_789_u64,
        card = 4_111_111_111_111_111_u64,
        owed = -4_111_111_111_111_111_i64,
        wide = 4_111_111_111_111_111_u128,
        price = 4_111_111_111_111_111.0,
        pin = 1234,
        password = 0.5,
        token = false,
    );
    assert_eq!(
        told.only()["fields"],
        json!({
            "id": 42, "delta": -3, "share": 0.5, "nanos": 1_795_170_600_123_456_789_u64,
            "card": "[REDACTED]", "owed": "-[REDACTED]", "wide": "[REDACTED]", "price": "[REDACTED]",
            "pin": "[REDACTED]", "password": "[REDACTED]", "token": false,
        })
    );
}

/// An error with its sources.
#[derive(Debug)]
struct Failure(&'static str, Option<Box<Failure>>);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_ref().map(|source| &**source as _)
    }
}

fn failure(messages: &[&'static str]) -> Failure {
    let (first, rest) = messages.split_first().unwrap();
    Failure(first, (!rest.is_empty()).then(|| failure(rest).into()))
}

#[test]
fn the_sources_of_errors_are_the_chain() {
    let (told, _guard) = listening();
    let (first, second) =
        (failure(&["no order", "no connection", "token=s3cr3t"]), failure(&["late", "timed out"]));
    let password = failure(&["hunter2", "hunter3"]);
    tracing::error!(
        first = &first as &dyn Error,
        second = &second as &dyn Error,
        password = &password as &dyn Error,
        "failed"
    );
    let entry = told.only();
    assert_eq!(entry["fields"], json!({"first": "no order", "second": "late", "password": "[REDACTED]"}));
    let chain = ["no connection", "token=[REDACTED]", "timed out", "[REDACTED]"];
    assert_eq!(entry["error_chain"], json!(chain));
}

#[test]
fn a_chain_without_end_is_bounded_and_a_panic_in_one_ends_it() {
    #[derive(Debug)]
    struct Endless(bool);
    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("again")
        }
    }
    impl Error for Endless {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            assert!(!self.0, "no source");
            Some(self)
        }
    }
    let (told, _guard) = listening();
    tracing::error!(error = &Endless(false) as &dyn Error);
    assert_eq!(told.only()["error_chain"], json!(vec!["again"; 16]));
    tracing::error!(error = &Endless(true) as &dyn Error);
    assert_eq!(told.only()["fields"]["error"], "again");
}

#[test]
fn what_logs_while_it_says_something_is_told_too_and_what_panics_says_so() {
    struct Chatty(u32);
    impl fmt::Debug for Chatty {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            if self.0 > 0 {
                tracing::info!(inner = ?Chatty(self.0 - 1), "saying");
            }
            write!(f, "said {}", self.0)
        }
    }
    struct Broken;
    impl fmt::Display for Broken {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("password=")?;
            panic!("not sayable")
        }
    }
    let (told, _guard) = listening();
    tracing::info!(outer = ?Chatty(2), "saying");
    let lines: Vec<Value> = told.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let fields: Vec<_> = lines.iter().map(|line| &line["fields"]).collect();
    // An event told while another is dispatched is not dispatched itself; see `tracing::dispatcher`.
    assert_eq!(fields.last().unwrap(), &&json!({"outer": "said 2"}));
    tracing::info!(broken = %Broken, after = 1);
    assert_eq!(told.only()["fields"], json!({"broken": "[saying this panicked]", "after": 1}));
}

#[test]
fn long_texts_and_many_fields_are_bounded() {
    let (told, _guard) = listening();
    let long = "é ".repeat(10_000);
    tracing::info!(text = &*long, shown = %long, "{long}");
    let entry = told.only();
    for text in [&entry["message"], &entry["fields"]["text"], &entry["fields"]["shown"]] {
        let text = text.as_str().unwrap();
        let head = text.strip_suffix("…[30000 bytes]").unwrap();
        assert!(long.starts_with(head) && (8189..=8192).contains(&head.len()), "{}", head.len());
    }
    let secret = format!("{}eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0", "- ".repeat(4086));
    tracing::info!(secret_at_the_cut = &*secret, "{secret}");
    assert!(!told.lines()[0].contains("eyJ"), "half a secret is one too");
}

#[test]
fn what_is_cut_says_so_even_where_nothing_of_it_is_shown() {
    let (told, _guard) = listening();
    let long = "x".repeat(9000);
    let span = tracing::info_span!("around", of_span = &*long).entered();
    let error = failure(&["short", long.clone().leak()]);
    let error: &(dyn Error + 'static) = &error;
    tracing::info!(text = &*long, shown = %long, error, password = &*long, "{long}");
    let entry = told.only();
    assert_eq!(entry["message"], "…[9000 bytes]");
    assert_eq!(entry["error_chain"], json!(["…[9000 bytes]"]));
    let fields = json!({
        "text": "…[9000 bytes]",
        "shown": "…[9000 bytes]",
        "error": "short",
        "password": "[REDACTED]",
        "of_span": "…[9000 bytes]",
    });
    assert_eq!(entry["fields"], fields);
    drop(span);
    // What just fits is whole, whatever it ends in.
    let fits = "x".repeat(8192);
    tracing::info!(text = &*fits, "{fits}");
    let entry = told.only();
    assert_eq!((&entry["message"], &entry["fields"]["text"]), (&json!(fits), &json!(fits)));
}

#[test]
fn spans_are_always_heard_from_info_and_events_below_the_level_never() {
    for (directives, listed) in [
        ("off", None),
        ("error", Some(Level::ERROR)),
        ("here=warn", Some(Level::WARN)),
        ("debug", Some(Level::DEBUG)),
    ] {
        let told = Told::default();
        let dispatch = Dispatch::new(Registry::default().with(told.layer(Redactor::default(), directives)));
        for level in [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE] {
            let is_listed = listed.is_some_and(|listed| level <= listed);
            for (kind, heard) in [
                (Kind::EVENT, is_listed || level == Level::ERROR),
                (Kind::SPAN, is_listed || level <= Level::INFO),
            ] {
                let interest = dispatch.register_callsite(site("here", level, kind, &["n"]));
                assert_eq!(
                    (interest.is_always(), interest.is_never()),
                    (heard, !heard),
                    "{directives}: {level}"
                );
            }
        }
    }
}

#[test]
fn a_directive_for_a_span_still_lists_what_is_told_in_it() {
    let told = Told::default();
    let layer = told.layer(Redactor::default(), "error,[checkout]=debug");
    let _guard = subscriber::set_default(Registry::default().with(layer));
    tracing::debug!("outside");
    let _entered = tracing::debug_span!("checkout").entered();
    tracing::debug!("inside");
    assert_eq!(told.only()["message"], "inside");
}

#[test]
fn two_layers_redact_each_by_its_own_rules() {
    let (ours, theirs) = (Told::default(), Told::default());
    let strict = RedactOptions::default().redact(["colour"]).build();
    let registry =
        Registry::default().with(ours.layer(Redactor::default(), "info")).with(theirs.layer(strict, "info"));
    let _guard = subscriber::set_default(registry);
    let span = tracing::info_span!("painting", colour = "red", size = tracing::field::Empty);
    span.record("size", 3);
    span.in_scope(|| tracing::info!("painted"));
    assert_eq!(ours.only()["fields"], json!({"colour": "red", "size": 3}));
    assert_eq!(theirs.only()["fields"], json!({"colour": "[REDACTED]", "size": 3}));
}
