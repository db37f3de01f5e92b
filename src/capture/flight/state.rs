//! What is known of an exchange while it lasts, under its lock.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{spare, telling::DumpRequest};
use crate::{
    capture::{
        answer::{Answer, Late},
        beginning::Beginning,
        left::Left,
        tap::Tap,
    },
    config::RoutePolicy,
    exchange::{ErrorReport, Exchange, Outcome, Started},
};

pub(super) struct State {
    pub(super) beginning: Beginning,
    pub(super) request: Tap,
    pub(super) answer: Option<Box<Answer>>,
    pub(super) policy: RoutePolicy,
    /// A box: of hardly any exchange something is told, and all of them would carry the room for it along.
    pub(super) told: Option<Box<Told>>,
    /// The clock will tell sinks of it.
    pub(super) expected: bool,
    pub(super) finished: bool,
}

/// What was told of it, and asked for.
#[derive(Default)]
pub(super) struct Told {
    pub(super) reported: Option<ErrorReport>,
    /// What the response has of it in its extensions.
    pub(super) left: Option<Left>,
    /// The last ERROR the application logged.
    pub(super) logged: Option<ErrorReport>,
    /// The dump that was asked for.
    pub(super) asked: Option<DumpRequest>,
}

/// An exchange that ended, and what else goes into its record.
pub(super) struct Ended {
    pub(super) exchange: Exchange,
    pub(super) policy: RoutePolicy,
    pub(super) told: Option<Box<Told>>,
    pub(super) late: Late,
}

impl State {
    #[inline]
    pub(super) fn new(beginning: Beginning, request: Tap, policy: RoutePolicy) -> Self {
        let (told, expected, finished) = (None, false, false);
        Self { beginning, request, answer: None, policy, told, expected, finished }
    }

    /// What is told, where something is to be told.
    pub(super) fn told(&mut self) -> &mut Told {
        self.told.get_or_insert_default()
    }

    /// Ends it, once: gives how it began, and whether sinks have yet to be told of that.
    #[inline]
    pub(super) fn end(&mut self, duration: Duration) -> Option<(Arc<Started>, bool)> {
        if std::mem::replace(&mut self.finished, true) {
            return None;
        }
        let was_held = self.beginning.is_held();
        Some((self.beginning.end(&mut self.request, || duration)?, was_held))
    }

    /// Its record: what is there is moved to where it is told from.
    #[inline]
    pub(super) fn record(&mut self, began: Arc<Started>, outcome: Outcome, duration: Duration) -> Ended {
        let (mut ttfb, mut response, mut late) = (None, None, Late::default());
        if let Some(mut answer) = self.answer.take() {
            ttfb = Some(answer.ttfb);
            late = std::mem::take(&mut answer.late);
            response = Some(answer.take(matches!(outcome, Outcome::Complete | Outcome::Upgraded)));
            spare::give_back(answer);
        }
        // Made where it goes: it is large.
        Ended {
            exchange: Exchange {
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
            },
            policy: self.policy,
            told: self.told.take(),
            late,
        }
    }
}
