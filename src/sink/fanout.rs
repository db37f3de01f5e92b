use std::{
    cell::Cell,
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use super::{BlackBox, Counters, FileStats, Formatter, Gate, Ledger, Sink, outbox::Outbox, outbox::Parcel};
use crate::exchange::{Event, Exchange, RequestId, Started, Timestamp, Trail};

/// All outputs. Whatever one of them does, the others get the record and the request goes on.
pub(crate) struct Fanout {
    /// They run where the record is made.
    inline: Vec<Box<dyn Formatter>>,
    /// Sinks of users: each on a thread of its own.
    queued: Vec<Outbox>,
    black_box: Option<(Arc<dyn BlackBox>, Outbox)>,
    /// The log files, whose formatter runs inline.
    ledger: Option<Arc<dyn Ledger>>,
    counters: Arc<Counters>,
}

/// What a [`Fanout`] is made of.
#[derive(Default)]
pub(crate) struct Outputs {
    pub inline: Vec<Box<dyn Formatter>>,
    /// Each with a gate that lets records through, or always open.
    pub queued: Vec<(Box<dyn Sink>, Option<Gate>)>,
    pub black_box: Option<Arc<dyn BlackBox>>,
    pub ledger: Option<Arc<dyn Ledger>>,
}

impl Fanout {
    pub(crate) fn new(outputs: Outputs, counters: Arc<Counters>) -> Self {
        let Outputs { inline, queued, black_box, ledger } = outputs;
        let outbox = |(sink, gate)| Outbox::new(sink, gate, Arc::clone(&counters));
        Self {
            inline,
            queued: queued.into_iter().map(outbox).collect(),
            black_box: black_box.map(|black_box| {
                (Arc::clone(&black_box), Outbox::looked_after(black_box, Arc::clone(&counters)))
            }),
            ledger,
            counters,
        }
    }

    /// True where someone wants to be told of requests.
    pub(crate) fn hears_started(&self) -> bool {
        !(self.inline.is_empty() && self.queued.is_empty() && self.ledger.is_none())
    }

    /// Tells of a request.
    pub(crate) fn started(&self, started: &Arc<Started>) {
        self.inline(|formatter| formatter.started(started));
        self.queued(|| Parcel::Started(Arc::clone(started)));
    }

    /// Gives the dump of an exchange a name, where it gets one, before anyone is told of it. Only one with a dump has its
    /// trail: in queues it would only take room.
    pub(crate) fn claim(&self, exchange: &mut Exchange, trail: impl FnOnce() -> Option<Trail>) {
        let Some((black_box, outbox)) = &self.black_box else { return };
        let mut is_restless = false;
        contained(&self.counters, || is_restless = black_box.claim(exchange));
        if exchange.dump.is_some() {
            contained(&self.counters, || exchange.trail = trail());
        }
        if is_restless {
            outbox.nudge();
        }
    }

    /// The name of a dump that is asked for before the exchange has ended.
    pub(crate) fn reserve(&self, request_id: RequestId, at: Timestamp) -> Option<String> {
        self.black_box.as_ref()?.0.reserve(request_id, at)
    }

    /// Where a dump is, or will be.
    pub(crate) fn dump_path(&self, name: &str) -> Option<PathBuf> {
        Some(self.black_box.as_ref()?.0.path(name))
    }

    /// True where there are dumps.
    pub(crate) fn has_dumps(&self) -> bool {
        self.black_box.is_some()
    }

    /// Writes the dump of what nobody else is told of.
    pub(crate) fn write_dump(&self, exchange: &mut Exchange) -> io::Result<PathBuf> {
        let Some((black_box, outbox)) = &self.black_box else {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "dumps are off: LOG_DUMPS=false"));
        };
        let written = black_box.write_now(exchange);
        if written.is_err() {
            outbox.nudge();
        }
        written
    }

    /// Dumps calls, of which the others were told before: the request they were sent in failed and has a dump. `more` are
    /// those of which nothing was kept.
    pub(crate) fn dump_calls(&self, calls: Vec<Arc<Exchange>>, more: u64) {
        let Some((black_box, outbox)) = &self.black_box else { return };
        let mut is_restless = false;
        for call in calls {
            let mut call = Arc::unwrap_or_clone(call);
            contained(&self.counters, || is_restless |= black_box.claim_call(&mut call));
            if call.dump.is_some() {
                outbox.send(Parcel::Finished(call.into()));
            }
        }
        if more > 0 {
            contained(&self.counters, || is_restless |= black_box.pass_over(more));
        }
        if is_restless {
            outbox.nudge();
        }
    }

    /// Tells those of an exchange who write it at once. The others are given it to [keep](Self::keep).
    #[inline]
    pub(crate) fn finished(&self, exchange: &Exchange) {
        self.inline(|formatter| formatter.finished(exchange));
    }

    /// True where somebody else is to be told of it.
    #[inline]
    pub(crate) fn keeps(&self, exchange: &Exchange) -> bool {
        (exchange.dump.is_some() && self.has_dumps()) || self.queued.iter().any(Outbox::is_open)
    }

    /// Tells those who keep it.
    pub(crate) fn keep(&self, exchange: &Arc<Exchange>) {
        self.queued(|| Parcel::Finished(Arc::clone(exchange)));
        if let Some((_, outbox)) = self.black_box.as_ref().filter(|_| exchange.dump.is_some()) {
            outbox.send(Parcel::Finished(Arc::clone(exchange)));
        }
    }

    /// Tells of an event.
    pub(crate) fn event(&self, event: &Arc<Event>) {
        self.inline(|formatter| formatter.event(event));
        self.queued(|| Parcel::Event(Arc::clone(event)));
    }

    /// Waits for everyone; gives the number of records that were not delivered in time.
    pub(crate) fn flush(&self, deadline: Instant) -> u64 {
        let undelivered = self.deliver(deadline);
        // The files last: they take what the others have to say.
        undelivered + self.ledger.as_ref().map_or(0, |ledger| ledger.flush_until(deadline))
    }

    /// Waits for everyone but the files; gives the number of records that were not delivered in time.
    pub(crate) fn deliver(&self, deadline: Instant) -> u64 {
        self.outboxes().map(|outbox| outbox.flush(deadline)).sum()
    }

    /// From now on records are delivered by whoever makes them. Waits for the files; gives the number of lines that
    /// are not in them.
    pub(crate) fn close(&self, deadline: Instant) -> u64 {
        self.outboxes().for_each(Outbox::close);
        self.ledger.as_ref().map_or(0, |ledger| ledger.close(deadline))
    }

    /// What the log files count.
    pub(crate) fn file_stats(&self) -> FileStats {
        self.ledger.as_ref().map(|ledger| ledger.stats()).unwrap_or_default()
    }

    /// The black box first: what it has to say of a dump goes to the others.
    fn outboxes(&self) -> impl Iterator<Item = &Outbox> {
        self.black_box.iter().map(|(_, outbox)| outbox).chain(&self.queued)
    }

    fn inline(&self, tell: impl Fn(&dyn Formatter)) {
        if let Some(ledger) = &self.ledger {
            contained(&self.counters, || tell(&**ledger));
        }
        for formatter in &self.inline {
            contained(&self.counters, || tell(&**formatter));
        }
    }

    fn queued(&self, parcel: impl Fn() -> Parcel) {
        for outbox in &self.queued {
            outbox.send(parcel());
        }
    }
}

impl fmt::Debug for Fanout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fanout")
            .field("inline", &self.inline.len())
            .field("queued", &self.queued.len())
            .finish_non_exhaustive()
    }
}

thread_local!(static DELIVERING: Cell<bool> = const { Cell::new(false) });

/// True while a sink of ours or of a user runs on this thread: what it tells is not for the sinks again.
#[inline]
pub(crate) fn is_delivering() -> bool {
    DELIVERING.try_with(Cell::get).unwrap_or(true)
}

/// Runs what must not touch a request: a panic in it is counted, and ends there.
pub(super) fn contained(counters: &Counters, run: impl FnOnce()) {
    let before = DELIVERING.try_with(|delivering| delivering.replace(true)).unwrap_or(true);
    if catch_unwind(AssertUnwindSafe(run)).is_err() {
        counters.sink_panics.add(1);
    }
    let _ = DELIVERING.try_with(|delivering| delivering.set(before));
}
