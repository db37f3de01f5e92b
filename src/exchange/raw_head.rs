use std::{cell::Cell, fmt, mem};

use http::HeaderValue;

use super::Buffer;

/// The text at the head of a message, as received: one buffer, not shown to anyone before it is redacted.
#[derive(Clone)]
pub(crate) struct RawHead {
    /// The URL, the endpoint, the fields.
    bytes: Buffer,
    url_end: u32,
    endpoint_end: u32,
    /// Bytes of the query at the URL's end, with its mark.
    query: u32,
    /// Where in the buffer the fields begin that every output shows.
    content_type: u32,
    user_agent: u32,
}

/// The fields of a message as a [`RawHead`] has them, written while they are looked at, into memory of the thread.
pub(crate) struct Fields {
    /// Memory that is there; the fields are its first `length` bytes.
    memory: Vec<u8>,
    length: usize,
    content_type: u32,
    user_agent: u32,
}

/// No buffer is so long that a field begins there.
const NOWHERE: u32 = u32::MAX;

/// What stands before each header in the buffer.
const FIELD: usize = 8;
const SENSITIVE: u64 = 1;
const LEFT_OUT: u64 = 2;
/// As much memory a thread has to write fields into, and keeps at most.
const USUAL: usize = 4 * 1024;
const KEPT: usize = 16 * 1024;

thread_local!(static MEMORY: Cell<Vec<u8>> = const { Cell::new(Vec::new()) });

impl Fields {
    #[inline]
    pub(crate) fn new() -> Self {
        let memory = MEMORY.try_with(Cell::take).unwrap_or_default();
        Self { memory, length: 0, content_type: NOWHERE, user_agent: NOWHERE }
    }

    /// One more field. Gives where it begins: nowhere, if there is no room for it.
    #[inline(always)]
    pub(crate) fn push(&mut self, name: &str, value: &HeaderValue) -> u32 {
        let (name, value, flags) = (name.as_bytes(), value.as_bytes(), u64::from(value.is_sensitive()));
        let start = self.length;
        match self.memory.get_mut(start..).and_then(|room| put(room, name, value, value.len(), flags)) {
            Some(length) => self.length += length,
            None if self.push_with_more_room(name, value, flags).is_none() => return NOWHERE,
            None => {}
        }
        start as u32
    }

    /// The same where there is too little memory. None where a head may have no more.
    #[cold]
    fn push_with_more_room(&mut self, name: &[u8], value: &[u8], flags: u64) -> Option<()> {
        let needed = self.length + FIELD + name.len() + value.len();
        let size = needed.max(2 * self.memory.len()).clamp(USUAL, RawHead::LONGEST);
        self.memory.resize(size, 0);
        let room = self.memory.get_mut(self.length..)?;
        let (value, flags, length) = if needed <= size {
            (value, flags, value.len())
        } else {
            (&[][..], flags | LEFT_OUT, value.len())
        };
        self.length += put(room, name, value, length, flags)?;
        Some(())
    }

    fn bytes(&self) -> &[u8] {
        self.memory.get(..self.length).unwrap_or_default()
    }

    /// A content type begins there, which every output shows. The first counts.
    #[inline(always)]
    pub(crate) fn has_content_type(&mut self, start: u32) {
        self.content_type = first(self.content_type, start);
    }

    /// The same of the user agent.
    #[inline(always)]
    pub(crate) fn has_user_agent(&mut self, start: u32) {
        self.user_agent = first(self.user_agent, start);
    }
}

impl Drop for Fields {
    #[inline]
    fn drop(&mut self) {
        if self.memory.capacity() <= KEPT {
            // It has none while this one is used, or that of one in it, which goes.
            let _ = MEMORY.try_with(|memory| memory.set(mem::take(&mut self.memory)));
        }
    }
}

/// Fields hold secrets.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields").finish_non_exhaustive()
    }
}

fn first(known: u32, start: u32) -> u32 {
    if known == NOWHERE { start } else { known }
}

/// Writes a field where there is room for it, and gives its length.
#[inline(always)]
fn put(room: &mut [u8], name: &[u8], value: &[u8], length: usize, flags: u64) -> Option<usize> {
    let size = FIELD + name.len() + value.len();
    let (prefix, texts) = room.get_mut(..size)?.split_first_chunk_mut::<FIELD>()?;
    let (name_place, value_place) = texts.split_at_mut_checked(name.len())?;
    // Names have less than 64 KiB.
    let name_length = name.len() as u64 & 0xffff;
    let value_length = length.min(u32::MAX as usize) as u64;
    *prefix = (name_length | (value_length << 16) | (flags << 48)).to_le_bytes();
    name_place.copy_from_slice(name);
    value_place.copy_from_slice(value);
    Some(size)
}

impl RawHead {
    /// No more bytes of a head are kept, whatever the limit.
    pub(crate) const LONGEST: usize = 96 * 1024;

    /// Copies URL, endpoint and headers into one buffer. Values that would take it past `limit` bytes are told by length
    /// only.
    #[inline]
    pub(crate) fn copy(url: &[&[u8]], endpoint: &[u8], fields: &Fields, limit: usize) -> Self {
        let length = url.iter().map(|part| part.len()).sum::<usize>() + endpoint.len() + fields.length;
        if length > limit.min(Self::LONGEST) {
            return Self::copy_within(url, endpoint, fields, limit.min(Self::LONGEST));
        }
        let mut bytes = Buffer::with_room(length);
        for part in url {
            bytes.extend_from_slice(part);
        }
        let url_end = bytes.len() as u32;
        bytes.extend_from_slice(endpoint);
        let endpoint_end = bytes.len() as u32;
        bytes.extend_from_slice(fields.bytes());
        let place = |start: u32| start.saturating_add(endpoint_end);
        let (content_type, user_agent) = (place(fields.content_type), place(fields.user_agent));
        Self { bytes, url_end, endpoint_end, query: 0, content_type, user_agent }
    }

    /// The same of a message without a URL.
    #[inline]
    pub(crate) fn of_fields(fields: &Fields, limit: usize) -> Self {
        if fields.length > limit.min(Self::LONGEST) {
            return Self::copy_within(&[], &[], fields, limit.min(Self::LONGEST));
        }
        let mut bytes = Buffer::with_room(fields.length);
        bytes.extend_from_slice(fields.bytes());
        let Fields { content_type, user_agent, .. } = *fields;
        Self { bytes, content_type, user_agent, ..Self::default() }
    }

    /// The same of what is too long.
    #[cold]
    fn copy_within(url: &[&[u8]], endpoint: &[u8], fields: &Fields, limit: usize) -> Self {
        let (mut head, mut bytes) = (Self::default(), Vec::with_capacity(limit));
        for part in url {
            bytes.extend_from_slice(part.get(..limit.saturating_sub(bytes.len())).unwrap_or(part));
        }
        head.url_end = bytes.len() as u32;
        bytes.extend_from_slice(endpoint.get(..limit).unwrap_or(endpoint));
        head.endpoint_end = bytes.len() as u32;
        for RawField { name, value, length, flags } in RawField::all(fields.bytes()) {
            let room = limit.saturating_sub(bytes.len());
            if FIELD + name.len() > room {
                continue;
            }
            let start = bytes.len();
            match name {
                b"content-type" => head.content_type = first(head.content_type, start as u32),
                b"user-agent" => head.user_agent = first(head.user_agent, start as u32),
                _ => {}
            }
            let fits = FIELD + name.len() + length <= room;
            let (value, flags) = if fits { (value, flags) } else { (&[][..], flags | LEFT_OUT) };
            bytes.resize(start + FIELD + name.len() + value.len(), 0);
            bytes.get_mut(start..).and_then(|room| put(room, name, value, length, flags));
        }
        bytes.shrink_to_fit();
        head.bytes = bytes.into();
        head
    }

    /// Says how much of the URL's end is its query.
    #[inline]
    pub(crate) fn with_query(mut self, length: usize) -> Self {
        self.query = u32::try_from(length).unwrap_or(u32::MAX);
        self
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

    /// True where the endpoint is the end of the URL's path, from a slash on.
    #[inline]
    pub(super) fn has_endpoint_in_url(&self) -> bool {
        let endpoint = self.endpoint();
        endpoint.first() == Some(&b'/') && self.path().ends_with(endpoint)
    }

    /// The endpoint without the rest.
    pub(super) fn endpoint_alone(&self) -> Self {
        let bytes = self.endpoint().to_vec().into();
        let endpoint_end = self.endpoint_end - self.url_end;
        Self { bytes, endpoint_end, ..Self::default() }
    }

    /// The first field of a name. Inlined: it is known which, nearly always.
    #[inline(always)]
    pub(super) fn find(&self, name: &str) -> Option<RawField<'_>> {
        let place = match name {
            "content-type" => self.content_type,
            "user-agent" => self.user_agent,
            _ => return self.iter().find(|field| field.name == name.as_bytes()),
        };
        RawField::read(self.bytes.get(place as usize..)?).map(|(field, _)| field)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = RawField<'_>> {
        RawField::all(self.bytes.get(self.endpoint_end as usize..).unwrap_or_default())
    }
}

impl Default for RawHead {
    fn default() -> Self {
        let (url_end, endpoint_end, query) = (0, 0, 0);
        let (content_type, user_agent) = (NOWHERE, NOWHERE);
        Self { bytes: Buffer::default(), url_end, endpoint_end, query, content_type, user_agent }
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
    fn all(mut rest: &'a [u8]) -> impl Iterator<Item = Self> {
        std::iter::from_fn(move || {
            let (field, tail) = Self::read(rest)?;
            rest = tail;
            Some(field)
        })
    }

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
    use http::HeaderValue;

    use super::{Fields, KEPT, MEMORY, RawHead};

    fn written(all: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::new();
        for (name, value) in all {
            let start = fields.push(name, &HeaderValue::from_str(value).unwrap());
            match *name {
                "content-type" => fields.has_content_type(start),
                "user-agent" => fields.has_user_agent(start),
                _ => {}
            }
        }
        fields
    }

    fn copied(fields: &[(&str, &str)], limit: usize) -> RawHead {
        RawHead::copy(&[b"http://", b"host/"], b"/", &written(fields), limit)
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

    #[test]
    fn the_thread_keeps_memory_of_a_bounded_size() {
        let long = "x".repeat(KEPT);
        assert_eq!(copied(&[("accept", &long)], usize::MAX).iter().count(), 1);
        assert!(MEMORY.take().capacity() <= KEPT);
        let (one, other) = (written(&[("accept", "1")]), written(&[("accept", "2")]));
        let read = |fields| RawHead::copy(&[], &[], fields, 100).iter().next().unwrap().value.to_owned();
        assert_eq!((read(&one), read(&other)), (b"1".to_vec(), b"2".to_vec()));
    }

    #[test]
    fn no_more_is_written_than_a_head_may_have() {
        let long = "x".repeat(RawHead::LONGEST / 2);
        let all = [("a", long.as_str()), ("b", &long), ("c", "short"), ("user-agent", "curl")];
        let fields = written(&all);
        assert!(fields.bytes().len() <= RawHead::LONGEST);
        let head = RawHead::copy(&[b"/"], b"/", &fields, usize::MAX);
        let told: Vec<_> =
            head.iter().map(|field| (field.name(), field.is_left_out(), field.length)).collect();
        let half = RawHead::LONGEST / 2;
        assert_eq!(told, [("a", false, half), ("b", true, half), ("c", false, 5), ("user-agent", false, 4)]);
        assert_eq!(found(&head, "user-agent"), Some(("user-agent", b"curl".as_slice(), 4)));
    }

    #[test]
    fn a_field_that_has_no_room_is_not_taken_for_the_one_that_has() {
        let long = "x".repeat(RawHead::LONGEST - 8 - 1 - 15);
        let head = copied(&[("a", &long), ("content-type", "text/plain"), ("te", "")], usize::MAX);
        assert_eq!(found(&head, "content-type"), None);
        let fields = written(&[("a", &long), ("content-type", "text/plain"), ("te", "")]);
        let head = RawHead::copy(&[], &[], &fields, usize::MAX);
        assert_eq!((found(&head, "content-type"), head.iter().count()), (None, 2));
    }
}
