use http::{HeaderMap, HeaderValue};

use crate::exchange::Fields;

/// The headers that capture looks at, found in one pass: a look-up in a `HeaderMap` hashes the name each time.
///
/// Of a name that comes more than once this is the first value.
#[derive(Debug)]
pub(super) struct Noted<'a> {
    pub(super) content_type: Option<&'a HeaderValue>,
    pub(super) content_encoding: Option<&'a HeaderValue>,
    pub(super) content_length: Option<&'a HeaderValue>,
    pub(super) host: Option<&'a HeaderValue>,
    pub(super) request_id: Sole<'a>,
    pub(super) traceparent: Sole<'a>,
    pub(super) grpc_status: Option<&'a HeaderValue>,
    pub(super) grpc_message: Option<&'a HeaderValue>,
    /// All of them, for a copy of the head.
    pub(super) fields: Fields,
}

/// A header that comes once or is not to be believed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Sole<'a> {
    #[default]
    Absent,
    Once(&'a HeaderValue),
    Repeated,
}

impl<'a> Noted<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        let mut noted = Self {
            content_type: None,
            content_encoding: None,
            content_length: None,
            host: None,
            request_id: Sole::Absent,
            traceparent: Sole::Absent,
            grpc_status: None,
            grpc_message: None,
            fields: Fields::new(),
        };
        for (name, value) in headers {
            let name = name.as_str();
            let start = noted.fields.push(name, value);
            // By length first: of most names no more is looked at.
            let first = match name.len() {
                4 if name == "host" => &mut noted.host,
                10 if name == "user-agent" => {
                    noted.fields.has_user_agent(start);
                    continue;
                }
                11 if name == "traceparent" => {
                    noted.traceparent.see(value);
                    continue;
                }
                11 if name == "grpc-status" => &mut noted.grpc_status,
                12 if name == "content-type" => {
                    noted.fields.has_content_type(start);
                    &mut noted.content_type
                }
                12 if name == "x-request-id" => {
                    noted.request_id.see(value);
                    continue;
                }
                12 if name == "grpc-message" => &mut noted.grpc_message,
                14 if name == "content-length" => &mut noted.content_length,
                16 if name == "content-encoding" => &mut noted.content_encoding,
                _ => continue,
            };
            first.get_or_insert(value);
        }
        noted
    }

    /// The one valid Content-Length (RFC 9110 section 8.6).
    pub(super) fn length(&self) -> Option<u64> {
        let digits = self.content_length?.as_bytes();
        let mut length = (!digits.is_empty()).then_some(0_u64)?;
        for digit in digits {
            let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
            length = length.checked_mul(10)?.checked_add(digit)?;
        }
        Some(length)
    }
}

impl<'a> Sole<'a> {
    fn see(&mut self, value: &'a HeaderValue) {
        *self = if let Self::Absent = self { Self::Once(value) } else { Self::Repeated };
    }

    /// The value of a header that came once.
    pub(super) fn once(self) -> Option<&'a HeaderValue> {
        if let Self::Once(value) = self { Some(value) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::{Noted, Sole};

    #[test]
    fn each_is_found_by_its_name_and_a_repeated_one_is_the_first() {
        let names =
            ["content-type", "content-encoding", "content-length", "host", "grpc-status", "grpc-message"];
        let mut headers = HeaderMap::new();
        for name in names.into_iter().chain(["x-request-id", "traceparent", "accept", "x-host"]) {
            headers.append(name, HeaderValue::from_static(name));
            headers.append(name, HeaderValue::from_static("another"));
        }
        let noted = Noted::of(&headers);
        let found = [
            noted.content_type,
            noted.content_encoding,
            noted.content_length,
            noted.host,
            noted.grpc_status,
            noted.grpc_message,
        ];
        assert_eq!(found.map(|value| value.unwrap().to_str().unwrap()), names);
        assert!(matches!((noted.request_id, noted.traceparent), (Sole::Repeated, Sole::Repeated)));
    }

    #[test]
    fn a_length_is_digits_only() {
        for (value, expected) in [
            ("0", Some(0)),
            ("300", Some(300)),
            ("+5", None),
            ("5, 5", None),
            ("", None),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
        ] {
            let headers =
                HeaderMap::from_iter([(http::header::CONTENT_LENGTH, HeaderValue::from_static(value))]);
            assert_eq!(Noted::of(&headers).length(), expected, "{value:?}");
        }
        assert_eq!(Noted::of(&HeaderMap::new()).length(), None);
    }
}
