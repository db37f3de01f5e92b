use std::collections::BTreeMap;

use crate::{commands::stats::Timeline, json};

/// What models used, each by its name.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    models: BTreeMap<String, Used>,
    pub(super) input: Timeline,
    pub(super) output: Timeline,
}

/// What one model used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    pub(super) calls: u64,
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) cached: u64,
    pub(super) reasoning: u64,
}

impl Used {
    pub(super) fn and(&self, other: &Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cached: self.cached.saturating_add(other.cached),
            reasoning: self.reasoning.saturating_add(other.reasoning),
        }
    }
}

/// So many models are kept apart.
const MODELS: usize = 200;

impl Usage {
    /// Takes the `llm` of an exchange.
    pub(crate) fn add(&mut self, at: u64, llm: &[u8]) {
        let mut name = None;
        let mut used = Used { calls: 1, ..Used::default() };
        for member in json::Members::of(llm) {
            let number = || json::whole(member.value).unwrap_or(0);
            match member.key {
                b"model" => name = Some(json::text(member.value).into_owned()),
                b"request_model" if name.is_none() => name = Some(json::text(member.value).into_owned()),
                b"input_tokens" => used.input = number(),
                b"output_tokens" => used.output = number(),
                b"cached_tokens" => used.cached = number(),
                b"reasoning_tokens" => used.reasoning = number(),
                _ => {}
            }
        }
        self.input.add_many(at, used.input);
        self.output.add_many(at, used.output);
        let mut name = name.unwrap_or_else(|| "(no name)".into());
        if self.models.len() >= MODELS && !self.models.contains_key(&name) {
            name = "(others)".into();
        }
        let sum = self.models.entry(name).or_default();
        *sum = sum.and(&used);
    }

    /// Who used most first.
    pub(super) fn models(&self) -> Vec<(&str, Used)> {
        let mut models: Vec<_> = self.models.iter().map(|(name, used)| (name.as_str(), *used)).collect();
        models.sort_by_key(|(_, used)| std::cmp::Reverse(used.input.saturating_add(used.output)));
        models
    }
}

#[cfg(test)]
mod tests {
    use super::Usage;

    #[test]
    fn models_are_counted_by_name() {
        let mut usage = Usage::default();
        usage.add(1, br#"{"request_model":"a","input_tokens":3,"output_tokens":1}"#);
        usage.add(1, br#"{"request_model":"a","model":"a-1","input_tokens":10,"cached_tokens":4}"#);
        usage.add(1, br#"{"model":"a-1","output_tokens":5,"reasoning_tokens":2}"#);
        let shown: Vec<_> = usage
            .models()
            .iter()
            .map(|(name, used)| {
                format!(
                    "{name} {} {} {} {} {}",
                    used.calls, used.input, used.output, used.cached, used.reasoning
                )
            })
            .collect();
        assert_eq!(shown, ["a-1 2 10 5 4 2", "a 1 3 1 0 0"]);
        for number in 0..1000 {
            usage.add(1, format!(r#"{{"model":"m{number}","input_tokens":1}}"#).as_bytes());
        }
        assert!(usage.models().len() <= 201);
    }
}
