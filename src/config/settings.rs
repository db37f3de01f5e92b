use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;

use super::components::Components;
use super::env::VARIABLES;
use super::error::{Error, Problem};
use super::skip::is_pattern;
use super::trail::TrailLevels;
use super::units;
use super::verbosity::Verbosity;
use crate::{exchange::Bodies, redact::RedactMode};

/// Kept of one body at most, whatever is asked for: a limit above it is a slip of the keyboard.
const MAX_BODY: usize = 1 << 30;
/// Each rotation renames so many files.
const MAX_BACKUPS: usize = 1000;
/// A hundred years; past it, arithmetic on clocks could fail.
const MAX_AGE: Duration = Duration::from_secs(100 * 365 * 86_400);
/// Names of services, versions and redacted fields, in bytes.
const MAX_NAME: usize = 128;
const DEFAULT_LEVEL: &str = "info";
const DEFAULT_TRAIL: &str = "debug";

/// What goes to standard output (`LOG_CONSOLE`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Console {
    /// Pretty on a terminal, JSON where files are off or unusable, else off.
    #[default]
    Auto,
    /// For people, with colours on a terminal.
    Pretty,
    /// One JSON object per line.
    Json,
    /// Nothing.
    Off,
}

/// Who writes this log (`LOG_SERVICE`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
}

/// Everything that can be set. Defaults and meanings are in the table of [`super`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) enabled: bool,
    pub(crate) dir: PathBuf,
    pub(crate) files: bool,
    pub(crate) dumps: bool,
    /// 0: a log file is never rotated.
    pub(crate) max_bytes: u64,
    /// 0: what is full starts anew.
    pub(crate) backup_count: usize,
    pub(crate) file_mode: u32,
    /// As written; [`filter`](Self::filter) is what to use.
    pub(crate) level: Option<String>,
    /// As written; [`TrailLevels`] reads it.
    pub(crate) trail: String,
    pub(crate) console: Console,
    pub(crate) verbosity: Verbosity,
    pub(crate) bodies: Bodies,
    /// As set; [`inline_limit`](Self::inline_limit) is what to use.
    pub(crate) body_limit: usize,
    pub(crate) capture_limit: usize,
    pub(crate) capture_budget: usize,
    pub(crate) headers: bool,
    pub(crate) combined: bool,
    /// As set; [`dumps_dir`](Self::dumps_dir) is what to use.
    pub(crate) dump_dir: Option<PathBuf>,
    pub(crate) dump_keep: usize,
    pub(crate) dump_max_bytes: u64,
    pub(crate) dump_max_age: Duration,
    pub(crate) dump_per_minute: u32,
    /// Whether requests that are sent have dumps of their own. None: those without a response, with the request that failed by them.
    pub(crate) dump_outbound: Option<bool>,
    pub(crate) slow: Option<Duration>,
    /// As written; [`Skip`](super::Skip) reads it.
    pub(crate) skip: Vec<String>,
    pub(crate) sample: f64,
    pub(crate) redact: Vec<String>,
    pub(crate) redact_keep: Vec<String>,
    pub(crate) redact_mode: RedactMode,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) components: Components,
    /// As set; [`service`](Self::service) is what to use.
    pub(crate) service: Option<Service>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            dir: PathBuf::from("./logs"),
            files: true,
            dumps: true,
            max_bytes: 10 << 20,
            backup_count: 5,
            file_mode: 0o600,
            level: None,
            trail: DEFAULT_TRAIL.to_owned(),
            console: Console::Auto,
            verbosity: Verbosity::NORMAL,
            bodies: Bodies::All,
            body_limit: 2 << 10,
            capture_limit: 64 << 10,
            capture_budget: 64 << 20,
            headers: false,
            combined: false,
            dump_dir: None,
            dump_keep: 200,
            dump_max_bytes: 64 << 20,
            dump_max_age: Duration::from_secs(7 * 86_400),
            dump_per_minute: 60,
            dump_outbound: None,
            slow: None,
            skip: Vec::new(),
            sample: 1.0,
            redact: Vec::new(),
            redact_keep: Vec::new(),
            redact_mode: RedactMode::Standard,
            trusted_proxies: Vec::new(),
            components: Components::default(),
            service: None,
        }
    }
}

impl Settings {
    /// Whether every value can be meant.
    ///
    /// # Errors
    ///
    /// Every one that cannot, under the name of its builder setter.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        let problems: Vec<Problem> = self
            .out_of_range()
            .into_iter()
            .filter_map(|(name, value)| {
                let variable = VARIABLES.iter().find(|variable| variable.name == name)?;
                let want = match self.why(name, &value) {
                    Some(why) => format!("{}: {why}", variable.want),
                    None => variable.want.to_owned(),
                };
                Some(Problem::setting(variable.setter, &value, want))
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(Error::new(problems)) }
    }

    /// Variables whose value is of the right shape and cannot be meant, with that value; in the table's
    /// order.
    pub(super) fn out_of_range(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let mut check = |name, allowed: bool, value: fmt::Arguments<'_>| {
            if !allowed {
                found.push((name, value.to_string()));
            }
        };
        check("LOG_DIR", is_path(&self.dir), format_args!("{}", self.dir.display()));
        let backups = self.backup_count;
        check("LOG_BACKUP_COUNT", backups <= MAX_BACKUPS, format_args!("{backups}"));
        let mode = self.file_mode;
        check("LOG_FILE_MODE", matches!(mode, 0o600 | 0o640), format_args!("{mode:04o}"));
        if let Some(level) = &self.level {
            check("LOG_LEVEL", units::directives(level).is_some(), format_args!("{level}"));
        }
        check("LOG_TRAIL", TrailLevels::parse(&self.trail).is_some(), format_args!("{}", self.trail));
        for (name, limit) in [("LOG_BODY_LIMIT", self.body_limit), ("LOG_CAPTURE_LIMIT", self.capture_limit)]
        {
            check(name, limit <= MAX_BODY, format_args!("{limit}"));
        }
        if let Some(dir) = &self.dump_dir {
            check("LOG_DUMP_DIR", is_path(dir), format_args!("{}", dir.display()));
        }
        check("LOG_DUMP_KEEP", self.dump_keep > 0, format_args!("{}", self.dump_keep));
        check("LOG_DUMP_MAX_BYTES", self.dump_max_bytes > 0, format_args!("{}", self.dump_max_bytes));
        check("LOG_DUMP_MAX_AGE", is_age(self.dump_max_age), format_args!("{:?}", self.dump_max_age));
        check("LOG_DUMP_PER_MINUTE", self.dump_per_minute > 0, format_args!("{}", self.dump_per_minute));
        if let Some(slow) = self.slow {
            check("LOG_SLOW", is_age(slow), format_args!("{slow:?}"));
        }
        for pattern in &self.skip {
            check("LOG_SKIP", is_pattern(pattern), format_args!("{pattern}"));
        }
        check("LOG_SAMPLE", (0.0..=1.0).contains(&self.sample), format_args!("{}", self.sample));
        for (name, fields) in [("LOG_REDACT", &self.redact), ("LOG_REDACT_KEEP", &self.redact_keep)] {
            for field in fields {
                check(name, is_name(field), format_args!("{field}"));
            }
        }
        for (component, _) in self.components.wrong() {
            check("LOG_COMPONENTS", false, format_args!("{component}"));
        }
        if let Some(Service { name, version }) = &self.service {
            let allowed = is_name(name) && version.as_deref().is_none_or(is_name);
            check("LOG_SERVICE", allowed, format_args!("{name}@{}", version.as_deref().unwrap_or_default()));
        }
        found
    }

    /// Why a value that is out of range cannot be meant, where more can be told than what is allowed.
    fn why(&self, name: &str, value: &str) -> Option<String> {
        match name {
            "LOG_LEVEL" | "LOG_TRAIL" => units::bare_target(value).map(units::how_to_write),
            "LOG_COMPONENTS" => {
                let (_, why) = self.components.wrong().find(|(component, _)| component == value)?;
                why.map(str::to_owned)
            }
            _ => None,
        }
    }

    /// The filter for log entries, as `EnvFilter` reads it.
    pub(crate) fn filter(&self) -> String {
        self.level.as_deref().and_then(units::directives).unwrap_or_else(|| DEFAULT_LEVEL.to_owned())
    }

    /// What the trails of failed requests have; nothing where there are no dumps.
    pub(crate) fn trail(&self) -> TrailLevels {
        TrailLevels::parse(&self.trail).filter(|_| self.dumps).unwrap_or_default()
    }

    /// Bytes of each body shown in an entry: no more than are kept.
    pub(crate) fn inline_limit(&self) -> usize {
        self.body_limit.min(self.capture_limit)
    }

    /// Where dumps are.
    pub(crate) fn dumps_dir(&self) -> PathBuf {
        self.dump_dir.clone().unwrap_or_else(|| self.dir.join("dumps"))
    }

    /// What the log says of itself when it starts, in the table's order.
    pub(crate) fn told(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LOG_API_CALLS", self.enabled.to_string()),
            ("LOG_DIR", absolute(&self.dir)),
            ("LOG_FILES", self.files.to_string()),
            ("LOG_DUMPS", self.dumps.to_string()),
            ("LOG_MAX_BYTES", self.max_bytes.to_string()),
            ("LOG_BACKUP_COUNT", self.backup_count.to_string()),
            ("LOG_FILE_MODE", format!("{:04o}", self.file_mode)),
            ("LOG_LEVEL", self.filter()),
            ("LOG_TRAIL", self.trail.clone()),
            ("LOG_BODIES", format!("{:?}", self.bodies).to_ascii_lowercase()),
            ("LOG_BODY_LIMIT", self.inline_limit().to_string()),
            ("LOG_CAPTURE_LIMIT", self.capture_limit.to_string()),
            ("LOG_CAPTURE_BUDGET", self.capture_budget.to_string()),
            ("LOG_HEADERS", self.headers.to_string()),
            ("LOG_COMBINED", self.combined.to_string()),
            ("LOG_DUMP_DIR", absolute(&self.dumps_dir())),
            ("LOG_DUMP_KEEP", self.dump_keep.to_string()),
            ("LOG_DUMP_MAX_BYTES", self.dump_max_bytes.to_string()),
            ("LOG_DUMP_MAX_AGE", format!("{:?}", self.dump_max_age)),
            ("LOG_DUMP_PER_MINUTE", self.dump_per_minute.to_string()),
            ("LOG_SLOW", self.slow.map_or_else(String::new, |slow| format!("{slow:?}"))),
            ("LOG_SKIP", self.skip.join(",")),
            ("LOG_SAMPLE", self.sample.to_string()),
            ("LOG_REDACT_MODE", format!("{:?}", self.redact_mode).to_ascii_lowercase()),
            ("LOG_COMPONENTS", self.components.told()),
        ]
    }

    /// Who writes this log; where nobody said, the program's name.
    pub(crate) fn service(&self) -> Service {
        self.service.clone().unwrap_or_else(|| Service { name: program_name(), version: None })
    }
}

/// Where a directory is, whatever the working directory of who reads this.
fn absolute(dir: &Path) -> String {
    std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned()).display().to_string()
}

fn program_name() -> String {
    let name = std::env::args_os().next().and_then(|program| {
        let name = Path::new(&program).file_name()?.to_string_lossy().into_owned();
        is_name(&name).then_some(name)
    });
    name.unwrap_or_else(|| String::from("unknown"))
}

fn is_path(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    !bytes.is_empty() && !bytes.contains(&0)
}

fn is_age(age: Duration) -> bool {
    !age.is_zero() && age <= MAX_AGE
}

/// Something a person can read and a rule can match.
fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME && name.chars().any(char::is_alphanumeric) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
