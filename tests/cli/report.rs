//! The page that `report` makes.

use std::fs;

use crate::support::{Logs, text};

/// The names of elements in order, `/` before those that end; attributes are looked at on the way.
fn tags(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    // What a style sheet says is no markup: `a > b`.
    let (before, rest) = html.split_once("<style>").expect("a style");
    let (_, after) = rest.split_once("</style>").expect("the style's end");
    let html = format!("{before}{after}");
    for part in html.split('<').skip(1) {
        let (tag, rest) = part.split_once('>').expect("every tag ends");
        assert!(!rest.contains('>'), "only tags have angles: {rest}");
        let name: String =
            tag.chars().take_while(|c| c.is_ascii_alphanumeric() || "/!".contains(*c)).collect();
        for attribute in ["src", "href", "onload", "onerror", "onclick"] {
            assert!(!tag.contains(&format!("{attribute}=")), "{tag}");
        }
        let is_empty = tag.ends_with('/') || ["!DOCTYPE", "meta", "br", "wbr"].contains(&name.as_str());
        if !is_empty {
            found.push(name);
        }
    }
    found
}

fn assert_page(html: &str) {
    assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    let mut open = Vec::new();
    for tag in tags(html) {
        assert_ne!(tag, "script");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name)),
            None => open.push(tag),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(
        !html.contains("http://") && !html.contains("https://") && !html.contains("url("),
        "it asks nobody"
    );
    assert!(!html.contains(|c: char| c.is_control() && c != '\n'));
}

#[test]
fn it_is_one_small_page_that_asks_nobody() {
    let logs = Logs::generated(3000);
    let said = logs.say(&["report", "-o", "page.html"]);
    assert!(said.starts_with("page.html  ") && said.ends_with(", 3,000 requests\n"), "{said}");
    let html = fs::read_to_string(logs.dir().parent().unwrap().join("page.html")).unwrap();
    assert_page(&html);
    assert!(html.len() < 150_000, "{}", html.len());
    for part in ["3,000", "<wbr>/checkout</span>", "shop::OrderError", "prefers-color-scheme: dark"] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(logs.say(&["report", "-o", "-"]), html);
}

#[test]
fn nothing_of_a_log_is_markup() {
    let logs = Logs::new();
    let evil = r#"</td></script><script>alert(1)</script><img src=x onerror=alert(1)>&quot;'\u001b\u202e"#;
    let mut log = String::new();
    for number in 0..300 {
        log.push_str(&format!(
            r#"{{"timestamp":"2026-11-20T10:{:02}:00.000000Z","level":"ERROR","type":"response","request_id":"{evil}{number}","method":"{evil}","endpoint":"/{number}{evil}","status_code":500,"duration_ms":{number}.5,"outcome":"complete","error_type":"{evil}","error_message":"{evil}"}}"#,
            number % 60,
        ));
        log.push('\n');
    }
    logs.put("api.log", log);
    let html = logs.say(&["report", "-o", "-"]);
    assert_page(&html);
    assert!(html.len() < 150_000, "{}", html.len());
    assert!(html.contains("&lt;script&gt;alert(1)"));
}

#[test]
fn a_log_that_fills_every_part_makes_no_larger_page() {
    let logs = Logs::new();
    let (mut api, mut errors) = (String::new(), String::new());
    for number in 0..3000_u64 {
        let long = "long-".repeat(30);
        let at = format!("2026-11-20T{:02}:{:02}:{:02}.000000Z", number / 150, number % 150 / 3, number % 60);
        let common = format!(
            r#""request_id":"0198c0de-0000-7000-8000-{number:012}","method":"GET","endpoint":"/{long}{number}","status_code":500,"duration_ms":{}.5,"outcome":"complete""#,
            1_u64 << (number % 20)
        );
        api.push_str(&format!(
            r#"{{"timestamp":"{at}","level":"ERROR","type":"response",{common},"cache":{{"prices":{{"hits":3,"misses":1}}}},"llm":{{"model":"m-{long}{}","input_tokens":100,"output_tokens":10}}}}"#,
            number % 300
        ));
        errors.push_str(&format!(
            r#"{{"timestamp":"{at}","level":"ERROR","type":"error",{common},"message":"{long}{long}","location":"src/{long}.rs:1"}}"#
        ));
        api.push('\n');
        errors.push('\n');
    }
    logs.put("api.log", api);
    logs.put("errors.log", errors);
    let html = logs.say(&["report", "-o", "-"]);
    assert_page(&html);
    assert!(html.len() < 150_000, "{}", html.len());
    for part in ["Token usage", "300,000", "Cache hits", "75 %", "<i>others</i>", "more of other kinds"] {
        assert!(html.contains(part), "{part}");
    }
}

#[test]
fn of_nothing_there_is_none() {
    let logs = Logs::generated(3);
    let output = logs.run(&["report", "--status", "418"]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""));
}
