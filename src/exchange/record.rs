use std::{borrow::Cow, collections::BTreeMap, ops::Deref, sync::Arc, time::Duration};

use http::StatusCode;
use serde::{Deserialize, Serialize};
use tracing::Level;

use super::{
    CacheCounts, CapturedBody, ErrorReport, Field, Fingerprint, Head, Headers, LlmUsage, Outcome, Redacted,
    Started, Step, StepKind, StreamStats, Timestamp, Trail, query, text,
};

/// One finished exchange: the record everything is made from.
///
/// It begins as [`Started`] and dereferences to it. It can be written and read with serde; what is read back equals
/// what was written. It is made by the layer and by reading one back:
///
/// ```
/// # use std::time::Duration;
/// # use tower_flightlog::{FlightLog, MemorySink};
/// # use std::sync::Arc;
/// # use tower_layer::Layer;
/// # use tower_service::Service;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let memory = Arc::new(MemorySink::default());
/// let flightlog = FlightLog::builder().files(false).dumps(false).sink(Arc::clone(&memory)).build()?;
/// let mut service = flightlog.layer().layer(tower::service_fn(|_| async {
///     Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Full::<bytes::Bytes>::from("hello")))
/// }));
/// # use http_body_util::BodyExt;
/// let request = http::Request::get("/greet").body(http_body_util::Empty::<bytes::Bytes>::new())?;
/// service.call(request).await?.collect().await?;
/// flightlog.flush(Duration::from_secs(5))?;
///
/// let exchanges = memory.exchanges();
/// assert_eq!(exchanges[0].request.endpoint(), "/greet");
/// let text = serde_json::to_string(&*exchanges[0])?;
/// assert_eq!(serde_json::from_str::<tower_flightlog::Exchange>(&text)?, *exchanges[0]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Exchange {
    /// How it began.
    pub began: Arc<Started>,
    /// When it ended.
    pub finished: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// What was answered, where there was a response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
    /// From arrival to the response's headers, in milliseconds when written.
    #[serde(
        default,
        rename = "ttfb_ms",
        with = "text::millis::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub ttfb: Option<Duration>,
    /// From arrival to the last byte, in milliseconds when written.
    #[serde(rename = "duration_ms", with = "text::millis")]
    pub duration: Duration,
    /// The `grpc-status` of a gRPC response, from its trailers or its headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc_status: Option<u16>,
    /// True where it took longer than LOG_SLOW.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub slow: bool,
    /// Why it failed, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
    /// What was done while it was served, in the order in which it began: timers and their checkpoints, and requests to
    /// other services. 256 at most. Queries are in the [`waterfall`](Self::waterfall).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// What the handler attached, by name; see [`Current::attribute`](crate::Current::attribute).
    #[serde(default, with = "super::by_name", skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Field>,
    /// Hits and misses of each cache.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cache: BTreeMap<Cow<'static, str>, CacheCounts>,
    /// Steps, attributes and caches that were told and not kept: there was no room for all.
    #[serde(default, skip_serializing_if = "is_none")]
    pub instruments_dropped: u64,
    /// How its response was streamed: server-sent events, NDJSON and JSON sequences that are not compressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Box<StreamStats>>,
    /// What a language model used to answer, where the response tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub llm: Option<Box<LlmUsage>>,
    /// What was told while it was served, where it has a dump.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<Trail>,
    /// The name of its dump in the dump directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dump: Option<String>,
    /// Why a dump was asked for: by the handler, or by [`dump_when`](crate::FlightLogBuilder::dump_when).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dump_reason: Option<Redacted>,
}

/// The response of an exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
#[non_exhaustive]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The trailers, redacted.
    pub trailers: Option<Headers>,
    /// The body.
    pub body: CapturedBody,
    pub(crate) head: Head,
}

impl Response {
    /// The headers, redacted, as the service set them.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        self.head.headers()
    }

    /// One header, redacted, without redacting the others.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Redacted> {
        self.head.header(name)
    }
}

/// gRPC codes that mean that the service is at fault: UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS.
const GRPC_FAILURES: [u16; 5] = [2, 4, 13, 14, 15];

impl Exchange {
    /// The status, where there was a response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.response.as_ref().map(|response| response.status)
    }

    /// True where the service is to blame: a status of 500 or above, a failing gRPC status, a panic, an error of the
    /// service or of the response body.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.outcome.is_failure()
            || self.status().is_some_and(|status| status.as_u16() >= 500)
            || self.grpc_status.is_some_and(|code| GRPC_FAILURES.contains(&code))
    }

    /// True where it is worth logging even on a route that is skipped: a failure, an abort, a slow one, one that has a
    /// dump.
    #[must_use]
    pub fn is_remarkable(&self) -> bool {
        self.is_failure() || self.outcome.is_abort() || self.slow || self.dump.is_some()
    }

    /// All that was done while it was served, in the order in which it began: its [`steps`](Self::steps), and the queries
    /// in its [`trail`](Self::trail).
    ///
    /// A query is what sqlx tells of one that is done: an event with the target `sqlx::query`. Read with the trail, so
    /// only where there is a dump.
    ///
    /// ```
    /// use tower_flightlog::{Dump, formats::DUMP_EXAMPLE};
    ///
    /// let dump: Dump = DUMP_EXAMPLE.parse()?;
    /// for step in &*dump.exchange.waterfall() {
    ///     println!("{:>10.3?} {:>10.3?} {}", step.start, step.length, step.name);
    /// }
    /// # assert_eq!(dump.exchange.waterfall().len(), 2);
    /// # Ok::<(), tower_flightlog::DumpError>(())
    /// ```
    #[must_use]
    pub fn waterfall(&self) -> Cow<'_, [Step]> {
        // One that was read back has them.
        if self.steps.iter().any(|step| step.kind == StepKind::Query) {
            return Cow::Borrowed(&self.steps);
        }
        let queries: Vec<Step> = self.trail.iter().flat_map(query::steps).collect();
        if queries.is_empty() {
            return Cow::Borrowed(&self.steps);
        }
        let mut all = [self.steps.as_slice(), &queries].concat();
        all.sort_by_key(|step| step.start);
        Cow::Owned(all)
    }

    /// The same without the text of its bodies.
    pub(crate) fn without_bodies(&self) -> Self {
        let mut lighter = self.clone();
        lighter.began = Arc::new(self.began.with_body(self.request.body.counted()));
        if let Some(response) = &mut lighter.response {
            response.body = response.body.counted();
        }
        lighter
    }

    /// The same without the events of its trail.
    pub(crate) fn without_events(&self) -> Self {
        Self { trail: self.trail.as_ref().map(Trail::without_events), ..self.clone() }
    }

    /// What makes this failure the same as others: its endpoint, how it ended, the type of its error, and the error's
    /// message without numbers, ids, addresses and quoted texts.
    ///
    /// Computed anew with each call, from text that is redacted.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }

    /// How much it matters: the worse of what the status and what the outcome say.
    ///
    /// A failure is ERROR; an abort, a slow exchange and a status of 400 and above are WARN, but 429 is INFO; the rest
    /// is INFO, and OPTIONS is DEBUG.
    #[must_use]
    pub fn level(&self) -> Level {
        if self.is_failure() {
            return Level::ERROR;
        }
        let status = self.status().map_or(0, |status| status.as_u16());
        if self.outcome.is_abort() || self.slow || (status >= 400 && status != 429) {
            return Level::WARN;
        }
        if self.request.method == http::Method::OPTIONS { Level::DEBUG } else { Level::INFO }
    }
}

impl Deref for Exchange {
    type Target = Started;

    fn deref(&self) -> &Started {
        &self.began
    }
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// How a response is written and read back.
#[derive(Serialize, Deserialize)]
struct Wire {
    #[serde(with = "text::status")]
    status: StatusCode,
    headers: Headers,
    /// Dumps leave out what is empty.
    #[serde(default)]
    body: CapturedBody,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trailers: Option<Headers>,
}

impl From<Response> for Wire {
    fn from(response: Response) -> Self {
        Self {
            status: response.status,
            headers: response.headers().clone(),
            trailers: response.trailers,
            body: response.body,
        }
    }
}

impl From<Wire> for Response {
    fn from(wire: Wire) -> Self {
        Self {
            status: wire.status,
            trailers: wire.trailers,
            body: wire.body,
            head: Head::redacted(Redacted::default(), Redacted::default(), wire.headers),
        }
    }
}
