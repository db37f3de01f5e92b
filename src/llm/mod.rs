//! What a language model used, read from the response as it passes.
//!
//! A body is looked at where its path ends like one that providers have (`forms::ROUTES`); an event stream also under
//! any other path, until its first events have shown no form that is known. What is told then is decided by the form
//! alone, so a wrong guess about the path adds nothing. JSON under other paths is not looked at: every service has
//! that, and looking costs.

mod alike;
mod forms;
mod json;
mod scan;
mod tally;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::exchange::{LlmUsage, Redacted, Scrub};

use forms::{Form, REQUEST, RESPONSE, ROUTES, Route, Slot};
use json::{Pick, Picker, Value};
pub(crate) use scan::{below, find, is};
use tally::Tally;

/// Documents of a stream under an unknown path in which a form has to show.
const PATIENCE: u32 = 3;

/// Follows one response. About 1 KB, and where documents pass whole up to 5 KB for the last one, whatever passes.
pub(crate) struct Reader {
    picker: Picker,
    tally: Tally,
    /// Documents that may still pass without a form; none where the path is known.
    patience: Option<u32>,
    /// The model in the path.
    asked: Option<Box<[u8]>>,
}

impl Reader {
    /// For the body of a response, whose documents come one by one where it `is_stream`. The path is without its query.
    /// None where it is of no interest.
    pub(crate) fn new(path: &[u8], is_stream: bool) -> Option<Box<Self>> {
        let path = path.strip_suffix(b"/").unwrap_or(path);
        let route = route(path);
        let patience = match route {
            Some(_) => None,
            None if is_stream => Some(PATIENCE),
            None => return None,
        };
        Some(Self::of(path, route, patience, is_stream))
    }

    // On its own: most responses are of no interest.
    #[inline(never)]
    fn of(path: &[u8], route: Option<Form>, patience: Option<u32>, is_stream: bool) -> Box<Self> {
        let path = str::from_utf8(path).unwrap_or_default();
        Box::new(Self {
            picker: Picker::new(RESPONSE),
            tally: Tally::new(route, path.contains("/publishers/google/"), is_stream),
            patience,
            asked: model_in(path).map(|model| model.as_bytes().into()),
        })
    }

    /// Takes note of a piece of a document that passes `at` this time after the request's arrival.
    pub(crate) fn read(&mut self, piece: &[u8], at: Duration) {
        self.tally.now = at;
        self.tally.begin_piece();
        self.picker.feed(piece, &mut self.tally);
    }

    /// The same of a document that passes whole: nothing of it was read before, and [`next`](Self::next) comes next.
    pub(crate) fn read_whole(&mut self, document: &[u8], at: Duration) {
        self.tally.now = at;
        if self.tally.said_again(document) {
            return;
        }
        let (is_example, before) = self.tally.begin_whole(document);
        if !is_example {
            return self.picker.feed(document, &mut self.tally);
        }
        if self.picker.feed_whole(document, &mut self.tally) {
            self.tally.end_whole(document, before);
        }
    }

    /// What comes next is another document. False where it need not be read.
    pub(crate) fn next(&mut self) -> bool {
        self.picker.reset();
        self.tally.forget();
        match &mut self.patience {
            Some(_) if self.tally.has_form() => self.patience = None,
            Some(left) => *left = left.saturating_sub(1),
            None => {}
        }
        self.patience != Some(0)
    }

    /// What the response told, in all.
    pub(crate) fn finish(&self, scrub: &dyn Scrub) -> Option<LlmUsage> {
        let mut usage = self.tally.usage(scrub)?;
        usage.request_model = self.asked.as_deref().map(|model| tally::text(model, scrub));
        Some(usage)
    }
}

/// The form expected under a path. Asked of every JSON response: nearly all part from all of ours in the last four bytes.
fn route(path: &[u8]) -> Option<Form> {
    let last = path.last_chunk().map(|last| u32::from_le_bytes(*last))?;
    let is = |route: &Route| route.last == last && path.ends_with(route.end.as_bytes());
    ROUTES.iter().find(|route| is(route)).map(|route| route.form)
}

/// The model a request asks for, from the head of its body.
pub(crate) fn requested_model(body: &[u8], scrub: &dyn Scrub) -> Option<Redacted> {
    #[derive(Default)]
    struct Found(Option<Box<[u8]>>);
    impl Pick for Found {
        fn value(&mut self, _: Slot, value: Value<'_>) {
            if let Value::Text { raw, .. } = value
                && !raw.is_empty()
            {
                self.0 = Some(raw.into());
            }
        }
        fn document(&mut self, _: bool) {}
    }
    let mut found = Found::default();
    Picker::new(REQUEST).feed(body, &mut found);
    found.0.map(|model| tally::text(&model, scrub))
}

/// `gemini-2.5-pro` in `/v1beta/models/gemini-2.5-pro:generateContent`.
fn model_in(path: &str) -> Option<&str> {
    let (before, _) = path.rsplit_once(':')?;
    let (_, model) = before.rsplit_once("/models/")?;
    (!model.is_empty() && model.len() <= json::LONGEST).then_some(model)
}
