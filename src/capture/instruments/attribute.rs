use std::borrow::Cow;

use serde::Serialize;

use super::{super::Current, name, recipient::Recipient, value};
use crate::exchange::Field;

impl Current {
    /// Attaches something to the exchange: it stands in the response entry, as `attributes`, and in the dump. The last value
    /// of a name counts.
    ///
    /// Any value that serde can write: texts, numbers, lists, structs; `None` is left out. It is redacted, 8 KiB of it are
    /// kept, and of one exchange 64 attributes; those beyond are counted in
    /// [`instruments_dropped`](crate::Exchange::instruments_dropped). Outside an exchange there is nothing to attach it to.
    ///
    /// ```
    /// use tower_flightlog::current;
    ///
    /// async fn checkout() -> &'static str {
    ///     current().attribute("user_id", 42);
    ///     current().attribute("articles", ["tea", "rum"]);
    ///     "done"
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use tower::ServiceExt;
    /// # let memory = std::sync::Arc::new(tower_flightlog::MemorySink::default());
    /// # let flightlog = tower_flightlog::FlightLog::builder().files(false).dumps(false).sink(memory.clone()).build()?;
    /// # let app: axum::Router = axum::Router::new().route("/", axum::routing::get(checkout)).layer(flightlog.axum_layer());
    /// # drop(app.oneshot(http::Request::new(axum::body::Body::empty())).await?);
    /// # flightlog.flush(std::time::Duration::from_secs(5))?;
    /// # assert_eq!(memory.exchanges()[0].attributes.len(), 2);
    /// # Ok(()) }
    /// ```
    pub fn attribute<V: Serialize>(&self, name: impl Into<Cow<'static, str>>, value: V) {
        let Some(flight) = self.flight() else { return };
        let to = Recipient::Exchange(flight.clone());
        let name = self::name(name.into(), to.scrub());
        if let Some(value) = value::told(&name, &value, to.scrub()) {
            flight.instruments().attribute(Field { name, value }, &to.recorder().budget);
        }
    }
}
