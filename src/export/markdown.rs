//! A dump as Markdown, to paste into an issue.
//!
//! Whatever a client sent, or an error said, stands in code spans and fences longer than any run of backquotes in them:
//! there it is no markup, no HTML, no link and no mention of anybody.

mod story;
mod work;

use super::{curl::curl, failure::Failure, json_text, pretty::laid_out, read::Dump};
use crate::exchange::{BodyText, CapturedBody, Direction, ErrorReport, Exchange, Headers, millis_of};

/// The text: what failed and why, what led there, what came and went, how to have it again.
pub(super) fn markdown(dump: &Dump) -> String {
    let exchange = &dump.exchange;
    let mut text = headline(dump);
    if let Some(report) = &exchange.error {
        text.push_str(&error(report));
    }
    text.push_str(&facts(dump));
    if let Some(trail) = &dump.exchange.trail {
        text.push_str(&story::events(trail));
    }
    text.push_str(&work::steps(exchange));
    text.push_str(&request(exchange));
    text.push_str(&response(exchange));
    if let Some(backtrace) = exchange.error.as_ref().and_then(|report| report.backtrace.as_ref()) {
        text.push_str(&format!("### Backtrace\n\n{}", fenced("text", &backtrace.to_string(), LARGE)));
    }
    text.push_str(&again(exchange));
    text
}

/// Bytes shown of a body or a stack. GitHub takes 65,536 characters in all.
const LARGE: usize = 8 * 1024;
/// Bytes shown of a message.
const SMALL: usize = 2 * 1024;
/// Bytes shown of a method, an endpoint, a type.
const TINY: usize = 256;
/// Sources of an error that are shown.
const MOST_SOURCES: usize = 16;

fn headline(dump: &Dump) -> String {
    let request = &dump.exchange.request;
    let is_call = dump.exchange.direction == Direction::Outbound;
    let (whose, target) = if is_call { ("The call ", request.url()) } else { ("", request.endpoint()) };
    let happened = match &dump.exchange.response {
        None if is_call => "got no response".into(),
        _ => Failure::of(dump).in_words(),
    };
    format!("## {whose}{} {happened}\n\n", code(&format!("{} {target}", request.method), TINY))
}

fn error(report: &ErrorReport) -> String {
    let mut text = format!("**{}**", code(report.message.as_str(), SMALL));
    if let Some(error_type) = &report.error_type {
        text.push_str(&format!(" ({})", code(error_type, TINY)));
    }
    if let Some(location) = &report.location {
        text.push_str(&format!(" at {}", code(location, TINY)));
    }
    text.push_str("\n\n");
    if report.chain.is_empty() {
        return text;
    }
    text.push_str("Caused by:\n\n");
    for (number, source) in report.chain.iter().take(MOST_SOURCES).enumerate() {
        text.push_str(&format!("{}. {}\n", number + 1, code(source.as_str(), TINY)));
    }
    if let Some(more @ 1..) = report.chain.len().checked_sub(MOST_SOURCES) {
        text.push_str(&format!("\n{more} more are in the dump.\n"));
    }
    text.push('\n');
    text
}

fn facts(dump: &Dump) -> String {
    let exchange = &dump.exchange;
    let mut facts = vec![
        format!("request {} at {}", code(&exchange.request_id.to_string(), TINY), exchange.started),
        format!("{} after {} ms", exchange.outcome, millis_of(exchange.duration)),
    ];
    let mut fact = |name: &str, value: Option<String>| {
        facts.extend(value.map(|value| format!("{name} {}", code(&value, TINY))));
    };
    fact("client's id", exchange.client_request_id.as_ref().map(ToString::to_string));
    fact("sent in", exchange.parent_request_id.map(|id| id.to_string()));
    fact("trace", exchange.trace_id.map(|id| id.to_string()));
    fact("asked for:", dump.exchange.dump_reason.as_ref().map(ToString::to_string));
    let service = &dump.service;
    let version = service.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    fact("service", Some(format!("{}{version}", service.name)));
    fact("dump", exchange.dump.clone());
    if let Some(similar) = dump.similar.as_ref().filter(|similar| similar.count > 0) {
        let name = code(&similar.fingerprint.to_string(), TINY);
        facts.push(format!("{} more like this one since the last dump of them ({name})", similar.count));
    }
    facts.extend(work::facts(exchange));
    facts.iter().map(|fact| format!("- {fact}\n")).collect::<String>() + "\n"
}

fn request(exchange: &Exchange) -> String {
    let request = &exchange.request;
    let mut head = format!("{} {} {}\n", request.method, request.url(), request.http_version());
    head.push_str(&lines(request.headers()));
    message("Request", &head, &request.body, request.headers())
}

fn response(exchange: &Exchange) -> String {
    let Some(response) = &exchange.response else {
        return String::from("### Response\n\nThere was none.\n\n");
    };
    let mut head = format!("{} {}\n", exchange.request.http_version(), response.status);
    head.push_str(&lines(response.headers()));
    let mut text = message("Response", &head, &response.body, response.headers());
    if let Some(trailers) = response.trailers.as_ref().filter(|trailers| !trailers.is_empty()) {
        text.push_str(&format!("Trailers:\n\n{}", fenced("text", &lines(trailers), SMALL)));
    }
    text
}

fn lines(headers: &Headers) -> String {
    headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}

fn message(title: &str, head: &str, body: &CapturedBody, headers: &Headers) -> String {
    let mut text = format!("### {title}\n\n{}", fenced("http", head, LARGE));
    let total = body.total_bytes();
    match body.whole() {
        BodyText::Json(json) => {
            text.push_str(&fenced("json", &laid_out(json.as_str()), LARGE));
        }
        BodyText::Text { text: shown, .. } => text.push_str(&fenced("text", shown.as_str(), LARGE)),
        BodyText::Binary => text.push_str(&match body.sha256() {
            Some(digest) => {
                format!("A body of {total} bytes that are not text, SHA-256 {}.\n\n", code(digest, TINY))
            }
            None => format!("A body of {total} bytes that are not text.\n\n"),
        }),
        BodyText::NotKept
            if total == 0 && (body.is_complete() || headers.get("content-length") == Some("0")) => {}
        BodyText::NotKept => text.push_str(&format!("A body of {total} bytes, none of which were kept.\n\n")),
    }
    if matches!(body.whole(), BodyText::Text { .. }) && body.is_truncated() {
        text.push_str(&format!("Of the body's {total} bytes {} were kept.\n\n", body.captured_bytes()));
    }
    if !body.is_complete() {
        text.push_str("The end of the body was not seen.\n\n");
    }
    text
}

fn again(exchange: &Exchange) -> String {
    let line = curl(exchange);
    let shown = if line.len() > LARGE {
        // Half a command would do something else.
        format!("The command that sends it again has {} bytes; it is in the dump.\n", line.len())
    } else {
        fenced("sh", &line, LARGE)
    };
    format!("### Again\n\n{}\n", shown.trim_end())
}

/// A code span: one line, what acts is escaped. `|` would end the cell of a table, so it stands in none.
fn code(text: &str, most: usize) -> String {
    let (text, cut) = head(text, most);
    let text = escaped(text) + if cut { "…" } else { "" };
    if text.trim().is_empty() {
        return String::from("(empty)");
    }
    let marks = "`".repeat(longest_run(&text) + 1);
    // A space on each side is taken off again.
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{marks}{pad}{text}{pad}{marks}")
}

/// A code block, and below it how much of the text it shows, where that is not all.
fn fenced(language: &str, text: &str, most: usize) -> String {
    let (shown, cut) = head(text, most);
    let shown: Vec<_> = shown.trim_end_matches('\n').split('\n').map(escaped).collect();
    let shown = shown.join("\n");
    let marks = "`".repeat(longest_run(&shown).max(2) + 1);
    let note = if cut { format!("The first {most} of {} bytes.\n\n", text.len()) } else { String::new() };
    format!("{marks}{language}\n{shown}\n{marks}\n\n{note}")
}

/// At most so many bytes, and whether there are more.
fn head(text: &str, most: usize) -> (&str, bool) {
    let end = text.floor_char_boundary(most);
    (text.get(..end).unwrap_or(text), end < text.len())
}

/// On one line, and nothing in it acts.
fn escaped(text: &str) -> String {
    let mut line = Vec::with_capacity(text.len());
    json_text::escape_for_terminal(&mut line, text);
    String::from_utf8_lossy(&line).into_owned()
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
