//! What is told of what was typed wrong.

use super::{COMMANDS, Command, FLAGS, Flag, nearest::nearest};
use crate::Failure;

pub(super) fn plain(error: lexopt::Error) -> Failure {
    Failure::usage(match error {
        lexopt::Error::UnexpectedValue { option, value } => {
            format!("{option} takes no value, and stands alone: {option}, not {option}={}", value.display())
        }
        other => other.to_string(),
    })
}

/// What a command without the word it needs is told.
pub(super) fn nameless(command: Command) -> String {
    let (name, takes) = (command.name(), command.about().map_or("", |about| about.takes));
    match command.about().and_then(|about| about.examples.first()) {
        Some((example, _)) if takes != "ID" => format!("{name} wants {takes}: {example}"),
        _ => {
            format!("{name} wants an id: flightlog {name} 0198c0de, or its last digits, latest, latest:error")
        }
    }
}

pub(super) fn missing(flag: &Flag) -> Failure {
    let name = flag.value.unwrap_or_default();
    Failure::usage(format!("--{} wants {}: {}", flag.long, article(name), flag.example))
}

pub(super) fn wrong(flag: &Flag, value: &str) -> Failure {
    Failure::usage(format!("--{} `{value}`: {}\ntry: {}", flag.long, flag.wants, flag.example))
}

fn article(name: &str) -> String {
    format!("a value ({name})")
}

pub(crate) fn unknown_command(word: &str) -> Failure {
    let names = COMMANDS.iter().map(|command| command.name);
    match nearest(word, names) {
        Some(name) => Failure::usage(format!("there is no command `{word}`; do you mean flightlog {name}?")),
        None => Failure::usage(format!(
            "there is no command `{word}`; there are {}",
            COMMANDS.iter().map(|command| command.name).collect::<Vec<_>>().join(", ")
        )),
    }
}

pub(super) fn unknown_flag(word: &str) -> Failure {
    match nearest(word.trim_start_matches('-'), FLAGS.iter().map(|flag| flag.long)) {
        Some(name) => Failure::usage(format!("there is no flag {word}; do you mean --{name}?")),
        None => Failure::usage(format!("there is no flag {word}; flightlog --help lists them")),
    }
}
