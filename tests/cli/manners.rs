//! How it behaves among other programs.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::support::{Logs, text};

#[test]
fn exit_status_is_0_found_1_nothing_2_error() {
    let logs = Logs::generated(20);
    for (arguments, code) in [
        (&["-n", "1"][..], 0),
        (&["--endpoint", "/nowhere"], 1),
        (&["stats", "--endpoint", "/nowhere"], 1),
        (&["dumps"], 1),
        (&["--help"], 0),
        (&["help", "stats"], 0),
        (&["--version"], 0),
        (&["man"], 0),
        (&["completions", "bash"], 0),
        (&["completions", "tcsh"], 2),
        (&["tale"], 2),
        (&["--status", "9"], 2),
        (&["show", "ffffffff"], 2),
        (&["--log-dir", "nowhere"], 2),
    ] {
        let output = logs.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
        // An error says so on stderr, and only there.
        assert_eq!(code == 2, !output.stderr.is_empty(), "{arguments:?}");
        assert!(code != 2 || output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn errors_say_what_to_type() {
    let logs = Logs::new();
    for (arguments, part) in [
        (&["-n", "5"][..], "there is no log in logs"),
        (&["--log-dir", "nowhere"], "say where the logs are: --log-dir DIR, or set LOG_DIR"),
        (&["curl", "latest"], "say where they are: --dump-dir DIR"),
        (&["curl", "latest", "--json"], "--json belongs to tail, stats"),
    ] {
        let output = logs.run(arguments);
        assert!(text(&output.stderr).contains(part), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_request_that_the_service_sent_has_a_command_and_no_test() {
    let logs = Logs::new();
    let dump = tower_flightlog::formats::DUMP_EXAMPLE;
    let (id, parent) = ("0198c0de-0000-7000-8000-000000000001", "0198c0de-0000-7000-8000-000000000002");
    let own = format!(r#""direction": "outbound", "parent_request_id": "{parent}", "outcome":"#);
    let name = format!("dumps/20261120T103000.123456Z-500-{id}.json");
    logs.put(&name, dump.replacen(r#""outcome":"#, &own, 1));
    let output = logs.run(&["test", id]);
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
    assert!(said.contains(&format!("flightlog curl {id}")), "{said}");
    assert!(said.contains(&format!("flightlog test {parent}")), "{said}");
    assert!(logs.say(&["curl", id]).contains("curl "));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let logs = Logs::generated(3000);
    let mut child =
        logs.command().args(["-n", "100000"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn colours_are_for_terminals_or_where_they_are_asked_for() {
    let logs = Logs::generated(5);
    assert!(!logs.say(&[]).contains('\x1b'));
    assert!(logs.say(&["--color", "always"]).contains("\x1b[32m"));
    let always = logs.command().args(["--color", "always"]).env("NO_COLOR", "1").output().unwrap();
    assert!(text(&always.stdout).contains('\x1b'), "what is typed wins");
}

#[test]
fn the_logs_may_be_one_file() {
    let logs = Logs::generated(5);
    let mut named = logs.command();
    named.args(["--log-dir", "logs/api.log", "-n", "3"]);
    assert_eq!(
        text(&named.output().unwrap().stdout).lines().filter(|line| line.contains(" 200 ")).count(),
        3
    );
    std::fs::rename(logs.path("api.log"), logs.path("saved.jsonl")).unwrap();
    assert!(logs.say(&["-d", "logs/saved.jsonl", "stats"]).starts_with("5 exchanges"));
}
