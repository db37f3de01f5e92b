//! Who asks: a few clients, no two of whose requests are alike.

use std::net::{Ipv4Addr, SocketAddr};

use axum::{
    body::{Body, Bytes},
    extract::ConnectInfo,
};
use futures_util::stream;
use http::{HeaderValue, Method, Request, Uri, header, request::Parts};
use http_body::Frame;
use http_body_util::StreamBody;

use crate::bodies;

/// A request, and the answer that it must get.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) parts: Parts,
    /// The body: none, one piece, or a stream.
    pub(crate) frames: Vec<Bytes>,
    pub(crate) status: u16,
    pub(crate) answer: usize,
}

impl Ask {
    pub(crate) fn get(path: &'static str, seed: u64, answer: usize) -> Self {
        let parts = parts(Method::GET, path, seed);
        Self { parts, frames: Vec::new(), status: 200, answer }
    }

    /// One question.
    pub(crate) fn post(path: &'static str, seed: u64, answer: usize) -> Self {
        Self::upload(path, seed, vec![bodies::question(seed)], answer)
    }

    pub(crate) fn upload(path: &'static str, seed: u64, frames: Vec<Bytes>, answer: usize) -> Self {
        let mut parts = parts(Method::POST, path, seed);
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let length: usize = frames.iter().map(Bytes::len).sum();
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        Self { parts, frames, status: 200, answer }
    }

    pub(crate) fn request(&self) -> Request<Body> {
        let body = match self.frames.as_slice() {
            [] => Body::empty(),
            [only] => Body::from(only.clone()),
            _ => {
                let frames = self.frames.clone().into_iter();
                Body::new(StreamBody::new(stream::iter(
                    frames.map(|frame| Ok::<_, axum::Error>(Frame::data(frame))),
                )))
            }
        };
        Request::from_parts(self.parts.clone(), body)
    }
}

/// As a server has it from a client.
fn parts(method: Method, path: &'static str, seed: u64) -> Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = method;
    parts.uri = Uri::from_static(path);
    let agents = [
        "example-client/2.4.1 (linux; x86_64)",
        "example-client/2.4.0 (linux; x86_64)",
        "curl/8.5.0",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    ];
    let agent = agents.get(seed as usize % agents.len()).copied().unwrap_or_default();
    let token =
        format!("Bearer {:032x}", u128::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834));
    parts.headers.insert(header::HOST, HeaderValue::from_static("api.example.com"));
    parts.headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
    parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    if let Ok(token) = HeaderValue::try_from(token) {
        parts.headers.insert(header::AUTHORIZATION, token);
    }
    // As `into_make_service_with_connect_info` leaves it.
    parts.extensions.insert(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 40_404))));
    parts
}
