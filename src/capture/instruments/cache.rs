use std::{borrow::Cow, fmt, panic::Location};

use super::{
    super::{Current, report},
    event::{CustomEvent, Draft},
    name,
    recipient::Recipient,
};
use crate::exchange::{Field, Redacted, Value};

/// Entries tell of hits and misses from here on.
const VERBOSITY: u8 = 1;

impl Current {
    /// Tells that a cache had what was asked for: counted in the response entry, as `cache`, and in the dump; at verbosity 1
    /// an entry of its own, a `custom_event` `cache_hit`, to which [`field`](CustomEvent::field) adds.
    ///
    /// The key is redacted as text is, and masked where the name of the cache is that of a secret, such as `session`. Of one
    /// exchange 32 caches are counted.
    ///
    /// ```
    /// use tower_flightlog::current;
    ///
    /// current().cache_hit("prompt", "system/v3").field("size_tokens", 1500).field("age_s", 45);
    /// ```
    #[track_caller]
    pub fn cache_hit(&self, cache: impl Into<Cow<'static, str>>, key: impl fmt::Display) -> CustomEvent {
        self.cache(cache.into(), &key, None)
    }

    /// Tells that a cache had not what was asked for, and why; otherwise as [`cache_hit`](Self::cache_hit).
    ///
    /// ```
    /// use tower_flightlog::current;
    ///
    /// current().cache_miss("kv", 7, "new_session");
    /// ```
    #[track_caller]
    pub fn cache_miss(
        &self,
        cache: impl Into<Cow<'static, str>>,
        key: impl fmt::Display,
        reason: impl fmt::Display,
    ) -> CustomEvent {
        self.cache(cache.into(), &key, Some(&reason))
    }

    #[track_caller]
    fn cache(
        &self,
        cache: Cow<'static, str>,
        key: &dyn fmt::Display,
        reason: Option<&dyn fmt::Display>,
    ) -> CustomEvent {
        let Some(to) = Recipient::of(self) else { return CustomEvent::untold() };
        let name = name(cache, to.scrub());
        if let Some(flight) = to.flight() {
            flight.instruments().cache(name.clone(), reason.is_none(), &to.recorder().budget);
        }
        if to.verbosity() < VERBOSITY {
            return CustomEvent::untold();
        }
        let shown = |said: &dyn fmt::Display| report::text(said, to.scrub());
        let key = if to.scrub().is_secret(&name) { Redacted::literal("[REDACTED]") } else { shown(key) };
        let mut fields = vec![text("key", key)];
        let (event_type, message) = match reason.map(shown) {
            None => ("cache_hit", format!("{name} cache hit")),
            Some(reason) => {
                let message = format!("{name} cache miss: {reason}");
                fields.push(text("reason", reason));
                ("cache_miss", message)
            }
        };
        let message = report::shown(&message, to.scrub());
        fields.insert(0, text("cache", report::shown(&name, to.scrub())));
        let draft = Draft::new(to, event_type.into(), Location::caller());
        CustomEvent::of(Draft { message: Some(message), fields, ..draft })
    }
}

fn text(name: &'static str, text: Redacted) -> Field {
    Field { name: name.into(), value: Value::Text(text) }
}
