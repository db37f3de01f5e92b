use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
};
use http::{HeaderValue, Request, Response, StatusCode, header, response};
use http_body::{Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{
    RequestBody, ResponseBody,
    mode::{RequestMode, ResponseMode, Sealed},
    request_body::Ear,
    response_body::Tail,
};
use crate::exchange::RequestId;

/// `axum::body::Body` passes as what it is: the layer can stand wherever axum's own types are expected.
#[derive(Clone, Copy, Debug, Default)]
pub struct AxumBody {
    answer_panics: bool,
}

impl AxumBody {
    pub(super) fn answer_panics(self, answer_panics: bool) -> Self {
        Self { answer_panics }
    }
}

impl Sealed for AxumBody {
    fn answers_panics(&self) -> bool {
        self.answer_panics
    }
}

impl RequestMode<Body> for AxumBody {
    type Body = Body;

    fn pass(request: Request<Body>) -> Request<Body> {
        request
    }

    fn request_body(body: Body, ear: Option<Ear>) -> Body {
        match ear {
            None => body,
            ear => Body::new(Unwrapped { inner: RequestBody::new(body, ear, ToString::to_string) }),
        }
    }
}

impl<B> ResponseMode<B> for AxumBody
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Body = Body;

    fn response_body(body: B, tail: Option<Tail>) -> Body {
        // Where this already is axum's body, it is handed back as it is.
        let body = Body::new(body);
        match tail {
            None => body,
            tail => Body::new(Unwrapped { inner: ResponseBody::new(body, tail) }),
        }
    }

    fn panic_answer(&self, request_id: RequestId) -> Option<(response::Parts, Body)> {
        self.answer_panics.then(|| {
            let body = format!(r#"{{"error":"internal server error","request_id":"{request_id}"}}"#);
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response.into_parts()
        })
    }
}

pin_project! {
    /// Takes the error out of axum's, so that boxing the body again does not wrap it twice.
    struct Unwrapped<B> {
        #[pin]
        inner: B,
    }
}

impl<B: HttpBody<Error = axum::Error>> HttpBody for Unwrapped<B> {
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        self.project().inner.poll_frame(cx).map_err(axum::Error::into_inner)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
