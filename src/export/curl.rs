//! The request of an exchange as a command line.

use http::Method;

use super::{
    blanks::REDACTED,
    replay::{Payload, Replay},
    shell::{Words, quote},
};
use crate::exchange::Started;

/// A POSIX `sh` line that sends the request again with curl.
///
/// Whatever a client sent stands in single quotes, or as the octal digits of a `printf`. What was redacted is a variable
/// to set first, named in a comment; a body that was not kept whole is read from `body.bin`. Headers between two hops
/// only, headers that curl makes itself, and those this crate added are left out.
pub(crate) fn curl(started: &Started) -> String {
    let replay = Replay::of(started);
    let mut words = Words::default();
    let mut notes = Vec::new();
    let mut line = vec![String::from("curl")];
    method(&mut line, &replay);
    url(&mut line, &mut words, &replay);
    headers(&mut line, &mut words, &replay);
    body(&mut line, &mut words, &mut notes, &replay);
    let mut text = comments(&words, &notes);
    text.push_str(&line.join(" \\\n  "));
    text
}

/// `sh` gets a word as one argument, and Linux takes none of 128 KiB (MAX_ARG_STRLEN).
const LONGEST_WORD: usize = 100_000;

fn method(line: &mut Vec<String>, replay: &Replay<'_>) {
    if replay.method == Method::HEAD && matches!(replay.body, Payload::None) {
        // With `--request HEAD` curl would wait for a body.
        line.push("--head".into());
    } else {
        line.push(format!("--request {}", quote(replay.method.as_str())));
    }
}

fn url(line: &mut Vec<String>, words: &mut Words, replay: &Replay<'_>) {
    let url = replay.url;
    // curl expands brackets, and the secret behind `[REDACTED]` may hold some.
    if url.contains(['[', ']', '{', '}']) {
        line.push("--globoff".into());
    }
    if url.contains("/.") {
        line.push("--path-as-is".into());
    }
    if replay.target() == "*" {
        line.push("--request-target '*'".into());
    }
    if replay.is_absolute() {
        line.push(format!("--url {}", words.word(url, "url")));
        return;
    }
    let base = words.variable("base_url");
    let path = match url {
        "*" => String::new(),
        path if path.starts_with('/') => path.into(),
        path => format!("/{path}"),
    };
    let path = if path.is_empty() { path } else { words.word(&path, "url") };
    line.push(format!("--url {base}{path}"));
}

/// What curl works out itself.
const LEFT_OUT: [&str; 2] = ["content-length", "host"];

fn headers(line: &mut Vec<String>, words: &mut Words, replay: &Replay<'_>) {
    for header in replay.headers.iter().filter(|header| !LEFT_OUT.contains(&header.name)) {
        let name = header.name;
        match header.value {
            // curl takes `name:` as "leave it out".
            Some("") => line.push(format!("--header {}", quote(&format!("{name};")))),
            Some(value) => line.push(format!("--header {}", words.header(&format!("{name}: "), value, name))),
            None => {
                let variable = words.variable(name);
                line.push(format!("--header {}{variable}", quote(&format!("{name}: "))));
            }
        }
    }
    if replay.has("accept-encoding") {
        line.push("--compressed".into());
    }
    // Else curl would send its own: a handler may have failed because there was none.
    for name in ["accept", "user-agent"] {
        if !replay.has(name) {
            line.push(format!("--header '{name}:'"));
        }
    }
    if !matches!(replay.body, Payload::None) && !replay.has("content-type") {
        // Else curl would call it a form.
        line.push("--header 'content-type:'".into());
    }
}

fn body(line: &mut Vec<String>, words: &mut Words, notes: &mut Vec<String>, replay: &Replay<'_>) {
    let why = match &replay.body {
        Payload::None => return,
        Payload::Text(text) if text.len() <= LONGEST_WORD && !text.contains('\0') => {
            // curl would read a file named after the `@`, but not with --data-raw.
            let option = if text.starts_with('@') || text.starts_with(REDACTED) {
                "--data-raw"
            } else {
                "--data-binary"
            };
            line.push(format!("{option} {}", words.word(text, "body")));
            return;
        }
        Payload::Text(text) => &format!("its {} bytes do not fit a command line", text.len()),
        Payload::NotKept(why) => why,
    };
    notes.push(format!("put the request body into body.bin first: {why}"));
    line.push("--data-binary @body.bin".into());
}

fn comments(words: &Words, notes: &[String]) -> String {
    let blanks = words.blanks();
    let mut text = String::new();
    if !blanks.names().is_empty() {
        text.push_str(&format!("# set first: {}\n", blanks.names().join(" ")));
    }
    if blanks.left() > 0 {
        text.push_str(&format!("# replace by hand: {} more [REDACTED]\n", blanks.left()));
    }
    for note in notes {
        text.push_str(&format!("# {note}\n"));
    }
    text
}

#[cfg(test)]
mod tests;
