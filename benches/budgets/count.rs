//! Instructions as callgrind counts them, and allocations.

use std::{
    fs,
    ops::Sub,
    process::{Command, Output, Stdio},
};

use stats_alloc::Region;

use crate::{ALLOCATOR, Result, cases::Case};

/// What something costs once.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
}

impl Sub for Cost {
    type Output = Self;

    fn sub(self, base: Self) -> Self {
        Self {
            instructions: self.instructions - base.instructions,
            allocations: self.allocations - base.allocations,
        }
    }
}

/// What a case costs.
pub(crate) fn cost(case: &Case) -> Result<Cost> {
    let each = |once: u64, twice: u64| (twice as f64 - once as f64) / case.times as f64;
    Ok(Cost {
        instructions: each(instructions(case, case.times)?, instructions(case, 2 * case.times)?),
        allocations: each(told(case, case.times)?, told(case, 2 * case.times)?),
    })
}

/// The number of allocations, those included that make an old one larger.
pub(crate) fn allocations(run: impl FnOnce() -> Result<()>) -> Result<usize> {
    let region = Region::new(ALLOCATOR);
    run()?;
    let change = region.change();
    Ok(change.allocations + change.reallocations)
}

/// What a process of its own says.
fn told(case: &Case, times: u64) -> Result<u64> {
    let output = finished(case, Command::new(std::env::current_exe()?), times)?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

fn instructions(case: &Case, times: u64) -> Result<u64> {
    let dir = tempfile::tempdir()?;
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--separate-threads=yes"])
        .arg(format!("--callgrind-out-file={}/out", dir.path().display()))
        .arg(std::env::current_exe()?);
    finished(case, valgrind, times)?;
    Ok(outside_libc(&fs::read_to_string(dir.path().join("out-01"))?))
}

fn finished(case: &Case, mut command: Command, times: u64) -> Result<Output> {
    let output = command
        .args(["--case", case.name, "--times", &times.to_string()])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if !output.status.success() {
        return Err(format!("{}: {}", case.name, String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(output)
}

/// What the functions of a profile cost, each without those it calls, and without those of libc.
fn outside_libc(profile: &str) -> u64 {
    let mut names = Vec::new();
    let (mut is_libc, mut is_call, mut sum) = (false, false, 0);
    for line in profile.lines() {
        if let Some(object) = line.strip_prefix("ob=").or(line.strip_prefix("cob=")) {
            let (id, name) = object.split_once(' ').unwrap_or((object, ""));
            if name.contains("libc.so") || name.contains("libc-") {
                names.push(id.to_owned());
            }
            if line.starts_with("ob=") {
                is_libc = names.iter().any(|libc| libc == id);
            }
        } else if line.starts_with("calls=") {
            // The next line is what the call costs, which is told where the called function is.
            is_call = true;
        } else if line.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '-' || c == '*') {
            if !is_call && !is_libc {
                sum += line.split(' ').nth(1).and_then(|cost| cost.parse::<u64>().ok()).unwrap_or(0);
            }
            is_call = false;
        }
    }
    sum
}
