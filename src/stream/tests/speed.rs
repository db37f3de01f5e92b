//! What following costs, for callgrind:
//!
//! `cargo test --profile bench --lib --no-run` names the binary; `ROUNDS=2000 valgrind --tool=callgrind BINARY --ignored
//! --exact stream::tests::speed::counted_events` and the same with 4000 differ by what 2000 rounds cost.

use std::hint::black_box;

use http::StatusCode;

use super::{Followed, Follower, Wanted, millis};
use crate::exchange::Media;

fn rounds() -> u64 {
    std::env::var("ROUNDS").map_or(1, |rounds| rounds.parse().unwrap())
}

fn followed<'a>(media: Media, path: &'a [u8]) -> Followed<'a> {
    Followed { media, content_type: b"", is_encoded: false, path, status: StatusCode::OK }
}

#[test]
#[ignore = "a measurement"]
fn json_elsewhere() {
    for _ in 0..rounds() {
        let followed = followed(Media::Json, black_box(b"http://api.example.com/api/v1/orders/42/items"));
        assert!(Follower::new(black_box(&followed), Wanted { usage: true, events: None }).is_none());
    }
}

fn frames(media: Media, path: &[u8], frame: &[u8], wanted: Wanted) {
    let mut follower = Follower::new(&followed(media, path), wanted).unwrap();
    for round in 0..rounds() {
        follower.frame(black_box(frame), millis(round));
    }
    assert!(follower.bytes >= rounds());
}

#[test]
#[ignore = "a measurement"]
fn counted_events() {
    frames(Media::EventStream, b"/events", b"data: {\"n\":1,\"text\":\"hello\"}\n\n", Wanted::default());
}

#[test]
#[ignore = "a measurement"]
fn long_counted_events() {
    let frame = format!("data: {{\"text\":\"{}\"}}\n\n", "x".repeat(983));
    frames(Media::EventStream, b"/events", frame.as_bytes(), Wanted::default());
}

#[test]
#[ignore = "a measurement"]
fn chat_events() {
    let frame = concat!(
        r#"data: {"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1741570283,"#,
        r#""model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_44added55e","#,
        r#""choices":[{"index":0,"delta":{"content":" hello"},"logprobs":null,"finish_reason":null}],"obfuscation":"ab"}"#,
        "\n\n",
    );
    frames(
        Media::EventStream,
        b"/v1/chat/completions",
        frame.as_bytes(),
        Wanted { usage: true, events: None },
    );
}
