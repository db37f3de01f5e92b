//! Any error, with `?`.

use anyhow::Context;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tower_flightlog::{Failure, WithError};

pub(crate) struct AnyError(Failure);

/// Where `?` does this is where the error is said to come from.
impl<E: Into<anyhow::Error>> From<E> for AnyError {
    #[track_caller]
    fn from(error: E) -> Self {
        Self(Failure::new(error.into()))
    }
}

impl IntoResponse for AnyError {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, "please try again later").into_response().with_error(self.0)
    }
}

pub(crate) async fn price(Path(article): Path<String>) -> Result<String, AnyError> {
    let price = look_up(&article).with_context(|| format!("no price for {article}"))?;
    Ok(format!("{article}: {price}\n"))
}

fn look_up(article: &str) -> anyhow::Result<f64> {
    let list = "tea 2.50\nrum 1O.00";
    let line = list.lines().find_map(|line| line.strip_prefix(article)).context("not on the list")?;
    let text = line.trim();
    text.parse().with_context(|| format!("{text:?} is not a price"))
}
