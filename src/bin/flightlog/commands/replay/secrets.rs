use serde_json::Value;

use crate::Failure;

/// What stands where a secret was.
pub(crate) const REDACTED: &str = "[REDACTED]";

/// The values of what was redacted: from `--set`, else from the environment, by the name of the header or field.
pub(super) struct Secrets<'o> {
    set: &'o [(String, String)],
    missing: Vec<String>,
    /// Those that were put in, the longest first.
    used: Vec<String>,
}

/// A shorter value tells nothing, and stands in too much that is none.
const LEAST: usize = 3;

impl<'o> Secrets<'o> {
    pub(super) fn new(set: &'o [(String, String)]) -> Self {
        Self { set, missing: Vec::new(), used: Vec::new() }
    }

    /// A text with its secret put in.
    pub(super) fn text(&mut self, name: &str, text: &str) -> String {
        if !text.contains(REDACTED) {
            return text.to_owned();
        }
        match self.value(name) {
            Some(value) => {
                let value = bare(text, &value);
                if value.len() >= LEAST && !self.used.iter().any(|known| known == value) {
                    self.used.push(value.to_owned());
                }
                text.replace(REDACTED, value)
            }
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

    /// The values that were put in, which are not to be told; an error where one is not known.
    pub(super) fn used(mut self) -> Result<Vec<String>, Failure> {
        if self.missing.is_empty() {
            self.used.sort_by_key(|value| std::cmp::Reverse(value.len()));
            return Ok(self.used);
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

/// The token that belongs into `Bearer [REDACTED]`, also where the scheme was given once more.
fn bare<'v>(text: &str, value: &'v str) -> &'v str {
    let before = text.find(REDACTED).and_then(|at| text.get(..at)).unwrap_or_default();
    let given =
        value.get(..before.len()).filter(|given| !before.is_empty() && given.eq_ignore_ascii_case(before));
    given.and_then(|given| value.get(given.len()..)).unwrap_or(value)
}

/// `x-api-key` is REPLAY_X_API_KEY, as in the command that `flightlog curl` makes. Without the beginning a field `path`
/// would take what is in PATH.
fn variable(name: &str) -> String {
    let name = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    format!("REPLAY_{}", name.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_given_twice_is_sent_once() {
        for value in ["TOKEN", "Bearer TOKEN", "bearer TOKEN"] {
            assert_eq!(bare("Bearer [REDACTED]", value), "TOKEN");
        }
        assert_eq!(bare("[REDACTED]", "Bearer x"), "Bearer x");
        let set = [("a".to_owned(), "1".to_owned())];
        assert_eq!(Secrets::new(&set).text("a", "a=[REDACTED]; b=[REDACTED]"), "a=1; b=1");
        assert_eq!(variable("x-api-key"), "REPLAY_X_API_KEY");
    }
}
