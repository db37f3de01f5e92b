//! An enum of all that may go wrong, each with its status.

use std::io;

use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tower_flightlog::WithError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum OrderError {
    #[error("there is no order {0}")]
    Unknown(u32),
    #[error("could not load order {id}")]
    Store { id: u32, source: StoreError },
}

#[derive(Debug, thiserror::Error)]
#[error("the order store at {addr} does not answer")]
pub(crate) struct StoreError {
    addr: &'static str,
    source: io::Error,
}

impl IntoResponse for OrderError {
    fn into_response(self) -> Response {
        let answer = match self {
            Self::Unknown(_) => (StatusCode::NOT_FOUND, "no such order"),
            Self::Store { .. } => (StatusCode::SERVICE_UNAVAILABLE, "please try again later"),
        };
        // The client is told what it may know, the log everything.
        answer.into_response().with_error(self)
    }
}

pub(crate) async fn order(Path(id): Path<u32>) -> Result<String, OrderError> {
    match id {
        42 => {
            let source = io::ErrorKind::ConnectionRefused.into();
            Err(OrderError::Store { id, source: StoreError { addr: "10.0.0.7:5432", source } })
        }
        _ => Err(OrderError::Unknown(id)),
    }
}
