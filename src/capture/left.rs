//! Errors that travel with a response to where they are told.

use std::{any::type_name, error::Error, fmt, panic::Location, sync::Arc};

use http::{Extensions, Response};

use super::{
    report::{self, Known},
    theirs::Theirs,
};
use crate::exchange::{Backtrace, ErrorReport, Scrub};

type Boxed = Box<dyn Error + Send + Sync>;

/// An error on its way to the log, with its type and the place where this was made.
///
/// Made where `?` turns an error into one of the service's own, it tells the place of the `?`:
///
/// ```
/// use axum::{http::StatusCode, response::{IntoResponse, Response}};
/// use tower_flightlog::{Failure, WithError};
///
/// struct AppError(Failure);
///
/// impl<E: Into<anyhow::Error>> From<E> for AppError {
///     #[track_caller]
///     fn from(error: E) -> Self {
///         Self(Failure::new(error.into()))
///     }
/// }
///
/// impl IntoResponse for AppError {
///     fn into_response(self) -> Response {
///         (StatusCode::INTERNAL_SERVER_ERROR, "try again later").into_response().with_error(self.0)
///     }
/// }
///
/// async fn prices() -> Result<String, AppError> {
///     Ok(std::fs::read_to_string("prices.csv")?)
/// }
/// ```
#[derive(Clone)]
pub struct Failure(Arc<Inner>);

struct Inner {
    error: Boxed,
    type_name: &'static str,
    location: &'static Location<'static>,
}

impl Failure {
    /// Takes an error, boxed or not, `anyhow::Error`, `eyre::Report`, or a text. One that is a `Failure` stays the same.
    #[track_caller]
    pub fn new<E: Into<Box<dyn Error + Send + Sync>>>(error: E) -> Self {
        let location = Location::caller();
        match error.into().downcast::<Self>() {
            Ok(failure) => *failure,
            Err(error) => Self(Arc::new(Inner { error, type_name: type_name::<E>(), location })),
        }
    }

    /// The error itself.
    ///
    /// ```
    /// let failure = tower_flightlog::Failure::new("the oven is cold");
    /// assert_eq!(failure.error().to_string(), "the oven is cold");
    /// ```
    #[must_use]
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0.error
    }

    /// Where this was made.
    ///
    /// ```
    /// let failure = tower_flightlog::Failure::new("the oven is cold");
    /// assert!(failure.location().line() > 0);
    /// ```
    #[must_use]
    pub fn location(&self) -> &'static Location<'static> {
        self.0.location
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.error.fmt(f)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.error.fmt(f)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.error.source()
    }
}

/// Leaves an error in a response, for the log and whoever else looks into its extensions.
///
/// ```
/// use axum::{http::StatusCode, response::{IntoResponse, Response}};
/// use tower_flightlog::WithError;
///
/// #[derive(Debug, thiserror::Error)]
/// enum AppError {
///     #[error("no order {0}")]
///     Unknown(u32),
///     #[error("the order store does not answer")]
///     Store(#[from] std::io::Error),
/// }
///
/// impl IntoResponse for AppError {
///     fn into_response(self) -> Response {
///         let status = match self {
///             Self::Unknown(_) => StatusCode::NOT_FOUND,
///             Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
///         };
///         status.into_response().with_error(self)
///     }
/// }
/// ```
///
/// It is told of exchanges that failed; with the 404 above nothing of it is read. What the handler told with
/// [`report_error`](crate::Current::report_error) counts more: it was said of this failure in particular.
///
/// The same without this trait: a [`Failure`], an [`ErrorReport`], or an `Arc<dyn Error + Send + Sync>` put into the
/// response's extensions; the first of these that is there is told. `Arc<dyn Error>` cannot stand in extensions, which
/// are shared between threads.
pub trait WithError: Sized {
    /// The response with `error` in its extensions, as a [`Failure`]: an error, boxed or not, an `anyhow::Error`, an
    /// `eyre::Report`, or a text. The place of this call is what is told as its location, unless it is a `Failure`
    /// already. A stack that its `{:?}` shows is looked up when the dump is written, off the request's path.
    #[must_use]
    #[track_caller]
    fn with_error(self, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self;
}

impl<B> WithError for Response<B> {
    #[track_caller]
    fn with_error(mut self, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.extensions_mut().insert(Failure::new(error));
        self
    }
}

/// What a response has in its extensions of why it failed.
pub(crate) enum Left {
    Report(ErrorReport),
    Failure(Theirs<Failure>),
    Error(Theirs<Arc<dyn Error + Send + Sync>>),
}

impl Left {
    /// Looks into a response's extensions, and leaves there what is found.
    pub(crate) fn find(extensions: &Extensions) -> Option<Self> {
        if extensions.is_empty() {
            return None;
        }
        let failure =
            || extensions.get::<Failure>().map(|failure| Self::Failure(Theirs::new(failure.clone())));
        let report = || extensions.get::<ErrorReport>().map(|report| Self::Report(report.clone()));
        let error = || {
            extensions
                .get::<Arc<dyn Error + Send + Sync>>()
                .map(|error| Self::Error(Theirs::new(Arc::clone(error))))
        };
        failure().or_else(report).or_else(error)
    }

    /// What is told of it.
    pub(super) fn into_report(self, known: &[Known], scrub: &Arc<dyn Scrub>) -> ErrorReport {
        match self {
            Self::Report(report) => report,
            Self::Failure(failure) => {
                let Some(Failure(inner)) = failure.get() else { return ErrorReport::default() };
                let location = Some(report::place(inner.location));
                let error_type = report::type_of(&*inner.error, inner.type_name, known);
                let report = report::without_stack(&*inner.error, error_type, &**scrub);
                let backtrace = Some(later(failure, |failure| &*failure.0.error, scrub));
                ErrorReport { location, backtrace, ..report }
            }
            Self::Error(error) => {
                let Some(inner) = error.get() else { return ErrorReport::default() };
                let error_type = report::type_of(&**inner, "", known);
                let report = report::without_stack(&**inner, error_type, &**scrub);
                let backtrace = Some(later(error, |error| &**error, scrub));
                ErrorReport { backtrace, ..report }
            }
        }
    }
}

/// The stack that an error shows, looked up when somebody looks at it.
fn later<T: Send + 'static>(
    held: Theirs<T>,
    error: fn(&T) -> &(dyn Error + Send + Sync + 'static),
    scrub: &Arc<dyn Scrub>,
) -> Backtrace {
    let scrub = Arc::clone(scrub);
    Backtrace::told_later(move || {
        held.get().and_then(|held| report::stack_in(error(held), &*scrub)).unwrap_or_default()
    })
}
