//! Files as crashes, editors and attackers leave them.

use std::{
    fs,
    os::unix::fs::symlink,
    process::{Command, Stdio},
};

use crate::{
    generate::Dice,
    support::{Logs, text},
};

/// All that read logs.
const COMMANDS: [&[&str]; 13] = [
    &["-n", "1000"],
    &["-n", "1000", "-v", "--events"],
    &["-n", "1000", "--json"],
    &["-n", "1000", "--type", "errors"],
    &["-n", "1000", "--where", "request_body.a=1 or not b"],
    &["stats"],
    &["stats", "--by", "request_body.a", "--json"],
    &["errors"],
    &["dumps"],
    &["report", "-o", "-"],
    &["doctor"],
    &["show", "latest"],
    &["show", "latest:error", "--json"],
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
    let doctor = text(&logs.run(&["doctor"]).stdout);
    assert!(
        doctor.contains("1 compressed logs were not read") && doctor.contains("api.log.1.gz"),
        "{doctor}"
    );
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

/// A response of the foreign kind, whose numbers are these.
fn with_numbers(number: &str) -> String {
    format!(
        r#"{{"timestamp":{number},"type":"response","run":"a1b2c3d4","seq":{number},"request_id":"r{number}","method":"GET","endpoint":"/a","status_code":500,"duration_ms":{number},"request_bytes":{number},"response_bytes":{number},"llm":{{"input_tokens":{number},"output_tokens":{number}}},"cache":{{"hits":{number},"misses":{number}}},"similar":{{"count":{number}}},"fields":{{"lost":{number}}}}}"#
    )
}

#[test]
fn numbers_of_any_size_break_nothing() {
    let numbers = [
        "1e300",
        "18446744073709551615",
        "9223372036854775807",
        "-1",
        "1e400",
        "0.1e-300",
        "253402300799999999",
        "-0",
    ];
    for number in numbers {
        let line = with_numbers(number);
        let gap = line.replace("\"response\"", "\"recorder\",\"event_type\":\"gap\"");
        let request = line.replace("\"response\"", "\"request\"");
        let sane = String::from_utf8(generated()).unwrap();
        let log = format!("{request}\n{line}\n{gap}\n{gap}\n{sane}{request}\n{line}\n");
        survive(&with(log), number);
    }
}

#[test]
fn a_log_comes_on_standard_input_from_a_file_or_a_pipe() {
    let logs = Logs::generated(40);
    let expected = logs.say(&["stats", "-d", "logs/api.log"]);
    let file = || fs::File::open(logs.path("api.log")).unwrap();
    let run =
        |stdin: Stdio, arguments: &[&str]| logs.command().args(arguments).stdin(stdin).output().unwrap();
    assert_eq!(text(&run(file().into(), &["stats", "-"]).stdout), expected);
    let mut cat = Command::new("cat").arg(logs.path("api.log")).stdout(Stdio::piped()).spawn().unwrap();
    let output = run(cat.stdout.take().unwrap().into(), &["-", "stats"]);
    cat.wait().unwrap();
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
    let output = run(Stdio::null(), &["-"]);
    assert!(output.status.code().is_some_and(|code| code >= 1), "{output:?}");
}

#[test]
fn a_compressed_log_says_what_to_type() {
    let logs = Logs::generated(10);
    fs::rename(logs.path("api.log"), logs.path("api.log.1")).unwrap();
    let zipped = Command::new("gzip").arg(logs.path("api.log.1")).status().unwrap();
    assert!(zipped.success());
    let output = logs.run(&["stats", "-d", "logs/api.log.1.gz"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("is compressed") && said.contains("zcat logs/api.log.1.gz | flightlog"), "{said}");
    logs.put("api.log", generated());
    let said = text(&logs.run(&["stats"]).stderr);
    assert!(
        said.contains("1 compressed logs were not read") && said.contains("| flightlog stats -"),
        "{said}"
    );
    // Who asks for the last hour asks for none of them.
    assert_eq!(text(&logs.run(&["stats", "--since", "1h"]).stderr), "");
    // Cut in half it is none that zcat could not say more about.
    let half = fs::read(logs.path("api.log.1.gz")).unwrap();
    logs.put("api.log.1.gz", &half[..half.len() / 2]);
    survive(&logs, "half a gz");
}

#[test]
fn what_cannot_be_a_log_is_named_and_the_rest_is_read() {
    let logs = Logs::generated(5);
    let _socket = std::os::unix::net::UnixListener::bind(logs.path("socket.log")).unwrap();
    symlink("/dev/zero", logs.path("zero.log")).unwrap();
    symlink("nowhere", logs.path("worker.log")).unwrap();
    symlink("api.log", logs.path("api.log.7")).unwrap();
    survive(&logs, "sockets, devices and links");
    let output = logs.run(&["stats"]);
    assert!(text(&output.stdout).starts_with("5 exchanges"), "a link to a log is the same log");
    for name in ["socket.log", "zero.log", "worker.log"] {
        assert!(text(&output.stderr).contains(name), "{}", text(&output.stderr));
    }
    // An empty directory, one of thousands of others' files, one that is a file.
    let logs = Logs::new();
    assert_eq!(logs.run(&["stats"]).status.code(), Some(2));
    for number in 0..3000 {
        logs.put(&format!("other-{number}.txt"), "x");
    }
    logs.put("api.log", generated());
    assert!(logs.say(&["stats"]).starts_with("30 exchanges"));
    survive(&logs, "a crowd");
}

#[test]
fn more_rotated_files_than_are_read_are_told() {
    let logs = Logs::new();
    let line = "{\"type\":\"response\",\"endpoint\":\"/\",\"status_code\":200}\n";
    for number in 0..300 {
        let name = if number == 0 { "api.log".into() } else { format!("api.log.{number}") };
        logs.put(&name, line);
    }
    let output = logs.run(&["stats"]);
    assert!(text(&output.stdout).starts_with("256 exchanges"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("44 of the oldest files are left out"), "{}", text(&output.stderr));
}

#[test]
fn holes_mixed_formats_and_numbers_that_come_twice_are_read_through() {
    let good = String::from_utf8(generated()).unwrap();
    let line = good.lines().nth(1).unwrap();
    let future = line.replace("\"run\":", "\"schema\":\"flightlog.entry/9\",\"shape\":[1],\"run\":");
    let unknown = line.replace("\"type\":\"response\"", "\"type\":\"hologram\"");
    let mut log = format!("{good}{future}\n{unknown}\n{line}\n{line}\n").into_bytes();
    // What a crash of the machine leaves: a hole in front of the line that came next.
    log.extend(std::iter::repeat_n(0, 300_000));
    log.extend_from_slice(line.as_bytes());
    log.push(b'\n');
    let logs = with(&log);
    survive(&logs, "a hole");
    assert!(
        logs.say(&["stats"]).starts_with("33 exchanges") || logs.say(&["stats"]).starts_with("34 exchanges")
    );
    assert!(text(&logs.run(&["doctor"]).stdout).contains("numbers come twice"));
}

#[test]
fn what_acts_in_a_dump_acts_in_none_of_its_forms() {
    let evil = "\u{1b}]0;x\u{7}\u{202e}\u{9b}31m\u{2028}\u{200f}</script>```$(touch x)`touch x`'";
    let escaped: String = evil.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let dump = include_str!("dump.json");
    for evil in [escaped.as_str(), &evil.replace('\u{1b}', "\\u001b").replace('\u{7}', "\\u0007")] {
        let logs = Logs::generated(3);
        let mut changed = dump.to_owned();
        for word in ["orders", "accept", "shop", "again", "article", "curl", "place", "page"] {
            changed = changed.replace(word, &format!("{word}{evil}"));
        }
        logs.put("dumps/20261120T103000.135799Z-500-0198c0de-0000-7000-8000-000000000001.json", &changed);
        serde_json::from_str::<serde_json::Value>(&changed).unwrap();
        survive(&logs, "a dump");
        let forms = [
            &["dumps"][..],
            &["dumps", "--json"],
            &["show", "0198c0de-0000-7000-8000-000000000001"],
            &["show", "0198c0de-0000-7000-8000-000000000001", "--json"],
            &["curl", "latest"],
            &["markdown", "latest"],
            &["test", "latest"],
            &["har", "latest"],
            &["replay", "latest", "--to", "http://127.0.0.1:1"],
        ];
        for arguments in forms {
            let output = logs.run(arguments);
            assert!(output.status.code().is_some_and(|code| code <= 2), "{arguments:?}: {output:?}");
            for said in [text(&output.stdout), text(&output.stderr)] {
                let acts = |c: char| {
                    (c.is_control() && !matches!(c, '\n' | '\t')) || "\u{202e}\u{2028}\u{200f}".contains(c)
                };
                assert!(!said.contains(acts) && !said.contains("panicked at"), "{arguments:?}: {said:?}");
            }
        }
    }
}

#[test]
fn logs_that_are_cut_and_rotated_while_they_are_read_end_all_the_same() {
    let logs = Logs::generated(400);
    let whole = fs::read(logs.path("api.log")).unwrap();
    std::thread::scope(|scope| {
        let readers: Vec<_> =
            [&["-n", "100000"][..], &["stats"], &["doctor"], &["-n", "5", "--where", "request_body.a=1"]]
                .into_iter()
                .map(|arguments| {
                    let logs = &logs;
                    scope.spawn(move || {
                        for _ in 0..8 {
                            let output = logs.run(arguments);
                            let said = text(&output.stderr);
                            assert!(
                                output.status.code().is_some_and(|code| code <= 2),
                                "{arguments:?}: {said}"
                            );
                            assert!(!said.contains("panicked at"), "{arguments:?}: {said}");
                        }
                    })
                })
                .collect();
        let mut round = 0;
        while readers.iter().any(|reader| !reader.is_finished()) {
            round += 1;
            match round % 4 {
                0 => logs.put("api.log", &whole),
                1 => fs::File::create(logs.path("api.log")).unwrap().set_len(7).unwrap(),
                2 => logs.put("api.log", &whole[..whole.len() / 3]),
                _ => fs::rename(logs.path("api.log"), logs.path("api.log.1")).unwrap(),
            }
        }
    });
}

/// Root may read everything: skipped where nobody else can be.
#[test]
fn a_log_of_someone_else_is_named_with_who_may_read_it() {
    use std::os::unix::{fs::PermissionsExt, process::CommandExt};
    let logs = Logs::generated(5);
    let mode =
        |name: &str, mode| fs::set_permissions(logs.path(name), fs::Permissions::from_mode(mode)).unwrap();
    let as_nobody = |arguments: &[&str]| {
        let mut command = logs.command();
        if rustix::process::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        command.args(arguments).output()
    };
    fs::set_permissions(logs.dir().parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    mode("", 0o755);
    mode("errors.log", 0o644);
    mode("api.log", 0o000);
    // The program itself may lie where nobody else comes.
    let Ok(output) = as_nobody(&["-d", "logs/api.log"]) else { return };
    if output.status.code() == Some(2) && text(&output.stderr).contains("there is no") {
        return;
    }
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = text(&output.stderr);
    assert!(said.contains("Permission denied") && said.contains("--log-dir logs/api.log"), "{said}");
    let said = text(&as_nobody(&["errors"]).unwrap().stderr);
    assert!(said.contains("api.log: Permission denied"), "{said}");
}
