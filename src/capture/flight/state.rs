//! What is known of an exchange while it lasts, under its lock.

use std::{collections::BTreeMap, time::Duration};

use super::telling::DumpRequest;
use crate::{
    capture::{
        answer::{Answer, Late},
        beginning::Beginning,
        left::Left,
        tap::Tap,
    },
    config::RoutePolicy,
    exchange::{ErrorReport, Exchange, Outcome},
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

/// An exchange that ended, and what else goes into its record.
pub(super) struct Ended {
    pub(super) exchange: Exchange,
    /// Sinks were not told of the beginning.
    pub(super) was_held: bool,
    pub(super) policy: RoutePolicy,
    pub(super) told: Told,
    pub(super) late: Late,
}

impl State {
    #[inline]
    pub(super) fn new(beginning: Beginning, request: Tap, policy: RoutePolicy) -> Self {
        let (told, expected, finished) = (Told::default(), false, false);
        Self { beginning, request, answer: None, policy, told, expected, finished }
    }

    /// Ends it, once. What is there is moved to where it is told from: a record is large.
    #[inline]
    pub(super) fn end(&mut self, outcome: Outcome, duration: Duration) -> Option<Ended> {
        if std::mem::replace(&mut self.finished, true) {
            return None;
        }
        let was_held = self.beginning.is_held();
        let began = self.beginning.end(&mut self.request, || duration)?;
        let mut late = Late::default();
        let ttfb = self.answer.as_ref().map(|answer| answer.ttfb);
        let response = self.answer.take().map(|mut answer| {
            if let Outcome::Complete | Outcome::Upgraded = outcome {
                answer.body.end();
            }
            late = std::mem::take(&mut answer.late);
            answer.into_response()
        });
        let exchange = Exchange {
            finished: began.started.after(duration),
            began,
            outcome,
            response,
            ttfb,
            duration,
            grpc_status: late.grpc.as_ref().map(|grpc| grpc.status),
            slow: false,
            error: None,
            steps: Vec::new(),
            attributes: Vec::new(),
            cache: BTreeMap::new(),
            instruments_dropped: 0,
            stream: None,
            llm: None,
            trail: None,
            dump: None,
            dump_reason: None,
        };
        let told = std::mem::take(&mut self.told);
        Some(Ended { exchange, was_held, policy: self.policy, told, late })
    }
}
