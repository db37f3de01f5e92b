use super::*;

fn typed(line: &[&str]) -> Result<Options, String> {
    parse(line.iter().map(OsString::from)).map_err(|failure| failure.to_string())
}

#[test]
fn flags_of_log_viewer_and_their_combinations_are_understood() {
    let options =
        typed(&["--log-dir", "d", "--type", "errors", "--lines", "7", "--errors-only", "--hours", "1.5"])
            .unwrap();
    assert_eq!((options.command, options.kind, options.lines), (Command::Tail, Some(Only::Errors), Some(7)));
    assert!(options.filter.errors_only);
    let ago = time::now() - options.filter.since.unwrap();
    assert!((90 * time::MINUTE..91 * time::MINUTE).contains(&ago));
    let options =
        typed(&["--stats", "--type=api", "--hours=2", "--log-dir=d", "--lines=5", "--errors-only"]).unwrap();
    assert_eq!((options.command, options.kind), (Command::Stats, Some(Only::Api)));
}

#[test]
fn flags_stand_before_or_behind_the_command() {
    assert_eq!(typed(&["-n5", "tail", "-fv"]).unwrap().lines, Some(5));
    let options =
        typed(&["stats", "--by", "status", "--status", "5xx,429", "--where", "a=1", "--where", "b=1"])
            .unwrap();
    assert_eq!(options.filter.status.len(), 2);
    assert!(matches!(options.filter.question, Some(Question::And(_))));
}

#[test]
fn what_is_wrong_says_what_to_type() {
    for (line, parts) in [
        (&["stat"][..], &["no command `stat`", "flightlog stats"][..]),
        (&["xyzzy"], &["there are tail, stats"]),
        (&["--statsu", "1"], &["no flag --statsu", "--stats"]),
        (&["-x"], &["no flag -x", "--help"]),
        (&["--lines"], &["--lines wants a value (N)", "--lines 100"]),
        (&["--lines", "many"], &["--lines `many`: want a whole number", "try: --lines 100"]),
        (&["--type", "x"], &["want api or errors"]),
        (&["--status", "5xx,9"], &["--status `9`", "5xx"]),
        (&["--since", "soon"], &["want a time ago such as 10m"]),
        (&["--where", "a="], &["compared with nothing", "try: --where"]),
        (&["--slow", "1"], &["want a length of time"]),
        (&["show"], &["show wants an id", "latest:error"]),
        (&["stats", "-f"], &["--follow belongs to tail, not to stats"]),
        (&["stats", "x"], &["stats takes no `x`"]),
        (&["tail", "--stats"], &["flightlog stats"]),
    ] {
        let error = typed(line).unwrap_err();
        for part in parts {
            assert!(error.contains(part), "{line:?}: {error}");
        }
    }
}

#[test]
fn the_table_is_whole_and_every_text_comes_from_it() {
    for flag in FLAGS {
        assert_eq!(flag.value.is_some(), !flag.example.is_empty(), "{}", flag.long);
        let same = FLAGS
            .iter()
            .filter(|other| other.long == flag.long || (flag.short.is_some() && other.short == flag.short));
        assert_eq!(same.count(), 1, "{}", flag.long);
        for text in
            [help(None), man().replace("\\-", "-"), completions("bash").unwrap(), completions("zsh").unwrap()]
        {
            assert!(text.contains(&format!("--{}", flag.long)), "{}", flag.long);
        }
    }
    for about in COMMANDS {
        assert_eq!(Command::named(about.name), Some(about.command));
        assert!(help(Some(about.command)).contains(about.does));
        for (line, _) in about.examples {
            // The words of each example are understood, up to what is the shell's.
            let line = line.replace("source <(", "").replace(')', "");
            let mut words = Vec::new();
            for (place, part) in line.split('\'').enumerate() {
                if place % 2 == 1 {
                    words.push(part);
                    continue;
                }
                let ours = part.split(['|', '>']).next().unwrap();
                words.extend(ours.split_whitespace());
                if ours.len() < part.len() {
                    break;
                }
            }
            typed(&words[1..]).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }
    assert!(completions("tcsh").is_none());
}
