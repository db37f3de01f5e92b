//! The commands: what each does, takes, and is typed like.

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
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) command: Command,
    pub(crate) name: &'static str,
    pub(crate) takes: &'static str,
    pub(crate) does: &'static str,
    /// The least and the most words behind it.
    pub(crate) names: (usize, usize),
    pub(crate) examples: &'static [(&'static str, &'static str)],
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
            ("zcat logs/api.log.*.gz | flightlog stats -", "logs that logrotate has compressed"),
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
    about(
        Command::Help,
        "help",
        "[COMMAND]",
        (0, 1),
        "this, or more about a command",
        &[("flightlog help stats", "the flags of stats, with examples")],
    ),
];
