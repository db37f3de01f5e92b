//! What a request's head tells: who asks for what, by which ids, from where.

use std::{
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use http::{Uri, request::Parts};

use super::{
    forwarded,
    noted::Noted,
    outbound::Trace,
    recorder::Recorder,
    request_id::{self, ClientId},
    traceparent::TraceParent,
};
use crate::exchange::{
    CapturedBody, Direction, Head, RawHead, Request, RequestId, SpanId, Started, Timestamp, random,
};

/// What the layer knows of a request beside its parts.
#[derive(Debug)]
pub(crate) struct Hints<'a> {
    /// The other end of the socket.
    pub(crate) peer: Option<SocketAddr>,
    /// The template of the route that matched.
    pub(crate) route: Option<&'a str>,
    /// The URI before routers stripped it.
    pub(crate) uri: &'a Uri,
}

/// The beginning of a record, of which no body is known yet.
#[inline]
pub(super) fn started(
    recorder: &Recorder,
    parts: &Parts,
    headers: &Noted<'_>,
    hints: &Hints<'_>,
    request_id: RequestId,
    started: Timestamp,
) -> Started {
    let trace = TraceParent::from_header(headers.traceparent);
    let (client_request_id, client_request_id_rejected) =
        match request_id::client_request_id(headers.request_id) {
            ClientId::Absent => (None, false),
            ClientId::Rejected => (None, true),
            ClientId::Valid(id) => (Some(recorder.scrub.text(id)), false),
        };
    let peer = match &recorder.remote_addr {
        Some(source) => catch_unwind(AssertUnwindSafe(|| source(parts))).ok().flatten(),
        None => hints.peer.map(|peer| peer.ip().to_canonical()),
    };
    let remote_addr =
        peer.map(|peer| forwarded::client_addr(peer, &parts.headers, &recorder.settings.trusted_proxies));
    Started {
        request_id,
        client_request_id,
        client_request_id_rejected,
        parent_request_id: None,
        trace_id: trace.map(|trace| trace.trace_id),
        span_id: trace.map(|_| SpanId::from_bytes(random().max(1).to_be_bytes())),
        parent_span_id: trace.map(|trace| trace.parent_id),
        started,
        told: started,
        direction: Direction::Inbound,
        request: Request {
            method: parts.method.clone(),
            version: parts.version,
            remote_addr,
            peer_addr: peer.filter(|_| peer != remote_addr),
            body: CapturedBody::default(),
            head: Head::new(head(headers, hints, recorder.head_limit()), Arc::clone(&recorder.scrub)),
        },
    }
}

/// The same of a request that is sent.
pub(super) fn sent(
    recorder: &Recorder,
    parts: &Parts,
    headers: &Noted<'_>,
    request_id: RequestId,
    parent_request_id: Option<RequestId>,
    trace: Trace,
    started: Timestamp,
) -> Started {
    let hints = Hints { peer: None, route: None, uri: &parts.uri };
    Started {
        request_id,
        client_request_id: None,
        client_request_id_rejected: false,
        parent_request_id,
        trace_id: Some(trace.trace_id),
        span_id: Some(trace.span_id),
        parent_span_id: trace.parent_span_id,
        started,
        told: started,
        direction: Direction::Outbound,
        request: Request {
            method: parts.method.clone(),
            version: parts.version,
            remote_addr: None,
            peer_addr: None,
            body: CapturedBody::default(),
            head: Head::new(head(headers, &hints, recorder.head_limit()), Arc::clone(&recorder.scrub)),
        },
    }
}

/// The effective request URI (RFC 9110 section 7.1) and the headers.
fn head(headers: &Noted<'_>, hints: &Hints<'_>, limit: usize) -> RawHead {
    let uri = hints.uri;
    let authority = match uri.authority() {
        Some(authority) => authority.as_str().as_bytes(),
        None => headers.host.map_or(&[][..], |host| host.as_bytes()),
    };
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let query = path.len().saturating_sub(uri.path().len());
    let endpoint = hints.route.unwrap_or(uri.path());
    // The asterisk-form of OPTIONS names the server itself, which has no path.
    let path = if path == "*" { "" } else { path };
    let url: &[&[u8]] = match (uri.scheme_str(), authority) {
        (_, []) => &[path.as_bytes()],
        (None, authority) => &[b"http://", authority, path.as_bytes()],
        (Some(scheme), authority) => &[scheme.as_bytes(), b"://", authority, path.as_bytes()],
    };
    RawHead::copy(url, endpoint.as_bytes(), &headers.fields, limit).with_query(query)
}
