//! What is read at a glance shows no more than what is read closely.

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

/// Bits of text on which detectors hang, and what stands around them.
const BITS: &[&str] = &[
    "a",
    "x",
    "k",
    "b",
    "B",
    "I",
    "J",
    "z",
    "s",
    "-",
    "--",
    "-----",
    "_",
    ":",
    "://",
    "=",
    "(",
    ")",
    "<",
    ">",
    "'",
    "`",
    "%",
    "%3D",
    "/",
    "@",
    ".",
    ",",
    ";",
    " ",
    "  ",
    "\t",
    "\n",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    "?",
    "&",
    "é",
    "日本",
    "\u{7f}",
    "0",
    "12",
    "10:30",
    "T10:30:00Z",
    "2024-01-15",
    "4111 1111 1111 1111",
    "4111-1111",
    "4111111111111111",
    "password",
    "--password ",
    "--token=",
    "token",
    "name",
    "value",
    "api key",
    "Password",
    "Some(",
    "hunter2",
    "Bearer ",
    "bearer",
    "basic ",
    "dXNlcjpwYXNzd29yZA==",
    "abcdef0123456789",
    "eyJ",
    "eyJhbGciOiJIUzI1NiJ9.e30",
    "sk-",
    "sk-abcdefghijklmnop",
    "xoxb-",
    "xapp-1234567890",
    "ghp_",
    "ghp_abcdefghijklmnopqrst",
    "sk_live_",
    "AKIA",
    "AKIAABCDEFGHIJKLMNOP",
    "ASIA",
    "AIza",
    "AIzaSyA1234567890abcdefghijklmnopqrs",
    "BEGIN ",
    "PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----",
    "bot123456789:AAabcdefghijklmnopqrstuvwxyz012345678",
    "123456:",
    "https://",
    "user:pw@",
    "example.org",
    "/reset/",
    "abcdefghijklmnop1",
    "<password>",
    "</password>",
    "<p>",
    "the quick brown fox",
    "I am here",
    "best",
    "beat",
    "base",
    "ord_9s6XKzkNRiz8i3",
    "550e8400-e29b-41d4-a716-446655440000",
];

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn slow(text: &str) -> Option<String> {
    let redactor = Redactor::default();
    let mut out = Vec::new();
    let hits = redactor.read(false, |with| with.scrub(text.as_bytes(), &mut out));
    hits.then(|| String::from_utf8(out).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, ..ProptestConfig::default() })]

    #[test]
    fn a_string_that_is_calm_holds_nothing_that_a_closer_look_finds(bits in vec(select(BITS), 0..8)) {
        let text = bits.concat().replace(['"', '\\', '\n', '\t', '\u{7f}'], "");
        let shown = Redactor::default().json(quoted(&text).as_bytes());
        let expected = quoted(slow(&text).as_deref().unwrap_or(&text));
        prop_assert_eq!(shown.as_str(), expected);
    }

    #[test]
    fn so_does_one_with_escapes(bits in vec(select(BITS), 0..8)) {
        let text = format!("a{}", bits.concat());
        let raw = quoted(&text);
        if Redactor::default().json(raw.as_bytes()) == raw.as_str() {
            prop_assert_eq!(slow(&text), None);
        }
    }

    #[test]
    fn a_card_number_is_found_wherever_it_stands(before in "[-a-z0-9 .]{0,40}", after in "[-a-z .]{0,20}", card in
        select(&["4111 1111 1111 1111", "4111111111111111", "5500-0000-0000-0004", "340000000000009", "4222222222222"][..]))
    {
        let text = format!("{before}x {card} {after}");
        let whole = (0..text.len()).any(|at| {
            detect::secret_at(text.as_bytes(), at, &mut detect::Spent::default()).is_some()
        });
        prop_assert_eq!(detect::holds_card(text.as_bytes()), whole);
    }
}

#[test]
fn flags_of_command_lines_in_strings_lose_their_values() {
    for flag in ["mysql --password hunter2 -u root", "--token hunter2", "x --api-key 'hunter2'"] {
        let shown = Redactor::default().json(quoted(flag).as_bytes());
        assert!(!shown.as_str().contains("hunter2"), "{shown}");
    }
    let harmless = quoted("a -- b, --verbose yes, 2024--2025");
    assert_eq!(Redactor::default().json(harmless.as_bytes()), harmless.as_str());
}

#[test]
fn pairs_in_back_quotes_lose_their_values_in_strings() {
    let shown = Redactor::default().json(quoted("insert (`password`, `hunter2`)").as_bytes());
    assert!(!shown.as_str().contains("hunter2"), "{shown}");
}

#[test]
fn keys_in_another_order_are_known_all_the_same() {
    let redactor = Redactor::default();
    let keys =
        ["id", "name", "password", "a", "twelve_chars", "thirteen_char", "fourteen_chars", "token", "value"];
    let mut seen = 7_usize;
    for round in 0..500 {
        let order: Vec<&str> = (0..6)
            .map(|_| {
                seen = seen.wrapping_mul(31).wrapping_add(round);
                keys[seen % keys.len()]
            })
            .collect();
        let document = |secret: &str| {
            let fields: Vec<String> = order
                .iter()
                .map(|key| {
                    let value = if matches!(*key, "password" | "token") { secret } else { "1" };
                    format!("\"{key}\":{value}")
                })
                .collect();
            format!("{{{}}}", fields.join(","))
        };
        assert_eq!(redactor.json(document("2").as_bytes()), document("\"[REDACTED]\"").as_str());
    }
}
