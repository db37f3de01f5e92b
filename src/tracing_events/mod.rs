//! Exchanges as tracing events, for people's own subscribers.

#[cfg(test)]
mod tests;

use std::cell::LazyCell;

use tracing::{Level, field};

use crate::{
    exchange::{Event, EventKind, Exchange, Field, Headers, Redacted, Started, millis_of},
    export::{Inline, Watch, entry, inline_request, inline_response, text_of, write_headers},
    sink::Formatter,
};

/// The target of these events.
pub(crate) const TARGET: &str = "flightlog";

/// Tells every exchange as `tracing` events, where it ends.
///
/// Each event has the fields of an entry, by the same names, absent when unknown; bodies, headers, fields and the error's
/// chain as text. A request is told at INFO, a response at the level of its exchange, an error and an exception at ERROR.
/// Where no subscriber listens nothing is formatted and nothing redacted.
pub(crate) struct TracingEvents(Watch);

impl TracingEvents {
    /// Shows what `view` says at the time.
    pub(crate) fn new(view: Watch) -> Self {
        Self(view)
    }
}

/// An event with the fields that every type has, and those given, each worked out only where somebody listens.
///
/// Nobody is asked beforehand (`tracing::enabled!`): a filter of a layer that was asked, and then not told, takes the next
/// event of its thread for the refused one.
macro_rules! tell {
    ($level:expr, $type:literal, $about:expr, $message:expr, $($name:tt = $value:expr),+ $(,)?) => {
        tracing::event!(
            target: TARGET,
            $level,
            "type" = $type,
            request_id = %$about.request_id,
            method = $about.request.method.as_str(),
            endpoint = $about.request.endpoint().as_str(),
            client_request_id = $about.client_request_id.as_ref().map(AsRef::<str>::as_ref),
            client_request_id_rejected = $about.client_request_id_rejected.then_some(true),
            parent_request_id = $about.parent_request_id.map(field::display),
            trace_id = $about.trace_id.map(field::display),
            span_id = $about.span_id.map(field::display),
            $($name = $value,)+
            message = $message,
        )
    };
}

/// A `tracing` callsite has one level: there is one for each.
macro_rules! at_level {
    ($level:expr, $tell:ident) => {
        match $level {
            Level::ERROR => $tell!(Level::ERROR),
            Level::WARN => $tell!(Level::WARN),
            Level::INFO => $tell!(Level::INFO),
            _ => $tell!(Level::DEBUG),
        }
    };
}

impl Formatter for TracingEvents {
    fn started(&self, started: &Started) {
        let view = (self.0)();
        if view.combined {
            return;
        }
        let body = LazyCell::new(|| members(inline_request(&view, started)));
        tell!(
            Level::INFO,
            "request",
            started,
            entry::request_message(started.direction),
            started = field::display(started.started),
            url = started.request.url().as_str(),
            http_version = started.request.http_version(),
            remote_addr = started.request.remote_addr.map(field::display),
            peer_addr = started.request.peer_addr.map(field::display),
            user_agent = started.request.head.user_agent().map(field::display),
            content_type = started.request.head.content_type().map(field::display),
            request_bytes = started.request.body.total_bytes(),
            request_headers = view.shows_headers().then(|| headers(started.request.headers())),
            request_body = body.0,
            request_body_text = body.1,
            request_body_truncated = body.2,
        );
    }

    fn finished(&self, exchange: &Exchange) {
        let level = exchange.level();
        self.response(exchange, level);
        if level != Level::ERROR {
            return;
        }
        for kind in entry::failures_of(exchange) {
            match kind {
                entry::Kind::Response => {}
                entry::Kind::Error => self.error(exchange),
                entry::Kind::Exception => self.exception(exchange),
            }
        }
    }

    fn event(&self, event: &Event) {
        // What came through `tracing` was heard by whoever listens.
        let EventKind::Custom(event_type) = &event.kind else { return };
        let fields = LazyCell::new(|| fields(&event.fields));
        macro_rules! event {
            ($level:expr) => {
                tracing::event!(
                    target: TARGET,
                    $level,
                    "type" = event.kind.entry_type(),
                    request_id = event.request_id.map(field::display),
                    module = &*event.module,
                    trace_id = event.trace_id.map(field::display),
                    after_response = event.after_response.then_some(true),
                    event_type = &**event_type,
                    fields = fields.as_str(),
                    message = event.message.as_str(),
                )
            };
        }
        at_level!(event.level, event);
    }
}

impl TracingEvents {
    fn response(&self, exchange: &Exchange, level: Level) {
        let view = LazyCell::new(|| (self.0)());
        let bodies = LazyCell::new(|| {
            let (request, response) = inline_response(&view, exchange);
            (members(request), members(response))
        });
        let combined = LazyCell::new(|| view.combined.then_some(&exchange.request));
        let response = exchange.response.as_ref();
        let report = exchange.error.as_ref();
        macro_rules! event {
            ($level:expr) => {
                tell!(
                    $level,
                    "response",
                    exchange,
                    entry::response_message(exchange.direction),
                    status_code = exchange.status().map(|status| status.as_u16()),
                    duration_ms = millis_of(exchange.duration),
                    ttfb_ms = exchange.ttfb.map(millis_of),
                    outcome = exchange.outcome.as_str(),
                    grpc_status = exchange.grpc_status,
                    started = combined.map(|_| field::display(exchange.started)),
                    url = combined.map(|request| request.url().as_str()),
                    http_version = combined.map(|request| request.http_version()),
                    remote_addr = combined.and_then(|request| request.remote_addr).map(field::display),
                    peer_addr = combined.and_then(|request| request.peer_addr).map(field::display),
                    user_agent = combined.and_then(|request| request.head.user_agent()).map(field::display),
                    content_type =
                        response.and_then(|response| response.head.content_type()).map(field::display),
                    request_bytes = combined.map(|request| request.body.total_bytes()),
                    response_bytes = response.map(|response| response.body.total_bytes()),
                    error_type = report.and_then(|report| report.error_type.as_deref()),
                    error_message = report.map(|report| report.message.as_str()),
                    dump = exchange.dump.as_deref(),
                    attributes = some(&exchange.attributes).map(fields),
                    cache = (!exchange.cache.is_empty())
                        .then(|| serde_json::to_string(&exchange.cache).unwrap_or_default()),
                    stream = exchange.stream.as_ref().map(|stats| text_of(|out| entry::stream(out, stats))),
                    llm = exchange.llm.as_ref().map(|usage| text_of(|out| entry::llm(out, usage))),
                    request_headers =
                        combined.filter(|_| view.shows_headers()).map(|request| headers(request.headers())),
                    response_headers =
                        response.filter(|_| view.shows_headers()).map(|response| headers(response.headers())),
                    request_body = bodies.0.0,
                    request_body_text = bodies.0.1,
                    request_body_truncated = bodies.0.2,
                    response_body = bodies.1.0,
                    response_body_text = bodies.1.1,
                    response_body_truncated = bodies.1.2,
                )
            };
        }
        at_level!(level, event);
    }
}

/// The fields that errors and exceptions have.
macro_rules! tell_failure {
    ($type:literal, $view:expr, $exchange:ident, $message:expr) => {{
        let report = $exchange.error.as_ref();
        let request = &$exchange.request;
        tell!(
            Level::ERROR,
            $type,
            $exchange,
            $message,
            status_code = $exchange.status().map(|status| status.as_u16()),
            duration_ms = millis_of($exchange.duration),
            ttfb_ms = $exchange.ttfb.map(millis_of),
            outcome = $exchange.outcome.as_str(),
            grpc_status = $exchange.grpc_status,
            location = report.and_then(|report| report.location.as_deref()),
            started = field::display($exchange.started),
            url = request.url().as_str(),
            http_version = request.http_version(),
            remote_addr = request.remote_addr.map(field::display),
            peer_addr = request.peer_addr.map(field::display),
            user_agent = request.head.user_agent().map(field::display),
            request_bytes = request.body.total_bytes(),
            response_bytes = $exchange.response.as_ref().map(|response| response.body.total_bytes()),
            error_type = report.and_then(|report| report.error_type.as_deref()),
            error_message = report.map(|report| report.message.as_str()),
            error_chain = report.filter(|report| !report.chain.is_empty()).map(|report| chain(&report.chain)),
            backtrace = $view.backtrace($exchange).map(field::display),
            dump = $exchange.dump.as_deref(),
        );
    }};
}

impl TracingEvents {
    fn error(&self, exchange: &Exchange) {
        let view = LazyCell::new(|| (self.0)());
        tell_failure!("error", view, exchange, &*entry::error_message(exchange));
    }

    fn exception(&self, exchange: &Exchange) {
        let view = LazyCell::new(|| (self.0)());
        tell_failure!("exception", view, exchange, entry::exception_message(exchange));
    }
}

/// A body as JSON, as text, and whether it was cut.
fn members(body: Option<Inline<'_>>) -> (Option<&str>, Option<&str>, Option<bool>) {
    match body {
        Some(Inline::AsItCame(json)) => (str::from_utf8(json).ok(), None, None),
        Some(Inline::Json(json)) => (Some(json), None, None),
        Some(Inline::Text(text, truncated)) => (None, Some(text), truncated.then_some(true)),
        None => (None, None, None),
    }
}

fn headers(headers: &Headers) -> String {
    text_of(|out| write_headers(out, headers))
}

fn fields(fields: &[Field]) -> String {
    text_of(|out| entry::write_fields(out, fields))
}

/// Fields, where there are some.
fn some(fields: &[Field]) -> Option<&[Field]> {
    (!fields.is_empty()).then_some(fields)
}

/// The causes as one text: `connection failed: refused`.
fn chain(causes: &[Redacted]) -> String {
    causes.iter().map(Redacted::as_str).collect::<Vec<_>>().join(": ")
}
