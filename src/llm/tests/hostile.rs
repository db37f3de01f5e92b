use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Reader, streamed, told, usage_of_pieces};

const CHAT: &str = "/v1/chat/completions";

/// A chat completion with this as its usage.
fn with_usage(usage: &str) -> String {
    format!(r#"{{"object":"chat.completion","model":"m","choices":[],"usage":{usage}}}"#)
}

#[test]
fn what_is_no_number_of_tokens_is_not_told() {
    for usage in [
        "null",
        "\"12\"",
        "[]",
        "[{\"prompt\":1}]",
        "{}",
        r#"{"prompt_tokens":"12"}"#,
        r#"{"prompt_tokens":-1}"#,
        r#"{"prompt_tokens":1e400}"#,
        r#"{"prompt_tokens":1.5}"#,
        r#"{"prompt_tokens":null,"completion_tokens":true}"#,
        r#"{"prompt_tokens":[7]}"#,
        r#"{"prompt_tokens":{"prompt_tokens":7}}"#,
        r#"{"prompt_tokens":18446744073709551616}"#,
        r#"{"prompt_tokens":9007199254740993}"#,
        r#"{"prompt_tokens":00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000007}"#,
    ] {
        assert_eq!(told(CHAT, &with_usage(usage)), Value::Null, "{usage}");
    }
    let half = told(CHAT, &with_usage(r#"{"prompt_tokens":-1,"completion_tokens":3}"#));
    assert_eq!((&half["input_tokens"], &half["output_tokens"]), (&Value::Null, &json!(3)));
}

#[test]
fn what_only_calls_itself_so_is_no_answer_of_a_model() {
    for (path, body) in [
        ("/v1/messages", r#"{"type":"message","usage":{"input_tokens":3}}"#),
        ("/messages", r#"{"type":"message","model":"t-shirt","usage":{"input_tokens":3,"output_tokens":4}}"#),
        ("/chats/7/responses", r#"{"object":"response","usage":{"input_tokens":3}}"#),
        ("/words/embeddings", r#"{"object":"list","data":[],"usage":{"prompt_tokens":3}}"#),
    ] {
        assert_eq!(told(path, body), Value::Null, "{body}");
    }
    let start = r#"{"type":"message_start","message":{"usage":{"input_tokens":3}}}"#;
    assert_eq!(streamed("/v1/messages", &[(1, start)]), Value::Null);
}

#[test]
fn of_names_that_come_twice_the_last_counts() {
    let told =
        told(CHAT, &with_usage(r#"{"prompt_tokens":1,"prompt_tokens":2},"usage":{"prompt_tokens":3}"#));
    assert_eq!(told["input_tokens"], 3);
}

#[test]
fn usage_elsewhere_is_no_usage() {
    let decoy = r#"{"usage":{"prompt_tokens":666,"completion_tokens":666},"model":"evil","object":"chat.completion"}"#;
    let text = serde_json::to_string(decoy).unwrap();
    for body in [
        format!(r#"{{"choices":[{{"message":{{"content":{text}}}}}]}}"#),
        format!(r#"{{"choices":[{{"message":{decoy}}}]}}"#),
        format!(r#"{{"choices":[{decoy}],"object":"chat.completion"}}"#),
        format!(r#"{{"metadata":{decoy}}}"#),
        format!(r#"{{"metadata":[{decoy}]}}"#),
        format!(r#"{{"output":[{{"content":[{decoy}]}}]}}"#),
        format!(r#"{{"a":[[[[[[[[[[[[[[[[{decoy}]]]]]]]]]]]]]]]]}}"#),
        text.clone(),
        r#"{"object":"chat.completion","usage":{"x":{"prompt_tokens":666}},"\"usage":{"prompt_tokens":666}}"#
            .into(),
        r#"{"object":"chat.completion","us\u0061ge":{"prompt_tokens":666}}"#.into(),
    ] {
        assert_eq!(told(CHAT, &body), Value::Null, "{body}");
    }
    let both = format!(
        r#"{{"choices":[{{"message":{{"content":{text},"x":{decoy}}}}}],"usage":{{"prompt_tokens":7}},"object":"chat.completion","model":"m"}}"#
    );
    let told = told(CHAT, &both);
    assert_eq!(
        (&told["input_tokens"], &told["model"], &told["output_tokens"]),
        (&json!(7), &json!("m"), &Value::Null)
    );
}

#[test]
fn a_wrong_guess_adds_nothing() {
    for (path, body) in [
        (
            "/api/messages",
            r#"{"messages":[{"id":1,"text":"hi","type":"message"}],"model":"x","usage":{"input_tokens":5}}"#,
        ),
        ("/survey/responses", r#"{"responses":[],"status":"open","usage":{"input_tokens":5}}"#),
        ("/forum/messages", r#"[{"type":"message","model":"x","content":"usage"}]"#),
        ("/api/chat", r#"{"message":{"content":"hi"},"done":true,"eval_count":4,"prompt_eval_count":3}"#),
        ("/shop/completions", r#"{"object":"order","usage":{"prompt_tokens":5}}"#),
        (CHAT, "true"),
        (CHAT, "\"usage\""),
        (CHAT, ""),
    ] {
        assert_eq!(told(path, body), Value::Null, "{path} {body}");
    }
}

#[test]
fn streams_of_others_are_no_models() {
    for document in [
        r#"{"type":"message","model":"x","content":"hi","usage":{"input_tokens":5}}"#,
        r#"{"type":"response.chunk","model":"x","delta":"hi","usage":{"input_tokens":5}}"#,
        r#"{"type":"message_new","model":"x","delta":"hi"}"#,
        r#"{"object":"thread.message.delta","delta":{"content":[{"text":"hi"}]},"model":"x"}"#,
        r#"{"done":true,"total_duration":5,"eval_count":3}"#,
    ] {
        for path in ["/chat/events", "/v1/messages", "/v1/responses"] {
            assert_eq!(streamed(path, &[(1, document), (2, document)]), Value::Null, "{path} {document}");
        }
    }
}

#[test]
fn a_stream_that_shows_no_form_soon_is_not_read_on() {
    let mut reader = Reader::new("/events".as_bytes(), true).unwrap();
    for (document, goes_on) in [("{\"n\":1}", true), ("{\"type\":\"tick\"}", true), ("[DONE]", false)] {
        reader.read(document.as_bytes(), Duration::ZERO);
        assert_eq!(reader.next(), goes_on);
    }
    let mut known = Reader::new("/v1/messages".as_bytes(), true).unwrap();
    assert!((0..100).all(|_| known.next()), "where the path is known it may come late");
}

#[test]
fn a_document_that_was_cut_off_in_a_stream_does_not_spoil_the_next() {
    let cut = r#"{"object":"chat.completion.chunk","usage":{"prompt_tokens":66,"completion_tokens":66},"choices":[{"delta":{"content":"x"#;
    let next = r#"{"object":"chat.completion.chunk","usage":{"prompt_tokens":7}}"#;
    let told = streamed(CHAT, &[(1, cut), (2, "}}]]\"\\"), (3, next)]);
    assert_eq!(told["input_tokens"], 7);
    assert_eq!((&told["output_tokens"], &told["time_to_first_token_ms"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_body_cut_off_anywhere_tells_nothing_wrong() {
    let body = with_usage(
        r#"{"prompt_tokens":1234,"completion_tokens":5678,"prompt_tokens_details":{"cached_tokens":12}}"#,
    );
    for end in 0..body.len() {
        assert_eq!(told(CHAT, &body[..end]), Value::Null, "{end}");
    }
    assert_eq!(told(CHAT, &body)["input_tokens"], 1234);
    let anthropic = r#"{"type":"message","model":"m","usage":{"input_tokens":21,"cache_read_input_tokens":2048,"output_tokens":5}}"#;
    for end in 0..anthropic.len() {
        assert_eq!(told("/v1/messages", &anthropic[..end]), Value::Null, "{end}");
    }
}

#[test]
fn usage_behind_megabytes_is_found() {
    let head = r#"{"object":"chat.completion","model":"m","choices":[{"message":{"content":""#;
    let tail = r#""},"x":[[1,{"a":"}"}]],"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":9}}"#;
    let middle = r#"a \"quoted\" word, {[ brackets ]} and \\ "#.repeat(1 << 8);
    let pieces = [head].into_iter().chain(std::iter::repeat_n(&*middle, 100)).chain([tail]);
    let usage = usage_of_pieces(CHAT, pieces.map(str::as_bytes)).unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(7), Some(9)));
    assert_eq!(usage.finish_reasons, ["stop"].map(crate::exchange::Redacted::literal));
}

#[test]
fn nothing_is_too_deep() {
    for open in ["[", "{\"choices\":", "{\"a\":[", "{", "{\"choices\":[["] {
        let body = open.repeat(100_000);
        assert_eq!(usage_of_pieces(CHAT, [body.as_bytes()]), None);
        let closed = format!("{}{}", body, "]}".repeat(100_000));
        assert_eq!(usage_of_pieces(CHAT, [closed.as_bytes()]), None);
    }
}

#[test]
fn sums_do_not_overflow() {
    let most = 1_u64 << 53;
    let body = format!(
        r#"{{"type":"message","model":"m","stop_reason":"end_turn","usage":{{"input_tokens":{most},"cache_read_input_tokens":{most},"output_tokens":{most}}}}}"#
    );
    assert_eq!(told("/v1/messages", &body)["input_tokens"], 1_u64 << 54);
}

/// JSON and what is nearly JSON, with names that mean something.
fn document() -> impl Strategy<Value = String> {
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        " ",
        "\"usage\":",
        "\"usage\":{",
        "\"prompt_tokens\":",
        "12",
        "-",
        "1e9",
        "null",
        "\"object\":\"chat.completion\"",
        "\"model\":\"m\"",
        "\"choices\":[{",
        "\"delta\":{",
        "\"content\":\"x\"",
        "\"type\":\"message\"",
        "\"text\"",
        "é",
        "a long text of more than sixteen bytes",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..60).prop_map(|pieces| pieces.concat())
}

#[test]
fn every_byte_is_passed_in_every_place() {
    for byte in 0..=255_u8 {
        for before in [
            "",
            "{",
            "{\"a",
            "{\"a\"",
            "{\"model\":",
            "{\"model\":\"",
            "{\"usage\":{\"prompt_tokens\":1",
            "[1",
            "{\"a\":{",
        ] {
            let body = [before.as_bytes(), &[byte], b"}"].concat();
            assert_eq!(usage_of_pieces(CHAT, [&*body]), None);
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics_and_it_does_not_matter_where_pieces_end(body in document(), size in 1..20_usize) {
        let whole = usage_of_pieces(CHAT, [body.as_bytes()]);
        prop_assert_eq!(usage_of_pieces(CHAT, body.as_bytes().chunks(size)), whole);
    }

    #[test]
    fn bytes_do_not_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut reader = Reader::new(CHAT.as_bytes(), true).unwrap();
        for piece in body.chunks(7) {
            reader.read(piece, Duration::ZERO);
            reader.next();
        }
    }

    /// Valid JSON: the numbers are those at their place, whatever else stands there.
    #[test]
    fn the_numbers_are_those_a_parser_finds(
        input in any::<u32>(),
        output in proptest::option::of(any::<u32>()),
        text in ".{0,40}",
        name in ".{0,10}",
        pretty in any::<bool>(),
    ) {
        let body = json!({
            name: {"usage": {"prompt_tokens": 1}, "list": [text.clone(), {"a": text.clone()}]},
            "choices": [{"message": {"content": text}}],
            "object": "chat.completion",
            "usage": {"prompt_tokens": input, "completion_tokens": output},
        });
        let body = if pretty { serde_json::to_string_pretty(&body) } else { serde_json::to_string(&body) }.unwrap();
        let usage = usage_of_pieces(CHAT, body.as_bytes().chunks(13)).unwrap();
        prop_assert_eq!(usage.input_tokens, Some(input.into()));
        prop_assert_eq!(usage.output_tokens, output.map(Into::into));
    }
}
