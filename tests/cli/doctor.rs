//! `doctor`: each trouble is made by hand; it is told with what to do.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::support::{Logs, text};

/// A service's logs, as it leaves them.
fn healthy() -> Logs {
    let logs = Logs::generated(30);
    for (name, mode) in [("", 0o700), ("api.log", 0o600), ("errors.log", 0o600)] {
        fs::set_permissions(logs.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    logs
}

/// Changes the lines of api.log.
fn change(logs: &Logs, change: impl FnOnce(&mut Vec<String>)) {
    let log = fs::read_to_string(logs.path("api.log")).unwrap();
    let mut lines: Vec<String> = log.lines().map(|line| format!("{line}\n")).collect();
    change(&mut lines);
    fs::write(logs.path("api.log"), lines.concat()).unwrap();
}

#[track_caller]
fn expect(logs: &Logs, parts: &[&str]) {
    let output = logs.run(&["doctor"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn it_is_content_with_what_a_service_writes() {
    let output = healthy().run(&["doctor"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("nothing is wrong"));
    assert!(output.stderr.is_empty(), "no progress where nobody looks");
}

#[test]
fn each_trouble_is_told_with_what_to_do() {
    type Trouble = fn(&Logs);
    let cases: &[(&str, Trouble, &[&str])] = &[
        (
            "a torn line",
            |logs| change(logs, |lines| lines[5] = lines[5][..200].to_owned() + "\n"),
            &["1 torn lines", "at byte", "api.log"],
        ),
        (
            "a line that only looks whole",
            |logs| change(logs, |lines| lines[4] = lines[4].replace("\"model\":", "\"model\"")),
            &["not valid JSON to their end", "jq and DuckDB"],
        ),
        (
            "lines that were deleted",
            |logs| change(logs, |lines| drop(lines.drain(20..24))),
            &["4 numbers are missing, and no gap entry"],
        ),
        (
            "a gap",
            |logs| {
                change(logs, |lines| {
                    lines.drain(20..24);
                    let gap = lines[19].split("\"type\"").next().unwrap().to_owned()
                        + r#""type":"recorder","run":"a1b2c3d4","seq":25,"message":"lost","event_type":"gap","fields":{"lost":4,"cause":"ENOSPC","from_seq":21,"to_seq":24}}"#
                        + "\n";
                    lines[20] = gap;
                });
            },
            &["4 entries were lost", "--where 'event_type=gap'"],
        ),
        (
            "a clock that was set back",
            |logs| {
                change(logs, |lines| {
                    lines[30..]
                        .iter_mut()
                        .for_each(|line| *line = line.replace("2026-11-20T10", "2026-11-20T07"))
                })
            },
            &["the clock went back 1 times", "by 3h", "--since and --until may miss"],
        ),
        (
            "copied lines",
            |logs| change(logs, |lines| lines.extend_from_within(0..2)),
            &["2 numbers come twice"],
        ),
        (
            "requests that never ended",
            |logs| {
                change(logs, |lines| {
                    lines.remove(1);
                    lines[40..].iter_mut().for_each(|line| *line = line.replace("T10:30:", "T10:39:"));
                });
            },
            &["1 requests begun more than a minute", "in_flight_at_death"],
        ),
        (
            "a secret",
            |logs| {
                change(logs, |lines| {
                    lines[2] = lines[2].replace("\"model\":", "\"db_password\":\"hunter2\",\"model\":");
                });
            },
            &["`db_password` has a value that is not redacted, 1 times", "LOG_REDACT=db_password"],
        ),
        (
            "a log open to everybody",
            |logs| fs::set_permissions(logs.path("api.log"), fs::Permissions::from_mode(0o644)).unwrap(),
            &["is open to everybody (mode 644; chmod o= "],
        ),
        (
            "a directory open to everybody",
            |logs| fs::set_permissions(logs.dir(), fs::Permissions::from_mode(0o777)).unwrap(),
            &["the directory logs is open to everybody", "chmod o= logs"],
        ),
        (
            "a dump that is torn",
            |logs| {
                let name = "dumps/20261120T103000.135799Z-500-0198c0de-0000-7000-8000-000000000001.json";
                logs.put(name, &include_str!("dump.json")[..300]);
            },
            &["000000000001.json", "EOF"],
        ),
    ];
    for (what, make, parts) in cases {
        let logs = healthy();
        make(&logs);
        println!("{what}");
        expect(&logs, parts);
        let json = logs.run(&["doctor", "--json"]);
        assert_eq!(json.status.code(), Some(1), "{what}");
        for line in text(&json.stdout).lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
}

#[test]
fn a_secret_is_named_and_never_shown() {
    let logs = healthy();
    change(&logs, |lines| lines[2] = lines[2].replace("\"model\":", "\"api_key\":\"canary\",\"model\":"));
    for arguments in [&["doctor"][..], &["doctor", "--json"]] {
        assert!(!text(&logs.run(arguments).stdout).contains("canary"));
    }
}

#[test]
fn files_of_others_are_a_note_not_a_fault() {
    let logs = healthy();
    logs.put("notes.txt", "x");
    logs.put("api.log.1.gz", b"\x1f\x8b\x08");
    let output = logs.run(&["doctor"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("notes.txt is none of ours"), "{said}");
    assert!(said.contains("zcat logs/api.log.1.gz | flightlog doctor -"), "{said}");
}
