use std::time::Duration;

use tracing::Level;

use super::paint::{Ink, Paint};
use crate::{
    exchange::{
        BodyText, Direction, ErrorReport, Event, EventKind, Exchange, LlmUsage, Media, Outcome, RequestId,
        Response, StreamedEvent, Timestamp, Value,
    },
    export::{Inline, View, entry::Note, inline_request, inline_response, told},
};

/// Where the id of an exchange stands, if its endpoint leaves room.
const ID: usize = 72;
/// Where the lines below the first begin.
const BELOW: usize = 23;
/// Lines shown of a message that has many.
const LINES: usize = 24;

/// Writes an exchange.
///
/// ```text
/// 10:30:00.135  POST     500  12.4 ms  /api/v1/orders/{id}                00000002
///                        shop::OrderError: could not place the order
///                          caused by: connection refused (os error 111)
///                          at src/orders.rs:42
///                          dump 20261120T103000.123456Z-500-0198c0de-0000-7000-8000-000000000002.json
/// ```
pub(super) fn exchange(out: &mut Vec<u8>, colours: bool, view: &View, exchange: &Exchange) {
    let mut paint = Paint::new(out, colours);
    // The end, not the arrival: what is below another line happened after it.
    paint.put(Ink::Dim, time(exchange.finished, &mut [0; 27]));
    paint.space(2);
    paint.put(Ink::Bold, &format!("{:<7}", exchange.request.method.as_str()));
    paint.space(2);
    status(&mut paint, exchange);
    paint.space(2);
    let pace = if exchange.slow { Ink::Yellow } else { Ink::Plain };
    paint.put(pace, &format!("{:>7}", human(exchange.duration)));
    paint.space(2);
    // Whom the service asked; it is asked itself without a word.
    paint.put(Ink::Plain, host_asked(exchange).unwrap_or_default());
    paint.put(Ink::Plain, exchange.request.endpoint().as_str());
    paint.column(ID);
    tail(&mut paint, exchange.request_id);
    remarks(&mut paint, exchange);
    paint.end_line();
    failure(&mut paint, exchange);
    if view.shows_everything() {
        let request = inline_request(view, exchange);
        let (asked, answered) = inline_response(view, exchange);
        body(&mut paint, "> ", request.or(asked));
        body(&mut paint, "< ", answered);
    }
}

/// Writes an event: `10:30:00.123  INFO     shop::orders: order placed  id=42`.
pub(super) fn event(out: &mut Vec<u8>, colours: bool, event: &Event) {
    let mut paint = Paint::new(out, colours);
    paint.put(Ink::Dim, time(event.timestamp, &mut [0; 27]));
    paint.space(2);
    paint.put(level_ink(event.level), &format!("{:<7}", event.level.as_str()));
    paint.space(2);
    let who = match &event.kind {
        EventKind::Custom(event_type) => event_type,
        EventKind::Log => &event.module,
        kind if event.module.is_empty() => kind.entry_type(),
        _ => &event.module,
    };
    paint.put(Ink::Dim, who);
    if event.message != *who {
        paint.put(Ink::Dim, ":");
        paint.space(1);
        paint.put(Ink::Plain, event.message.as_str());
    }
    for field in &event.fields {
        paint.space(2);
        paint.put(Ink::Dim, &field.name);
        paint.put(Ink::Dim, "=");
        paint.put(Ink::Plain, &value(&field.value));
    }
    if let Some(event) = &event.stream {
        streamed(&mut paint, event);
    }
    if let Some(id) = event.request_id {
        paint.space(2);
        tail(&mut paint, id);
    }
    if event.after_response {
        paint.space(2);
        paint.put(Ink::Dim, "after the response");
    }
    paint.end_line();
    for cause in &event.error_chain {
        below(&mut paint, 2, Some("caused by"), level_ink(event.level), cause.as_str());
    }
}

/// One event of a stream: `#3 delta {"text":"Hi"}`.
fn streamed(paint: &mut Paint<'_>, event: &StreamedEvent) {
    paint.space(2);
    paint.put(Ink::Dim, &format!("#{}", event.number));
    let name = event.name.as_ref().map(AsRef::as_ref);
    let (data, is_cut) = match event.data.whole() {
        BodyText::Json(json) => (Some(json.as_str()), false),
        BodyText::Text { text, truncated } => (Some(text.as_str()), *truncated || event.data.is_truncated()),
        BodyText::Binary | BodyText::NotKept => (None, false),
    };
    for text in name.into_iter().chain(data) {
        paint.space(1);
        paint.put(Ink::Plain, text);
    }
    if is_cut {
        paint.put(Ink::Dim, " ..");
    }
}

/// Writes what the recorder tells of itself: `10:30:00.123  INFO     flightlog: recording shop; verbosity 0; log files in
/// /srv/logs; dumps of failures in /srv/logs/dumps`.
pub(super) fn note(out: &mut Vec<u8>, colours: bool, at: Timestamp, note: &Note<'_>) {
    let mut paint = Paint::new(out, colours);
    paint.put(Ink::Dim, time(at, &mut [0; 27]));
    paint.space(2);
    paint.put(level_ink(note.level()), &format!("{:<7}", note.level().as_str()));
    paint.space(2);
    paint.put(Ink::Dim, "flightlog:");
    paint.space(1);
    paint.put(Ink::Plain, &note.message());
    if let Note::Started { settings, verbosity, .. } = note {
        paint.put(Ink::Plain, &what_is_on(settings, *verbosity));
    }
    paint.end_line();
}

/// How much is told, and where it is written.
fn what_is_on(settings: &[(&str, String)], verbosity: u8) -> String {
    let setting =
        |name: &str| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let mut text = format!("; verbosity {verbosity}");
    if setting("LOG_API_CALLS") == Some("false") {
        text.push_str("; exchanges off");
    }
    for (switch, what, dir) in
        [("LOG_FILES", "log files", "LOG_DIR"), ("LOG_DUMPS", "dumps of failures", "LOG_DUMP_DIR")]
    {
        match setting(dir).filter(|_| setting(switch) != Some("false")) {
            Some(dir) => text.push_str(&format!("; {what} in {dir}")),
            None => text.push_str(&format!("; {what} off")),
        }
    }
    text
}

/// `10:30:00.123`, of the day that everybody knows.
fn time(at: Timestamp, buffer: &mut [u8; 27]) -> &str {
    *buffer = at.encode();
    buffer.get(11..23).and_then(|time| str::from_utf8(time).ok()).unwrap_or_default()
}

fn status(paint: &mut Paint<'_>, exchange: &Exchange) {
    let Some(status) = exchange.status() else {
        return paint.put(if exchange.is_failure() { Ink::Alarm } else { Ink::Dim }, "---");
    };
    let ink = match status.as_u16() {
        200..=299 => Ink::Green,
        300..=399 => Ink::Cyan,
        400..=499 => Ink::Yellow,
        500.. => Ink::Alarm,
        _ => Ink::Blue,
    };
    paint.put(ink, status.as_str());
}

/// `stock.test:8080`, of a request that was sent.
fn host_asked(exchange: &Exchange) -> Option<&str> {
    let url = exchange.request.url().as_str();
    let (_, rest) = url.split_once("://").filter(|_| exchange.direction == Direction::Outbound)?;
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host))
}

/// The last 8 characters of an id: enough to find it by.
fn tail(paint: &mut Paint<'_>, id: RequestId) {
    paint.put(Ink::Dim, short(id, &mut [0; 36]));
}

fn short(id: RequestId, buffer: &mut [u8; 36]) -> &str {
    id.encode(buffer).get(28..).unwrap_or_default()
}

/// What is not as usual.
fn remarks(paint: &mut Paint<'_>, exchange: &Exchange) {
    let mut remark = |ink, text: &str| {
        paint.space(2);
        paint.put(ink, text);
    };
    if exchange.outcome != Outcome::Complete {
        let ink = match exchange.outcome {
            outcome if outcome.is_failure() => Ink::Alarm,
            Outcome::Upgraded => Ink::Blue,
            _ => Ink::Yellow,
        };
        remark(ink, &exchange.outcome.as_str().replace('_', " "));
    }
    if let Some(code) = exchange.grpc_status.filter(|code| *code != 0) {
        remark(if exchange.is_failure() { Ink::Alarm } else { Ink::Yellow }, &format!("grpc {code}"));
    }
    if exchange.direction == Direction::Outbound {
        remark(Ink::Dim, "outbound");
    }
    if let Some(parent) = exchange.parent_request_id {
        remark(Ink::Dim, &format!("in {}", short(parent, &mut [0; 36])));
    }
    if exchange.slow {
        remark(Ink::Yellow, "slow");
    }
    if let Some(response) = exchange.response.as_ref().filter(|response| is_stream(response)) {
        remark(Ink::Cyan, &format!("stream {}", size(response.body.total_bytes())));
        if let Some(ttfb) = exchange.ttfb {
            remark(Ink::Dim, &format!("headers after {}", human(ttfb)));
        }
    }
    if let Some(usage) = &exchange.llm {
        remark(Ink::Cyan, &used(usage));
    }
}

/// `14 tokens in, 10 out, 50.1/s`.
fn used(usage: &LlmUsage) -> String {
    let known = [
        usage.input_tokens.map(|tokens| format!("{tokens} tokens in")),
        usage.output_tokens.map(|tokens| {
            format!("{tokens}{} out", if usage.input_tokens.is_some() { "" } else { " tokens" })
        }),
        usage.tokens_per_second.map(|rate| format!("{rate:.1}/s")),
    ];
    let known: Vec<_> = known.into_iter().flatten().collect();
    if known.is_empty() { "tokens unknown".into() } else { known.join(", ") }
}

fn is_stream(response: &Response) -> bool {
    response
        .head
        .content_type()
        .map(|value| Media::of(value.as_str().as_bytes()))
        .is_some_and(|media| matches!(media, Media::EventStream | Media::JsonLines))
}

/// What went wrong: the error, its causes, the place, the dump.
fn failure(paint: &mut Paint<'_>, exchange: &Exchange) {
    let ink = if exchange.is_failure() { Ink::Red } else { Ink::Yellow };
    let refused = exchange.status().is_some_and(|status| status.as_u16() >= 400);
    let report = exchange.error.as_ref();
    if report.is_some() || refused || exchange.is_failure() {
        let message = told(exchange);
        let name = report.and_then(|report| report.error_type.as_deref());
        if name.is_some() || message.is_some() {
            below(paint, 0, name, ink, message.as_deref().unwrap_or_default());
        }
    }
    let ErrorReport { chain, location, .. } = report.cloned().unwrap_or_default();
    for cause in &chain {
        below(paint, 2, Some("caused by"), ink, cause.as_str());
    }
    if let Some(location) = &location {
        at_the_end(paint, "at ", location);
    }
    if let Some(dump) = &exchange.dump {
        at_the_end(paint, "dump ", dump);
    }
}

/// Writes a message below the first line. Each of its lines is indented: none can pass for a line of ours.
fn below(paint: &mut Paint<'_>, indent: usize, name: Option<&str>, ink: Ink, message: &str) {
    paint.space(BELOW + indent);
    if let Some(name) = name {
        paint.put(Ink::Dim, name);
        paint.put(Ink::Dim, ": ");
    }
    let mut lines = message.trim_end().split('\n');
    paint.put(ink, lines.next().unwrap_or_default());
    paint.end_line();
    let more = lines.clone().count().saturating_sub(LINES);
    for line in lines.take(LINES) {
        paint.space(BELOW + indent + 2);
        paint.put(ink, line);
        paint.end_line();
    }
    if more > 0 {
        at_the_end(paint, "", &format!("and {more} more lines"));
    }
}

fn at_the_end(paint: &mut Paint<'_>, what: &str, text: &str) {
    paint.space(BELOW + 2);
    paint.put(Ink::Dim, what);
    paint.put(Ink::Cyan, text);
    paint.end_line();
}

fn body(paint: &mut Paint<'_>, mark: &str, body: Option<Inline<'_>>) {
    let (text, truncated) = match body {
        Some(Inline::AsItCame(json)) => (str::from_utf8(json).unwrap_or_default(), false),
        Some(Inline::Json(json)) => (json, false),
        Some(Inline::Text(text, truncated)) => (text, truncated),
        None => return,
    };
    paint.space(BELOW);
    paint.put(Ink::Dim, mark);
    paint.put(Ink::Plain, text);
    if truncated {
        paint.put(Ink::Dim, " ..");
    }
    paint.end_line();
}

fn level_ink(level: Level) -> Ink {
    match level {
        Level::ERROR => Ink::Alarm,
        Level::WARN => Ink::Yellow,
        Level::INFO => Ink::Green,
        Level::DEBUG => Ink::Blue,
        Level::TRACE => Ink::Magenta,
    }
}

/// A value as one word.
fn value(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(truth) => truth.to_string(),
        Value::Unsigned(number) => number.to_string(),
        Value::Signed(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) => {
            let is_word =
                !text.is_empty() && !text.as_str().contains(|c: char| c.is_whitespace() || c == '"');
            if is_word { text.to_string() } else { format!("{:?}", text.as_str()) }
        }
        Value::List(_) | Value::Object(_) => serde_json::to_string(value).unwrap_or_default(),
    }
}

/// Three digits and a unit, in at most 7 columns; cut, not rounded.
fn human(duration: Duration) -> String {
    let micros = duration.as_micros();
    let (seconds, millis) = (micros / 1_000_000, micros / 1000);
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{millis}.{:02} ms", micros % 1000 / 10),
        10_000..100_000 => format!("{millis}.{} ms", micros % 1000 / 100),
        100_000..1_000_000 => format!("{millis} ms"),
        1_000_000..10_000_000 => format!("{seconds}.{:02} s", millis % 1000 / 10),
        10_000_000..60_000_000 => format!("{seconds}.{} s", millis % 1000 / 100),
        60_000_000..3_600_000_000 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    let tenths = |unit: u64| (bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => {
            let (whole, tenth) = tenths(1024);
            format!("{whole}.{tenth} KiB")
        }
        _ => {
            let (whole, tenth) = tenths(1_048_576);
            format!("{whole}.{tenth} MiB")
        }
    }
}
