/// The kind of content a `content-type` names, as far as capture and redaction care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// `application/json`, `text/json`, any `+json`.
    Json,
    /// `application/x-ndjson`, `application/jsonl`, `application/json-seq`.
    JsonLines,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/*`.
    Multipart,
    /// `text/event-stream`.
    EventStream,
    /// `application/xml`, `text/xml`, any `+xml`; `text/html` is `Text`.
    Xml,
    /// Any other text.
    Text,
    /// No content type.
    Unknown,
    /// Everything else.
    Binary,
}

impl Media {
    /// Reads a content type: type and subtype, any case, parameters ignored (RFC 9110 section 8.3.1).
    pub(crate) fn of(content_type: &[u8]) -> Self {
        let essence =
            content_type.split(|b| matches!(b, b';' | b',')).next().unwrap_or_default().trim_ascii();
        let is = |name: &str| essence.eq_ignore_ascii_case(name.as_bytes());
        let ends = |suffix: &str| {
            essence.len() >= suffix.len()
                && essence.iter().rev().zip(suffix.bytes().rev()).all(|(a, b)| a.eq_ignore_ascii_case(&b))
        };
        let starts = |prefix: &str| {
            essence.len() >= prefix.len()
                && essence.iter().zip(prefix.bytes()).all(|(a, b)| a.eq_ignore_ascii_case(&b))
        };
        if essence.is_empty() {
            Self::Unknown
        } else if is("application/json") || is("text/json") || ends("+json") {
            Self::Json
        } else if is("application/x-ndjson")
            || is("application/ndjson")
            || ends("/jsonl")
            || ends("/json-seq")
        {
            Self::JsonLines
        } else if is("application/x-www-form-urlencoded") {
            Self::Form
        } else if starts("multipart/") {
            Self::Multipart
        } else if is("text/event-stream") {
            Self::EventStream
        } else if ends("/xml") || ends("+xml") {
            Self::Xml
        } else if starts("text/") || ends("/javascript") || ends("/graphql") || ends("/yaml") || ends("/toml")
        {
            Self::Text
        } else {
            Self::Binary
        }
    }

    /// True where the bytes are meant to be read as text.
    pub(crate) fn is_textual(self) -> bool {
        self != Self::Binary
    }
}

#[cfg(test)]
mod tests {
    use super::Media;

    #[test]
    fn content_types_are_told_apart_whatever_their_case_and_parameters() {
        for (content_type, expected) in [
            ("application/json", Media::Json),
            ("Application/JSON; charset=utf-8", Media::Json),
            ("text/json", Media::Json),
            ("application/problem+json", Media::Json),
            ("application/json-patch+json", Media::Json),
            ("application/vnd.api+JSON;v=1", Media::Json),
            ("application/json, application/json", Media::Json),
            ("application/x-ndjson", Media::JsonLines),
            ("application/json-seq", Media::JsonLines),
            ("application/x-www-form-urlencoded", Media::Form),
            ("multipart/form-data; boundary=x", Media::Multipart),
            ("text/event-stream", Media::EventStream),
            ("application/soap+xml", Media::Xml),
            ("text/html", Media::Text),
            ("text/plain", Media::Text),
            ("", Media::Unknown),
            ("application/grpc", Media::Binary),
            ("image/png", Media::Binary),
            ("application/octet-stream", Media::Binary),
        ] {
            assert_eq!(Media::of(content_type.as_bytes()), expected, "{content_type}");
        }
    }
}
