//! What went wrong with an exchange, in the one respect that counts most.

use std::time::Duration;

use super::read::Dump;
use crate::exchange::{Outcome, millis_of};

/// The way in which an exchange failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Panic,
    ServiceError,
    BodyError,
    Status(u16),
    Grpc(u16),
    /// It took so long.
    Slow(Duration),
    /// Somebody asked for the dump; it may have answered so.
    Asked(Option<u16>),
}

impl Failure {
    pub(super) fn of(dump: &Dump) -> Self {
        let exchange = &dump.exchange;
        let status = exchange.status().map(|status| status.as_u16());
        match (exchange.outcome, status) {
            (Outcome::Panicked, _) => Self::Panic,
            (Outcome::ServiceError, _) => Self::ServiceError,
            (Outcome::BodyError, _) => Self::BodyError,
            (_, Some(status @ 500..)) => Self::Status(status),
            _ => match exchange.grpc_status.filter(|_| exchange.is_failure()) {
                Some(code) => Self::Grpc(code),
                None if exchange.slow || exchange.outcome.is_abort() => Self::Slow(exchange.duration),
                None => Self::Asked(status),
            },
        }
    }

    /// In words, after method and endpoint: `answered 500`.
    pub(super) fn in_words(self) -> String {
        match self {
            Self::Panic => "panicked".into(),
            Self::ServiceError => "ended in an error of the service".into(),
            Self::BodyError => "broke off in the response's body".into(),
            Self::Status(status) => format!("answered {status}"),
            Self::Grpc(code) => format!("answered with the grpc-status {code}"),
            Self::Slow(duration) => format!("took {} ms", millis_of(duration)),
            Self::Asked(Some(status)) => format!("answered {status}"),
            Self::Asked(None) => "got no response".into(),
        }
    }
}
