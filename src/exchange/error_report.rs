use serde::{Deserialize, Serialize};

use super::{Backtrace, Redacted};

/// What went wrong, as far as anyone told.
///
/// One that is put into a response's extensions is what is told of the failure, if it is one; see
/// [`WithError`](crate::WithError).
///
/// ```
/// use tower_flightlog::{ErrorReport, Redacted};
///
/// let mut report = ErrorReport::default();
/// report.message = Redacted::literal("the oven is cold");
/// let mut response = http::Response::new("sorry");
/// *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
/// response.extensions_mut().insert(report);
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ErrorReport {
    /// The type of the error, such as `shop::OrderError`, where it is known.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// What it said.
    pub message: Redacted,
    /// Where it was reported or logged, or where the panic happened: `src/orders.rs:42`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Its sources, outermost first, without the error itself.
    pub chain: Vec<Redacted>,
    /// Where a panic came from, or an error that shows it. It may turn out to be empty.
    #[serde(skip_serializing_if = "is_untold")]
    pub backtrace: Option<Backtrace>,
}

impl ErrorReport {
    /// The backtrace, where there is something to show. Looks up symbols where nobody did before.
    pub(crate) fn backtrace(&self) -> Option<&Backtrace> {
        self.backtrace.as_ref().filter(|backtrace| !backtrace.is_empty())
    }
}

fn is_untold(backtrace: &Option<Backtrace>) -> bool {
    backtrace.as_ref().is_none_or(Backtrace::is_empty)
}

/// A backtrace that is empty is none.
impl PartialEq for ErrorReport {
    fn eq(&self, other: &Self) -> bool {
        let Self { error_type, message, location, chain, backtrace: _ } = self;
        (error_type, message, location, chain)
            == (&other.error_type, &other.message, &other.location, &other.chain)
            && self.backtrace() == other.backtrace()
    }
}

impl Eq for ErrorReport {}
