use crate::exchange::{Redacted, Scrub};

/// Stands for `::` while a stack is redacted.
pub(super) const PATH: &str = "∷";

/// A stack, or the part of one, that somebody tells. A path such as `session::{{closure}}` reads like a secret's name and
/// its value, and is none.
pub(crate) fn stack(scrub: &dyn Scrub, raw: &str) -> Redacted {
    let redacted = scrub.text(&raw.replace("::", PATH));
    Redacted::vouch(redacted.as_str().replace(PATH, "::"))
}
