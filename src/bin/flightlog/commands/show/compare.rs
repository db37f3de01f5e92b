use std::io;

use serde_json::Value;

use super::{said, story::Story};
use crate::term::{Ink, Screen, cut};

/// A place where two requests differ.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) path: String,
    pub(crate) here: String,
    pub(crate) there: String,
}

impl Difference {
    /// As much of it as is shown.
    pub(crate) fn short(&self) -> Self {
        let Self { path, here, there } = self;
        Self { path: path.clone(), here: cut(here, SHOWN), there: cut(there, SHOWN) }
    }

    /// Where one of these values stands, `[SET]` does.
    pub(crate) fn hide(&mut self, values: &[String]) {
        for text in [&mut self.path, &mut self.here, &mut self.there] {
            for value in values {
                *text = text.replace(value.as_str(), "[SET]");
            }
        }
    }
}

/// Characters of a value that are shown, and those that are kept until then.
const SHOWN: usize = 60;
const KEPT: usize = 10_000;

/// A row each, in columns under these names.
pub(crate) fn show(
    screen: &mut Screen<'_>,
    found: &[Difference],
    [here, there]: [&str; 2],
) -> io::Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let found: Vec<_> = found.iter().map(Difference::short).collect();
    let widest = |of: fn(&Difference) -> &str, most: usize| {
        found.iter().map(|difference| of(difference).chars().count()).max().unwrap_or(0).min(most)
    };
    let path = widest(|difference| &difference.path, 36);
    let value = widest(|difference| &difference.here, 40).max(here.len());
    screen.space(2);
    screen.line(Ink::Dim, &format!("{:<path$}  {here:<value$}  {there}", ""))?;
    for difference in &found {
        screen.space(2);
        screen.put(Ink::Cyan, &format!("{:<path$}", difference.path));
        screen.space(2);
        screen.put(Ink::Red, &format!("{:<value$}", difference.here));
        screen.space(2);
        screen.line(Ink::Green, &difference.there)?;
    }
    Ok(())
}

/// Of so many it is told.
const MOST: usize = 20;
const DEEPEST: usize = 64;

/// What was asked otherwise. The log knows less of a success than a dump of a failure: only what both know is compared.
pub(crate) fn differences(here: &Story, there: &Story) -> Vec<Difference> {
    let mut found = Vec::new();
    for key in ["http_version", "remote_addr", "user_agent", "content_type", "request_bytes"] {
        if let (Some(a), Some(b)) = (here.of_request(key), there.of_request(key)) {
            compare(key, &a, &b, DEEPEST, &mut found);
        }
    }
    for key in ["request_headers", "request_body", "request_body_text"] {
        if let (Some(a), Some(b)) = (here.of_request(key), there.of_request(key)) {
            compare(key, &a, &b, DEEPEST, &mut found);
        }
    }
    if let (Some(a), Some(b)) = (here.duration(), there.duration())
        && (a > 2 * b || b > 2 * a)
    {
        let (here, there) = (crate::time::human(a), crate::time::human(b));
        found.push(Difference { path: "duration".into(), here, there });
    }
    found
}

/// Where two values differ; what was redacted differs from nothing.
pub(crate) fn values(path: &str, here: &Value, there: &Value, found: &mut Vec<Difference>) {
    compare(path, here, there, DEEPEST, found);
}

fn compare(path: &str, here: &Value, there: &Value, depth: usize, found: &mut Vec<Difference>) {
    let is_redacted = |value: &Value| value.as_str().is_some_and(|text| text.contains("[REDACTED]"));
    if found.len() >= MOST || here == there || depth == 0 || is_redacted(here) || is_redacted(there) {
        return;
    }
    match (here, there) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                compare(
                    &format!("{path}.{key}"),
                    value,
                    b.get(key).unwrap_or(&Value::Null),
                    depth - 1,
                    found,
                );
            }
            for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                compare(&format!("{path}.{key}"), &Value::Null, value, depth - 1, found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (place, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}.{place}"), a, b, depth - 1, found);
            }
        }
        _ => found.push(Difference { path: path.to_owned(), here: brief(here), there: brief(there) }),
    }
}

fn brief(value: &Value) -> String {
    match value {
        Value::Null => "(none)".into(),
        Value::String(text) if text.is_empty() => "(empty)".into(),
        Value::Array(items) if items.len() > 3 => format!("[{} items]", items.len()),
        other => cut(&said(other), KEPT),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_are_compared_by_structure() {
        let mut found = Vec::new();
        let here = json!({"a": {"b": [1, 2]}, "c": "x", "d": 1, "same": [1]});
        let there = json!({"a": {"b": [1, 3]}, "d": 2, "e": [1, 2, 3, 4], "same": [1]});
        compare("body", &here, &there, DEEPEST, &mut found);
        let shown: Vec<_> = found.iter().map(|d| format!("{} {} {}", d.path, d.here, d.there)).collect();
        assert_eq!(shown, ["body.a.b.1 2 3", "body.c x (none)", "body.d 1 2", "body.e (none) [4 items]"]);
    }
}
