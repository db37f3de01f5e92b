//! Documents that are like the last one are not read: that nobody notices.

use std::time::Duration;

use proptest::{collection::vec, prelude::*, sample::select};

use super::{Reader, Redactor};
use crate::exchange::LlmUsage;

/// What the documents tell, each read byte by byte or as a whole.
fn tell(path: &str, documents: &[String], whole: bool) -> Option<LlmUsage> {
    let mut reader = Reader::new(path.as_bytes(), true)?;
    for (at, document) in documents.iter().enumerate() {
        let at = Duration::from_millis(at as u64);
        if whole {
            reader.read_whole(document.as_bytes(), at);
        } else {
            document.as_bytes().chunks(1).for_each(|piece| reader.read(piece, at));
        }
        if !reader.next() {
            return None;
        }
    }
    reader.finish(&Redactor::default())
}

#[track_caller]
fn same(path: &str, documents: &[String]) -> Option<LlmUsage> {
    let told = tell(path, documents, true);
    assert_eq!(told, tell(path, documents, false), "{documents:#?}");
    told
}

/// What stands between quotes, and what stands without.
fn texts() -> impl Strategy<Value = &'static str> {
    select(vec![
        "",
        "a",
        "b",
        "hello",
        "said \\\"no\\\"",
        "\\\\",
        "a\\n",
        "\\u0041",
        "}",
        "{[",
        "stop",
        "none",
        "length",
        "\\",
        "x\"y",
    ])
}

fn words() -> impl Strategy<Value = &'static str> {
    select(vec![
        "0", "1", "17", "123", "null", "true", "false", "-1", "1.5", "", "\"s\"", "{}", "[1]", "1 ", "1,2",
    ])
}

/// Events of every kind, of which any text and any number may be another; some are no JSON.
fn documents() -> impl Strategy<Value = String> {
    (0..7, texts(), texts(), words(), words()).prop_map(|(kind, a, b, n, m)| match kind {
        0 | 1 => format!(
            r#"{{"object":"chat.completion.chunk","model":"m","created":{n},"choices":[{{"index":0,"delta":{{"content":"{a}"}},"finish_reason":null}}],"obfuscation":"{b}"}}"#
        ),
        2 => format!(
            r#"{{"object":"chat.completion.chunk","model":"m","choices":[{{"delta":{{"reasoning":"{a}"}},"finish_reason":"{b}"}}],"usage":{{"prompt_tokens":{n},"completion_tokens":{m}}}}}"#
        ),
        3 => format!(r#"{{"type":"content_block_delta","index":{n},"delta":{{"type":"text_delta","text":"{a}"}}}}"#),
        4 => format!(r#"{{"type":"response.reasoning_text.delta","sequence_number":{n},"delta":"{a}","item_id":"{b}"}}"#),
        5 => format!(r#"{{"type":"message_start","message":{{"model":"{a}","usage":{{"input_tokens":{n}}}}},"x":[{m},"{b}"]}}"#),
        _ => format!(r#"{{"a":{{"b":"{a}","c":[{n}]}}}} {b}"#),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_told_is_the_same(documents in vec(documents(), 0..8)) {
        same("/v1/chat/completions", &documents);
        same("/v1/messages", &documents);
    }

    #[test]
    fn also_of_the_same_with_one_byte_changed(
        documents in vec((documents(), 0_usize..200, select(b"\"\\,:{}[]a1 \n".to_vec())), 1..6),
    ) {
        let documents: Vec<_> = documents
            .into_iter()
            .flat_map(|(document, at, byte)| {
                let mut changed = document.clone().into_bytes();
                let at = at % changed.len();
                changed[at] = byte;
                [document.clone(), String::from_utf8(changed).unwrap_or_default(), document]
            })
            .collect();
        same("/v1/chat/completions", &documents);
    }
}

#[test]
fn only_what_the_model_wrote_counts_of_a_document_like_the_last() {
    let event = |content: &str, pad: &str| {
        format!(
            r#"{{"object":"chat.completion.chunk","model":"m","choices":[{{"delta":{{"content":"{content}"}},"finish_reason":null}}],"obfuscation":"{pad}"}}"#
        )
    };
    let events: Vec<_> =
        [("", "x"), ("a", ""), ("b\\\"", "yy"), ("", "z")].map(|(content, pad)| event(content, pad)).into();
    let last = r#"{"object":"chat.completion.chunk","model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;
    let told = same("/v1/chat/completions", &[events, vec![last.into()]].concat()).unwrap();
    assert_eq!(told.time_to_first_token, Some(Duration::from_millis(1)));
    assert_eq!(told.tokens_per_second, Some(1000.0));
    assert_eq!((told.input_tokens, told.output_tokens), (Some(3), Some(2)));
}
