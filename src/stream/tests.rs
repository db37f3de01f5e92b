mod speed;

use std::time::Duration;

use http::StatusCode;
use proptest::prelude::*;

use super::{Followed, Follower, StreamEvent, Told, Wanted};
use crate::{
    exchange::{EndedBy, Media, Outcome},
    redact::Redactor,
};

const EVENTS: &str = "text/event-stream";
const LINES: &str = "application/x-ndjson";
const SEQUENCE: &str = "application/json-seq; charset=utf-8";

fn followed<'a>(content_type: &'a str, path: &'a str) -> Followed<'a> {
    let (content_type, path) = (content_type.as_bytes(), path.as_bytes());
    let media = Media::of(content_type);
    Followed { media, content_type, is_encoded: false, path, status: StatusCode::OK }
}

fn follower(content_type: &str, limit: usize) -> Follower {
    let wanted = Wanted { usage: true, events: Some(limit) };
    Follower::new(&followed(content_type, "/stream"), wanted).unwrap()
}

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// The events of frames that pass a millisecond after each other, and what is told at the end.
fn heard_of(
    content_type: &str,
    limit: usize,
    frames: &[&[u8]],
    outcome: Outcome,
) -> (Vec<StreamEvent>, Told) {
    let mut follower = follower(content_type, limit);
    let mut events = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        follower.frame(frame, millis(at as u64 + 1));
        events.extend(follower.events());
    }
    let told = follower.end(millis(frames.len() as u64 + 1), outcome, &Redactor::default());
    events.extend(follower.events());
    (events, told)
}

/// Name and data of each event of a whole body.
fn events(content_type: &str, body: &[u8]) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (events, told) = heard_of(content_type, 1000, &[body], Outcome::Complete);
    assert_eq!(told.stats.unwrap().events, events.len() as u64);
    events.iter().map(|event| (text(&event.name), text(&event.data))).collect()
}

fn data(body: &str) -> Vec<String> {
    events(EVENTS, body.as_bytes()).into_iter().map(|(_, data)| data).collect()
}

#[test]
fn the_examples_of_the_specification_are_read_as_it_says() {
    assert_eq!(data("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
    assert_eq!(
        data(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n"),
        ["first event", "second event"],
    );
    assert_eq!(data("data\n\ndata\ndata\n\ndata:"), ["", "\n"]);
    assert_eq!(data("data:test\n\ndata: test\n\n"), ["test", "test"]);
    assert_eq!(
        events(EVENTS, b"event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\ndata: 113411\n\n"),
        [
            ("add".into(), "73857293".into()),
            ("remove".into(), "2153".into()),
            (String::new(), "113411".into())
        ],
    );
}

#[test]
fn every_line_end_ends_a_line() {
    for end in ["\n", "\r", "\r\n"] {
        let body = format!("event: a{end}data: 1{end}data: 2{end}{end}data: 3{end}{end}");
        assert_eq!(
            events(EVENTS, body.as_bytes()),
            [("a".into(), "1\n2".into()), (String::new(), "3".into())],
            "{end:?}"
        );
    }
    assert_eq!(data("data: a\r\r\ndata: b\n\r\n"), ["a", "b"], "mixed");
}

#[test]
fn only_data_make_an_event_and_names_do_not_outlive_an_empty_line() {
    assert_eq!(data("id: 7\nretry: 100\nevent: x\n\n: ping\n\n\n\nfoo: bar\n\n"), [""; 0]);
    assert_eq!(events(EVENTS, b"event: x\n\ndata: a\n\n"), [(String::new(), "a".into())]);
    assert_eq!(events(EVENTS, b"event: x\nevent\ndata: a\n\n"), [(String::new(), "a".into())]);
    assert_eq!(events(EVENTS, b"event: x\nevent: y\ndata: a\n\n"), [("y".into(), "a".into())]);
    assert_eq!(data(" data: a\nDATA: b\ndatas: c\ndat: d\n: data: e\n\n"), [""; 0], "other fields");
}

#[test]
fn a_byte_order_mark_at_the_beginning_is_none_of_the_stream() {
    assert_eq!(data("\u{FEFF}data: a\n\n"), ["a"]);
    assert_eq!(data("\u{FEFF}\u{FEFF}data: a\n\ndata: b\n\n"), ["b"]);
    assert_eq!(events(EVENTS, b"\xEF\xBBdata: a\n\ndata: b\n\n"), [(String::new(), "b".into())]);
    assert_eq!(data("data: a\n\n\u{FEFF}data: b\n\n"), ["a"]);
}

#[test]
fn an_event_cut_off_by_the_end_is_none() {
    for body in ["data: a", "data: a\n", "event: x", "data"] {
        let (events, told) = heard_of(EVENTS, 10, &[body.as_bytes()], Outcome::Complete);
        assert!(events.is_empty() && told.stats.unwrap().cut, "{body}");
    }
    for body in ["data: a\n\n", ": a", "", "id: 7\n"] {
        let (_, told) = heard_of(EVENTS, 10, &[body.as_bytes()], Outcome::Complete);
        assert!(!told.stats.unwrap().cut, "{body}");
    }
}

#[test]
fn each_line_with_something_on_it_is_a_record() {
    let records = |content_type, body: &[u8]| {
        events(content_type, body).into_iter().map(|(_, data)| data).collect::<Vec<_>>()
    };
    assert_eq!(records(LINES, b"{\"a\":1}\n\r\n \n{\"b\":2}\r\n[3]"), ["{\"a\":1}", "{\"b\":2}", "[3]"]);
    assert_eq!(records(SEQUENCE, b"\x1E{\n\"a\":1\n}\n\x1E\x1E2\n"), ["{\n\"a\":1\n}", "2"]);
}

#[test]
fn the_last_record_counts_where_the_body_is_whole() {
    let (events, told) = heard_of(LINES, 10, &[b"1\n2"], Outcome::Complete);
    assert_eq!((events.len(), told.stats.unwrap().cut), (2, false));
    let (events, told) = heard_of(LINES, 10, &[b"1\n2"], Outcome::AbortedInBody);
    assert_eq!((events.len(), told.stats.unwrap().cut), (1, true));
}

#[test]
fn times_are_those_of_the_frames() {
    let mut follower = follower(EVENTS, 0);
    for (frame, at) in
        [(": hi\n\n", 5), ("data: 1\n\n", 10), ("data: 2\n\ndata: 3\n\n", 50), ("data: 4\n\n", 60)]
    {
        follower.frame(frame.as_bytes(), millis(at));
    }
    follower.frame(b"", millis(65));
    let stats = follower.end(millis(70), Outcome::AbortedInBody, &Redactor::default()).stats.unwrap();
    assert_eq!((stats.events, stats.bytes), (4, 42));
    assert_eq!((stats.first_byte, stats.first_event), (Some(millis(5)), Some(millis(10))));
    assert_eq!((stats.largest_gap, stats.duration), (Some(millis(40)), millis(65)));
    assert_eq!(stats.ended_by, EndedBy::Client);
}

#[test]
fn a_stream_without_events_has_no_times_of_any() {
    let stats = follower(EVENTS, 0).end(millis(70), Outcome::BodyError, &Redactor::default()).stats.unwrap();
    assert_eq!((stats.first_byte, stats.first_event, stats.largest_gap), (None, None, None));
    assert_eq!((stats.duration, stats.ended_by), (Duration::ZERO, EndedBy::Error));
}

#[test]
fn long_lines_and_endless_comments_are_told_by_their_length() {
    let piece = vec![b'x'; 1 << 14];
    let mut follower = follower(EVENTS, 100);
    follower.frame(b"event: ", millis(1));
    for start in [&b""[..], b"\ndata: ", b"\n: ", b"\nunknown"] {
        follower.frame(start, millis(1));
        for _ in 0..100 {
            follower.frame(&piece, millis(2));
        }
    }
    follower.frame(b"\n\n", millis(3));
    let events: Vec<_> = follower.events().collect();
    assert_eq!((events[0].name.len(), events[0].data.len(), events[0].length), (64, 100, 100 << 14));
    assert!(events[0].data.capacity() < 1000, "no more is held than is kept");
}

#[test]
fn what_waits_to_be_taken_is_bounded_and_counted() {
    let mut follower = follower(EVENTS, 1 << 20);
    follower.frame("data:\n\n".repeat(5000).as_bytes(), millis(1));
    assert_eq!((follower.events().count(), follower.missed()), (1024, 3976));
    let large = format!("data: {}\n\n", "x".repeat(600_000)).repeat(3);
    follower.frame(large.as_bytes(), millis(2));
    assert_eq!((follower.events().count(), follower.missed()), (1, 3978));
}

#[test]
fn what_is_no_stream_or_cannot_be_read_is_not_followed() {
    let wanted = Wanted { usage: true, events: None };
    for (content_type, path, is_followed) in [
        (EVENTS, "/", true),
        (LINES, "/", true),
        ("application/json", "/", false),
        ("application/json", "/v1/chat/completions", true),
        ("text/plain", "/v1/chat/completions", false),
    ] {
        let response = followed(content_type, path);
        assert_eq!(Follower::new(&response, wanted).is_some(), is_followed, "{content_type} {path}");
        assert!(Follower::new(&Followed { is_encoded: true, ..response }, wanted).is_none());
    }
    let json = followed("application/json", "/v1/chat/completions");
    assert!(Follower::new(&Followed { status: StatusCode::BAD_REQUEST, ..json }, wanted).is_none());
    assert!(Follower::new(&json, Wanted::default()).is_none());
}

#[test]
fn what_a_model_used_is_read_from_events_records_and_whole_bodies() {
    let chunk = r#"{"object":"chat.completion.chunk","model":"m","choices":[{"delta":{"content":"Hi"}}]}"#;
    let usage = r#"{"object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}"#;
    let split = |text: &str| text.replace(',', ",\ndata: ");
    let events = format!("data: {chunk}\n\ndata: {}\n\ndata: [DONE]\n\n", split(usage));
    let whole = usage.replace(".chunk", "");
    for (content_type, path, body) in [
        (EVENTS, "/anything", events.as_str()),
        (LINES, "/v1/chat/completions", &format!("{chunk}\n{usage}")),
        ("application/json", "/v1/chat/completions", &whole),
    ] {
        let wanted = Wanted { usage: true, events: None };
        let mut follower = Follower::new(&followed(content_type, path), wanted).unwrap();
        for piece in body.as_bytes().chunks(5) {
            follower.frame(piece, millis(5));
        }
        let told = follower.end(millis(9), Outcome::Complete, &Redactor::default());
        assert_eq!(told.stats.is_some(), content_type != "application/json");
        let usage = told.usage.unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens), (Some(7), Some(3)), "{content_type}");
        assert_eq!(usage.time_to_first_token, told.stats.map(|_| millis(5)));
    }
}

/// Bodies made of what means something, and of what does not.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let pieces: [&[u8]; 18] = [
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"data:",
        b"data: ",
        b"data",
        b"event: ",
        b"event",
        b"id: 1",
        b":",
        b" ",
        b"\xEF\xBB\xBF",
        b"\xEF",
        b"\xFF",
        b"\x1E",
        b"{\"a\": 1}",
        b"a longer text of more than sixteen bytes",
    ];
    let piece = prop::sample::select(pieces.to_vec());
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// The events as the specification's own words have them, of a body that is there at once.
fn by_the_book(body: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let (mut lines, mut line, mut rest) = (Vec::new(), Vec::new(), body);
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'\r' | b'\n' => {
                if *first == b'\r' {
                    rest = rest.strip_prefix(b"\n").unwrap_or(rest);
                }
                lines.push(std::mem::take(&mut line));
            }
            _ => line.push(*first),
        }
    }
    let (mut events, mut name, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        if line.is_empty() {
            let (name, mut data) = (std::mem::take(&mut name), std::mem::take(&mut data));
            if data.pop().is_some() {
                events.push((name, data));
            }
            continue;
        }
        let colon = line.iter().position(|b| *b == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"event" => name = value[..value.len().min(64)].to_vec(),
            b"data" => {
                data.extend_from_slice(value);
                data.push(b'\n');
            }
            _ => {}
        }
    }
    events
}

/// Cuts a body into frames.
fn cut(body: &[u8], mut places: Vec<usize>) -> Vec<&[u8]> {
    places.iter_mut().for_each(|place| *place %= body.len() + 1);
    places.sort_unstable();
    places.push(body.len());
    let mut from = 0;
    places.iter().map(|to| &body[std::mem::replace(&mut from, *to)..*to]).collect()
}

proptest! {
    #[test]
    fn events_are_those_of_the_specification(body in body()) {
        let (events, _) = heard_of(EVENTS, 10_000, &[&body], Outcome::Complete);
        let events: Vec<_> = events.into_iter().map(|event| (event.name, event.data)).collect();
        prop_assert_eq!(events, by_the_book(&body));
    }

    #[test]
    fn it_does_not_matter_where_frames_end(
        body in body(),
        places in prop::collection::vec(any::<usize>(), 0..20),
        limit in prop_oneof![Just(0_usize), Just(5), Just(1000)],
        content_type in prop_oneof![Just(EVENTS), Just(LINES), Just(SEQUENCE)],
    ) {
        let told = |frames: &[&[u8]]| {
            let (events, told) = heard_of(content_type, limit, frames, Outcome::AbortedInBody);
            let stats = told.stats.unwrap();
            let events: Vec<_> =
                events.into_iter().map(|event| (event.number, event.name, event.data, event.length)).collect();
            (events, stats.events, stats.bytes, stats.cut)
        };
        let whole = told(&[&body]);
        prop_assert_eq!(&told(&cut(&body, places)), &whole);
        prop_assert_eq!(&told(&body.chunks(1).collect::<Vec<_>>()), &whole);
    }
}
