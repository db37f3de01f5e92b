//! Follows a response's body as it passes. Nothing is held back, and what is remembered is bounded whatever passes.

mod events;
mod records;
mod sse;
#[cfg(test)]
mod tests;

use std::time::Duration;

use http::StatusCode;

use crate::{
    exchange::{LlmUsage, Media, Outcome, Scrub, StreamStats},
    llm::Reader,
};

use events::Heard;
pub(crate) use events::StreamEvent;
use records::Records;
use sse::ServerSentEvents;

/// What a response says of itself.
#[derive(Clone, Copy)]
pub(crate) struct Followed<'a> {
    pub media: Media,
    pub content_type: &'a [u8],
    /// True where it is compressed: then nothing can be read in it.
    pub is_encoded: bool,
    /// The path of the request as it was sent, or its URL, without the query.
    pub path: &'a [u8],
    pub status: StatusCode,
}

/// What is wanted of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    /// What a language model used.
    pub usage: bool,
    /// The events themselves, so many bytes of each.
    pub events: Option<usize>,
}

/// What a response left behind.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub stats: Option<StreamStats>,
    pub usage: Option<LlmUsage>,
}

/// Follows one response.
///
/// A frame with one event of which nobody wants more than the numbers costs some 150 instructions and one a byte. What a
/// language model used costs some 7,000 for an event of OpenAI's of 300 bytes and 3,600 for one of Anthropic's of 120
/// where it is read; one that came in one frame and is like the last is compared with it and not read, which costs some
/// 800 for the first of these. A frame allocates where the events themselves are wanted, else once for each name that is
/// told, and for the last event.
pub(crate) struct Follower {
    framing: Framing,
    bytes: u64,
    first_byte: Option<Duration>,
    heard: Heard,
}

enum Framing {
    ServerSentEvents(ServerSentEvents),
    Records(Records),
    /// One document; only a language model's use of it is of interest.
    Whole,
}

impl Follower {
    /// None where there is nothing to follow.
    pub(crate) fn new(response: &Followed<'_>, wanted: Wanted) -> Option<Self> {
        if response.is_encoded {
            return None;
        }
        let framing = match response.media {
            Media::EventStream => Framing::ServerSentEvents(ServerSentEvents::default()),
            Media::JsonLines => Framing::Records(Records::of(response.content_type)),
            Media::Json => Framing::Whole,
            _ => return None,
        };
        let is_stream = !matches!(framing, Framing::Whole);
        let may_use = wanted.usage && response.status.is_success();
        let reader = may_use.then(|| Reader::new(response.path, is_stream)).flatten();
        if !is_stream && reader.is_none() {
            return None;
        }
        let are_records = matches!(framing, Framing::Records(_));
        let heard = Heard::new(reader, wanted.events.filter(|_| is_stream), are_records);
        Some(Self { framing, bytes: 0, first_byte: None, heard })
    }

    /// Takes note of a frame's data that passes `at` this time after the request's arrival.
    pub(crate) fn frame(&mut self, data: &[u8], at: Duration) {
        if data.is_empty() {
            return;
        }
        self.bytes += data.len() as u64;
        self.first_byte.get_or_insert(at);
        self.heard.now = at;
        match &mut self.framing {
            Framing::ServerSentEvents(events) => events.feed(data, &mut self.heard),
            Framing::Records(records) => records.feed(data, &mut self.heard),
            Framing::Whole => self.heard.read(data),
        }
    }

    /// True where there are [events](Self::events).
    #[inline]
    pub(crate) fn has_events(&self) -> bool {
        self.heard.has_waiting()
    }

    /// The events that became whole since this was asked last; none where they are not wanted. To be asked after each
    /// frame: what waits is bounded, and `missed` counts what was not kept.
    pub(crate) fn events(&mut self) -> impl Iterator<Item = StreamEvent> + '_ {
        self.heard.drain()
    }

    /// Events that were wanted but not kept, because too many came in one frame.
    pub(crate) fn missed(&self) -> u64 {
        self.heard.missed()
    }

    /// The body ended so, `at` this time after the request's arrival. Events may follow: the last record of a whole body
    /// needs no end of its own.
    pub(crate) fn end(&mut self, at: Duration, outcome: Outcome, scrub: &dyn Scrub) -> Told {
        let cut = match &mut self.framing {
            Framing::ServerSentEvents(events) => events.is_within_an_event(),
            Framing::Records(records) => records.end(outcome == Outcome::Complete, &mut self.heard),
            Framing::Whole => return Told { stats: None, usage: self.heard.usage(scrub) },
        };
        let stats = StreamStats {
            events: self.heard.count,
            bytes: self.bytes,
            first_byte: self.first_byte,
            first_event: self.heard.first,
            largest_gap: self.heard.largest_gap,
            duration: self.first_byte.map(|first| at.saturating_sub(first)).unwrap_or_default(),
            ended_by: outcome.into(),
            cut,
            unlogged: 0,
        };
        Told { stats: Some(stats), usage: self.heard.usage(scrub) }
    }
}
