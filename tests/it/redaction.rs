//! No planted secret survives, wherever a document is cut; documents without secrets say the same afterwards.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tower_flightlog::Redactor;

const CANARY: &str = "c4n4ryS3cret";

const SECRET_NAMES: [&str; 8] =
    ["password", "accessToken", "api_key", "pin", "Set-Cookie", "db_password", "user.secret", "privateKey"];

fn plain_name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["id", "items", "max_tokens", "author", "création", "a b", "x\"y", "n", "label"])
        .prop_map(str::to_owned)
}

fn plain_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 ,.!é漢\\\\\"\n/-]{0,40}",
        Just("https://example.org/a?b=c".to_owned()),
        Just(String::new())
    ]
    .prop_filter("prose that sounds like a secret", |s| {
        !s.to_lowercase().contains("basic") && !s.to_lowercase().contains("bearer")
    })
}

fn plain_leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(|f: f64| json!(f)),
        plain_text().prop_map(Value::from),
    ]
}

fn plain_document() -> impl Strategy<Value = Value> {
    plain_leaf().prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((plain_name(), inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A value in which every string leaf is the secret.
fn secret_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(CANARY)),
        Just(json!([CANARY, {"a": CANARY}])),
        Just(json!({"a": [CANARY], "b": null, "note": format!("x \"{CANARY}\"")})),
    ]
}

fn secret_entry() -> impl Strategy<Value = Value> {
    let name = || prop::sample::select(SECRET_NAMES.to_vec());
    prop_oneof![
        (name(), secret_value()).prop_map(|(name, value)| json!({ name: value })),
        (name(), secret_value()).prop_map(|(name, value)| json!({ "name": name, "value": value })),
        (name(), secret_value())
            .prop_map(|(name, value)| json!({ "value": value, "zname": 1, "name": name })),
        (name(), secret_value())
            .prop_map(|(name, value)| json!({ "data": json!({ name: value }).to_string() })),
        (name(), secret_value()).prop_map(|(name, value)| json!([json!([{ name: value }]).to_string()])),
        name().prop_map(|name| json!(format!("failed: {name}={CANARY} again"))),
        Just(json!(format!("postgres://user:{CANARY}@host/db"))),
        Just(json!(format!("Authorization: Bearer {CANARY}{CANARY}"))),
        Just(json!(format!("eyJhbGciOiJIUzI1NiJ9.eyJz{CANARY}.{CANARY}"))),
        Just(json!(format!("sk-{CANARY}{CANARY}"))),
        Just(json!(format!("/cb?token={CANARY}&x=1"))),
    ]
}

fn document_with_secret() -> impl Strategy<Value = Value> {
    (plain_document(), secret_entry(), plain_document())
        .prop_map(|(before, secret, after)| json!([before, {"n": secret}, after]))
}

/// Says whether more of the secret shows than chance would show.
fn leaks(text: &str) -> bool {
    text.contains(&CANARY[..5]) || text.contains(&CANARY[5..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_secret_survives_in_whole_documents(document in document_with_secret(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&document).unwrap() } else { document.to_string() };
        let redactor = Redactor::default();
        let out = redactor.json(text.as_bytes());
        prop_assert!(!leaks(out.as_str()), "{}\n{}", text, out);
        prop_assert!(serde_json::from_str::<Value>(out.as_str()).is_ok(), "{}", out);
        let out = redactor.text(&text);
        prop_assert!(!leaks(out.as_str()), "{}\n{}", text, out);
        let broken = format!("{{x: 1}} {text} ,");
        let out = redactor.json(broken.as_bytes());
        prop_assert!(!leaks(out.as_str()), "{}\n{}", broken, out);
    }

    #[test]
    fn documents_without_secrets_say_the_same_afterwards(document in plain_document(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&document).unwrap() } else { document.to_string() };
        let out = Redactor::default().json(text.as_bytes());
        prop_assert_eq!(serde_json::from_str::<Value>(out.as_str()).unwrap(), document);
        prop_assert!(!out.as_str().contains('\n'));
    }

    #[test]
    fn queries_and_headers_lose_the_secret(name in prop::sample::select(SECRET_NAMES.to_vec()), other in "[a-z]{1,8}=[a-z0-9%+]{0,8}") {
        let redactor = Redactor::default();
        for url in [
            format!("/a?{other}&{name}={CANARY}"), format!("https://h/a?{name}={CANARY};{other}#x"),
            format!("https://{CANARY}:{CANARY}@h/?{other}"), format!("/a#{name}={CANARY}"),
        ] {
            prop_assert!(!leaks(redactor.url(&url).as_str()), "{}", url);
            prop_assert!(!leaks(redactor.header("referer", url.as_bytes()).as_str()), "{}", url);
            prop_assert!(!leaks(redactor.text(&format!("GET {url} failed")).as_str()), "{}", url);
        }
        for header in ["authorization", "cookie", "set-cookie", "x-api-key", name] {
            let value = format!("sid={CANARY}; {other}");
            let out = redactor.header(header, value.as_bytes());
            prop_assert!(!leaks(out.as_str()), "{}: {}", header, value);
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,200}") {
        let redactor = Redactor::default();
        let _ = (redactor.json(&bytes), redactor.header("x", &bytes), redactor.text(&text), redactor.url(&text));
        let once = redactor.json(text.as_bytes());
        let _ = redactor.json(once.as_str().as_bytes());
    }
}
