use std::fmt::Write;

use super::{COMMANDS, FLAGS, Flag};

/// What an id may be called, where no digits are known.
const IDS: &str = "latest latest:error";
/// What `--by` knows by name.
const KEYS: &str = "endpoint status method remote_addr minute hour day model";

/// What may stand behind something.
enum Values {
    Words(String),
    Folders,
    Files,
    /// Anything, which nobody can complete.
    Anything,
}

impl Values {
    fn of(flag: &Flag) -> Self {
        match flag.value.unwrap_or_default() {
            "DIR" => Self::Folders,
            "FILE" => Self::Files,
            _ if flag.long == "color" => Self::Words("auto always never".into()),
            _ if flag.long == "by" => Self::Words(KEYS.into()),
            words if words.contains('|') => Self::Words(words.replace('|', " ")),
            _ => Self::Anything,
        }
    }

    fn behind(command: &str, takes: &str) -> Option<String> {
        match takes {
            "" => None,
            "[COMMAND]" => Some(names()),
            _ if takes.contains("ID") => Some(IDS.into()),
            words => Some(words.replace('|', " ")),
        }
        .filter(|_| !command.is_empty())
    }
}

fn names() -> String {
    COMMANDS.iter().map(|about| about.name).collect::<Vec<_>>().join(" ")
}

/// Completions for a shell; none where it is not known.
pub(crate) fn completions(shell: &str) -> Option<String> {
    match shell {
        "bash" => Some(bash()),
        "zsh" => Some(zsh()),
        "fish" => Some(fish()),
        _ => None,
    }
}

fn bash() -> String {
    let mut text = String::from(
        "_flightlog() {\n    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]-}\n    \
         case $before in\n",
    );
    for flag in FLAGS.iter().filter(|flag| flag.value.is_some()) {
        let short = flag.short.map_or_else(String::new, |short| format!("|-{short}"));
        let replies = match Values::of(flag) {
            Values::Words(words) => format!("($(compgen -W '{words}' -- \"$word\"))"),
            Values::Folders => "($(compgen -d -- \"$word\"))".into(),
            Values::Files => "($(compgen -f -- \"$word\"))".into(),
            Values::Anything => "()".into(),
        };
        _ = writeln!(text, "        --{}{short}) COMPREPLY={replies}; return ;;", flag.long);
    }
    let flags: Vec<_> = FLAGS.iter().map(|flag| format!("--{}", flag.long)).collect();
    _ = writeln!(
        text,
        "    esac\n    if [[ $word == -* ]]; then\n        COMPREPLY=($(compgen -W '{}' -- \"$word\"))\n        return\n    fi",
        flags.join(" ")
    );
    // The colon of latest:error ends a word of bash: only what stands behind it may be given.
    _ = writeln!(text, "    if ((COMP_CWORD > 1)); then\n        case $command in");
    for about in COMMANDS {
        if let Some(words) = Values::behind(about.name, about.takes) {
            let words = words.replace(" latest:error", "");
            _ = writeln!(
                text,
                "            {}) COMPREPLY=($(compgen -W '{words}' -- \"$word\")); return ;;",
                about.name
            );
        }
    }
    _ = writeln!(
        text,
        "        esac\n        return\n    fi\n    COMPREPLY=($(compgen -W '{}' -- \"$word\"))\n}}\ncomplete -F _flightlog flightlog",
        names()
    );
    text
}

fn zsh() -> String {
    let mut text = String::from("#compdef flightlog\n_flightlog() {\n  local -a commands\n  commands=(\n");
    for about in COMMANDS {
        _ = writeln!(text, "    '{}:{}'", about.name, quoted(about.does).replace(':', "\\:"));
    }
    text.push_str("  )\n  _arguments -s \\\n");
    for flag in FLAGS {
        let value = match (flag.value, Values::of(flag)) {
            (None, _) => String::new(),
            (Some(name), Values::Words(words)) => format!(":{}:({words})", name.replace('|', " ")),
            (Some(name), Values::Folders) => format!(":{name}:_files -/"),
            (Some(name), Values::Files) => format!(":{name}:_files"),
            (Some(name), Values::Anything) => format!(":{}: ", name.replace(':', " ")),
        };
        let does = quoted(flag.does).replace(']', "\\]").replace('[', "\\[").replace(':', "\\:");
        match flag.short {
            Some(short) => {
                _ = writeln!(
                    text,
                    "    '(-{short} --{long})'{{-{short},--{long}}}'[{does}]{value}' \\",
                    long = flag.long
                );
            }
            None => _ = writeln!(text, "    '--{}[{does}]{value}' \\", flag.long),
        }
    }
    text.push_str("    '1: :{_describe command commands}' \\\n    '*: :_flightlog_words'\n}\n");
    text.push_str("_flightlog_words() {\n  case $line[1] in\n");
    for about in COMMANDS {
        if let Some(words) = Values::behind(about.name, about.takes) {
            _ = writeln!(text, "    {}) compadd -- {words} ;;", about.name);
        }
    }
    // Read by `source` it says for whom it is; found in fpath it is called.
    text.push_str(
        "  esac\n}\nif [[ $funcstack[1] == _flightlog ]]; then _flightlog \"$@\"; else compdef _flightlog flightlog; fi\n",
    );
    text
}

fn fish() -> String {
    let mut text = String::from("complete -c flightlog -f\n");
    for about in COMMANDS {
        let does = quoted(about.does);
        _ = writeln!(text, "complete -c flightlog -n __fish_use_subcommand -a {} -d '{does}'", about.name);
        if let Some(words) = Values::behind(about.name, about.takes) {
            _ = writeln!(
                text,
                "complete -c flightlog -n '__fish_seen_subcommand_from {}' -a '{words}'",
                about.name
            );
        }
    }
    for flag in FLAGS {
        let short = flag.short.map_or_else(String::new, |short| format!(" -s {short}"));
        let takes = match (flag.value, Values::of(flag)) {
            (None, _) => String::new(),
            (_, Values::Words(words)) => format!(" -x -a '{words}'"),
            (_, Values::Folders) => " -x -a '(__fish_complete_directories)'".into(),
            (_, Values::Files) => " -r -F".into(),
            (_, Values::Anything) => " -x".into(),
        };
        _ = writeln!(text, "complete -c flightlog -l {}{short}{takes} -d '{}'", flag.long, quoted(flag.does));
    }
    text
}

fn quoted(text: &str) -> String {
    text.replace('\'', "")
}
