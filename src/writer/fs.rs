//! What the writer asks of the file system, each call one that can fail on its own.

use std::{
    fs::{DirBuilder, File, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, FileExt, PermissionsExt},
    path::Path,
};

use rustix::{
    fs::{AtFlags, FileType, FlockOperation, Mode, OFlags},
    io::Errno,
    process::geteuid,
};

use super::own_file::{create_new, rename_no_replace};

/// The calls. Names are relative to an open directory, so that nobody can put another in its place in between.
pub(crate) trait Fs: Send + Sync + 'static {
    /// An open directory.
    type Dir: Send;
    /// A file that is open for appending.
    type File: Send;

    /// Opens a directory.
    fn open_dir(&self, path: &Path) -> io::Result<Self::Dir>;
    /// Makes a directory and those above it.
    fn create_dir(&self, path: &Path, mode: u32) -> io::Result<()>;
    /// How an open directory stands.
    fn look_dir(&self, dir: &Self::Dir) -> io::Result<Look>;
    /// How the directory stands that has this path now.
    fn find_dir(&self, path: &Path) -> io::Result<Look>;
    /// Opens a file for appending. Never follows a symbolic link, never waits for another end.
    fn open(&self, dir: &Self::Dir, name: &str) -> io::Result<Self::File>;
    /// Makes a file where there is none, and opens it for appending.
    fn create(&self, dir: &Self::Dir, name: &str, mode: u32) -> io::Result<Self::File>;
    /// Sets a file's permissions.
    fn permit(&self, file: &Self::File, mode: u32) -> io::Result<()>;
    /// How an open file stands.
    fn look(&self, file: &Self::File) -> io::Result<Look>;
    /// How the file stands that has this name now.
    fn find(&self, dir: &Self::Dir, name: &str) -> io::Result<Look>;
    /// The byte at an offset.
    fn byte_at(&self, file: &Self::File, offset: u64) -> io::Result<u8>;
    /// Appends some of the bytes and says how many.
    fn write(&self, file: &mut Self::File, bytes: &[u8]) -> io::Result<usize>;
    /// Takes away what is behind so many bytes.
    fn cut(&self, file: &Self::File, bytes: u64) -> io::Result<()>;
    /// Gives a file another name, whatever has that now.
    fn rename(&self, dir: &Self::Dir, from: &str, to: &str) -> io::Result<()>;
    /// Gives a file a name that nobody has.
    fn publish(&self, dir: &Self::Dir, from: &str, to: &str) -> io::Result<()>;
    /// Deletes a file.
    fn remove(&self, dir: &Self::Dir, name: &str) -> io::Result<()>;
    /// Keeps other processes out of the names in a directory, without waiting.
    fn lock(&self, dir: &Self::Dir) -> io::Result<()>;
    /// Lets them in again.
    fn unlock(&self, dir: &Self::Dir) -> io::Result<()>;
}

/// What there is to know about a file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// Device and inode: which one it is.
    pub id: (u64, u64),
    pub bytes: u64,
    /// False where no name is left.
    pub is_named: bool,
    /// A regular file that belongs to us; a directory that belongs to us or to root.
    pub is_ours: bool,
    /// Its permissions.
    pub mode: u32,
}

/// The machine's own file system.
#[derive(Debug)]
pub(crate) struct System;

const APPEND: OFlags = OFlags::RDWR
    .union(OFlags::APPEND)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

impl Fs for System {
    type Dir = File;
    type File = File;

    fn open_dir(&self, path: &Path) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
    }

    fn create_dir(&self, path: &Path, mode: u32) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(mode).create(path)?;
        // As below: the umask may have taken what the group was to have.
        let _ = std::fs::set_permissions(path, Permissions::from_mode(mode));
        Ok(())
    }

    fn look_dir(&self, dir: &File) -> io::Result<Look> {
        Ok(Look::of(&rustix::fs::fstat(dir)?))
    }

    fn find_dir(&self, path: &Path) -> io::Result<Look> {
        Ok(Look::of(&rustix::fs::stat(path)?))
    }

    fn open(&self, dir: &File, name: &str) -> io::Result<File> {
        Ok(rustix::fs::openat(dir, name, APPEND, Mode::empty())?.into())
    }

    fn create(&self, dir: &File, name: &str, mode: u32) -> io::Result<File> {
        create_new(dir, name, APPEND, mode)
    }

    fn permit(&self, file: &File, mode: u32) -> io::Result<()> {
        file.set_permissions(Permissions::from_mode(mode))
    }

    fn look(&self, file: &File) -> io::Result<Look> {
        Ok(Look::of(&rustix::fs::fstat(file)?))
    }

    fn find(&self, dir: &File, name: &str) -> io::Result<Look> {
        Ok(Look::of(&rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    fn byte_at(&self, file: &File, offset: u64) -> io::Result<u8> {
        let mut byte = [0];
        file.read_exact_at(&mut byte, offset)?;
        let [byte] = byte;
        Ok(byte)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<usize> {
        file.write(bytes)
    }

    fn cut(&self, file: &File, bytes: u64) -> io::Result<()> {
        file.set_len(bytes)
    }

    fn rename(&self, dir: &File, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(dir, from, dir, to)?)
    }

    fn publish(&self, dir: &File, from: &str, to: &str) -> io::Result<()> {
        match rename_no_replace(dir, from, to) {
            // Not every file system can (NFS, FUSE). Looking first leaves others hardly any time.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => match self.find(dir, to) {
                Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.rename(dir, from, to),
                Err(error) => Err(error),
            },
            renamed => Ok(renamed?),
        }
    }

    fn remove(&self, dir: &File, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(dir, name, AtFlags::empty())?)
    }

    fn lock(&self, dir: &File) -> io::Result<()> {
        match rustix::fs::flock(dir, FlockOperation::NonBlockingLockExclusive) {
            // Not every file system can (NFS, FUSE): then nobody has one.
            Err(Errno::NOTSUP | Errno::NOSYS | Errno::INVAL | Errno::BADF | Errno::NOLCK) => Ok(()),
            locked => Ok(locked?),
        }
    }

    fn unlock(&self, dir: &File) -> io::Result<()> {
        Ok(rustix::fs::flock(dir, FlockOperation::NonBlockingUnlock)?)
    }
}

impl Look {
    // The types of a stat's members differ from one system to the next.
    #[allow(clippy::unnecessary_cast, clippy::useless_conversion)]
    fn of(stat: &rustix::fs::Stat) -> Self {
        let owner = u32::from(stat.st_uid);
        let ours = geteuid().as_raw();
        let is_ours = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => owner == ours,
            FileType::Directory => owner == ours || owner == 0,
            _ => false,
        };
        Self {
            id: (stat.st_dev as u64, stat.st_ino as u64),
            bytes: u64::try_from(stat.st_size).unwrap_or(0),
            is_named: stat.st_nlink > 0,
            is_ours,
            mode: u32::from(stat.st_mode) & 0o7777,
        }
    }
}
