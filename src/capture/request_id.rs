use super::noted::Sole;

const MAX_LENGTH: usize = 128;

/// What a client says its request is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientId<'a> {
    /// Nothing.
    Absent,
    /// This. It is recorded and echoed, and still a client's word: no secret only by its charset.
    Valid(&'a str),
    /// Something that is neither recorded nor echoed.
    Rejected,
}

/// Reads `x-request-id`: 1 to 128 characters of `[A-Za-z0-9._:+=-]`, the first alphanumeric.
///
/// No character of that set means anything to a shell, a terminal, a JSON or HTML reader or a format string.
/// Names that file systems treat as special (`CON`, `nul.`) pass: an id never becomes part of a file's name,
/// which holds our own. Two headers name no request, and what someone marked as sensitive is not for a log:
/// rejected.
pub(super) fn client_request_id(header: Sole<'_>) -> ClientId<'_> {
    let value = match header {
        Sole::Absent => return ClientId::Absent,
        Sole::Repeated => return ClientId::Rejected,
        Sole::Once(value) => value,
    };
    let bytes = value.as_bytes();
    let valid = !value.is_sensitive()
        && bytes.len() <= MAX_LENGTH
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && are_allowed(bytes);
    match str::from_utf8(bytes) {
        Ok(id) if valid => ClientId::Valid(id),
        _ => ClientId::Rejected,
    }
}

/// All bytes are looked at, without a branch, so that the compiler can take 16 at a time.
fn are_allowed(bytes: &[u8]) -> bool {
    let mut bad = 0;
    for &byte in bytes {
        let digit = byte.wrapping_sub(b'0') < 10;
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let dash_or_dot = byte.wrapping_sub(b'-') < 2;
        let other = (byte == b'_') | (byte == b':') | (byte == b'+') | (byte == b'=');
        bad |= u8::from(!(digit | letter | dash_or_dot | other));
    }
    bad == 0
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::{super::noted::Noted, *};

    fn of(headers: &HeaderMap) -> ClientId<'_> {
        client_request_id(Noted::of(headers).request_id)
    }

    fn headers<const N: usize>(values: [&[u8]; N]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("X-Request-ID", HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn absent() {
        assert_eq!(of(&HeaderMap::new()), ClientId::Absent);
        let mut others = HeaderMap::new();
        others.insert("x-request-id2", HeaderValue::from_static("a"));
        others.insert("request-id", HeaderValue::from_static("a"));
        assert_eq!(of(&others), ClientId::Absent);
    }

    #[test]
    fn valid() {
        let longest = "a".repeat(128);
        for id in [
            "a",
            "0",
            "a1.b_c:d+e=f-g",
            longest.as_str(),
            // R12: a UUID, lower and upper case
            "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
            "0190A1B2-C3D4-7E5F-8A9B-0C1D2E3F4A5B",
            // R5: special to some file systems, and never part of a file's name
            "CON",
            "nul.",
            // R3 without its slashes
            "a..b",
            "Root=1-67891233-abcdef012345678912345678",
        ] {
            assert_eq!(of(&headers([id.as_bytes()])), ClientId::Valid(id), "{id}");
        }
        // R13: told apart by our own id
        let (one, two) = (headers([b"same"]), headers([b"same"]));
        assert_eq!(of(&one), of(&two));
    }

    #[test]
    fn rejected() {
        let (too_long, huge) = ("a".repeat(129), "a".repeat(64 << 10));
        for id in [
            // R1
            &b""[..],
            // R2
            too_long.as_bytes(),
            huge.as_bytes(),
            // R3, R4
            b"../../../etc/passwd",
            b"..%2f",
            // R5
            b"a/b",
            b"C:\\x",
            // R7
            "a\u{202e}b".as_bytes(),
            "😀".as_bytes(),
            b"a\xff",
            // R8
            br#"a"}{"#,
            b"\"}\\n{\"",
            // R9
            b"%n%s ${jndi:ldap://x}",
            b"a%n",
            b"a${jndi:ldap:x}",
            // R11
            b"a,b",
            b"a, b",
            // R12: braced
            b"{0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b}",
            // R14
            b"<script>",
            b"a<script>",
            // R15
            b" a",
            b"a ",
            b"a\tb",
            b"-rf",
            b".",
            b"..",
            b"_a",
            b":a",
            b"+a",
            b"=a",
        ] {
            assert_eq!(of(&headers([id])), ClientId::Rejected, "{:?}", id.escape_ascii().to_string());
        }
    }

    #[test]
    fn nul_and_line_feed_do_not_get_this_far() {
        // R6, R8: the `http` crate refuses them.
        for id in [&b"a\0b"[..], b"\"}\n{\"", b"a\rb"] {
            assert!(HeaderValue::from_bytes(id).is_err());
        }
    }

    #[test]
    fn two_headers_are_rejected_even_when_alike() {
        // R10
        assert_eq!(of(&headers([b"a", b"b"])), ClientId::Rejected);
        assert_eq!(of(&headers([b"a", b"a"])), ClientId::Rejected);
        assert_eq!(of(&headers([b"a", b""])), ClientId::Rejected);
    }

    #[test]
    fn what_is_marked_sensitive_is_rejected() {
        let mut value = HeaderValue::from_static("a");
        value.set_sensitive(true);
        let headers = HeaderMap::from_iter([(HeaderName::from_static("x-request-id"), value)]);
        assert_eq!(of(&headers), ClientId::Rejected);
    }

    proptest! {
        #[test]
        fn it_accepts_the_grammar_and_nothing_else(id in "[ -~]{0,3}|[A-Za-z0-9._:+=-]{0,140}") {
            let grammar = (1..=128).contains(&id.len())
                && id.starts_with(|c: char| c.is_ascii_alphanumeric())
                && id.chars().all(|c| c.is_ascii_alphanumeric() || "._:+=-".contains(c));
            let headers = headers([id.as_bytes()]);
            let want = if grammar { ClientId::Valid(&id) } else { ClientId::Rejected };
            prop_assert_eq!(of(&headers), want);
        }
    }
}
