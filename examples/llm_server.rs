//! A server that answers like OpenAI and Anthropic, with a flight log. `cargo run --example llm_server`, then send it the
//! lines it prints, or give their clients its address (`base_url`).
//!
//! Its model says the words it was told last, backwards, one every 20 ms; a word is a token, and those of the system's
//! prompt come from the cache. PORT is the port on 127.0.0.1 (default 3001, 0 takes a free one); LOG_* set the log. It
//! stops on Ctrl-C and SIGTERM once the requests that are open have been answered.

use std::{
    convert::Infallible,
    env,
    error::Error,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{
    Json, Router,
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
    routing::post,
    serve::ListenerExt,
};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_stream::StreamExt;

/// What to send it: a path and a body.
const TRY: [(&str, &str); 5] = [
    (
        "/v1/chat/completions",
        r#"{"model": "parrot", "messages": [{"role": "user", "content": "say hello to me"}]}"#,
    ),
    (
        "/v1/chat/completions",
        r#"{"model": "parrot", "stream": true, "stream_options": {"include_usage": true}, "messages": [{"role": "user", "content": "say hello to me"}]}"#,
    ),
    ("/v1/responses", r#"{"model": "parrot", "stream": true, "input": "say hello to me"}"#),
    ("/v1/embeddings", r#"{"model": "parrot", "input": "say hello to me"}"#),
    (
        "/v1/messages",
        r#"{"model": "parrot", "max_tokens": 64, "stream": true, "messages": [{"role": "user", "content": "say hello to me"}]}"#,
    ),
];

const PACE: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let flightlog = tower_flightlog::init()?;
    let app = Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/responses", post(responses))
        .route("/v1/embeddings", post(embeddings))
        .route("/v1/messages", post(messages))
        .layer(flightlog.axum_layer());

    let port: u16 = match env::var("PORT") {
        Ok(port) if !port.is_empty() => {
            port.parse().map_err(|_| format!("PORT={port}: want a number from 0 to 65535"))?
        }
        _ => 3001,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let (mut interrupted, mut terminated) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    greet(listener.local_addr()?);
    // Without it, a stream's small frames wait some 40 ms for each other.
    let listener = listener.tap_io(|tcp| _ = tcp.set_nodelay(true));
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            tokio::select! {
                _ = interrupted.recv() => {}
                _ = terminated.recv() => {}
            }
        })
        .await?;
    Ok(())
}

/// Tells where it is and what to try. Nobody has to be listening.
fn greet(addr: SocketAddr) {
    let mut text = format!("\nlistening on http://{addr}\n\ntry\n");
    for (path, body) in TRY {
        text.push_str(&format!("  curl -N {addr}{path} -H 'content-type: application/json' -d '{body}'\n"));
    }
    _ = io::stderr().write_all(text.as_bytes());
}

/// What was asked, of whichever provider.
struct Asked {
    model: Value,
    /// Words of the system's prompt: they count as read from the cache.
    cached: usize,
    /// Words of all else.
    fresh: usize,
    /// What is answered.
    words: Vec<String>,
    is_cut: bool,
    is_streamed: bool,
}

impl Asked {
    fn new(request: &Value, limit: &str) -> Self {
        let empty = Vec::new();
        let messages =
            request.get("messages").or(request.get("input")).and_then(Value::as_array).unwrap_or(&empty);
        let (system, others): (Vec<_>, Vec<_>) =
            messages.iter().partition(|message| message.get("role").is_some_and(|role| role == "system"));
        let words_of = |message: &&Value| words(message.get("content").unwrap_or(&Value::Null));
        let of_system =
            ["system", "instructions"].map(|name| request.get(name).map_or(0, |text| words(text).len()));
        // The input of a response may also be a text by itself.
        let text = request.get("input").filter(|input| input.is_string()).map(words);
        let last = text.clone().or(others.last().map(words_of)).unwrap_or_default();
        let most = request.get(limit).and_then(Value::as_u64).map_or(usize::MAX, |most| most as usize);
        Self {
            model: request.get("model").cloned().unwrap_or_else(|| "parrot".into()),
            cached: system.iter().map(|message| words_of(message).len()).sum::<usize>()
                + of_system.iter().sum::<usize>(),
            fresh: others.iter().map(|message| words_of(message).len()).sum::<usize>()
                + text.map_or(0, |text| text.len()),
            is_cut: last.len() > most,
            words: last.into_iter().rev().take(most).collect(),
            is_streamed: request.get("stream").is_some_and(|stream| *stream == true),
        }
    }

    fn text(&self) -> String {
        self.words.concat()
    }
}

/// The words of a text, or of the texts in a list of parts, each with a space behind it.
fn words(content: &Value) -> Vec<String> {
    match content {
        Value::String(text) => text.split_whitespace().map(|word| format!("{word} ")).collect(),
        Value::Array(parts) => {
            parts.iter().flat_map(|part| words(part.get("text").unwrap_or(part))).collect()
        }
        _ => Vec::new(),
    }
}

/// A stream of events, a word's after each pause. With their `type` as their name where they have one.
fn stream(events: impl IntoIterator<Item = Value, IntoIter: Send + 'static>) -> Response {
    let events = tokio_stream::iter(events).then(|event| async move {
        if event.pointer("/delta").is_some() || event.pointer("/choices/0/delta/content").is_some() {
            tokio::time::sleep(PACE).await;
        }
        let data = match &event {
            Value::String(text) => text.clone(),
            event => event.to_string(),
        };
        let name = event.get("type").and_then(Value::as_str);
        let told = Event::default().data(data);
        Ok::<_, Infallible>(if let Some(name) = name { told.event(name) } else { told })
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

async fn chat(Json(request): Json<Value>) -> Response {
    let asked = Asked::new(&request, "max_tokens");
    let (input, output) = (asked.cached + asked.fresh, asked.words.len());
    let usage = json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
        "prompt_tokens_details": {"cached_tokens": asked.cached},
        "completion_tokens_details": {"reasoning_tokens": 0}});
    let reason = if asked.is_cut { "length" } else { "stop" };
    if !asked.is_streamed {
        tokio::time::sleep(PACE * output as u32).await;
        let choice = json!({"index": 0, "message": {"role": "assistant", "content": asked.text(), "refusal": null},
            "logprobs": null, "finish_reason": reason});
        return Json(json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1732183200,
            "model": asked.model, "choices": [choice], "usage": usage}))
        .into_response();
    }
    let model = asked.model;
    let chunk = move |choices: Value, usage: Value| {
        json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1732183200, "model": model,
            "choices": choices, "usage": usage})
    };
    let of = |delta: Value, reason: Value| json!([{"index": 0, "delta": delta, "finish_reason": reason}]);
    let mut events = vec![chunk(of(json!({"role": "assistant"}), Value::Null), Value::Null)];
    events
        .extend(asked.words.iter().map(|word| chunk(of(json!({"content": word}), Value::Null), Value::Null)));
    events.push(chunk(of(json!({}), reason.into()), Value::Null));
    if request.pointer("/stream_options/include_usage").is_some_and(|wanted| *wanted == true) {
        events.push(chunk(json!([]), usage));
    }
    events.push("[DONE]".into());
    stream(events)
}

async fn responses(Json(request): Json<Value>) -> Response {
    let asked = Asked::new(&request, "max_output_tokens");
    let (input, output) = (asked.cached + asked.fresh, asked.words.len());
    let reason = if asked.is_cut { json!({"reason": "max_output_tokens"}) } else { Value::Null };
    let response = |status: &str, items: Value, usage: Value| {
        json!({"id": "resp_1", "object": "response", "created_at": 1732183200, "status": status, "error": null,
            "incomplete_details": reason, "instructions": null, "model": asked.model, "output": items,
            "parallel_tool_calls": true, "tool_choice": "auto", "tools": [], "metadata": {}, "usage": usage})
    };
    let part = |text: &str| json!({"type": "output_text", "text": text, "annotations": []});
    let item = |status: &str, parts: Value| json!({"type": "message", "id": "msg_1", "status": status, "role": "assistant", "content": parts});
    let status = if asked.is_cut { "incomplete" } else { "completed" };
    let whole = response(
        status,
        json!([item(status, json!([part(&asked.text())]))]),
        json!({"input_tokens": input, "input_tokens_details": {"cached_tokens": asked.cached},
            "output_tokens": output, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": input + output}),
    );
    if !asked.is_streamed {
        tokio::time::sleep(PACE * output as u32).await;
        return Json(whole).into_response();
    }
    let place = json!({"item_id": "msg_1", "output_index": 0, "content_index": 0});
    let at = |event: Value| merged(&place, event);
    let mut events = vec![
        json!({"type": "response.created", "response": response("in_progress", json!([]), Value::Null)}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": item("in_progress", json!([]))}),
        at(json!({"type": "response.content_part.added", "part": part("")})),
    ];
    events.extend(
        asked
            .words
            .iter()
            .map(|word| at(json!({"type": "response.output_text.delta", "delta": word, "logprobs": []}))),
    );
    events.extend([
        at(json!({"type": "response.output_text.done", "text": asked.text(), "logprobs": []})),
        at(json!({"type": "response.content_part.done", "part": part(&asked.text())})),
        json!({"type": "response.output_item.done", "output_index": 0, "item": whole.pointer("/output/0")}),
        json!({"type": format!("response.{status}"), "response": whole}),
    ]);
    stream(events.into_iter().enumerate().map(|(n, event)| merged(&event, json!({"sequence_number": n}))))
}

async fn embeddings(Json(request): Json<Value>) -> Response {
    let input = request.get("input").unwrap_or(&Value::Null);
    let texts = input.as_array().cloned().unwrap_or_else(|| vec![input.clone()]);
    let lengths: Vec<_> = texts.iter().map(|text| words(text).len()).collect();
    let tokens = lengths.iter().sum::<usize>();
    let data: Vec<_> = lengths
        .iter()
        .enumerate()
        .map(|(n, length)| json!({"object": "embedding", "index": n, "embedding": [*length as f64, 0.5, -0.25]}))
        .collect();
    Json(json!({"object": "list", "data": data, "model": request.get("model"),
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}))
    .into_response()
}

async fn messages(Json(request): Json<Value>) -> Response {
    let asked = Asked::new(&request, "max_tokens");
    let usage = |output: usize| {
        json!({"input_tokens": asked.fresh, "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": asked.cached, "output_tokens": output})
    };
    let reason = if asked.is_cut { "max_tokens" } else { "end_turn" };
    let message = |content: Value, reason: Value, output: usize| {
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": asked.model, "content": content,
            "stop_reason": reason, "stop_sequence": null, "usage": usage(output)})
    };
    let output = asked.words.len();
    if !asked.is_streamed {
        tokio::time::sleep(PACE * output as u32).await;
        let content = json!([{"type": "text", "text": asked.text()}]);
        return Json(message(content, reason.into(), output)).into_response();
    }
    let block = json!({"type": "text", "text": ""});
    let mut events = vec![
        json!({"type": "message_start", "message": message(json!([]), Value::Null, 1)}),
        json!({"type": "content_block_start", "index": 0, "content_block": block}),
        json!({"type": "ping"}),
    ];
    events.extend(asked.words.iter().map(|word| {
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}})
    }));
    events.extend([
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null},
            "usage": {"output_tokens": output}}),
        json!({"type": "message_stop"}),
    ]);
    stream(events)
}

/// The members of both.
fn merged(one: &Value, other: Value) -> Value {
    let mut all = one.as_object().cloned().unwrap_or_default();
    all.extend(other.as_object().cloned().unwrap_or_default());
    all.into()
}
