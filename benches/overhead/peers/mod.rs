//! What others put around a router, each as its own documentation shows it; and what one could write by hand.

mod by_hand;
mod lines;
mod opentelemetry;
mod outlet;
mod printing;
mod sentry;
mod tower_http;

pub(crate) use self::{
    by_hand::{by_hand, by_hand_without_bodies},
    opentelemetry::opentelemetry,
    outlet::{outlet_idle, outlet_logging},
    printing::printing,
    sentry::sentry,
    tower_http::{tower_http, tower_http_with_events},
};
