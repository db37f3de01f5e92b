//! How a gRPC call ended: told in trailers, or in headers where there is no body.

use super::noted::Noted;
use crate::exchange::{Redacted, Scrub};

/// What `grpc-status` and `grpc-message` say.
pub(super) struct GrpcEnd {
    pub(super) status: u16,
    /// Only where the status is not 0.
    pub(super) message: Option<Redacted>,
}

impl GrpcEnd {
    pub(super) fn read(headers: &Noted<'_>, scrub: &dyn Scrub) -> Option<Self> {
        let status = headers.grpc_status?.to_str().ok()?.parse().ok()?;
        let message = headers.grpc_message.filter(|value| status != 0 && !value.is_empty());
        Some(Self { status, message: message.map(|value| scrub.text(&decoded(value.as_bytes()))) })
    }
}

/// Bytes of a message that are read.
const LIMIT: usize = 8 * 1024;

/// Undoes the percent-encoding of `grpc-message` (gRPC over HTTP/2, "Status-Message").
fn decoded(value: &[u8]) -> String {
    let mut rest = value.get(..LIMIT).unwrap_or(value);
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail.get(..2).and_then(|digits| str::from_utf8(digits).ok());
        let byte = digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn messages_are_decoded_and_broken_ones_kept() {
        for (value, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("the%20oven%20is%20cold", "the oven is cold"),
            ("%C3%A9", "é"),
            ("%ff", "\u{fffd}"),
            ("100%", "100%"),
            ("%zz%2", "%zz%2"),
        ] {
            assert_eq!(decoded(value.as_bytes()), expected);
        }
    }
}
