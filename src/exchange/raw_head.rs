use http::{HeaderMap, HeaderValue};

/// The text at the head of a message, as received: one buffer, not shown to anyone before it is redacted.
#[derive(Clone, Default)]
pub(crate) struct RawHead {
    /// The URL, the endpoint, the fields.
    bytes: Vec<u8>,
    url_end: u32,
    endpoint_end: u32,
    /// Bytes of the query at the URL's end, with its mark.
    query: u32,
    /// Where in the buffer the fields begin that every output shows.
    content_type: Option<u32>,
    user_agent: Option<u32>,
}

/// What the fields of a message take in a [`RawHead`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FieldsSize {
    all: usize,
    /// Where among them those begin that every output shows: the first of each name.
    pub(crate) content_type: Option<usize>,
    pub(crate) user_agent: Option<usize>,
}

/// What stands before each header in the buffer.
const FIELD: usize = 8;
const SENSITIVE: u64 = 1;
const LEFT_OUT: u64 = 2;
/// No head is kept beyond this, whatever the limit: places in it have 32 bits.
const LONGEST: usize = 1 << 30;

impl FieldsSize {
    /// One more field. Gives where it begins.
    #[inline]
    pub(crate) fn add(&mut self, name: &str, value: &HeaderValue) -> usize {
        let start = self.all;
        self.all += FIELD + name.len() + value.len();
        start
    }
}

impl RawHead {
    /// Copies URL, endpoint and headers, of which `size` says how long they are. Values that would take the buffer past
    /// `limit` bytes are told by length only.
    #[inline]
    pub(crate) fn copy(
        url: &[&[u8]],
        endpoint: &[u8],
        headers: &HeaderMap,
        size: FieldsSize,
        limit: usize,
    ) -> Self {
        let limit = limit.min(LONGEST);
        let length = url.iter().map(|part| part.len()).sum::<usize>() + endpoint.len() + size.all;
        if length > limit {
            return Self::copy_within(url, endpoint, headers, limit);
        }
        let mut head = Self { bytes: Vec::with_capacity(length), ..Self::default() };
        for part in url {
            head.bytes.extend_from_slice(part);
        }
        head.url_end = head.length();
        head.bytes.extend_from_slice(endpoint);
        head.endpoint_end = head.length();
        let place = |start: usize| head.endpoint_end + start as u32;
        (head.content_type, head.user_agent) = (size.content_type.map(place), size.user_agent.map(place));
        for (name, value) in headers {
            head.push(name.as_str(), value, true);
        }
        head
    }

    /// The same of what is too long.
    #[cold]
    fn copy_within(url: &[&[u8]], endpoint: &[u8], headers: &HeaderMap, limit: usize) -> Self {
        let mut head = Self { bytes: Vec::with_capacity(limit), ..Self::default() };
        for part in url {
            head.bytes.extend_from_slice(part.get(..limit.saturating_sub(head.bytes.len())).unwrap_or(part));
        }
        head.url_end = head.length();
        head.bytes.extend_from_slice(endpoint.get(..limit).unwrap_or(endpoint));
        head.endpoint_end = head.length();
        for (name, value) in headers {
            let name = name.as_str();
            let room = limit.saturating_sub(head.bytes.len());
            if FIELD + name.len() > room {
                continue;
            }
            let place = Some(head.length());
            match name {
                "content-type" => head.content_type = head.content_type.or(place),
                "user-agent" => head.user_agent = head.user_agent.or(place),
                _ => {}
            }
            head.push(name, value, FIELD + name.len() + value.len() <= room);
        }
        head
    }

    /// Says how much of the URL's end is its query.
    #[inline]
    pub(crate) fn with_query(mut self, length: usize) -> Self {
        self.query = u32::try_from(length).unwrap_or(u32::MAX);
        self
    }

    /// Bytes so far; never more than twice [`LONGEST`].
    fn length(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn url(&self) -> &[u8] {
        self.bytes.get(..self.url_end as usize).unwrap_or_default()
    }

    pub(super) fn endpoint(&self) -> &[u8] {
        self.bytes.get(self.url_end as usize..self.endpoint_end as usize).unwrap_or_default()
    }

    /// The URL without its query.
    pub(super) fn path(&self) -> &[u8] {
        self.bytes.get(..self.url_end.saturating_sub(self.query) as usize).unwrap_or_default()
    }

    /// The endpoint without the rest.
    pub(super) fn endpoint_alone(&self) -> Self {
        let bytes = self.endpoint().to_vec();
        let endpoint_end = self.endpoint_end - self.url_end;
        Self { bytes, endpoint_end, ..Self::default() }
    }

    #[inline(always)]
    fn push(&mut self, name: &str, value: &HeaderValue, fits: bool) {
        let flags = if value.is_sensitive() { SENSITIVE } else { 0 } | if fits { 0 } else { LEFT_OUT };
        // Names have less than 64 KiB.
        let name_length = name.len() as u64 & 0xffff;
        let value_length = value.len().min(u32::MAX as usize) as u64;
        let prefix = name_length | (value_length << 16) | (flags << 48);
        self.bytes.extend_from_slice(&prefix.to_le_bytes());
        self.bytes.extend_from_slice(name.as_bytes());
        if fits {
            self.bytes.extend_from_slice(value.as_bytes());
        }
    }

    /// The first field of a name. Inlined: it is known which, nearly always.
    #[inline(always)]
    pub(super) fn find(&self, name: &str) -> Option<RawField<'_>> {
        let place = match name {
            "content-type" => self.content_type?,
            "user-agent" => self.user_agent?,
            _ => return self.iter().find(|field| field.name == name.as_bytes()),
        };
        RawField::read(self.bytes.get(place as usize..)?).map(|(field, _)| field)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = RawField<'_>> {
        let mut rest = self.bytes.get(self.endpoint_end as usize..).unwrap_or_default();
        std::iter::from_fn(move || {
            let (field, tail) = RawField::read(rest)?;
            rest = tail;
            Some(field)
        })
    }
}

pub(super) struct RawField<'a> {
    /// Lower-case ASCII.
    name: &'a [u8],
    pub(super) value: &'a [u8],
    pub(super) length: usize,
    flags: u64,
}

impl<'a> RawField<'a> {
    /// Reads the first field, and gives what comes after it.
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (prefix, tail) = bytes.split_first_chunk::<FIELD>()?;
        let prefix = u64::from_le_bytes(*prefix);
        let (length, flags) = ((prefix >> 16) as u32 as usize, prefix >> 48);
        let (name, tail) = tail.split_at_checked(prefix as u16 as usize)?;
        let (value, tail) =
            if flags & LEFT_OUT == 0 { tail.split_at_checked(length)? } else { (&[][..], tail) };
        Some((Self { name, value, length, flags }, tail))
    }

    pub(super) fn name(&self) -> &'a str {
        str::from_utf8(self.name).unwrap_or_default()
    }

    /// True where it came as one that is not to be shown.
    pub(super) fn is_sensitive(&self) -> bool {
        self.flags & SENSITIVE != 0
    }

    /// True where there was no room for its value.
    pub(super) fn is_left_out(&self) -> bool {
        self.flags & LEFT_OUT != 0
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::{FieldsSize, RawHead};

    fn copied(fields: &[(&'static str, &'static str)], limit: usize) -> RawHead {
        let (mut headers, mut size) = (HeaderMap::new(), FieldsSize::default());
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        for (name, value) in &headers {
            let start = Some(size.add(name.as_str(), value));
            match name.as_str() {
                "content-type" => size.content_type = size.content_type.or(start),
                "user-agent" => size.user_agent = size.user_agent.or(start),
                _ => {}
            }
        }
        RawHead::copy(&[b"http://", b"host/"], b"/", &headers, size, limit)
    }

    fn found<'a>(head: &'a RawHead, name: &str) -> Option<(&'a str, &'a [u8], usize)> {
        head.find(name).map(|field| (field.name(), field.value, field.length))
    }

    #[test]
    fn the_first_of_a_name_is_found_wherever_it_stands() {
        let fields = [
            ("accept", "*/*"),
            ("user-agent", "curl"),
            ("content-type", "text/plain"),
            ("user-agent", "wget"),
            ("x-content-type", "none"),
            ("accept", "text/html"),
        ];
        let head = copied(&fields, 4096);
        assert_eq!(found(&head, "user-agent"), Some(("user-agent", b"curl".as_slice(), 4)));
        assert_eq!(found(&head, "content-type"), Some(("content-type", b"text/plain".as_slice(), 10)));
        assert_eq!(found(&head, "accept"), Some(("accept", b"*/*".as_slice(), 3)));
        assert_eq!(found(&head, "host"), None);
        assert_eq!((found(&copied(&[], 4096), "user-agent"), head.iter().count()), (None, 6));
        for name in ["accept", "user-agent", "content-type"] {
            let walked = head.iter().find(|field| field.name() == name).map(|field| field.value);
            assert_eq!(head.find(name).map(|field| field.value), walked);
        }
    }

    #[test]
    fn what_has_no_room_is_told_by_its_length_or_not_at_all() {
        let fields = [("accept", "text/html"), ("content-type", "application/json"), ("user-agent", "c")];
        for limit in 0..100 {
            let head = copied(&fields, limit);
            let walked: Vec<_> = head.iter().map(|field| (field.name(), field.value, field.length)).collect();
            for (name, value) in fields {
                let field = found(&head, name);
                assert_eq!(
                    field,
                    walked.iter().find(|(known, ..)| *known == name).copied(),
                    "{limit} {name}"
                );
                if let Some((_, shown, length)) = field {
                    assert!(length == value.len() && (shown.is_empty() || shown == value.as_bytes()));
                }
            }
        }
        assert_eq!(copied(&fields, 100).iter().filter(|field| !field.is_left_out()).count(), 3);
    }
}
