//! The tower side: layer, service, future and bodies. It carries what passes to the live flight and decides nothing.

#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "axum")]
mod extract;
mod future;
pub(crate) mod hints;
mod mode;
mod outbound;
mod policy;
mod request_body;
mod response_body;
mod service;

use std::sync::Arc;

use tower_layer::Layer;

#[cfg(feature = "axum")]
pub use self::axum::AxumBody;
pub use future::ResponseFuture;
pub use mode::AnyBody;
pub use outbound::Outbound;
pub use policy::RoutePolicyService;
pub use request_body::RequestBody;
pub use response_body::ResponseBody;
pub use service::FlightLogService;

use crate::capture::Recorder;

/// Records every request to the service it wraps; from [`FlightLog::layer`](crate::FlightLog::layer),
/// [`FlightLog::axum_layer`](crate::FlightLog::axum_layer) or
/// [`FlightLog::outbound_layer`](crate::FlightLog::outbound_layer).
///
/// `M` says which bodies pass: [`AnyBody`] wraps whatever body the service has, `AxumBody` keeps `axum::body::Body`;
/// [`Outbound`] is for clients.
#[derive(Clone, Debug)]
pub struct FlightLogLayer<M = AnyBody> {
    recorder: Arc<Recorder>,
    mode: M,
}

impl<M> FlightLogLayer<M> {
    pub(crate) fn new(recorder: Arc<Recorder>, mode: M) -> Self {
        Self { recorder, mode }
    }
}

#[cfg(feature = "axum")]
impl FlightLogLayer<AxumBody> {
    /// `true`: a panic is answered with status 500 and a JSON body that names the request id, in place of going on
    /// and closing the connection. Default: `false`.
    ///
    /// ```
    /// # let flightlog = tower_flightlog::FlightLog::builder().files(false).dumps(false).build()?;
    /// let layer = flightlog.axum_layer().answer_panics(true);
    /// # Ok::<(), tower_flightlog::Error>(())
    /// ```
    #[must_use]
    pub fn answer_panics(mut self, answer: bool) -> Self {
        self.mode = self.mode.answer_panics(answer);
        self
    }
}

impl<S, M: Clone> Layer<S> for FlightLogLayer<M> {
    type Service = FlightLogService<S, M>;

    fn layer(&self, inner: S) -> Self::Service {
        FlightLogService::new(inner, Arc::clone(&self.recorder), self.mode.clone())
    }
}
