use super::Media;

/// What a message's headers say of its body. The usual ones are neither copied nor parsed.
#[derive(Clone, Debug)]
pub(crate) struct Labels(Held);

#[derive(Clone, Debug)]
enum Held {
    Usual(&'static (&'static [u8], Media)),
    Own(Box<Own>),
}

#[derive(Clone, Debug)]
struct Own {
    media: Media,
    content_type: Box<[u8]>,
    encoding: Box<[u8]>,
}

static USUAL: [(&[u8], Media); 7] = [
    (b"application/json", Media::Json),
    (b"", Media::Unknown),
    (b"text/plain; charset=utf-8", Media::Text),
    (b"application/json; charset=utf-8", Media::Json),
    (b"text/html; charset=utf-8", Media::Text),
    (b"text/event-stream", Media::EventStream),
    (b"application/octet-stream", Media::Binary),
];

/// What a part of a body is, of which no header tells.
static PARTS: [(&[u8], Media); 2] = [(b"", Media::Json), (b"", Media::Text)];

/// The longest content type or encoding that is looked at.
const LIMIT: usize = 256;

impl Labels {
    /// Of a content type and an encoding, each empty where there is none.
    #[inline]
    pub(crate) fn of(content_type: &[u8], encoding: &[u8]) -> Self {
        let usual = || USUAL.iter().find(|(usual, _)| *usual == content_type);
        match if encoding.is_empty() { usual() } else { None } {
            Some(usual) => Self(Held::Usual(usual)),
            None => Self::own(content_type, encoding),
        }
    }

    fn own(content_type: &[u8], encoding: &[u8]) -> Self {
        let content_type = content_type.get(..LIMIT).unwrap_or(content_type);
        let encoding = encoding.get(..LIMIT).unwrap_or(encoding);
        let media = Media::of(content_type);
        Self(Held::Own(Box::new(Own { media, content_type: content_type.into(), encoding: encoding.into() })))
    }

    /// Of a part of a body that is JSON, or text.
    pub(crate) fn of_part(is_json: bool) -> Self {
        let [json, text] = &PARTS;
        Self(Held::Usual(if is_json { json } else { text }))
    }

    pub(crate) fn media(&self) -> Media {
        match &self.0 {
            Held::Usual((_, media)) => *media,
            Held::Own(own) => own.media,
        }
    }

    pub(crate) fn content_type(&self) -> &[u8] {
        match &self.0 {
            Held::Usual((content_type, _)) => content_type,
            Held::Own(own) => &own.content_type,
        }
    }

    pub(crate) fn encoding(&self) -> &[u8] {
        match &self.0 {
            Held::Usual(_) => &[],
            Held::Own(own) => &own.encoding,
        }
    }

    /// True where the bytes are not what the content type says, but compressed.
    pub(crate) fn is_encoded(&self) -> bool {
        let encoding = self.encoding();
        !(encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity"))
    }

    /// True where the bytes can be read as text.
    pub(crate) fn is_text(&self) -> bool {
        self.media().is_textual() && !self.is_encoded()
    }
}

#[cfg(test)]
mod tests {
    use super::{Held, LIMIT, Labels, Media, USUAL};

    #[test]
    fn what_is_usual_is_what_parsing_it_says() {
        for (usual, media) in USUAL {
            assert_eq!(media, Media::of(usual), "{usual:?}");
            assert!(matches!(Labels::of(usual, b"").0, Held::Usual(_)));
            let own = Labels::own(usual, b"");
            let labels = Labels::of(usual, b"");
            assert_eq!(
                (labels.media(), labels.content_type(), labels.encoding(), labels.is_text()),
                (own.media(), own.content_type(), own.encoding(), own.is_text()),
            );
        }
    }

    #[test]
    fn others_are_copied_up_to_a_limit() {
        let other = Labels::of(b"application/problem+json", b"");
        assert_eq!((other.content_type(), other.media()), (&b"application/problem+json"[..], Media::Json));
        let encoded = Labels::of(b"application/json", b"gzip");
        assert_eq!(
            (encoded.encoding(), encoded.is_encoded(), encoded.is_text()),
            (&b"gzip"[..], true, false)
        );
        let identity = Labels::of(b"text/plain", b"Identity");
        assert_eq!((identity.encoding(), identity.is_text()), (&b"Identity"[..], true));
        let long = Labels::of(&[b'a'; LIMIT + 1], &[b'b'; LIMIT + 1]);
        assert_eq!((long.content_type().len(), long.encoding().len()), (LIMIT, LIMIT));
    }

    #[test]
    fn a_part_is_json_or_text() {
        assert_eq!(
            (Labels::of_part(true).media(), Labels::of_part(true).content_type()),
            (Media::Json, &b""[..])
        );
        assert_eq!(Labels::of_part(false).media(), Media::Text);
    }
}
