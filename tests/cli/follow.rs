//! `tail -f` through all that happens to files.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Stdio},
};

use crate::support::Logs;

struct Following {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Following {
    fn start(logs: &Logs, arguments: &[&str]) -> Self {
        let mut child = logs.command().args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// The next line of an exchange; waits for it.
    fn next(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "it ended");
            if !line.starts_with("-- ") {
                return line;
            }
        }
    }

    fn expect(&mut self, endpoint: &str) {
        let line = self.next();
        assert!(line.contains(&format!(" {endpoint} ")), "want {endpoint}, got {line}");
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn response(number: u64) -> String {
    entry(number, "response", 200, "")
}

fn entry(number: u64, kind: &str, status: u16, more: &str) -> String {
    let level = if status >= 500 { "ERROR" } else { "INFO" };
    format!(
        r#"{{"timestamp":"2026-11-20T10:{:02}:{:02}.000000Z","level":"{level}","type":"{kind}","run":"a1b2c3d4","seq":{number},"request_id":"0198c0de-0000-7000-8000-{number:012}","method":"GET","endpoint":"/{number}","status_code":{status},"duration_ms":1.000,"ttfb_ms":1.000,"outcome":"complete","message":"Outgoing response"{more}}}"#,
        number / 60 % 60,
        number % 60,
    ) + "\n"
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn every_line_comes_once_through_growth_rotation_deletion_and_cuts() {
    let logs = Logs::new();
    let path = logs.path("api.log");
    append(&path, &response(1));
    let mut following = Following::start(&logs, &["-f"]);
    following.expect("/1");

    append(&path, &response(2));
    following.expect("/2");

    // A line in two pieces is one line.
    let third = response(3);
    let (first, second) = third.split_at(100);
    append(&path, first);
    append(&path, second);
    following.expect("/3");

    // Rotated, twice at once: nothing is lost between.
    append(&path, &response(4));
    fs::rename(&path, logs.path("api.log.1")).unwrap();
    append(&path, &response(5));
    fs::rename(logs.path("api.log.1"), logs.path("api.log.2")).unwrap();
    fs::rename(&path, logs.path("api.log.1")).unwrap();
    append(&path, &response(6));
    for endpoint in ["/4", "/5", "/6"] {
        following.expect(endpoint);
    }

    // Another process that has not noticed the rotation.
    append(&path, &response(7));
    following.expect("/7");

    // Cut to nothing, and written anew.
    File::create(&path).unwrap();
    append(&path, &response(8));
    following.expect("/8");

    // Deleted, and made anew.
    fs::remove_file(&path).unwrap();
    append(&path, &response(9));
    following.expect("/9");
}

#[test]
fn a_log_that_is_not_there_yet_is_waited_for() {
    let logs = Logs::new();
    let mut following = Following::start(&logs, &["tail", "-f", "--status", "2xx"]);
    append(&logs.path("api.log"), &entry(1, "response", 404, ""));
    append(&logs.path("api.log"), &response(2));
    following.expect("/2");
}

#[test]
fn the_cause_of_a_failure_stands_below_it_though_it_is_written_later() {
    let logs = Logs::new();
    append(&logs.path("api.log"), &response(1));
    let mut following = Following::start(&logs, &["-f"]);
    following.expect("/1");
    append(&logs.path("api.log"), &entry(2, "response", 500, ""));
    append(
        &logs.path("errors.log"),
        &entry(2, "error", 500, "").replace("Outgoing response", "the cache is cold"),
    );
    following.expect("/2");
    assert!(following.next().contains("the cache is cold"));
}

#[test]
fn errors_alone_are_followed_in_their_file() {
    let logs = Logs::new();
    append(&logs.path("errors.log"), &entry(1, "error", 500, ""));
    let mut following = Following::start(&logs, &["-f", "--errors-only"]);
    following.expect("/1");
    following.next();
    append(&logs.path("api.log"), &entry(2, "response", 500, ""));
    append(&logs.path("errors.log"), &entry(3, "error", 500, ""));
    following.expect("/3");
}
