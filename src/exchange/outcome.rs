use std::fmt;

use serde::{Deserialize, Serialize};

/// How an exchange ended.
///
/// ```
/// use tower_flightlog::Outcome;
///
/// assert_eq!(Outcome::AbortedInBody.to_string(), "aborted_in_body");
/// assert!(!Outcome::AbortedInBody.is_failure());
/// assert!(Outcome::Panicked.is_failure());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The response was handed over to its last byte.
    Complete,
    /// The client went away, or the service was dropped, before there was a response.
    AbortedBeforeResponse,
    /// The response body was dropped before its end.
    AbortedInBody,
    /// The service answered with an error instead of a response.
    ServiceError,
    /// The response body failed in mid-stream.
    BodyError,
    /// The service or the response body panicked.
    Panicked,
    /// The connection left HTTP: 101, or a successful CONNECT.
    Upgraded,
}

impl Outcome {
    /// As written in entries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::AbortedBeforeResponse => "aborted_before_response",
            Self::AbortedInBody => "aborted_in_body",
            Self::ServiceError => "service_error",
            Self::BodyError => "body_error",
            Self::Panicked => "panicked",
            Self::Upgraded => "upgraded",
        }
    }

    /// True where the service failed to give a proper response: it panicked, errored, or its body did.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::ServiceError | Self::BodyError | Self::Panicked)
    }

    /// True where the other side left first.
    #[must_use]
    pub const fn is_abort(self) -> bool {
        matches!(self, Self::AbortedBeforeResponse | Self::AbortedInBody)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
