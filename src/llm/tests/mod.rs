//! What each provider answers, in the shapes they document, and what must not be believed.

mod alike;
mod hostile;
mod providers;

use std::time::Duration;

use serde_json::{Value, json};

use super::{Reader, requested_model};
use crate::{exchange::LlmUsage, redact::Redactor};

/// What a body under this path tells that passes in these pieces.
fn usage_of_pieces<'a>(path: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<LlmUsage> {
    let mut reader = Reader::new(path.as_bytes(), false)?;
    for piece in pieces {
        reader.read(piece, Duration::from_millis(100));
    }
    reader.finish(&Redactor::default())
}

/// What a body under this path tells, as it would be written; null where nothing.
fn told(path: &str, body: &str) -> Value {
    let whole = usage_of_pieces(path, [body.as_bytes()]);
    let split = usage_of_pieces(path, body.as_bytes().chunks(1));
    assert_eq!(split, whole, "split after each byte: {body}");
    written(whole)
}

/// What documents tell that pass one after the other, with the time of each in milliseconds.
fn streamed(path: &str, documents: &[(u64, &str)]) -> Value {
    let tell = |size: usize| {
        let mut reader = Reader::new(path.as_bytes(), true)?;
        for (at, document) in documents {
            for piece in document.as_bytes().chunks(size) {
                reader.read(piece, Duration::from_millis(*at));
            }
            if !reader.next() {
                return None;
            }
        }
        reader.finish(&Redactor::default())
    };
    let whole = tell(1 << 20);
    assert_eq!(tell(1), whole);
    let mut reader = Reader::new(path.as_bytes(), true).unwrap();
    let is_read = documents.iter().all(|(at, document)| {
        reader.read_whole(document.as_bytes(), Duration::from_millis(*at));
        reader.next()
    });
    let at_once = is_read.then(|| reader.finish(&Redactor::default())).flatten();
    assert_eq!(at_once, whole, "documents that pass whole");
    written(whole)
}

fn written(usage: Option<LlmUsage>) -> Value {
    let value = serde_json::to_value(&usage).unwrap();
    assert_eq!(serde_json::from_value::<Option<LlmUsage>>(value.clone()).unwrap(), usage);
    value
}

#[test]
fn a_path_is_known_by_its_end() {
    for path in [
        "/v1/chat/completions",
        "/openai/deployments/gpt-4o/chat/completions",
        "/gateway/v1/chat/completions/",
        "/v1beta/models/gemini-2.5-flash:generateContent",
        "/api/chat",
    ] {
        assert!(Reader::new(path.as_bytes(), false).is_some(), "{path}");
    }
    for path in ["/", "", "/v1/models", "/chat/completions/7", "/v1/chat/completions/export"] {
        assert!(Reader::new(path.as_bytes(), false).is_none(), "{path}");
        assert!(Reader::new(path.as_bytes(), true).is_some(), "{path}: a stream may show what it is");
    }
}

#[test]
fn the_model_that_was_asked_for_is_in_the_request() {
    let model = |body: &str| requested_model(body.as_bytes(), &Redactor::default());
    assert_eq!(model(r#"{"messages":[{"model":"x"}],"model":"gpt-4o","stream":true}"#).unwrap(), "gpt-4o");
    assert_eq!(
        model(r#"{"model":"gpt-4o","messages":[{"role":"user","content":"cut off he"#).unwrap(),
        "gpt-4o"
    );
    assert_eq!(model(r#"{"model":"org\/model","a":1}"#).unwrap(), "org/model");
    for body in
        ["", "{}", "[]", r#"{"model":""}"#, r#"{"model":5}"#, r#"{"model":"gpt"#, r#"{"a":{"model":"x"}}"#]
    {
        assert_eq!(model(body), None, "{body}");
    }
}

#[test]
fn names_are_redacted() {
    let body = json!({"object": "chat.completion", "model": "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD",
        "choices": [{"finish_reason": "token=s3cr3t-value"}], "usage": {"prompt_tokens": 1}});
    let told = told("/v1/chat/completions", &body.to_string()).to_string();
    assert!(!told.contains("abcdefghijkl") && !told.contains("s3cr3t"), "{told}");
}
