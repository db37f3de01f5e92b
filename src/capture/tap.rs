use std::{borrow::Cow, sync::Arc};

use bytes::Buf;
use http::HeaderValue;

use super::noted::Noted;
use crate::exchange::{Budget, CapturedBody, Media, Permit, Raw, Scrub};

/// What one direction's body leaves behind as it passes: a count, and its head.
#[derive(Debug)]
pub(super) struct Tap {
    media: Media,
    content_type: Cow<'static, [u8]>,
    encoding: Option<Box<[u8]>>,
    /// False for what is neither text nor worth a digest.
    keeps: bool,
    /// Bytes to keep at most; what is already kept, once the budget is spent.
    limit: usize,
    bytes: Vec<u8>,
    declared: Option<u64>,
    total: u64,
    ended: bool,
    permit: Permit,
}

/// A frame's data, looked at without consuming it, and before the flight's lock is taken: it is code of others.
pub(super) struct Seen<'a> {
    length: usize,
    head: Cow<'a, [u8]>,
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
    /// For the body that `headers` describe, `declared` to be so long.
    #[inline]
    pub(super) fn new(
        headers: &Noted<'_>,
        declared: Option<u64>,
        limit: usize,
        keep_binary: bool,
        budget: &Arc<Budget>,
    ) -> Self {
        let (content_type, media) = content_type(headers.content_type);
        let encoding = headers.content_encoding.map(|value| Box::from(label(value)));
        let is_text = media.is_textual() && !is_encoded(encoding.as_deref());
        // Of what is not text only the digest is told, and only a whole body has one.
        let digestible = keep_binary && declared.is_some_and(|length| length <= limit as u64);
        Self {
            media,
            content_type,
            encoding,
            keeps: is_text || digestible,
            limit: if is_text || digestible { limit } else { 0 },
            bytes: Vec::new(),
            declared,
            total: 0,
            ended: false,
            permit: Permit::new(budget),
        }
    }

    /// Takes note of a frame's data.
    pub(super) fn data(&mut self, seen: &Seen<'_>) {
        self.total += seen.length as u64;
        let wanted = seen.length.min(self.limit.saturating_sub(self.bytes.len()));
        if wanted == 0 {
            return;
        }
        if !self.permit.take(wanted) {
            self.limit = self.bytes.len();
            return;
        }
        self.reserve(wanted);
        let head = seen.head.get(..wanted).unwrap_or(&seen.head);
        self.bytes.extend_from_slice(head);
        if head.len() < wanted {
            // More pieces than can be seen without consuming them: the rest is counted, not kept.
            self.limit = self.bytes.len();
        }
    }

    /// One allocation for a body that said how long it is, few for one that did not, never more than the limit.
    fn reserve(&mut self, wanted: usize) {
        if self.bytes.capacity() - self.bytes.len() < wanted {
            let declared = usize::try_from(self.declared.unwrap_or(0))
                .unwrap_or(usize::MAX)
                .saturating_sub(self.bytes.len());
            let more = wanted.max(declared).max(self.bytes.len()).min(self.limit - self.bytes.len());
            self.bytes.reserve_exact(more);
        }
    }

    /// What is in the body, and in which words.
    pub(super) fn media(&self) -> (Media, &[u8]) {
        (self.media, &self.content_type)
    }

    /// True where it is compressed.
    pub(super) fn is_encoded(&self) -> bool {
        is_encoded(self.encoding.as_deref())
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// From here on another limit holds: more only where nothing has passed yet.
    pub(super) fn set_limit(&mut self, limit: usize) {
        let allowed = if self.total == 0 && self.keeps { usize::MAX } else { self.limit };
        self.limit = limit.min(allowed);
        self.bytes.truncate(limit);
    }

    /// Leaves a tap that only counts and gives what was captured.
    pub(super) fn take(&mut self, head_limit: usize, scrub: &Arc<dyn Scrub>) -> CapturedBody {
        let permit = self.permit.split_off();
        let raw = (self.limit > 0 && !self.bytes.is_empty()).then(|| Raw {
            bytes: std::mem::take(&mut self.bytes),
            media: self.media,
            content_type: self.content_type.clone(),
            encoding: self.encoding.clone(),
            head_limit,
            scrub: Arc::clone(scrub),
            permit,
        });
        self.limit = 0;
        CapturedBody::new(self.total, self.ended, raw)
    }

    /// A copy of what was captured so far.
    pub(super) fn peek(&self, head_limit: usize, scrub: &Arc<dyn Scrub>) -> CapturedBody {
        let raw = (!self.bytes.is_empty()).then(|| Raw {
            bytes: self.bytes.clone(),
            media: self.media,
            content_type: self.content_type.clone(),
            encoding: self.encoding.clone(),
            head_limit,
            scrub: Arc::clone(scrub),
            permit: self.permit.another(self.bytes.len()),
        });
        CapturedBody::new(self.total, self.ended, raw)
    }
}

/// The usual content types are neither copied nor parsed.
const USUAL: [(&str, Media); 6] = [
    ("application/json", Media::Json),
    ("text/plain; charset=utf-8", Media::Text),
    ("application/json; charset=utf-8", Media::Json),
    ("text/html; charset=utf-8", Media::Text),
    ("text/event-stream", Media::EventStream),
    ("application/octet-stream", Media::Binary),
];

/// The longest content type or encoding that is looked at.
const LABEL_LIMIT: usize = 256;

fn content_type(value: Option<&HeaderValue>) -> (Cow<'static, [u8]>, Media) {
    let usual = value.and_then(|value| USUAL.iter().find(|(usual, _)| usual.as_bytes() == value.as_bytes()));
    if let Some((usual, media)) = usual {
        return (Cow::Borrowed(usual.as_bytes()), *media);
    }
    let label = value.map_or(&[][..], label);
    (Cow::Owned(label.to_vec()), Media::of(label))
}

fn is_encoded(encoding: Option<&[u8]>) -> bool {
    encoding.is_some_and(|encoding| !(encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity")))
}

fn label(value: &HeaderValue) -> &[u8] {
    let value = value.as_bytes();
    value.get(..LABEL_LIMIT).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::{Media, USUAL, content_type};

    #[test]
    fn what_is_usual_is_what_parsing_it_says() {
        for (usual, media) in USUAL {
            assert_eq!(media, Media::of(usual.as_bytes()), "{usual}");
        }
        let other = HeaderValue::from_static("application/problem+json");
        assert_eq!(content_type(Some(&other)), (other.as_bytes().into(), Media::Json));
        assert_eq!(content_type(None), (b"".as_slice().into(), Media::Unknown));
    }
}
