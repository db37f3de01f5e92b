//! What redaction costs.
//!
//! `cargo bench --bench redact_count`: time per byte of hostile and of usual documents, and 2n against n.
//! `cargo bench --bench redact_count -- count`: instructions per call and per byte, and 2n against n, counted by
//! valgrind. Documents
//! are built and read once before; what is told is the difference between 200 and 100 further readings.
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use tower_flightlog::Redactor;

const REQUEST: &str = r#"{"model":"gpt-4o","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"What is the capital of France, and how far is it from Berlin? Answer in one short sentence, please."}],"max_tokens":100,"temperature":0.7,"user_id":42,"stream":false,"tags":["alpha","beta"],"trace":"req-7731"}"#;

const RESPONSE: &str = r#"{"id":"ord_9s6XKzkNRiz8i3","object":"order","created_at":"2024-01-15T10:30:00Z","updated_at":"2024-01-15T10:31:12.345Z","status":"paid","customer":{"id":42,"name":"Ada Lovelace","email":"ada@example.org","active":true},"items":[{"sku":"A-100","title":"Mechanical keyboard","price":129.9,"quantity":1},{"sku":"B-220","title":"Desk lamp","price":39.5,"quantity":2}],"total":208.9,"currency":"EUR","url":"https://example.org/orders/42","request_id":"550e8400-e29b-41d4-a716-446655440000","notes":null}"#;

const TYPICAL: &str = r#"{"id":"chatcmpl-9aBcD3fGhIjK","object":"chat.completion","created":1732183200,"model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog, and then the dog thinks about it for a while.","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":24,"completion_tokens":31,"total_tokens":55},"user":{"id":42,"name":"Ada Lovelace","email":"ada@example.org","created_at":"2024-01-15T10:30:00Z","active":true},"tags":["alpha","beta"],"session_token":"abcdef0123456789","url":"https://example.org/items/42"},"#;

fn input(kind: &str, size: usize) -> String {
    let unit = match kind {
        "request" => return REQUEST.to_owned(),
        "response" => return RESPONSE.to_owned(),
        "spaced" => return RESPONSE.replace("\":", "\": ").replace(",\"", ", \""),
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
        other => hostile(other),
    };
    if kind == "keys" {
        let keys: Vec<String> = (0..size / 12).map(|n| format!("\"key{n:05}\":1")).collect();
        return format!("{{{}}}", keys.join(","));
    }
    let body = unit.repeat(size.div_ceil(unit.len()));
    if body.ends_with(',') { format!("[{}]", body.trim_end_matches(',')) } else { body }
}

/// What is repeated in a bad input.
fn hostile(kind: &str) -> &'static str {
    ROWS.iter().find(|(name, ..)| *name == kind).map_or("a", |(_, _, unit)| unit)
}

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let Some(kind) = args.next() else { return times() };
    if kind == "count" {
        return counts();
    }
    let number = |arg: Option<String>| arg.and_then(|arg| arg.parse().ok()).unwrap_or(1_usize);
    let (size, readings) = (number(args.next()), number(args.next()));
    let document = input(&kind, size);
    let redactor = Redactor::default();
    let how = ROWS.iter().find(|(name, ..)| *name == kind).map_or(How::Json, |(_, how, _)| *how);
    // Thread-local decisions and tables are warm in a server.
    read(&redactor, how, &document);
    for _ in 0..readings {
        read(&redactor, how, black_box(&document));
    }
}

/// What the bytes are read as.
#[derive(Clone, Copy)]
enum How {
    Json,
    Text,
    Url,
    Header(&'static str),
}

fn read(redactor: &Redactor, how: How, document: &str) {
    black_box(match how {
        How::Json => redactor.json(document.as_bytes()),
        How::Text => redactor.text(document),
        How::Url => redactor.url(document),
        How::Header(name) => redactor.header(name, document.as_bytes()),
    });
}

/// Inputs that are bad on purpose, by what is bad about them: each is as long as asked for.
const ROWS: [(&str, How, &str); 41] = [
    ("deep-secrets", How::Json, "{\"a\":[{\"password\":"),
    ("same-keys", How::Json, "{\"password\":\"x\",\"password\":\"y\"},"),
    ("long-numbers", How::Json, "1e400,123456789012345678901234567890,"),
    ("surrogates", How::Json, r#""\ud800","\udc00\ud800","#),
    ("lines", How::Json, "{\"password\":\"x\"}\n"),
    ("sequences", How::Json, "\u{1e}{\"a\":1}\n"),
    ("events", How::Json, "data: {\"password\":\"x\"}\n\n"),
    ("in-strings", How::Json, r#"{"data":"{\"password\":\"x\"}"},"#),
    ("pairs", How::Json, r#"{"name":"password","value":"x"},"#),
    ("values-first", How::Json, r#"{"value":"x","name":"password"},"#),
    ("escaped-keys", How::Json, r#"{"pass\u0077ord":"x"},"#),
    ("invisible", How::Json, "{\"pass\u{200b}word\":\"x\"},"),
    ("long-key", How::Json, "\"a"),
    ("quotes", How::Json, "{'password': 'x'},"),
    ("comments", How::Json, "/* password: */ {"),
    ("tokens", How::Json, "\"eyJhbGciOiJIUzI1NiJ9.e30.x sk-abcdefghijklmnop AKIAABCDEFGHIJKLMNOP\","),
    ("cards", How::Json, "\"4111 1111 1111 1111 4111 1111 1111 1112 \","),
    ("dashes", How::Json, "\"---------------- 1-2-3-4-5-6-7-8-9-0-1-2-3\","),
    ("colons", How::Json, "\"a: b: c: d: \","),
    ("blanks", How::Json, " \n\t"),
    ("controls", How::Json, "\"\u{7f}\u{2028}\u{202e}\","),
    ("html", How::Json, "<p>hello</p>"),
    ("multipart", How::Json, "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nx\r\n"),
    ("form", How::Json, "password=x&a[password]=y&%70assword=z&p+q&"),
    ("xml", How::Json, "<password>x</password>"),
    ("open-xml", How::Json, "<password><a>"),
    ("graphql", How::Json, "mutation { login(password:\"x\") } "),
    ("parameters", How::Url, "/?token=s&TOKEN=s&%74oken=s&tok%2565n=s&"),
    ("semicolons", How::Url, "/?a=b;token=c;"),
    ("in-urls", How::Url, "/?redirect=https%3A%2F%2Fx%2F%3Ftoken%3Ds"),
    ("segments", How::Url, "/reset/abcdefghijklmnop1"),
    ("slashes", How::Url, "//./"),
    ("empty", How::Url, "?&=#;"),
    ("percent", How::Url, "%25"),
    ("userinfo", How::Url, "http://user:pw@h/"),
    ("cookies", How::Header("cookie"), "a=b; session=x; "),
    ("set-cookies", How::Header("set-cookie"), "sid=x; Path=/; HttpOnly; "),
    ("links", How::Header("link"), "</x?token=y>; rel=next, "),
    ("bare-names", How::Text, "password "),
    ("flags", How::Text, "--password "),
    ("forged", How::Text, "\"}\n{\"type\":\"error\",\"password\":\"x"),
];

fn counts() {
    let program = std::env::current_exe().expect("the path of this program");
    let instructions = |kind: &str, size: usize, readings: usize| {
        let counted = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(&program)
            .args([kind, &size.to_string(), &readings.to_string()])
            .output()
            .expect("valgrind is installed");
        let told = String::from_utf8_lossy(&counted.stderr).into_owned();
        let (_, count) = told.split_once("Collected : ").expect("a count");
        count.split_whitespace().next().and_then(|count| count.parse::<f64>().ok()).expect("a number")
    };
    for (kind, size) in [
        ("request", 1),
        ("response", 1),
        ("spaced", 1),
        ("typical", 20_000),
        ("prose", 20_000),
        ("escapes", 20_000),
    ] {
        let each = (instructions(kind, size, 200) - instructions(kind, size, 100)) / 100.0;
        let bytes = input(kind, size).len();
        println!("{kind:9} {bytes:6} bytes {each:8.0} per call {:6.2} per byte", each / bytes as f64);
    }
    for kind in KINDS.into_iter().chain(ROWS.iter().map(|(row, ..)| *row)) {
        let each = |size| (instructions(kind, size, 6) - instructions(kind, size, 3)) / 3.0;
        // Longer values of headers are cut at 8 KiB.
        let header = ROWS.iter().any(|(row, how, _)| *row == kind && matches!(how, How::Header(_)));
        let size = if header { 4_000 } else { 20_000 };
        let (one, two) = (each(size), each(2 * size));
        println!("{kind:12} {:6.1} instructions per byte, 2n/n {:.2}", two / (2 * size) as f64, two / one);
    }
}

/// Usual documents, and those made to be slow to read.
const KINDS: [&str; 18] = [
    "typical", "prose", "escapes", "open", "objects", "values", "keys", "nested", "equals", "ats", "urls",
    "names", "jwts", "bearers", "digits", "pems", "tags", "brackets",
];

fn times() {
    let redactor = Redactor::default();
    let _ = redactor.json(input("typical", 1000).as_bytes());
    for kind in KINDS {
        let nanos = |size: usize| {
            let document = input(kind, size);
            let best = (0..5).map(|_| {
                let start = Instant::now();
                black_box(redactor.json(black_box(document.as_bytes())));
                start.elapsed().as_nanos()
            });
            best.min().unwrap_or_default() as f64
        };
        let (one, two) = (nanos(50_000), nanos(100_000));
        println!("{kind:9} {:6.2} ns/byte, 2n/n {:.2}", two / 100_000.0, two / one);
    }
}
