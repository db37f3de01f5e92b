//! Inputs that bodies, headers and URLs were seen to bring, one test per behaviour.

mod calm;
mod guess;
mod hidden;
mod nearly;
mod nested;
mod plain;

use super::*;
use crate::exchange::{BodyText, Media, RawBody};

fn body_of(content_type: &str, bytes: &[u8], whole: bool, limit: usize) -> BodyText {
    body_with(&Redactor::default(), content_type, bytes, whole, limit)
}

fn body_with(redactor: &Redactor, content_type: &str, bytes: &[u8], whole: bool, limit: usize) -> BodyText {
    let content_type = content_type.as_bytes();
    let media = Media::of(content_type);
    redactor.body(&RawBody { media, content_type, bytes: bytes.into(), whole, limit }).into()
}

fn shown(body: BodyText) -> String {
    match body {
        BodyText::Json(text) | BodyText::Text { text, .. } => text.as_str().to_owned(),
        BodyText::Binary => "binary".to_owned(),
        BodyText::NotKept => "not kept".to_owned(),
    }
}

fn text_of(content_type: &str, bytes: impl AsRef<[u8]>) -> String {
    shown(body_of(content_type, bytes.as_ref(), true, 1 << 20))
}

fn json(bytes: impl AsRef<[u8]>) -> String {
    text_of("application/json", bytes)
}

fn is_inlined(bytes: impl AsRef<[u8]>) -> bool {
    matches!(body_of("application/json", bytes.as_ref(), true, 1 << 24), BodyText::Json(_))
}

#[test]
fn names_that_must_match_do_and_names_that_must_not_do_not() {
    let redactor = Redactor::default();
    let names = |list: &'static str| list.lines().map(str::trim).filter(|l| !l.is_empty());
    let missed: Vec<_> = names(include_str!("../../tests/redaction/must_redact.txt"))
        .filter(|name| !redactor.is_secret_name(name))
        .collect();
    let taken: Vec<_> = names(include_str!("../../tests/redaction/must_keep.txt"))
        .filter(|name| redactor.is_secret_name(name))
        .collect();
    assert!(missed.is_empty() && taken.is_empty(), "missed {missed:?}, taken {taken:?}");
}

#[test]
fn secret_names_are_known_in_every_spelling() {
    let redactor = Redactor::default();
    for name in [
        "PassWord",
        "pass_word",
        "pass-word",
        "pass word",
        "user.password",
        "userPassword",
        "passwordConfirmation",
        "pwd",
        "passwd",
        "apiKey",
        "API-KEY",
        "accessToken",
        "refresh_token",
        "id_token",
        "clientSecret",
        "privateKey",
        "otp",
        "mfaCode",
        "cvv",
        "cardNumber",
        "ssn",
        "authorization",
        "ｐassword",
        "pass\u{200D}word",
        "pass\u{200B}word",
        "pass\u{AD}word",
        "pass\\u0077ord",
        "p\\u0061ssword",
        "user[password]",
        "password1",
        "dbpassword",
        "csrfmiddlewaretoken",
        "OPENAIApiKey",
        "SSECustomerKey",
        "ASP.NET_SessionId",
        "db_pass",
        "access_tokens",
        "secretString",
        "backup_codes",
        "пароль",
        "user_пароль",
        "seed_phrase",
        "x.api.keys",
        "oauth2Token",
    ] {
        assert!(redactor.is_secret_name(name), "{name}");
    }
    for name in [
        "author",
        "authority",
        "tokenizer",
        "tokens_used",
        "passenger",
        "compass",
        "keyboard",
        "secretary",
        "max_tokens",
        "prompt_tokens",
        "next_page_token",
        "nextToken",
        "eos_token",
        "public_key",
        "ssh_public_key",
        "api_key_id",
        "token_endpoint",
        "token_type",
        "password_length",
        "has_password",
        "secret_name",
        "private_key_path",
        "email_signature",
        "status_code",
        "country_code",
        "passwordless",
        "userIDs",
        "",
        "_",
        "1",
        "signing_algorithm",
    ] {
        assert!(!redactor.is_secret_name(name), "{name}");
    }
}

#[test]
fn own_names_are_matched_by_words_and_win_over_kept_ones() {
    let redactor =
        Redactor::new(RedactOptions::default().redact(["email", "x-tenant"]).keep(["session_id", "pin"]));
    for (name, secret) in [
        ("customerEmail", true),
        ("emails", false),
        ("X_TENANT", true),
        ("xtenant", true),
        ("sessionId", false),
        ("user_session_id", true),
        ("pin", false),
        ("password", true),
    ] {
        assert_eq!(redactor.is_secret_name(name), secret, "{name}");
    }
    assert_eq!(
        redactor.json(br#"{"sessionId":"a","email":"b"}"#),
        r#"{"sessionId":"a","email":"[REDACTED]"}"#
    );
    assert_eq!(
        Redactor::default().json(br#"{"sessionId":"a","email":"b"}"#),
        r#"{"sessionId":"[REDACTED]","email":"b"}"#
    );
}

#[test]
fn debug_output_of_a_redactor_says_nothing_of_its_names() {
    let redactor = Redactor::new(RedactOptions::default().redact(["canary"]));
    assert!(!format!("{redactor:?}").contains("canary"));
}

#[test]
fn json_under_a_secret_key_loses_strings_and_numbers_and_keeps_its_shape() {
    for (from, to) in [
        (r#"{"password":"x"}"#, r#"{"password":"[REDACTED]"}"#),
        (r#"{"password":-1.5e3}"#, r#"{"password":"[REDACTED]"}"#),
        (r#"{"password":null,"token":true}"#, r#"{"password":null,"token":true}"#),
        (r#"{"password":"a","password":"b"}"#, r#"{"password":"[REDACTED]","password":"[REDACTED]"}"#),
        (
            r#"{"secret":["x",1,null,{"a":"y","b":[false]}],"n":1}"#,
            r#"{"secret":["[REDACTED]","[REDACTED]",null,{"a":"[REDACTED]","b":[false]}],"n":1}"#,
        ),
        (r#"{ "a" : [ 1 , 2 ] , "pin" : 1234 }"#, r#"{"a":[1,2],"pin":"[REDACTED]"}"#),
        (
            r#"{"pass\u0077ord":"x","p\u0061ss\u0077ord":"y"}"#,
            r#"{"pass\u0077ord":"[REDACTED]","p\u0061ss\u0077ord":"[REDACTED]"}"#,
        ),
        (r#"{"ｐassword":"x"}"#, r#"{"ｐassword":"[REDACTED]"}"#),
        (r#"{"a":"b","sk-abcdefghijklmnopqrst":1}"#, r#"{"a":"b","[REDACTED]":1}"#),
        (
            r#"[{"name":"password","value":"x"},{"name":"a","value":"y"}]"#,
            r#"[{"name":"password","value":"[REDACTED]"},{"name":"a","value":"y"}]"#,
        ),
        (
            r#"[{"value":"x","name":"password"},{"value":"y","name":"a"}]"#,
            r#"[{"value":"[REDACTED]","name":"password"},{"value":"y","name":"a"}]"#,
        ),
        (r#"{"value":{"a":"x"},"k":1,"key":"api_key"}"#, r#"{"value":"[REDACTED]","k":1,"key":"api_key"}"#),
        (
            r#"{"key":"db","value":12,"name":"password"}"#,
            r#"{"key":"db","value":"[REDACTED]","name":"password"}"#,
        ),
        (
            r#"[{"op":"replace","path":"/user/password","value":"x"}]"#,
            r#"[{"op":"replace","path":"/user/password","value":"[REDACTED]"}]"#,
        ),
        (r#"["password","x"]"#, r#"["password","x"]"#),
        (r#""password""#, r#""password""#),
    ] {
        assert_eq!(json(from), to);
        assert!(is_inlined(from), "{from}");
    }
}

#[test]
fn a_quote_at_the_head_of_a_string_is_prose() {
    let redactor = Redactor::default();
    for text in [r#"{"id":"\"a"}"#, r#"{"id":"\"a\" b c"}"#, r#"{"id":"'a"}"#, r#"{"id":"[x] said \"no\""}"#]
    {
        assert_eq!(redactor.json(text.as_bytes()), text);
    }
}

#[test]
fn userinfo_of_a_url_within_a_path_is_masked() {
    let redactor = Redactor::default();
    for (url, shown) in [
        ("http://h/p/https://bob:S3cret@x/y", "http://h/p/https://[REDACTED]@x/y"),
        (
            "http://h/store/https://dsnkey@sentry.example/1",
            "http://h/store/https://[REDACTED]@sentry.example/1",
        ),
        ("/p/https:/bob:S3cret@x", "/p/https:/[REDACTED]@x"),
        ("/@scope/package@1.0", "/@scope/package@1.0"),
        ("/users/ada@example.org", "/users/ada@example.org"),
    ] {
        assert_eq!(redactor.url(url), shown);
    }
}

#[test]
fn json_in_strings_is_followed_and_what_is_too_deep_is_not_shown() {
    let mut document = r#"{"password":"hunter2","a":1}"#.to_owned();
    for level in 1..=6 {
        document = format!(r#"{{"data":{}}}"#, serde_json::to_string(&document).unwrap());
        let out = json(&document);
        assert!(!out.contains("hunter2"), "{level} {out}");
        assert!(is_inlined(&document));
        assert_eq!(out.contains("REDACTED"), level <= 4, "{level} {out}");
        assert_eq!(out.contains("unscannable"), level > 4, "{level} {out}");
    }
    assert_eq!(
        json(r#"{"data":"{\"password\":\"x\", \"a\":\"\\n\"}"}"#),
        r#"{"data":"{\"password\":\"[REDACTED]\",\"a\":\"\\n\"}"}"#
    );
    assert_eq!(json(r#"{"data":"{\"a\":  1}"}"#), r#"{"data":"{\"a\":  1}"}"#);
}

#[test]
fn number_bytes_survive_and_only_sane_documents_are_inlined() {
    for good in [
        "1E+2",
        "-0",
        "123456789012345678901234567890",
        "1e308",
        "[]",
        "{}",
        " null ",
        "\"\"",
        "[1e-400]",
        "\"\\ud83d\\ude00\"",
        "{\"truncated\":true,\"text\":\"x\"}",
        "\u{FEFF}{}",
    ] {
        assert!(is_inlined(good), "{good}");
        assert!(json(good).contains(good.trim().trim_start_matches('\u{FEFF}')), "{good}");
    }
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert!(is_inlined(deep(64)));
    for bad in [
        "1e400",
        "-1e999",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "01",
        "-",
        "1.",
        "{\"a\":1,}",
        "[1 2]",
        "{\"a\":1}{\"b\":2}",
        "{\"a\"}",
        "nul",
        "truex",
        "[",
        "\"a",
        "{'a':1}",
        "+1",
        ".5",
        "\"\\x41\"",
        "\u{1e}{}",
        "\"a\nb\"",
        "",
        " ",
        &deep(65),
        &deep(1000),
    ] {
        assert!(!is_inlined(bad), "{bad}");
    }
}

#[test]
fn control_and_direction_characters_leave_json_only_as_escapes() {
    let out = json("{\"a\u{202E}\":\"x\u{7f}y\u{85}\u{2028}\u{2066}é漢😀\u{61c}\"}");
    assert_eq!(out, "{\"a\\u202e\":\"x\\u007fy\\u0085\\u2028\\u2066é漢😀\\u061c\"}");
    assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok());
}

#[test]
fn broken_json_is_scanned_all_the_same() {
    for text in [
        r#"{'password':'hunter2'}"#,
        r#"{password: "hunter2", a: 1,}"#,
        "{/* c */ \"password\": \"hunter2\" // x\n}",
        r#"{"a":1,,"password":"hunter2"}"#,
        r#"{"a":NaN,"password":{"x":["hunter2"]}}"#,
        r#"{"a":1} {"password":"hunter2"} xx"#,
        r#"{"a":01,"b":+1,"token":"hunter2"}"#,
        r#"{"a":tru,"token":hunter2}"#,
        r#"{"a":'it\'s',"token":'hunt\'hunter2'}"#,
        r#"{"a":x,"data":"{\"password\":\"hunter2\"}"}"#,
        r#"{"a":x,"pass\u0077ord":"hunter2"}"#,
        r#"{name:'password',value:'hunter2'}"#,
        "{\"a\":\"x\ny\",\"token\":\"hunter2\"}",
        "<html><input name=\"password\" value=\"hunter2\"></html>",
    ] {
        let out = json(text);
        assert!(!out.contains("hunter2"), "{text} -> {out}");
        assert!(out.contains("[REDACTED]"), "{text} -> {out}");
    }
}

#[test]
fn several_documents_in_one_body_are_text_on_lines_of_their_own() {
    let expected = "{\"a\":1}\n{\"token\":\"[REDACTED]\"}";
    assert_eq!(text_of("application/x-ndjson", "{\"a\":1}\n{\"token\":\"x\"}\n"), expected);
    assert_eq!(text_of("application/json-seq", "\u{1e}{\"a\":1}\n\u{1e}{\"token\":\"x\"}\n"), expected);
    assert_eq!(json("{\"a\":1}{\"token\":\"x\"}"), expected);
    let mixed = text_of("application/x-ndjson", "{\"a\":1}\nhello\n{\"token\":[\"x\"]}\n");
    assert_eq!(mixed, "{\"a\":1}\nhello\n{\"token\":[\"[REDACTED]\"]}");
    assert_eq!(
        text_of(
            "text/event-stream",
            "event: x\r\ndata: {\"token\":\"x\"}\r\n\r\ndata: {\ndata: \"pin\":\ndata: 1}\n\ndata: [DONE]\n\n"
        ),
        "event: x\ndata: {\"token\":\"[REDACTED]\"}\n\ndata: {\"pin\":\"[REDACTED]\"}\n\ndata: [DONE]\n\n"
    );
    // Without its name a line of data would be another field, or none.
    let several = "data: first\ndata: password=x\n\ndata: {\"a\":1}\ndata: {\"token\":\"x\"}\n\n";
    assert_eq!(
        text_of("text/event-stream", several),
        "data: first\ndata: password=[REDACTED]\n\ndata: {\"a\":1}\ndata: {\"token\":\"[REDACTED]\"}\n\n"
    );
}

#[test]
fn other_encodings_are_read_before_they_are_scanned() {
    let text = "{\"password\":\"hunter2\",\"é\":1}";
    let wide = |big: bool, bom: bool| {
        let units = bom.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
        units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect::<Vec<u8>>()
    };
    for (big, bom) in [(true, true), (true, false), (false, true), (false, false)] {
        assert_eq!(json(wide(big, bom)), "{\"password\":\"[REDACTED]\",\"é\":1}");
    }
    let utf32: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    assert_eq!(json(utf32), "{\"password\":\"[REDACTED]\",\"é\":1}");
    let out = json(b"{\"passwo\xffrd\":\"hunter2\",\"a\":\"\xfe\"}");
    assert!(!out.contains("hunter2"), "{out}");
    assert_eq!(json([0xC1_u8, 0x80, 0xFF, 0xFE, 1, 2].repeat(50)), "[unscannable 300 bytes]");
    assert_eq!(shown(body_of("application/json", b"", true, 100)), "not kept");
    assert_eq!(shown(body_of("image/png", b"x", true, 100)), "binary");
}

#[test]
fn secrets_that_show_by_themselves_are_masked_in_any_string() {
    let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEhunter2\nabc=\n-----END RSA PRIVATE KEY-----";
    for secret in [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2lnbmF0dXJl",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "github_pat_11ABCDEFG0abcdefghijkl_mnop",
        "sk-proj-abcdefghijklmnop1234",
        "sk_live_abcdefghijklmnop1234",
        "xoxb-123456789012-abcdefghij",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "4111111111111111",
        "4111 1111 1111 1111",
        "5500-0000-0000-0004",
        "340000000000009",
    ] {
        let document = format!("{{\"note\":\"see {secret}, please\"}}");
        assert_eq!(json(&document), r#"{"note":"see [REDACTED], please"}"#);
        assert_eq!(Redactor::default().text(&format!("x {secret}")), "x [REDACTED]");
    }
    assert_eq!(
        Redactor::default().text(&format!("a {pem} b")),
        "a -----BEGIN RSA PRIVATE KEY-----[REDACTED]-----END RSA PRIVATE KEY----- b"
    );
    let out = json(serde_json::json!({"note": pem}).to_string());
    assert!(!out.contains("hunter2") && out.contains("BEGIN RSA"), "{out}");
    for (from, to) in [
        ("postgres://u:p@h/db", "postgres://[REDACTED]@h/db"),
        ("sent Bearer abcdef123 to x", "sent Bearer [REDACTED] to x"),
        ("Basic dXNlcjpwYXNz", "Basic [REDACTED]"),
        ("card 4111 1111 1111 1111 123", "card [REDACTED] 123"),
    ] {
        assert_eq!(Redactor::default().text(from), to);
    }
    for plain in [
        "Basic information",
        "Bearer token is missing",
        "2024-01-15T10:30:00.000Z",
        "550e8400-e29b-41d4-a716-446655440000",
        "1234567890123456",
        "task-force-one-two-three",
        "https://example.org/a?b=c",
        "eyebrows",
        "key: value",
        "a = b",
        "x := y",
        "connect to ::1",
        "error[E0308]: mismatched types",
        "std::token::Token",
        "2001:db8::1",
        "author: ada",
    ] {
        assert_eq!(Redactor::default().text(plain), plain);
    }
}

#[test]
fn running_text_loses_what_stands_behind_secret_names() {
    for (from, to) in [
        ("password=hunter2 user=ada", "password=[REDACTED] user=ada"),
        ("password: hunter2", "password: [REDACTED]"),
        ("password: hunter2, user: ada", "password: [REDACTED], user: ada"),
        ("user=ada&password=hunter2&a=b", "user=ada&password=[REDACTED]&a=b"),
        ("password=a&b=c", "password=[REDACTED]&b=c"),
        ("password=p&q", "password=[REDACTED]"),
        ("api key: abc", "api key: [REDACTED]"),
        ("Config { password: \"hunter2\", port: 1 }", "Config { password: \"[REDACTED]\", port: 1 }"),
        ("Some(Login { token: Some(\"a b\") })", "Some(Login { token: [REDACTED] })"),
        ("Authorization: Bearer abc def\nx: y", "Authorization: Bearer [REDACTED]\nx: y"),
        ("{'password' => 'x y'}", "{'password' => '[REDACTED]'}"),
        (
            "mutation { login(password: \"hunter2\", n: 1) { id } }",
            "mutation { login(password: \"[REDACTED]\", n: 1) { id } }",
        ),
        ("password = [1, 2] x", "password = [REDACTED] x"),
        ("password=null token=true", "password=null token=true"),
        ("password=[REDACTED] x", "password=[REDACTED] x"),
        ("msg {\\\"password\\\":\\\"x\\\"} z", "msg {\\\"password\\\":\\\"[REDACTED]\\\"} z"),
        ("GET /cb?code=abc&x=1 failed", "GET /cb?code=[REDACTED]&x=1 failed"),
        ("ｐassword=x", "ｐassword=[REDACTED]"),
        ("%70assword=x", "%70assword=[REDACTED]"),
    ] {
        assert_eq!(Redactor::default().text(from), to, "{from}");
    }
}

#[test]
fn running_text_loses_the_second_of_a_pair_whose_first_is_a_secret_name() {
    for (from, to) in [
        (r#"("password", "hunter2")"#, r#"("password", "[REDACTED]")"#),
        (r#"[("token","x")]"#, r#"[("token","[REDACTED]")]"#),
        (
            r#"[("a", "b"), ("token", "hunter2"), ("c", "d")]"#,
            r#"[("a", "b"), ("token", "[REDACTED]"), ("c", "d")]"#,
        ),
        (r#"params: [("x-api-key", "a \" b")] end"#, r#"params: [("x-api-key", "[REDACTED]")] end"#),
        (r#"(\"password\", \"hunter2\") z"#, r#"(\"password\", \"[REDACTED]\") z"#),
        ("[('password', b'hunter2'), 1]", "[('password', b'[REDACTED]'), 1]"),
        (r#"insert("authorization", "Bearer abc")"#, r#"insert("authorization", "[REDACTED]")"#),
        (r#"("password", "hun"#, r#"("password", "[REDACTED]"#),
        (r#"("user", "hunter2") ("max_tokens", "5")"#, r#"("user", "hunter2") ("max_tokens", "5")"#),
        (
            r#"("wrong password", "again") ("password") ("token", 5)"#,
            r#"("wrong password", "again") ("password") ("token", 5)"#,
        ),
    ] {
        assert_eq!(Redactor::default().text(from), to, "{from}");
    }
}

#[test]
fn command_lines_lose_what_stands_behind_secret_flags() {
    for (from, to) in [
        ("mysql --password hunter2 -u ada", "mysql --password [REDACTED] -u ada"),
        ("--api-key 'a b' --verbose", "--api-key '[REDACTED]' --verbose"),
        ("run --token  \"x y\" z", "run --token  \"[REDACTED]\" z"),
        ("ran \"db --password hunter2\", then", "ran \"db --password [REDACTED]\", then"),
        (r#""mysql" "--password" "hunter2" "-u""#, r#""mysql" "--password" "[REDACTED]" "-u""#),
        ("--password=hunter2 x", "--password=[REDACTED] x"),
        ("--password --verbose x", "--password --verbose x"),
        ("unexpected '--password' found", "unexpected '--password' found"),
        ("--user ada --max-tokens 5 --token", "--user ada --max-tokens 5 --token"),
        ("a--password b -password c", "a--password b -password c"),
        ("-----password x", "-----password x"),
    ] {
        assert_eq!(Redactor::default().text(from), to, "{from}");
    }
}

#[test]
fn pairs_and_flags_are_read_in_linear_time() {
    for piece in ["(\"token\",(", "--token ", "(\"", "--token (", "(\"token\",\\", "--"] {
        let text = piece.repeat(400_000 / piece.len());
        let began = std::time::Instant::now();
        let _ = Redactor::default().text(&text);
        assert!(began.elapsed().as_secs() < 5, "{piece}");
    }
}

#[test]
fn forms_keep_names_and_bytes() {
    for (from, to) in [
        (
            "password=x&a[password]=y&%70assword=z&p+q",
            "password=[REDACTED]&a[password]=[REDACTED]&%70assword=[REDACTED]&p+q",
        ),
        ("a=1;token=x", "a=1;token=[REDACTED]"),
        ("a=%7B%22password%22%3A%22x%22%7D", "a=%7B%22password%22%3A%22[REDACTED]%22%7D"),
        ("", "not kept"),
        ("=&&=x", "=&&=x"),
        ("{\"password\":\"x\"}", "{\"password\":\"[REDACTED]\"}"),
    ] {
        assert_eq!(text_of("application/x-www-form-urlencoded", from), to);
    }
}

#[test]
fn multipart_keeps_names_and_tells_files_by_size() {
    let body = "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhunter2\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{\"token\":\"hunter2\"}\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../../x\"\r\nContent-Type: image/png\r\n\r\nhunter2\r\n--b--\r\n";
    let expected = "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n[REDACTED]\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{\"token\":\"[REDACTED]\"}\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../../x\"\r\nContent-Type: image/png\r\n\r\n[file 7 bytes]\r\n--b--\r\n";
    assert_eq!(text_of("multipart/form-data; boundary=b", body), expected);
    assert_eq!(text_of("multipart/form-data", body), expected);
    assert_eq!(
        text_of("multipart/form-data; boundary=\"other\"", body),
        format!("[unscannable {} bytes]", body.len())
    );
    for end in 0..body.len() {
        let out = shown(body_of("multipart/form-data; boundary=b", &body.as_bytes()[..end], false, 1 << 20));
        assert!(!out.contains("hunt"), "{end} {out}");
    }
}

#[test]
fn xml_loses_secret_elements_and_attributes() {
    for (from, to) in [
        ("<a><password>x</password><b>y</b></a>", "<a><password>[REDACTED]</password><b>y</b></a>"),
        (
            "<wsse:Password Type=\"t\"><![CDATA[x]]></wsse:Password>",
            "<wsse:Password Type=\"t\">[REDACTED]</wsse:Password>",
        ),
        (
            "<credentials><user>u</user><n>1</n></credentials><z>1</z>",
            "<credentials><user>[REDACTED]</user><n>[REDACTED]</n></credentials><z>1</z>",
        ),
        ("<u password=\"x\" a=\"b\"/>", "<u password=\"[REDACTED]\" a=\"b\"/>"),
        ("<entry key=\"password\">x</entry>", "<entry key=\"password\">[REDACTED]</entry>"),
        (
            "<dict><key>password</key><string>x</string></dict>",
            "<dict><key>password</key><string>[REDACTED]</string></dict>",
        ),
        ("<password></x>y</password>", "<password></x>[REDACTED]</password>"),
        ("<password>x", "<password>[REDACTED]"),
    ] {
        assert_eq!(text_of("application/xml", from), to);
        assert_eq!(text_of("", from), to);
    }
}

#[test]
fn urls_lose_userinfo_and_secret_parameters_and_stay_encoded() {
    for (from, to) in [
        ("http://user:pw@h/", "http://[REDACTED]@h/"),
        ("user:pw@h:443", "[REDACTED]@h:443"),
        (
            "/a?token=s&TOKEN=s&%74oken=s&tok%2565n=s",
            "/a?token=[REDACTED]&TOKEN=[REDACTED]&%74oken=[REDACTED]&tok%2565n=[REDACTED]",
        ),
        ("/a?a=b;token=c", "/a?a=b;token=[REDACTED]"),
        ("/a?token=c;d", "/a?token=[REDACTED]"),
        ("/a?redirect=https%3A%2F%2Fx%2F%3Ftoken%3Ds", "/a?redirect=https%3A%2F%2Fx%2F%3Ftoken%3D[REDACTED]"),
        (
            "/a?u=https%253A%252F%252Fx%252F%253Ftoken%253Ds",
            "/a?u=https%253A%252F%252Fx%252F%253Ftoken%253D[REDACTED]",
        ),
        ("/%0a%1b%5b31m/%00/..%2f", "/%0a%1b%5b31m/%00/..%2f"),
        ("*", "*"),
        ("", ""),
        ("h:443", "h:443"),
        ("//host/x", "//host/x"),
        ("/a//b/./", "/a//b/./"),
        ("/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc/x", "/reset/[REDACTED]/x"),
        ("/bot123456:AAabcdefghijklmnopqrstuvwxyz/getMe", "/bot[REDACTED]/getMe"),
        ("/reset/0123456789abcdef0", "/reset/[REDACTED]"),
        ("/a?", "/a?"),
        ("/a?=", "/a?="),
        ("/a?&&&", "/a?&&&"),
        (
            "/s?X-Amz-Signature=a&X-Amz-Credential=b&X-Amz-Security-Token=c&X-Goog-Signature=d&sig=e&Signature=f&AWSAccessKeyId=g&code=h&state=i&key=j&jwt=k&password=l&q=m",
            "/s?X-Amz-Signature=[REDACTED]&X-Amz-Credential=[REDACTED]&X-Amz-Security-Token=[REDACTED]&X-Goog-Signature=[REDACTED]&sig=[REDACTED]&Signature=[REDACTED]&AWSAccessKeyId=[REDACTED]&code=[REDACTED]&state=[REDACTED]&key=[REDACTED]&jwt=[REDACTED]&password=[REDACTED]&q=m",
        ),
        ("/a?%zz=%zz&b=%", "/a?%zz=%zz&b=%"),
        ("http://[fe80::1%25eth0]:80/x", "http://[fe80::1%25eth0]:80/x"),
        ("/a#access_token=x&b=c", "/a#access_token=[REDACTED]&b=c"),
        ("/a;jsessionid=x/b", "/a;jsessionid=[REDACTED]/b"),
        ("https://x/@user/a@b", "https://x/@user/a@b"),
        ("postgres://u:p/w@h/db", "postgres://[REDACTED]@h/db"),
    ] {
        assert_eq!(Redactor::default().url(from), to, "{from}");
    }
    let many = format!("/a?{}token=hunter2", "x=1&".repeat(10_000));
    assert!(Redactor::default().url(&many).as_str().ends_with("&token=[REDACTED]"));
}

#[test]
fn headers_keep_names_schemes_and_attributes() {
    for (name, value, to) in [
        ("authorization", "Basic dTpw", "Basic [REDACTED]"),
        ("authorization", "Bearer x", "Bearer [REDACTED]"),
        ("authorization", "Digest username=\"u\", response=\"x\"", "Digest [REDACTED]"),
        ("authorization", "AWS4-HMAC-SHA256 Credential=x, Signature=y", "AWS4-HMAC-SHA256 [REDACTED]"),
        ("authorization", "hunter2 x", "[REDACTED]"),
        ("Proxy_Authorization", "Negotiate abc", "Negotiate [REDACTED]"),
        ("cookie", "a=b; session=x; lone", "a=[REDACTED]; session=[REDACTED]; [REDACTED]"),
        (
            "set-cookie",
            "sid=x; Path=/; HttpOnly; Expires=Wed, 1 Jan",
            "sid=[REDACTED]; Path=/; HttpOnly; Expires=Wed, 1 Jan",
        ),
        ("x-api-key", "x", "[REDACTED]"),
        ("X-Auth-Token", "x", "[REDACTED]"),
        ("x-amz-security-token", "x", "[REDACTED]"),
        ("x-csrf-token", "x", "[REDACTED]"),
        ("sec-websocket-key", "x", "[REDACTED]"),
        ("sec-websocket-protocol", "bearer.x", "[REDACTED]"),
        ("x-hub-signature-256", "x", "[REDACTED]"),
        ("cf-access-jwt-assertion", "x", "[REDACTED]"),
        ("ocp-apim-subscription-key", "x", "[REDACTED]"),
        ("referer", "https://x/a?token=s&b=c", "https://x/a?token=[REDACTED]&b=c"),
        ("location", "/cb?code=s", "/cb?code=[REDACTED]"),
        (
            "link",
            "</a?token=s>; rel=\"next\", </b>; rel=x",
            "</a?token=[REDACTED]>; rel=\"next\", </b>; rel=x",
        ),
        ("refresh", "0; url=/a?token=s", "0; url=/a?token=[REDACTED]"),
        ("content-location", "/a?token=s", "/a?token=[REDACTED]"),
        ("x-original-url", "/a?token=s", "/a?token=[REDACTED]"),
        ("x-whatever", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "[REDACTED]"),
        ("baggage", "a=b,password=x", "a=b,password=[REDACTED]"),
        ("x-a", "", ""),
        ("accept", "*/*", "*/*"),
        ("x-a", "=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("idempotency-key", "abc", "abc"),
        ("x-a", "a\tb", "a\tb"),
    ] {
        assert_eq!(Redactor::default().header(name, value.as_bytes()), to, "{name}: {value}");
    }
    assert_eq!(Redactor::default().header("x-a", b"\xff\xfe\x9b"), "\u{ff}\u{fe}\u{9b}");
    assert_eq!(Scrub::header(&Redactor::default(), "x-a", b"v", true).as_str(), "[REDACTED]");
    let long = Redactor::default().header("x-a", "a ".repeat(32768).as_bytes());
    assert!(long.as_str().ends_with("…[65536 bytes]") && long.as_str().len() < 9000);
}

#[test]
fn strict_mode_tells_strings_by_their_length() {
    let strict = Redactor::new(RedactOptions::default().mode(RedactMode::Strict).keep(["model"]));
    assert_eq!(
        strict.json(br#"{"model":"gpt","text":"h\u00e9llo","n":1,"b":true,"pin":2,"a":["x"]}"#),
        r#"{"model":"gpt","text":"[string 5]","n":1,"b":true,"pin":"[REDACTED]","a":["[string 1]"]}"#
    );
    assert_eq!(strict.json(b"hello"), "[string 5]");
    assert_eq!(strict.header("x-a", b"x"), "[REDACTED]");
    assert_eq!(strict.header("accept", b"*/*"), "*/*");
    assert_eq!(strict.url("/a?b=c&model=d"), "/a?b=[REDACTED]&model=d");
    assert_eq!(strict.text("hello"), "hello");
    assert_eq!(strict.text("no https://h/a?b=c, n=1"), "no https://h/a?b=[REDACTED] n=1");
    let form = body_with(&strict, "application/x-www-form-urlencoded", b"a=b&model=c", true, 100);
    assert_eq!(shown(form), "a=[REDACTED]&model=c");
    let xml = body_with(&strict, "application/xml", b"<a b=\"secret\">text</a>", true, 100);
    assert!(!shown(xml).contains("text"));
    let stream = body_with(&strict, "text/event-stream", b"event: x\ndata: hello\n: comment\n\n", true, 100);
    assert!(!shown(stream).contains("hello"));
    let parts = body_with(
        &strict,
        "multipart/form-data; boundary=b",
        b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhello\r\n--b--",
        true,
        500,
    );
    assert!(!shown(parts).contains("hello"));
}

#[test]
fn fields_are_secret_by_name_and_masked_by_value() {
    let redactor = Redactor::default();
    assert!(redactor.is_secret("user.password") && !redactor.is_secret("user"));
    assert_eq!(Scrub::text(&redactor, "{\"token\":\"x\"}"), "{\"token\":\"[REDACTED]\"}");
    for (number, shown) in [
        (Value::Unsigned(4_111_111_111_111_111), Some("[REDACTED]")),
        (Value::Unsigned(4_111_111_111_111_112), None),
        (Value::Unsigned(u64::MAX), None),
        (Value::Signed(-4_111_111_111_111_111), Some("-[REDACTED]")),
        (Value::Signed(i64::MIN), None),
        (Value::Float(4_111_111_111_111_111.0), Some("[REDACTED]")),
        (Value::Float(f64::NAN), None),
        (Value::Float(f64::MIN), None),
    ] {
        assert_eq!(redactor.number(&number).as_ref().map(Redacted::as_str), shown, "{number:?}");
    }
}

#[test]
fn half_a_secret_at_the_end_of_a_head_is_not_shown() {
    let redactor = Redactor::default();
    assert_eq!(redactor.head("logged in with eyJhbGciOiJIUzI1NiJ9"), "logged in with ");
    assert_eq!(redactor.head("all is well \n"), "all is well \n");
    for (head, shown) in [
        ("all is well \n…[9000 bytes]", "all is well \n…[9000 bytes]"),
        ("all is well…[more than 9000 bytes]", "all is …[more than 9000 bytes]"),
        ("…[9 bytes] eyJhbGciOiJIUzI1NiJ9…[9000 bytes]", "…[9 bytes] …[9000 bytes]"),
        (
            "{\"password\":\"hunter2\",\"a\":\"b…[9000 bytes]",
            "{\"password\":\"[REDACTED]\",\"a\":\"…[9000 bytes]",
        ),
        // No such mark: read as the rest.
        ("password=a…[hunter2 bytes]", "password=[REDACTED]"),
        ("password=a…[more than  bytes]", "password=[REDACTED]"),
        ("user=a…[9 hunter2", "user=a…[9 "),
    ] {
        assert_eq!(redactor.head(head), shown, "{head}");
    }
}

#[test]
fn short_numbers_are_never_masked_for_their_digits() {
    // The shortest card number has 13 digits.
    let redactor = Redactor::default();
    for number in [0_u64, 411_111_111_111, 999_999_999_999] {
        assert_eq!(redactor.text(&number.to_string()), number.to_string().as_str());
    }
}

#[test]
fn long_bodies_are_cut_at_the_limit_and_cost_no_more_than_short_ones() {
    let document = format!("{{\"a\":\"{}\",\"password\":\"hunter2\"}}", "é ".repeat(50_000));
    for limit in 0..40 {
        match body_of("application/json", document.as_bytes(), true, limit) {
            BodyText::Text { text, truncated } => assert!(truncated && text.as_str().len() <= limit),
            other => panic!("{other:?}"),
        }
    }
    // What stands beyond the window is not even looked at.
    let BodyText::Text { text, .. } =
        body_of("application/json", &[document.as_bytes(), &[0xFF; 10]].concat(), true, 100)
    else {
        panic!()
    };
    assert!(text.as_str().starts_with("{\"a\":\"é é"));
}

#[test]
fn hostile_bodies_come_out_without_panic() {
    for (unit, count) in [
        ("[", 1_000_000),
        ("{\"a\":", 200_000),
        ("{\"value\":", 100_000),
        ("=", 500_000),
        ("@", 500_000),
        ("a://", 200_000),
        ("\"", 500_000),
        ("\\", 500_000),
        ("<a '", 200_000),
        ("name: ", 100_000),
        ("password:", 100_000),
        ("-----BEGIN ", 50_000),
        ("eyJ", 200_000),
        ("4", 500_000),
        ("4 ", 200_000),
        ("token=(", 100_000),
        ("%25", 200_000),
        ("a;", 200_000),
        ("Bearer ", 100_000),
        ("-----BEGIN PRIVATE KEY-----", 20_000),
        ("<![CDATA[", 50_000),
        ("&", 500_000),
        ("name:\"", 100_000),
        ("sk-", 200_000),
    ] {
        let text = unit.repeat(count / 10);
        let _ = (json(&text), text_of("text/plain", &text), text_of("application/xml", &text));
        let _ = text_of("application/x-www-form-urlencoded", &text);
        let _ = (Redactor::default().url(&text), Redactor::default().header("x-a", text.as_bytes()));
    }
    let secret_at_the_bottom =
        "{\"a\":".repeat(100_000) + "{\"password\":\"hunter2\"}" + &"}".repeat(100_000);
    assert!(!json(&secret_at_the_bottom).contains("hunter2"));
}

/// Documents with the secret `hunter2secret` in every place that is known.
const PLANTED: [(&str, &str); 19] = [
    ("application/json", r#"{"a":1,"password":"hunter2secret","b":[{"x":"y"}]}"#),
    ("application/json", r#"{ "pass\u0077ord" : "hunter2secret" , "n" : 12 }"#),
    (
        "application/json",
        r#"[{"value":"hunter2secret","name":"password"},{"name":"token","value":["hunter2secret"]}]"#,
    ),
    ("application/json", r#"{"value":{"a":"hunter2secret"},"x":1,"key":"api_key"}"#),
    (
        "application/json",
        r#"{"a":"{\"password\":\"hunter2secret\",\"b\":\"{\\\"token\\\":\\\"hunter2secret\\\"}\"}"}"#,
    ),
    ("application/json", r#"{'token':'hunter2secret', x: {password: "hunter2secret"},}"#),
    (
        "application/json",
        r#"{"url":"postgres://user:hunter2secret@host/db","m":"sk-hunter2secrethunter2secret end"}"#,
    ),
    (
        "application/json",
        r#"{"m":"Bearer hunter2secrethunter2 and eyJhunter2secret0.hunter2secret.hunter2secret"}"#,
    ),
    (
        "application/json",
        r#"{"query":"mutation { login(password: \"hunter2secret\") { id } }","x":"\u0068unter"}"#,
    ),
    ("application/x-ndjson", "{\"a\":1}\n{\"token\":\"hunter2secret\"}\nplain token=hunter2secret\n"),
    (
        "application/x-www-form-urlencoded",
        "a=b&password=hunter2secret&u=https%3A%2F%2Fx%2F%3Ftoken%3Dhunter2secret&c=d",
    ),
    (
        "application/xml",
        "<a><password>hunter2secret</password><b token='hunter2secret'>x</b><c key=\"pin\">hunter2secret</c></a>",
    ),
    ("text/event-stream", "data: {\"token\":\"hunter2secret\"}\n\ndata: [1]\n\n"),
    (
        "text/plain",
        "login failed: password=hunter2secret, url https://u:hunter2secret@h/x?token=hunter2secret end",
    ),
    ("text/plain", "-----BEGIN PRIVATE KEY-----\nhunter2secret\n-----END PRIVATE KEY-----\n"),
    ("", r#"{"credentials":{"user":["hunter2secret",{"n":"hunter2secret"}]}}"#),
    (
        "multipart/form-data; boundary=b",
        "--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nhunter2secret\r\n--b--\r\n",
    ),
    ("", "--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nhunter2secret\r\n--b--\r\n"),
    ("", "data=%7B%22password%22%3A%22hunter2secret%22%7D&pass%77ord=hunter2secret&x=1"),
];

#[test]
fn no_part_of_a_secret_shows_wherever_a_body_is_cut() {
    for (content_type, document) in PLANTED {
        for end in 0..=document.len() {
            let bytes = &document.as_bytes()[..end];
            for (whole, limit) in [(false, 1 << 20), (true, 1 << 20)] {
                let whole = whole && end == document.len();
                let out = shown(body_of(content_type, bytes, whole, limit));
                assert!(!out.contains("hunt") && !out.contains("secret\""), "{end}: {document}\n{out}");
            }
        }
        for limit in 0..document.len() {
            // The window reaches beyond the limit; what lies behind it was never read.
            let padded = format!("{document}{}", " ".repeat(600));
            let out = shown(body_of(content_type, padded.as_bytes(), true, limit));
            assert!(!out.contains("hunt") && out.len() <= limit, "{limit}: {document}\n{out}");
        }
    }
}

#[test]
fn secrets_in_utf_16_do_not_show_wherever_they_are_cut() {
    for (content_type, document) in PLANTED {
        let wide: Vec<u8> = document.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for end in 0..wide.len() {
            let out = shown(body_of(content_type, &wide[..end], false, 1 << 20));
            assert!(!out.contains("hunt") && !out.contains("h\0u\0n"), "{end}: {document}\n{out}");
        }
    }
}

#[test]
fn a_number_before_a_url_is_no_time() {
    assert_eq!(json(r#"{"note":"10:30://ada:hunter2@host"}"#), r#"{"note":"10:30://[REDACTED]@host"}"#);
}

#[test]
fn a_document_in_a_cut_string_stays() {
    assert_eq!(json(r#"{"a":"\"\""#), r#"{"a":"\"\""#);
}
