//! An entry as a line for people, and what belongs below it.

use std::io;

use super::pretty::pretty;
use crate::{
    entry::{Entry, Kind, Level},
    json,
    term::{Ink, Screen, bar, cut},
    time,
};

/// Where the bytes of an exchange stand, and its id behind them, if its endpoint leaves room.
const BYTES: usize = 66;
/// What stands before and behind an endpoint: up to the bar, bytes, id.
const AROUND: usize = 64;
/// Where endpoints stand without the bar.
const ENDPOINT: usize = 37;
/// Where the lines below the first begin.
const BELOW: usize = 23;
/// Lines shown of a message that has many.
const LINES: usize = 24;
/// Characters shown of a list or an object among fields.
const DETAILS: usize = 200;
/// Characters shown of a body, but for `-v`.
const BODY: usize = 100_000;

/// Writes entries as lines, and the day where it changes.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    day: Option<String>,
    verbose: bool,
}

impl Rows {
    pub(crate) fn new(verbose: bool) -> Self {
        Self { day: None, verbose }
    }

    /// ```text
    /// 10:30:00.135  POST     500  12.4 ms ▎    /api/v1/orders/{id}        1.2 KiB  00000002
    ///                        shop::OrderError: could not place the order
    /// ```
    pub(crate) fn show(
        &mut self,
        screen: &mut Screen<'_>,
        entry: &Entry<'_>,
        request: Option<&[u8]>,
        failure: Option<&[u8]>,
    ) -> io::Result<()> {
        self.begin(screen, entry.at)?;
        if matches!(entry.kind, Kind::Told | Kind::Recorder) {
            return told(screen, entry);
        }
        line(screen, entry)?;
        if entry.status >= 400 || entry.is_failure() || failure.is_some() {
            cause(screen, entry, failure)?;
        }
        if self.verbose { details(screen, entry, request) } else { Ok(()) }
    }

    /// The line alone, without the day.
    pub(crate) fn brief(&mut self, screen: &mut Screen<'_>, entry: &Entry<'_>) -> io::Result<()> {
        screen.put(Ink::Dim, &time::clock(entry.at));
        screen.space(2);
        line(screen, entry)
    }

    /// The time, after the day where it is another one.
    fn begin(&mut self, screen: &mut Screen<'_>, at: u64) -> io::Result<()> {
        let day = time::day(at);
        if self.day.as_ref() != Some(&day) {
            screen.line(Ink::Dim, &format!("-- {day} (UTC) --"))?;
            self.day = Some(day);
        }
        screen.put(Ink::Dim, &time::clock(at));
        screen.space(2);
        Ok(())
    }
}

/// Method, status, duration, endpoint, bytes, id, and what is not as usual. A narrow terminal shows less of it.
fn line(screen: &mut Screen<'_>, entry: &Entry<'_>) -> io::Result<()> {
    screen.put(Ink::Bold, &format!("{:<7}", json::unescape(entry.method)));
    screen.space(2);
    let status = if entry.status == 0 { "---".into() } else { entry.status.to_string() };
    screen.put(Ink::of_status(entry.status, entry.is_failure()), &status);
    screen.space(2);
    let duration = entry.duration.unwrap_or(0);
    let pace = if duration >= time::SECOND { Ink::Yellow } else { Ink::Plain };
    screen.put(pace, &format!("{:>7}", entry.duration.map_or_else(|| "-".into(), time::human)));
    if screen.is_terminal && screen.fits(BYTES + 20) {
        screen.space(1);
        screen.put(Ink::Dim, &bar(duration));
    }
    screen.space(2);
    let endpoint = json::unescape(entry.endpoint);
    match screen.width.filter(|width| *width < BYTES + 20) {
        None => {
            let room = screen.width.map_or(usize::MAX, |width| width.saturating_sub(AROUND));
            screen.put(Ink::Plain, &cut(&endpoint, room));
            screen.column(BYTES);
            let bytes = entry.get("response_bytes").and_then(json::number);
            let bytes = bytes.map_or_else(String::new, |bytes| time::size(bytes as u64));
            screen.put(Ink::Dim, &format!("{bytes:>10}"));
            screen.space(2);
        }
        // The id stands at the end of it.
        Some(width) => {
            let room = width.saturating_sub(ENDPOINT + 10).max(8);
            screen.put(Ink::Plain, &format!("{:<room$}  ", cut(&endpoint, room)));
        }
    }
    screen.put(Ink::Dim, short_id(&json::unescape(entry.id)));
    remarks(screen, entry);
    screen.end_line()
}

/// The last 8 characters of an id of ours: enough to find it by.
pub(crate) fn short_id(id: &str) -> &str {
    if id.len() == 36 { id.get(28..).unwrap_or(id) } else { id }
}

/// What is not as usual.
fn remarks(screen: &mut Screen<'_>, entry: &Entry<'_>) {
    let mut remark = |ink, text: &str| {
        screen.space(2);
        screen.put(ink, text);
    };
    let outcome = json::unescape(entry.outcome);
    match outcome.as_ref() {
        "" | "complete" => {}
        "upgraded" => remark(Ink::Blue, "upgraded"),
        other => remark(if entry.is_failure() { Ink::Alarm } else { Ink::Yellow }, &other.replace('_', " ")),
    }
    if let Some(code) = entry.text("grpc_status").filter(|code| code != "0") {
        remark(if entry.is_failure() { Ink::Alarm } else { Ink::Yellow }, &format!("grpc {code}"));
    }
    if entry.text("direction").is_some_and(|direction| direction == "outbound") {
        remark(Ink::Cyan, "outbound");
    }
}

/// What went wrong: the error, its causes, the place, the dump.
fn cause(screen: &mut Screen<'_>, entry: &Entry<'_>, failure: Option<&[u8]>) -> io::Result<()> {
    let part = |key: &str| failure.and_then(|line| json::member(line, key)).or_else(|| entry.get(key));
    let ink = if entry.is_failure() { Ink::Red } else { Ink::Yellow };
    let own_message =
        matches!(entry.kind, Kind::Error | Kind::Exception).then(|| entry.get("message")).flatten();
    let message = failure.and_then(|line| json::member(line, "message")).or(own_message);
    let message = message.or_else(|| entry.get("error_message")).map(json::text).or_else(|| from_body(entry));
    let name = part("error_type").map(json::text);
    if name.is_some() || message.is_some() {
        below(screen, 0, name.as_deref(), ink, message.as_deref().unwrap_or_default())?;
    }
    for cause in part("error_chain").into_iter().flat_map(json::items) {
        below(screen, 2, Some("caused by"), ink, &json::text(cause))?;
    }
    for (what, key) in [("at ", "location"), ("dump ", "dump")] {
        if let Some(text) = part(key) {
            screen.space(BELOW + 2);
            screen.put(Ink::Dim, what);
            screen.line(Ink::Cyan, &json::text(text))?;
        }
    }
    Ok(())
}

/// What the body of a refusal says of itself.
fn from_body<'a>(entry: &Entry<'a>) -> Option<std::borrow::Cow<'a, str>> {
    let body = entry.get("response_body");
    let said = body.and_then(|body| {
        let said = ["detail", "error", "message"].iter().find_map(|key| json::member(body, key))?;
        match said.first()? {
            b'"' => Some(said),
            b'{' => json::member(said, "message"),
            _ => None,
        }
    });
    let text = json::text(said.or_else(|| entry.get("response_body_text"))?);
    let first = text.lines().next().unwrap_or_default();
    (!first.is_empty()).then(|| cut(first, 200).into())
}

/// Writes a message below the first line. Each of its lines is indented: none can pass for a line of ours.
fn below(
    screen: &mut Screen<'_>,
    indent: usize,
    name: Option<&str>,
    ink: Ink,
    message: &str,
) -> io::Result<()> {
    screen.space(BELOW + indent);
    if let Some(name) = name {
        screen.put(Ink::Dim, name);
        screen.put(Ink::Dim, ": ");
    }
    let mut lines = message.trim_end().split('\n');
    screen.line(ink, lines.next().unwrap_or_default())?;
    let more = lines.clone().count().saturating_sub(LINES);
    for line in lines.take(LINES) {
        screen.space(BELOW + indent + 2);
        screen.line(ink, line)?;
    }
    if more > 0 {
        screen.space(BELOW + 2);
        screen.line(Ink::Dim, &format!("and {more} more lines"))?;
    }
    Ok(())
}

/// What the application or the recorder told: `10:30:00.123  INFO     shop::orders: order placed  id=42`.
fn told(screen: &mut Screen<'_>, entry: &Entry<'_>) -> io::Result<()> {
    let (ink, level) = match entry.level {
        Level::Error => (Ink::Alarm, "ERROR"),
        Level::Warn => (Ink::Yellow, "WARN"),
        Level::Info => (Ink::Green, "INFO"),
        Level::Debug => (Ink::Blue, "DEBUG"),
        Level::Trace => (Ink::Magenta, "TRACE"),
    };
    screen.put(ink, &format!("{level:<7}"));
    screen.space(2);
    let module = if entry.kind == Kind::Recorder { Some("flightlog".into()) } else { entry.text("module") };
    if let Some(name) = module.or_else(|| entry.text("event_type")) {
        screen.put(Ink::Dim, &name);
        screen.put(Ink::Dim, ": ");
    }
    let message = entry.text("message").or_else(|| entry.text("msg")).unwrap_or_default();
    screen.put(Ink::Plain, message.trim_end());
    for member in entry.get("fields").into_iter().flat_map(json::Members::of) {
        screen.space(2);
        screen.put(Ink::Dim, &json::unescape(member.key));
        screen.put(Ink::Dim, "=");
        let value = json::text(member.value);
        if matches!(member.value.first(), Some(b'[' | b'{')) {
            screen.put(Ink::Plain, &cut(&value, DETAILS));
            continue;
        }
        let is_word = !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c == '"');
        if is_word { screen.put(Ink::Plain, &value) } else { screen.put(Ink::Plain, &format!("{value:?}")) }
    }
    if !entry.id.is_empty() {
        screen.space(2);
        screen.put(Ink::Dim, short_id(&json::unescape(entry.id)));
    }
    if entry.get("after_response").is_some() {
        screen.space(2);
        screen.put(Ink::Dim, "after the response");
    }
    screen.end_line()
}

/// Whose it is, headers and bodies.
fn details(screen: &mut Screen<'_>, entry: &Entry<'_>, request: Option<&[u8]>) -> io::Result<()> {
    let part = |key: &str| request.and_then(|line| json::member(line, key)).or_else(|| entry.get(key));
    for (what, key) in [
        ("url", "url"),
        ("from", "remote_addr"),
        ("agent", "user_agent"),
        ("sent in", "parent_request_id"),
        ("trace", "trace_id"),
    ] {
        if let Some(value) = part(key) {
            screen.space(BELOW);
            screen.put(Ink::Dim, &format!("{what} "));
            screen.line(Ink::Plain, &json::text(value))?;
        }
    }
    for (mark, side) in [("> ", "request"), ("< ", "response")] {
        for member in part(&format!("{side}_headers")).into_iter().flat_map(json::Members::of) {
            screen.space(BELOW);
            screen.put(Ink::Dim, mark);
            screen.put(Ink::Cyan, &json::unescape(member.key));
            screen.put(Ink::Dim, ": ");
            screen.line(Ink::Plain, &json::text(member.value))?;
        }
        let is_cut = part(&format!("{side}_body_truncated")).is_some();
        if let Some(text) = part(&format!("{side}_body"))
            .map(pretty)
            .or_else(|| part(&format!("{side}_body_text")).map(|text| json::text(text).into_owned()))
        {
            let shown = cut(&text, BODY);
            for line in shown.lines() {
                screen.space(BELOW);
                screen.put(Ink::Dim, mark);
                screen.line(Ink::Plain, line)?;
            }
            if is_cut || shown.len() < text.len() {
                screen.space(BELOW);
                screen.put(Ink::Dim, mark);
                screen.line(Ink::Dim, "(the body has more)")?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Parser;

    #[test]
    fn a_line_fits_the_terminal() {
        let entry = br#"{"timestamp":"2026-11-20T10:30:00.123456Z","level":"INFO","type":"response","run":"a1b2c3d4","seq":1,"request_id":"0198c0de-0000-7000-8000-000000000001","method":"OPTIONS","endpoint":"/users/{id}/orders/{order}/articles/{article}/price","status_code":200,"duration_ms":12.345,"outcome":"complete","response_bytes":1234}"#;
        for columns in [60, 80, 100, 120] {
            let mut out = Vec::new();
            let mut screen = Screen::of_width(&mut out, columns);
            let mut parser = Parser::default();
            Rows::new(false).show(&mut screen, &parser.read(entry, false).unwrap(), None, None).unwrap();
            drop(screen);
            let text = String::from_utf8(out).unwrap();
            let line = text.lines().nth(1).unwrap();
            assert!(line.chars().count() <= columns, "{columns}: {line}");
            assert!(
                line.starts_with("10:30:00.123  OPTIONS  200  12.3 ms") && line.ends_with("00000001"),
                "{line}"
            );
        }
    }
}
