use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    Redacted, Scrub, Shown,
    raw_head::{RawField, RawHead},
};

/// The headers of a message, redacted: names in lower case, in the order they came, repeated ones repeated.
///
/// Serialized as an object whose values are strings, or arrays where a name came more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(Box<str>, Redacted)>);

impl Headers {
    /// The first value of a header.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// Every value of a header, in order.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every name and value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, value.as_str()))
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True where there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each name once, in order of first sight, with all its values.
    pub(crate) fn grouped(&self) -> Vec<(&str, Vec<&str>)> {
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::with_capacity(self.0.len());
        let mut places = std::collections::HashMap::with_capacity(self.0.len());
        for (name, value) in self.iter() {
            let place = *places.entry(name).or_insert(groups.len());
            match groups.get_mut(place) {
                Some((_, values)) => values.push(value),
                None => groups.push((name, vec![value])),
            }
        }
        groups
    }
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let groups = self.grouped();
        let mut map = serializer.serialize_map(Some(groups.len()))?;
        for (name, values) in groups {
            match values.as_slice() {
                [value] => map.serialize_entry(name, value)?,
                values => map.serialize_entry(name, values)?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Values {
            One(Redacted),
            Many(Vec<Redacted>),
        }
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of header names and values")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Vec::new();
                while let Some((name, values)) = map.next_entry::<Box<str>, Values>()? {
                    match values {
                        Values::One(value) => headers.push((name, value)),
                        Values::Many(values) => {
                            headers.extend(values.into_iter().map(|value| (name.clone(), value)))
                        }
                    }
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// The head of a message: what was received, and its redacted views, each made when first asked for.
pub(crate) struct Head {
    raw: Option<(RawHead, Arc<dyn Scrub>)>,
    /// Redaction said that they are plain. Each entry of an exchange asks it of the endpoint.
    has_plain_url: AtomicBool,
    has_plain_endpoint: AtomicBool,
    /// A box of its own: most heads are shown once and need none.
    views: OnceLock<Box<Views>>,
}

#[derive(Clone, Default)]
struct Views {
    url: OnceLock<Redacted>,
    endpoint: OnceLock<Redacted>,
    headers: OnceLock<Headers>,
    content_type: OnceLock<Option<Redacted>>,
    user_agent: OnceLock<Option<Redacted>>,
}

impl Head {
    #[inline]
    pub(crate) fn new(raw: RawHead, scrub: Arc<dyn Scrub>) -> Self {
        Self::of(Some((raw, scrub)), OnceLock::new())
    }

    /// One of which nothing is known.
    pub(crate) fn empty() -> Self {
        Self::of(None, OnceLock::new())
    }

    /// One that was read back.
    pub(crate) fn redacted(url: Redacted, endpoint: Redacted, headers: Headers) -> Self {
        let (url, endpoint, headers) = (url.into(), endpoint.into(), headers.into());
        let views = Views { url, endpoint, headers, ..Views::default() };
        Self::of(None, OnceLock::from(Box::new(views)))
    }

    #[inline]
    fn of(raw: Option<(RawHead, Arc<dyn Scrub>)>, views: OnceLock<Box<Views>>) -> Self {
        let (has_plain_url, has_plain_endpoint) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { raw, has_plain_url, has_plain_endpoint, views }
    }

    pub(crate) fn url(&self) -> &Redacted {
        self.views().url.get_or_init(|| self.scrub_url(RawHead::url).into())
    }

    pub(crate) fn endpoint(&self) -> &Redacted {
        self.views().endpoint.get_or_init(|| self.scrub_url(RawHead::endpoint).into())
    }

    /// The endpoint without the rest, for whoever redacts it later, away from locks.
    pub(crate) fn endpoint_alone(&self) -> Self {
        let made = self.views.get().and_then(|views| views.endpoint.get());
        let endpoint = made.cloned().map(OnceLock::from).unwrap_or_default();
        let raw = self.raw.as_ref().filter(|_| made.is_none());
        let views = Views { endpoint, ..Views::default() };
        let raw = raw.map(|(raw, scrub)| (raw.endpoint_alone(), Arc::clone(scrub)));
        Self::of(raw, OnceLock::from(Box::new(views)))
    }

    /// The URL without its query, as received, to be compared with what is known and shown to nobody. Empty where it was
    /// read back.
    pub(crate) fn raw_path(&self) -> &[u8] {
        self.raw.as_ref().map_or(&[], |(raw, _)| raw.path())
    }

    fn views(&self) -> &Views {
        self.views.get_or_init(Box::default)
    }

    fn scrub_url(&self, part: impl Fn(&RawHead) -> &[u8]) -> Shown<'_> {
        let Some((raw, scrub)) = &self.raw else { return Redacted::default().into() };
        scrub.url(part(raw))
    }

    pub(crate) fn headers(&self) -> &Headers {
        self.views().headers.get_or_init(|| {
            let Some((raw, scrub)) = &self.raw else { return Headers::default() };
            Headers(
                raw.iter()
                    .map(|field| (field.name().into(), clean(field.name(), field, &**scrub).into()))
                    .collect(),
            )
        })
    }

    /// The content type, which every output shows.
    pub(crate) fn content_type(&self) -> Option<&Redacted> {
        self.views().content_type.get_or_init(|| self.header("content-type")).as_ref()
    }

    /// The user agent, which every output shows.
    pub(crate) fn user_agent(&self) -> Option<&Redacted> {
        self.views().user_agent.get_or_init(|| self.header("user-agent")).as_ref()
    }

    /// One header, redacted, without redacting the others.
    pub(crate) fn header(&self, name: &str) -> Option<Redacted> {
        self.show_header(name).map(Redacted::from)
    }

    /// [`url`](Self::url) for whoever writes it once: nothing is kept.
    pub(crate) fn show_url(&self) -> Shown<'_> {
        match &self.raw {
            Some((raw, _)) if self.has_plain_url.load(Relaxed) => Shown::Plain(raw.url()),
            _ => {
                let shown = self.show(|views| views.url.get(), RawHead::url);
                self.has_plain_url.store(matches!(shown, Shown::Plain(_)), Relaxed);
                shown
            }
        }
    }

    /// [`endpoint`](Self::endpoint) for whoever writes it once.
    #[inline(always)]
    pub(crate) fn show_endpoint(&self) -> Shown<'_> {
        match &self.raw {
            Some((raw, _)) if self.has_plain_endpoint.load(Relaxed) => Shown::Plain(raw.endpoint()),
            _ => self.look_at_endpoint(),
        }
    }

    #[inline(never)]
    fn look_at_endpoint(&self) -> Shown<'_> {
        // What stands in a plain URL needs no look of its own.
        let is_in_url = self.raw.as_ref().is_some_and(|(raw, _)| raw.has_endpoint_in_url());
        let shown = match &self.raw {
            Some((raw, _)) if is_in_url && self.has_plain_url() => Shown::Plain(raw.endpoint()),
            _ => self.show(|views| views.endpoint.get(), RawHead::endpoint),
        };
        self.has_plain_endpoint.store(matches!(shown, Shown::Plain(_)), Relaxed);
        shown
    }

    fn has_plain_url(&self) -> bool {
        matches!(self.show_url(), Shown::Plain(_))
    }

    fn show(
        &self,
        made: impl Fn(&Views) -> Option<&Redacted>,
        part: impl Fn(&RawHead) -> &[u8],
    ) -> Shown<'_> {
        match self.views.get().and_then(|views| made(views)) {
            Some(made) => made.into(),
            None => self.scrub_url(part),
        }
    }

    /// [`header`](Self::header) for whoever writes it once.
    #[inline(always)]
    pub(crate) fn show_header(&self, name: &str) -> Option<Shown<'_>> {
        match &self.raw {
            Some((raw, scrub)) => raw.find(name).map(|field| clean(name, field, &**scrub)),
            None => {
                self.headers().0.iter().find(|(known, _)| &**known == name).map(|(_, value)| value.into())
            }
        }
    }
}

fn clean<'a>(name: &str, field: RawField<'a>, scrub: &dyn Scrub) -> Shown<'a> {
    if field.is_left_out() {
        return Redacted::of_length(field.length).into();
    }
    scrub.header(name, field.value, field.is_sensitive())
}

impl Clone for Head {
    fn clone(&self) -> Self {
        Self::of(self.raw.clone(), self.views.clone())
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("url", self.url())
            .field("endpoint", self.endpoint())
            .field("headers", self.headers())
            .finish()
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.url() == other.url() && self.endpoint() == other.endpoint() && self.headers() == other.headers()
    }
}
