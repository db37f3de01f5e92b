use std::time::{Duration, Instant};

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use super::*;

const EXAMPLES: &str = include_str!("../../../formats/entries.jsonl");
const FOREIGN: [&str; 3] = [
    r#"{"lvl":50,"time":1795170600123,"msg":"x","path":"/p","method":"GET","status":"503","latency_ms":7}"#,
    r#"{"request_body":{"type":"response","status_code":500,"timestamp":"x"},"a":"\",\"status_code\":404,\"","type":"response","@timestamp":"2026-11-20T10:30:00+02:00","severity":"warning","status_code":200,"duration_ms":1.5,"route":"/a","requestId":"r"}"#,
    r#" { "ts" : 1.7951706e9 , "type" : "exception" , "endpoint" : "\/\u0061" , "elapsed_ms" : "12" , "outcome" : null } "#,
];

/// What others put where they want to be mistaken.
const PIECES: [&[u8]; 34] = [
    b"\"",
    b"\\",
    b"\\\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xc0\x80",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"\\u0000",
    b"\\u00",
    b"1e400",
    b"-0",
    b"184467440737095516160",
    b"null",
    b"\"status_code\":500,",
    b"\"status\\u005fcode\":404,",
    b",\"type\":\"response\"",
    b"\"timestamp\":\"2026-11-20T10:30:00.123456Z\",",
    b",\"message\":\"",
    b"\",\"status_code\":500,\"x\":\"",
    b"{\"status_code\":500,\"type\":\"response\"}",
    b",\"duration_ms\":1.000",
    b"\"level\":\"INFO\",",
    b"}}",
    b"                                                                ",
];

/// A change of a line.
#[derive(Clone, Debug)]
enum Edit {
    Put(usize, u8),
    Insert(usize, &'static [u8]),
    Many(usize, &'static [u8], usize),
    Drop(usize, usize),
    Cut(usize),
    Again(usize, usize),
    /// Goes on as another line does.
    Splice(usize, usize, usize),
}

fn apply(line: &mut Vec<u8>, edit: &Edit) {
    let place = |at: usize, line: &[u8]| at % (line.len() + 1);
    match edit {
        Edit::Put(at, byte) => {
            let at = place(*at, line);
            if let Some(old) = line.get_mut(at) {
                *old = *byte;
            }
        }
        Edit::Insert(at, piece) => {
            let at = place(*at, line);
            line.splice(at..at, piece.iter().copied());
        }
        Edit::Many(at, piece, times) => {
            let at = place(*at, line);
            line.splice(at..at, piece.repeat(*times));
        }
        Edit::Drop(at, length) => {
            let at = place(*at, line);
            line.drain(at..(at + length).min(line.len()));
        }
        Edit::Cut(at) => line.truncate(place(*at, line)),
        Edit::Again(at, length) => {
            let at = place(*at, line);
            let part = line[at..(at + length).min(line.len())].to_vec();
            line.splice(at..at, part);
        }
        Edit::Splice(at, which, from) => {
            line.truncate(place(*at, line));
            let other = seed(*which);
            line.extend_from_slice(&other[place(*from, &other)..]);
        }
    }
}

fn seed(which: usize) -> Vec<u8> {
    let mut all = EXAMPLES.lines().chain(FOREIGN);
    let count = all.clone().count();
    all.nth(which % count).unwrap().as_bytes().to_vec()
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = 0_usize..2000;
    let piece = prop::sample::select(PIECES.to_vec());
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Edit::Put(at, byte)),
        (at.clone(), b' '..b'~').prop_map(|(at, byte)| Edit::Put(at, byte)),
        (at.clone(), piece.clone()).prop_map(|(at, piece)| Edit::Insert(at, piece)),
        (at.clone(), piece, 1_usize..200).prop_map(|(at, piece, times)| Edit::Many(at, piece, times)),
        (at.clone(), 1_usize..60).prop_map(|(at, length)| Edit::Drop(at, length)),
        at.clone().prop_map(Edit::Cut),
        (at.clone(), 1_usize..300).prop_map(|(at, length)| Edit::Again(at, length)),
        (at.clone(), 0_usize..9, at).prop_map(|(at, which, from)| Edit::Splice(at, which, from)),
    ]
}

/// A line that someone changed: a little, so that most of it is still what it was, or beyond recognition.
fn changed() -> impl Strategy<Value = Vec<u8>> {
    let edited = (0_usize..9, prop::collection::vec(edit(), 0..5)).prop_map(|(which, edits)| {
        let mut line = seed(which);
        edits.iter().for_each(|edit| apply(&mut line, edit));
        line
    });
    // Members in any order, some twice, some with the values of others.
    let shuffled = prop::collection::vec((0_usize..9, 0_usize..40, 0_usize..40), 0..16).prop_map(|picks| {
        let mut line = b"{".to_vec();
        for (which, key, value) in picks {
            let members = members(&seed(which)).unwrap();
            let (key, value) = (&members[key % members.len()].0, &members[value % members.len()].1);
            if line.len() > 1 {
                line.push(b',');
            }
            line.extend_from_slice(format!("{key:?}:{value}").as_bytes());
        }
        line.push(b'}');
        line
    });
    // Keys where they belong, with values of others.
    let swapped =
        (0_usize..6, 0_usize..9, 0_usize..40, 0_usize..40).prop_map(|(which, other, place, value)| {
            let mut members = members(&seed(which)).unwrap();
            let others = super::members(&seed(other)).unwrap();
            let (count, from) = (members.len(), others.len());
            members[place % count].1 = others[value % from].1.clone();
            let members: Vec<_> = members.iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
            format!("{{{}}}", members.join(",")).into_bytes()
        });
    prop_oneof![4 => edited, 2 => shuffled, 3 => swapped, 1 => any::<Vec<u8>>()]
}

/// Lines, and what is no line between them.
fn log() -> impl Strategy<Value = Vec<u8>> {
    let whole = (0_usize..9).prop_map(seed);
    prop::collection::vec(prop_oneof![whole, changed()], 0..40).prop_map(|lines| lines.join(&b'\n'))
}

fn question() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "status_code",
        "request_body.model",
        "a",
        "and",
        "or",
        "not",
        "(",
        ")",
        "=",
        "!=",
        "<",
        ">=",
        "~",
        "\"x\"",
        "'",
        "500",
        "1.5s",
        "*",
        "?",
        "..",
        "é",
        "&&",
        "||",
        "!",
        "5xx",
        "-",
        "10m",
        "2026-11-20T10:00",
        "99999999999w",
    ]);
    prop_oneof![
        prop::collection::vec(words, 0..12).prop_map(|words| words.join(" ")),
        any::<String>(),
        r"[0-9a-z:.\-+TZ]{0,20}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn a_changed_line_says_what_serde_json_reads_or_is_passed_over(bytes in changed()) {
        line(&bytes);
    }

    #[test]
    fn anything_typed_is_understood_or_refused(text in question(), bytes in changed()) {
        typed(&text, &bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    #[test]
    fn a_changed_log_has_the_same_lines_from_both_sides(bytes in log(), shift in 0_usize..3000, cut in 0_usize..300_000) {
        file(&bytes, shift, cut);
    }
}

#[test]
fn a_line_is_whole_wherever_a_piece_ends_in_it() {
    let log = format!("{{\"a\":1}}\n{}\n\nend", FOREIGN[0]);
    for shift in 0..log.len() + 3 {
        file(log.as_bytes(), shift, shift);
    }
}

#[test]
fn what_stands_deep_ends_where_it_ends() {
    for depth in [127, 128, 1000, 100_000] {
        for (open, close) in [("[", "]"), ("{\"status_code\":", "}")] {
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let text =
                format!(r#"{{"request_body":{deep},"status_code":404,"type":"response","method":"GET"}}"#);
            line(text.as_bytes());
            let entry = Parser::default().read(text.as_bytes(), false).unwrap();
            assert_eq!((entry.status, entry.kind), (404, Kind::Response), "{open} {depth}");
            line(&text.as_bytes()[..text.len() - 60]);
        }
    }
}

/// For as long as one likes: `FUZZ_SECONDS=600 cargo test --release --features cli --bin flightlog soak -- --ignored`.
#[test]
#[ignore = "it takes the time it is given in FUZZ_SECONDS"]
fn soak() {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut runner =
        TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() });
    let (lines, logs, questions) = (changed(), log(), question());
    let mut rounds = 0_u64;
    while Instant::now() < end {
        rounds += 1;
        for _ in 0..200 {
            let bytes = lines.new_tree(&mut runner).unwrap().current();
            let text = questions.new_tree(&mut runner).unwrap().current();
            told(&bytes, || line(&bytes));
            told(text.as_bytes(), || typed(&text, &bytes));
        }
        let bytes = logs.new_tree(&mut runner).unwrap().current();
        let cut = rounds as usize * 7919;
        told(&bytes, || file(&bytes, cut % 3000, cut % 300_000));
    }
    println!("{} lines, {rounds} logs, no law broken", rounds * 200);
}

/// Says which bytes they were that broke a law.
fn told(bytes: &[u8], law: impl FnOnce()) {
    if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(law)) {
        println!("these bytes: {}", bytes.escape_ascii());
        std::panic::resume_unwind(panic);
    }
}
