use std::{borrow::Cow, time::Duration};

use super::{
    alike::{Alike, Span, Wrote},
    forms::{COUNTS, Count, FINGERPRINTS, Form, OBJECTS, OPENAI, Slot, TYPES},
    json::{Pick, Value},
};
use crate::exchange::{LlmUsage, Redacted, Scrub};

/// Reasons to stop that are told.
const REASONS: usize = 8;

/// The largest number of tokens that is believed: 2^53, which every reader of JSON can hold.
const MOST: u64 = 1 << 53;

/// What has been read of a response.
pub(super) struct Tally {
    /// When the piece passes that is read now.
    pub(super) now: Duration,
    /// What the path says.
    route: Option<Form>,
    is_vertex: bool,
    is_stream: bool,
    form: Option<Form>,
    provider: Option<&'static str>,
    model: Vec<u8>,
    reasons: Vec<Box<[u8]>>,
    status: Vec<u8>,
    incomplete: Vec<u8>,
    counts: [Option<u64>; COUNTS],
    millis: Option<f64>,
    /// When content passed first and last.
    written: Option<(Duration, Duration)>,
    has_thoughts: bool,
    /// The last document, where it came in one piece, and whether it said that what was written is reasoning.
    alike: Alike,
    was_thought: bool,
    /// Documents that were whole.
    documents: u64,
    /// What the present document says, of no account until it is whole.
    document: Document,
}

#[derive(Default)]
struct Document {
    form: Option<Form>,
    counts: [Option<u64>; COUNTS],
    millis: Option<f64>,
    has_content: bool,
    has_thought: bool,
    is_thought: bool,
}

impl Tally {
    pub(super) fn new(route: Option<Form>, is_vertex: bool, is_stream: bool) -> Self {
        Self {
            now: Duration::ZERO,
            route,
            is_vertex,
            is_stream,
            form: None,
            provider: None,
            model: Vec::new(),
            reasons: Vec::new(),
            status: Vec::new(),
            incomplete: Vec::new(),
            counts: [None; COUNTS],
            millis: None,
            written: None,
            has_thoughts: false,
            alike: Alike::default(),
            was_thought: false,
            documents: 0,
            document: Document::default(),
        }
    }

    pub(super) fn has_form(&self) -> bool {
        self.form.is_some()
    }

    /// A piece of a document comes: the last one is no example any more.
    pub(super) fn begin_piece(&mut self) {
        self.alike.forget();
    }

    /// True where this document says what the last one said, which is noted.
    pub(super) fn said_again(&mut self, document: &[u8]) -> bool {
        let Some(wrote) = self.alike.wrote(document) else { return false };
        self.wrote(wrote, self.was_thought, false);
        true
    }

    /// A document comes in one piece. Gives how many have come before.
    pub(super) fn begin_whole(&mut self, document: &[u8]) -> (bool, u64) {
        (self.alike.begin(document), self.documents)
    }

    /// It was the only one in its piece.
    pub(super) fn end_whole(&mut self, document: &[u8], before: u64) {
        if self.documents == before + 1 {
            self.alike.end(document);
        }
    }

    /// The model wrote something in this document.
    fn wrote(&mut self, wrote: Wrote, is_thought: bool, listed: bool) {
        let anything = wrote != Wrote::default();
        self.has_thoughts |= wrote.thoughts > 0 || (is_thought && anything);
        // Only Gemini streams as a list.
        if anything && (self.is_stream || (listed && self.route == Some(Form::Gemini))) {
            let (first, _) = self.written.unwrap_or((self.now, self.now));
            self.written = Some((first, self.now));
        }
    }

    /// Forgets the present document, which was cut off.
    pub(super) fn forget(&mut self) {
        self.document = Document::default();
    }

    /// What was told, where it was told in a form that is known.
    pub(super) fn usage(&self, scrub: &dyn Scrub) -> Option<LlmUsage> {
        let form = self.form.filter(|form| self.has_what_comes_with(*form))?;
        let (provider, operation) = form.names();
        let usage = LlmUsage {
            provider: Cow::Borrowed(self.provider(provider)),
            operation: operation.into(),
            model: (!self.model.is_empty()).then(|| text(&self.model, scrub)),
            input_tokens: self.input(),
            output_tokens: self.output(),
            cached_tokens: self.first_of(&[Count::Cached, Count::CacheRead, Count::Reused]),
            cache_write_tokens: self.count(Count::CacheWrite),
            reasoning_tokens: self.first_of(&[Count::Reasoning, Count::Thoughts]),
            finish_reasons: self.reasons().map(|reason| text(reason, scrub)).collect(),
            time_to_first_token: self.written.map(|(first, _)| first),
            tokens_per_second: self.rate(),
            ..LlmUsage::default()
        };
        let has_counts = usage.input_tokens.is_some() || usage.output_tokens.is_some();
        (has_counts || (self.written.is_some() && usage.model.is_some())).then_some(usage)
    }

    /// Forms that are told by a word which others use too have to bring what theirs always have.
    fn has_what_comes_with(&self, form: Form) -> bool {
        match form {
            Form::Anthropic => !self.model.is_empty() && (self.is_stream || !self.reasons.is_empty()),
            Form::Responses | Form::Embeddings => !self.model.is_empty(),
            _ => true,
        }
    }

    fn provider(&self, of_form: &'static str) -> &'static str {
        match self.provider {
            Some(provider) if of_form == OPENAI => provider,
            _ if self.is_vertex && self.form == Some(Form::Gemini) => "gcp.vertex_ai",
            _ => of_form,
        }
    }

    /// All that was read: where input is told without the cache, what came from it and went into it too.
    fn input(&self) -> Option<u64> {
        let beside = [Count::CacheRead, Count::CacheWrite, Count::ToolInput];
        match self.count(Count::Input) {
            Some(input) => Some(self.sum(&beside).unwrap_or(0).saturating_add(input)),
            None => self.count(Count::Computed).and_then(|_| self.sum(&[Count::Computed, Count::Reused])),
        }
    }

    /// All that was written.
    fn output(&self) -> Option<u64> {
        self.sum(&[Count::Output, Count::Thoughts]).or(self.count(Count::Predicted))
    }

    fn count(&self, count: Count) -> Option<u64> {
        self.counts.get(count as usize).copied().flatten()
    }

    fn first_of(&self, counts: &[Count]) -> Option<u64> {
        counts.iter().find_map(|count| self.count(*count))
    }

    fn sum(&self, counts: &[Count]) -> Option<u64> {
        counts.iter().filter_map(|count| self.count(*count)).reduce(u64::saturating_add)
    }

    fn reasons(&self) -> impl Iterator<Item = &[u8]> {
        let of_response = if self.incomplete.is_empty() { &self.status } else { &self.incomplete };
        let is_final = !matches!(&**of_response, b"" | b"in_progress" | b"queued");
        let of_response = (self.form == Some(Form::Responses) && is_final).then_some(&**of_response);
        self.reasons.iter().map(|reason| &**reason).chain(of_response)
    }

    /// Tokens per second, as the events of a stream show; where they do not, as the server says.
    fn rate(&self) -> Option<f64> {
        let output = self.output()?;
        let seen = self.written.and_then(|(first, last)| {
            let thought = self.first_of(&[Count::Reasoning, Count::Thoughts]).unwrap_or(0);
            let unseen = if self.has_thoughts { 0 } else { thought };
            rate(output.saturating_sub(unseen).saturating_sub(1), (last - first).as_secs_f64())
        });
        seen.or_else(|| rate(output, self.millis? / 1e3))
    }

    fn known(&self, form: Form) -> Option<Form> {
        match (form, self.route) {
            // Only the path tells these apart, and from what is no embedding at all.
            (Form::OllamaChat, Some(Form::OllamaChat | Form::OllamaGenerate | Form::OllamaEmbed)) => {
                self.route
            }
            (Form::Embeddings, Some(Form::Embeddings)) => self.route,
            (Form::OllamaChat | Form::Embeddings, _) => None,
            _ => Some(form),
        }
    }
}

impl Pick for Tally {
    fn value(&mut self, slot: Slot, value: Value<'_>) {
        match (slot, value) {
            (Slot::Provider(provider), _) => self.provider = Some(provider),
            (Slot::Form(form), _) => self.document.form = self.known(form).or(self.document.form),
            (Slot::Content | Slot::Thought, Value::Text { length: 0, .. }) => {}
            (Slot::Content, Value::Text { .. }) => self.document.has_content = true,
            (Slot::Thought, Value::Text { .. }) => self.document.has_thought = true,
            (Slot::IsThought, Value::Word(b"true")) => self.document.is_thought = true,
            (Slot::Count(count), Value::Word(word)) => {
                if let Some(place) = self.document.counts.get_mut(count as usize) {
                    *place = whole(word).or(*place);
                }
            }
            (Slot::Millis, Value::Word(word)) => self.document.millis = number(word),
            (Slot::Nanos, Value::Word(word)) => self.document.millis = number(word).map(|nanos| nanos / 1e6),
            (_, Value::Text { raw, .. }) if !raw.is_empty() => self.text(slot, raw),
            _ => {}
        }
    }

    fn document(&mut self, listed: bool) {
        let document = std::mem::take(&mut self.document);
        self.form = document.form.or(self.form);
        for (all, new) in self.counts.iter_mut().zip(document.counts) {
            // Later documents tell sums, not what was added.
            *all = new.or(*all);
        }
        self.millis = document.millis.or(self.millis);
        self.documents += 1;
        self.was_thought = document.is_thought;
        let wrote = Wrote { contents: document.has_content.into(), thoughts: document.has_thought.into() };
        self.wrote(wrote, document.is_thought, listed);
    }

    fn span(&mut self, span: Span) {
        self.alike.note(span);
    }
}

impl Tally {
    fn text(&mut self, slot: Slot, raw: &[u8]) {
        let begins = |known: &str| raw.starts_with(known.as_bytes());
        match slot {
            Slot::Object => {
                let form = OBJECTS.iter().find(|(name, _)| name.as_bytes() == raw);
                let form = form.and_then(|(_, form)| self.known(*form));
                self.document.form = form.or(self.document.form);
            }
            Slot::Type => {
                let form = TYPES.iter().find(|(name, _)| name.as_bytes() == raw).map(|(_, form)| *form);
                // Chats of all kinds stream messages that call themselves so.
                let form = form.filter(|_| !(self.is_stream && raw == b"message"));
                self.document.form = form.or(self.document.form);
                self.document.is_thought |= begins("response.reasoning");
            }
            Slot::Fingerprint => {
                let told = FINGERPRINTS.iter().find(|(name, _)| begins(name));
                self.provider = told.map(|(_, provider)| *provider).or(self.provider);
            }
            Slot::Model => set(&mut self.model, raw),
            Slot::Status => set(&mut self.status, raw),
            Slot::Incomplete => set(&mut self.incomplete, raw),
            // llama.cpp's word for "not yet".
            Slot::Finish if raw == b"none" => {}
            Slot::Finish if self.reasons.len() < REASONS && !self.reasons.iter().any(|r| **r == *raw) => {
                self.reasons.push(raw.into());
            }
            _ => {}
        }
    }
}

fn rate(tokens: u64, seconds: f64) -> Option<f64> {
    let rate = tokens as f64 / seconds;
    (tokens > 0 && rate.is_finite()).then_some((rate * 100.0).round() / 100.0)
}

/// Keeps the room there is.
fn set(text: &mut Vec<u8>, new: &[u8]) {
    if text != new {
        text.clear();
        text.extend_from_slice(new);
    }
}

/// A number of tokens.
fn whole(word: &[u8]) -> Option<u64> {
    if !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(word).ok()?.parse().ok().filter(|number| *number <= MOST)
}

/// A length of time.
fn number(word: &[u8]) -> Option<f64> {
    if !word.first()?.is_ascii_digit() {
        return None;
    }
    std::str::from_utf8(word).ok()?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A text of the response, as it stands between its quotes.
pub(super) fn text(raw: &[u8], scrub: &dyn Scrub) -> Redacted {
    let raw = String::from_utf8_lossy(raw);
    let plain: Option<String> =
        if raw.contains('\\') { serde_json::from_str(&format!("\"{raw}\"")).ok() } else { None };
    scrub.text(plain.as_deref().unwrap_or(&raw))
}
