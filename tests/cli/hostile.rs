//! Files as crashes, editors and attackers leave them.

use std::{fs, os::unix::fs::symlink};

use crate::{
    generate::Dice,
    support::{Logs, text},
};

/// All that read logs.
const COMMANDS: [&[&str]; 8] = [
    &["-n", "1000"],
    &["-n", "1000", "-v", "--events"],
    &["-n", "1000", "--json"],
    &["-n", "1000", "--where", "request_body.a=1 or not b"],
    &["stats"],
    &["errors"],
    &["doctor"],
    &["show", "latest"],
];

/// Runs everything and looks for what must never be there.
fn survive(logs: &Logs, what: &str) {
    for arguments in COMMANDS {
        let output = logs.run(arguments);
        assert!(output.status.code().is_some_and(|code| code <= 2), "{what}, {arguments:?}: {output:?}");
        for said in [text(&output.stdout), text(&output.stderr)] {
            assert!(!said.contains("panicked at"), "{what}, {arguments:?}: {said}");
            let acts = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2028}\u{200f}".contains(c);
            assert!(!said.contains(acts), "{what}, {arguments:?}: {said:?}");
        }
    }
}

fn generated() -> Vec<u8> {
    fs::read(Logs::generated(30).path("api.log")).unwrap()
}

fn with(bytes: impl AsRef<[u8]>) -> Logs {
    let logs = Logs::generated(3);
    logs.put("api.log", bytes);
    logs
}

#[test]
fn broken_lines_are_counted_named_and_passed_over() {
    let good = generated();
    let mut log = b"\xef\xbb\xbf".to_vec();
    log.extend_from_slice(&good);
    for bad in [
        &b"\0\0\0\0\0\0\0\0"[..],
        b"not json",
        b"{\"timestamp\":\"2026-11-20T10:30:00.123456Z\",\"level\":",
        b"\xff\xfe\xfd",
        b"",
        b"[]",
    ] {
        log.extend_from_slice(bad);
        log.push(b'\n');
    }
    log.extend_from_slice(&String::from_utf8(good).unwrap().replace('\n', "\r\n").into_bytes());
    let logs = with(&log);
    survive(&logs, "broken lines");
    let output = logs.run(&["stats"]);
    assert!(text(&output.stdout).starts_with("60 exchanges"), "{}", text(&output.stdout));
    let said = text(&output.stderr);
    assert!(said.contains("5 lines are no entry") && said.contains("api.log"), "{said}");
    let doctor = text(&logs.run(&["doctor"]).stdout);
    assert!(doctor.contains("1 torn lines, 3 that are no JSON, 1 of NUL bytes"), "{doctor}");
}

#[test]
fn files_that_are_none_are_passed_by() {
    let logs = Logs::generated(5);
    fs::create_dir(logs.path("dir.log")).unwrap();
    symlink("loop.log", logs.path("loop.log")).unwrap();
    logs.put("api.log.1.gz", b"\x1f\x8b\x08\0half");
    logs.put("evil\x1b[31m\nname.log", b"{}\n");
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, logs.path("errors.log.1"), fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    survive(&logs, "files that are none");
    assert!(text(&logs.run(&["doctor"]).stdout).contains("api.log.1.gz is none of ours"));
    for empty in ["", "\n\n", "\0"] {
        survive(&with(empty), "next to nothing");
    }
    survive(&with(&generated()[..5000]), "no final newline");
}

#[test]
fn a_line_of_megabytes_counts_as_one() {
    let mut log = generated();
    let line = String::from_utf8(log.clone()).unwrap().lines().nth(1).unwrap().to_owned();
    let long = line.replace("lorem", &"lorem".repeat(1_000_000));
    assert!(long.len() > 4 << 20);
    log.extend_from_slice(long.as_bytes());
    log.extend_from_slice(b"\n");
    log.extend_from_slice(line.as_bytes());
    let logs = with(&log);
    survive(&logs, "a long line");
    assert!(logs.say(&["stats"]).starts_with("32 exchanges"));
}

#[test]
fn what_acts_on_a_terminal_never_reaches_it() {
    let evil = "\u{1b}]0;x\u{7}\u{202e}\u{9b}31m\u{2028}\u{200f}";
    let line = format!(
        r#"{{"timestamp":"2026-11-20T10:30:00.123456Z","level":"ERROR","type":"response","request_id":"{evil}","method":"{evil}","endpoint":"/{evil}","status_code":500,"duration_ms":1,"outcome":"{evil}","error_type":"{evil}","error_message":"{evil}\nforged","dump":"../{evil}","request_headers":{{"{evil}":"{evil}"}},"request_body":{{"{evil}":["{evil}"]}},"response_body_text":"{evil}"}}"#
    );
    let told = format!(
        r#"{{"type":"log","level":"WARN","message":"{evil}","module":"{evil}","fields":{{"{evil}":"{evil}"}}}}"#
    );
    let log = format!("{line}\n{told}\n{evil}\n");
    survive(&with(&log), "controls");
    survive(&with(log.replace('\u{1b}', "\\u001b").replace('\u{202e}', "\\u202e")), "escaped controls");
}

#[test]
fn logs_with_any_bytes_changed_are_survived() {
    let good = generated();
    let mut dice = Dice(42);
    for round in 0..12 {
        let mut log = good.clone();
        for _ in 0..300 {
            let at = dice.roll(log.len() as u64) as usize;
            log[at] = dice.roll(256) as u8;
        }
        let cut = log.len() - dice.roll(3000) as usize;
        survive(&with(&log[..cut]), &format!("round {round}"));
    }
}

#[test]
fn a_name_of_a_dump_leads_nowhere_else() {
    let logs = Logs::generated(1);
    fs::write(
        logs.dir().parent().unwrap().join("secret.json"),
        r#"{"schema":"flightlog.dump/1","x":"canary"}"#,
    )
    .unwrap();
    let line = r#"{"timestamp":"2026-11-20T10:30:00.123456Z","type":"response","request_id":"abc","endpoint":"/","status_code":500,"dump":"../../secret.json"}"#;
    logs.put("api.log", format!("{line}\n"));
    assert!(!logs.say(&["show", "abc", "--json"]).contains("canary"));
}
