//! What is no log that lies there to be read in pieces: compressed files, and standard input.

use std::{fs, io, os::fd::AsFd};

/// Compressed, by the end of its name: what logrotate and people make of old logs, and what reads it.
const READERS: [(&str, &str); 5] =
    [(".gz", "zcat"), (".zst", "zstdcat"), (".xz", "xzcat"), (".bz2", "bzcat"), (".lz4", "lz4cat")];

/// The name without what says that it is compressed.
pub(super) fn uncompressed(name: &str) -> Option<&str> {
    READERS.iter().find_map(|(end, _)| name.strip_suffix(end))
}

/// Whether a file begins as one that is compressed.
pub(super) fn is_compressed(head: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 5] =
        [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0", b"BZh", b"\x04\x22\x4d\x18"];
    BEGINNINGS.iter().any(|beginning| head.starts_with(beginning))
}

/// What to type to read a compressed log.
pub(crate) fn decompressed(path: &str, command: &str) -> String {
    let reader = READERS.iter().find(|(end, _)| path.ends_with(end)).map_or("zcat", |(_, reader)| reader);
    format!("{reader} {path} | flightlog {command} -")
}

/// Standard input as a file that can be read from any place: what comes through a pipe is put down in one without a name.
pub(super) fn stdin_file() -> io::Result<fs::File> {
    let input = fs::File::from(io::stdin().as_fd().try_clone_to_owned()?);
    if input.metadata()?.is_file() {
        return Ok(input);
    }
    let flags = rustix::fs::OFlags::TMPFILE | rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC;
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    let dir = std::env::temp_dir();
    let mut file: fs::File = rustix::fs::open(&dir, flags, mode)
        .map_err(|error| {
            io::Error::other(format!(
                "standard input needs a place in {}: {error}; set TMPDIR to another one",
                dir.display()
            ))
        })?
        .into();
    io::copy(&mut &input, &mut file)?;
    Ok(file)
}
