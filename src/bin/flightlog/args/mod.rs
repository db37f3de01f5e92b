//! What was typed. One table says which flags there are: parsing, help, completions and the man page come from it.

mod commands;
mod completions;
mod flags;
mod help;
mod nearest;
mod wrong;

pub(crate) use commands::{COMMANDS, Command};
pub(crate) use completions::completions;
pub(crate) use flags::{FLAGS, Flag};
pub(crate) use help::{help, man};
pub(crate) use wrong::unknown_command;

use std::{ffi::OsString, path::PathBuf};

use wrong::{missing, nameless, plain, unknown_flag, wrong};

use crate::{
    Failure,
    filter::{Filter, Glob, Question, Status},
    term::Colour,
    time,
};

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) command: Command,
    /// The command was typed.
    pub(crate) is_named: bool,
    /// What stands behind the command: ids.
    pub(crate) names: Vec<String>,
    pub(crate) log_dir: Option<PathBuf>,
    pub(crate) dump_dir: Option<PathBuf>,
    pub(crate) kind: Option<Only>,
    pub(crate) lines: Option<usize>,
    pub(crate) follow: bool,
    pub(crate) events: bool,
    pub(crate) verbose: bool,
    pub(crate) json: bool,
    pub(crate) colour: Colour,
    pub(crate) filter: Filter,
    pub(crate) by: Option<String>,
    /// Rules of which none may hold.
    pub(crate) fail_if: Vec<String>,
    pub(crate) top: Option<usize>,
    pub(crate) vs_good: Option<bool>,
    pub(crate) output: Option<PathBuf>,
    pub(crate) to: Option<String>,
    pub(crate) concurrency: Option<usize>,
    /// Values of what was redacted, by name.
    pub(crate) set: Vec<(String, String)>,
    pub(crate) allow_remote: bool,
    pub(crate) help: bool,
    pub(crate) version: bool,
}

/// `--type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Only {
    Api,
    Errors,
}

/// Reads the arguments, given without the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Options, Failure> {
    let mut options = Options::default();
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut given: Vec<&'static Flag> = Vec::new();
    let mut has_command = false;
    let mut stats = false;
    while let Some(argument) = parser.next().map_err(plain)? {
        let flag = match argument {
            // Standard input, in place of files.
            lexopt::Arg::Value(word) if word == "-" => {
                options.log_dir = Some(word.into());
                continue;
            }
            lexopt::Arg::Value(word) if !has_command => {
                let word = text(word)?;
                options.command = Command::named(&word).ok_or_else(|| unknown_command(&word))?;
                has_command = true;
                continue;
            }
            lexopt::Arg::Value(word) => {
                options.names.push(text(word)?);
                continue;
            }
            lexopt::Arg::Long(name) => FLAGS
                .iter()
                .find(|flag| flag.long == name)
                .ok_or_else(|| unknown_flag(&format!("--{name}")))?,
            lexopt::Arg::Short(name) => FLAGS
                .iter()
                .find(|flag| flag.short == Some(name))
                .ok_or_else(|| unknown_flag(&format!("-{name}")))?,
        };
        match flag.value {
            None if flag.long == "stats" => stats = true,
            None => options.turn_on(flag.long),
            Some(_) => {
                let value = parser.value().map_err(|_| missing(flag))?;
                options.take(flag, text(value)?)?;
            }
        }
        given.push(flag);
    }
    if stats {
        if has_command && options.command != Command::Stats {
            return Err(Failure::usage(format!(
                "--stats is a command of its own: flightlog stats, not {}",
                options.command.name()
            )));
        }
        options.command = Command::Stats;
    }
    // errors.log alone has no exchanges, but failures.
    let file = options.log_dir.as_ref().and_then(|place| place.file_name()?.to_str());
    if options.kind.is_none() && file.is_some_and(|name| name.starts_with("errors.log")) {
        options.kind = Some(Only::Errors);
    }
    options.is_named = has_command;
    options.check(&given)?;
    Ok(options)
}

impl Options {
    /// Sets a flag without a value.
    fn turn_on(&mut self, name: &str) {
        match name {
            "follow" => self.follow = true,
            "events" => self.events = true,
            "verbose" => self.verbose = true,
            "json" => self.json = true,
            "errors-only" => self.filter.errors_only = true,
            "vs-good" => self.vs_good = Some(true),
            "no-vs-good" => self.vs_good = Some(false),
            "allow-remote" => self.allow_remote = true,
            "help" => self.help = true,
            _ => self.version = true,
        }
    }

    /// Sets a flag with a value.
    fn take(&mut self, flag: &Flag, value: String) -> Result<(), Failure> {
        let bad = || wrong(flag, &value);
        if value.trim().is_empty() {
            return Err(bad());
        }
        let now = time::now();
        let filter = &mut self.filter;
        match flag.long {
            "log-dir" => self.log_dir = Some(value.into()),
            "dump-dir" => self.dump_dir = Some(value.into()),
            "type" => {
                self.kind = Some(match value.as_str() {
                    "api" => Only::Api,
                    "error" | "errors" => Only::Errors,
                    _ => return Err(bad()),
                });
            }
            "lines" => self.lines = Some(count(&value).ok_or_else(bad)?),
            "top" => self.top = Some(count(&value).ok_or_else(bad)?),
            "since" => filter.since = Some(time::typed_moment(&value, now).ok_or_else(bad)?),
            "until" => filter.until = Some(time::typed_moment(&value, now).ok_or_else(bad)?),
            "hours" => {
                let hours: f64 =
                    value.parse().ok().filter(|hours| (0.0..1e9).contains(hours)).ok_or_else(bad)?;
                filter.since = Some(now.saturating_sub((hours * time::HOUR as f64) as u64));
            }
            "status" => {
                for part in value.split(',') {
                    filter.status.push(Status::parse(part.trim()).ok_or_else(|| wrong(flag, part))?);
                }
            }
            "method" => filter.methods.extend(value.split(',').map(|method| method.trim().to_owned())),
            "endpoint" => filter.endpoints.push(Glob::new(&value)),
            "slow" => filter.slow = Some(time::typed_length(&value).ok_or_else(bad)?),
            "id" => filter.id = Some(value),
            "where" => {
                let question = Question::parse(&value).map_err(|why| {
                    Failure::usage(format!(
                        "--where '{value}': {why}\ntry: --where 'status_code>=500 and duration_ms>1000'"
                    ))
                })?;
                // Several must hold together.
                filter.question = Some(match filter.question.take() {
                    Some(other) => Question::And(vec![other, question]),
                    None => question,
                });
            }
            "output" => self.output = Some(value.into()),
            "to" => self.to = Some(value),
            "concurrency" => self.concurrency = Some(count(&value).ok_or_else(bad)?),
            "set" => {
                // What was typed is not told again: it may be the secret.
                let parts = value.split_once('=').filter(|(name, _)| !name.is_empty());
                let (name, value) = parts.ok_or_else(|| missing(flag))?;
                self.set.push((name.to_owned(), value.to_owned()));
            }
            "by" => self.by = Some(value),
            "fail-if" => self.fail_if.push(value),
            _ => {
                self.colour = match value.as_str() {
                    "auto" => Colour::Auto,
                    "always" => Colour::Always,
                    "never" => Colour::Never,
                    _ => return Err(bad()),
                }
            }
        }
        Ok(())
    }

    /// Whether the flags belong to the command, and the names.
    fn check(&self, given: &[&'static Flag]) -> Result<(), Failure> {
        if self.help || self.version {
            return Ok(());
        }
        let command = self.command;
        if let Some(flag) = given.iter().find(|flag| !flag.of.is_empty() && !flag.of.contains(&command)) {
            let names: Vec<_> = flag.of.iter().map(|command| command.name()).collect();
            return Err(Failure::usage(format!(
                "--{} belongs to {}, not to {}",
                flag.long,
                names.join(", "),
                command.name()
            )));
        }
        let (least, most) = command.names();
        if self.names.len() < least || self.names.iter().any(|name| name.trim().is_empty()) {
            return Err(Failure::usage(nameless(command)));
        }
        if let (Some(since), Some(until)) = (self.filter.since, self.filter.until)
            && since > until
        {
            return Err(Failure::usage(format!(
                "--since {} is later than --until {}: nothing lies between\ntry: --since 2h --until 1h",
                time::plain(since),
                time::plain(until)
            )));
        }
        if self.follow && self.is_stdin() {
            return Err(Failure::usage(
                "--follow looks at files; standard input ends\ntry: flightlog -f --log-dir DIR",
            ));
        }
        match self.names.get(most) {
            Some(_) if !self.set.is_empty() => Err(Failure::usage(format!(
                "{} takes one id: a value with a space wants quotes\ntry: --set authorization='Bearer TOKEN'",
                command.name()
            ))),
            Some(extra) => Err(Failure::usage(format!("{} takes no `{extra}`", command.name()))),
            None => Ok(()),
        }
    }

    /// Where the logs are: `--log-dir`, LOG_DIR, `./logs`.
    pub(crate) fn log_dir(&self) -> PathBuf {
        let from_environment =
            || std::env::var_os("LOG_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        self.log_dir.clone().or_else(from_environment).unwrap_or_else(|| "logs".into())
    }

    /// Whether the log comes on standard input.
    pub(crate) fn is_stdin(&self) -> bool {
        self.log_dir.as_ref().is_some_and(|dir| dir.as_os_str() == "-")
    }

    /// Where the dumps are: `--dump-dir`, LOG_DUMP_DIR unless `--log-dir` was given, `dumps` among the logs.
    pub(crate) fn dump_dir(&self) -> PathBuf {
        let from_environment =
            || std::env::var_os("LOG_DUMP_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let beside = || {
            let logs = self.log_dir();
            let dir =
                if logs.is_file() { logs.parent().map(PathBuf::from).unwrap_or_default() } else { logs };
            dir.join("dumps")
        };
        match (&self.dump_dir, &self.log_dir) {
            (Some(dir), _) => dir.clone(),
            (None, Some(_)) if self.is_stdin() => "logs/dumps".into(),
            (None, Some(_)) => beside(),
            (None, None) => from_environment().unwrap_or_else(beside),
        }
    }
}

fn text(value: OsString) -> Result<String, Failure> {
    value.into_string().map_err(|value| Failure::usage(format!("{} is not UTF-8", value.display())))
}

/// A whole number from 0; what is too large for one is as many as there are.
fn count(value: &str) -> Option<usize> {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| value.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests;
