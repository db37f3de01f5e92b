//! Bodies whose content type is missing or wrong.

use super::*;

const WRONG: [&str; 6] = [
    "",
    "text/plain",
    "application/json",
    "application/x-www-form-urlencoded",
    "text/event-stream",
    "text/plain; boundary=other",
];

#[test]
fn parts_are_known_without_their_content_type() {
    let body = "--b\nContent-Disposition: form-data; name=\"password\"\n\nhunter2\n\
                --b\ncontent-type: text/plain\ncontent-disposition: form-data; name=\"a\"\n\n\
                x=1&token=hunter2\n--b--\n";
    let line_ends = |ends: &str| body.replace('\n', ends);
    let expected = "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n[REDACTED]\r\n";
    for content_type in WRONG {
        for body in [line_ends("\r\n"), line_ends("\n"), format!("\r\n{}", line_ends("\r\n"))] {
            let shown = text_of(content_type, &body);
            assert!(shown.starts_with(expected) && !shown.contains("hunter2"), "{content_type}: {shown}");
            assert!(shown.contains("x=1&token=[REDACTED]"), "{content_type}: {shown}");
        }
    }
}

#[test]
fn the_disposition_of_a_part_need_not_be_its_first_header() {
    let body = "--b\r\nContent-Type: text/plain\r\nCONTENT-DISPOSITION: form-data; name=\"token\"\r\n\r\nhunter2\r\n--b--";
    assert!(!text_of("", body).contains("hunter2"));
}

#[test]
fn what_only_looks_like_parts_stays_as_it_is() {
    for body in [
        "--\r\nContent-Disposition: x\r\n",
        "-- a comment\nselect 1",
        "--b\r\n\r\nContent-Disposition: form-data; name=\"a\"",
        "--b\r\nContent-Dispositions: x",
        "--",
        "",
    ] {
        assert!(!super::super::guess::is_multipart(body.as_bytes()), "{body}");
    }
    assert_eq!(text_of("text/plain", "-- a comment\nselect 1"), "-- a comment\nselect 1");
}

#[test]
fn what_a_form_wraps_is_seen_without_its_content_type() {
    for (from, to) in [
        ("password=hunter2&x=1", "password=[REDACTED]&x=1"),
        ("x=1&pass%77ord=hunter2", "x=1&pass%77ord=[REDACTED]"),
        ("data=%7B%22password%22%3A%22hunter2%22%7D&x=1", "data=%7B%22password%22%3A%22[REDACTED]%22%7D&x=1"),
        ("url=https%3A%2F%2Fu%3Ahunter2%40h%2F&a=b\n", "url=https%3A%2F%2F[REDACTED]%40h%2F&a=b\n"),
        // Free text knows of pairs, a form does not.
        ("name=password&value=hunter2", "name=password&value=[REDACTED]"),
        ("a=b&c=d%20e", "a=b&c=d%20e"),
        ("1+1=2", "1+1=2"),
    ] {
        for content_type in ["", "text/plain", "application/json"] {
            assert_eq!(text_of(content_type, from), to, "{content_type}");
        }
    }
}

#[test]
fn a_guess_shows_no_more_in_strict_mode() {
    let strict = Redactor::new(RedactOptions::default().mode(RedactMode::Strict));
    let show = |body: &str| shown(body_with(&strict, "", body.as_bytes(), true, 500));
    assert_eq!(show("aGVsbG8=&b=c"), "[string 12]");
    let part = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx & y = hello\r\n--b--";
    assert!(!show(part).contains("hello"));
}

#[test]
fn many_fields_take_a_time_linear_in_the_text() {
    let body = "a=".repeat(100_000);
    for whole in [true, false] {
        assert!(shown(body_of("", body.as_bytes(), whole, 1 << 20)).starts_with("a="));
    }
}
