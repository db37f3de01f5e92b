//! Instructions, counted by valgrind's callgrind: the same on a busy machine as on an idle one.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::Result;

/// Instructions of one request.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) all: f64,
    /// Those of the thread that serves it.
    pub(crate) own: f64,
}

/// Runs a case alone in a process, once with some requests in each round and once with twice as many: what start,
/// warm-up, rounds and end cost falls out of the difference.
pub(crate) fn count(case: &str, (rounds, requests): (u64, u64)) -> Result<Count> {
    let (once, twice) = (run(case, rounds, requests)?, run(case, rounds, 2 * requests)?);
    let each = |once: u64, twice: u64| twice.saturating_sub(once) as f64 / (rounds * requests) as f64;
    Ok(Count { all: each(once.0, twice.0), own: each(once.1, twice.1) })
}

/// Instructions of all threads, and of the first.
fn run(case: &str, rounds: u64, requests: u64) -> Result<(u64, u64)> {
    let dir = tempfile::tempdir()?;
    let out = format!("--callgrind-out-file={}/out", dir.path().display());
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--separate-threads=yes", &out])
        .arg(std::env::current_exe()?)
        .args(["--case", case, "--rounds", &rounds.to_string(), "--requests", &requests.to_string()])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    if !output.status.success() {
        return Err(format!("{case}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut threads = (0, 0);
    for file in fs::read_dir(dir.path())? {
        let path = file?.path();
        let total = total(&path)?;
        threads.0 += total;
        if path.extension().is_none() && path.to_string_lossy().ends_with("-01") {
            threads.1 = total;
        }
    }
    Ok(threads)
}

fn total(path: &Path) -> Result<u64> {
    let text = fs::read_to_string(path)?;
    let line = text.lines().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")));
    Ok(line.map_or(Ok(0), |total| total.trim().parse())?)
}
