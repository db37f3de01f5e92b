//! How the story of an exchange is shown.

use std::io;

use serde_json::Value;

use super::{said, stack::backtrace, story::Story, work::work};
use crate::{
    commands::pretty::pretty,
    term::{Ink, Screen, cut},
    time::{human, size},
};

/// Columns of a step's name.
const NAMES: usize = 36;
/// Columns of the waterfall.
const WATERFALL: usize = 40;
/// Lines shown of a body, a stack, a trail, but for `-v`.
const LINES: usize = 40;

impl Story {
    pub(crate) fn show(&self, screen: &mut Screen<'_>, verbose: bool) -> io::Result<()> {
        self.headline(screen)?;
        self.error(screen, verbose)?;
        self.waterfall(screen)?;
        work(self, screen)?;
        self.trail(screen, verbose)?;
        self.message(screen, "request", verbose)?;
        self.message(screen, "response", verbose)?;
        if let Some((path, _)) = &self.dump {
            screen.put(Ink::Dim, "dump  ");
            screen.line(Ink::Plain, &path.display().to_string())?;
            screen.put(Ink::Dim, "again ");
            screen.line(Ink::Plain, &format!("flightlog curl {} | sh", self.short_id()))?;
            screen.end_line()?;
        }
        Ok(())
    }

    fn headline(&self, screen: &mut Screen<'_>) -> io::Result<()> {
        let method = self.text("method", &["request", "method"]).unwrap_or_default();
        let endpoint = self.text("endpoint", &["request", "endpoint"]).unwrap_or_default();
        let outcome = self.text("outcome", &["outcome"]).unwrap_or_default();
        screen.put(Ink::Bold, &format!("{method} {endpoint}"));
        screen.space(2);
        let status = self.status();
        let shown = if status == 0 { outcome.replace('_', " ") } else { status.to_string() };
        screen.put(Ink::of_status(status, self.is_failure()), &shown);
        if self.is_open() {
            screen.put(Ink::Yellow, "begun and never ended, or open still");
        }
        if status > 0 && outcome != "complete" && !outcome.is_empty() {
            screen.put(Ink::Alarm, &format!("  {}", outcome.replace('_', " ")));
        }
        if let Some(duration) = self.duration() {
            screen.put(Ink::Plain, &format!("  {}", human(duration)));
        }
        screen.end_line()?;
        for (what, key, path) in [
            (if self.is_open() { "began" } else { "ended" }, "timestamp", ["timestamp", ""]),
            ("id", "request_id", ["request_id", ""]),
            ("client's id", "client_request_id", ["client_request_id", ""]),
            ("sent in", "parent_request_id", ["parent_request_id", ""]),
            ("trace", "trace_id", ["trace_id", ""]),
            ("url", "url", ["request", "url"]),
            ("from", "remote_addr", ["request", "remote_addr"]),
            ("agent", "user_agent", ["", ""]),
        ] {
            let path: Vec<_> = path.into_iter().filter(|key| !key.is_empty()).collect();
            let in_dump = || if path.is_empty() { None } else { self.of_dump(&path) };
            if let Some(value) = self.get(key).or_else(in_dump) {
                screen.put(Ink::Dim, &format!("{what:<12}"));
                screen.line(Ink::Plain, &said(value))?;
            }
        }
        if let Some(count) =
            self.of_dump(&["similar", "count"]).and_then(Value::as_u64).filter(|count| *count > 0)
        {
            screen.put(Ink::Dim, "alike       ");
            screen.line(Ink::Yellow, &format!("{count} more failures like this one since the last dump"))?;
        }
        screen.end_line()
    }

    fn error(&self, screen: &mut Screen<'_>, verbose: bool) -> io::Result<()> {
        let part = |key: &str, in_dump: &str| {
            self.of_dump(&["error", in_dump])
                .or_else(|| self.failure.as_ref().and_then(|entry| entry.get(key)))
                .or_else(|| self.get(key))
        };
        let message = self
            .of_dump(&["error", "message"])
            .or_else(|| self.failure.as_ref().and_then(|entry| entry.get("message")))
            .or_else(|| self.get("error_message"));
        let Some(message) = message else { return Ok(()) };
        if let Some(name) = part("error_type", "type") {
            screen.put(Ink::Dim, &said(name));
            screen.put(Ink::Dim, ": ");
        }
        screen.lines(0, Ink::Red, &said(message))?;
        for cause in part("error_chain", "chain").and_then(Value::as_array).into_iter().flatten() {
            screen.put(Ink::Dim, "  caused by: ");
            screen.lines(0, Ink::Red, &said(cause))?;
        }
        if let Some(location) = part("location", "location") {
            screen.put(Ink::Dim, "  at ");
            screen.line(Ink::Cyan, &said(location))?;
        }
        if let Some(stack) = part("backtrace", "backtrace") {
            backtrace(screen, &said(stack), verbose)?;
        }
        screen.end_line()
    }

    /// What took how long, from arrival to the last byte.
    fn waterfall(&self, screen: &mut Screen<'_>) -> io::Result<()> {
        let Some(duration) = self.duration().filter(|duration| *duration > 0) else { return Ok(()) };
        let mut spans = Vec::new();
        match self.micros("ttfb_ms") {
            Some(ttfb) => {
                spans.push(("until headers".to_owned(), 0, ttfb));
                spans.push(("body".to_owned(), ttfb, duration.saturating_sub(ttfb)));
            }
            None => spans.push(("no answer".to_owned(), 0, duration)),
        }
        let steps = self.of_dump(&["timing", "steps"]).or_else(|| self.get("timers"));
        for step in steps.and_then(Value::as_array).into_iter().flatten() {
            let micros = |key: &str| {
                step.get(key).and_then(Value::as_f64).map_or(0, |millis| (millis.max(0.0) * 1000.0) as u64)
            };
            let name = step.get("name").map(said).unwrap_or_default();
            let mut name = cut(&without_scheme(&name), NAMES);
            if let Some(status) = step.get("status") {
                name = format!("{name} {}", said(status));
            }
            if step.get("unfinished").is_some() {
                name.push_str(" (open)");
            }
            spans.push((name, micros("start_ms"), micros("length_ms")));
        }
        let widest = spans.iter().map(|(name, _, _)| name.chars().count()).max().unwrap_or(0);
        for (name, start, length) in spans {
            let column =
                |at: u64| (at.min(duration) as u128 * WATERFALL as u128 / u128::from(duration)) as usize;
            let (from, to) = (column(start), column(start.saturating_add(length)));
            screen.put(Ink::Dim, &format!("{name:<widest$}  "));
            screen.space(from);
            screen.put(Ink::Cyan, &"━".repeat((to - from).max(1)));
            screen.space((WATERFALL + 1).saturating_sub(to.max(from + 1)));
            screen.put(Ink::Plain, &human(length));
            screen.end_line()?;
        }
        screen.end_line()
    }

    /// What led there: the trail of the dump, else what the log has.
    fn trail(&self, screen: &mut Screen<'_>, verbose: bool) -> io::Result<()> {
        let of_dump = self.of_dump(&["events"]).and_then(Value::as_array);
        // What was told after the response came too late for the dump.
        let is_late = |event: &Value| event.get("after_response").is_some();
        let logged = self.told.iter().filter(|event| of_dump.is_none() || is_late(event));
        let events: Vec<_> = of_dump.into_iter().flatten().chain(logged).collect();
        if events.is_empty() {
            return Ok(());
        }
        screen.line(Ink::Bold, if of_dump.is_some() { "trail" } else { "log" })?;
        let hidden = if verbose { 0 } else { events.len().saturating_sub(LINES) };
        let dropped = self.of_dump(&["events_dropped"]).and_then(Value::as_u64).unwrap_or(0) + hidden as u64;
        if dropped > 0 {
            screen.line(Ink::Dim, &format!("  {dropped} events before these are not shown"))?;
        }
        for event in events.iter().skip(hidden) {
            let when = match (event.get("at_ms").and_then(Value::as_f64), event.get("timestamp")) {
                (Some(millis), _) => format!("+{}", human((millis.max(0.0) * 1000.0) as u64)),
                (None, Some(at)) => said(at).get(11..23).unwrap_or_default().to_owned(),
                _ => String::new(),
            };
            screen.put(Ink::Dim, &format!("  {when:>12}  "));
            let level = event.get("level").map(said).unwrap_or_default();
            let ink = match level.as_str() {
                "ERROR" => Ink::Alarm,
                "WARN" => Ink::Yellow,
                "INFO" => Ink::Green,
                _ => Ink::Blue,
            };
            screen.put(ink, &format!("{level:<5}  "));
            for span in event.get("spans").and_then(Value::as_array).into_iter().flatten() {
                screen.put(Ink::Dim, &format!("{} > ", said(span)));
            }
            let target = event.get("target").or_else(|| event.get("module"));
            let who = [target, event.get("event_type")].into_iter().flatten().map(said);
            let who: Vec<_> = who.filter(|who| !who.is_empty()).collect();
            let who = if who.is_empty() { String::new() } else { format!("{}: ", who.join(" ")) };
            screen.put(Ink::Dim, &who);
            screen.put(Ink::Plain, &event.get("message").map(said).unwrap_or_default());
            for (name, value) in event.get("fields").and_then(Value::as_object).into_iter().flatten() {
                screen.put(Ink::Dim, &format!("  {name}="));
                screen.put(Ink::Plain, &said(value));
            }
            if is_late(event) {
                screen.put(Ink::Dim, "  after the response");
            }
            screen.end_line()?;
        }
        if let Some(level) = self.of_dump(&["events_limited_to"]) {
            screen.line(Ink::Yellow, &format!("  a filter let nothing below {} come here", said(level)))?;
        }
        screen.end_line()
    }

    /// Headers and body of the request or the response.
    fn message(&self, screen: &mut Screen<'_>, side: &str, verbose: bool) -> io::Result<()> {
        let headers = self.get(&format!("{side}_headers")).or_else(|| self.of_dump(&[side, "headers"]));
        let body = self.of_dump(&[side, "body"]);
        let text = body
            .and_then(|body| body.get("json"))
            .or_else(|| self.get(&format!("{side}_body")))
            .map(|json| pretty(json.to_string().as_bytes()))
            .or_else(|| body.and_then(|body| body.get("text")).map(said))
            .or_else(|| self.get(&format!("{side}_body_text")).map(said));
        let bytes =
            self.get(&format!("{side}_bytes")).or_else(|| body?.get("total_bytes")).and_then(Value::as_u64);
        if headers.is_none() && text.is_none() && bytes.is_none_or(|bytes| bytes == 0) {
            return Ok(());
        }
        screen.put(Ink::Bold, side);
        screen.put(Ink::Dim, &bytes.map(|bytes| format!("  {}", size(bytes))).unwrap_or_default());
        screen.end_line()?;
        for (name, value) in headers.and_then(Value::as_object).into_iter().flatten() {
            let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            for value in values {
                screen.space(2);
                screen.put(Ink::Cyan, name);
                screen.put(Ink::Dim, ": ");
                screen.line(Ink::Plain, &said(&value))?;
            }
        }
        if let Some(text) = text {
            let lines: Vec<_> = text.lines().collect();
            let shown = if verbose { lines.len() } else { LINES };
            for line in lines.iter().take(shown) {
                screen.space(2);
                screen.line(Ink::Plain, &if verbose { (*line).to_owned() } else { cut(line, 2000) })?;
            }
            let kept = self.get(&format!("{side}_body_truncated")).or_else(|| body?.get("truncated"));
            if lines.len() > shown {
                screen.line(Ink::Dim, &format!("  and {} more lines (-v)", lines.len() - shown))?;
            } else if kept.and_then(Value::as_bool) == Some(true) {
                screen.line(Ink::Dim, "  the body has more, which was not kept")?;
            }
        } else if let Some(hash) = body.and_then(|body| body.get("sha256")) {
            screen.line(Ink::Dim, &format!("  not text; sha256 {}", said(hash)))?;
        }
        screen.end_line()
    }
}

/// A call without what is the same of most: `GET shop.test/orders`.
fn without_scheme(name: &str) -> String {
    name.replacen(" http://", " ", 1).replacen(" https://", " ", 1)
}
