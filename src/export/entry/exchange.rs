use std::borrow::Cow;

use tracing::Level;

use super::{
    super::{
        Inline, Sheet, View, inline_request, inline_response,
        line::{Line, key},
        told,
    },
    Draft, instruments, streamed,
};
use crate::exchange::{Direction, ErrorReport, Exchange, Outcome, Started};

/// An entry that a finished exchange gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One for each exchange.
    Response,
    /// One for each status from 500 on.
    Error,
    /// One for each exchange that ended without a proper response.
    Exception,
}

/// Which entries an exchange gives, in the order they are written.
pub(crate) fn entries_of(exchange: &Exchange) -> impl Iterator<Item = Kind> + use<> {
    std::iter::once(Kind::Response).chain(failures_of(exchange))
}

/// The same without the first, which all give. Only an exchange whose level is ERROR gives any.
pub(crate) fn failures_of(exchange: &Exchange) -> impl Iterator<Item = Kind> + use<> {
    let error = exchange.status().is_some_and(|status| status.as_u16() >= 500);
    let exception =
        matches!(exchange.outcome, Outcome::Panicked | Outcome::ServiceError | Outcome::BodyError);
    error.then_some(Kind::Error).into_iter().chain(exception.then_some(Kind::Exception))
}

/// Writes a request entry.
pub(crate) fn request(out: &mut Sheet<'_>, view: &View, started: &Started) -> Draft {
    let (mut line, draft) = Line::begin(out, view, started.told, Level::INFO, "request");
    names(&mut line, started);
    message(&mut line, started.direction, request_message);
    correlation(&mut line, started);
    arrival(&mut line, started);
    line.shown(key!("content_type"), started.request.head.show_header("content-type"));
    direction(&mut line, started);
    line.number(key!("request_bytes"), started.request.body.total_bytes());
    if view.shows_headers() {
        line.headers(key!("request_headers"), started.request.headers());
    }
    let body = inline_request(view, started);
    if body.is_some() {
        line = request_body(line, body);
    }
    line.end(out);
    draft
}

/// Writes one of the [`entries_of`] an exchange.
pub(crate) fn finished(out: &mut Sheet<'_>, view: &View, exchange: &Exchange, kind: Kind) -> Draft {
    match kind {
        Kind::Response => response(out, view, exchange),
        Kind::Error => failure(out, view, exchange, "error", &error_message(exchange)),
        Kind::Exception => failure(out, view, exchange, "exception", exception_message(exchange)),
    }
}

fn response(out: &mut Sheet<'_>, view: &View, exchange: &Exchange) -> Draft {
    let (mut line, draft) = Line::begin(out, view, exchange.finished, exchange.level(), "response");
    names(&mut line, exchange);
    result(&mut line, exchange);
    message(&mut line, exchange.direction, response_message);
    correlation(&mut line, exchange);
    if view.combined {
        arrival(&mut line, exchange);
    } else if exchange.direction == Direction::Outbound {
        // Its endpoint is a path alone, and who was asked is what one looks for.
        line.shown(key!("url"), Some(exchange.request.head.show_url()));
    }
    let content_type =
        exchange.response.as_ref().and_then(|response| response.head.show_header("content-type"));
    line.shown(key!("content_type"), content_type);
    direction(&mut line, exchange);
    if view.combined {
        line.number(key!("request_bytes"), exchange.request.body.total_bytes());
    }
    response_bytes(&mut line, exchange);
    if let Some(report) = &exchange.error {
        error_names(&mut line, report);
    }
    line.maybe(key!("dump"), exchange.dump.as_deref());
    line = instruments::response(line, view, exchange);
    if let Some(stats) = &exchange.stream {
        line.with(key!("stream"), |out| streamed::stats(out, stats));
    }
    if let Some(usage) = &exchange.llm {
        line.with(key!("llm"), |out| streamed::usage(out, usage));
    }
    if view.shows_headers() {
        if view.combined {
            line.headers(key!("request_headers"), exchange.request.headers());
        }
        if let Some(response) = &exchange.response {
            line.headers(key!("response_headers"), response.headers());
        }
    }
    let (request, response) = inline_response(view, exchange);
    if request.is_some() {
        line = request_body(line, request);
    }
    if response.is_some() {
        line = response_body(line, response);
    }
    line.end(out);
    draft
}

/// An error or an exception: all that is known but headers and bodies, for they are read without the other entries.
fn failure(out: &mut Sheet<'_>, view: &View, exchange: &Exchange, kind: &str, message: &str) -> Draft {
    let (mut line, draft) = Line::begin(out, view, exchange.finished, Level::ERROR, kind);
    names(&mut line, exchange);
    result(&mut line, exchange);
    line.text(key!("message"), message);
    let report = exchange.error.as_ref();
    line.maybe(key!("location"), report.and_then(|report| report.location.as_deref()));
    correlation(&mut line, exchange);
    arrival(&mut line, exchange);
    direction(&mut line, exchange);
    line.number(key!("request_bytes"), exchange.request.body.total_bytes());
    response_bytes(&mut line, exchange);
    if let Some(report) = report {
        error_names(&mut line, report);
        line.list(key!("error_chain"), &report.chain);
        line.maybe(key!("backtrace"), view.backtrace(exchange).map(ToString::to_string).as_deref());
    }
    line.maybe(key!("dump"), exchange.dump.as_deref());
    line = instruments::failure(line, exchange);
    line.end(out);
    draft
}

/// `Incoming request`, as seen from the service.
#[inline(always)]
pub(crate) fn request_message(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "Incoming request",
        Direction::Outbound => "Outgoing request",
    }
}

/// `Outgoing response`, as seen from the service.
#[inline(always)]
pub(crate) fn response_message(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "Outgoing response",
        Direction::Outbound => "Incoming response",
    }
}

/// What an error entry says: what was [`told`], else `HTTP 500`.
pub(crate) fn error_message(exchange: &Exchange) -> Cow<'_, str> {
    told(exchange).unwrap_or_else(|| match exchange.status() {
        Some(status) => format!("HTTP {}", status.as_u16()).into(),
        None => exchange.outcome.as_str().into(),
    })
}

/// What an exception entry says: the panic, the service's error or the body's, else how the exchange ended.
pub(crate) fn exception_message(exchange: &Exchange) -> &str {
    match &exchange.error {
        Some(report) if !report.message.is_empty() => report.message.as_str(),
        _ => exchange.outcome.as_str(),
    }
}

#[inline(always)]
fn names(line: &mut Line<'_>, started: &Started) {
    line.request(started.request_id, &started.request.method);
    line.shown(key!("endpoint"), Some(started.request.head.show_endpoint()));
}

/// Each of them with a length that is known.
#[inline(always)]
fn message(line: &mut Line<'_>, direction: Direction, of: impl Fn(Direction) -> &'static str) {
    match direction {
        Direction::Inbound => line.plain(key!("message"), of(Direction::Inbound).as_bytes()),
        Direction::Outbound => line.plain(key!("message"), of(Direction::Outbound).as_bytes()),
    }
}

#[inline(always)]
fn result(line: &mut Line<'_>, exchange: &Exchange) {
    if let Some(status) = exchange.status() {
        line.status(key!("status_code"), status);
    }
    line.millis(key!("duration_ms"), exchange.duration);
    if let Some(ttfb) = exchange.ttfb {
        line.millis(key!("ttfb_ms"), ttfb);
    }
    match exchange.outcome {
        // Nearly all: of a known length.
        Outcome::Complete => line.plain(key!("outcome"), Outcome::Complete.as_str().as_bytes()),
        other => line.plain(key!("outcome"), other.as_str().as_bytes()),
    }
    if let Some(code) = exchange.grpc_status {
        line.number(key!("grpc_status"), code.into());
    }
}

#[inline(always)]
fn correlation(line: &mut Line<'_>, started: &Started) {
    line.maybe(key!("client_request_id"), started.client_request_id.as_ref().map(AsRef::as_ref));
    line.mark(key!("client_request_id_rejected"), started.client_request_id_rejected);
    if let Some(parent) = started.parent_request_id {
        line.plain(key!("parent_request_id"), &parent.digits());
    }
    if let Some(trace_id) = started.trace_id {
        line.plain(key!("trace_id"), &trace_id.encode());
    }
    if let Some(span_id) = started.span_id {
        line.plain(key!("span_id"), &span_id.encode());
    }
}

#[inline(always)]
fn arrival(line: &mut Line<'_>, started: &Started) {
    let request = &started.request;
    line.time(key!("started"), started.started);
    line.shown(key!("url"), Some(request.head.show_url()));
    // All have eight characters.
    if let Some(version) = request.http_version().as_bytes().first_chunk::<8>() {
        line.plain(key!("http_version"), version);
    }
    line.address(key!("remote_addr"), request.remote_addr);
    line.address(key!("peer_addr"), request.peer_addr);
    line.shown(key!("user_agent"), request.head.show_header("user-agent"));
}

#[inline(always)]
fn direction(line: &mut Line<'_>, started: &Started) {
    if started.direction != Direction::Inbound {
        line.plain(key!("direction"), b"outbound");
    }
}

#[inline(always)]
fn response_bytes(line: &mut Line<'_>, exchange: &Exchange) {
    if let Some(response) = &exchange.response {
        line.number(key!("response_bytes"), response.body.total_bytes());
    }
}

#[inline(always)]
fn error_names(line: &mut Line<'_>, report: &ErrorReport) {
    line.maybe(key!("error_type"), report.error_type.as_deref());
    line.text(key!("error_message"), report.message.as_str());
}

fn request_body<'a>(mut line: Line<'a>, body: Option<Inline<'_>>) -> Line<'a> {
    match body {
        Some(Inline::AsItCame(json)) => line.as_it_came(key!("request_body"), json),
        Some(Inline::Json(json)) => line.json(key!("request_body"), json),
        Some(Inline::Text(text, truncated)) => {
            line.text(key!("request_body_text"), text);
            line.mark(key!("request_body_truncated"), truncated);
        }
        None => {}
    }
    line
}

fn response_body<'a>(mut line: Line<'a>, body: Option<Inline<'_>>) -> Line<'a> {
    match body {
        Some(Inline::AsItCame(json)) => line.as_it_came(key!("response_body"), json),
        Some(Inline::Json(json)) => line.json(key!("response_body"), json),
        Some(Inline::Text(text, truncated)) => {
            line.text(key!("response_body_text"), text);
            line.mark(key!("response_body_truncated"), truncated);
        }
        None => {}
    }
    line
}
