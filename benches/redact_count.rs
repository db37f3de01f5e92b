//! One document through redaction, for counting instructions:
//! `valgrind --tool=callgrind target/release/.. typical 4096`. Without arguments: time per byte of n and 2n.
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::time::Instant;

use tower_flightlog::Redactor;

const TYPICAL: &str = r#"{"id":"chatcmpl-9aBcD3fGhIjK","object":"chat.completion","created":1732183200,"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog, and then the dog thinks about it for a while.","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":24,"completion_tokens":31,"total_tokens":55},"user":{"id":42,"name":"Ada Lovelace","email":"ada@example.org","created_at":"2024-01-15T10:30:00Z","active":true},"tags":["alpha","beta"],"session_token":"abcdef0123456789","url":"https://example.org/items/42"},"#;

fn input(kind: &str, size: usize) -> String {
    let unit = match kind {
        "typical" => TYPICAL,
        "prose" => "\"It was the best of times, it was the worst of times, it was the age of wisdom.\",",
        "escapes" => r#""line one\nline \"two\"\tand so on, with\nmore lines","#,
        "open" => "[",
        "objects" => "{\"a\":",
        "values" => "{\"value\":",
        "keys" => "",
        "nested" => r#""{\"a\":\"{\\\"a\\\":\\\"{\\\\\\\"a\\\\\\\":1}\\\"}\"}","#,
        "equals" => "=",
        "ats" => "@",
        "urls" => "a://",
        "names" => "name: ",
        "jwts" => "eyJ",
        "bearers" => "basic+",
        "digits" => "4",
        "pems" => "-----BEGIN ",
        "tags" => "<a '",
        "brackets" => "x=(",
        other => other,
    };
    if kind == "keys" {
        let keys: Vec<String> = (0..size / 12).map(|n| format!("\"key{n:05}\":1")).collect();
        return format!("{{{}}}", keys.join(","));
    }
    let body = unit.repeat(size.div_ceil(unit.len()));
    if body.ends_with(',') { format!("[{}]", body.trim_end_matches(',')) } else { body }
}

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let redactor = Redactor::default();
    // Thread-local decisions and tables are warm in a server.
    let _ = redactor.json(input("typical", 1000).as_bytes());
    if let (Some(kind), Some(size)) = (args.next(), args.next()) {
        let document = input(&kind, size.parse().expect("a size in bytes"));
        let out = redactor.json(document.as_bytes());
        println!("{kind} {} -> {}", document.len(), out.as_str().len());
        return;
    }
    for kind in [
        "typical", "prose", "escapes", "open", "objects", "values", "keys", "nested", "equals", "ats",
        "urls", "names", "jwts", "bearers", "digits", "pems", "tags", "brackets",
    ] {
        let nanos = |size: usize| {
            let document = input(kind, size);
            let best = (0..5).map(|_| {
                let start = Instant::now();
                std::hint::black_box(redactor.json(std::hint::black_box(document.as_bytes())));
                start.elapsed().as_nanos()
            });
            best.min().unwrap_or_default() as f64
        };
        let (one, two) = (nanos(50_000), nanos(100_000));
        println!("{kind:9} {:6.2} ns/byte, 2n/n {:.2}", two / 100_000.0, two / one);
    }
}
