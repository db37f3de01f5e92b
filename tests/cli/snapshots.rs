//! What each command shows, kept as files. `UPDATE_SNAPSHOTS=1 cargo test --features cli --test cli` writes them anew.

use std::{fs, path::Path};

use crate::support::{Logs, text};

const DUMP: &str = include_str!("dump.json");
const EVENTS: &str = include_str!("../../src/formats/entries.jsonl");

/// A few exchanges of the generator, then the examples of the format, whose dump is there.
fn logs() -> Logs {
    let logs = Logs::generated(30);
    let mut api = fs::read_to_string(logs.path("api.log")).unwrap();
    let mut errors = fs::read_to_string(logs.path("errors.log")).unwrap();
    for (place, line) in EVENTS.lines().enumerate() {
        // Ids and numbers that are none of the generator's.
        let line = line.replace("a1b2c3d4", "run20000").replace("2026-11-20T10:30:00", "2026-11-20T10:31:00");
        let log = if place < 4 { &mut api } else { &mut errors };
        log.push_str(&line);
        log.push('\n');
    }
    logs.put("api.log", api);
    logs.put("errors.log", errors);
    let dump = "dumps/20261120T103000.135799Z-500-0198c0de-0000-7000-8000-000000000001.json";
    logs.put(dump, DUMP);
    logs
}

#[test]
fn every_command_shows_what_it_showed() {
    let logs = logs();
    let mut wrong = Vec::new();
    for (name, arguments) in [
        ("tail", &["-n", "12"][..]),
        ("tail-events", &["-n", "4", "--events"]),
        ("tail-verbose", &["-n", "1", "-v"]),
        ("tail-errors", &["--type", "errors", "-n", "3"]),
        ("tail-colours", &["-n", "3", "--color", "always"]),
        ("tail-json", &["-n", "2", "--json", "--status", "5xx"]),
        ("stats", &["stats"]),
        ("stats-by-status", &["stats", "--by", "status", "--top", "2"]),
        ("stats-by-step", &["stats", "--by", "1m"]),
        ("errors", &["errors"]),
        ("errors-json", &["errors", "--json", "-n", "1"]),
        ("dumps-json", &["dumps", "--json"]),
        ("show", &["show", "000000000001"]),
        ("show-log-alone", &["show", "000000000001", "--dump-dir", "nowhere"]),
        ("show-good", &["show", "latest", "--no-vs-good"]),
        ("curl", &["curl", "latest"]),
        ("markdown", &["markdown", "00000001"]),
        ("test", &["test", "0198c0de"]),
        ("har", &["har"]),
        ("help", &["--help"]),
        ("help-tail", &["help", "tail"]),
        ("man", &["man"]),
        ("bash", &["completions", "bash"]),
        ("zsh", &["completions", "zsh"]),
        ("fish", &["completions", "fish"]),
        ("help-replay", &["replay", "--help"]),
        ("stats-json", &["stats", "--json", "--top", "1"]),
        ("show-json", &["show", "000000000001", "--json"]),
        ("report", &["report", "-o", "-"]),
        ("replay-https", &["replay", "latest", "--to", "https://shop.test"]),
        ("error", &["--sine", "10m"]),
    ] {
        let output = logs.run(arguments);
        let shown =
            format!("$ flightlog {}\n{}{}", arguments.join(" "), text(&output.stdout), text(&output.stderr));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cli/snapshots/{name}.txt"));
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            fs::write(&path, &shown).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        if kept != shown {
            wrong.push(format!("{name}: it was\n{kept}\nand is\n{shown}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
