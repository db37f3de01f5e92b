use std::{borrow::Cow, fmt, sync::Arc};

use bytes::Buf;
use http::HeaderValue;

use super::{noted::Noted, recorder::Recorder};
use crate::exchange::{CapturedBody, Labels, Permit, Pieces, Raw};

/// What one direction's body leaves behind as it passes: a count, and its head.
pub(crate) struct Tap {
    /// Until something is kept; none for what is neither text nor worth a digest.
    labels: Option<Labels>,
    /// Bytes that may still be kept; none once the budget is spent.
    room: usize,
    /// How long it is said to be, as far as memory is asked for at once.
    declared: u32,
    kept: Option<Raw>,
    total: u64,
    ended: bool,
}

/// What headers say of a body.
pub(super) struct Described {
    pub(super) labels: Labels,
    /// The Content-Length.
    pub(super) declared: Option<u64>,
}

/// A frame's data, looked at without consuming it, and before the flight's lock is taken: it is code of others.
pub(super) struct Seen<'a> {
    length: usize,
    head: Cow<'a, [u8]>,
}

impl Described {
    #[inline]
    pub(super) fn by(headers: &Noted<'_>) -> Self {
        let content_type = headers.content_type.map_or(&[][..], HeaderValue::as_bytes);
        let encoding = headers.content_encoding.map_or(&[][..], HeaderValue::as_bytes);
        Self { labels: Labels::of(content_type, encoding), declared: headers.length() }
    }
}

impl<'a> Seen<'a> {
    /// At least the first `limit` bytes, if they can be seen.
    pub(super) fn of(data: &'a impl Buf, limit: usize) -> Self {
        let (length, first) = (data.remaining(), data.chunk());
        if first.len() >= length.min(limit) {
            return Self { length, head: Cow::Borrowed(first) };
        }
        let mut pieces = [std::io::IoSlice::new(&[]); 16];
        let count = data.chunks_vectored(&mut pieces);
        let mut head = Vec::with_capacity(length.min(limit));
        for piece in pieces.get(..count).unwrap_or_default() {
            head.extend_from_slice(piece.get(..limit - head.len()).unwrap_or(piece));
        }
        Self { length, head: Cow::Owned(head) }
    }
}

impl Tap {
    /// For a body that is described so.
    #[inline]
    pub(super) fn new(described: Described, limit: usize, keep_binary: bool) -> Self {
        let Described { labels, declared } = described;
        // Of what is not text only the digest is told, and only a whole body has one.
        let digestible = keep_binary && declared.is_some_and(|length| length <= limit as u64);
        let keeps = digestible || labels.is_text();
        Self {
            labels: keeps.then_some(labels),
            room: if keeps { limit } else { 0 },
            declared: declared.map_or(0, |length| u32::try_from(length).unwrap_or(u32::MAX)),
            kept: None,
            total: 0,
            ended: false,
        }
    }

    /// Takes note of a frame's data. False where the rest of the body need only be [counted](Self::count).
    #[inline]
    pub(super) fn data(&mut self, seen: &Seen<'_>, recorder: &Recorder) -> bool {
        self.count(seen.length as u64);
        let wanted = seen.length.min(self.room);
        if wanted > 0 {
            self.keep(seen, wanted, recorder);
        }
        // More only where nothing has passed yet.
        self.room > 0 || self.total() == 0
    }

    /// So many bytes passed, of which nothing is to be kept.
    pub(crate) fn count(&mut self, bytes: u64) {
        self.total += bytes;
    }

    /// Bytes that may still be kept.
    pub(super) fn room(&self) -> usize {
        self.room
    }

    fn keep(&mut self, seen: &Seen<'_>, wanted: usize, recorder: &Recorder) {
        let head = seen.head.get(..wanted).unwrap_or(&seen.head);
        // All that has passed was kept.
        let expected = u64::from(self.declared).saturating_sub(self.total - seen.length as u64);
        let expected = self.room.min(usize::try_from(expected).unwrap_or(usize::MAX));
        let kept = match (&mut self.kept, &mut self.labels) {
            (Some(kept), _) => kept,
            (kept, labels) => {
                let Some(labels) = labels.take() else { return };
                kept.insert(Raw {
                    bytes: Pieces::with_room(wanted.max(expected)),
                    labels,
                    head_limit: recorder.settings.inline_limit(),
                    scrub: Arc::clone(&recorder.scrub),
                    permit: Permit::new(&recorder.budget),
                })
            }
        };
        if !kept.permit.take(wanted) {
            if kept.bytes.is_empty() {
                self.kept = None;
            }
            self.room = 0;
            return;
        }
        kept.bytes.push(head, expected);
        // More pieces than can be seen without consuming them: the rest is counted, not kept.
        self.room = if head.len() < wanted { 0 } else { self.room - wanted };
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// From here on another limit holds: more only where nothing has passed yet.
    pub(super) fn set_limit(&mut self, limit: usize) {
        let kept = self.kept.as_ref().map_or(0, |kept| kept.bytes.len());
        let allowed = if self.total() == 0 && self.labels.is_some() { usize::MAX } else { self.room };
        self.room = limit.saturating_sub(kept).min(allowed);
        if let Some(kept) = &mut self.kept {
            kept.bytes.truncate(limit);
        }
    }

    /// Leaves a tap that only counts and gives what was captured.
    #[inline]
    pub(super) fn take(&mut self) -> CapturedBody {
        self.labels = None;
        self.room = 0;
        if self.kept.as_ref().is_some_and(|kept| kept.bytes.is_empty()) {
            self.kept = None;
        }
        CapturedBody::new(self.total, self.ended, self.kept.take())
    }

    /// A copy of what was captured so far.
    pub(super) fn peek(&self) -> CapturedBody {
        let kept = self.kept.as_ref().filter(|kept| !kept.bytes.is_empty());
        CapturedBody::new(self.total, self.ended, kept.map(Raw::copied))
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap").field("passed", &self.total()).finish_non_exhaustive()
    }
}
