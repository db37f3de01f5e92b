/// What is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Command {
    #[default]
    Tail,
    Stats,
    Errors,
    Dumps,
    Show,
    Curl,
    Har,
    Markdown,
    Test,
    Replay,
    Report,
    Doctor,
    Completions,
    Man,
    Help,
}

/// A command in the help.
pub(crate) struct About {
    pub(crate) command: Command,
    pub(crate) name: &'static str,
    pub(crate) takes: &'static str,
    pub(crate) does: &'static str,
    /// The least and the most words behind it.
    pub(crate) names: (usize, usize),
    pub(crate) examples: &'static [(&'static str, &'static str)],
}

/// A flag.
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

impl Command {
    pub(crate) fn named(name: &str) -> Option<Self> {
        COMMANDS.iter().find(|about| about.name == name).map(|about| about.command)
    }

    pub(crate) fn about(self) -> Option<&'static About> {
        COMMANDS.iter().find(|about| about.command == self)
    }

    pub(crate) fn name(self) -> &'static str {
        self.about().map_or("flightlog", |about| about.name)
    }

    pub(crate) fn names(self) -> (usize, usize) {
        self.about().map_or((0, 0), |about| about.names)
    }
}

const fn about(
    command: Command,
    name: &'static str,
    takes: &'static str,
    names: (usize, usize),
    does: &'static str,
    examples: &'static [(&'static str, &'static str)],
) -> About {
    About { command, name, takes, does, names, examples }
}

/// Any number.
const MANY: usize = 1_000_000;

pub(crate) const COMMANDS: &[About] = &[
    about(
        Command::Tail,
        "tail",
        "",
        (0, 0),
        "the last exchanges, a line each (what flightlog does without a command)",
        &[
            ("flightlog", "the last 50 exchanges of ./logs"),
            ("flightlog -f --status 5xx,429", "what fails, as it happens"),
            ("flightlog tail --endpoint '/api/*' --slow 1s --since 2h", "slow calls of the last two hours"),
            ("flightlog tail --where 'request_body.model=\"gpt-4\"' -v", "calls of a model, with bodies"),
        ],
    ),
    about(
        Command::Stats,
        "stats",
        "",
        (0, 0),
        "how many, how fast, how often wrong: by endpoint or any key",
        &[
            ("flightlog stats --hours 1", "the last hour by endpoint"),
            ("flightlog stats --by 5m --endpoint /checkout", "one endpoint in steps of five minutes"),
            (
                "flightlog stats --since 10m --fail-if 'error_rate>0.05'",
                "for alerts: exit status 1 where it holds",
            ),
        ],
    ),
    about(
        Command::Errors,
        "errors",
        "",
        (0, 0),
        "failures, equal ones in one group, the most frequent first",
        &[("flightlog errors --since yesterday", "what went wrong, how often, and an id to look at")],
    ),
    about(
        Command::Dumps,
        "dumps",
        "",
        (0, 0),
        "the dump files, newest first",
        &[("flightlog dumps -n 5", "the five newest")],
    ),
    about(
        Command::Show,
        "show",
        "ID",
        (1, 1),
        "one exchange, all that is known: error, trail, request, response, neighbours",
        &[
            ("flightlog show latest:error", "the newest failure"),
            (
                "flightlog show 4f2a9c31",
                "by the first or last digits of its id, or the client's x-request-id",
            ),
        ],
    ),
    about(
        Command::Curl,
        "curl",
        "ID",
        (1, 1),
        "the command that sends a dumped request again",
        &[("flightlog curl latest | sh", "send it again; redacted values are variables to set")],
    ),
    about(
        Command::Har,
        "har",
        "[ID..]",
        (0, MANY),
        "dumps as HAR 1.2, for browsers' network panels",
        &[("flightlog har latest > failure.har", "one; without an id all dumps")],
    ),
    about(
        Command::Markdown,
        "markdown",
        "ID",
        (1, 1),
        "a dump to paste into an issue",
        &[("flightlog markdown latest", "the newest dump")],
    ),
    about(
        Command::Test,
        "test",
        "ID",
        (1, 1),
        "a dump as a Rust test that sends the request to your app()",
        &[("flightlog test latest > tests/failure.rs", "the newest dump")],
    ),
    about(
        Command::Replay,
        "replay",
        "ID",
        (1, 1),
        "send a dumped request again and compare the answer; exit status 1 where it differs",
        &[
            ("flightlog replay latest --to http://127.0.0.1:3000", "once"),
            (
                "flightlog replay latest --to http://127.0.0.1:3000 -n 20 -c 4 --set authorization=TOKEN",
                "20 times, 4 at once, with a value that was redacted",
            ),
        ],
    ),
    about(
        Command::Report,
        "report",
        "",
        (0, 0),
        "one HTML page: over time, by endpoint, failures, slowest calls",
        &[("flightlog report --since today -o today.html", "without -o it is report.html; -o - is stdout")],
    ),
    about(
        Command::Doctor,
        "doctor",
        "",
        (0, 0),
        "what is wrong with the logs: torn lines, gaps, clocks, permissions, secrets",
        &[("flightlog doctor", "exit status 1 where something is")],
    ),
    about(
        Command::Completions,
        "completions",
        "bash|zsh|fish",
        (1, 1),
        "completions for a shell, on stdout",
        &[("source <(flightlog completions bash)", "for this session")],
    ),
    about(
        Command::Man,
        "man",
        "",
        (0, 0),
        "the manual page, on stdout",
        &[("flightlog man | man -l -", "read it")],
    ),
    about(Command::Help, "help", "[COMMAND]", (0, 1), "this, or more about a command", &[]),
];

/// Commands that read the logs by the flags that say which exchanges are wanted.
const FILTERED: &[Command] = &[Command::Tail, Command::Stats, Command::Errors, Command::Report];

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
        "the logs, or one log file (default: LOG_DIR, else ./logs)",
        "want a directory",
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
    flag("stats", None, &[], "the same as the command stats"),
    flag(
        "errors-only",
        Some('e'),
        FILTERED,
        "failures only: status >= 500, panics, errors of service and body",
    ),
    valued("hours", None, "N", FILTERED, "of the last N hours", "want a number", "--hours 24"),
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
        "want a status (404), a class (5xx), a range (400-499) or none",
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
    flag("json", None, &[], "for machines: JSON, a line each where there are several"),
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
