use serde_json::{Value, json};

use super::{streamed, told};

#[test]
fn openai_chat() {
    let body = r#"{
      "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "object": "chat.completion", "created": 1741569952,
      "model": "gpt-4.1-2025-04-14",
      "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello!", "refusal": null, "annotations": []},
        "logprobs": null, "finish_reason": "stop"}],
      "usage": {"prompt_tokens": 19, "completion_tokens": 210, "total_tokens": 229,
        "prompt_tokens_details": {"cached_tokens": 8, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 192, "audio_tokens": 0, "accepted_prediction_tokens": 0}},
      "service_tier": "default", "system_fingerprint": "fp_44709d6fcb"}"#;
    assert_eq!(
        told("/v1/chat/completions", body),
        json!({"provider": "openai", "operation": "chat", "model": "gpt-4.1-2025-04-14", "input_tokens": 19,
            "output_tokens": 210, "cached_tokens": 8, "reasoning_tokens": 192, "finish_reasons": ["stop"]}),
    );
}

const CHUNK: &str = r#"{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini","system_fingerprint":"fp_44","choices":[{"index":0,"delta":{"content":"Hi"},"logprobs":null,"finish_reason":null}]}"#;

#[test]
fn an_openai_stream_with_usage_at_its_end() {
    let role = CHUNK.replace(r#""content":"Hi""#, r#""role":"assistant","content":"""#);
    let stop = CHUNK.replace(r#"{"content":"Hi"}"#, "{}").replace(r#"reason":null"#, r#"reason":"stop""#);
    let usage = r#"{"id":"chatcmpl-123","object":"chat.completion.chunk","model":"gpt-4o-mini","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"completion_tokens_details":{"reasoning_tokens":1}}}"#;
    let stream =
        [(50, &*role), (150, CHUNK), (300, CHUNK), (650, CHUNK), (700, &stop), (710, usage), (711, "[DONE]")];
    assert_eq!(
        streamed("/v1/chat/completions", &stream),
        json!({"provider": "openai", "operation": "chat", "model": "gpt-4o-mini", "input_tokens": 9,
            "output_tokens": 12, "reasoning_tokens": 1, "finish_reasons": ["stop"], "time_to_first_token_ms": 150.0,
            // Of 12 one was never seen, and the clock starts with the first: 10 in half a second.
            "tokens_per_second": 20.0}),
    );
    assert_eq!(
        streamed("/api/v1/ask", &stream),
        streamed("/v1/chat/completions", &stream),
        "by its form alone"
    );
}

#[test]
fn an_openai_stream_without_usage_has_times() {
    let stop = CHUNK.replace(r#"reason":null"#, r#"reason":"length""#);
    assert_eq!(
        streamed("/v1/chat/completions", &[(150, CHUNK), (300, &stop), (301, "[DONE]")]),
        json!({"provider": "openai", "operation": "chat", "model": "gpt-4o-mini", "finish_reasons": ["length"],
            "time_to_first_token_ms": 150.0}),
    );
}

#[test]
fn tool_calls_and_reasoning_are_content() {
    for (delta, is_content) in [
        (r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}"#, true),
        (r#"{"function_call":{"name":"f","arguments":""}}"#, true),
        (r#"{"reasoning_content":"hm"}"#, true),
        (r#"{"reasoning":"hm","content":null}"#, true),
        (r#"{"refusal":"no"}"#, true),
        (r#"{"content":"","tool_calls":[]}"#, false),
        (r#"{"role":"assistant","content":null}"#, false),
        ("{}", false),
    ] {
        let chunk = CHUNK.replace(r#"{"content":"Hi"}"#, delta);
        let told = streamed("/v1/chat/completions", &[(150, &chunk)]);
        assert_eq!(told["time_to_first_token_ms"] == 150.0, is_content, "{delta}");
    }
}

#[test]
fn reasoning_that_was_streamed_counts_in_the_rate() {
    let thought = CHUNK.replace("\"content\":\"Hi\"", r#""reasoning_content":"hm""#);
    let usage = r#"{"object":"chat.completion.chunk","choices":[],"usage":{"completion_tokens":11,"completion_tokens_details":{"reasoning_tokens":6}}}"#;
    let stream = [(100, &*thought), (600, CHUNK), (610, usage)];
    assert_eq!(streamed("/v1/chat/completions", &stream)["tokens_per_second"], 20.0);
    let stream = [(100, CHUNK), (600, CHUNK), (610, usage)];
    assert_eq!(streamed("/v1/chat/completions", &stream)["tokens_per_second"], 8.0);
}

#[test]
fn each_reason_is_told_once() {
    let body = json!({"object": "chat.completion", "choices":
        (0..20).map(|n| json!({"index": n, "finish_reason": format!("r{}", n / 2)})).collect::<Vec<_>>(),
        "usage": {"completion_tokens": 5}});
    let told = told("/v1/chat/completions", &body.to_string());
    assert_eq!(told["finish_reasons"], json!(["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"]));
}

#[test]
fn openai_completions() {
    let body = r#"{"id":"cmpl-uqkvlQyYK7bGYrRHQ0eXlWi7","object":"text_completion","created":1589478378,
        "model":"gpt-3.5-turbo-instruct","choices":[{"text":"\n\nThis is a test","index":0,"finish_reason":"length"}],
        "usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}"#;
    assert_eq!(
        told("/v1/completions", body),
        json!({"provider": "openai", "operation": "text_completion", "model": "gpt-3.5-turbo-instruct",
            "input_tokens": 5, "output_tokens": 7, "finish_reasons": ["length"]}),
    );
}

#[test]
fn openai_embeddings() {
    let body = r#"{"object":"list","data":[{"object":"embedding","embedding":[0.0023064255,-9.3e-3,1],"index":0}],
        "model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    let told_there = told("/v1/embeddings", body);
    assert_eq!(
        told_there,
        json!({"provider": "openai", "operation": "embeddings", "model": "text-embedding-3-small", "input_tokens": 8}),
    );
    assert_eq!(told("/v1/completions", body), Value::Null, "a list is much else under other paths");
}

const RESPONSE: &str = r#"{"id":"resp_67ccd","object":"response","created_at":1741476542,"status":"completed","error":null,"incomplete_details":null,"model":"gpt-5-2025-08-07","output":[{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"In a","annotations":[]}]}],"reasoning":{"effort":null,"summary":null},"usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":4},"output_tokens":87,"output_tokens_details":{"reasoning_tokens":64},"total_tokens":123},"metadata":{}}"#;

#[test]
fn openai_responses() {
    let expected = json!({"provider": "openai", "operation": "chat", "model": "gpt-5-2025-08-07", "input_tokens": 36,
        "output_tokens": 87, "cached_tokens": 4, "reasoning_tokens": 64, "finish_reasons": ["completed"]});
    assert_eq!(told("/v1/responses", RESPONSE), expected);
    let incomplete = RESPONSE
        .replacen(r#""status":"completed""#, r#""status":"incomplete""#, 1)
        .replace(r#""incomplete_details":null"#, r#""incomplete_details":{"reason":"max_output_tokens"}"#);
    assert_eq!(told("/v1/responses", &incomplete)["finish_reasons"], json!(["max_output_tokens"]));
}

#[test]
fn an_openai_responses_stream() {
    let created = r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_67ccd","object":"response","status":"in_progress","model":"gpt-5-2025-08-07","output":[],"usage":null}}"#;
    let delta = r#"{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"In"}"#;
    let thought = delta.replace("output_text", "reasoning_summary_text");
    let done = r#"{"type":"response.output_text.done","item_id":"msg_1","text":"In a"}"#;
    let completed = format!(r#"{{"type":"response.completed","sequence_number":9,"response":{RESPONSE}}}"#);
    let told = streamed(
        "/v1/responses",
        &[(10, created), (200, delta), (1300, delta), (1300, done), (1310, &completed)],
    );
    assert_eq!(
        told,
        json!({"provider": "openai", "operation": "chat", "model": "gpt-5-2025-08-07", "input_tokens": 36,
            "output_tokens": 87, "cached_tokens": 4, "reasoning_tokens": 64, "finish_reasons": ["completed"],
            "time_to_first_token_ms": 200.0, "tokens_per_second": 20.0}),
    );
    let told = streamed("/v1/responses", &[(10, created), (100, &thought), (960, delta), (970, &completed)]);
    assert_eq!((&told["time_to_first_token_ms"], &told["tokens_per_second"]), (&json!(100.0), &json!(100.0)));
    assert_eq!(streamed("/v1/responses", &[(10, created), (20, delta)])["finish_reasons"], Value::Null);
}

#[test]
fn anthropic_messages() {
    let body = r#"{"content":[{"text":"Hi! My name is Claude.","type":"text"}],"id":"msg_013Zva2CMHLNnXjNJJKqJ2EF",
        "model":"claude-sonnet-4-5-20250929","role":"assistant","stop_reason":"end_turn","stop_sequence":null,
        "type":"message","usage":{"input_tokens":21,"cache_creation_input_tokens":188,"cache_read_input_tokens":2048,
        "cache_creation":{"ephemeral_5m_input_tokens":188,"ephemeral_1h_input_tokens":0},"output_tokens":503,
        "service_tier":"standard"}}"#;
    assert_eq!(
        told("/v1/messages", body),
        json!({"provider": "anthropic", "operation": "chat", "model": "claude-sonnet-4-5-20250929",
            "input_tokens": 2257, "output_tokens": 503, "cached_tokens": 2048, "cache_write_tokens": 188,
            "finish_reasons": ["end_turn"]}),
    );
}

#[test]
fn an_anthropic_stream() {
    let start = r#"{"type":"message_start","message":{"id":"msg_1nZ","type":"message","role":"assistant","content":[],"model":"claude-opus-4-1","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"cache_read_input_tokens":100,"cache_creation_input_tokens":0,"output_tokens":1}}}"#;
    let begin = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    let delta = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}"#;
    let stop = r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":21}}"#;
    let ping = r#"{"type": "ping"}"#;
    let input = r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"lo"}}"#;
    let stream = [
        (80, start),
        (81, begin),
        (82, ping),
        (200, delta),
        (400, delta),
        (600, input),
        (650, stop),
        (651, r#"{"type":"message_stop"}"#),
    ];
    let expected = json!({"provider": "anthropic", "operation": "chat", "model": "claude-opus-4-1",
        "input_tokens": 125, "output_tokens": 21, "cached_tokens": 100, "cache_write_tokens": 0,
        "finish_reasons": ["tool_use"], "time_to_first_token_ms": 200.0, "tokens_per_second": 50.0});
    assert_eq!(streamed("/v1/messages", &stream), expected);
    assert_eq!(streamed("/assistant", &stream), expected, "by its form alone");
}

const GEMINI: &str = r#"{"candidates":[{"content":{"parts":[{"text":"Hello"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":34,"candidatesTokenCount":418,"totalTokenCount":900,"cachedContentTokenCount":16,"toolUsePromptTokenCount":10,"promptTokensDetails":[{"modality":"TEXT","tokenCount":34}],"thoughtsTokenCount":438},"modelVersion":"gemini-3-flash-preview","responseId":"3w4V"}"#;

#[test]
fn gemini() {
    let expected = json!({"provider": "gcp.gemini", "operation": "generate_content",
        "request_model": "gemini-3-flash", "model": "gemini-3-flash-preview", "input_tokens": 44,
        "output_tokens": 856, "cached_tokens": 16, "reasoning_tokens": 438, "finish_reasons": ["STOP"]});
    assert_eq!(told("/v1beta/models/gemini-3-flash:generateContent", GEMINI), expected);
    let vertex = "/v1/projects/p/locations/l/publishers/google/models/gemini-3-flash:generateContent";
    assert_eq!(told(vertex, GEMINI)["provider"], "gcp.vertex_ai");
}

#[test]
fn a_gemini_stream_of_either_kind() {
    let part = r#"{"candidates":[{"content":{"parts":[{"text":"Hel"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":34},"modelVersion":"gemini-3-flash-preview"}"#;
    let told_by_events = streamed(
        "/v1beta/models/gemini-3-flash:streamGenerateContent",
        &[(100, part), (310, part), (938, GEMINI)],
    );
    assert_eq!(
        told_by_events,
        json!({"provider": "gcp.gemini", "operation": "generate_content",
            "request_model": "gemini-3-flash", "model": "gemini-3-flash-preview", "input_tokens": 44,
            "output_tokens": 856, "cached_tokens": 16, "reasoning_tokens": 438, "finish_reasons": ["STOP"],
            "time_to_first_token_ms": 100.0, "tokens_per_second": 497.61}),
    );

    let path = "/v1beta/models/gemini-3-flash:streamGenerateContent";
    let mut reader = super::Reader::new(path.as_bytes(), false).unwrap();
    for (at, piece) in
        [(100, format!("[{part}\n")), (310, format!(",\r\n{part}")), (938, format!(",{GEMINI}]"))]
    {
        reader.read(piece.as_bytes(), std::time::Duration::from_millis(at));
    }
    let told_by_list = super::written(reader.finish(&crate::redact::Redactor::default()));
    assert_eq!(told_by_list, told_by_events);
}

#[test]
fn gemini_that_only_thought() {
    let body = r#"{"candidates":[{"finishReason":"MAX_TOKENS","index":0}],"usageMetadata":{"promptTokenCount":5,"thoughtsTokenCount":99,"totalTokenCount":104}}"#;
    let told = told("/v1/models/m:generateContent", body);
    assert_eq!((&told["output_tokens"], &told["reasoning_tokens"]), (&json!(99), &json!(99)));
}

#[test]
fn ollama() {
    let last = r#"{"model":"llama3.2","created_at":"2025-08-04T19:22:45.499127Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":8113331500,"load_duration":6396458,"prompt_eval_count":61,"prompt_eval_duration":398801125,"eval_count":468,"eval_duration":7701267419}"#;
    let whole = last.replace(r#""content":"""#, r#""content":"Hello! How are you today?""#);
    assert_eq!(
        told("/api/chat", &whole),
        json!({"provider": "ollama", "operation": "chat", "model": "llama3.2", "input_tokens": 61,
            "output_tokens": 468, "finish_reasons": ["stop"], "tokens_per_second": 60.77}),
    );
    let part = r#"{"model":"llama3.2","created_at":"2025-08-04T19:22:45.4Z","message":{"role":"assistant","content":"The"},"done":false}"#;
    let told_of_stream = streamed("/api/chat", &[(100, part), (150, part), (5100, part), (5200, last)]);
    assert_eq!(
        (&told_of_stream["time_to_first_token_ms"], &told_of_stream["tokens_per_second"]),
        (&json!(100.0), &json!(93.4)),
    );

    let generated = r#"{"model":"llama3.2","created_at":"2025","response":"The sky","done":true,"done_reason":"length","context":[1,2,3],"total_duration":5,"prompt_eval_count":26,"eval_count":290,"eval_duration":0}"#;
    assert_eq!(
        told("/api/generate", generated),
        json!({"provider": "ollama", "operation": "text_completion", "model": "llama3.2", "input_tokens": 26,
            "output_tokens": 290, "finish_reasons": ["length"]}),
    );
    let part = r#"{"model":"llama3.2","created_at":"2025","response":"The","done":false}"#;
    assert_eq!(streamed("/api/generate", &[(70, part), (80, generated)])["time_to_first_token_ms"], 70.0);

    let embedded = r#"{"model":"all-minilm","embeddings":[[0.010071029,-0.0017594862]],"total_duration":14143917,"load_duration":1019500,"prompt_eval_count":8}"#;
    assert_eq!(
        told("/api/embed", embedded),
        json!({"provider": "ollama", "operation": "embeddings", "model": "all-minilm", "input_tokens": 8}),
    );
}

#[test]
fn llama_cpp() {
    let timings = r#""timings":{"cache_n":236,"prompt_n":1,"prompt_ms":30.958,"predicted_n":35,"predicted_ms":661.064,"predicted_per_token_ms":18.8,"predicted_per_second":52.94}"#;
    let whole = format!(
        r#"{{"choices":[{{"finish_reason":"stop","index":0,"message":{{"role":"assistant","content":"Hi"}}}}],"created":1758,"model":"qwen3","system_fingerprint":"b6469-b8ba","object":"chat.completion","usage":{{"completion_tokens":35,"prompt_tokens":237,"total_tokens":272}},"id":"chatcmpl-1",{timings}}}"#
    );
    let expected = json!({"provider": "llama.cpp", "operation": "chat", "model": "qwen3", "input_tokens": 237,
        "output_tokens": 35, "cached_tokens": 236, "finish_reasons": ["stop"], "tokens_per_second": 52.94});
    assert_eq!(told("/v1/chat/completions", &whole), expected);

    // Without `include_usage` the timings are there all the same.
    let last = format!(
        r#"{{"choices":[{{"finish_reason":"stop","index":0,"delta":{{}}}}],"model":"qwen3","object":"chat.completion.chunk",{timings}}}"#
    );
    let told_of_stream = streamed("/v1/chat/completions", &[(10, CHUNK), (350, CHUNK), (360, &last)]);
    assert_eq!(
        told_of_stream,
        json!({"provider": "llama.cpp", "operation": "chat", "model": "qwen3", "input_tokens": 237,
            "output_tokens": 35, "cached_tokens": 236, "finish_reasons": ["stop"], "time_to_first_token_ms": 10.0,
            "tokens_per_second": 100.0}),
    );

    let part = r#"{"index":0,"content":" a","tokens":[264],"stop":false,"id_slot":0,"tokens_predicted":1,"tokens_evaluated":7}"#;
    let last = r#"{"index":0,"content":"","tokens":[],"id_slot":0,"stop":true,"model":"qwen3","tokens_predicted":20,"tokens_evaluated":7,"generation_settings":{"n_predict":20,"stop":[]},"prompt":"x","stop_type":"limit","stopping_word":"","tokens_cached":26,"timings":{"prompt_n":7,"predicted_n":20,"predicted_ms":100.5}}"#;
    assert_eq!(
        streamed("/completion", &[(10, part), (200, part), (210, last)]),
        json!({"provider": "llama.cpp", "operation": "text_completion", "model": "qwen3", "input_tokens": 7,
            "output_tokens": 20, "finish_reasons": ["limit"], "time_to_first_token_ms": 10.0,
            "tokens_per_second": 100.0}),
    );
}

#[test]
fn others_that_answer_like_openai_give_themselves_away() {
    let plain = r#"{"object":"chat.completion","model":"m","choices":[{"finish_reason":"length"}],"usage":{"prompt_tokens":5,"total_tokens":105,"completion_tokens":100,"prompt_tokens_details":null}}"#;
    for (name, value, provider) in [
        ("kv_transfer_params", "null", "vllm"),
        ("prompt_logprobs", "null", "vllm"),
        ("system_fingerprint", "\"vllm-0.26.0-tp4-628bf3dd\"", "vllm"),
        ("system_fingerprint", "\"fp_ollama\"", "ollama"),
        ("prompt_filter_results", "[{\"prompt_index\":0}]", "azure.ai.openai"),
        ("timings", "{}", "llama.cpp"),
        ("system_fingerprint", "\"fp_44709d6fcb\"", "openai"),
    ] {
        let body = format!("{},\"{name}\":{value}}}", plain.strip_suffix('}').unwrap());
        let told = told("/v1/chat/completions", &body);
        assert_eq!((&told["provider"], &told["output_tokens"]), (&json!(provider), &json!(100)), "{name}");
    }
    let chunk = CHUNK.replace(r#""index":0"#, r#""index":0,"stop_reason":null"#);
    assert_eq!(streamed("/v1/chat/completions", &[(1, &chunk)])["provider"], "vllm");
}

#[test]
fn a_stream_of_one_event_has_the_rate_that_the_server_says() {
    let first = r#"{"model":"llama3.2","message":{"role":"assistant","content":"Hi"},"done":false}"#;
    let last = r#"{"model":"llama3.2","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":4900000000,"prompt_eval_count":26,"eval_count":298,"eval_duration":4000000000}"#;
    let rate = |events: &[(u64, &str)]| streamed("/api/chat", events)["tokens_per_second"].clone();
    assert_eq!(rate(&[(100, first), (200, last)]), 74.5);
    assert_eq!(rate(&[(100, first), (3070, first), (3080, last)]), 100.0);
}
