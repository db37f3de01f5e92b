use std::fmt::Write;

use super::{COMMANDS, Command, FLAGS, Flag};

const INTRO: &str = "\
flightlog reads the logs and dumps of tower-flightlog: what happened, what hurts, what failed and why.";

/// The help, of everything or of one command.
pub(crate) fn help(of: Option<Command>) -> String {
    let mut text = String::new();
    match of.and_then(Command::about) {
        None => {
            _ = writeln!(text, "{INTRO}\n\nUsage: flightlog [COMMAND] [FLAGS]\n\nCommands:");
            for about in COMMANDS {
                let call = format!("{} {}", about.name, about.takes);
                _ = writeln!(text, "  {call:<26} {}", about.does);
            }
            text.push_str("\nA start:\n");
            for example in [
                ("flightlog", "the last 50 exchanges"),
                ("flightlog -f", "go on as they come"),
                ("flightlog stats --hours 24", "which endpoint is slow, which fails"),
                ("flightlog errors", "what fails most"),
                ("flightlog show latest:error", "why it failed the last time"),
                ("flightlog curl latest | sh", "and once more"),
            ] {
                _ = writeln!(text, "  {:<46} {}", example.0, example.1);
            }
        }
        Some(about) => {
            _ = writeln!(text, "flightlog {}: {}\n", about.name, about.does);
            let call = format!("{} {}", about.name, about.takes);
            _ = writeln!(text, "Usage: flightlog {} [FLAGS]", call.trim_end());
            if !about.examples.is_empty() {
                text.push_str("\nExamples:\n");
            }
            for (line, does) in about.examples {
                _ = writeln!(text, "  {line}\n      {does}");
            }
        }
    }
    text.push_str("\nFlags:\n");
    for flag in flags_of(of) {
        _ = writeln!(text, "  {:<26} {}", call(flag), flag.does);
    }
    text.push_str(
        "\nTimes are UTC. Exit status: 0 found, 1 nothing found or --fail-if holds, 2 an error.\n\
         More about a command: flightlog help COMMAND\n",
    );
    text
}

fn flags_of(of: Option<Command>) -> impl Iterator<Item = &'static Flag> {
    FLAGS.iter().filter(move |flag| of.is_none_or(|command| flag.of.is_empty() || flag.of.contains(&command)))
}

/// `-n, --lines N`
fn call(flag: &Flag) -> String {
    let short = flag.short.map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
    let value = flag.value.map_or_else(String::new, |value| format!(" {value}"));
    format!("{short}--{}{value}", flag.long)
}

/// The manual page, in roff's `man` macros.
pub(crate) fn man() -> String {
    let roff = |text: &str| text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    let mut text = String::from(
        ".TH FLIGHTLOG 1\n.SH NAME\nflightlog \\- read the logs and dumps of tower\\-flightlog\n",
    );
    text.push_str(".SH SYNOPSIS\n.B flightlog\n[COMMAND] [FLAGS]\n.SH DESCRIPTION\n");
    _ = writeln!(text, "{}\n.SH COMMANDS", roff(INTRO));
    for about in COMMANDS {
        let call = format!("{} {}", about.name, about.takes);
        _ = writeln!(text, ".TP\n.B {}\n{}", roff(call.trim_end()), roff(about.does));
    }
    text.push_str(".SH FLAGS\n");
    for flag in FLAGS {
        _ = writeln!(text, ".TP\n.B {}\n{}", roff(call(flag).trim()), roff(flag.does));
    }
    text.push_str(".SH EXAMPLES\n");
    for (line, does) in COMMANDS.iter().flat_map(|about| about.examples) {
        _ = writeln!(text, ".TP\n.B {}\n{}", roff(line), roff(does));
    }
    text.push_str(
        ".SH ENVIRONMENT\n.TP\n.B LOG_DIR\nwhere the logs are\n.TP\n.B LOG_DUMP_DIR\nwhere the dumps are\n.TP\n.B NO_COLOR\n\
         no colours\n.TP\n.B REPLAY_NAME\nwhat was redacted under NAME, for replay and curl\n.SH EXIT STATUS\n0 found, 1 nothing found or \\-\\-fail\\-if holds, 2 an error\n",
    );
    text
}
