mod compose;
mod outputs;
mod setters;

use std::{fmt, io::Write};

use crate::{
    capture::{Known, RemoteAddr},
    config::{Error, Settings},
    dump::When,
    sink::Sink,
};

/// Sets up a [`FlightLog`](crate::FlightLog). Setters are named like the variables of the environment, without `LOG_`:
#[doc = crate::config::environment_table!()]
/// `build` checks all values and reports every one that cannot be meant:
///
/// ```
/// use std::time::Duration;
/// use tower_flightlog::FlightLog;
///
/// let flightlog = FlightLog::builder()
///     .dir("/tmp/flightlog-doc")
///     .service("shop", "1.2.3")
///     .slow(Duration::from_secs(5))
///     .redact(["voucher"])
///     .build()?;
/// assert!(FlightLog::builder().dump_keep(0).build().is_err());
/// # Ok::<(), tower_flightlog::Error>(())
/// ```
#[must_use = "a builder does nothing until `build`"]
#[derive(Default)]
pub struct FlightLogBuilder {
    pub(crate) settings: Settings,
    sinks: Vec<Box<dyn Sink>>,
    stdout: Option<Box<dyn Write + Send>>,
    remote_addr: Option<Box<RemoteAddr>>,
    dump_when: Option<Box<When>>,
    known_errors: Vec<Known>,
    strict: bool,
    without_panic_hook: bool,
    has_subscriber_of_ours: bool,
}

impl FlightLogBuilder {
    /// With the settings of the environment.
    pub(crate) fn from_env() -> Result<Self, Error> {
        Ok(Self { settings: Settings::from_env()?, ..Self::default() })
    }

    /// In place of stdout.
    #[cfg(test)]
    pub(crate) fn stdout(mut self, page: impl Write + Send + 'static) -> Self {
        self.stdout = Some(Box::new(page));
        self
    }

    /// Our own subscriber is about to be installed: the console tells exchanges, nobody listens for them as events.
    #[cfg(feature = "init")]
    pub(crate) fn with_subscriber_of_ours(mut self) -> Self {
        self.has_subscriber_of_ours = true;
        self
    }
}

impl fmt::Debug for FlightLogBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlightLogBuilder")
            .field("settings", &self.settings)
            .field("strict", &self.strict)
            .finish_non_exhaustive()
    }
}
