//! A dump read back: `flightlog.dump/1` from a file or a text.

mod error;
mod parts;
mod wire;

use std::{fs, io::Read as _, path::Path, str::FromStr};

use serde::{Deserialize, Deserializer};

pub use self::{error::DumpError, parts::RecorderState};
use super::{Program, Similar, curl, har, markdown, rust_test};
use crate::exchange::Exchange;

/// A dump read back, and what can be made of it: a command, a test, a text for an issue, an archive.
///
/// ```
/// use tower_flightlog::{Dump, formats::DUMP_EXAMPLE};
///
/// let dump: Dump = DUMP_EXAMPLE.parse()?;
/// assert_eq!(dump.exchange.request.endpoint(), "/api/v1/orders");
/// assert_eq!(dump.exchange.error.as_ref().unwrap().message, "stock service refused");
/// let trail = dump.exchange.trail.as_ref().unwrap();
/// assert_eq!(trail.events().last().unwrap().message, "asking the stock service");
/// println!("{}", dump.curl());
/// # Ok::<(), tower_flightlog::DumpError>(())
/// ```
///
/// [`read`](Self::read) takes a file, [`parse`](str::parse) a text; `Deserialize` is there for dumps within something
/// else. Keys that are not known are passed over: another release may have added them. What a dump does not tell has its
/// default in the [`Exchange`]: when it was told to sinks, the span ids, whether an id of the client's was rejected.
/// What was read tells the same when it is dumped again.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Dump {
    /// Why it was written: the status from 500 on, `panic`, `error`, `slow`, `aborted` or `manual`.
    pub trigger: String,
    /// What was recorded.
    pub exchange: Exchange,
    /// The process that answered.
    pub service: Program,
    /// Other failures like this one.
    pub similar: Option<Similar>,
    /// What the recorder says about itself.
    pub recorder: RecorderState,
}

/// The largest file that is taken for a dump.
const LARGEST: u64 = 256 * 1024 * 1024;

impl Dump {
    /// Reads a file of at most 256 MiB. Its name is then the [`dump`](Exchange::dump) of the exchange.
    ///
    /// ```
    /// use tower_flightlog::{Dump, formats::DUMP_EXAMPLE};
    ///
    /// let directory = tempfile::tempdir()?;
    /// let path = directory.path().join("20261120T103000.123456Z-500-0198c0de-0000-7000-8000-000000000001.json");
    /// std::fs::write(&path, DUMP_EXAMPLE)?;
    /// assert_eq!(Dump::read(&path)?.trigger, "500");
    ///
    /// let error = Dump::read(directory.path().join("other.json")).unwrap_err();
    /// assert!(error.to_string().contains("other.json: "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Where the file cannot be read, is no dump, or is one of a version this crate does not know.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, DumpError> {
        let path = path.as_ref();
        let mut dump: Self = text_of(path)
            .map_err(DumpError::unreadable)
            .and_then(|text| text.parse())
            .map_err(|error| error.in_file(path))?;
        dump.exchange.dump = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Ok(dump)
    }

    /// A POSIX `sh` command that sends the request again with curl; the `curl` of the dump, made anew.
    ///
    /// What was redacted is a variable to set first, a body that was not kept whole is read from `body.bin`: comments at
    /// the top say so. Whatever a client sent is data to the shell, and the text holds no control characters but line
    /// feeds.
    ///
    /// ```
    /// # let dump: tower_flightlog::Dump = tower_flightlog::formats::DUMP_EXAMPLE.parse()?;
    /// let line = dump.curl();
    /// assert!(line.starts_with("# set first: REPLAY_TOKEN REPLAY_AUTHORIZATION REPLAY_NUMBER\ncurl \\\n  --request 'POST'"));
    /// # Ok::<(), tower_flightlog::DumpError>(())
    /// ```
    #[must_use]
    pub fn curl(&self) -> String {
        curl(&self.exchange)
    }

    /// A complete Rust test that sends the request through `tower::ServiceExt::oneshot` into `app()`, and fails as long
    /// as that fails as recorded: with the same status, the same panic, an error, or no sooner than it did.
    ///
    /// A module to paste into the crate of the service. Comments at the top say which packages it needs; what was
    /// redacted is constants to fill in, a body that was not kept whole is `include_bytes!("body.bin")`. Of a request that
    /// the service sent there is no such test: the text is comments that say so, and what to do instead.
    ///
    /// ```
    /// # let dump: tower_flightlog::Dump = tower_flightlog::formats::DUMP_EXAMPLE.parse()?;
    /// let test = dump.test();
    /// assert!(test.contains("async fn post_api_v1_orders_500() {"));
    /// assert!(test.contains(r#"const AUTHORIZATION: &str = "[REDACTED]";"#));
    /// # Ok::<(), tower_flightlog::DumpError>(())
    /// ```
    #[must_use]
    pub fn test(&self) -> String {
        rust_test::test(self)
    }

    /// Markdown to paste into an issue: what failed and why, what led there, request and response, the command.
    ///
    /// At most some 50,000 characters; what is cut says so. Whatever a client sent stands in code and is no markup.
    ///
    /// ```
    /// # let dump: tower_flightlog::Dump = tower_flightlog::formats::DUMP_EXAMPLE.parse()?;
    /// assert!(dump.markdown().starts_with("## `POST /api/v1/orders` answered 500\n\n**`stock service refused`**"));
    /// # Ok::<(), tower_flightlog::DumpError>(())
    /// ```
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::markdown(self)
    }

    /// An HTTP archive of one entry, as browsers and proxies read it: see [`har_of`](Self::har_of).
    ///
    /// ```
    /// # let dump: tower_flightlog::Dump = tower_flightlog::formats::DUMP_EXAMPLE.parse()?;
    /// let har: serde_json::Value = serde_json::from_str(&dump.har()).unwrap();
    /// assert_eq!(har["log"]["entries"][0]["response"]["status"], 500);
    /// # Ok::<(), tower_flightlog::DumpError>(())
    /// ```
    #[must_use]
    pub fn har(&self) -> String {
        Self::har_of([self])
    }

    /// An HTTP archive of several dumps: [HAR 1.2](http://www.softwareishard.com/blog/har-12-spec/), by time.
    ///
    /// Fields of our own begin with an underscore: `_request_id`, `_trigger`, `_outcome`, `_error`, `_events`, and
    /// `_truncated`, true for a message whose body is not all there. Of a body that is not text only size and digest are
    /// told, in its `comment`. An exchange without a response has the status 0.
    ///
    /// ```
    /// use tower_flightlog::Dump;
    ///
    /// let dumps: Vec<Dump> = vec![tower_flightlog::formats::DUMP_EXAMPLE.parse()?];
    /// assert!(Dump::har_of(&dumps).contains(r#""_request_id": "0198c0de-0000-7000-8000-000000000001""#));
    /// # Ok::<(), tower_flightlog::DumpError>(())
    /// ```
    #[must_use]
    pub fn har_of<'a>(dumps: impl IntoIterator<Item = &'a Self>) -> String {
        har::har(dumps)
    }
}

/// Only a regular file: a pipe would have us wait.
fn text_of(path: &Path) -> std::io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    let mut text = String::new();
    fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(std::io::Error::other(format!(
            "it is larger than {LARGEST} bytes, too large for a dump"
        )));
    }
    Ok(text)
}

impl FromStr for Dump {
    type Err = DumpError;

    fn from_str(text: &str) -> Result<Self, DumpError> {
        wire::check_version(text)?;
        serde_json::from_str(text).map_err(DumpError::invalid)
    }
}

impl<'de> Deserialize<'de> for Dump {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        wire::Wire::deserialize(deserializer).map(Into::into)
    }
}

#[cfg(test)]
mod tests;
