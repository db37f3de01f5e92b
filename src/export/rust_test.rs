//! A dump as a test: the request once more, into the application itself.

mod expectation;
mod values;

use http::Version;

use self::values::{Values, header_value};
use super::{
    failure::Failure,
    read::Dump,
    replay::{Header, Payload, Replay},
    rust_literal::{comment, string, words},
};
use crate::exchange::Direction;

/// A module with one test; of a request that the service sent itself why there is none.
pub(super) fn test(dump: &Dump) -> String {
    if dump.exchange.direction == Direction::Outbound {
        return of_call(dump);
    }
    let replay = Replay::of(&dump.exchange);
    let failure = Failure::of(dump);
    let mut values = Values::default();
    let mut notes = Vec::new();
    let request = request(dump, &replay, &mut values, &mut notes);
    let connection = connection(dump);
    let mutable = if connection.is_empty() { "" } else { "mut " };
    let id = dump.exchange.request_id.to_string().replace('-', "");
    let short = id.get(20..).unwrap_or_default();
    [
        about(dump, failure, &notes),
        format!("#[cfg(test)]\nmod replay_{short} {{\n    use axum::{{body::Body, http::Request}};\n"),
        format!("    use tower::ServiceExt;\n\n    {USE_APP}\n\n{}", values.constants()),
        format!("    #[tokio::test]\n    async fn {}() {{\n", name(dump, failure)),
        format!("        let {mutable}request = Request::builder()\n{request}{connection}"),
        expectation::code(failure),
        String::from("    }\n}\n"),
    ]
    .concat()
}

/// In two pieces, since it is no import of ours.
const USE_APP: &str = concat!("use crate", "::app;");
/// Characters of an error that a comment shows.
const SHOWN: usize = 200;
/// Letters of an endpoint that a name takes.
const LONGEST_NAME: usize = 60;

fn about(dump: &Dump, failure: Failure, notes: &[String]) -> String {
    let exchange = &dump.exchange;
    let request = &exchange.request;
    let mut lines = vec![format!(
        "{} {} {}, recorded at {} as {}.",
        request.method,
        request.endpoint(),
        failure.in_words(),
        exchange.finished,
        exchange.request_id
    )];
    if let Some(error) = &exchange.error {
        let cut: String = error.message.as_str().chars().take(SHOWN).collect();
        lines.push(match &error.location {
            Some(location) => format!("{cut} ({location})"),
            None => cut,
        });
    }
    lines.push(String::new());
    lines.push("To be pasted into the crate of the service, whose `app()` gives the axum `Router` that is served; in".into());
    lines.push(
        "a file under tests/ the name of that crate stands for `crate`. In Cargo.toml, beside axum 0.8:"
            .into(),
    );
    lines.push("[dev-dependencies]".into());
    lines.extend(expectation::packages(failure).into_iter().map(Into::into));
    lines.extend_from_slice(notes);
    lines.iter().map(|line| format!("// {}", comment(line)).trim_end().to_owned() + "\n").collect()
}

/// What comes instead of a test that the application would pass without doing a thing.
fn of_call(dump: &Dump) -> String {
    let exchange = &dump.exchange;
    let request = &exchange.request;
    let mut lines = vec![
        format!("{} {}, recorded at {} as {}:", request.method, request.url(), exchange.finished, exchange.request_id),
        "a request that the service sent, which no test of its own routes can send. The command `curl` sends it".into(),
        "again, to where it went.".into(),
    ];
    if let Some(parent) = exchange.parent_request_id {
        lines
            .push(format!("It was sent while {parent} was answered: a test of that, where that has a dump,"));
        lines.push("makes the service send it again.".into());
    }
    lines.iter().map(|line| format!("// {}\n", comment(line))).collect()
}

fn name(dump: &Dump, failure: Failure) -> String {
    let request = &dump.exchange.request;
    let mut endpoint = words(request.endpoint().as_str());
    endpoint.truncate(LONGEST_NAME);
    let method = words(request.method.as_str());
    let method = if method.starts_with(|c: char| c.is_ascii_alphabetic()) {
        method
    } else {
        format!("request_{method}")
    };
    let endpoint = if endpoint.is_empty() { "root" } else { endpoint.trim_end_matches('_') };
    [method.trim_end_matches('_'), endpoint, &expectation::word(failure)].join("_")
}

/// The lines of a request builder.
fn request(dump: &Dump, replay: &Replay<'_>, values: &mut Values, notes: &mut Vec<String>) -> String {
    let mut lines = vec![format!(".method({})", string(replay.method.as_str())), uri(replay, values)];
    if let Some(version) = version(dump.exchange.request.version) {
        lines.push(format!(".version(axum::http::Version::{version})"));
    }
    for header in replay.headers.iter().filter(|header| fits(header, replay)) {
        match header_value(header, values) {
            Some(value) => lines.push(format!(".header({}, {value})", string(header.name))),
            None => notes.push(format!("Left out, since no header can have such a value: {}", header.name)),
        }
    }
    let body = match &replay.body {
        Payload::None => "Body::empty()".into(),
        Payload::Text(text) => format!("Body::from({})", values.expression(text, "body")),
        Payload::NotKept(why) => {
            notes.push(format!("Put the request's body into body.bin, beside this file: {why}."));
            r#"Body::from(include_bytes!("body.bin").as_slice())"#.into()
        }
    };
    lines.push(format!(".body({body})\n            .expect(\"a valid request\");"));
    if values.left() > 0 {
        notes.push(format!("{} more [REDACTED] are to be replaced by hand.", values.left()));
    }
    lines.iter().map(|line| format!("            {line}\n")).collect()
}

/// Path and query, as a server hands them on; the whole URL where only that names the host, as in HTTP/2.
fn uri(replay: &Replay<'_>, values: &mut Values) -> String {
    let whole = replay.is_absolute() && !replay.has("host") && replay.target() != "*";
    format!(".uri({})", values.expression(if whole { replay.url } else { replay.target() }, "url"))
}

fn version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_09 => Some("HTTP_09"),
        Version::HTTP_10 => Some("HTTP_10"),
        Version::HTTP_2 => Some("HTTP_2"),
        Version::HTTP_3 => Some("HTTP_3"),
        _ => None,
    }
}

/// A length that is no longer true would mislead whoever reads it.
fn fits(header: &Header<'_>, replay: &Replay<'_>) -> bool {
    match &replay.body {
        _ if header.name != "content-length" => true,
        Payload::None => true,
        Payload::Text(text) => {
            header.value == Some(text.len().to_string().as_str()) && !text.contains(super::blanks::REDACTED)
        }
        Payload::NotKept(_) => false,
    }
}

/// What `into_make_service_with_connect_info` would tell of the client.
fn connection(dump: &Dump) -> String {
    let request = &dump.exchange.request;
    let Some(address) = request.peer_addr.or(request.remote_addr) else { return String::new() };
    let address = std::net::SocketAddr::new(address, 0).to_string();
    [
        format!(
            "        let client: std::net::SocketAddr = {}.parse().expect(\"an address\");\n",
            string(&address)
        ),
        "        request.extensions_mut().insert(axum::extract::ConnectInfo(client));\n".to_owned(),
    ]
    .concat()
}

#[cfg(test)]
mod tests;
