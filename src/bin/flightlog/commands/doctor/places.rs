//! Who may read what, and what lies there.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::{Report, dumps};
use crate::{
    args::Options,
    read::{self, LogSet},
};

pub(super) fn places(options: &Options, set: &LogSet, report: &mut Report) {
    if options.is_stdin() {
        return;
    }
    let (logs, dump_dir) = (options.log_dir(), options.dump_dir());
    report.bad(
        [(&logs, "the directory"), (&dump_dir, "the directory")]
            .into_iter()
            .filter_map(|(path, what)| open_to(path, what)),
    );
    let files = set.series.iter().flat_map(|series| &series.files);
    report.bad(files.filter_map(|file| open_to(&file.path, "the log")));
    for dump in dumps::list(&dump_dir).unwrap_or_default() {
        report.bad(open_to(&dump.path, "the dump"));
        if let Err(error) = dumps::read(&dump.path) {
            report.bad([format!("{}: {error}", dump.path.display())]);
        }
    }
    let is_ours = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path == dump_dir || name.starts_with('.')
    };
    for path in set.foreign.iter().filter(|path| !is_ours(path)) {
        report.note(format!("{} is none of ours, and was not read", path.display()));
    }
    if let Some(first) = set.compressed.first() {
        let (count, first) = (set.compressed.len(), first.display());
        let command = read::decompressed(&first.to_string(), "doctor");
        report.note(format!("{count} compressed logs were not read; {first} alone: {command}"));
    }
}

/// Whether others than the owner may do more than they should.
fn open_to(path: &Path, what: &str) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let shown = path.display();
    if mode & 0o007 != 0 {
        return Some(format!("{what} {shown} is open to everybody (mode {mode:o}; chmod o= {shown})"));
    }
    (mode & 0o020 != 0)
        .then(|| format!("{what} {shown} may be changed by its group (mode {mode:o}; chmod g-w {shown})"))
}
