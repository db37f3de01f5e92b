//! The console: records on stdout, for people or for machines.

mod paint;
mod pretty;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    exchange::{Event, Exchange, Started, Timestamp},
    export::{Sheet, View, Watch, append_line, entry},
    sink::{Counters, Sink},
};

/// How the console speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// One aligned line per exchange and per event, and below it what went wrong.
    Pretty {
        /// Whether to colour it: decided by who knows the terminal and NO_COLOR.
        colours: bool,
    },
    /// The entries of the log files, with numbers of their own.
    Json,
}

/// Prints records. What cannot be written is counted and forgotten: a full or closed stdout is no request's trouble.
pub(crate) struct Console {
    style: Style,
    view: Watch,
    counters: Arc<Counters>,
    out: Mutex<Out>,
    /// To be told with the next entry: who has it to tell must not wait for stdout.
    suppressed: Mutex<Vec<entry::Suppressed>>,
}

/// Notes that wait; what comes beyond is added to the last.
const WAITING: usize = 16;

impl Console {
    /// Prints to `out`, usually stdout, what `view` says at the time.
    pub(crate) fn new(
        style: Style,
        view: Watch,
        counters: Arc<Counters>,
        out: impl Write + Send + 'static,
    ) -> Self {
        let out = Out { to: Box::new(out), seq: 0, gap: None, torn: false, batch: Vec::new(), lines: 0 };
        Self { style, view, counters, out: Mutex::new(out), suppressed: Mutex::default() }
    }

    /// Prints what the recorder tells about itself.
    pub(crate) fn note(&self, note: &entry::Note<'_>) {
        let at = Timestamp::now();
        self.print(|out, view| self.add_note(out, view, at, note));
    }

    /// Prints with the next entry, or the next flush, that exchanges got no dump.
    pub(crate) fn note_suppressed(&self, more: &entry::Suppressed) {
        let mut waiting = self.suppressed.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING {
            waiting.push(more.clone());
        } else if let Some(last) = waiting.last_mut() {
            last.n += more.n;
        }
    }

    /// Writes in one go what `add` adds.
    fn print(&self, add: impl FnOnce(&mut Out, &View)) {
        let view = (self.view)();
        let mut out = self.out();
        out.begin();
        if let Some(gap) = out.gap {
            self.add_note(&mut out, &view, Timestamp::now(), &gap.note());
        }
        let suppressed = std::mem::take(&mut *self.suppressed.lock().unwrap_or_else(PoisonError::into_inner));
        for suppressed in &suppressed {
            self.add_note(&mut out, &view, Timestamp::now(), &entry::Note::DumpsSuppressed(suppressed));
        }
        add(&mut out, &view);
        match out.send() {
            Ok(()) => out.gap = None,
            Err(lost) => {
                self.counters.console_errors.add(lost);
                out.lose(lost, "stdout");
            }
        }
    }

    fn out(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add_note(&self, out: &mut Out, view: &View, at: Timestamp, note: &entry::Note<'_>) {
        match self.style {
            Style::Pretty { colours } => out.line(|text| pretty::note(text, colours, at, note)),
            Style::Json => out.entry(|text| entry::recorder(text, view, at, note)),
        }
    }
}

impl Sink for Console {
    fn started(&self, started: &Arc<Started>) {
        if self.style == Style::Json {
            self.print(|out, view| {
                if !view.combined {
                    out.entry(|text| entry::request(text, view, started));
                }
            });
        }
    }

    fn finished(&self, exchange: &Arc<Exchange>) {
        self.print(|out, view| match self.style {
            Style::Pretty { colours } => out.line(|text| pretty::exchange(text, colours, view, exchange)),
            Style::Json => {
                for kind in entry::entries_of(exchange) {
                    out.entry(|text| entry::finished(text, view, exchange, kind));
                }
            }
        });
    }

    fn event(&self, event: &Arc<Event>) {
        self.print(|out, view| match self.style {
            Style::Pretty { colours } => out.line(|text| pretty::event(text, colours, event)),
            Style::Json => out.entry(|text| entry::log(text, view, event)),
        });
    }

    fn lost(&self, records: u64) {
        {
            let mut out = self.out();
            out.seq += records;
            out.lose(records, "overload");
        }
        self.print(|_, _| {});
    }

    fn flush(&self) {
        self.print(|_, _| {});
        let _ = self.out().to.flush();
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("style", &self.style).finish_non_exhaustive()
    }
}

/// Entries that did not reach the stream and were not told of yet.
#[derive(Clone, Copy)]
struct Gap {
    lost: u64,
    cause: &'static str,
    from: u64,
    to: u64,
}

impl Gap {
    fn note(&self) -> entry::Note<'static> {
        let Self { lost, cause, from, to } = *self;
        entry::Note::Gap { lost, cause, from_seq: from, to_seq: to }
    }
}

/// The stream, and the text on its way there.
struct Out {
    to: Box<dyn Write + Send>,
    /// The number of the last entry.
    seq: u64,
    gap: Option<Gap>,
    /// True where the stream ends in a piece of a line.
    torn: bool,
    batch: Vec<u8>,
    lines: u64,
}

/// What the batch may keep of its memory between two lines.
const KEPT: usize = 64 * 1024;

impl Out {
    fn begin(&mut self) {
        self.lines = 0;
        self.batch.clear();
        self.batch.shrink_to(KEPT);
        if self.torn {
            self.batch.push(b'\n');
        }
    }

    /// Adds a line for people.
    fn line(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.batch);
        self.lines += 1;
    }

    /// Adds an entry.
    fn entry(&mut self, write: impl Fn(&mut Sheet<'_>) -> entry::Draft) {
        self.seq += 1;
        append_line(&mut self.batch, write).number(&mut self.batch, self.seq);
        self.lines += 1;
    }

    /// The newest entries are lost.
    fn lose(&mut self, lost: u64, cause: &'static str) {
        let (from, to) = ((self.seq + 1).saturating_sub(lost), self.seq);
        self.gap = Some(match self.gap {
            Some(gap) => Gap { lost: gap.lost + lost, to, ..gap },
            None => Gap { lost, cause, from, to },
        });
    }

    /// Writes the batch. Gives the number of lines that did not make it as a whole.
    fn send(&mut self) -> Result<(), u64> {
        if self.lines == 0 {
            return Ok(());
        }
        let mut rest = self.batch.as_slice();
        while !rest.is_empty() {
            match self.to.write(rest) {
                Ok(written) if written > 0 => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => break,
            }
        }
        let written = self.batch.len() - rest.len();
        if let Some(last) = written.checked_sub(1).and_then(|last| self.batch.get(last)) {
            self.torn = *last != b'\n';
        }
        match rest.iter().filter(|byte| **byte == b'\n').count() as u64 {
            0 => Ok(()),
            lost => Err(lost.min(self.lines)),
        }
    }
}
