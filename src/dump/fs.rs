//! What dumps ask of the file system, each call one that can fail on its own.

use std::{
    fs::{DirBuilder, File},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::Path,
};

use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags},
    io::Errno,
    process::geteuid,
};

use crate::writer::{create_new, open_own, rename_no_replace};

/// The calls. Names are relative to an open directory, so that nobody can put another in its place in between.
pub(super) trait Fs: Send + Sync {
    /// Opens a directory that is not a symbolic link.
    fn open_dir(&self, path: &Path) -> io::Result<File>;
    /// Makes a directory and those above it.
    fn create_dir(&self, path: &Path, mode: u32) -> io::Result<()>;
    /// How an open directory stands.
    fn look(&self, dir: &File) -> io::Result<Look>;
    /// The own regular files of a directory whose names are wanted.
    fn list(&self, dir: &File, wanted: &dyn Fn(&str) -> bool) -> io::Result<Vec<Found>>;
    /// Makes a file where there is none.
    fn create(&self, dir: &File, name: &str, mode: u32) -> io::Result<File>;
    /// Writes all of it.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()>;
    /// Waits until a file's bytes are on disk.
    fn sync(&self, file: &File) -> io::Result<()>;
    /// Gives a file another name, which must be free.
    fn publish(&self, dir: &File, from: &str, to: &str) -> io::Result<()>;
    /// Deletes a file.
    fn remove(&self, dir: &File, name: &str) -> io::Result<()>;
    /// Waits until a directory's names are on disk.
    fn sync_dir(&self, dir: &File) -> io::Result<()>;
    /// At most so many bytes of the end of an own regular file.
    fn read_end(&self, dir: &File, name: &str, bytes: usize) -> io::Result<Vec<u8>>;
    /// How full the file system of a directory is.
    fn space(&self, dir: &File) -> io::Result<Space>;
}

/// Bytes of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Space {
    /// Those that we may take.
    pub free: u64,
    pub total: u64,
}

/// What there is to know about a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// True where it belongs to us or to root.
    pub trusted: bool,
    /// Its permissions.
    pub mode: u32,
    /// Differs once names came or went.
    pub stamp: Stamp,
}

/// Which directory it is and when a name in it last came or went: device, inode, seconds, nanoseconds.
pub(super) type Stamp = (u64, u64, i64, i64);

/// A file of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub name: String,
    pub bytes: u64,
    /// Seconds since 1970.
    pub modified: i64,
}

/// The machine's own file system.
#[derive(Debug)]
pub(super) struct System;

impl Fs for System {
    fn open_dir(&self, path: &Path) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
    }

    fn create_dir(&self, path: &Path, mode: u32) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(mode).create(path)
    }

    fn look(&self, dir: &File) -> io::Result<Look> {
        let found = dir.metadata()?;
        Ok(Look {
            trusted: found.uid() == geteuid().as_raw() || found.uid() == 0,
            mode: found.mode() & 0o7777,
            stamp: (found.dev(), found.ino(), found.mtime(), found.mtime_nsec()),
        })
    }

    fn list(&self, dir: &File, wanted: &dyn Fn(&str) -> bool) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        for entry in rustix::fs::Dir::read_from(dir)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if !wanted(name) {
                continue;
            }
            // One that is gone by now, or that we may not look at, is not ours to care for.
            let Ok(stat) = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile
                || stat.st_uid != geteuid().as_raw()
            {
                continue;
            }
            let bytes = u64::try_from(stat.st_size).unwrap_or(0);
            found.push(Found { name: name.into(), bytes, modified: stat.st_mtime });
        }
        Ok(found)
    }

    fn create(&self, dir: &File, name: &str, mode: u32) -> io::Result<File> {
        create_new(dir, name, OFlags::WRONLY, mode)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn publish(&self, dir: &File, from: &str, to: &str) -> io::Result<()> {
        match rename_no_replace(dir, from, to) {
            // Not every file system can (NFS, FUSE).
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => link_no_replace(dir, from, to),
            renamed => renamed,
        }
        .map_err(Into::into)
    }

    fn remove(&self, dir: &File, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(dir, name, AtFlags::empty())?)
    }

    fn sync_dir(&self, dir: &File) -> io::Result<()> {
        dir.sync_all()
    }

    fn read_end(&self, dir: &File, name: &str, bytes: usize) -> io::Result<Vec<u8>> {
        let mut file = open_own(dir, name, OFlags::RDONLY)?;
        file.seek(SeekFrom::Start(file.metadata()?.len().saturating_sub(bytes as u64)))?;
        let mut end = Vec::new();
        file.take(bytes as u64).read_to_end(&mut end)?;
        Ok(end)
    }

    fn space(&self, dir: &File) -> io::Result<Space> {
        let found = rustix::fs::fstatvfs(dir)?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Ok(Space { free: bytes(found.f_bavail), total: bytes(found.f_blocks) })
    }
}

/// A second name, then the first one away: `link` never overwrites either.
fn link_no_replace(dir: &File, from: &str, to: &str) -> rustix::io::Result<()> {
    rustix::fs::linkat(dir, from, dir, to, AtFlags::empty())?;
    let unlinked = rustix::fs::unlinkat(dir, from, AtFlags::empty());
    if unlinked.is_err() {
        let _ = rustix::fs::unlinkat(dir, to, AtFlags::empty());
    }
    unlinked
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::link_no_replace;
    use crate::writer::rename_no_replace;

    #[test]
    fn either_way_of_giving_a_name_takes_a_free_one_only() {
        for give in [rename_no_replace, link_no_replace] {
            let root = tempfile::tempdir().unwrap();
            let dir = File::open(&root).unwrap();
            fs::write(root.path().join("new"), "new").unwrap();
            fs::write(root.path().join("taken"), "old").unwrap();
            assert_eq!(give(&dir, "new", "taken"), Err(rustix::io::Errno::EXIST));
            assert_eq!(fs::read_to_string(root.path().join("taken")).unwrap(), "old");
            give(&dir, "new", "free").unwrap();
            assert_eq!(fs::read_to_string(root.path().join("free")).unwrap(), "new");
            assert!(!root.path().join("new").exists());
        }
    }
}
