use std::time::Duration;

use crate::{
    exchange::{LlmUsage, Scrub},
    llm::Reader,
};

/// Events that wait to be taken, and bytes in them.
const WAITING: usize = 1024;
const WAITING_BYTES: usize = 1 << 20;

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamEvent {
    /// From 1.
    pub number: u64,
    /// When the last of its data came.
    pub at: Duration,
    /// Its name, cut after 64 bytes; empty where it has none.
    pub name: Vec<u8>,
    /// Its data, or their head.
    pub data: Vec<u8>,
    /// How long its data are.
    pub length: u64,
}

/// Hears the events of a stream: counts them, and tells their data on.
pub(super) struct Heard {
    /// When the frame passes that is looked at.
    pub(super) now: Duration,
    pub(super) count: u64,
    pub(super) first: Option<Duration>,
    pub(super) largest_gap: Option<Duration>,
    last: Duration,
    /// When the last of the present event's data came.
    touched: Duration,
    reader: Option<Box<Reader>>,
    kept: Option<Box<Kept>>,
}

struct Kept {
    limit: usize,
    /// True where space around data is none of them.
    trims: bool,
    data: Vec<u8>,
    length: u64,
    waiting: Vec<StreamEvent>,
    waiting_bytes: usize,
    missed: u64,
}

impl Heard {
    pub(super) fn new(reader: Option<Box<Reader>>, limit: Option<usize>, trims: bool) -> Self {
        let kept = limit.map(|limit| {
            let (data, waiting) = (Vec::new(), Vec::new());
            Box::new(Kept { limit, trims, data, length: 0, waiting, waiting_bytes: 0, missed: 0 })
        });
        Self {
            now: Duration::ZERO,
            count: 0,
            first: None,
            largest_gap: None,
            last: Duration::ZERO,
            touched: Duration::ZERO,
            reader,
            kept,
        }
    }

    /// A piece of the present event's data, or of the one document there is.
    #[inline]
    pub(super) fn data(&mut self, piece: &[u8]) {
        self.touched = self.now;
        if self.reader.is_some() {
            self.read(piece);
        }
        if let Some(kept) = &mut self.kept {
            kept.length += piece.len() as u64;
            let room = kept.limit.saturating_sub(kept.data.len());
            kept.data.extend_from_slice(piece.get(..room).unwrap_or(piece));
        }
    }

    pub(super) fn read(&mut self, piece: &[u8]) {
        if let Some(reader) = &mut self.reader {
            reader.read(piece, self.now);
        }
    }

    /// True where events need not be kept, so that one can be taken as a whole.
    #[inline]
    pub(super) fn takes_whole(&self) -> bool {
        self.kept.is_none()
    }

    /// An event passed as a whole, with these data, where [that is enough](Self::takes_whole).
    #[inline]
    pub(super) fn passed(&mut self, data: &[u8]) {
        self.touched = self.now;
        if let Some(reader) = &mut self.reader {
            reader.read_whole(data, self.now);
        }
        self.count_one();
    }

    /// The present event is whole.
    pub(super) fn event(&mut self, name: &[u8]) {
        self.count_one();
        if let Some(kept) = &mut self.kept {
            kept.event(self.count, self.touched, name);
        }
    }

    #[inline(always)]
    fn count_one(&mut self) {
        let at = self.touched;
        if self.count == 0 {
            self.first = Some(at);
        } else {
            let gap = at.saturating_sub(self.last);
            if self.count == 1 || self.largest_gap < Some(gap) {
                self.largest_gap = Some(gap);
            }
        }
        self.count += 1;
        self.last = at;
        if self.reader.as_mut().is_some_and(|reader| !reader.next()) {
            self.reader = None;
        }
    }

    #[inline]
    pub(super) fn has_waiting(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| !kept.waiting.is_empty())
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = StreamEvent> + '_ {
        self.kept.iter_mut().flat_map(|kept| {
            kept.waiting_bytes = 0;
            kept.waiting.drain(..)
        })
    }

    pub(super) fn missed(&self) -> u64 {
        self.kept.as_ref().map_or(0, |kept| kept.missed)
    }

    pub(super) fn usage(&self, scrub: &dyn Scrub) -> Option<LlmUsage> {
        self.reader.as_ref()?.finish(scrub)
    }
}

impl Kept {
    fn event(&mut self, number: u64, at: Duration, name: &[u8]) {
        let mut length = std::mem::take(&mut self.length);
        if length == self.data.len() as u64 && self.trims {
            self.data.truncate(self.data.trim_ascii_end().len());
            length = self.data.len() as u64;
        }
        if self.waiting.len() >= WAITING
            || self.waiting_bytes + self.data.len() > WAITING_BYTES.max(self.limit)
        {
            self.missed += 1;
            self.data.clear();
            return;
        }
        self.waiting_bytes += self.data.len();
        let data = std::mem::take(&mut self.data);
        self.waiting.push(StreamEvent { number, at, name: name.into(), data, length });
    }
}
