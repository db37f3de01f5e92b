//! The request of an exchange as a command line.

use super::shell::{Words, quote};
use crate::exchange::{BodyText, CapturedBody, Request, Started};

/// A POSIX `sh` line that sends the request again with curl.
///
/// Whatever a client sent stands in single quotes. What was redacted is a variable to set first, named in a comment;
/// a body that was not kept whole is read from `body.bin`. Headers between two hops only, headers that curl makes
/// itself, and those this crate added are left out.
pub(crate) fn curl(started: &Started) -> String {
    let request = &started.request;
    let mut words = Words::default();
    let mut notes = Vec::new();
    let mut line = vec![String::from("curl")];
    method(&mut line, request);
    url(&mut line, &mut words, request.url().as_str());
    headers(&mut line, &mut words, started);
    body(&mut line, &mut words, &mut notes, request);
    let mut text = comments(&words, &notes);
    text.push_str(&line.join(" \\\n  "));
    text
}

/// `sh` gets a word as one argument, and Linux takes none of 128 KiB (MAX_ARG_STRLEN).
const LONGEST_WORD: usize = 100_000;

fn method(line: &mut Vec<String>, request: &Request) {
    if request.method == http::Method::HEAD && !has_body(request) {
        // With `--request HEAD` curl would wait for a body.
        line.push("--head".into());
    } else {
        line.push(format!("--request {}", quote(request.method.as_str())));
    }
}

fn url(line: &mut Vec<String>, words: &mut Words, url: &str) {
    // curl expands brackets, and the secret behind `[REDACTED]` may hold some.
    if url.contains(['[', ']', '{', '}']) {
        line.push("--globoff".into());
    }
    if url.contains("/.") {
        line.push("--path-as-is".into());
    }
    let absolute = ["http://", "https://"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    if absolute {
        line.push(format!("--url {}", words.word(url, "url")));
        return;
    }
    let base = words.variable("base_url");
    let slash = if url.starts_with('/') { "" } else { "/" };
    line.push(format!("--url {base}{}", words.word(&format!("{slash}{url}"), "url")));
}

fn headers(line: &mut Vec<String>, words: &mut Words, started: &Started) {
    let headers = started.request.headers();
    for (name, value) in headers.iter().filter(|(name, value)| goes_along(started, name, value)) {
        if value.is_empty() {
            // curl takes `name:` as "leave it out".
            line.push(format!("--header {}", quote(&format!("{name};"))));
        } else if is_stand_in(value) {
            let variable = words.variable(name);
            line.push(format!("--header {}{variable}", quote(&format!("{name}: "))));
        } else {
            line.push(format!("--header {}", words.word(&format!("{name}: {value}"), name)));
        }
    }
    if headers.get("accept-encoding").is_some() {
        line.push("--compressed".into());
    }
    if has_body(&started.request) && headers.get("content-type").is_none() {
        // Else curl would call it a form.
        line.push("--header 'content-type:'".into());
    }
}

/// RFC 9110 section 7.6.1, and what curl works out itself.
const LEFT_OUT: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fn goes_along(started: &Started, name: &str, value: &str) -> bool {
    let ours = match name {
        "x-request-id" => value == started.request_id.to_string(),
        "traceparent" => started.span_id.is_some_and(|span| value.contains(&span.to_string())),
        _ => false,
    };
    let named_by_connection = || {
        let mut listed = started.request.headers().get_all("connection").flat_map(|value| value.split(','));
        listed.any(|listed| listed.trim().eq_ignore_ascii_case(name))
    };
    !ours && !LEFT_OUT.contains(&name) && !named_by_connection()
}

/// What stands for a value too long to keep: `…[65536 bytes]`.
fn is_stand_in(value: &str) -> bool {
    value.starts_with("…[") && value.ends_with(" bytes]")
}

fn has_body(request: &Request) -> bool {
    let declared = || {
        request.headers().get("transfer-encoding").is_some()
            || request.headers().get("content-length").is_some_and(|length| length != "0")
    };
    request.body.total_bytes() > 0 || (!request.body.is_complete() && declared())
}

fn body(line: &mut Vec<String>, words: &mut Words, notes: &mut Vec<String>, request: &Request) {
    if !has_body(request) {
        return;
    }
    match kept(&request.body) {
        Ok(text) => {
            // curl would read a file named after the `@`, but not with --data-raw.
            let option = if text.starts_with('@') { "--data-raw" } else { "--data-binary" };
            line.push(format!("{option} {}", words.word(text, "body")));
        }
        Err(why) => {
            notes.push(format!("put the request body into body.bin first: {why}"));
            line.push("--data-binary @body.bin".into());
        }
    }
}

/// The text of a body that is all there, or why there is none.
fn kept(body: &CapturedBody) -> Result<&str, String> {
    let (captured, total) = (body.captured_bytes(), body.total_bytes());
    let text = match body.whole() {
        BodyText::Json(json) => json.as_str(),
        BodyText::Text { text, truncated: false } => text.as_str(),
        BodyText::Text { .. } => return Err(format!("{captured} of its {total} bytes were kept")),
        BodyText::Binary => return Err(format!("its {total} bytes are not text")),
        BodyText::NotKept => return Err(format!("none of its {total} bytes were kept")),
    };
    if body.is_truncated() {
        Err(format!("{captured} of its {total} bytes were kept"))
    } else if !body.is_complete() {
        Err(format!("its end was not seen, only {total} bytes"))
    } else if text.starts_with("[unscannable ") {
        Err(format!("its {total} bytes could not be searched for secrets"))
    } else if text.len() > LONGEST_WORD || text.contains('\0') {
        Err(format!("its {total} bytes do not fit a command line"))
    } else {
        Ok(text)
    }
}

fn comments(words: &Words, notes: &[String]) -> String {
    let mut text = String::new();
    if !words.variables().is_empty() {
        text.push_str(&format!("# set first: {}\n", words.variables().join(" ")));
    }
    if words.left() > 0 {
        text.push_str(&format!("# replace by hand: {} more [REDACTED]\n", words.left()));
    }
    for note in notes {
        text.push_str(&format!("# {note}\n"));
    }
    text
}

#[cfg(test)]
mod tests;
