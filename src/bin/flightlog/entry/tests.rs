use proptest::prelude::*;

use super::*;

const EXAMPLES: &str = include_str!("../../../formats/entries.jsonl");

fn read(line: &str) -> Entry<'_> {
    Parser::default().read(line.as_bytes(), false).unwrap()
}

/// What both ways must agree on.
fn essence<'a>(entry: &Entry<'a>) -> Entry<'a> {
    Entry { is_ours: false, method_at: 0, rest: 0, sums: [0; 3], ..*entry }
}

#[test]
fn every_line_of_ours_passes_the_template_and_reads_as_the_walk_reads_it() {
    for line in EXAMPLES.lines() {
        let mut parser = Parser::default();
        let by_template =
            template::read(line.as_bytes(), &mut parser.clock).unwrap_or_else(|| panic!("{line}"));
        let by_walk = walk::read(line.as_bytes(), false, &mut parser.clock).unwrap();
        assert_eq!(essence(&by_template), essence(&by_walk), "{line}");
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

#[test]
fn what_is_added_up_is_found_however_it_is_written() {
    let sums = r#""content_type":"application/json","response_bytes":1234,"cache":{"hits":1,"misses":2},"llm":{"input_tokens":3}"#;
    let response = EXAMPLES.lines().nth(3).unwrap();
    let (head, _) = response.split_once(r#""trace_id""#).unwrap();
    let decoy = r#""response_body":{"cache":{"hits":7},"response_bytes":9}"#;
    let expected =
        Sums { response_bytes: 1234, cache: br#"{"hits":1,"misses":2}"#, llm: br#"{"input_tokens":3}"# };
    let ours = format!("{head}{sums},{decoy}}}");
    assert!(read(&ours).is_ours);
    assert_eq!(read(&ours).sums(), expected);
    for other in
        [format!("{{{sums},{decoy},{}}}", head.trim_matches(['{', ','])), format!("{{{decoy},{sums}}}")]
    {
        assert!(!read(&other).is_ours);
        assert_eq!(read(&other).sums(), expected, "{other}");
    }
    let trace = r#""trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"00f067aa0ba902b7","#;
    let traced = format!("{head}{trace}{sums},{decoy}}}");
    assert_eq!(read(&traced).sums(), expected);
}

#[test]
fn of_a_key_that_comes_twice_the_first_one_counts_in_both_ways() {
    let response = EXAMPLES.lines().nth(3).unwrap();
    let twice = response.replacen(",\"content_type\"", ",\"status_code\":200,\"content_type\"", 1);
    assert_ne!(twice, response);
    assert_eq!(read(&twice).status, 500);
    assert_eq!(walk::read(twice.as_bytes(), false, &mut Clock::default()).unwrap().status, 500);
}

proptest! {
    #[test]
    fn what_the_template_reads_the_walk_reads_too(place in 0_usize..500, byte: u8, which in 0_usize..6) {
        let mut line = EXAMPLES.lines().nth(which).unwrap().as_bytes().to_vec();
        let place = place % line.len();
        line[place] = byte;
        let mut parser = Parser::default();
        if let Some(ours) = template::read(&line, &mut parser.clock)
            && let Ok(entry) = walk::read(&line, false, &mut parser.clock)
        {
            prop_assert!(essence(&ours) == essence(&entry), "byte {byte} at {place} of line {which}");
        }
    }

    #[test]
    fn any_line_is_survived(line: Vec<u8>) {
        _ = Parser::default().read(&line, false);
        _ = Parser::default().read(&line, true);
        _ = Parser::default().moment(&line);
    }
}
