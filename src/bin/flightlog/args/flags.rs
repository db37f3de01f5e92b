//! The flags: what each means, wants, and belongs to.

use super::Command;

/// A flag.
#[derive(Clone, Debug)]
pub(crate) struct Flag {
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    /// The name of its value, if it takes one.
    pub(crate) value: Option<&'static str>,
    pub(crate) does: &'static str,
    /// What a value must be.
    pub(crate) wants: &'static str,
    pub(crate) example: &'static str,
    /// The commands it belongs to; empty: all.
    pub(crate) of: &'static [Command],
}

/// Commands that read the logs by the flags that say which exchanges are wanted.
const FILTERED: &[Command] = &[Command::Tail, Command::Stats, Command::Errors, Command::Report];

/// Commands that tell what they found, and make no text of a form of its own.
const AS_JSON: &[Command] = &[
    Command::Tail,
    Command::Stats,
    Command::Errors,
    Command::Dumps,
    Command::Show,
    Command::Har,
    Command::Replay,
    Command::Doctor,
];

const fn flag(long: &'static str, short: Option<char>, of: &'static [Command], does: &'static str) -> Flag {
    Flag { long, short, value: None, does, wants: "", example: "", of }
}

const fn valued(
    long: &'static str,
    short: Option<char>,
    value: &'static str,
    of: &'static [Command],
    does: &'static str,
    wants: &'static str,
    example: &'static str,
) -> Flag {
    Flag { long, short, value: Some(value), does, wants, example, of }
}

pub(crate) const FLAGS: &[Flag] = &[
    valued(
        "log-dir",
        Some('d'),
        "DIR",
        &[],
        "the logs, one log file, or - for standard input (default: LOG_DIR, else ./logs)",
        "want a directory or a file",
        "--log-dir /var/log/shop",
    ),
    valued(
        "dump-dir",
        None,
        "DIR",
        &[],
        "the dumps (default: LOG_DUMP_DIR, else dumps/ among the logs)",
        "want a directory",
        "--dump-dir /var/log/shop/dumps",
    ),
    valued(
        "type",
        Some('t'),
        "api|errors",
        FILTERED,
        "api: exchanges only; errors: what is in errors.log",
        "want api or errors",
        "--type errors",
    ),
    valued(
        "lines",
        Some('n'),
        "N",
        &[Command::Tail, Command::Stats, Command::Errors, Command::Dumps, Command::Replay],
        "so many, the last ones (default 50); of stats: rows (default 20); of replay: so often (default 1)",
        "want a whole number",
        "--lines 100",
    ),
    flag("stats", None, &[Command::Tail, Command::Stats], "the same as the command stats"),
    flag(
        "errors-only",
        Some('e'),
        FILTERED,
        "failures only: status >= 500, panics, errors of service and body",
    ),
    valued(
        "hours",
        None,
        "N",
        FILTERED,
        "of the last N hours",
        "want a number of hours, 0 or more",
        "--hours 24",
    ),
    valued(
        "since",
        Some('s'),
        "WHEN",
        FILTERED,
        "from then on: 10m, 2h, 7d ago, 10:30, today, 2026-11-20T10:00 (UTC)",
        "want a time ago such as 10m or 2h, or a moment such as 10:30, yesterday, 2026-11-20T10:00 (UTC)",
        "--since 10m",
    ),
    valued(
        "until",
        Some('u'),
        "WHEN",
        FILTERED,
        "up to then",
        "want a time ago such as 10m or 2h, or a moment such as 10:30, yesterday, 2026-11-20T10:00 (UTC)",
        "--until 2026-11-20T10:00",
    ),
    valued(
        "status",
        None,
        "LIST",
        FILTERED,
        "5xx, 429, 400-499, none (no response), or several: 5xx,429",
        "want a status (404), a class (5xx), a range from lower to higher (400-499) or none",
        "--status 5xx,429",
    ),
    valued(
        "method",
        Some('m'),
        "LIST",
        FILTERED,
        "GET, or several: PUT,PATCH",
        "want a method",
        "--method POST",
    ),
    valued(
        "endpoint",
        Some('p'),
        "GLOB",
        FILTERED,
        "the route, or the path where there is none; * is any run of characters",
        "want a pattern",
        "--endpoint '/api/*'",
    ),
    valued(
        "slow",
        None,
        "TIME",
        FILTERED,
        "that took so long or longer",
        "want a length of time such as 500ms, 1s, 2m",
        "--slow 1s",
    ),
    valued(
        "id",
        None,
        "ID",
        FILTERED,
        "the first or last digits of the id, or the client's x-request-id",
        "want an id",
        "--id 0198c0de",
    ),
    valued(
        "where",
        Some('w'),
        "QUESTION",
        FILTERED,
        "any key: = != < <= > >= ~ (contains), and, or, not, ( ); a key alone: it is there",
        "want a question",
        "--where 'status_code>=500 and request_body.model=\"x\"'",
    ),
    flag(
        "follow",
        Some('f'),
        &[Command::Tail],
        "go on as the log grows, also where it is rotated, cut or made anew",
    ),
    flag("events", None, &[Command::Tail], "also what the application told: log entries and events"),
    flag("verbose", Some('v'), &[Command::Tail, Command::Show], "also headers and bodies"),
    valued(
        "by",
        Some('b'),
        "KEY",
        &[Command::Stats, Command::Report],
        "endpoint, status, method, remote_addr, hour, 5m, model, or any key such as attributes.tenant",
        "want a key",
        "--by status",
    ),
    valued(
        "fail-if",
        None,
        "RULE",
        &[Command::Stats],
        "exit status 1 where it holds: error_rate, requests, rate, p50, p90, p99, p99.9, max",
        "want a rule",
        "--fail-if 'p99>2s'",
    ),
    valued(
        "top",
        None,
        "N",
        &[Command::Stats],
        "rows of each table (default 20)",
        "want a whole number",
        "--top 5",
    ),
    flag(
        "vs-good",
        None,
        &[Command::Show],
        "what differs from the nearest success of the same route (default where there is one)",
    ),
    flag("no-vs-good", None, &[Command::Show], "not that"),
    valued(
        "to",
        None,
        "URL",
        &[Command::Replay],
        "where to send it",
        "want http://HOST:PORT",
        "--to http://127.0.0.1:3000",
    ),
    valued(
        "concurrency",
        Some('c'),
        "N",
        &[Command::Replay],
        "so many at once (default 1)",
        "want a whole number",
        "-c 4",
    ),
    valued(
        "set",
        None,
        "NAME=VALUE",
        &[Command::Replay],
        "a value that was redacted, by the name of its header or field (else the variable REPLAY_NAME)",
        "want a name, = and a value",
        "--set authorization='Bearer TOKEN'",
    ),
    valued(
        "output",
        Some('o'),
        "FILE",
        &[Command::Report],
        "where to write it (default report.html)",
        "want a file",
        "-o report.html",
    ),
    flag("allow-remote", None, &[Command::Replay], "send it to another machine than this"),
    flag("json", None, AS_JSON, "for machines: JSON, a line each where there are several"),
    valued(
        "color",
        None,
        "WHEN",
        &[],
        "auto, always or never (auto: on a terminal, unless NO_COLOR is set)",
        "want auto, always or never",
        "--color never",
    ),
    flag("help", Some('h'), &[], "this, or more about a command"),
    flag("version", Some('V'), &[], "the version"),
];
