use std::sync::Arc;

use proptest::prelude::*;
use tracing::{
    Level, Metadata,
    callsite::{Callsite, Identifier},
    field::FieldSet,
    metadata::Kind,
    subscriber::Interest,
};

use super::{Jot, Place, Redacted, Ring, Trail, TrailEvent};
use crate::{
    exchange::{Budget, Scrub, Value},
    redact::Redactor,
};

struct Site;

static SITE: Site = Site;
static METADATA: Metadata<'static> = Metadata::new(
    "a place",
    "shop::orders",
    Level::DEBUG,
    Some("src/orders.rs"),
    Some(42),
    None,
    FieldSet::new(&["message", "a", "b", "c", "password", "a"], Identifier(&SITE)),
    Kind::EVENT,
);
const HERE: Place = Place { metadata: &METADATA, is_log: false };

impl Callsite for Site {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        &METADATA
    }
}

fn trail(ring: Ring) -> Trail {
    ring.into_trail(&(Arc::new(Redactor::default()) as Arc<dyn Scrub>), None)
}

fn told(put: impl FnOnce(&mut Jot<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut Jot::new(&mut bytes, Some(["inner", "outer"].into_iter())));
    bytes
}

fn plenty() -> Arc<Budget> {
    Arc::new(Budget::new(usize::MAX))
}

#[track_caller]
fn only(told: &[u8]) -> TrailEvent {
    let mut ring = Ring::default();
    ring.push(HERE, 1500, told, &plenty());
    let trail = trail(ring);
    assert_eq!(trail.events().len(), 1);
    trail.events()[0].clone()
}

fn value(event: &TrailEvent, name: &str) -> Option<Value> {
    event.fields.iter().find(|field| field.name == name).map(|field| field.value.clone())
}

proptest! {
    #[test]
    fn whatever_is_put_down_is_read(
        text in ".{0,300}",
        a: u64,
        b in i64::MIN..0,
        c: bool,
    ) {
        let scrub = Redactor::default();
        let event = only(&told(|jot| {
            assert!(jot.text(0, &text));
            jot.unsigned(1, a);
            jot.signed(2, b);
            jot.bool(3, c);
        }));
        prop_assert_eq!(&event.message, &scrub.text(&text));
        let number = |number| scrub.number(&number).map_or(number, Value::Text);
        prop_assert_eq!(value(&event, "a"), Some(number(Value::Unsigned(a))));
        prop_assert_eq!(value(&event, "b"), Some(number(Value::Signed(b))));
        prop_assert_eq!(value(&event, "c"), Some(Value::Bool(c)));
        prop_assert_eq!(event.spans, ["outer", "inner"]);
        prop_assert_eq!(event.location.unwrap().to_string(), "src/orders.rs:42");
    }

    #[test]
    fn the_newest_are_kept_in_order_within_the_bounds_and_the_others_counted(
        lengths in prop_oneof![
            proptest::collection::vec(0_usize..60, 0..600),
            proptest::collection::vec(0_usize..8192, 0..40),
        ],
        cap in prop_oneof![Just(usize::MAX), 0_usize..100_000],
    ) {
        let (most, bytes) = Ring::LIMITS;
        let budget = Arc::new(Budget::new(cap));
        let mut ring = Ring::default();
        for (at, length) in (0..).zip(&lengths) {
            let said = told(|jot| jot.said(0, |bytes, _| { bytes.resize(bytes.len() + length, b' '); false }));
            ring.push(HERE, at, &said, &budget);
            prop_assert!(ring.size().0 <= most && ring.size().1 <= bytes);
            prop_assert!(budget.taken() <= cap.min(64 * 1024));
        }
        let trail = trail(ring);
        let kept: Vec<_> = trail.events().iter().map(|event| event.at.as_micros() as u64).collect();
        prop_assert_eq!(kept.len() as u64 + trail.dropped(), lengths.len() as u64);
        prop_assert!(kept.is_sorted_by(|a, b| a < b));
        if cap == usize::MAX {
            let first = trail.dropped();
            prop_assert!(kept.iter().copied().eq(first..lengths.len() as u64), "the newest without a hole");
            let one_more: usize = lengths.iter().skip((first as usize).saturating_sub(1)).map(|length| length + 18).sum();
            prop_assert!(first == 0 || kept.len() == most || one_more > bytes, "as many as there is room for");
        }
        for event in trail.events() {
            prop_assert_eq!(event.message.as_str().len(), lengths[event.at.as_micros() as usize]);
        }
        drop(trail);
        prop_assert_eq!(budget.taken(), 0);
    }

    #[test]
    fn no_bytes_make_reading_fail(bytes: Vec<u8>) {
        let _ = only(&bytes);
    }
}

#[test]
fn secret_names_lose_their_values_and_a_name_stands_once() {
    let event = only(&told(|jot| {
        assert!(jot.text(4, "hunter2"));
        jot.unsigned(1, 1);
        jot.float(5, 0.5);
    }));
    assert_eq!(value(&event, "password"), Some(Value::Text(Redacted::literal("[REDACTED]"))));
    assert_eq!(value(&event, "a"), Some(Value::Float(0.5)));
    assert_eq!(event.fields.len(), 2);
    let event = only(&told(|jot| jot.unsigned(4, 1234)));
    assert_eq!(value(&event, "password"), Some(Value::Text(Redacted::literal("[REDACTED]"))));
}

#[test]
fn one_event_is_bounded_whatever_it_says() {
    let mut bytes = Vec::new();
    let mut jot = Jot::new(&mut bytes, Some(std::iter::repeat_n("a span", 1000)));
    for index in 0..1000 {
        jot.unsigned(index, 1);
    }
    assert!(bytes.len() <= 1 + 64 * 7 + 64 * 11, "{}", bytes.len());
    let mut jot = Jot::new(&mut bytes, None::<std::iter::Empty<&str>>);
    assert!(!jot.text(1, &"x".repeat(8193)) && jot.text(1, &"x".repeat(8000)));
    assert!(!jot.text(2, &"x".repeat(193)) && jot.text(2, &"x".repeat(192)));
    jot.said(3, |bytes, room| {
        bytes.extend_from_slice("…".as_bytes());
        room == 0
    });
    assert_eq!(bytes.len(), 1 + 5 + 8000 + 5 + 192 + 5 + 3);
}

#[test]
fn two_layers_do_not_both_tell() {
    let mut ring = Ring::default();
    assert!(ring.is_told_by(7) && !ring.is_told_by(8) && ring.is_told_by(7));
}
