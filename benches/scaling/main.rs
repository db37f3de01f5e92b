//! What a request costs beside many others, and on two threads.
//!
//! ```sh
//! cargo bench --bench scaling                # both tables; --instructions counts those too, by valgrind
//! cargo bench --bench scaling -- --open 10000 --requests 2000 --log files    # one row alone in a process
//! ```
//!
//! *Open*: so many requests are in flight all the time. Each was asked as far as its handler, which has read the body and
//! waits once; where one more comes, the oldest is answered. *Threads*: each has a runtime and a router of its own, all
//! have one log. Log files and dumps are as by default, everything in the directory of TMPDIR. Time is what processors
//! worked for the threads that serve, so that other work on the machine counts little; how often such a
//! thread waited for another one is what the kernel calls a voluntary switch.
#![allow(clippy::print_stdout)]

mod crowd;
mod meter;
#[path = "../budgets/service.rs"]
mod service;
mod threads;

use std::error::Error;

use tempfile::TempDir;
use tower_flightlog::{Console, FlightLog};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => crowd::table(false).and_then(|()| threads::table()),
        ["--instructions"] => crowd::table(true),
        ["--threads"] => threads::table(),
        ["--open", open, "--requests", requests, "--log", log] => {
            crowd::alone(open.parse()?, requests.parse()?, *log == "files")
        }
        _ => Err(
            "usage: scaling [--instructions | --threads | --open COUNT --requests COUNT --log files|none]"
                .into(),
        ),
    }
}

/// A log as `init()` has it where stdout is no terminal.
pub(crate) fn log() -> Result<(FlightLog, TempDir)> {
    let dir = TempDir::new()?;
    Ok((FlightLog::builder().dir(dir.path()).console(Console::Off).build()?, dir))
}
