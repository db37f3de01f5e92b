//! When a response is complete: the rule that every end of an exchange is held against.

use http::{Method, StatusCode};

use crate::exchange::Outcome;

/// What follows a response's headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ahead {
    /// No body: the exchange ends here.
    Nothing(Outcome),
    /// A body, of so many bytes where that is known.
    Body(Option<u64>),
}

/// Reads it from status, the valid Content-Length and what the body says of itself.
///
/// No body follows HEAD, 1xx, 204 and 304 whatever Content-Length says (RFC 9112 section 6.3). 101, and a 2xx to
/// CONNECT, leave HTTP.
pub(super) fn ahead(
    method: &Method,
    status: StatusCode,
    declared: Option<u64>,
    is_end: bool,
    exact: Option<u64>,
) -> Ahead {
    if status == StatusCode::SWITCHING_PROTOCOLS || (*method == Method::CONNECT && status.is_success()) {
        return Ahead::Nothing(Outcome::Upgraded);
    }
    let bodiless =
        status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
    if is_end || bodiless || *method == Method::HEAD {
        return Ahead::Nothing(Outcome::Complete);
    }
    Ahead::Body(declared.or(exact))
}

/// What the drop of a body means after `sent` of `expected` bytes.
pub(crate) fn dropped(sent: u64, expected: Option<u64>) -> Outcome {
    if expected == Some(sent) { Outcome::Complete } else { Outcome::AbortedInBody }
}

#[cfg(test)]
mod tests {
    use http::{Method, StatusCode};

    use super::{Ahead, ahead, dropped};
    use crate::exchange::Outcome;

    #[test]
    fn headers_tell_what_follows() {
        use Ahead::{Body, Nothing};
        for (method, status, length, is_end, exact, expected) in [
            ("GET", 200, Some(5), false, None, Body(Some(5))),
            ("GET", 200, None, false, Some(7), Body(Some(7))),
            ("GET", 200, None, false, None, Body(None)),
            ("GET", 200, None, true, Some(0), Nothing(Outcome::Complete)),
            ("HEAD", 200, Some(5), false, Some(5), Nothing(Outcome::Complete)),
            ("GET", 204, Some(5), false, None, Nothing(Outcome::Complete)),
            ("GET", 304, Some(5), false, None, Nothing(Outcome::Complete)),
            ("GET", 103, None, false, None, Nothing(Outcome::Complete)),
            ("GET", 101, None, true, None, Nothing(Outcome::Upgraded)),
            ("CONNECT", 200, None, false, None, Nothing(Outcome::Upgraded)),
            ("CONNECT", 403, None, false, None, Body(None)),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let got = ahead(&method, StatusCode::from_u16(status).unwrap(), length, is_end, exact);
            assert_eq!(got, expected, "{method} {status} {length:?} {is_end} {exact:?}");
        }
    }

    #[test]
    fn a_dropped_body_is_complete_only_when_every_announced_byte_was_sent() {
        for (sent, expected, outcome) in [
            (5, Some(5), Outcome::Complete),
            (4, Some(5), Outcome::AbortedInBody),
            (5, None, Outcome::AbortedInBody),
            (0, None, Outcome::AbortedInBody),
        ] {
            assert_eq!(dropped(sent, expected), outcome, "{sent} of {expected:?}");
        }
    }
}
