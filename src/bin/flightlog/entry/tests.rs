use proptest::prelude::*;

use super::*;

const EXAMPLES: &str = include_str!("../../../formats/entries.jsonl");

fn read(line: &str) -> Entry<'_> {
    Parser::default().read(line.as_bytes(), false).unwrap()
}

/// What both ways must agree on.
fn essence<'a>(entry: &Entry<'a>) -> Entry<'a> {
    Entry { route: b"", rest: 0, ..*entry }
}

#[test]
fn every_line_of_ours_passes_the_template_and_reads_as_the_walk_reads_it() {
    for line in EXAMPLES.lines() {
        let mut parser = Parser::default();
        let by_template = parser.template(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
        let by_walk = parser.walk(line.as_bytes(), false).unwrap();
        assert_eq!(essence(&by_template), by_walk, "{line}");
        assert!(by_template.more().next().is_some());
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(json::unescape(by_walk.endpoint), value["endpoint"].as_str().unwrap_or_default());
        assert_eq!(u64::from(by_walk.status), value["status_code"].as_u64().unwrap_or(0));
    }
}

#[test]
fn lines_of_ours_in_another_order_or_with_white_space_read_the_same() {
    for line in EXAMPLES.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        // serde_json's map sorts its keys.
        for other in [value.to_string(), serde_json::to_string_pretty(&value).unwrap().replace('\n', " ")] {
            let (ours, theirs) = (read(line), read(&other));
            let bare = Entry { line: b"", ..essence(&ours) };
            assert_eq!(Entry { line: b"", ..essence(&theirs) }, bare, "{other}");
        }
    }
}

#[test]
fn nested_keys_confuse_nobody() {
    let line = r#"{"request_body":{"type":"response","status_code":500,"timestamp":"x"},"a":"\",\"status_code\":404,\"","type":"response","timestamp":"2026-11-20T10:30:00.123456Z","status_code":200,"duration_ms":1.5,"endpoint":"/a","method":"GET"}"#;
    let entry = read(line);
    assert_eq!((entry.status, entry.kind, entry.duration), (200, Kind::Response, Some(1500)));
    // A body that ends the line as ours would go on.
    let line = r#"{"timestamp":"2026-11-20T10:30:00.123456Z","level":"INFO","type":"request","run":"a1b2c3d4","seq":2,"request_id":"0198c0de-0000-7000-8000-000000000001","method":"POST","endpoint":"/a\",\"status_code\":500,\"x","message":"m"}"#;
    let entry = read(line);
    assert_eq!((entry.status, entry.kind), (0, Kind::Request));
    assert_eq!(json::unescape(entry.endpoint), r#"/a","status_code":500,"x"#);
}

#[test]
fn lines_of_others_are_read_by_the_names_they_use() {
    let line = r#"{"lvl":50,"time":1795170600123,"msg":"x","path":"/p","method":"GET","status":"503","latency_ms":7}"#;
    let entry = read(line);
    assert_eq!((entry.status, entry.kind, entry.level), (503, Kind::Response, Level::Error));
    assert_eq!(
        (entry.at, entry.duration, entry.endpoint),
        (1_795_170_600_123_000, Some(7000), b"/p".as_slice())
    );
}

#[test]
fn what_is_no_entry_is_named() {
    let mut parser = Parser::default();
    for (line, broken) in [
        (b"".as_slice(), Broken::Empty),
        (b" \t\r", Broken::Empty),
        (b"\0\0\0\0", Broken::Nul),
        (b"hello", Broken::NotJson),
        (b"[1]", Broken::NotJson),
        (b"{\"a\":1", Broken::Torn),
        (b"{\"a\":{\"b\":1}", Broken::Torn),
    ] {
        assert_eq!(parser.read(line, false).unwrap_err(), broken, "{}", String::from_utf8_lossy(line));
    }
    let first = EXAMPLES.lines().nth(3).unwrap();
    for whole in
        [format!("\u{feff}{first}"), format!("{first}\r"), format!("\0\0\0{first}"), format!(" {first} ")]
    {
        assert_eq!(read(&whole).status, 500, "{whole:?}");
    }
}

#[test]
fn a_cut_line_is_read_as_far_as_it_goes() {
    let line = EXAMPLES.lines().nth(3).unwrap().as_bytes();
    let mut parser = Parser::default();
    assert_eq!(parser.read(&line[..400], true).unwrap().status, 500);
    assert_eq!(parser.read(&line[..400], false).unwrap_err(), Broken::Torn);
    for end in 0..line.len() {
        _ = parser.read(&line[..end], true);
        // Where the piece ends in a nested object, only a parse of it all would tell.
        if line[..end].last() != Some(&b'}') {
            parser.read(&line[..end], false).unwrap_err();
        }
    }
}

proptest! {
    #[test]
    fn what_the_template_reads_the_walk_reads_too(place in 0_usize..500, byte: u8, which in 0_usize..6) {
        let mut line = EXAMPLES.lines().nth(which).unwrap().as_bytes().to_vec();
        let place = place % line.len();
        line[place] = byte;
        let mut parser = Parser::default();
        if let Some(ours) = parser.template(&line)
            && let Ok(entry) = parser.walk(&line, false)
        {
            prop_assert!(essence(&ours) == entry, "byte {byte} at {place} of line {which}");
        }
    }

    #[test]
    fn any_line_is_survived(line: Vec<u8>) {
        _ = Parser::default().read(&line, false);
        _ = Parser::default().read(&line, true);
        _ = Parser::default().moment(&line);
    }
}
