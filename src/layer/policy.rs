use std::task::{Context, Poll};

use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::{capture::current, config::RoutePolicy};

/// A service with a [`RoutePolicy`] of its own.
#[derive(Clone, Copy, Debug)]
pub struct RoutePolicyService<S> {
    inner: S,
    policy: RoutePolicy,
}

impl<S> Layer<S> for RoutePolicy {
    type Service = RoutePolicyService<S>;

    fn layer(&self, inner: S) -> RoutePolicyService<S> {
        RoutePolicyService { inner, policy: *self }
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for RoutePolicyService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        match current().flight() {
            Some(flight) => flight.set_policy(self.policy),
            // Our layer is further in: it will find the policy in the request.
            None => drop(request.extensions_mut().insert(self.policy)),
        }
        self.inner.call(request)
    }
}
