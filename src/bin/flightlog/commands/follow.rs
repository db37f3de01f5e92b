//! Goes on as a log grows: through rotation, deletion, new beginnings and cuts.

use std::{
    collections::HashMap,
    fs::File,
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{row::Rows, tail::Choice};
use crate::{
    Failure,
    args::Options,
    entry::{Entry, Kind, Parser},
    read::{Forward, LogSet, open_regular, starts_at},
    term::Screen,
};

/// A line is seen this long after it was written, and one that waits for its cause twice as long.
const PAUSE: Duration = Duration::from_millis(40);
/// Looks at a file that lost its name: another process may still write to it.
const LINGER: u32 = 25;
/// Causes kept for responses to come.
const CAUSES: usize = 1000;
/// A directory is looked through for new logs every so many looks.
const RELIST: u32 = 25;

/// Follows until nobody reads on.
pub(crate) fn follow(
    options: &Options,
    set: &LogSet,
    choice: &Choice<'_>,
    screen: &mut Screen<'_>,
    rows: &mut Rows,
) -> Result<(), Failure> {
    let place = options.log_dir();
    let mut state = State { options, choice, causes: HashMap::new(), requests: HashMap::new() };
    let mut followed = Vec::new();
    let mut names: Vec<String> = set.series.iter().map(|series| series.name.clone()).collect();
    if !place.is_file() {
        names.extend(["api", "errors"].map(str::to_owned));
    }
    for name in names {
        add(&mut followed, set, &place, name);
    }
    for look in 0_u32.. {
        if look % RELIST == RELIST - 1 && options.events && !place.is_file() {
            for series in LogSet::open(&place).unwrap_or_default().series {
                add(&mut followed, &LogSet::default(), &place, series.name);
            }
        }
        for log in &mut followed {
            log.look(&mut state, screen, rows)?;
        }
        screen.flush()?;
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// Follows a log of this name from where it was read to. Errors first: they say why responses failed.
fn add(followed: &mut Vec<Followed>, set: &LogSet, place: &Path, name: String) {
    if followed.iter().any(|log| log.name == name) {
        return;
    }
    let path = if place.is_file() { place.to_owned() } else { place.join(format!("{name}.log")) };
    let known = set.named(&name).and_then(|series| series.files.iter().find(|file| file.path == path));
    let current = known.and_then(|file| {
        let offset = line_end(&file.file, file.length);
        Some(Held { file: file.file.try_clone().ok()?, inode: file.inode, offset, looks: 0 })
    });
    let last_at = 0;
    let log = Followed { name, path, current, previous: None, last_at, waited: None };
    if log.name == "errors" { followed.insert(0, log) } else { followed.push(log) }
}

/// Where the last whole line ends: a piece of one is read again when it is whole.
fn line_end(file: &File, length: u64) -> u64 {
    let mut lines = crate::read::Backward::new(file, length);
    match lines.next() {
        Ok(Some(line)) if !line.is_ended => line.at,
        _ => length,
    }
}

struct State<'o> {
    options: &'o Options,
    choice: &'o Choice<'o>,
    causes: HashMap<Vec<u8>, Vec<u8>>,
    requests: HashMap<Vec<u8>, Vec<u8>>,
}

struct Followed {
    name: String,
    path: PathBuf,
    current: Option<Held>,
    /// The one that had the name before.
    previous: Option<Held>,
    /// When the last line was written.
    last_at: u64,
    /// A failure that waits for its cause, by its place.
    waited: Option<u64>,
}

struct Held {
    file: File,
    inode: (u64, u64),
    offset: u64,
    looks: u32,
}

impl Followed {
    fn look(
        &mut self,
        state: &mut State<'_>,
        screen: &mut Screen<'_>,
        rows: &mut Rows,
    ) -> Result<(), Failure> {
        if let Some(mut held) = self.previous.take() {
            self.drain(&mut held, state, screen, rows)?;
            held.looks += 1;
            if held.looks < LINGER {
                self.previous = Some(held);
            }
        }
        if let Some(mut held) = self.current.take() {
            self.drain(&mut held, state, screen, rows)?;
            self.current = Some(held);
        }
        let Ok((file, meta)) = open_regular(&self.path) else { return Ok(()) };
        let inode = (meta.dev(), meta.ino());
        if self.current.as_ref().is_some_and(|held| held.inode == inode) {
            return Ok(());
        }
        let mut next = Held { file, inode, offset: 0, looks: 0 };
        if let Some(mut old) = self.current.take() {
            // What came between the look and the rename, then what was rotated away in the meantime.
            self.drain(&mut old, state, screen, rows)?;
            for mut missed in self.missed(&old, inode) {
                self.drain(&mut missed, state, screen, rows)?;
            }
            self.previous = Some(old);
        }
        self.drain(&mut next, state, screen, rows)?;
        self.current = Some(next);
        Ok(())
    }

    /// Files that had the name since the last look and lost it already, oldest first.
    fn missed(&self, old: &Held, current: (u64, u64)) -> Vec<Held> {
        let mut missed = Vec::new();
        let mut parser = Parser::default();
        for number in 1..256 {
            let mut path = self.path.clone().into_os_string();
            path.push(format!(".{number}"));
            let Ok((file, meta)) = open_regular(Path::new(&path)) else { break };
            let inode = (meta.dev(), meta.ino());
            if inode == old.inode {
                break;
            }
            if inode == current {
                continue;
            }
            // The old one may be gone altogether: what began later than what was read was not read.
            if starts_at(&file, meta.len(), &mut parser).is_none_or(|at| at < self.last_at) {
                break;
            }
            missed.push(Held { file, inode, offset: 0, looks: 0 });
        }
        missed.reverse();
        missed
    }

    /// Shows the whole lines that are new in a file.
    fn drain(
        &mut self,
        held: &mut Held,
        state: &mut State<'_>,
        screen: &mut Screen<'_>,
        rows: &mut Rows,
    ) -> Result<(), Failure> {
        let length = held.file.metadata()?.len();
        if length < held.offset {
            // It was cut: it begins anew.
            held.offset = 0;
        }
        if length == held.offset {
            return Ok(());
        }
        let mut parser = Parser::default();
        let mut lines = Forward::new(&held.file, held.offset, length);
        while let Some(line) = lines.next()? {
            if !line.is_ended {
                break;
            }
            let (at, end) = (line.at, line.at + line.length + 1);
            if let Ok(entry) = parser.read(line.bytes, line.is_cut()) {
                if state.waits(&entry) && self.waited != Some(at) {
                    self.waited = Some(at);
                    break;
                }
                self.last_at = self.last_at.max(entry.at);
                state.take(&self.name, &entry, screen, rows)?;
            }
            held.offset = end;
        }
        Ok(())
    }
}

impl State<'_> {
    /// Whether it is a failure whose cause, which is in another file, is not known yet.
    fn waits(&self, entry: &Entry<'_>) -> bool {
        entry.kind == Kind::Response
            && entry.is_failure()
            && !self.options.json
            && !self.causes.contains_key(entry.id)
    }

    fn take(
        &mut self,
        name: &str,
        entry: &Entry<'_>,
        screen: &mut Screen<'_>,
        rows: &mut Rows,
    ) -> io::Result<()> {
        match entry.kind {
            Kind::Error | Kind::Exception => keep(&mut self.causes, entry),
            Kind::Request if self.options.verbose || self.options.filter.needs_request() => {
                keep(&mut self.requests, entry);
            }
            _ => {}
        }
        if !self.choice.reads(name) || !self.choice.wants(name, entry) {
            return Ok(());
        }
        let request = if entry.kind == Kind::Response { self.requests.remove(entry.id) } else { None };
        if !self.options.filter.passes(entry, request.as_deref()) {
            return Ok(());
        }
        if self.options.json {
            return screen.json(&String::from_utf8_lossy(entry.line));
        }
        let cause = if entry.kind == Kind::Response { self.causes.remove(entry.id) } else { None };
        rows.show(screen, entry, request.as_deref(), cause.as_deref())
    }
}

/// Keeps a line by its id, not more of them than are of use.
fn keep(lines: &mut HashMap<Vec<u8>, Vec<u8>>, entry: &Entry<'_>) {
    if lines.len() >= CAUSES {
        lines.clear();
    }
    if !entry.id.is_empty() {
        lines.insert(entry.id.to_vec(), entry.line.to_vec());
    }
}
