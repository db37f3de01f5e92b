use proptest::strategy::Strategy as _;

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
        (&["--typ", "x"], &["do you mean --type?"]),
        (&["--stats=1"], &["--stats takes no value"]),
        (&["-f=1"], &["-f takes no value"]),
        (&["--lines", "-5"], &["--lines `-5`: want a whole number"]),
        (&["--hours", "-1"], &["want a number of hours, 0 or more", "try: --hours 24"]),
        (&["--status", "599-500"], &["--status `599-500`", "from lower to higher"]),
        (&["--since", "1h", "--until", "2h"], &["--since", "is later than --until", "try:"]),
        (&["-f", "-"], &["--follow looks at files", "try:"]),
        (&["show", ""], &["show wants an id"]),
        (&["completions"], &["completions wants bash|zsh|fish", "flightlog completions bash"]),
        (&["curl", "--stats", "x"], &["flightlog stats, not curl"]),
    ] {
        let error = typed(line).unwrap_err();
        for part in parts {
            assert!(error.contains(part), "{line:?}: {error}");
        }
    }
}

#[test]
fn each_flag_refuses_an_empty_value_and_says_what_to_type() {
    for flag in FLAGS.iter().filter(|flag| flag.value.is_some()) {
        for value in ["", " "] {
            let line = [format!("--{}={value}", flag.long)];
            let error = parse(line.iter().map(OsString::from)).unwrap_err().to_string();
            assert!(error.contains(flag.wants) && error.contains(flag.example), "{line:?}: {error}");
        }
    }
}

#[test]
fn standard_input_is_a_dash() {
    for line in [&["stats", "-"][..], &["-", "stats"], &["stats", "-d", "-"], &["-"]] {
        assert!(typed(line).unwrap().is_stdin(), "{line:?}");
    }
    let options = typed(&["report", "-o", "-"]).unwrap();
    assert!(!options.is_stdin() && options.output.is_some());
    assert_eq!(typed(&["-n", "99999999999999999999"]).unwrap().lines, Some(usize::MAX));
}

#[test]
fn every_command_has_a_help_of_its_own_with_an_example() {
    for about in COMMANDS {
        let options = typed(&[about.name, "--help"]).unwrap();
        assert!(options.is_named && options.help, "{}", about.name);
        let text = help(Some(about.command));
        assert!(text.contains("Examples:\n  ") && text.contains(&format!("Usage: flightlog {}", about.name)));
        assert!(!about.examples.is_empty(), "{}", about.name);
    }
}

proptest::proptest! {
    /// Any words, and words of ours in any order, are understood or refused with a sentence.
    #[test]
    fn anything_typed_is_an_answer(
        words in proptest::collection::vec(proptest::prop_oneof![
            proptest::sample::select(FLAGS).prop_map(|flag| format!("--{}", flag.long).into_bytes()),
            proptest::sample::select(FLAGS).prop_map(|flag| flag.example.as_bytes().to_vec()),
            proptest::sample::select(COMMANDS).prop_map(|about| about.name.as_bytes().to_vec()),
            proptest::prelude::any::<Vec<u8>>(),
            "-{0,2}[a-zA-Z=0-9.]{0,4}".prop_map(String::into_bytes),
        ], 0..6),
    ) {
        use std::os::unix::ffi::OsStringExt;
        if let Err(failure) = parse(words.into_iter().map(OsString::from_vec)) {
            assert!(!failure.to_string().is_empty());
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
            let line = line
                .split_once("| flightlog")
                .map_or_else(|| (*line).to_owned(), |(_, ours)| format!("flightlog{ours}"))
                .replace("source <(", "")
                .replace(')', "");
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
