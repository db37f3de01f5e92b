use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::{Value, json};

use crate::{
    exchange::must_escape,
    export::{
        Dump,
        dump::tests::{exchanges, text},
        fixtures::failed,
    },
    formats::DUMP_EXAMPLE,
};

/// What a reader sees: the text outside of code, and what stands in code.
struct Shown {
    plain: String,
    code: Vec<String>,
}

/// Reads the text as GitHub would. Nothing of it may be HTML, a link or an image.
#[track_caller]
fn shown(markdown: &str) -> Shown {
    let mut shown = Shown { plain: String::new(), code: Vec::new() };
    let mut in_block = false;
    for event in Parser::new_ext(
        markdown,
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM,
    ) {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => panic!("{event:?} in {markdown}"),
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Table(_) | Tag::HtmlBlock) => {
                panic!("{event:?} in {markdown}")
            }
            Event::Start(Tag::CodeBlock(_)) => {
                in_block = true;
                shown.code.push(String::new());
            }
            Event::End(TagEnd::CodeBlock) => in_block = false,
            Event::Text(text) if in_block => shown.code.last_mut().unwrap().push_str(&text),
            Event::Code(text) => shown.code.push(text.into_string()),
            Event::Text(text) => shown.plain.push_str(&text),
            _ => {}
        }
    }
    shown
}

fn markdown(changes: &[(&str, Value)]) -> String {
    text(&failed(changes)).parse::<Dump>().unwrap().markdown()
}

#[test]
fn the_story_of_a_failure() {
    let dump: Dump = DUMP_EXAMPLE.parse().unwrap();
    let text = dump.markdown();
    let (before, curl) = text.split_once("### Again\n\n").unwrap();
    assert_eq!(curl, format!("```sh\n{}\n```\n", dump.curl()));
    assert_eq!(
        before,
        r#"## `POST /api/v1/orders` answered 500

**`stock service refused`** (`shop::OrderError`) at `src/orders.rs:42`

Caused by:

1. `connection refused`
2. `os error 111`

- request `0198c0de-0000-7000-8000-000000000001` at 2026-11-20T10:29:59.873456Z
- complete after 250 ms
- client's id `order-42`
- trace `0af7651916cd43dd8448eb211c80319c`
- service `shop 1.2.3`
- 4 more like this one since the last dump of them (`26a1dd7d4722a93b`)

### What led there

```text
    0.214 ms DEBUG shop::orders: order read items=1 express=false (place_order, src/orders.rs:21)
    1.900 ms INFO  shop::stock: asking the stock service item="café" attempt=3 (place_order:reserve, src/stock.rs:34)
```

2 earlier events were not kept.

### Where the time went

```text
    1.100 ms     0.600 ms |=                               | SELECT price FROM articles WHERE …
    2.000 ms   246.250 ms |=============================== | POST http://stock.test/reserve 503
```

### Request

```http
POST http://127.0.0.1:3000/api/v1/orders?token=[REDACTED] HTTP/1.1
accept: text/html
accept: */*
authorization: Bearer [REDACTED]
content-length: 73
content-type: application/json
host: 127.0.0.1:3000
```

```json
{
  "card": {"number": "[REDACTED]"},
  "item": "café",
  "price": 1.5
}
```

### Response

```http
HTTP/1.1 500 Internal Server Error
content-type: text/plain
set-cookie: sid=[REDACTED]; Path=/
set-cookie: theme=dark
```

```text
no stock
\u001b[31m
```

Of the body's 4096 bytes 2048 were kept.

Trailers:

```text
x-checksum: 8
```

### Backtrace

```text
0: shop::order
1: tokio::run
```

"#
    );
    shown(&text);
}

#[test]
fn what_was_done_on_the_way_is_told() {
    let mut dump: Value = serde_json::from_str(DUMP_EXAMPLE).unwrap();
    dump["timing"]["stream"] = json!({
        "events": 52, "bytes": 9800, "first_byte_ms": 290, "first_event_ms": 290.5, "largest_gap_ms": 41.002,
        "duration_ms": 822.543, "ended_by": "client", "cut": true,
    });
    dump["timing"]["steps"] = json!([
        {"name": "generate", "kind": "timer", "start_ms": 0, "length_ms": 250, "unfinished": true},
        {"name": "model_loaded", "kind": "checkpoint", "start_ms": 0, "length_ms": 125, "timer": "generate"},
        {"name": "GET http://a.test/", "kind": "outbound", "start_ms": 125, "length_ms": 1, "error": "refused"},
    ]);
    dump["attributes"] = json!({"user_id": 42});
    dump["cache"] = json!({"prompt": {"hits": 2, "misses": 1}});
    dump["llm"] = json!({
        "provider": "openai", "operation": "chat", "request_model": "gpt-5", "model": "gpt-5-2025-08-07",
        "input_tokens": 2100, "output_tokens": 50, "cached_tokens": 2048, "reasoning_tokens": 12,
        "finish_reasons": ["stop"], "time_to_first_token_ms": 312.5, "tokens_per_second": 61.25,
    });
    dump["events"] = json!([{
        "at_ms": 1, "level": "INFO", "target": "shop", "event_type": "order_placed", "message": "done",
        "fields": {"sizes": [1, {"a": "b"}]},
    }]);
    let text = dump.to_string().parse::<Dump>().unwrap().markdown();
    for part in [
        "- `user_id`: `42`\n- cache `prompt`: 2 hits, 1 misses\n- streamed 52 events, 9800 bytes; first after 290.5 ms, \
         largest gap 41.002 ms; ended by the client within an event\n- `openai` `chat` with `gpt-5-2025-08-07`: \
         2100 tokens in, 2048 of them cached, 50 tokens out, 12 of them reasoning; first after 312.5 ms; \
         61.25 a second; `stop`\n",
        "| generate (unfinished)\n",
        "| generate: model_loaded\n",
        "| GET http://a.test/: refused\n",
        "INFO  shop order_placed: done sizes=[1,{\"a\":\"b\"}]\n",
    ] {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
    shown(&text);
}

const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script>",
    "--> <!-- x",
    "![x](http://evil.test/x.png) [y](javascript:alert(1)) https://evil.test @everyone #1",
    "```\n<b>bold</b>\n```",
    "`````` <i>x</i> ``````",
    "`<i>x</i>`",
    "| a | b |\n|---|---|\n| <u>c</u> | d |",
    "\n\n# heading\n\n<details>\n\n- item",
    "\u{202e}\u{2028}\u{1b}[31m\r\0",
    " ` ",
    "~~~\n<p>\n~~~",
    "[REDACTED]: http://evil.test\n&lt;b&gt; \\` \\",
];

#[test]
fn whatever_a_client_sends_is_no_markup() {
    for hostile in HOSTILE {
        let marked = format!("canary{hostile}canary");
        let text = markdown(&[
            (
                "/error",
                json!({"type": marked, "message": marked, "location": marked, "chain": [marked], "backtrace": marked}),
            ),
            ("/began/client_request_id", json!(marked)),
            ("/began/request/url", json!(marked)),
            ("/began/request/endpoint", json!(marked)),
            ("/began/request/headers", json!({"x": marked, "content-type": "text/plain"})),
            (
                "/began/request/body",
                json!({"text": marked, "captured_bytes": marked.len(), "total_bytes": marked.len()}),
            ),
            ("/response/body", json!({"json": {"a": marked}, "captured_bytes": 9, "total_bytes": 9})),
        ]);
        assert!(!text.contains(|c: char| c != '\n' && (c.is_control() || must_escape(c))), "{text}");
        let shown = shown(&text);
        assert!(!shown.plain.contains("canary"), "{}\n{text}", shown.plain);
        let seen = shown.code.join("\n").matches("canary").count();
        assert!(seen >= 20, "{seen} in {text}");
    }
}

#[test]
fn events_are_no_markup_either() {
    for hostile in HOSTILE {
        let mut dump: Value = serde_json::from_str(DUMP_EXAMPLE).unwrap();
        let marked = format!("canary{hostile}");
        dump["reason"] = json!(marked);
        dump["trigger"] = json!(marked);
        dump["service"]["name"] = json!(marked);
        dump["events"] = json!([{"at_ms": 1, "level": "WARN", "target": marked, "message": marked, "spans": [marked], "event_type": marked, "fields": {"canary": marked, "n": null}}]);
        dump["llm"] =
            json!({"provider": marked, "operation": marked, "model": marked, "finish_reasons": [marked]});
        let text = dump.to_string().parse::<Dump>().unwrap().markdown();
        assert!(!shown(&text).plain.contains("canary"), "{text}");
        assert_eq!(text.lines().filter(|line| line.contains(" ms WARN ")).count(), 1, "{text}");
    }
}

#[test]
fn long_ones_are_cut_and_say_so() {
    let long = "a long line ".repeat(10_000);
    let mut dump: Value = serde_json::from_str(DUMP_EXAMPLE).unwrap();
    dump["error"] = json!({"message": long, "chain": vec![long.as_str(); 40], "backtrace": long});
    dump["request"]["headers"]["x"] = json!(long);
    dump["request"]["body"] = json!({"text": long, "captured_bytes": long.len(), "total_bytes": long.len()});
    dump["response"]["body"] = json!({"json": {"long": long}, "captured_bytes": 9, "total_bytes": 9});
    dump["events"] = (0..1000)
        .map(|n| json!({"at_ms": n, "level": "INFO", "target": "t", "message": format!("event {n}")}))
        .collect();
    let text = dump.to_string().parse::<Dump>().unwrap().markdown();
    shown(&text);
    assert!(text.len() < 65_536, "{}", text.len());
    assert!(text.contains("The first 8192 of 120000 bytes.\n"), "{text}");
    assert!(
        text.contains("INFO  t: event 999\n")
            && !text.contains("event 1\n")
            && text.contains(" earlier events are in the dump.\n")
    );
    assert!(text.contains("24 more are in the dump."));
    assert!(text.contains("The command that sends it again has "));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_dump_is_plain_text_and_code(exchange in exchanges()) {
        shown(&text(&exchange).parse::<Dump>().unwrap().markdown());
    }
}
