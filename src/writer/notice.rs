use std::{fmt, io};

/// What a file has to tell about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Lines were lost.
    Gap(Gap),
    /// Lines went with the oldest backup.
    Expired(Expired),
}

/// Lines that are not in any file, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    pub lost: u64,
    pub cause: Cause,
    /// The first number that was lost.
    pub from: u64,
    /// The last. Lines between the two may well be there.
    pub to: u64,
}

/// What rotation deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expired {
    /// The lines of this process in it.
    pub lines: Option<Lines>,
    pub bytes: u64,
}

/// Some lines of this process in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lines {
    pub count: u64,
    pub from: u64,
    pub to: u64,
}

impl Lines {
    pub(super) fn one(seq: u64) -> Self {
        Self { count: 1, from: seq, to: seq }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self { count: self.count + other.count, from: self.from.min(other.from), to: self.to.max(other.to) }
    }

    /// The same of what may be none.
    pub(super) fn sum(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.and(other)),
            (one, other) => one.or(other),
        }
    }
}

/// Why lines were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// They came faster than they could be written.
    Overload,
    /// Someone else deleted the file.
    Deleted,
    /// Someone else cut the file.
    Truncated,
    /// What stands in the file's place is not ours to write to.
    Refused,
    /// The system said no, with this number.
    Errno(i32),
}

/// The usual numbers by name; rustix knows them for every system.
const NAMES: [(rustix::io::Errno, &str); 14] = [
    (rustix::io::Errno::NOSPC, "ENOSPC"),
    (rustix::io::Errno::DQUOT, "EDQUOT"),
    (rustix::io::Errno::FBIG, "EFBIG"),
    (rustix::io::Errno::IO, "EIO"),
    (rustix::io::Errno::ROFS, "EROFS"),
    (rustix::io::Errno::ACCESS, "EACCES"),
    (rustix::io::Errno::PERM, "EPERM"),
    (rustix::io::Errno::MFILE, "EMFILE"),
    (rustix::io::Errno::NFILE, "ENFILE"),
    (rustix::io::Errno::NOENT, "ENOENT"),
    (rustix::io::Errno::NOTDIR, "ENOTDIR"),
    (rustix::io::Errno::ISDIR, "EISDIR"),
    (rustix::io::Errno::LOOP, "ELOOP"),
    (rustix::io::Errno::STALE, "ESTALE"),
];

impl Cause {
    pub(super) fn of(error: &io::Error) -> Self {
        error.raw_os_error().map_or(Self::Refused, Self::Errno)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overload => f.write_str("overload"),
            Self::Deleted => f.write_str("deleted"),
            Self::Truncated => f.write_str("truncated"),
            Self::Refused => f.write_str("refused"),
            Self::Errno(number) => {
                let known = NAMES.iter().find(|(errno, _)| errno.raw_os_error() == *number);
                match known {
                    Some((_, name)) => f.write_str(name),
                    None => write!(f, "errno {number}"),
                }
            }
        }
    }
}

/// What is still to be told: few, however much there is of it.
#[derive(Debug, Default)]
pub(super) struct Notices {
    gaps: Vec<Gap>,
    expired: Option<Expired>,
}

impl Notices {
    pub(super) fn add(&mut self, notice: Notice) {
        match notice {
            Notice::Gap(gap) => self.lost(Lines { count: gap.lost, from: gap.from, to: gap.to }, gap.cause),
            Notice::Expired(more) => {
                let Expired { lines, bytes } = self.expired.unwrap_or(Expired { lines: None, bytes: 0 });
                let lines = Lines::sum(lines, more.lines);
                self.expired = Some(Expired { lines, bytes: bytes.saturating_add(more.bytes) });
            }
        }
    }

    /// Lines were lost.
    pub(super) fn lost(&mut self, lines: Lines, cause: Cause) {
        let known = self.gaps.iter_mut().find(|gap| gap.cause == cause);
        let sum = match &known {
            Some(gap) => lines.and(Lines { count: gap.lost, from: gap.from, to: gap.to }),
            None => lines,
        };
        let sum = Gap { lost: sum.count, cause, from: sum.from, to: sum.to };
        match known {
            Some(gap) => *gap = sum,
            None => self.gaps.push(sum),
        }
    }

    /// True where lines were lost. What expired can wait until there is something else to write: telling it takes
    /// room, and with small files makes something else expire.
    pub(super) fn is_urgent(&self) -> bool {
        !self.gaps.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.gaps.is_empty() && self.expired.is_none()
    }

    /// Gives them to be told.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Notice> + use<> {
        let gaps = std::mem::take(&mut self.gaps).into_iter().map(Notice::Gap);
        gaps.chain(self.expired.take().map(Notice::Expired))
    }
}
