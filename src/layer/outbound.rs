use std::{error::Error, fmt::Display};

use http::response;
use http_body::Body;

use super::{
    AnyBody, FlightLogLayer, RequestBody, ResponseBody,
    mode::{RequestMode, ResponseMode, Sealed},
    request_body::Ear,
    response_body::Tail,
};
use crate::{
    capture::{Known, known},
    exchange::RequestId,
};

/// Requests that are sent, with any body; from [`FlightLog::outbound_layer`](crate::FlightLog::outbound_layer).
#[derive(Clone, Copy, Debug, Default)]
pub struct Outbound {
    known: Option<Known>,
}

impl Outbound {
    /// The error of the client.
    pub(super) fn known(self) -> Option<Known> {
        self.known
    }
}

impl FlightLogLayer<Outbound> {
    /// Tells the sources of errors of type `E`, that of the client: they have what went wrong with a connection. Without
    /// this, only what the error's `Display` says is known. Boxed errors, as `tower::timeout` has them, need no telling.
    /// The last one told counts; [`FlightLogBuilder::error_type`](crate::FlightLogBuilder::error_type) takes several.
    ///
    /// ```
    /// # let flightlog = tower_flightlog::FlightLog::builder().files(false).dumps(false).build()?;
    /// let layer = flightlog.outbound_layer().error_type::<hyper_util::client::legacy::Error>();
    /// # Ok::<(), tower_flightlog::Error>(())
    /// ```
    #[must_use]
    pub fn error_type<E: Error + 'static>(mut self) -> Self {
        self.mode.known = Some(known::<E>());
        self
    }
}

impl Sealed for Outbound {
    fn outbound(&self) -> Option<Outbound> {
        Some(*self)
    }
}

impl<B: Body> RequestMode<B> for Outbound {
    type Body = RequestBody<B>;

    fn request_body(body: B, ear: Option<Ear>) -> RequestBody<B> {
        AnyBody::request_body(body, ear)
    }
}

impl<B: Body> ResponseMode<B> for Outbound
where
    B::Error: Display + 'static,
{
    type Body = ResponseBody<B>;

    fn response_body(body: B, tail: Option<Tail>) -> ResponseBody<B> {
        AnyBody::response_body(body, tail)
    }

    fn panic_answer(&self, _: RequestId) -> Option<(response::Parts, ResponseBody<B>)> {
        None
    }
}
