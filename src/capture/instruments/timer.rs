use std::{
    borrow::Cow,
    fmt,
    panic::Location,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tracing::Level;

use super::{
    super::{Current, given_up::Standing, report},
    kept::StepId,
    recipient::{Recipient, Told},
    title,
};
use crate::exchange::{EventKind, Field, Redacted, Step, StepKind, Value, millis_of};

/// Checkpoints of one timer.
const MOST_CHECKPOINTS: usize = 64;
/// Entries tell of timers from here on.
const VERBOSITY: u8 = 2;

impl Current {
    /// Measures how long something takes, until the timer is dropped or [finished](Timer::finish).
    ///
    /// ```
    /// use tower_flightlog::current;
    ///
    /// async fn generate() -> &'static str {
    ///     let timer = current().timer("generate");
    ///     // .. load the model ..
    ///     let elapsed = timer.checkpoint("model_loaded");
    ///     // .. use it: the timer ends with its block ..
    ///     "done"
    /// }
    /// ```
    #[track_caller]
    pub fn timer(&self, name: impl Into<Cow<'static, str>>) -> Timer {
        Timer::begin(self, name.into(), Location::caller(), Instant::now())
    }
}

/// Something that is being timed, until this is dropped or finished.
///
/// It becomes part of the waterfall in the dump of its exchange, `timing.steps`, and from verbosity 2 on of the response
/// entry, `timers`. At verbosity 2, or where a [`log_level`](Self::log_level) is asked for, its end is an entry too, a
/// `custom_event` `timer`: `generate completed in 123.45 ms`, with its checkpoints. One that is dropped by a panic, or because
/// the client left, is unfinished: `generate was dropped after 123.45 ms`. One that goes on when its exchange ends is
/// told as unfinished, and its entry, when it comes, says [`after_response`](crate::Event::after_response); outside an
/// exchange there is just the entry.
///
/// Of one timer 64 checkpoints are kept, and of one exchange 256 steps; those beyond are counted in
/// [`instruments_dropped`](crate::Exchange::instruments_dropped).
///
/// ```
/// use tower_flightlog::current;
/// use tracing::Level;
///
/// fn sort(articles: &mut [u32]) {
///     let _timer = current().timer("sort").log_level(Level::INFO);
///     articles.sort();
/// }
/// ```
#[must_use = "what is timed ends when this is dropped; bind it to a name, such as `_timer`"]
pub struct Timer {
    started: Instant,
    running: Option<Box<Running>>,
}

/// One that somebody will be told of.
struct Running {
    to: Recipient,
    name: Redacted,
    location: &'static Location<'static>,
    log_level: Option<Level>,
    step: Option<StepId>,
    checkpoints: Mutex<Vec<(Cow<'static, str>, Duration)>>,
    /// None where it is unfinished whenever it is dropped; else it is if it is given up since.
    began: Option<Standing>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Ending {
    Completed,
    Stopped,
}

impl Timer {
    pub(super) fn begin(
        current: &Current,
        name: Cow<'static, str>,
        location: &'static Location<'static>,
        now: Instant,
    ) -> Self {
        let running = Recipient::of(current).map(|to| Box::new(Running::new(to, name, location, now)));
        Self { started: now, running }
    }

    /// Tells its end as an entry of this level, whatever the verbosity.
    pub fn log_level(mut self, level: Level) -> Self {
        self.running.iter_mut().for_each(|running| running.log_level = Some(level));
        self
    }

    /// Something is done; gives the time since the timer began.
    ///
    /// ```
    /// let timer = tower_flightlog::current().timer("import");
    /// let elapsed = timer.checkpoint("read");
    /// assert!(timer.checkpoint("sorted") >= elapsed);
    /// ```
    pub fn checkpoint(&self, name: impl Into<Cow<'static, str>>) -> Duration {
        self.checkpoint_at(name.into(), Instant::now())
    }

    /// Ends it; gives the time since it began.
    ///
    /// ```
    /// let elapsed = tower_flightlog::current().timer("nothing").finish();
    /// assert!(elapsed.as_secs() < 60);
    /// ```
    pub fn finish(mut self) -> Duration {
        self.end(Ending::Completed, Instant::now())
    }

    pub(super) fn checkpoint_at(&self, name: Cow<'static, str>, now: Instant) -> Duration {
        let elapsed = now.saturating_duration_since(self.started);
        if let Some(running) = &self.running {
            running.checkpoint(name, self.started, elapsed);
        }
        elapsed
    }

    /// Should it be dropped, it did not come to its end.
    pub(super) fn stopped_by_drop(mut self) -> Self {
        self.running.iter_mut().for_each(|running| running.began = None);
        self
    }

    pub(super) fn end(&mut self, ending: Ending, now: Instant) -> Duration {
        let elapsed = now.saturating_duration_since(self.started);
        if let Some(running) = self.running.take() {
            running.end(ending, elapsed);
        }
        elapsed
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let Some(began) = self.running.as_ref().map(|running| running.began) else { return };
        let is_stopped = began.is_none_or(Standing::was_given_up);
        self.end(if is_stopped { Ending::Stopped } else { Ending::Completed }, Instant::now());
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.running.as_ref().map(|running| &running.name);
        f.debug_struct("Timer").field("name", &name).field("started", &self.started).finish_non_exhaustive()
    }
}

impl Running {
    fn new(
        to: Recipient,
        name: Cow<'static, str>,
        location: &'static Location<'static>,
        now: Instant,
    ) -> Self {
        let name = title(&name, to.scrub());
        let step = to.flight().and_then(|flight| {
            let start = now.saturating_duration_since(flight.arrived());
            flight.instruments().begin(&name, StepKind::Timer, start, &to.recorder().budget)
        });
        let checkpoints = Mutex::default();
        Self { to, name, location, log_level: None, step, checkpoints, began: Some(Standing::now()) }
    }

    fn checkpoint(&self, name: Cow<'static, str>, started: Instant, elapsed: Duration) {
        let title = title(&name, self.to.scrub());
        // One that was put together at run time is told as it was redacted.
        let name = if let Cow::Owned(_) = name { title.to_string().into() } else { name };
        let mut checkpoints = self.checkpoints();
        let before = checkpoints.last().map_or(Duration::ZERO, |(_, at)| *at);
        let is_kept = checkpoints.len() < MOST_CHECKPOINTS;
        if is_kept {
            checkpoints.push((name, elapsed));
        }
        drop(checkpoints);
        let Some(flight) = self.to.flight() else { return };
        if !is_kept {
            return flight.instruments().drop_one();
        }
        let began = started.saturating_duration_since(flight.arrived());
        let (start, length) = (began + before, elapsed.saturating_sub(before));
        let mut step = Step::new(title, StepKind::Checkpoint, start, length);
        step.timer = Some(self.name.clone());
        flight.instruments().step(step, &self.to.recorder().budget);
    }

    fn end(self, ending: Ending, elapsed: Duration) {
        if let Some((flight, step)) = self.to.flight().zip(self.step) {
            flight.instruments().end(step, elapsed, ending == Ending::Stopped);
        }
        let is_told = self.to.verbosity() >= VERBOSITY;
        let Some(level) = self.log_level.or(is_told.then_some(Level::DEBUG)) else { return };
        let how = if ending == Ending::Completed { "completed in" } else { "was dropped after" };
        let message = format!("{} {how} {:.2} ms", self.name, elapsed.as_secs_f64() * 1000.0);
        let mut fields = vec![
            field("name", Value::Text(self.name.clone())),
            field("duration_ms", Value::Float(millis_of(elapsed))),
        ];
        if ending == Ending::Stopped {
            fields.push(field("unfinished", Value::Bool(true)));
        }
        let checkpoints = self.checkpoints();
        if !checkpoints.is_empty() {
            let reached = |(name, at): &(Cow<'static, str>, Duration)| Field {
                name: name.clone(),
                value: Value::Float(millis_of(*at)),
            };
            fields.push(field("checkpoints", Value::Object(checkpoints.iter().map(reached).collect())));
        }
        drop(checkpoints);
        // Its exchange has it as a step.
        self.to.tell_sinks(Told {
            kind: EventKind::Custom("timer".into()),
            level,
            message: report::shown(&message, self.to.scrub()),
            module: "".into(),
            location: self.location,
            error_chain: Vec::new(),
            fields,
        });
    }

    fn checkpoints(&self) -> MutexGuard<'_, Vec<(Cow<'static, str>, Duration)>> {
        self.checkpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn field(name: &'static str, value: Value) -> Field {
    Field { name: name.into(), value }
}
