use serde_json::Value;

use crate::Failure;

/// What stands where a secret was.
pub(crate) const REDACTED: &str = "[REDACTED]";

/// The values of what was redacted: from `--set`, else from the environment, by the name of the header or field.
pub(super) struct Secrets<'o> {
    set: &'o [(String, String)],
    missing: Vec<String>,
}

impl<'o> Secrets<'o> {
    pub(super) fn new(set: &'o [(String, String)]) -> Self {
        Self { set, missing: Vec::new() }
    }

    /// A text with its secret put in.
    pub(super) fn text(&mut self, name: &str, text: &str) -> String {
        if !text.contains(REDACTED) {
            return text.to_owned();
        }
        match self.value(name) {
            Some(value) => text.replace(REDACTED, &value),
            None => {
                if !self.missing.iter().any(|known| known == name) {
                    self.missing.push(name.to_owned());
                }
                text.to_owned()
            }
        }
    }

    /// A path whose query's fields are named.
    pub(super) fn query(&mut self, path: &str) -> String {
        let Some((path, query)) = path.split_once('?') else { return self.text("path", path) };
        let fields = query.split('&').map(|field| match field.split_once('=') {
            Some((name, value)) => format!("{name}={}", self.text(name, value)),
            None => field.to_owned(),
        });
        let fields: Vec<_> = fields.collect();
        format!("{}?{}", self.text("path", path), fields.join("&"))
    }

    /// JSON, whose bytes stay as they are where no secret is in it.
    pub(super) fn json(&mut self, json: &str) -> String {
        if !json.contains(REDACTED) {
            return json.to_owned();
        }
        match serde_json::from_str::<Value>(json) {
            Ok(mut value) => {
                self.within("body", &mut value);
                value.to_string()
            }
            Err(_) => self.text("body", json),
        }
    }

    fn within(&mut self, name: &str, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(name, text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.within(name, item)),
            Value::Object(members) => members.iter_mut().for_each(|(name, value)| self.within(name, value)),
            _ => {}
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        let given = self.set.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        given.map(|(_, value)| value.clone()).or_else(|| std::env::var(variable(name)).ok())
    }

    /// Whether all is known.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let wanted: Vec<_> = self.missing.iter().map(|name| format!("--set {name}=VALUE")).collect();
        let variables: Vec<_> = self.missing.iter().map(|name| variable(name)).collect();
        Err(Failure::usage(format!(
            "these values were redacted and are needed: {}\ntry: {}\nor set {} in the environment",
            self.missing.join(", "),
            wanted.join(" "),
            variables.join(", ")
        )))
    }
}

/// `x-api-key` is X_API_KEY.
fn variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}
