use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::components::Components;
use super::error::{Error, Problem, escaped};
use super::settings::{Console, Service, Settings};
use super::skip::is_pattern;
use super::trail::TrailLevels;
use super::units;
use super::verbosity::Verbosity;
use crate::{exchange::Bodies, redact::RedactMode};

use Apply::{Directory, Text};

/// Read where `LOG_LEVEL` is unset.
const FALLBACK: &str = "RUST_LOG";

/// A variable of the environment.
pub(crate) struct Variable {
    /// `LOG_SLOW`.
    pub(crate) name: &'static str,
    /// The builder's setter, `slow`.
    pub(crate) setter: &'static str,
    /// As a person would write it; in parentheses where that is impossible.
    #[cfg_attr(not(test), allow(dead_code))]
    pub(crate) default: &'static str,
    /// What is allowed: completes "want ..".
    pub(crate) want: &'static str,
    apply: Apply,
}

enum Apply {
    /// Trimmed UTF-8.
    Text(fn(&mut Settings, &str) -> Result<(), Bad>),
    /// Any bytes, untouched.
    Directory(fn(&mut Settings, PathBuf)),
}

enum Bad {
    Whole,
    /// This part of a list, and why where that can be told.
    Part(String, Option<String>),
}

/// Takes the one table of variables; makes [`VARIABLES`] and, for documentation, `environment_table!()`.
macro_rules! variables {
    ($({ $name:literal, $setter:literal, $default:literal, $want:literal, $meaning:literal, $apply:expr })*) => {
        /// Every variable.
        pub(crate) const VARIABLES: &[Variable] = &[$(
            Variable { name: $name, setter: $setter, default: $default, want: $want, apply: $apply },
        )*];

        /// The table of variables as markdown, for `#[doc = ..]`.
        macro_rules! environment_table {
            () => {
                concat!(
                    "\n| variable | setter | default | allowed | meaning |\n|---|---|---|---|---|\n",
                    $("| `", $name, "` | `", $setter, "` | ", $default, " | ", $want, " | ", $meaning, " |\n",)*
                    "\nUnset or empty means the default. `RUST_LOG` is read where `LOG_LEVEL` is unset.\n",
                )
            };
        }
        pub(crate) use environment_table;
    };
}

variables! {
    { "LOG_API_CALLS", "enabled", "true", "true or false (also 1/0, yes/no, on/off)",
      "false: the layer passes everything through: nothing captured, nothing added to the wire",
      Text(|s, text| put(&mut s.enabled, units::boolean(text))) }
    { "LOG_DIR", "dir", "./logs", "a directory",
      "log files, and dumps/ in it",
      Directory(|s, path| s.dir = path) }
    { "LOG_FILES", "files", "true", "true or false (also 1/0, yes/no, on/off)",
      "false: no log files are written",
      Text(|s, text| put(&mut s.files, units::boolean(text))) }
    { "LOG_DUMPS", "dumps", "true", "true or false (also 1/0, yes/no, on/off)",
      "false: no dumps are written",
      Text(|s, text| put(&mut s.dumps, units::boolean(text))) }
    { "LOG_MAX_BYTES", "max_bytes", "10485760", "a size such as 10485760, 10MB or 64KiB, or 0",
      "a log file is rotated before it grows past this; 0 never",
      Text(|s, text| put(&mut s.max_bytes, units::bytes(text))) }
    { "LOG_BACKUP_COUNT", "backup_count", "5", "a number up to 1000",
      "rotated files kept of each log file, `api.log.1` the newest; 0: a full file starts anew",
      Text(|s, text| put(&mut s.backup_count, count(text))) }
    { "LOG_FILE_MODE", "file_mode", "0600", "0600 (the owner alone) or 0640 (its group may read)",
      "the mode of log files and dumps; directories are 0700, or 0750 with 0640. \
       Others could read what clients sent, a group that writes could forge entries: no further modes",
      Text(|s, text| put(&mut s.file_mode, units::mode(text))) }
    { "LOG_LEVEL", "level", "info",
      "off, error, warn, info, debug, trace (also WARNING, CRITICAL, FATAL, any case) \
       or tracing directives such as info,my_crate=debug",
      "which tracing events become log entries; never affects exchanges or dumps",
      Text(level) }
    { "LOG_TRAIL", "trail", "debug",
      "off, error, warn, info, debug, trace (also WARNING, CRITICAL, FATAL, any case) \
       or targets with levels such as debug,hyper=info",
      "which tracing events of a failed request its dump has, whatever LOG_LEVEL says; off: none. \
       An event told in a request costs about 1,050 instructions, one outside of requests 300, a DEBUG span 2,150",
      Text(trail) }
    { "LOG_CONSOLE", "console", "auto", "auto, pretty, json or off",
      "what goes to stdout; auto: pretty on a terminal, json where files are off or unusable, else off",
      Text(|s, text| one_of(&mut s.console, text, &[
          ("auto", Console::Auto), ("pretty", Console::Pretty), ("json", Console::Json), ("off", Console::Off),
      ])) }
    { "LOG_DEBUG", "verbosity", "0", "0, 1, 2 or 3",
      "verbosity: how much detail entries have",
      Text(|s, text| put(&mut s.verbosity, text.parse::<Verbosity>().ok())) }
    { "LOG_BODIES", "bodies", "all", "all, errors or off",
      "errors: bodies are inlined only where the exchange failed; off: counted, never kept",
      Text(|s, text| one_of(&mut s.bodies, text, &[
          ("all", Bodies::All), ("errors", Bodies::Errors), ("off", Bodies::Off),
      ])) }
    { "LOG_BODY_LIMIT", "body_limit", "2KiB", "a size up to 1GiB such as 4096, 64KiB or 10MB",
      "bytes of each body inlined in an entry, at most as many as are captured",
      Text(|s, text| put(&mut s.body_limit, size(text))) }
    { "LOG_CAPTURE_LIMIT", "capture_limit", "64KiB", "a size up to 1GiB such as 4096, 64KiB or 10MB",
      "bytes of each body kept for the dump",
      Text(|s, text| put(&mut s.capture_limit, size(text))) }
    { "LOG_CAPTURE_BUDGET", "capture_budget", "64MiB", "a size such as 10485760, 64MiB or 1GB",
      "captured bytes and trails in flight over all requests; past it bodies are counted, not kept",
      Text(|s, text| put(&mut s.capture_budget, size(text))) }
    { "LOG_HEADERS", "headers", "false", "true or false (also 1/0, yes/no, on/off)",
      "headers in entries; dumps always have them",
      Text(|s, text| put(&mut s.headers, units::boolean(text))) }
    { "LOG_COMBINED", "combined", "false", "true or false (also 1/0, yes/no, on/off)",
      "one entry per exchange: no request entry, the response entry also has the request's part",
      Text(|s, text| put(&mut s.combined, units::boolean(text))) }
    { "LOG_DUMP_DIR", "dump_dir", "({LOG_DIR}/dumps)", "a directory",
      "where dumps are written",
      Directory(|s, path| s.dump_dir = Some(path)) }
    { "LOG_DUMP_KEEP", "dump_keep", "200", "a number from 1 up (LOG_DUMPS=false writes none)",
      "how many dumps are kept: oldest deleted first, the first of each fingerprint last",
      Text(|s, text| put(&mut s.dump_keep, count(text))) }
    { "LOG_DUMP_MAX_BYTES", "dump_max_bytes", "64MiB",
      "a size above zero such as 10485760, 64MiB or 1GB (LOG_DUMPS=false writes none)",
      "what all dumps together may take on disk, at every moment; a larger one goes without bodies, then \
       without events. \
       Of the disk itself 1 %, at most 64 MiB, is left free",
      Text(|s, text| put(&mut s.dump_max_bytes, units::bytes(text))) }
    { "LOG_DUMP_MAX_AGE", "dump_max_age", "7d", "a duration above zero such as 12h, 7d or 30d",
      "older dumps are deleted; the first of a fingerprint stays while a repeat is younger, but never beyond twice \
       this: where the age is a promise, set half of it",
      Text(|s, text| put(&mut s.dump_max_age, units::duration(text))) }
    { "LOG_DUMP_PER_MINUTE", "dump_per_minute", "60", "a number from 1 up (LOG_DUMPS=false writes none)",
      "past it dumps are counted, not written; of these at most 3 of each fingerprint, those asked for aside",
      Text(|s, text| put(&mut s.dump_per_minute, count(text))) }
    { "LOG_SLOW", "slow", "(unset)", "a duration above zero such as 250ms, 5s or 1h30m",
      "slower exchanges are WARN and dumped; one that still runs then is told once, as a WARN `still_running`",
      Text(|s, text| put(&mut s.slow, units::duration(text).map(Some))) }
    { "LOG_SKIP", "skip", "(unset)", "paths such as /health,/metrics,GET /static/*, comma-separated",
      "not logged unless remarkable: an error, an abort, a panic, or slow. `*` is any run of characters; \
       the path is the original one, without the query, or the route's template",
      Text(|s, text| patterns(&mut s.skip, text)) }
    { "LOG_SAMPLE", "sample", "1", "a share from 0 to 1 such as 0.1, or 10%",
      "how many of the unremarkable exchanges are logged; the request id decides",
      Text(|s, text| put(&mut s.sample, units::share(text))) }
    { "LOG_REDACT", "redact", "(unset)", "names such as internal_id,x-tenant, comma-separated",
      "more names whose values are redacted",
      Text(|s, text| names(&mut s.redact, text)) }
    { "LOG_REDACT_KEEP", "redact_keep", "(unset)", "names such as internal_id,x-tenant, comma-separated",
      "names whose values are kept",
      Text(|s, text| names(&mut s.redact_keep, text)) }
    { "LOG_REDACT_MODE", "redact_mode", "standard", "standard or strict",
      "strict: headers by allow-list, string values in bodies go, only named keys stay",
      Text(|s, text| one_of(&mut s.redact_mode, text, &[
          ("standard", RedactMode::Standard), ("strict", RedactMode::Strict),
      ])) }
    { "LOG_TRUSTED_PROXIES", "trusted_proxies", "(unset)",
      "addresses or networks such as 10.0.0.0/8,::1, comma-separated",
      "proxies whose Forwarded and X-Forwarded-For are believed, read right to left",
      Text(networks) }
    { "LOG_COMPONENTS", "components", "(unset)",
      "name=target;name=target: targets of tracing, and names of [A-Za-z0-9._-] that begin with a letter or digit, \
       each once, at most 64 characters, not api or errors, without .log",
      "log entries of these targets, and of those below, go to {name}.log; the longest target wins",
      Text(components) }
    { "LOG_SERVICE", "service", "(program name)", "name or name@version",
      "who writes this log, in dumps and the recorder's start entry",
      Text(|s, text| put(&mut s.service, service(text).map(Some))) }
}

impl Settings {
    /// The settings that the environment of this process asks for.
    ///
    /// # Errors
    ///
    /// Every variable whose value cannot be meant.
    pub(crate) fn from_env() -> Result<Self, Error> {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    /// The settings that an environment asks for.
    ///
    /// # Errors
    ///
    /// Every variable whose value cannot be meant.
    pub(crate) fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let mut settings = Self::default();
        let mut given: Vec<(&Variable, &'static str, OsString)> = Vec::new();
        let mut problems: Vec<(&Variable, Problem)> = Vec::new();
        for variable in VARIABLES {
            let Some((name, value)) = variable.names().find_map(|name| Some((name, present(lookup(name)?)?)))
            else {
                continue;
            };
            match variable.apply(&mut settings, name, &value) {
                Ok(()) => given.push((variable, name, value)),
                Err(bad) => {
                    problems.push((variable, Problem::variable(name, &value, variable.complaint(bad))))
                }
            }
        }
        for (name, _) in settings.out_of_range() {
            let read = given.iter().find(|(variable, ..)| variable.name == name);
            let known = problems.iter().any(|(variable, _)| variable.name == name);
            if let (Some((variable, name, value)), false) = (read, known) {
                problems.push((variable, Problem::variable(name, value, variable.want)));
            }
        }
        if problems.is_empty() {
            return Ok(settings);
        }
        problems.sort_by_key(|(variable, _)| VARIABLES.iter().position(|row| row.name == variable.name));
        Err(Error::new(problems.into_iter().map(|(_, problem)| problem).collect()))
    }
}

impl Variable {
    /// Its name, then those read where that is unset.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        let fallback = if self.name == "LOG_LEVEL" { Some(FALLBACK) } else { None };
        [Some(self.name), fallback].into_iter().flatten()
    }

    fn apply(&self, settings: &mut Settings, name: &str, value: &OsStr) -> Result<(), Bad> {
        match self.apply {
            Text(apply) => {
                let text = value.to_str().ok_or(Bad::Whole)?.trim();
                // Others mean a target by it.
                match units::bare_target(text).filter(|_| name == FALLBACK) {
                    Some(target) => apply(settings, &format!("{target}=trace")),
                    None => apply(settings, text),
                }
            }
            Directory(apply) => {
                apply(settings, PathBuf::from(value));
                Ok(())
            }
        }
    }

    fn complaint(&self, bad: Bad) -> String {
        match bad {
            Bad::Whole => self.want.to_owned(),
            Bad::Part(part, None) => format!("{}, not \"{part}\"", self.want),
            Bad::Part(part, Some(why)) => format!("{}, not \"{part}\": {why}", self.want),
        }
    }
}

/// Unset and blank are the same.
fn present(value: OsString) -> Option<OsString> {
    let blank = value.to_str().is_some_and(|text| text.trim().is_empty());
    (!blank).then_some(value)
}

fn put<T>(place: &mut T, value: Option<T>) -> Result<(), Bad> {
    *place = value.ok_or(Bad::Whole)?;
    Ok(())
}

fn one_of<T: Copy>(place: &mut T, text: &str, words: &[(&str, T)]) -> Result<(), Bad> {
    put(place, words.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)).map(|(_, value)| *value))
}

fn size(text: &str) -> Option<usize> {
    units::bytes(text)?.try_into().ok()
}

fn count<T: TryFrom<u64>>(text: &str) -> Option<T> {
    units::number(text)?.try_into().ok()
}

fn names(place: &mut Vec<String>, text: &str) -> Result<(), Bad> {
    *place = units::list(text).map(str::to_owned).collect();
    if place.is_empty() { Err(Bad::Whole) } else { Ok(()) }
}

fn level(settings: &mut Settings, text: &str) -> Result<(), Bad> {
    if let Some(word) = units::bare_target(text) {
        return Err(Bad::Part(escaped(OsStr::new(word)), Some(units::how_to_write(word))));
    }
    put(&mut settings.level, units::directives(text).map(Some))
}

fn trail(settings: &mut Settings, text: &str) -> Result<(), Bad> {
    if let Some(word) = units::bare_target(text) {
        return Err(Bad::Part(escaped(OsStr::new(word)), Some(units::how_to_write(word))));
    }
    put(&mut settings.trail, TrailLevels::parse(text).map(|_| text.to_owned()))
}

fn patterns(place: &mut Vec<String>, text: &str) -> Result<(), Bad> {
    names(place, text)?;
    match place.iter().find(|pattern| !is_pattern(pattern)) {
        Some(pattern) => Err(Bad::Part(escaped(OsStr::new(pattern)), None)),
        None => Ok(()),
    }
}

fn components(settings: &mut Settings, text: &str) -> Result<(), Bad> {
    settings.components = Components::parse(text).map_err(|(part, why)| match why {
        None if part.len() == text.len() => Bad::Whole,
        _ => Bad::Part(escaped(OsStr::new(part)), why.map(str::to_owned)),
    })?;
    Ok(())
}

fn networks(settings: &mut Settings, text: &str) -> Result<(), Bad> {
    settings.trusted_proxies = units::list(text)
        .map(|item| units::network(item).ok_or_else(|| Bad::Part(escaped(OsStr::new(item)), None)))
        .collect::<Result<_, _>>()?;
    if settings.trusted_proxies.is_empty() { Err(Bad::Whole) } else { Ok(()) }
}

/// `name@version` is split at the last `@`: names may hold one (`@scope/name@1.2.3`), versions do not.
fn service(text: &str) -> Option<Service> {
    match text.rsplit_once('@') {
        Some(("", _) | (_, "")) => None,
        Some((name, version)) => Some(Service { name: name.to_owned(), version: Some(version.to_owned()) }),
        None => Some(Service { name: text.to_owned(), version: None }),
    }
}

#[cfg(test)]
mod tests;
