//! `flightlog`: reads what tower-flightlog writes.
//!
//! Logs are read in pieces of constant size, newest first or from a place that was bisected, so that memory and the time to
//! the first line do not grow with the files. It uses the public API of the library, nothing else of it.

mod args;
mod commands;
mod digits;
mod entry;
mod filter;
mod json;
#[cfg(test)]
mod laws;
mod read;
mod term;
mod time;

use std::{
    fmt,
    io::{self, Write},
    process::ExitCode,
};

use args::{Command, Options};
use read::LogSet;
use term::Screen;
use tower_flightlog::Dump;

/// Why it ends without an answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was typed, or what lies on the disk, is not what is needed: a sentence that says what to do.
    Told(String),
    /// Nobody reads on: no failure at all.
    Pipe,
}

impl Failure {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Told(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told(text) => f.write_str(text),
            Self::Pipe => f.write_str("nobody reads on"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Pipe,
            _ => Self::Told(error.to_string()),
        }
    }
}

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Something,
    /// Nothing that was asked for, or `--fail-if` holds, or the doctor is not content.
    Nothing,
}

impl From<bool> for Found {
    fn from(something: bool) -> Self {
        if something { Self::Something } else { Self::Nothing }
    }
}

fn main() -> ExitCode {
    let answer = args::parse(std::env::args_os().skip(1)).and_then(|options| run(&options));
    match answer {
        Ok(Found::Something) | Err(Failure::Pipe) => ExitCode::SUCCESS,
        Ok(Found::Nothing) => ExitCode::from(1),
        Err(failure) => {
            say(&failure.to_string());
            ExitCode::from(2)
        }
    }
}

/// Says something beside the answer. Nobody has to listen.
pub(crate) fn say(text: &str) {
    let shown: String =
        text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
    _ = writeln!(io::stderr(), "flightlog: {shown}");
}

fn run(options: &Options) -> Result<Found, Failure> {
    let mut screen = Screen::stdout(options.colour);
    let found = answer(options, &mut screen)?;
    screen.flush()?;
    Ok(found)
}

fn answer(options: &Options, screen: &mut Screen<'_>) -> Result<Found, Failure> {
    let name = options.names.first().map(String::as_str);
    if options.version {
        screen.line(term::Ink::Plain, concat!("flightlog ", env!("CARGO_PKG_VERSION")))?;
        return Ok(Found::Something);
    }
    if options.help {
        // `flightlog --help` is about all of it.
        let of = options.is_named.then_some(options.command);
        return show_text(screen, &args::help(of));
    }
    match options.command {
        Command::Help => {
            let of = name.map(|name| Command::named(name).ok_or_else(|| args::unknown_command(name)));
            show_text(screen, &args::help(of.transpose()?))
        }
        Command::Man => show_text(screen, &args::man()),
        Command::Completions => {
            let shell = name.unwrap_or_default();
            let text = args::completions(shell).ok_or_else(|| {
                Failure::usage(format!("completions for `{shell}`: there are bash, zsh, fish"))
            })?;
            show_text(screen, &text)
        }
        Command::Tail => commands::tail::tail(options, &open(options)?, screen),
        Command::Stats => commands::stats::stats(options, &open(options)?, screen),
        Command::Errors => commands::errors::errors(options, &open(options)?, screen),
        Command::Dumps => commands::dumps::dumps(options, screen),
        Command::Show => {
            // A dump tells all without the logs.
            let set = open(options).or_else(|failure| match commands::dumps::list(&options.dump_dir()) {
                Ok(dumps) if !dumps.is_empty() => Ok(LogSet::default()),
                _ => Err(failure),
            });
            commands::show::show(options, &set?, screen)
        }
        Command::Report => commands::report::report(options, &open(options)?, screen),
        Command::Replay => commands::replay::replay(options, screen),
        Command::Doctor => commands::doctor::doctor(options, &open(options)?, screen),
        Command::Curl => commands::exports::one(options, screen, Dump::curl),
        Command::Markdown => commands::exports::one(options, screen, Dump::markdown),
        Command::Test => commands::exports::test(options, screen),
        Command::Har => commands::exports::har(options, screen),
    }
}

fn show_text(screen: &mut Screen<'_>, text: &str) -> Result<Found, Failure> {
    for line in text.lines() {
        screen.line(term::Ink::Plain, line)?;
    }
    Ok(Found::Something)
}

/// Opens the logs, and says which cannot be read.
fn open(options: &Options) -> Result<LogSet, Failure> {
    let dir = options.log_dir();
    let set = if options.is_stdin() { LogSet::stdin() } else { LogSet::open(&dir) };
    let shown = dir.display();
    let set = set.map_err(|error| {
        Failure::usage(match error.kind() {
            io::ErrorKind::NotFound => {
                format!("there is no {shown}\nsay where the logs are: --log-dir DIR, or set LOG_DIR")
            }
            io::ErrorKind::PermissionDenied => {
                format!("{shown} cannot be read: {error}\nits owner may, or: sudo -u OWNER flightlog --log-dir {shown}")
            }
            // Already a sentence.
            io::ErrorKind::InvalidData => error.to_string(),
            _ => format!("{shown} cannot be read: {error}"),
        })
    })?;
    for trouble in &set.troubles {
        say(trouble);
    }
    // Who asks for the last hour, or for the last lines, does not ask for what is old enough to be compressed.
    if let Some(first) = set.compressed.first()
        && matches!(options.command, Command::Stats | Command::Errors | Command::Report)
        && options.filter.since.is_none()
    {
        let (count, first) = (set.compressed.len(), first.display());
        say(&format!(
            "{count} compressed logs were not read; {first} alone: {}",
            read::decompressed(&first.to_string(), options.command.name())
        ));
    }
    if set.series.is_empty() && !options.follow {
        return Err(Failure::usage(format!(
            "there is no log in {shown}\nsay where the logs are: --log-dir DIR, or set LOG_DIR; a service writes them with LOG_DIR={shown}"
        )));
    }
    Ok(set)
}
