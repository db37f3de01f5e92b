//! One dump, whole or not at all, in a directory nobody else may tamper with.

use std::{fmt, fs::File, io, path::Path};

use rustix::fs::Access;

use super::{
    fs::{Fs, Look},
    name,
};

/// What did not work, and why.
#[derive(Debug)]
pub(super) struct Failure {
    doing: &'static str,
    error: io::Error,
}

impl Failure {
    pub(super) fn new(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self { doing, error }
    }

    pub(super) fn refused(doing: &'static str, why: &'static str) -> Self {
        Self { doing, error: io::Error::new(io::ErrorKind::PermissionDenied, why) }
    }

    /// The same for whoever asked for the dump.
    pub(super) fn into_io(self) -> io::Error {
        io::Error::new(self.error.kind(), self.to_string())
    }

    pub(super) fn is_not_found(&self) -> bool {
        self.error.kind() == io::ErrorKind::NotFound
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.doing, self.error)
    }
}

/// Opens the directory; makes it where `file_mode` is given and there is none.
///
/// What belongs to another user than us or root is refused, as is a symbolic link in its place.
pub(super) fn open(fs: &dyn Fs, path: &Path, file_mode: Option<u32>) -> Result<(File, Look), Failure> {
    let dir = match (fs.open_dir(path), file_mode) {
        (Err(error), Some(mode)) if error.kind() == io::ErrorKind::NotFound => {
            fs.create_dir(path, dir_mode(mode)).map_err(Failure::new("create the directory"))?;
            fs.open_dir(path)
        }
        (opened, _) => opened,
    };
    let dir = dir.map_err(Failure::new("open it as a directory that is no symbolic link"))?;
    let look = fs.look(&dir).map_err(Failure::new("look at the directory"))?;
    if !look.trusted {
        return Err(Failure::refused("use the directory", "it belongs to another user"));
    }
    Ok((dir, look))
}

/// Whether dumps could be written to `path` now, as far as can be told without writing: what is there of it is a
/// directory that takes new names.
pub(crate) fn usable(path: &Path) -> io::Result<()> {
    for place in path.ancestors() {
        let place = if place.as_os_str().is_empty() { Path::new(".") } else { place };
        match std::fs::metadata(place) {
            Ok(found) if !found.is_dir() => return Err(io::ErrorKind::NotADirectory.into()),
            Ok(_) => return Ok(rustix::fs::access(place, Access::WRITE_OK | Access::EXEC_OK)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

/// Who may read a dump may list the dumps.
fn dir_mode(file_mode: u32) -> u32 {
    if file_mode & 0o040 != 0 { 0o750 } else { 0o700 }
}

/// True where others than the owner may take a dump's name away: a directory open to all, without the sticky bit.
pub(super) fn is_open_to_all(look: &Look) -> bool {
    look.mode & 0o002 != 0 && look.mode & 0o1000 == 0
}

/// Writes a dump under a temporary name, waits for the disk, gives it its name. Never overwrites; leaves nothing
/// half-written as far as the disk lets it clean up.
pub(super) fn write(fs: &dyn Fs, dir: &File, name: &str, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let temporary = name::temporary(name);
    let mut file = fs.create(dir, &temporary, mode).map_err(Failure::new("create a file"))?;
    fs.write(&mut file, bytes)
        .map_err(Failure::new("write a file"))
        .and_then(|()| fs.sync(&file).map_err(Failure::new("sync a file")))
        .and_then(|()| fs.publish(dir, &temporary, name).map_err(Failure::new("give a file its name")))
        .inspect_err(|_| drop(fs.remove(dir, &temporary)))
}
