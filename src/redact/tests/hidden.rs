//! Secrets in what stands in free text without being its own kind of text: parts, elements, newtypes, encoded words.

use super::*;

fn check(cases: &[(&str, &str)]) {
    for (from, to) in cases {
        assert_eq!(Redactor::default().text(from), *to, "{from}");
    }
}

#[test]
fn a_part_in_a_text_loses_its_value() {
    check(&[
        (
            "got --b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nX\r\n--b--",
            "got --b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n[REDACTED]\r\n--b--",
        ),
        (
            "--b\ncontent-disposition: form-data; name=token\nContent-Type: text/plain\n\nX\n--X\n--b--",
            "--b\ncontent-disposition: form-data; name=token\nContent-Type: text/plain\n\n[REDACTED]\n--b--",
        ),
        (
            r#"Err("--b\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\nX X\r\n--b--")"#,
            r#"Err("--b\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\n[REDACTED]\r\n--b--")"#,
        ),
        (
            r"--b\r\nContent-Disposition: form-data; name=pin\r\n\r\nX",
            r"--b\r\nContent-Disposition: form-data; name=pin\r\n\r\n[REDACTED]",
        ),
        (
            "Content-Disposition: form-data; name=\"a\"\r\n\r\nX\r\n--b--",
            "Content-Disposition: form-data; name=\"a\"\r\n\r\nX\r\n--b--",
        ),
        ("the field name=\"password\"\n\nis missing", "the field name=\"password\"\n\nis missing"),
    ]);
}

#[test]
fn an_element_in_a_text_loses_its_content() {
    check(&[
        ("sent <password>X</password> to it", "sent <password>[REDACTED]</password> to it"),
        (
            "<wsse:Password Type=\"a>b\">X y</wsse:Password><b>z</b>",
            "<wsse:Password Type=\"a>b\">[REDACTED]</wsse:Password><b>z</b>",
        ),
        (
            "a <credentials><user>X</user><n>X</n></credentials> <n>1</n>",
            "a <credentials>[REDACTED]</credentials> <n>1</n>",
        ),
        ("a <pin><pin>X</pin>X</pin> b", "a <pin>[REDACTED]</pin> b"),
        ("body: <token><![CDATA[X]]></token>", "body: <token>[REDACTED]</token>"),
        ("a <token>X", "a <token>[REDACTED]"),
        ("a <token>X b", "a <token>[REDACTED] b"),
        ("a <entry key=\"password\">X y</entry> b", "a <entry key=\"password\">[REDACTED]</entry> b"),
        ("a <token/>b <token a='b' />c", "a <token/>b <token a='b' />c"),
        ("a <token></token> b", "a <token></token> b"),
        ("Vec<Token> and Option<Secret>::x", "Vec<Token> and Option<Secret>::x"),
        ("<app::Token as Secret>::x <Token as Secret>::x", "<app::Token as Secret>::x <Token as Secret>::x"),
        ("usage: login <user> <password> [host]", "usage: login <user> <password> [host]"),
        ("expected <token>, got 1 < 2", "expected <token>, got 1 < 2"),
        ("<p>hello</p>", "<p>hello</p>"),
    ]);
    assert_eq!(Redactor::default().head("a <token>X y z"), "a <token>[REDACTED]");
    for content_type in ["", "text/plain", "application/json"] {
        let body = "got: <password>hunter2 x</password>";
        assert_eq!(text_of(content_type, body), "got: <password>[REDACTED]</password>");
    }
    assert_eq!(
        json(r#"{"soap":"a <ns:password>X</ns:password> b","html":"<p>a<b>c</b>"}"#),
        r#"{"soap":"a <ns:password>[REDACTED]</ns:password> b","html":"<p>a<b>c</b>"}"#
    );
}

#[test]
fn what_a_secret_type_wraps_is_not_shown() {
    check(&[
        (r#"ApiKey("X")"#, r#"ApiKey("[REDACTED]")"#),
        (r#"user 1: auth::Password("X \" y") b"#, r#"user 1: auth::Password("[REDACTED]") b"#),
        (r#"\"Token(\"X\")\""#, r#"\"Token(\"[REDACTED]\")\""#),
        (r#"Token(b"X")"#, r#"Token(b"[REDACTED]")"#),
        ("Token(\n    \"X\",\n) b", "Token(\n    \"[REDACTED]\",\n) b"),
        (r#"Credentials("ada", "X") b"#, r#"Credentials([REDACTED]) b"#),
        (r#"Credentials("a", ")X") b"#, r#"Credentials([REDACTED]) b"#),
        (r#"Login(1, Token(Some("X")))"#, r#"Login(1, Token([REDACTED]))"#),
        (r#"Password { value: "X" }"#, r#"Password { value: "[REDACTED]" }"#),
        ("ApiKey {\n    inner: \"X\",\n}", "ApiKey {\n    inner: \"[REDACTED]\",\n}"),
        (r#"Some("x") Token(None) Kind("a") f("b")"#, r#"Some("x") Token(None) Kind("a") f("b")"#),
        (r#"User { value: "x" } max_tokens("5")"#, r#"User { value: "x" } max_tokens("5")"#),
    ]);
    assert_eq!(json(r#"{"m":"is Token(\"X\") ok"}"#), r#"{"m":"is Token(\"[REDACTED]\") ok"}"#);
}

#[test]
fn encoded_words_in_a_text_are_looked_into() {
    check(&[
        ("redirect=https%3A%2F%2Fx%2F%3Ftoken%3DX b", "redirect=https%3A%2F%2Fx%2F%3Ftoken%3D[REDACTED] b"),
        ("a filter=password%3DX&n=1", "a filter=password%3D[REDACTED]&n=1"),
        ("password%3DX", "password%3D[REDACTED]"),
        ("password%253DX", "password%253D[REDACTED]"),
        ("j=%7B%22password%22%3A%22X%22%7D b", "j=%7B%22password%22%3A%22[REDACTED]%22%7D b"),
        ("GET /p/https%3A%2F%2Fu%3AX%40h%2F failed", "GET /p/https%3A%2F%2F[REDACTED]%40h%2F failed"),
        ("user=a&pass+word=X&n=1", "user=a&pass+word=[REDACTED]&n=1"),
        ("max+token=X", "max+token=[REDACTED]"),
        ("1+1=2, 100% sure, %d%3D, a%20b=c%20d", "1+1=2, 100% sure, %d%3D, a%20b=c%20d"),
    ]);
    assert_eq!(json(r#"{"m":"a password%3DX b"}"#), r#"{"m":"a password%3D[REDACTED] b"}"#);
    assert_eq!(Redactor::default().head("see password%3DX and"), "see password%3D[REDACTED] ");
}

#[test]
fn segments_of_a_path_are_looked_into() {
    for (from, to) in [
        ("/p/token=X", "/p/token=[REDACTED]"),
        ("/p/a=b/c", "/p/a=b/c"),
        ("/p/password%3DX/c", "/p/password%3D[REDACTED]/c"),
        ("/p/https%3A%2F%2Fu%3AX%40h%2F", "/p/https%3A%2F%2F[REDACTED]%40h%2F"),
        ("/p/next=https%3A%2F%2Fu%3AX%40h%2F", "/p/next=https%3A%2F%2F[REDACTED]%40h%2F"),
        ("https://h/p/pass%77ord=X?a=b", "https://h/p/pass%77ord=[REDACTED]?a=b"),
        ("/year=2024/key=5/a%20b", "/year=2024/key=5/a%20b"),
    ] {
        assert_eq!(Redactor::default().url(from), to);
    }
}

#[test]
fn the_token_of_a_bot_is_known_in_a_text() {
    let token = "AAF-abcdefghijklmnopqrstuvwxyz_12345";
    for (from, to) in [
        (format!("bot123456789:{token} failed"), "bot[REDACTED] failed"),
        (format!("as 123456789:{token}"), "as [REDACTED]"),
        ("robot123:4 at 10:30, 12345678:AAB".to_owned(), "robot123:4 at 10:30, 12345678:AAB"),
    ] {
        assert_eq!(Redactor::default().text(&from), to);
        assert_eq!(json(format!("{{\"m\":\"{from}\"}}")), format!("{{\"m\":\"{to}\"}}"));
    }
}

#[test]
fn names_of_secret_headers_are_known_everywhere() {
    for name in [
        "x-client-cert",
        "X-Forwarded-Client-Cert",
        "x-ssl-client-cert",
        "x-amzn-oidc-data",
        "x-ms-client-principal",
        "dpop",
        "DPoP",
        "sec-websocket-key",
        "sec-websocket-protocol",
        "x-shopify-hmac-sha256",
        "client-cert",
        "X_CLIENT_CERT",
    ] {
        assert_eq!(Redactor::default().header(name, b"X"), "[REDACTED]", "{name}");
        for (from, to) in [
            (format!("{{\"{name}\": \"X\"}}"), format!("{{\"{name}\":\"[REDACTED]\"}}")),
            (format!("sent {{\"{name}\": \"X\", a"), format!("sent {{\"{name}\": \"[REDACTED]\", a")),
            (format!("{name}: X\nb"), format!("{name}: [REDACTED]\nb")),
        ] {
            assert_eq!(Redactor::default().text(&from), to.as_str());
        }
    }
    for name in ["idempotency-key", "x-request-id", "content-type", "primary-key", "x-surrogate-key", "cert"]
    {
        assert!(!Redactor::default().is_secret_name(name), "{name}");
    }
}

#[test]
fn the_host_of_a_request_has_no_password() {
    for (host, shown) in [("u:X@h:80", "[REDACTED]@h:80"), ("h:80", "h:80"), ("[::1]:80", "[::1]:80")] {
        assert_eq!(Redactor::default().header("host", host.as_bytes()), shown);
        assert_eq!(Redactor::default().header("x-forwarded-host", host.as_bytes()), shown);
    }
}

#[test]
fn names_are_known_after_their_debug_output() {
    let debug = |text: &str| format!("{text:?}");
    for from in [
        debug("{\"ｐassword\":\"hunter2\"}"),
        debug("{\"pass\\u0077ord\":\"hunter2\"}"),
        debug("{\"pass\u{200B}word\":\"hunter2\"}"),
        debug("pass\u{200B}word=hunter2"),
        debug(&debug("{\"pass\\u0077ord\":\"hunter2\"}")),
        debug(&debug("{\"pass\u{200B}word\":\"hunter2\"}")),
    ] {
        let shown = Redactor::default().text(&from);
        assert!(!shown.as_str().contains("hunter2"), "{from} {shown:?}");
    }
    for body in ["pass+word=hunter2&user=a", "user=a&pass+word=hunter2"] {
        assert!(text_of("", body).contains("pass+word=[REDACTED]"), "{body}");
    }
}

#[test]
fn no_part_of_a_secret_shows_wherever_a_text_is_cut() {
    for text in [
        "got --b\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\nhunter2 hunter2\r\n--b--",
        r#"Err("--b\r\nContent-Disposition: form-data; name=\"pin\"\r\n\r\nhunter2 hunter2\r\n--b--")"#,
        "a <ns:password a=\"b\">hunter2 hunter2</ns:password> b",
        "a<password>hunter2 hunter2</password> b",
        "a <entry key=\"password\">hunter2 hunter2</entry> b",
        "a ApiKey(\"hunter2 hunter2\") b",
        "a Credentials(\"ada\", \"hunter2 hunter2\") b",
        "a Token(Some(\"hunter2 hunter2\")) b",
        "a Password { value: \"hunter2 hunter2\" } b",
        "a redirect=https%3A%2F%2Fx%2F%3Ftoken%3Dhunter2 b password%253Dhunter2 c",
        "a x-client-cert: hunter2 hunter2",
        "a bot123456789:hunter2hunter2 b",
    ] {
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            let shown = Redactor::default().head(&text[..end]);
            assert!(!shown.as_str().contains("hun"), "{}\n{shown:?}", &text[..end]);
        }
    }
}

#[test]
fn what_hides_is_survived_however_often_it_comes() {
    for piece in [
        "<password>",
        "<token><password>",
        "<a name=token>",
        "<a name=token ",
        ";name=token ",
        "<token '",
        "</token><pin>",
        "Content-Disposition: form-data; name=token\n",
        "name=token\n\n",
        "Token(\"",
        "Token(Some(",
        "Token { value:",
        "%25",
        "%2525%3D",
        "a%20=",
        "a+b+",
        "pass\\u{200b}",
        "1:AA",
        "bot1:",
    ] {
        let text = piece.repeat(100_000 / piece.len());
        for text in [text.clone(), format!("{text}</token>")] {
            let told = (Redactor::default().text(&text), Redactor::default().url(&text));
            assert!(!told.0.is_empty() && !told.1.is_empty(), "{piece}");
            assert!(text_of("text/plain", &text).len() <= 2 * text.len(), "{piece}");
        }
    }
}
