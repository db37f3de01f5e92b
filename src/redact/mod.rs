//! What must never leave.
