use std::path::PathBuf;

/// Where a file is, and how large it may get.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub dir: PathBuf,
    /// `api.log`.
    pub name: String,
    /// LOG_FILE_MODE.
    pub mode: u32,
    /// LOG_MAX_BYTES; 0 is no limit.
    pub max_bytes: u64,
    /// LOG_BACKUP_COUNT.
    pub backups: usize,
}

impl Place {
    /// The name of a backup: `api.log.1` is the newest.
    pub(super) fn backup(&self, number: usize) -> String {
        format!("{}.{number}", self.name)
    }

    /// For people.
    pub(super) fn path(&self) -> String {
        self.dir.join(&self.name).display().to_string()
    }

    /// The mode of a directory that is made: who may read the files may list them.
    pub(super) fn dir_mode(&self) -> u32 {
        if self.mode & 0o040 != 0 { 0o750 } else { 0o700 }
    }
}
