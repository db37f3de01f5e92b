//! Anything that is typed, and any dump: an answer, an error, never a panic. PROPTEST_CASES says how many.

use std::{ffi::OsString, os::unix::ffi::OsStringExt};

use proptest::prelude::*;
use tower_flightlog::Dump;

use crate::support::{Logs, text};

const DUMP: &str = include_str!("dump.json");

/// Words of ours but those that wait, send away, or write where it says.
fn word() -> impl Strategy<Value = Vec<u8>> {
    let ours = prop::sample::select(vec![
        "tail",
        "stats",
        "errors",
        "dumps",
        "show",
        "curl",
        "har",
        "markdown",
        "test",
        "doctor",
        "report",
        "help",
        "man",
        "completions",
        "bash",
        "latest",
        "latest:error",
        "0198",
        "--json",
        "-v",
        "--events",
        "--errors-only",
        "--stats",
        "--type",
        "api",
        "errors",
        "-n",
        "0",
        "3",
        "--hours",
        "1e8",
        "--since",
        "10m",
        "--until",
        "today",
        "--status",
        "5xx,none",
        "--method",
        "get",
        "--endpoint",
        "/*",
        "--slow",
        "1ms",
        "--id",
        "--where",
        "status_code>=500",
        "--by",
        "status",
        "5m",
        "--fail-if",
        "p99>1ms",
        "--top",
        "--vs-good",
        "--color",
        "always",
        "-o",
        "-",
        "--log-dir",
        "logs",
        "--dump-dir",
        "--help",
        "--",
        "replay",
        "--to",
        "http://127.0.0.1:1",
        "-c",
        "--set",
        "card=1",
    ]);
    let ours = ours.prop_map(|word| word.as_bytes().to_vec());
    // Without slashes: a file that is written is written here.
    let any = prop::collection::vec(
        any::<u8>().prop_filter("no file elsewhere", |byte| !matches!(byte, 0 | b'/' | b'-' | b'f')),
        0..12,
    );
    prop_oneof![8 => ours, 1 => any]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn whatever_is_typed_ends_with_0_1_or_2_and_a_sentence(lines in prop::collection::vec(prop::collection::vec(word(), 0..6), 4)) {
        let logs = Logs::generated(5);
        logs.put("dumps/20261120T103000.135799Z-500-0198c0de-0000-7000-8000-000000000001.json", DUMP);
        for line in lines {
            let shown: Vec<_> = line.iter().map(|word| word.escape_ascii().to_string()).collect();
            let output = logs.command().args(line.into_iter().map(OsString::from_vec)).stdin(std::process::Stdio::null()).output().unwrap();
            let (said, told) = (text(&output.stdout), text(&output.stderr));
            prop_assert!(output.status.code().is_some_and(|code| code <= 2), "{shown:?}: {told}");
            prop_assert!(!told.contains("panicked at"), "{shown:?}: {told}");
            prop_assert!(output.status.code() != Some(2) || told.starts_with("flightlog: "), "{shown:?}: {told}");
            prop_assert!(!told.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}: {told:?}");
            prop_assert!(said.replace('\x1b', "").chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')), "{shown:?}: {said:?}");
        }
    }
}

const PIECES: [&str; 14] = [
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    "null",
    "1e400",
    "-1",
    "18446744073709551616",
    "\\ud800",
    "\\u0000",
    "\u{1b}",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn a_changed_dump_is_read_or_refused_and_what_is_read_can_be_sent_and_shown(
        edits in prop::collection::vec((0..DUMP.len(), 0_usize..40, prop::sample::select(&PIECES), any::<bool>()), 0..4),
    ) {
        let mut changed = DUMP.to_owned();
        for (at, length, piece, is_value) in edits {
            let at = changed.floor_char_boundary(at);
            if is_value {
                // A whole value becomes another one: what is read is still JSON.
                let from = changed[at..].find(": ").map_or(at, |found| at + found + 2);
                let to = changed[from..].find([',', '\n']).map_or(changed.len(), |found| from + found);
                changed.replace_range(from..to, piece);
            } else {
                let to = changed.floor_char_boundary(at + length);
                changed.replace_range(at..to, piece);
            }
        }
        if let Ok(dump) = changed.parse::<Dump>() {
            for text in [dump.curl(), dump.test(), dump.markdown(), dump.har()] {
                prop_assert!(!text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')), "{text:?}");
            }
        }
    }
}
