use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use super::{Console, Style};
use crate::{
    exchange::Exchange,
    export::{
        View, entry,
        fixtures::{dumped, event, exchange, started, validated_entry},
    },
    sink::{Counters, Sink},
};

/// A stream that keeps what is written, call by call, and takes at most so many bytes.
#[derive(Clone, Default)]
struct Stream(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    writes: Vec<Vec<u8>>,
    room: Option<usize>,
}

impl Stream {
    fn room(&self, bytes: Option<usize>) {
        self.0.lock().unwrap().room = bytes;
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().writes.concat()).unwrap()
    }

    fn entries(&self) -> Vec<Value> {
        self.text().lines().map(validated_entry).collect()
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap();
        let taken = kept.room.map_or(bytes.len(), |room| room.min(bytes.len()));
        if taken == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        kept.room = kept.room.map(|room| room - taken);
        kept.writes.push(bytes[..taken].to_vec());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn console(style: Style, view: View) -> (Console, Stream, Arc<Counters>) {
    let (stream, counters) = (Stream::default(), Arc::new(Counters::default()));
    (Console::new(style, Arc::new(move || view), Arc::clone(&counters), stream.clone()), stream, counters)
}

const PLAIN: Style = Style::Pretty { colours: false };

/// What the console shows of an exchange.
fn shown(exchange: Exchange) -> String {
    let (console, stream, _) = console(PLAIN, View::default());
    console.finished(&Arc::new(exchange));
    stream.text()
}

#[test]
fn a_usual_exchange_is_one_aligned_line() {
    let expected = "10:30:00.135  POST     200  12.3 ms  /orders/{id}                       00000001\n";
    assert_eq!(shown(exchange(json!({}))), expected);
}

#[test]
fn the_first_line_says_how_much_is_told_and_where() {
    let (console, stream, _) = console(PLAIN, View::default());
    let mut settings = [
        ("LOG_API_CALLS", "true".into()),
        ("LOG_DIR", "/srv/logs".into()),
        ("LOG_FILES", "true".into()),
        ("LOG_DUMPS", "true".into()),
        ("LOG_DUMP_DIR", "/srv/logs/dumps".into()),
    ];
    console.note(&entry::Note::Started {
        version: "0.1.0",
        service: "shop",
        verbosity: 0,
        settings: &settings,
    });
    assert_eq!(
        &stream.text()[12..],
        "  INFO     flightlog: recording shop; verbosity 0; log files in /srv/logs; dumps of failures in /srv/logs/dumps\n"
    );
    let (console, stream, _) = self::console(PLAIN, View::default());
    for place in [0, 2, 3] {
        settings[place].1 = String::from("false");
    }
    let (version, service) = ("0.1.0", "shop");
    console.note(&entry::Note::Started { version, service, verbosity: 2, settings: &settings });
    assert_eq!(
        &stream.text()[12..],
        "  INFO     flightlog: recording shop; verbosity 2; exchanges off; log files off; dumps of failures off\n"
    );
}

#[test]
fn a_failure_is_followed_by_its_causes_its_place_and_its_dump() {
    let expected = concat!(
        "10:30:00.123  POST     500   250 ms  /api/v1/orders                     00000001  grpc 13  slow\n",
        "                       shop::OrderError: stock service refused\n",
        "                         caused by: connection refused\n",
        "                         caused by: os error 111\n",
        "                         at src/orders.rs:42\n",
        "                         dump 20261120T103000.123456Z-500-0198c0de-0000-7000-8000-000000000001.json\n",
    );
    assert_eq!(shown(dumped()), expected);
}

#[test]
fn what_is_not_as_usual_is_said() {
    for (own, expected) in [
        (json!({"began": {"direction": "outbound"}}), "  outbound"),
        (
            json!({"began": {"direction": "outbound", "parent_request_id": "0198c0de-0000-7000-8000-000000000009"}}),
            "  outbound  in 00000009",
        ),
        (
            json!({"response": {"headers": {"content-type": "application/x-ndjson"}, "body": {"total_bytes": 2048}}}),
            "  stream 2.0 KiB  headers after 11.2 ms",
        ),
        (
            json!({"began": {"direction": "outbound", "request": {"url": "https://[REDACTED]@stock.test:8443/x?a=b", "endpoint": "/x"}}}),
            "  stock.test:8443/x  ",
        ),
        (
            json!({"began": {"direction": "outbound", "request": {"url": "/x", "endpoint": "/x"}}}),
            " ms  /x  ",
        ),
        (
            json!({"outcome": "aborted_before_response", "response": null}),
            "POST     ---  12.3 ms  /orders/{id}                       00000001  aborted before response\n",
        ),
        (json!({"outcome": "aborted_in_body"}), "00000001  aborted in body\n"),
        (
            json!({"outcome": "panicked", "response": null, "error": {"message": "left\n  right"}}),
            "00000001  panicked\n                       left\n                           right\n",
        ),
        (
            json!({"response": {"status": 404, "body": {"json": {"detail": "no such order"}}}}),
            "00000001\n                       no such order\n",
        ),
        (json!({"duration_ms": 7_200_000.0}), "200   2h 00m  /orders"),
        (json!({"duration_ms": 0.085}), "200    85 µs  /orders"),
        (
            json!({"response": {"headers": {"content-type": "text/event-stream"}, "body": {"total_bytes": 14_592}}, "duration_ms": 8431.0}),
            "200   8.43 s  /orders/{id}                       00000001  stream 14.2 KiB  headers after 11.2 ms\n",
        ),
        (
            json!({"began": {"request": {"endpoint": "/a/very/long/path/that/goes/on/and/on"}}}),
            "/that/goes/on/and/on  00000001\n",
        ),
    ] {
        let text = shown(exchange(own));
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[test]
fn at_verbosity_3_bodies_are_below() {
    let (console, stream, _) = console(PLAIN, View { verbosity: 3, ..View::default() });
    console.finished(&Arc::new(exchange(json!({}))));
    let below = "\n                       > {\"n\":1.0}\n                       < {\"id\":42}\n";
    assert!(stream.text().ends_with(below), "{}", stream.text());
}

#[test]
fn an_event_is_one_line_with_its_fields() {
    let (console, stream, _) = console(PLAIN, View::default());
    console.event(&Arc::new(event(
        json!({"fields": [{"name": "id", "value": 42}, {"name": "who", "value": "Ada L"}]}),
    )));
    let expected = "10:30:00.130  INFO     shop::orders: order placed  id=42  who=\"Ada L\"  00000001\n";
    assert_eq!(stream.text(), expected);
}

#[test]
fn the_causes_of_an_event_stand_below_it() {
    let (console, stream, _) = console(PLAIN, View::default());
    console.event(&Arc::new(event(json!({"error_chain": ["connection failed", "refused"]}))));
    let text = stream.text();
    let causes: Vec<_> = text.lines().skip(1).map(str::trim).collect();
    assert_eq!(causes, ["caused by: connection failed", "caused by: refused"]);
}

#[test]
fn nothing_drives_the_terminal_but_our_own_colours() {
    let evil = "\x1b[2J\u{9b}31m\u{202e}\r\x07x\n10:30:00.123  GET forged\u{2028}";
    let told = event(
        json!({"message": evil, "module": evil, "error_chain": [evil], "fields": [{"name": evil, "value": evil}]}),
    );
    let hurt = exchange(json!({
        "began": {"request": {"endpoint": evil, "body": {"json": null, "text": evil}}},
        "response": {"status": 500, "body": {"json": null, "text": evil}},
        "error": {"type": evil, "message": evil, "location": evil, "chain": [evil]},
        "dump": evil,
    }));
    for colours in [false, true] {
        let (console, stream, _) =
            console(Style::Pretty { colours }, View { verbosity: 3, ..View::default() });
        console.event(&Arc::new(told.clone()));
        console.finished(&Arc::new(hurt.clone()));
        let mut text = stream.text();
        assert_eq!(text.contains('\x1b'), colours);
        for code in ["0", "1", "2", "31", "32", "33", "36", "1;31"] {
            text = text.replace(&format!("\x1b[{code}m"), "");
        }
        let bad = |c: &char| c.is_control() && *c != '\n' || "\u{202e}\u{2028}".contains(*c);
        assert_eq!(text.chars().find(bad), None, "{text}");
        let ours = text.lines().filter(|line| line.starts_with("10:30")).count();
        assert_eq!(ours, 2, "{text}");
    }
}

#[test]
fn no_character_stands_raw_that_could_drive_a_terminal_wherever_it_is_told() {
    let dangerous = |c: &char| {
        c.is_control() && *c != '\n'
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let characters: Vec<char> = ('\0'..=char::MAX).collect();
    for some in characters.chunks(4096) {
        let text: String = some.iter().collect();
        let told = event(json!({
            "message": text, "module": text, "location": format!("{text}:1"), "error_chain": [text],
            "fields": [{"name": text, "value": text}],
        }));
        let hurt = exchange(json!({
            "began": {
                "client_request_id": text,
                "request": {"url": text, "endpoint": text, "body": {"json": null, "text": text}},
            },
            "response": {"status": 500, "headers": {"content-type": text}, "body": {"json": null, "text": text}},
            "error": {"type": text, "message": text, "location": text, "chain": [text], "backtrace": text},
            "dump": text,
        }));
        for style in [PLAIN, Style::Json] {
            let (console, stream, _) = console(style, View { verbosity: 3, ..View::default() });
            console.event(&Arc::new(told.clone()));
            console.started(&hurt.began);
            console.finished(&Arc::new(hurt.clone()));
            assert_eq!(stream.text().chars().find(dangerous), None, "{style:?}: {:?}", some.first());
        }
    }
}

#[test]
fn for_machines_there_are_entries_with_numbers_of_their_own() {
    let (console, stream, counters) = console(Style::Json, View { run: *b"a1b2c3d4", ..View::default() });
    console.note(&entry::Note::Started { version: "0.1.0", service: "shop", verbosity: 0, settings: &[] });
    console.started(&Arc::new(started(json!({}))));
    console.event(&Arc::new(event(json!({}))));
    console.finished(&Arc::new(dumped()));
    let entries = stream.entries();
    let types: Vec<_> = entries.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["recorder", "request", "log", "response", "error"]);
    for (entry, seq) in entries.iter().zip(1..) {
        assert_eq!((&entry["run"], &entry["seq"]), (&json!("a1b2c3d4"), &json!(seq)));
    }
    let writes: Vec<_> = stream.0.lock().unwrap().writes.iter().map(Vec::len).collect();
    assert_eq!(writes.len(), 4, "an exchange's entries go out in one write");
    assert_eq!(counters.console_errors.get(), 0);
}

#[test]
fn with_combined_entries_there_is_no_request_entry() {
    let (console, stream, _) = console(Style::Json, View { combined: true, ..View::default() });
    console.started(&Arc::new(started(json!({}))));
    console.finished(&Arc::new(exchange(json!({}))));
    let entries = stream.entries();
    assert_eq!((entries.len(), &entries[0]["seq"]), (1, &json!(1)));
    assert_eq!(entries[0]["url"], "http://shop.test/orders/7?page=2");
}

#[test]
fn a_stream_that_fails_is_counted_and_its_torn_line_is_ended() {
    let (console, stream, counters) = console(Style::Json, View::default());
    let finish = || console.finished(&Arc::new(dumped()));
    stream.room(Some(0));
    finish();
    assert_eq!(counters.console_errors.get(), 2);
    stream.room(Some(100));
    finish();
    assert_eq!(counters.console_errors.get(), 5, "the news of the first two is lost with these");
    stream.room(None);
    finish();
    assert_eq!(counters.console_errors.get(), 5);
    let text = stream.text();
    let whole: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(
        whole.iter().map(|entry| &entry["seq"]).collect::<Vec<_>>(),
        [6, 7, 8],
        "what is missing shows"
    );
    assert_eq!(whole[0]["fields"], json!({"lost": 5, "cause": "stdout", "from_seq": 1, "to_seq": 5}));
    assert_eq!(text.lines().count(), 4);
}

#[test]
fn what_the_queue_could_not_take_is_a_hole_in_the_numbers_and_told() {
    let (console, stream, _) = console(Style::Json, View::default());
    let told = Arc::new(event(json!({})));
    console.event(&told);
    console.lost(7);
    console.event(&told);
    let entries = stream.entries();
    assert_eq!(entries.iter().map(|entry| entry["seq"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 9, 10]);
    assert_eq!(entries[1]["fields"], json!({"lost": 7, "cause": "overload", "from_seq": 2, "to_seq": 8}));
}

#[test]
fn what_dumps_have_to_tell_waits_for_the_next_entry_and_for_no_stream() {
    let (console, stream, _) = console(Style::Json, View::default());
    for n in 1..=20 {
        console.note_suppressed(&entry::Suppressed { n, most: Vec::new() });
    }
    assert_eq!(stream.text(), "");
    console.finished(&Arc::new(exchange(json!({}))));
    console.flush();
    let told = stream.entries();
    let notes: Vec<_> = told.iter().filter(|entry| entry["event_type"] == "dumps_suppressed").collect();
    assert_eq!(notes.iter().map(|note| note["fields"]["n"].as_u64().unwrap()).sum::<u64>(), 210);
    assert_eq!((notes.len(), told.len()), (16, 17));
    console.note_suppressed(&entry::Suppressed { n: 1, most: Vec::new() });
    console.flush();
    assert_eq!(stream.entries().last().unwrap()["fields"]["n"], 1);
}
