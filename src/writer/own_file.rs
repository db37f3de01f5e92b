//! Files of our own in an open directory: made, opened and named without touching anybody else's.

use std::{
    fs::{File, Permissions},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use rustix::{
    fs::{Mode, OFlags},
    process::geteuid,
};

/// Makes a file where there is none, and opens it.
pub(crate) fn create_new(dir: &File, name: &str, flags: OFlags, mode: u32) -> io::Result<File> {
    let flags = flags | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(dir, name, flags, Mode::from_bits_truncate(mode as _))?);
    // The mode is what was asked for, whatever the umask takes away. Not worth losing what is to be written.
    let _ = file.set_permissions(Permissions::from_mode(mode));
    Ok(file)
}

/// Opens a regular file of ours: never through a link, and a pipe in its place is not waited for.
pub(crate) fn open_own(dir: &File, name: &str, flags: OFlags) -> io::Result<File> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(dir, name, flags, Mode::empty())?);
    let found = file.metadata()?;
    if !found.is_file() || found.uid() != geteuid().as_raw() {
        let why = "it is not a regular file of our own";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    Ok(file)
}

/// Gives a file a name that nobody has. Not every system and file system can: EINVAL, ENOSYS or ENOTSUP.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
pub(crate) fn rename_no_replace(dir: &File, from: &str, to: &str) -> rustix::io::Result<()> {
    rustix::fs::renameat_with(dir, from, dir, to, rustix::fs::RenameFlags::NOREPLACE)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(crate) fn rename_no_replace(_: &File, _: &str, _: &str) -> rustix::io::Result<()> {
    Err(rustix::io::Errno::NOSYS)
}
