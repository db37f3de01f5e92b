use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::{other, seek, starts_at};
use crate::entry::Parser;

/// An open log file: renamed or deleted, it is read to its end.
#[derive(Debug)]
pub(crate) struct LogFile {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    /// Its length when it was opened.
    pub(crate) length: u64,
    pub(crate) inode: (u64, u64),
    /// When its first line was written.
    pub(crate) first: Option<u64>,
}

/// A log and what rotation made of it, oldest first: one stream.
#[derive(Debug)]
pub(crate) struct Series {
    /// `api` of `api.log`.
    pub(crate) name: String,
    pub(crate) files: Vec<LogFile>,
}

/// The logs of a directory.
#[derive(Debug, Default)]
pub(crate) struct LogSet {
    pub(crate) series: Vec<Series>,
    /// What could not be read, and why: sentences.
    pub(crate) troubles: Vec<String>,
    /// What lies there and is none of ours.
    pub(crate) foreign: Vec<PathBuf>,
    /// Logs that are compressed: not read.
    pub(crate) compressed: Vec<PathBuf>,
}

/// So many files of one series are opened, the newest.
const MOST: usize = 256;

impl LogSet {
    /// Opens what is in a directory, or one file.
    pub(crate) fn open(place: &Path) -> io::Result<Self> {
        let mut set = Self::default();
        let meta = fs::metadata(place)?;
        if !meta.is_dir() {
            let name = place.file_name().unwrap_or_default().to_string_lossy();
            let name =
                rotated(&name).map_or_else(|| name.clone().into_owned(), |(series, _)| series.to_owned());
            let file = open_log(place.to_owned())?;
            let mut head = [0; 8];
            let read = file.file.read_at(&mut head, 0)?;
            if other::is_compressed(head.get(..read).unwrap_or_default()) {
                let (shown, command) =
                    (place.display(), other::decompressed(&place.to_string_lossy(), "tail"));
                let told = format!("{shown} is compressed and was not read\ntry: {command}");
                return Err(io::Error::new(io::ErrorKind::InvalidData, told));
            }
            set.series.push(Series { name, files: vec![file] });
            return Ok(set);
        }
        let mut found: BTreeMap<String, Vec<(u64, PathBuf)>> = BTreeMap::new();
        for item in fs::read_dir(place)? {
            let Ok(item) = item else { continue };
            let name = item.file_name();
            let path = item.path();
            match name.to_str().and_then(rotated) {
                Some((series, number)) => found.entry(series.to_owned()).or_default().push((number, path)),
                None => {
                    let is_compressed =
                        name.to_str().and_then(other::uncompressed).and_then(rotated).is_some();
                    let others = if is_compressed { &mut set.compressed } else { &mut set.foreign };
                    if others.len() < 1000 {
                        others.push(path);
                    }
                }
            }
        }
        set.foreign.sort();
        set.compressed.sort();
        for (name, mut files) in found {
            files.sort();
            if files.len() > MOST {
                let more = files.len() - MOST;
                set.troubles.push(format!(
                    "{name}.log: {more} of the oldest files are left out, the newest {MOST} are read"
                ));
                files.truncate(MOST);
            }
            let files = set.open_all(files);
            if !files.is_empty() {
                set.series.push(Series { name, files });
            }
        }
        Ok(set)
    }

    /// What comes on standard input.
    pub(crate) fn stdin() -> io::Result<Self> {
        let file = other::stdin_file()?;
        let meta = file.metadata()?;
        let path = "standard input".into();
        let inode = (meta.dev(), meta.ino());
        let file = LogFile { path, file, length: meta.len(), inode, first: None };
        Ok(Self { series: vec![Series { name: "input".into(), files: vec![file] }], ..Self::default() })
    }

    /// The log of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Series> {
        self.series.iter().find(|series| series.name == name)
    }

    /// The logs that have the exchanges: api.log, or what there is where there is none.
    pub(crate) fn exchanges(&self) -> impl Iterator<Item = &Series> {
        let has_api = self.named("api").is_some();
        let is_alone = self.series.len() == 1;
        self.series.iter().filter(move |series| {
            if has_api { series.name == "api" } else { is_alone || series.name != "errors" }
        })
    }

    /// Opens files, newest first: a rotation meanwhile makes one come twice, never not at all.
    fn open_all(&mut self, paths: Vec<(u64, PathBuf)>) -> Vec<LogFile> {
        let mut files: Vec<LogFile> = Vec::new();
        for (_, path) in paths {
            match open_log(path.clone()) {
                Ok(file) if files.iter().any(|known| known.inode == file.inode) => {}
                Ok(file) => files.push(file),
                Err(error) => self.troubles.push(format!("{}: {error}", path.display())),
            }
        }
        files.reverse();
        // Numbers say the order, unless the files were numbered by someone else.
        let mut parser = Parser::default();
        for file in &mut files {
            file.first = starts_at(&file.file, file.length, &mut parser);
        }
        files.sort_by_key(|file| file.first.unwrap_or(u64::MAX));
        files
    }
}

impl Series {
    /// Where to begin to miss nothing from `since` on: the place of a file, and of a line in it.
    pub(crate) fn seek(&self, since: Option<u64>, parser: &mut Parser) -> io::Result<(usize, u64)> {
        let Some(since) = since else { return Ok((0, 0)) };
        let later = |file: &LogFile| file.first.is_some_and(|first| first.saturating_add(2_000_000) >= since);
        let index = self.files.iter().position(later).unwrap_or(self.files.len()).saturating_sub(1);
        let Some(file) = self.files.get(index) else { return Ok((0, 0)) };
        Ok((index, seek(&file.file, file.length, since, parser)?))
    }
}

/// `api.log` and `api.log.3` are 0 and 3 of `api`; also `api.log-20261120`, as logrotate has it.
fn rotated(name: &str) -> Option<(&str, u64)> {
    let (series, rest) = name.split_once(".log")?;
    if series.is_empty() || series.starts_with('.') {
        return None;
    }
    if rest.is_empty() {
        return Some((series, 0));
    }
    let number = rest.strip_prefix(['.', '-'])?.replace('-', "");
    // A date: the later, the newer, behind all numbers.
    match number.parse::<u64>().ok()? {
        date if number.len() >= 8 => Some((series, u64::MAX - date)),
        number => Some((series, number)),
    }
}

/// Opens a file for reading, unless it is something else: a FIFO would never answer.
pub(crate) fn open_regular(path: &Path) -> io::Result<(File, fs::Metadata)> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    let meta = file.metadata()?;
    if meta.is_file() {
        return Ok((file, meta));
    }
    let what = if meta.is_dir() { "a directory" } else { "no regular file" };
    Err(io::Error::other(format!("it is {what}, and was left out")))
}

fn open_log(path: PathBuf) -> io::Result<LogFile> {
    let (file, meta) = open_regular(&path)?;
    Ok(LogFile { path, file, length: meta.len(), inode: (meta.dev(), meta.ino()), first: None })
}
