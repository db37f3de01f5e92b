//! What must never leave.

/// How much redaction removes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedactMode {
    /// Values that look or are named like a secret go, all others stay.
    #[default]
    Standard,
    /// Headers by allow-list; string values in bodies go unless their name is one to keep.
    Strict,
}
