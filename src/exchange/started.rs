use std::net::IpAddr;

use http::{Method, Version};
use serde::{Deserialize, Serialize};

use super::{CapturedBody, Head, Headers, Redacted, RequestId, SpanId, Timestamp, TraceId, text};

/// The beginning of an exchange: who asked for what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Started {
    /// Our id for the exchange.
    pub request_id: RequestId,
    /// The client's valid `x-request-id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<Redacted>,
    /// True where the client sent an `x-request-id` that is not valid.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub client_request_id_rejected: bool,
    /// The exchange in which this request was sent, where it was: also where that had ended by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_request_id: Option<RequestId>,
    /// The trace of a valid `traceparent`, or one that began here: the request was sent, or sends one itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// Our span in that trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
    /// The caller's span, parent of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<SpanId>,
    /// When it arrived.
    pub started: Timestamp,
    /// When it was told to sinks: its body had come, its response began, or a second had gone by.
    pub told: Timestamp,
    /// Whether we answer or ask.
    #[serde(default, skip_serializing_if = "Direction::is_inbound")]
    pub direction: Direction,
    /// What was asked.
    pub request: Request,
}

impl Started {
    /// The same, with another body.
    pub(crate) fn with_body(&self, body: CapturedBody) -> Self {
        let Request { method, version, remote_addr, peer_addr, body: _, head } = &self.request;
        let request = Request {
            method: method.clone(),
            version: *version,
            remote_addr: *remote_addr,
            peer_addr: *peer_addr,
            body,
            head: head.clone(),
        };
        Self { request, client_request_id: self.client_request_id.clone(), ..*self }
    }
}

/// Whether the service answers the request or sends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Direction {
    /// The service answers.
    #[default]
    Inbound,
    /// The service asks another one.
    Outbound,
}

impl Direction {
    pub(crate) fn is_inbound(&self) -> bool {
        *self == Self::Inbound
    }
}

/// The request of an exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Wire", into = "Wire")]
#[non_exhaustive]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The protocol's version.
    pub version: Version,
    /// The client's address: from a trusted proxy what that one saw.
    pub remote_addr: Option<IpAddr>,
    /// The address at the other end of the socket, where that is not the client's.
    pub peer_addr: Option<IpAddr>,
    /// The body.
    pub body: CapturedBody,
    pub(crate) head: Head,
}

impl Request {
    /// The URL, absolute where the host is known, redacted.
    #[must_use]
    pub fn url(&self) -> &Redacted {
        self.head.url()
    }

    /// The template of the route that matched, else the path, redacted.
    #[must_use]
    pub fn endpoint(&self) -> &Redacted {
        self.head.endpoint()
    }

    /// The headers, redacted.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        self.head.headers()
    }

    /// One header, redacted, without redacting the others.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<Redacted> {
        self.head.header(name)
    }

    /// The protocol's version as `HTTP/1.1`.
    #[must_use]
    pub fn http_version(&self) -> &'static str {
        text::version(self.version)
    }
}

/// How a request is written and read back.
#[derive(Serialize, Deserialize)]
struct Wire {
    #[serde(with = "text::method")]
    method: Method,
    url: Redacted,
    endpoint: Redacted,
    #[serde(with = "text::http_version")]
    http_version: Version,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remote_addr: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peer_addr: Option<IpAddr>,
    headers: Headers,
    /// Dumps leave out what is empty.
    #[serde(default)]
    body: CapturedBody,
}

impl From<Request> for Wire {
    fn from(request: Request) -> Self {
        Self {
            url: request.url().clone(),
            endpoint: request.endpoint().clone(),
            headers: request.headers().clone(),
            method: request.method,
            http_version: request.version,
            remote_addr: request.remote_addr,
            peer_addr: request.peer_addr,
            body: request.body,
        }
    }
}

impl From<Wire> for Request {
    fn from(wire: Wire) -> Self {
        Self {
            method: wire.method,
            version: wire.http_version,
            remote_addr: wire.remote_addr,
            peer_addr: wire.peer_addr,
            body: wire.body,
            head: Head::redacted(wire.url, wire.endpoint, wire.headers),
        }
    }
}
