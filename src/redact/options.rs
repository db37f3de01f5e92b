//! What a `Redactor` is made from.

use super::Redactor;

/// How much is masked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedactMode {
    /// Secrets.
    #[default]
    Standard,
    /// Headers but for a short list, query values, and every string in a body, which is told by its length:
    /// `[string 12]`. Names, numbers and the values of kept names stay, unless they are secret.
    Strict,
}

/// What a [`Redactor`] is made from.
///
/// ```
/// use tower_flightlog::{RedactMode, RedactOptions};
///
/// let redactor = RedactOptions::default().redact(["email"]).keep(["code"]).mode(RedactMode::Standard).build();
/// assert!(redactor.is_secret_name("customer_email"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct RedactOptions {
    pub(super) redact: Vec<String>,
    pub(super) keep: Vec<String>,
    pub(super) mode: RedactMode,
}

impl RedactOptions {
    /// More names to redact. A name is secret where these words stand in it: `email` in `customer_email`.
    #[must_use]
    pub fn redact(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.redact.extend(names.into_iter().map(Into::into));
        self
    }

    /// Names to keep, whole, however they are spelled: `session_id` also keeps `sessionId`. A name both to redact
    /// and to keep is redacted.
    #[must_use]
    pub fn keep(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.keep.extend(names.into_iter().map(Into::into));
        self
    }

    /// How much is masked.
    #[must_use]
    pub fn mode(mut self, mode: RedactMode) -> Self {
        self.mode = mode;
        self
    }

    /// The redactor.
    #[must_use]
    pub fn build(self) -> Redactor {
        Redactor::new(self)
    }
}
