//! What a thread took, as the kernel tells it, and what callgrind counts.

use std::{
    fs,
    process::{Command, Stdio},
};

use rustix::time::{ClockId, clock_gettime};

use crate::Result;

/// Of the thread that asks.
#[derive(Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) nanoseconds: f64,
    /// How often it waited: for a lock, or for a wake-up.
    pub(crate) waits: f64,
}

pub(crate) fn taken() -> Result<Taken> {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    let status = fs::read_to_string("/proc/thread-self/status")?;
    let waits = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap_or("0");
    Ok(Taken { nanoseconds: spent.tv_sec as f64 * 1e9 + spent.tv_nsec as f64, waits: waits.trim().parse()? })
}

/// What it took since then, for each of so many requests.
pub(crate) fn since(before: Taken, requests: u64) -> Result<Taken> {
    let Taken { nanoseconds, waits } = taken()?;
    let each = |now: f64, before: f64| (now - before) / requests as f64;
    Ok(Taken { nanoseconds: each(nanoseconds, before.nanoseconds), waits: each(waits, before.waits) })
}

/// Instructions of the first thread of a process of this program.
pub(crate) fn instructions(arguments: &[&str]) -> Result<u64> {
    let dir = tempfile::tempdir()?;
    let status = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--separate-threads=yes"])
        .arg(format!("--callgrind-out-file={}/out", dir.path().display()))
        .arg(std::env::current_exe()?)
        .args(arguments)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("valgrind: {error}"))?;
    if !status.success() {
        return Err(format!("{arguments:?}: {status}").into());
    }
    let profile = fs::read_to_string(dir.path().join("out-01"))?;
    let total =
        profile.lines().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")));
    Ok(total.ok_or("callgrind tells a total")?.trim().parse()?)
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
