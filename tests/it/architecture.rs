//! The house: which room may know which. The same table stands in DESIGN.md.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Each room, and the rooms it may import.
const ROOMS: [(&str, &[&str]); 23] = [
    ("exchange", &[]),
    ("redact", &["exchange"]),
    ("config", &["exchange", "redact"]),
    ("sink", &["exchange", "sync"]),
    ("capture", &["exchange", "redact", "config", "sink", "stream", "llm"]),
    ("stream", &["exchange", "llm"]),
    ("llm", &["exchange"]),
    ("layer", &["capture", "config", "exchange"]),
    ("trace", &["capture", "exchange", "sink", "tracing_events"]),
    ("export", &["exchange"]),
    ("writer", &["sync"]),
    ("files", &["exchange", "export", "sink", "writer"]),
    ("journal", &["exchange", "sink", "writer"]),
    ("dump", &["exchange", "export", "sink", "writer"]),
    ("console", &["exchange", "export", "sink"]),
    ("tracing_events", &["exchange", "export", "sink"]),
    ("formats", &[]),
    ("sync", &[]),
    ("builder", ALL),
    ("flightlog", ALL),
    ("init", ALL),
    ("lib", ALL),
    ("tests", ALL),
];

const ALL: &[&str] = &[
    "exchange",
    "redact",
    "config",
    "sink",
    "capture",
    "stream",
    "llm",
    "layer",
    "trace",
    "export",
    "writer",
    "files",
    "journal",
    "dump",
    "console",
    "tracing_events",
    "formats",
    "sync",
    "builder",
    "flightlog",
    "init",
];

/// Who may say of a text that it is redacted: redaction itself, a text of which redaction said so that is copied, a record
/// that is read back, and the cause of a failure, which is taken out of a text that was redacted before.
const MAY_VOUCH: [&str; 5] = [
    "src/redact/",
    "src/exchange/redacted.rs",
    "src/exchange/shown.rs",
    "src/exchange/body.rs",
    "src/capture/cause.rs",
];

/// The same within the command line, a crate of its own: reading knows nothing of what is asked.
const OF_THE_COMMAND_LINE: [(&str, &[&str]); 10] = [
    // What must hold of all that read, for tests only.
    ("laws", &["entry", "filter", "json", "read", "time"]),
    ("digits", &[]),
    ("json", &[]),
    ("time", &["digits"]),
    ("term", &[]),
    ("entry", &["digits", "json", "time"]),
    ("read", &["entry", "time"]),
    ("filter", &["entry", "json", "time"]),
    ("args", &["filter", "term", "time"]),
    ("commands", &["args", "entry", "filter", "json", "read", "say", "term", "time"]),
];

const COMMAND_LINE: &str = "src/bin/flightlog";

#[test]
fn the_command_line_reads_without_knowing_what_is_asked() {
    for (path, code) in sources() {
        let Ok(below) = path.strip_prefix(COMMAND_LINE) else { continue };
        let first = below.components().next().unwrap();
        let room = Path::new(first.as_os_str()).file_stem().unwrap().to_string_lossy().into_owned();
        if room == "main" {
            continue;
        }
        let (_, allowed) =
            OF_THE_COMMAND_LINE.iter().find(|(name, _)| *name == room).expect("it is in the table");
        for known in imports(&code) {
            assert!(known == room || allowed.contains(&known.as_str()), "{} imports {known}", path.display());
        }
    }
}

#[test]
fn no_room_knows_more_than_it_may() {
    let mut wrong = Vec::new();
    // The command line has the public API only: the compiler sees to that.
    for (path, code) in sources().into_iter().filter(|(path, _)| !path.starts_with(COMMAND_LINE)) {
        let room = room_of(&path);
        let (_, allowed) =
            ROOMS.iter().find(|(name, _)| *name == room).unwrap_or_else(|| panic!("{room} is in no table"));
        for known in imports(&code) {
            if known != room && !allowed.contains(&known.as_str()) {
                wrong.push(format!("{} imports {known}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_table_in_the_design_is_this_one() {
    let design = fs::read_to_string("DESIGN.md").unwrap();
    for (room, allowed) in ROOMS.iter().filter(|(_, allowed)| *allowed != ALL) {
        let row = design.lines().find(|line| line.starts_with(&format!("| `{room}/` |")));
        let row = row.unwrap_or_else(|| panic!("DESIGN.md has no row for {room}"));
        let cell = row.trim_end_matches('|').rsplit('|').next().unwrap().trim();
        let told: BTreeSet<_> = cell.split(", ").filter(|name| *name != "nothing of ours").collect();
        assert_eq!(told, allowed.iter().copied().collect(), "{room}");
    }
}

#[test]
fn only_redaction_says_that_a_text_is_redacted() {
    for (path, code) in sources() {
        let path = path.to_string_lossy();
        if !MAY_VOUCH.iter().any(|allowed| path.starts_with(allowed)) {
            let vouches = ["Redacted::vouch", "Shown::vouch", "ShownBody::vouch"];
            assert!(!vouches.iter().any(|vouch| code.contains(vouch)), "{path}");
        }
    }
}

#[test]
fn the_parser_of_this_test_sees_what_it_must() {
    let code = "use crate::{\n    a::{x, y},\n    b,\n    c::{self, Z},\n};\nuse crate::d::T;\nlet t = crate::e::f();\n$crate::current();\n/// [g](crate::g)\n";
    assert_eq!(imports(code).into_iter().collect::<Vec<_>>(), ["a", "b", "c", "d", "e"]);
}

/// Every source file of the library with its code, tests left out.
fn sources() -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if name == "tests" || name.starts_with("fixture") {
                continue;
            } else if path.is_dir() {
                walk(&path, found);
            } else {
                let code = fs::read_to_string(&path).unwrap();
                let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
                found.push((path, code));
            }
        }
    }
    let mut found = Vec::new();
    walk(Path::new("src"), &mut found);
    assert!(found.len() > 40, "the sources were found");
    found
}

/// `src/redact/json.rs` and `src/redact/mod.rs` are in `redact`, `src/init.rs` in `init`.
fn room_of(path: &Path) -> String {
    let below = path.strip_prefix("src").unwrap().components().next().unwrap();
    Path::new(below.as_os_str()).file_stem().unwrap().to_string_lossy().into_owned()
}

/// The rooms a piece of code names; what `lib.rs` re-exports counts as lib's.
fn imports(code: &str) -> BTreeSet<String> {
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        // A macro for users names what they see.
        if code[..at].ends_with('$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => found.extend(first_word(rest)),
            Some(group) => {
                let mut depth = 0;
                let mut item = String::new();
                for c in group.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => found.extend(first_word(&std::mem::take(&mut item))),
                        _ => {}
                    }
                    if depth == 0 && c != ',' {
                        item.push(c);
                    }
                }
                found.extend(first_word(&item));
            }
        }
    }
    found
}

/// A module's name; types of the crate's root begin upper-case.
fn first_word(text: &str) -> Option<String> {
    let word: String = text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    word.starts_with(char::is_lowercase).then_some(word)
}
