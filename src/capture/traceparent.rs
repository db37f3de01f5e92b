use super::noted::Sole;
use crate::exchange::{SpanId, TraceId, decode};

/// `00-` trace-id `-` parent-id `-` flags: 2 + 1 + 32 + 1 + 16 + 1 + 2 bytes.
const LENGTH: usize = 55;

/// Flags that may be sent on; others have to be zero.
const KNOWN_FLAGS: u8 = 0b11;

/// The caller's place in a trace: the `traceparent` header of W3C Trace Context, level 1 and 2.
///
/// Read strictly: a header with an invalid field has to be ignored whole (sections 3.2.2.3 and 3.2.2.4).
/// `tracestate` and `baggage` are neither read nor recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceParent {
    pub(crate) trace_id: TraceId,
    pub(crate) parent_id: SpanId,
    /// Those of them that have a meaning (section 3.2.2.5): sampled, random.
    pub(crate) flags: u8,
}

impl TraceParent {
    /// The one `traceparent` of a request. The header occurs once at most; of two, neither is to be believed.
    pub(super) fn from_header(header: Sole<'_>) -> Option<Self> {
        Self::parse(header.once()?.as_bytes())
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let (head, more) = value.split_first_chunk::<LENGTH>()?;
        let [v1, v2, b'-', fields @ ..] = head else {
            return None;
        };
        let (trace_id, fields) = fields.split_first_chunk::<32>()?;
        let (parent_id, fields) = fields.strip_prefix(b"-")?.split_first_chunk::<16>()?;
        let &[b'-', f1, f2] = fields else {
            return None;
        };
        let [version] = decode(&[*v1, *v2])?;
        // Section 3.2.2.5: any two digits; what they mean beyond the first two bits is not known.
        let [flags] = decode::<2, 1>(&[f1, f2])?;
        match (version, more) {
            // Section 3.2.2.2: version 00 is exactly this long.
            (0, []) => {}
            // Section 3.2.2.1: version ff is invalid.
            (0 | 0xff, _) => return None,
            // Section 3.2.4, "Versioning of traceparent": where a higher version has more, it begins with a dash.
            (_, [] | [b'-', ..]) => {}
            _ => return None,
        }
        let (trace_id, parent_id) = (TraceId::parse(trace_id)?, SpanId::parse(parent_id)?);
        Some(Self { trace_id, parent_id, flags: flags & KNOWN_FLAGS })
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};
    use proptest::prelude::*;

    use super::{super::noted::Noted, *};

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const PARENT: &str = "b7ad6b7169203331";

    fn headers<const N: usize>(values: [&[u8]; N]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("Traceparent", HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    fn from_headers(headers: &HeaderMap) -> Option<TraceParent> {
        TraceParent::from_header(Noted::of(headers).traceparent)
    }

    fn read(value: &str) -> Option<TraceParent> {
        from_headers(&headers([value.as_bytes()]))
    }

    #[test]
    fn valid() {
        let long = format!("{}-{}", "x".repeat(1000), "y".repeat(1000));
        for (version, flags, more) in [
            ("00", "00", ""),
            ("00", "01", ""),
            // Level 2's "random trace id", and flags nobody knows yet
            ("00", "02", ""),
            ("00", "03", ""),
            ("00", "ff", ""),
            // Higher versions: the part we know
            ("01", "01", ""),
            ("01", "ff", "-extra"),
            ("cc", "02", "-what-the-future-will-be-like"),
            ("fe", "01", "-"),
            ("0f", "01", ""),
        ] {
            let value = format!("{version}-{TRACE}-{PARENT}-{flags}{more}");
            let parent = read(&value).unwrap_or_else(|| panic!("{value}"));
            assert_eq!(parent.trace_id.to_string(), TRACE);
            assert_eq!(parent.parent_id.to_string(), PARENT);
            assert_eq!(parent.flags, u8::from_str_radix(flags, 16).unwrap() & 3);
        }
        assert!(read(&format!("01-{TRACE}-{PARENT}-01-{long}")).is_some());
    }

    #[test]
    fn invalid() {
        let (no_trace, no_parent) = ("0".repeat(32), "0".repeat(16));
        for value in [
            String::new(),
            // Upper case
            format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{}-01", PARENT.to_uppercase()),
            format!("00-{TRACE}-{PARENT}-0A"),
            format!("0A-{TRACE}-{PARENT}-01"),
            // All zeroes
            format!("00-{no_trace}-{PARENT}-01"),
            format!("00-{TRACE}-{no_parent}-01"),
            // Versions
            format!("ff-{TRACE}-{PARENT}-01"),
            format!("ff-{TRACE}-{PARENT}-01-extra"),
            format!("00-{TRACE}-{PARENT}-01-extra"),
            format!("00-{TRACE}-{PARENT}-01-"),
            format!("01-{TRACE}-{PARENT}-01extra"),
            format!("01-{TRACE}-{PARENT}-01."),
            format!("0-{TRACE}-{PARENT}-01"),
            format!("-{TRACE}-{PARENT}-01"),
            // 54 and 56 bytes
            format!("00-{TRACE}-{PARENT}-0"),
            format!("00-{TRACE}-{PARENT}-001"),
            format!("01-{TRACE}-{PARENT}-0"),
            format!("01-{TRACE}-{PARENT}-012"),
            format!("00-{TRACE}0-{PARENT}-1"),
            // Dashes
            format!("00_{TRACE}-{PARENT}-01"),
            format!("00-{TRACE}_{PARENT}-01"),
            format!("00-{TRACE}-{PARENT}_01"),
            format!("00{TRACE}-{PARENT}-01-"),
            "-".repeat(55),
            // Not hex
            format!("00-{}-{PARENT}-01", "g".repeat(32)),
            format!("00-{TRACE}-{}-01", "z".repeat(16)),
            format!("00-{TRACE}-{PARENT}-0g"),
            format!("0x-{TRACE}-{PARENT}-01"),
            format!("00-{}-{PARENT}-01", "é".repeat(16)),
            // Whitespace
            format!(" 00-{TRACE}-{PARENT}-01"),
            format!("00-{TRACE}-{PARENT}-01 "),
            format!("00-{TRACE} {PARENT}-01"),
            format!("01-{TRACE}-{PARENT}-01\t"),
            // A list
            format!("00-{TRACE}-{PARENT}-01,00-{TRACE}-{PARENT}-01"),
        ] {
            assert_eq!(read(&value), None, "{value:?}");
        }
    }

    #[test]
    fn none_or_two_headers_give_none() {
        let value = format!("00-{TRACE}-{PARENT}-01");
        assert_eq!(from_headers(&HeaderMap::new()), None);
        assert_eq!(from_headers(&headers([value.as_bytes(), value.as_bytes()])), None);
        assert_eq!(from_headers(&headers([value.as_bytes(), b""])), None);
        assert_eq!(from_headers(&headers([b"\xff\xfe"])), None);
    }

    proptest! {
        #[test]
        fn what_is_read_is_shown_again(trace in 1u128.., parent in 1u64.., flags: u8) {
            let value = format!("00-{trace:032x}-{parent:016x}-{flags:02x}");
            let read = read(&value).unwrap();
            prop_assert_eq!(read.trace_id.to_bytes(), trace.to_be_bytes());
            prop_assert_eq!(read.parent_id.to_bytes(), parent.to_be_bytes());
            prop_assert_eq!(format!("00-{}-{}-{flags:02x}", read.trace_id, read.parent_id), value);
        }

        #[test]
        fn one_wrong_byte_is_noticed(at in 0usize..55, byte: u8) {
            let mut value = format!("00-{TRACE}-{PARENT}-01").into_bytes();
            let before = value[at];
            value[at] = byte;
            let dash = matches!(at, 2 | 35 | 52);
            let fits = if dash { byte == b'-' } else { matches!(byte, b'0'..=b'9' | b'a'..=b'f') };
            let version = at < 2 && value[..2] == *b"ff";
            prop_assert_eq!(TraceParent::parse(&value).is_some(), fits && !version, "{} at {}", before, at);
        }

        #[test]
        fn nothing_makes_it_panic(value in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(TraceParent::parse(&value).is_none());
        }
    }
}
