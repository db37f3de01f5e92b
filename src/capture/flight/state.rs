//! What is known of an exchange while it lasts, under its lock.

use std::{sync::Arc, time::Duration};

use super::telling::DumpRequest;
use crate::{
    capture::{
        answer::Answer, beginning::Beginning, grpc::GrpcEnd, left::Left, recorder::Recorder, tap::Tap,
    },
    config::RoutePolicy,
    exchange::{ErrorReport, Outcome, Started},
};

pub(super) struct State {
    pub(super) beginning: Beginning,
    pub(super) request: Tap,
    pub(super) answer: Option<Answer>,
    pub(super) policy: RoutePolicy,
    pub(super) told: Told,
    /// The clock will tell sinks of it.
    pub(super) expected: bool,
    pub(super) finished: bool,
}

/// What was told of it, and asked for.
#[derive(Default)]
pub(super) struct Told {
    /// Boxed, as the others: hardly any exchange has one, and all of them would carry the room for it along.
    pub(super) reported: Option<Box<ErrorReport>>,
    /// What the response has of it in its extensions.
    pub(super) left: Option<Box<Left>>,
    /// The last ERROR the application logged.
    pub(super) logged: Option<Box<ErrorReport>>,
    /// The dump that was asked for.
    pub(super) asked: Option<Box<DumpRequest>>,
}

/// What a record is made from.
pub(super) struct Ended {
    pub(super) began: Arc<Started>,
    /// Sinks were not told of the beginning.
    pub(super) was_held: bool,
    pub(super) answer: Option<Answer>,
    pub(super) grpc: Option<GrpcEnd>,
    pub(super) policy: RoutePolicy,
    pub(super) told: Told,
}

impl State {
    #[inline]
    pub(super) fn new(beginning: Beginning, request: Tap, policy: RoutePolicy) -> Self {
        let (told, expected, finished) = (Told::default(), false, false);
        Self { beginning, request, answer: None, policy, told, expected, finished }
    }

    /// Ends it, once.
    #[inline]
    pub(super) fn end(&mut self, recorder: &Recorder, outcome: Outcome, duration: Duration) -> Option<Ended> {
        if std::mem::replace(&mut self.finished, true) {
            return None;
        }
        let was_held = self.beginning.is_held();
        let began = self.beginning.end(&mut self.request, recorder, || duration)?;
        let mut answer = self.answer.take();
        let grpc = answer.as_mut().and_then(|answer| answer.grpc.take());
        if let (Outcome::Complete | Outcome::Upgraded, Some(answer)) = (outcome, &mut answer) {
            answer.body.end();
        }
        let told = std::mem::take(&mut self.told);
        Some(Ended { began, was_held, answer, grpc, policy: self.policy, told })
    }
}
