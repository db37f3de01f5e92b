//! URLs that are told to be plain are those of which nothing changes.

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

/// What URLs are made of, and what secrets in them look like.
const BITS: &[&str] = &[
    "/",
    "/",
    "//",
    "http://",
    "https://",
    "api.example.org",
    "localhost:3000",
    "api",
    "v1",
    "users",
    "reset",
    "reset-password",
    "token",
    "shelf",
    "bot",
    "bot123456789:AAabcdefghijklmnopqrstuvwxyz",
    "4f0c2d1e9b8a7f6c",
    "abcdefghijk",
    "abcdefghijkl",
    "550e8400-e29b-41d4-a716-446655440000",
    "4111111111111111",
    "eyJhbGciOiJIUzI1NiJ9.e30",
    "sk-abcdefghijklmnop",
    "xoxb-1234567890",
    "ghp_abcdefghijklmnopqrst",
    "AKIAABCDEFGHIJKLMNOP",
    "AIzaSyA1234567890abcdefghijklmnopqrs",
    "user:pw@",
    "@",
    ";",
    "=",
    "?",
    "#",
    "&",
    "%",
    "%2F",
    "+",
    "a",
    ".",
    ",",
    "~",
    "-",
    "_",
    "{id}",
    "?page=2",
    "&sort=name",
    "&q=token:abc",
    "&q=Bearer",
    "&shelf=seven",
    "&code=",
    "&Key=a",
    "=4111-1111-1111-1111",
    "=--password",
    ":",
    "(",
    "<password>",
    "'",
    "*",
    "é",
    "\"",
    "\\",
    " ",
    "\u{7f}",
    "\t",
];

/// Whether a URL is told to be plain, and what a close look makes of it.
fn looked_at(redactor: &Redactor, url: &str) -> (bool, Option<String>) {
    redactor.read(false, |text| {
        let is_plain = url::is_plain(url.as_bytes(), text);
        let mut out = Vec::new();
        let changed = url::redact(url.as_bytes(), text, &mut out);
        (is_plain, changed.then(|| String::from_utf8(out).unwrap()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn nothing_changes_in_a_plain_url(bits in vec(select(BITS), 0..10), strict: bool) {
        let mode = if strict { RedactMode::Strict } else { RedactMode::Standard };
        let redactor = Redactor::new(RedactOptions::default().mode(mode).redact(["shelf"]));
        let url = bits.concat();
        let (is_plain, changed) = looked_at(&redactor, &url);
        if is_plain {
            prop_assert_eq!(changed, None, "{}", url);
            prop_assert!(url.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\')));
            let path = url.split('?').next().unwrap_or_default();
            for (slash, _) in path.match_indices('/') {
                prop_assert!(looked_at(&redactor, &path[slash..]).0, "{} from {}", url, slash);
            }
        }
    }

    #[test]
    fn each_byte_counts_wherever_it_stands(length in 1..=127_usize, at: prop::sample::Index, byte: u8) {
        let mut url = vec![b'a'; length];
        (0..length).step_by(9).for_each(|slash| url[slash] = b'/');
        let is_plain = |url: &[u8]| Redactor::default().read(false, |text| url::is_plain(url, text));
        prop_assert!(is_plain(&url));
        url[at.index(length)] = byte;
        let means_something = matches!(byte, b'@' | b';' | b'=' | b'%' | b'#' | b'+' | b'"' | b'\\')
            || !byte.is_ascii_graphic();
        prop_assert!(!(means_something && is_plain(&url)));
    }
}

#[test]
fn usual_urls_are_plain() {
    for url in [
        "",
        "/",
        "/health",
        "/api/v1/users/{id}",
        "http://localhost:3000/api/v1/generate",
        "https://api.example.org/orders/550e8400-e29b-41d4-a716-446655440000/items/17",
        "/books/abcdefghijklmnopqrstuvwxyz/pages",
        "http://localhost:3000/search?page=100017&sort=name&q=red-and-blue&from=2026-11-21&all",
        "/?a=&&b",
    ] {
        assert_eq!(looked_at(&Redactor::default(), url), (true, None), "{url}");
    }
    for url in
        ["/reset/4f0c2d1e9b8a7f6c", "/a/sk-abcdefghijklmnop/b", "/items?page=%32", "/items?token=2", "/a b"]
    {
        assert!(!looked_at(&Redactor::default(), url).0, "{url}");
    }
    assert!(!looked_at(&Redactor::default(), &"/a".repeat(64)).0);
}

#[test]
fn usual_content_types_are_shown_as_the_rules_say() {
    let own = Redactor::new(RedactOptions::default().redact(["content-type"]));
    let charset = Redactor::new(RedactOptions::default().redact(["charset"]));
    let kept = Redactor::new(RedactOptions::default().keep(["content-type"]));
    let strict = Redactor::new(RedactOptions::default().mode(RedactMode::Strict));
    for usual in ["application/json", "application/x-www-form-urlencoded", "text/html; charset=utf-8"] {
        assert!(header::is_usual_content_type(usual.as_bytes()), "{usual}");
        for redactor in [&Redactor::default(), &strict, &kept, &own, &charset] {
            let mut out = Vec::new();
            redactor.read(false, |text| header::redact("content-type", usual.as_bytes(), text, &mut out));
            let shown = redactor.header("content-type", usual.as_bytes());
            assert_eq!(shown.as_str().as_bytes(), out, "{usual}");
        }
        assert_eq!(own.header("content-type", usual.as_bytes()), "[REDACTED]");
        assert_eq!(Redactor::default().header("x-api-key", usual.as_bytes()), "[REDACTED]");
    }
}
