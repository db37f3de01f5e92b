use http::{Request, response};
use http_body::Body;

use super::{Outbound, RequestBody, ResponseBody, request_body::Ear, response_body::Tail};

/// Any body passes, wrapped: the service sees [`RequestBody`], its caller [`ResponseBody`].
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct AnyBody;

/// How request bodies of type `B` pass. Sealed.
pub trait RequestMode<B>: Sealed {
    /// What the service sees.
    type Body;

    #[doc(hidden)]
    fn request_body(body: B, ear: Option<Ear>) -> Self::Body;

    /// A request that is not recorded.
    #[doc(hidden)]
    fn pass(request: Request<B>) -> Request<Self::Body> {
        request.map(|body| Self::request_body(body, None))
    }
}

/// How response bodies of type `B` pass. Sealed.
pub trait ResponseMode<B>: Sealed {
    /// What the service's caller sees.
    type Body;

    #[doc(hidden)]
    fn response_body(body: B, tail: Option<Tail>) -> Self::Body;

    /// The answer in place of a panic, where one is wanted.
    #[doc(hidden)]
    fn panic_answer(&self, request_id: crate::exchange::RequestId) -> Option<(response::Parts, Self::Body)>;
}

/// Only this crate's modes.
pub trait Sealed: Clone {
    /// True where a panic is answered, not passed on.
    fn answers_panics(&self) -> bool {
        false
    }

    /// Where requests are sent, not answered.
    fn outbound(&self) -> Option<Outbound> {
        None
    }
}

impl Sealed for AnyBody {}

impl<B: Body> RequestMode<B> for AnyBody {
    type Body = RequestBody<B>;

    fn request_body(body: B, ear: Option<Ear>) -> RequestBody<B> {
        RequestBody::new(body, ear, |_| std::any::type_name::<B::Error>().to_owned())
    }
}

impl<B: Body> ResponseMode<B> for AnyBody
where
    B::Error: std::fmt::Display + 'static,
{
    type Body = ResponseBody<B>;

    fn response_body(body: B, tail: Option<Tail>) -> ResponseBody<B> {
        ResponseBody::new(body, tail)
    }

    fn panic_answer(&self, _: crate::exchange::RequestId) -> Option<(response::Parts, ResponseBody<B>)> {
        None
    }
}
