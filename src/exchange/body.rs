use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{
    BodyText, BodyView, Kept, Labels, Media, Pieces, RawBody, Redacted, Scrub, ShownBody, budget::Permit,
    one_line,
};

/// A body as far as it was kept, and how long it was.
///
/// The bytes themselves are shown to nobody: readers get [`head`](Self::head), for entries, or
/// [`whole`](Self::whole), for dumps, both redacted when first asked for.
///
/// Serialized as `{content_type, encoding, json | text | sha256, captured_bytes, total_bytes, truncated}`.
pub struct CapturedBody {
    total: u64,
    captured: usize,
    complete: bool,
    raw: Option<Raw>,
    head: OnceLock<BodyText>,
    /// All of it is JSON of which nothing has to go, as redaction found: it is shown as it came.
    is_clean: AtomicBool,
    /// A box of its own: most bodies are shown once, by their head, and need none.
    rest: OnceLock<Box<Rest>>,
}

/// What is shown of few bodies only.
#[derive(Default)]
struct Rest {
    whole: OnceLock<BodyText>,
    digest: OnceLock<Option<Box<str>>>,
    /// The labels of a body that holds nothing to be redacted.
    content_type: Option<Redacted>,
    encoding: Option<Redacted>,
}

/// What was kept, waiting to be redacted.
pub(crate) struct Raw {
    pub bytes: Pieces,
    pub labels: Labels,
    pub head_limit: usize,
    pub scrub: Arc<dyn Scrub>,
    /// Held until the bytes go.
    pub permit: Permit,
}

impl CapturedBody {
    /// A body of which `total` bytes passed; `complete` where its end was seen.
    #[inline]
    pub(crate) fn new(total: u64, complete: bool, raw: Option<Raw>) -> Self {
        Self {
            total,
            captured: raw.as_ref().map_or(0, |raw| raw.bytes.len()),
            complete,
            raw,
            head: OnceLock::new(),
            is_clean: AtomicBool::new(false),
            rest: OnceLock::new(),
        }
    }

    /// The same with what is known of it already.
    fn with(self, rest: Rest) -> Self {
        Self { rest: OnceLock::from(Box::new(rest)), ..self }
    }

    fn rest(&self) -> &Rest {
        self.rest.get_or_init(Box::default)
    }

    /// Bytes that passed.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.total
    }

    /// Bytes that were kept.
    #[must_use]
    pub fn captured_bytes(&self) -> usize {
        self.captured
    }

    /// True where the end of the body was seen.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// True where less was kept than passed.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.captured as u64 != self.total
    }

    /// The head of the body, as long as entries show it (LOG_BODY_LIMIT).
    #[must_use]
    pub fn head(&self) -> &BodyText {
        self.head.get_or_init(|| self.text(self.head_limit()))
    }

    /// [`head`](Self::head) for whoever writes it once: nothing is kept of what can be shown as it came.
    pub(crate) fn show_head(&self) -> BodyView<'_> {
        let made = self.head.get();
        self.show(made, self.head_limit(), |text| self.head.get_or_init(|| text))
    }

    /// [`whole`](Self::whole) for whoever writes it once.
    pub(crate) fn show_whole(&self) -> BodyView<'_> {
        let made = self.rest.get().and_then(|rest| rest.whole.get());
        self.show(made, usize::MAX, |text| self.rest().whole.get_or_init(|| text))
    }

    #[inline]
    fn show<'a>(
        &'a self,
        made: Option<&'a BodyText>,
        limit: usize,
        keep: impl FnOnce(BodyText) -> &'a BodyText,
    ) -> BodyView<'a> {
        if let Some(made) = made {
            return made.into();
        }
        if let Some(json) = self.clean(limit) {
            return BodyView::AsItCame(json);
        }
        match self.redacted(limit) {
            ShownBody::AsItCame(json) => {
                self.is_clean.store(true, Relaxed);
                BodyView::AsItCame(json)
            }
            other => keep(other.into()).into(),
        }
    }

    /// All that was kept of the body (LOG_CAPTURE_LIMIT), as dumps show it.
    #[must_use]
    pub fn whole(&self) -> &BodyText {
        self.rest().whole.get_or_init(|| self.text(usize::MAX))
    }

    /// The SHA-256 of a body that is not text, in hexadecimal; none unless all of it was kept.
    #[must_use]
    pub fn sha256(&self) -> Option<&str> {
        self.rest().digest.get_or_init(|| self.digest()).as_deref()
    }

    /// The content type, redacted.
    #[must_use]
    pub fn content_type(&self) -> Option<Redacted> {
        self.label("content-type", |rest| &rest.content_type, |raw| raw.labels.content_type())
    }

    /// The content encoding, redacted.
    #[must_use]
    pub fn encoding(&self) -> Option<Redacted> {
        self.label("content-encoding", |rest| &rest.encoding, |raw| raw.labels.encoding())
    }

    /// What was kept, as it came, to be read for what may be told of it; shown to nobody.
    pub(crate) fn raw_bytes(&self) -> &[u8] {
        self.raw.as_ref().map_or(&[], |raw| raw.bytes.all())
    }

    /// What the content type says.
    pub(crate) fn media(&self) -> Media {
        match &self.raw {
            Some(raw) => raw.labels.media(),
            None => Media::of(self.content_type().as_ref().map_or(&[], |text| text.as_str().as_bytes())),
        }
    }

    fn label(
        &self,
        name: &str,
        known: impl Fn(&Rest) -> &Option<Redacted>,
        raw: impl Fn(&Raw) -> &[u8],
    ) -> Option<Redacted> {
        let Some(captured) = &self.raw else { return known(self.rest.get()?).clone() };
        let value = raw(captured);
        (!value.is_empty()).then(|| captured.scrub.header(name, value, false).into())
    }

    /// All of it, where it is no longer than that and known to be left as it is by redaction.
    fn clean(&self, limit: usize) -> Option<&[u8]> {
        (self.is_clean.load(Relaxed) && self.captured <= limit).then(|| self.raw_bytes())
    }

    fn head_limit(&self) -> usize {
        self.raw.as_ref().map_or(0, |raw| raw.head_limit)
    }

    fn text(&self, limit: usize) -> BodyText {
        self.clean(limit).map_or_else(|| self.redacted(limit), ShownBody::vouch).into()
    }

    fn redacted(&self, limit: usize) -> ShownBody<'_> {
        let Some(raw) = &self.raw else { return BodyText::NotKept.into() };
        if !raw.labels.is_text() {
            return BodyText::Binary.into();
        }
        if raw.bytes.is_empty() {
            return BodyText::NotKept.into();
        }
        raw.scrub.body(&RawBody {
            media: raw.labels.media(),
            content_type: raw.labels.content_type(),
            bytes: Kept::Pieces(&raw.bytes),
            whole: self.complete && !self.is_truncated(),
            limit,
        })
    }

    fn digest(&self) -> Option<Box<str>> {
        let raw =
            self.raw.as_ref().filter(|raw| !raw.labels.is_text() && !self.is_truncated() && self.complete)?;
        let hexadecimal =
            Sha256::digest(raw.bytes.all()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Some(hexadecimal.into())
    }

    /// What is known of it, without its text.
    pub(crate) fn counted(&self) -> Self {
        let (content_type, encoding) = (self.content_type(), self.encoding());
        Self::new(self.total, self.complete, None).with(Rest { content_type, encoding, ..Rest::default() })
    }

    /// A copy that holds nothing to be redacted later.
    pub(crate) fn settled(&self) -> Self {
        Self {
            total: self.total,
            captured: self.captured,
            complete: self.complete,
            raw: None,
            head: self.head().clone().into(),
            is_clean: AtomicBool::new(false),
            rest: OnceLock::new(),
        }
        .with(Rest {
            whole: self.whole().clone().into(),
            digest: self.sha256().map(Box::from).into(),
            content_type: self.content_type(),
            encoding: self.encoding(),
        })
    }
}

impl Raw {
    /// A copy, for a while.
    pub(crate) fn copied(&self) -> Self {
        Self {
            bytes: self.bytes.clone(),
            labels: self.labels.clone(),
            head_limit: self.head_limit,
            scrub: Arc::clone(&self.scrub),
            permit: self.permit.another(self.bytes.len()),
        }
    }
}

impl Clone for CapturedBody {
    fn clone(&self) -> Self {
        self.settled()
    }
}

impl Default for CapturedBody {
    fn default() -> Self {
        Self::new(0, true, None)
    }
}

impl fmt::Debug for CapturedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapturedBody")
            .field("total_bytes", &self.total)
            .field("captured_bytes", &self.captured)
            .field("complete", &self.complete)
            .field("text", self.whole())
            .finish()
    }
}

impl PartialEq for CapturedBody {
    fn eq(&self, other: &Self) -> bool {
        (self.total, self.captured, self.complete) == (other.total, other.captured, other.complete)
            && self.whole() == other.whole()
            && self.content_type() == other.content_type()
            && self.encoding() == other.encoding()
            && self.sha256() == other.sha256()
    }
}

/// How a body is written and read back.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Wire {
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<Redacted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<Redacted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Redacted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    captured_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    complete: Option<bool>,
}

impl Serialize for CapturedBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut wire =
            Wire { content_type: self.content_type(), encoding: self.encoding(), ..Wire::default() };
        if let BodyText::Binary = self.whole() {
            wire.bytes = Some(self.total);
            wire.sha256 = self.sha256().map(Into::into);
            wire.captured_bytes = self.is_truncated().then_some(self.captured);
            wire.complete = (!self.complete).then_some(false);
            return wire.serialize(serializer);
        }
        match self.whole() {
            // What redaction found to be valid JSON is written as it stands; should it not parse, as text.
            BodyText::Json(json) => match RawValue::from_string(json.as_str().into()) {
                Ok(json) => wire.json = Some(json),
                Err(_) => wire.text = Some(json.clone()),
            },
            BodyText::Text { text, truncated } => {
                wire.text = Some(text.clone());
                wire.truncated = Some(*truncated || self.is_truncated());
            }
            BodyText::Binary | BodyText::NotKept => {}
        }
        wire.captured_bytes = Some(self.captured);
        wire.total_bytes = Some(self.total);
        wire.truncated = wire.truncated.or(Some(self.is_truncated()));
        wire.complete = (!self.complete).then_some(false);
        wire.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CapturedBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let total = wire.total_bytes.or(wire.bytes).unwrap_or(0);
        // Of a body that is not text only what was missed is told.
        let all = if wire.bytes.is_some() { usize::try_from(total).unwrap_or(usize::MAX) } else { 0 };
        let captured = wire.captured_bytes.unwrap_or(all);
        let truncated = wire.truncated.unwrap_or(false) || captured as u64 != total;
        let text = match (wire.json, wire.text, wire.bytes) {
            (Some(json), _, _) => BodyText::Json(Redacted::vouch(one_line(json.get()))),
            (_, Some(text), _) => BodyText::Text { text, truncated },
            (_, _, Some(_)) => BodyText::Binary,
            _ => BodyText::NotKept,
        };
        let body = Self {
            captured,
            head: text.clone().into(),
            ..Self::new(total, wire.complete.unwrap_or(true), None)
        };
        Ok(body.with(Rest {
            whole: text.into(),
            digest: wire.sha256.into(),
            content_type: wire.content_type,
            encoding: wire.encoding,
        }))
    }
}
