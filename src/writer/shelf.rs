use super::notice::{Cause, Expired, Gap, Lines, Notice};

/// Which lines of this process are in which file: those of a file that goes are told.
#[derive(Debug)]
pub(super) struct Shelf {
    current: Option<Lines>,
    /// In `.1`, `.2` and so on.
    backups: Vec<Option<Lines>>,
    news: Vec<Notice>,
}

impl Shelf {
    pub(super) fn new(backups: usize) -> Self {
        Self { current: None, backups: vec![None; backups], news: Vec::new() }
    }

    /// Lines were written.
    pub(super) fn add(&mut self, lines: Lines) {
        self.current = Lines::sum(self.current, Some(lines));
    }

    /// The current file became `.1`, or, where none are kept, is no more.
    pub(super) fn put_away(&mut self, bytes: u64) {
        let lines = self.current.take();
        match self.backups.first_mut() {
            Some(first) => *first = lines,
            None => self.expire(lines, bytes),
        }
    }

    /// A backup took the place of the one behind it.
    pub(super) fn moved_up(&mut self, number: usize) {
        let lines = self.take(number);
        if let Some(place) = self.backups.get_mut(number) {
            *place = lines;
        }
    }

    /// A backup was deleted to make room.
    pub(super) fn expired(&mut self, number: usize, bytes: u64) {
        let lines = self.take(number);
        self.expire(lines, bytes);
    }

    /// Someone else took a backup away.
    pub(super) fn take(&mut self, number: usize) -> Option<Lines> {
        self.backups.get_mut(number.checked_sub(1)?)?.take()
    }

    /// The files are where nobody looks for them.
    pub(super) fn forget(&mut self) {
        self.current = None;
        self.backups.fill(None);
    }

    /// Another process rotated and the current file is this backup now, or someone else took it away.
    pub(super) fn moved_by_others(&mut self, backup: Option<usize>) {
        let Some(rotations) = backup else {
            self.current = None;
            return;
        };
        for _ in 0..rotations {
            for backup in (1..=self.backups.len()).rev() {
                if backup == self.backups.len() && self.backups.last().is_some_and(Option::is_some) {
                    self.expired(backup, 0);
                }
                self.moved_up(backup);
            }
            self.put_away(0);
        }
    }

    /// The current file was deleted or cut by someone else.
    pub(super) fn lose_current(&mut self, cause: Cause) {
        let lines = self.current.take();
        self.lose(lines, cause);
    }

    /// The directory was deleted, with all that was in it.
    pub(super) fn lose_all(&mut self) {
        let backups = self.backups.iter_mut().filter_map(Option::take).reduce(Lines::and);
        let lines = Lines::sum(self.current.take(), backups);
        self.lose(lines, Cause::Deleted);
    }

    /// What became of files since this was last asked.
    pub(super) fn news(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.news)
    }

    fn lose(&mut self, lines: Option<Lines>, cause: Cause) {
        if let Some(Lines { count, from, to }) = lines {
            self.news.push(Notice::Gap(Gap { lost: count, cause, from, to }));
        }
    }

    fn expire(&mut self, lines: Option<Lines>, bytes: u64) {
        if lines.is_some() || bytes > 0 {
            self.news.push(Notice::Expired(Expired { lines, bytes }));
        }
    }
}
