//! What processes that died left behind.

use std::{fs::File, io, path::Path};

use super::{
    fs::{Fs, Lock, System},
    page::{self, PLACE, Page},
};
use crate::exchange::{InFlight, Timestamp};

/// What stands before the 16 digits in a journal's name.
const PREFIX: &str = ".in-flight.";
/// So many are looked at in one start. What is left is for the next one.
const LIMIT: usize = 64;

/// A process that died with requests in flight.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Death {
    pub pid: u32,
    pub run: String,
    /// It lived then, and a second later at most something was noted again.
    pub last_seen: Timestamp,
    /// Those in flight, longest first.
    pub open: Vec<InFlight>,
    /// So many more were in flight.
    pub others: u64,
}

/// Reads what dead processes left in a directory, tells of it, and takes it away where `tell` says that this is done.
///
/// A process that lives holds a lock on its file. Where that cannot be known, and where somebody else has put something
/// there, it is left alone.
pub(crate) fn settle(dir: &Path, tell: impl FnOnce(&[Death]) -> bool) {
    settle_in(&System, dir, tell);
}

pub(super) fn settle_in(fs: &dyn Fs, path: &Path, tell: impl FnOnce(&[Death]) -> bool) {
    let Ok(dir) = fs.open_dir(path) else { return };
    let names = fs.list(&dir, &is_name).unwrap_or_default();
    let (mut deaths, mut files) = (Vec::new(), Vec::new());
    for name in names.into_iter().take(LIMIT) {
        // What cannot be opened or read is not ours, or is for the next start.
        let Ok(Some((file, page))) = take(fs, &dir, &name) else { continue };
        deaths.extend(page.and_then(death));
        // The lock is held until it is deleted: a process that starts at the same time leaves it to us.
        files.push((name, file));
    }
    deaths.sort_by_key(|death| death.last_seen);
    if deaths.is_empty() || tell(&deaths) {
        for (name, _locked) in files {
            let _ = fs.remove(&dir, &name);
        }
    }
}

/// A journal whose owner is dead, with the lock on it, and what it says, if anything can be made out.
fn take(fs: &dyn Fs, dir: &File, name: &str) -> io::Result<Option<(File, Option<Page>)>> {
    let file = fs.open(dir, name)?;
    if fs.lock(&file)? != Lock::Ours || !fs.is_there(dir, name, &file) {
        return Ok(None);
    }
    let bytes = fs.read(&file, 2 * PLACE as u64)?;
    Ok(page::is_ours(&bytes).then(|| (file, page::read(&bytes))))
}

fn death(page: Page) -> Option<Death> {
    let Page { pid, run, at: last_seen, open, others, .. } = page;
    let is_any = !open.is_empty() || others > 0;
    is_any.then_some(Death { pid, run, last_seen, open, others })
}

/// The name of a journal. A random one: process ids come again, and are the same in two containers.
pub(super) fn name(random: u64) -> String {
    format!("{PREFIX}{random:016x}")
}

fn is_name(name: &str) -> bool {
    let digits = name.strip_prefix(PREFIX).unwrap_or_default();
    digits.len() == 16 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}
