//! What the journal asks of the file system, each call one that can fail on its own.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
};

use rustix::{
    fs::{AtFlags, FlockOperation, Mode, OFlags},
    io::Errno,
    process::geteuid,
};

use crate::writer::{create_new, open_own};

/// The calls. Names are relative to an open directory, so that nobody can put another in its place in between.
pub(crate) trait Fs: Send + Sync + 'static {
    /// Opens a directory of ours, or root's.
    fn open_dir(&self, path: &Path) -> io::Result<File>;
    /// The names in a directory that are wanted.
    fn list(&self, dir: &File, wanted: &dyn Fn(&str) -> bool) -> io::Result<Vec<String>>;
    /// Makes a file where there is none.
    fn create(&self, dir: &File, name: &str, mode: u32) -> io::Result<File>;
    /// Opens a regular file of ours, never through a link.
    fn open(&self, dir: &File, name: &str) -> io::Result<File>;
    /// Whether an open file still has its name.
    fn is_there(&self, dir: &File, name: &str, file: &File) -> bool;
    /// Takes the lock that says that its owner lives.
    fn lock(&self, file: &File) -> io::Result<Lock>;
    /// Writes some of the bytes at an offset and says how many.
    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// Reads so many bytes at most.
    fn read(&self, file: &File, limit: u64) -> io::Result<Vec<u8>>;
    /// Deletes a file.
    fn remove(&self, dir: &File, name: &str) -> io::Result<()>;
}

/// What became of the wish for a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    Ours,
    Theirs,
    /// Not every file system has locks (NFS, FUSE).
    Unknown,
}

/// The machine's own file system.
#[derive(Debug)]
pub(crate) struct System;

impl Fs for System {
    fn open_dir(&self, path: &Path) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = File::from(rustix::fs::open(path, flags, Mode::empty())?);
        let owner = dir.metadata()?.uid();
        if owner != geteuid().as_raw() && owner != 0 {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "the directory belongs to another user",
            ));
        }
        Ok(dir)
    }

    fn list(&self, dir: &File, wanted: &dyn Fn(&str) -> bool) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(dir)? {
            let entry = entry?;
            names.extend(entry.file_name().to_str().ok().filter(|name| wanted(name)).map(Into::into));
        }
        Ok(names)
    }

    fn create(&self, dir: &File, name: &str, mode: u32) -> io::Result<File> {
        create_new(dir, name, OFlags::RDWR, mode)
    }

    fn open(&self, dir: &File, name: &str) -> io::Result<File> {
        open_own(dir, name, OFlags::RDWR)
    }

    fn is_there(&self, dir: &File, name: &str, file: &File) -> bool {
        let named = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW);
        matches!((named, rustix::fs::fstat(file)), (Ok(named), Ok(file))
            if (named.st_dev, named.st_ino) == (file.st_dev, file.st_ino))
    }

    fn lock(&self, file: &File) -> io::Result<Lock> {
        match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Lock::Ours),
            Err(Errno::WOULDBLOCK) => Ok(Lock::Theirs),
            Err(Errno::NOTSUP | Errno::NOSYS | Errno::INVAL | Errno::BADF | Errno::NOLCK) => {
                Ok(Lock::Unknown)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        file.write_at(bytes, offset)
    }

    fn read(&self, file: &File, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn remove(&self, dir: &File, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(dir, name, AtFlags::empty())?)
    }
}
