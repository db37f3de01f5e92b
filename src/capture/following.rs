//! The response's body as it passes: what is told of its events, and of a language model's work.

use std::{
    borrow::Cow,
    fmt,
    io::IoSlice,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use bytes::Buf;
use http::StatusCode;
use tracing::Level;

use super::recorder::Recorder;
use crate::{
    config::Verbosity,
    exchange::{
        Bodies, CapturedBody, Event, EventKind, Exchange, Field, Labels, LlmUsage, Media, Outcome, Permit,
        Raw, Redacted, RequestId, Scrub, Started, StreamedEvent, Timestamp, TraceId, Value, millis_of,
    },
    llm,
    stream::{Followed, Follower, StreamEvent, Told, Wanted},
};

/// Events of one response that get entries of their own.
const LOGGED: u64 = 10_000;

/// Follows the body of one response. Whoever hands on its frames has the only handle, so no lock is needed.
pub(crate) struct Following {
    follower: Follower,
    recorder: Arc<Recorder>,
    arrived: Instant,
    started: Timestamp,
    request_id: RequestId,
    trace_id: Option<TraceId>,
    /// True where each event is a document of JSON, whatever it begins with.
    are_json: bool,
    logged: u64,
    unlogged: u64,
}

impl Following {
    /// None where there is nothing to follow, as with nearly every response. Events get entries only where the response
    /// `tells` of itself.
    pub(super) fn of(
        recorder: &Arc<Recorder>,
        began: &Started,
        arrived: Instant,
        labels: &Labels,
        status: StatusCode,
        tells: bool,
    ) -> Option<Box<Self>> {
        let media = labels.media();
        if !matches!(media, Media::Json | Media::EventStream | Media::JsonLines) {
            return None;
        }
        let followed = Followed {
            media,
            content_type: labels.content_type(),
            is_encoded: labels.is_encoded(),
            path: began.request.head.raw_path(),
            status,
        };
        let events = || recorder.event_limit(status.as_u16() >= 400);
        let wanted = Wanted { usage: true, events: if tells { events() } else { None } };
        let following = |follower| Self {
            follower,
            are_json: media == Media::JsonLines,
            recorder: Arc::clone(recorder),
            arrived,
            started: began.started,
            request_id: began.request_id,
            trace_id: began.trace_id,
            logged: 0,
            unlogged: 0,
        };
        Follower::new(&followed, wanted).map(following).map(Box::new)
    }

    /// Takes note of a frame's data. False where not all of it can be seen without consuming it: then nothing can be said
    /// of the body.
    pub(crate) fn frame(&mut self, data: &impl Buf) -> bool {
        let at = self.age();
        let (length, first) = (data.remaining(), data.chunk());
        if first.len() == length {
            self.follower.frame(first, at);
        } else {
            let mut pieces = [IoSlice::new(&[]); 16];
            let count = data.chunks_vectored(&mut pieces);
            let pieces = pieces.get(..count).unwrap_or_default();
            if pieces.iter().map(|piece| piece.len()).sum::<usize>() != length {
                return false;
            }
            pieces.iter().for_each(|piece| self.follower.frame(piece, at));
        }
        if self.follower.has_events() {
            self.tell();
        }
        true
    }

    /// The body ended so; gives what there is to tell.
    pub(crate) fn end(mut self: Box<Self>, outcome: Outcome) -> Option<Told> {
        let at = self.age();
        let recorder = Arc::clone(&self.recorder);
        let mut told = self.follower.end(at, outcome, &*recorder.scrub);
        self.tell();
        if let Some(stats) = &mut told.stats {
            stats.unlogged = self.unlogged + self.follower.missed();
        }
        (told.stats.is_some() || told.usage.is_some()).then_some(told)
    }

    /// Tells of the events that became whole.
    fn tell(&mut self) {
        let Self { follower, recorder, are_json, .. } = self;
        for event in follower.events() {
            let mut permit = Permit::new(&recorder.budget);
            if self.logged == LOGGED || !permit.ask(event.data.len()) {
                self.unlogged += 1;
                continue;
            }
            self.logged += 1;
            let timestamp = self.started.after(event.at);
            recorder.sinks.event(&Arc::new(Event {
                level: Level::DEBUG,
                kind: EventKind::Stream,
                message: Redacted::literal("Stream event"),
                stream: Some(streamed(event, *are_json, permit, recorder).into()),
                ..of_exchange(timestamp, self.request_id, self.trace_id)
            }));
        }
    }

    /// Since the request's arrival, in whole microseconds, as records have it.
    fn age(&self) -> Duration {
        let age = self.arrived.elapsed();
        Duration::new(age.as_secs(), age.subsec_micros() * 1000)
    }
}

impl fmt::Debug for Following {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Following").finish_non_exhaustive()
    }
}

impl Recorder {
    /// Bytes to keep of each event of a stream, where its events get entries; `refused` where its status is an error's.
    fn event_limit(&self, refused: bool) -> Option<usize> {
        let wanted = match self.settings.bodies {
            Bodies::All => true,
            Bodies::Errors => refused,
            Bodies::Off => false,
        };
        let is_deep = self.verbosity.load(Relaxed) >= Verbosity::FULL.get();
        (wanted && is_deep && self.sinks.hears_started()).then(|| self.settings.inline_limit())
    }
}

/// What a language model used, with the model that was asked for, if the head of the request tells.
pub(super) fn asked(mut usage: LlmUsage, began: &Started, scrub: &dyn Scrub) -> LlmUsage {
    if usage.request_model.is_none() {
        usage.request_model = llm::requested_model(began.request.body.raw_bytes(), scrub);
    }
    usage
}

/// Tells what a language model used as an event of its own.
pub(super) fn tell_usage(recorder: &Recorder, exchange: &Exchange) {
    let Some(usage) = exchange.llm.as_ref().filter(|_| recorder.sinks.hears_started()) else { return };
    recorder.sinks.event(&Arc::new(Event {
        kind: EventKind::Custom(Cow::Borrowed("llm_usage")),
        message: Redacted::literal("Language model used"),
        fields: fields(usage, &*recorder.scrub),
        ..of_exchange(exchange.finished, exchange.request_id, exchange.trace_id)
    }));
}

fn of_exchange(timestamp: Timestamp, request_id: RequestId, trace_id: Option<TraceId>) -> Event {
    Event {
        timestamp,
        level: Level::INFO,
        kind: EventKind::default(),
        request_id: Some(request_id),
        trace_id,
        after_response: false,
        message: Redacted::default(),
        module: Cow::Borrowed("tower_flightlog"),
        location: None,
        error_chain: Vec::new(),
        fields: Vec::new(),
        stream: None,
    }
}

fn streamed(event: StreamEvent, are_json: bool, permit: Permit, recorder: &Recorder) -> StreamedEvent {
    let StreamEvent { number, name, data, length, .. } = event;
    let is_json = are_json || matches!(data.first(), Some(b'{' | b'['));
    let name = (!name.is_empty()).then(|| recorder.scrub.text(&String::from_utf8_lossy(&name)));
    let raw = Raw {
        bytes: data.into(),
        labels: Labels::of_part(is_json),
        head_limit: usize::MAX,
        scrub: Arc::clone(&recorder.scrub),
        permit,
    };
    StreamedEvent { number, name, data: CapturedBody::new(length, true, Some(raw)) }
}

fn fields(usage: &LlmUsage, scrub: &dyn Scrub) -> Vec<Field> {
    let word = |word: &Cow<'static, str>| match word {
        Cow::Borrowed(ours) => Value::Text(Redacted::literal(ours)),
        Cow::Owned(read) => Value::Text(scrub.text(read)),
    };
    let text = |text: &Option<Redacted>| text.clone().map(Value::Text);
    let count = |count: Option<u64>| count.map(Value::Unsigned);
    let number = |number: Option<f64>| number.map(Value::Float);
    let mut fields: Vec<_> = [
        ("provider", Some(word(&usage.provider))),
        ("operation", Some(word(&usage.operation))),
        ("request_model", text(&usage.request_model)),
        ("model", text(&usage.model)),
        ("input_tokens", count(usage.input_tokens)),
        ("output_tokens", count(usage.output_tokens)),
        ("cached_tokens", count(usage.cached_tokens)),
        ("cache_write_tokens", count(usage.cache_write_tokens)),
        ("reasoning_tokens", count(usage.reasoning_tokens)),
        ("time_to_first_token_ms", number(usage.time_to_first_token.map(millis_of))),
        ("tokens_per_second", number(usage.tokens_per_second)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(field(name, value?)))
    .collect();
    fields.extend(
        usage.finish_reasons.iter().map(|reason| field("finish_reason", Value::Text(reason.clone()))),
    );
    fields
}

fn field(name: &'static str, value: Value) -> Field {
    Field { name: Cow::Borrowed(name), value }
}
