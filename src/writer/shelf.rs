use std::mem::take;

use super::notice::{Cause, Expired, Gap, Lines, Notice, Notices};

/// Which lines of this process are in which file: those of a file that goes are told.
#[derive(Debug)]
pub(super) struct Shelf {
    current: Content,
    /// In `.1`, `.2` and so on.
    backups: Vec<Content>,
    news: Vec<Notice>,
    untold: Vec<Notice>,
}

/// What this process has in a file.
#[derive(Debug, Default)]
struct Content {
    lines: Option<Lines>,
    /// What some of the lines tell: to be told again where someone else deletes them.
    told: Notices,
}

impl Shelf {
    pub(super) fn new(backups: usize) -> Self {
        let backups = (0..backups).map(|_| Content::default()).collect();
        Self { current: Content::default(), backups, news: Vec::new(), untold: Vec::new() }
    }

    /// Lines were written, and what some of them tell.
    pub(super) fn add(&mut self, lines: Lines, told: impl Iterator<Item = Notice>) {
        self.current.lines = Lines::sum(self.current.lines, Some(lines));
        told.for_each(|notice| self.current.told.add(notice));
    }

    /// The current file became `.1`, or, where none are kept, is no more.
    pub(super) fn put_away(&mut self, bytes: u64) {
        let content = take(&mut self.current);
        match self.backups.first_mut() {
            Some(first) => *first = content,
            None => self.expire(content, bytes),
        }
    }

    /// A backup took the place of the one behind it.
    pub(super) fn moved_up(&mut self, number: usize) {
        let content = self.remove(number);
        if let Some(place) = self.backups.get_mut(number) {
            *place = content;
        }
    }

    /// A backup was deleted to make room.
    pub(super) fn expired(&mut self, number: usize, bytes: u64) {
        let content = self.remove(number);
        self.expire(content, bytes);
    }

    /// Someone else took a backup away.
    pub(super) fn take(&mut self, number: usize) {
        self.remove(number);
    }

    /// The files are where nobody looks for them.
    pub(super) fn forget(&mut self) {
        self.current = Content::default();
        self.backups.fill_with(Content::default);
    }

    /// Another process rotated and the current file is this backup now, or someone else took it away.
    pub(super) fn moved_by_others(&mut self, backup: Option<usize>) {
        let Some(rotations) = backup else {
            self.current = Content::default();
            return;
        };
        for _ in 0..rotations {
            for backup in (1..=self.backups.len()).rev() {
                if backup == self.backups.len()
                    && self.backups.last().is_some_and(|last| last.lines.is_some())
                {
                    self.expired(backup, 0);
                }
                self.moved_up(backup);
            }
            self.put_away(0);
        }
    }

    /// The current file was deleted or cut by someone else.
    pub(super) fn lose_current(&mut self, cause: Cause) {
        let content = take(&mut self.current);
        self.lose(content, cause);
    }

    /// The directory was deleted, with all that was in it.
    pub(super) fn lose_all(&mut self) {
        let mut all = take(&mut self.current);
        for backup in &mut self.backups {
            let Content { lines, mut told } = take(backup);
            all.lines = Lines::sum(all.lines, lines);
            told.take().for_each(|notice| all.told.add(notice));
        }
        self.lose(all, Cause::Deleted);
    }

    /// What became of files since this was last asked.
    pub(super) fn news(&mut self) -> Vec<Notice> {
        take(&mut self.news)
    }

    /// What was told in lines that were lost since this was last asked.
    pub(super) fn untold(&mut self) -> Vec<Notice> {
        take(&mut self.untold)
    }

    fn remove(&mut self, number: usize) -> Content {
        number.checked_sub(1).and_then(|place| self.backups.get_mut(place)).map(take).unwrap_or_default()
    }

    fn lose(&mut self, content: Content, cause: Cause) {
        let Content { lines, mut told } = content;
        if let Some(Lines { count, from, to }) = lines {
            self.news.push(Notice::Gap(Gap { lost: count, cause, from, to }));
        }
        self.untold.extend(told.take());
    }

    /// What the lines told was about lines before them, which went before.
    fn expire(&mut self, Content { lines, .. }: Content, bytes: u64) {
        if lines.is_some() || bytes > 0 {
            self.news.push(Notice::Expired(Expired { lines, bytes }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EARLIER: Gap = Gap { lost: 3, cause: Cause::Overload, from: 1, to: 3 };

    /// Lines 4 to 6, of which one tells of three that were lost before.
    fn shelf() -> Shelf {
        let mut shelf = Shelf::new(2);
        shelf.add(Lines { count: 3, from: 4, to: 6 }, [Notice::Gap(EARLIER)].into_iter());
        shelf
    }

    fn deleted(lost: u64, from: u64, to: u64) -> Notice {
        Notice::Gap(Gap { lost, cause: Cause::Deleted, from, to })
    }

    #[test]
    fn what_a_deleted_file_told_is_told_again() {
        let mut shelf = shelf();
        shelf.lose_current(Cause::Deleted);
        assert_eq!(shelf.news(), [deleted(3, 4, 6)]);
        assert_eq!(shelf.untold(), [Notice::Gap(EARLIER)]);
        shelf.lose_current(Cause::Deleted);
        assert!(shelf.news().is_empty() && shelf.untold().is_empty());
    }

    #[test]
    fn what_the_files_of_a_deleted_directory_told_is_told_again() {
        let mut shelf = shelf();
        shelf.put_away(0);
        shelf.add(Lines::one(7), [deleted(1, 2, 2)].into_iter());
        shelf.lose_all();
        assert_eq!(shelf.news(), [deleted(4, 4, 7)]);
        assert_eq!(shelf.untold(), [deleted(1, 2, 2), Notice::Gap(EARLIER)]);
    }

    #[test]
    fn what_is_told_of_the_lines_that_expired_goes_with_them() {
        let mut shelf = shelf();
        shelf.put_away(0);
        shelf.expired(1, 100);
        let lines = Some(Lines { count: 3, from: 4, to: 6 });
        assert_eq!(shelf.news(), [Notice::Expired(Expired { lines, bytes: 100 })]);
        assert!(shelf.untold().is_empty());
    }
}
