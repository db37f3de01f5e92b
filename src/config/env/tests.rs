use std::collections::BTreeMap;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// The variables this crate reads so far, as its users know them.
const DOCUMENTED: [&str; 31] = [
    "LOG_API_CALLS",
    "LOG_BACKUP_COUNT",
    "LOG_BODIES",
    "LOG_BODY_LIMIT",
    "LOG_CAPTURE_BUDGET",
    "LOG_CAPTURE_LIMIT",
    "LOG_COMBINED",
    "LOG_COMPONENTS",
    "LOG_CONSOLE",
    "LOG_DEBUG",
    "LOG_DIR",
    "LOG_DUMPS",
    "LOG_DUMP_DIR",
    "LOG_DUMP_KEEP",
    "LOG_DUMP_MAX_AGE",
    "LOG_DUMP_MAX_BYTES",
    "LOG_DUMP_PER_MINUTE",
    "LOG_FILES",
    "LOG_FILE_MODE",
    "LOG_HEADERS",
    "LOG_LEVEL",
    "LOG_MAX_BYTES",
    "LOG_REDACT",
    "LOG_REDACT_KEEP",
    "LOG_REDACT_MODE",
    "LOG_SAMPLE",
    "LOG_SERVICE",
    "LOG_SKIP",
    "LOG_SLOW",
    "LOG_TRAIL",
    "LOG_TRUSTED_PROXIES",
];

fn read(pairs: &[(&str, &str)]) -> Result<Settings, Error> {
    let pairs: BTreeMap<&str, &str> = pairs.iter().copied().collect();
    Settings::from_lookup(|name| pairs.get(name).map(OsString::from))
}

fn said(pairs: &[(&str, &str)]) -> String {
    read(pairs).unwrap_err().to_string()
}

#[test]
fn the_table_holds_every_documented_variable_once_and_no_other() {
    let mut names: Vec<&str> = VARIABLES.iter().map(|variable| variable.name).collect();
    names.sort_unstable();
    assert_eq!(names, DOCUMENTED);
    let page = environment_table!();
    for variable in VARIABLES {
        let row = format!("| `{}` | `{}` | {} |", variable.name, variable.setter, variable.default);
        assert!(page.contains(&row), "{row}");
        assert!(!variable.want.contains('|') && !variable.want.is_empty());
    }
}

#[test]
fn nothing_set_or_set_to_nothing_is_the_default() {
    assert_eq!(Settings::from_lookup(|_| None).unwrap(), Settings::default());
    assert_eq!(Settings::from_lookup(|_| Some(OsString::new())).unwrap(), Settings::default());
    assert_eq!(Settings::from_lookup(|_| Some("  ".into())).unwrap(), Settings::default());
}

#[test]
fn the_documented_defaults_are_the_defaults() {
    for variable in VARIABLES.iter().filter(|variable| !variable.default.starts_with('(')) {
        let mut settings = read(&[(variable.name, variable.default)]).unwrap();
        if variable.name == "LOG_LEVEL" {
            assert_eq!(settings.level.take().unwrap(), Settings::default().filter());
        }
        assert_eq!(settings, Settings::default(), "{}", variable.name);
    }
    assert_eq!(VARIABLES.iter().filter(|variable| variable.default.starts_with('(')).count(), 8);
}

#[test]
fn every_variable_does_what_it_says() {
    type Seen = fn(&Settings) -> bool;
    let table: [(&str, &str, Seen); 51] = [
        ("LOG_API_CALLS", "off", |s| !s.enabled),
        ("LOG_DIR", "/var/log/app", |s| s.dir == Path::new("/var/log/app")),
        ("LOG_DIR", " a b ", |s| s.dir == Path::new(" a b ")),
        ("LOG_FILES", "no", |s| !s.files),
        ("LOG_DUMPS", " No ", |s| !s.dumps),
        ("LOG_MAX_BYTES", "0", |s| s.max_bytes == 0),
        ("LOG_MAX_BYTES", "64KiB", |s| s.max_bytes == 65_536),
        ("LOG_MAX_BYTES", "10MB", |s| s.max_bytes == 10_000_000),
        ("LOG_BACKUP_COUNT", "0", |s| s.backup_count == 0),
        ("LOG_BACKUP_COUNT", "1000", |s| s.backup_count == 1000),
        ("LOG_FILE_MODE", "0640", |s| s.file_mode == 0o640),
        ("LOG_FILE_MODE", "640", |s| s.file_mode == 0o640),
        ("LOG_LEVEL", "WARNING", |s| s.level.as_deref() == Some("warn")),
        ("LOG_LEVEL", "info, hyper=FATAL", |s| s.level.as_deref() == Some("info,hyper=error")),
        ("RUST_LOG", "my_crate=DEBUG", |s| s.level.as_deref() == Some("my_crate=debug")),
        ("LOG_TRAIL", "off", |s| s.trail() == TrailLevels::default()),
        ("LOG_TRAIL", "WARNING", |s| s.trail() == TrailLevels::parse("warn").unwrap()),
        ("LOG_TRAIL", "debug, hyper=info", |s| s.trail() == TrailLevels::parse("hyper=info,debug").unwrap()),
        ("LOG_DUMPS", "false", |s| s.trail() == TrailLevels::default()),
        ("LOG_CONSOLE", "Pretty", |s| s.console == Console::Pretty),
        ("LOG_CONSOLE", "json", |s| s.console == Console::Json),
        ("LOG_CONSOLE", "off", |s| s.console == Console::Off),
        ("LOG_DEBUG", "3", |s| s.verbosity == Verbosity::FULL),
        ("LOG_BODIES", "errors", |s| s.bodies == Bodies::Errors),
        ("LOG_BODIES", "OFF", |s| s.bodies == Bodies::Off),
        ("LOG_BODY_LIMIT", "0", |s| s.body_limit == 0),
        ("LOG_CAPTURE_LIMIT", "1MiB", |s| s.capture_limit == 1 << 20),
        ("LOG_CAPTURE_BUDGET", "1GB", |s| s.capture_budget == 1_000_000_000),
        ("LOG_HEADERS", "yes", |s| s.headers),
        ("LOG_COMBINED", "on", |s| s.combined),
        ("LOG_DUMP_DIR", "d", |s| s.dump_dir.as_deref() == Some(Path::new("d"))),
        ("LOG_DUMP_KEEP", "1", |s| s.dump_keep == 1),
        ("LOG_DUMP_MAX_BYTES", "1", |s| s.dump_max_bytes == 1),
        ("LOG_DUMP_MAX_AGE", "1h30m", |s| s.dump_max_age == Duration::from_secs(5400)),
        ("LOG_DUMP_PER_MINUTE", "4294967295", |s| s.dump_per_minute == u32::MAX),
        ("LOG_SLOW", "250ms", |s| s.slow == Some(Duration::from_millis(250))),
        ("LOG_SKIP", " /health, GET /static/*,,", |s| s.skip == ["/health", "GET /static/*"]),
        ("LOG_SAMPLE", "0.25", |s| s.sample == 0.25),
        ("LOG_SAMPLE", "10%", |s| s.sample == 0.1),
        ("LOG_SAMPLE", "0", |s| s.sample == 0.0),
        ("LOG_REDACT", "a, b-c ,,", |s| s.redact == ["a", "b-c"]),
        ("LOG_REDACT_KEEP", "x", |s| s.redact_keep == ["x"]),
        ("LOG_REDACT_MODE", "Strict", |s| s.redact_mode == RedactMode::Strict),
        ("LOG_TRUSTED_PROXIES", "10.0.0.0/8, ::1", |s| {
            s.trusted_proxies == ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]
        }),
        ("LOG_TRUSTED_PROXIES", "::ffff:10.0.0.1", |s| s.trusted_proxies == ["10.0.0.1/32".parse().unwrap()]),
        ("LOG_COMPONENTS", "db=sqlx; web = hyper", |s| s.components.names().eq(["db", "web"])),
        ("LOG_COMPONENTS", "db=sqlx;", |s| s.components.route("sqlx::query") == Some(0)),
        ("LOG_SERVICE", "shop", |s| s.service == service("shop") && s.service().version.is_none()),
        ("LOG_SERVICE", "shop@1.2.3", |s| s.service().version.as_deref() == Some("1.2.3")),
        ("LOG_SERVICE", "@acme/shop@1", |s| s.service().name == "@acme/shop"),
        ("LOG_COLOUR", "nonsense of a neighbour", |s| *s == Settings::default()),
    ];
    for (name, value, seen) in table {
        let settings = read(&[(name, value)]).unwrap();
        assert!(seen(&settings), "{name}={value}: {settings:?}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused_with_what_is_allowed() {
    for (name, value) in [
        ("LOG_API_CALLS", "maybe"),
        ("LOG_FILES", "maybe"),
        ("LOG_DUMPS", "2"),
        ("LOG_MAX_BYTES", "10M"),
        ("LOG_MAX_BYTES", "-1"),
        ("LOG_MAX_BYTES", "never"),
        ("LOG_BACKUP_COUNT", "1001"),
        ("LOG_BACKUP_COUNT", "1MB"),
        ("LOG_BACKUP_COUNT", "-1"),
        ("LOG_FILE_MODE", "0644"),
        ("LOG_FILE_MODE", "rw"),
        ("LOG_FILE_MODE", "0660"),
        ("LOG_LEVEL", "verbose"),
        ("LOG_LEVEL", ","),
        ("RUST_LOG", "info,50"),
        ("LOG_TRAIL", "verbose"),
        ("LOG_TRAIL", "shop[span]=debug"),
        ("LOG_TRAIL", ","),
        ("LOG_CONSOLE", "xml"),
        ("LOG_DEBUG", "4"),
        ("LOG_DEBUG", "true"),
        ("LOG_BODIES", "some"),
        ("LOG_BODY_LIMIT", "2GiB"),
        ("LOG_CAPTURE_LIMIT", "64K"),
        ("LOG_CAPTURE_LIMIT", "1GB1"),
        ("LOG_CAPTURE_BUDGET", "-1"),
        ("LOG_CAPTURE_BUDGET", "99999999TiB"),
        ("LOG_HEADERS", "ja"),
        ("LOG_COMBINED", "2"),
        ("LOG_DUMP_KEEP", "0"),
        ("LOG_DUMP_KEEP", "1.5"),
        ("LOG_DUMP_MAX_BYTES", "0MiB"),
        ("LOG_DUMP_MAX_AGE", "7"),
        ("LOG_DUMP_MAX_AGE", "36501d"),
        ("LOG_DUMP_PER_MINUTE", "4294967296"),
        ("LOG_SLOW", "0s"),
        ("LOG_SLOW", "5"),
        ("LOG_SKIP", ","),
        ("LOG_SAMPLE", "1.1"),
        ("LOG_SAMPLE", "101%"),
        ("LOG_SAMPLE", "-0.5"),
        ("LOG_SAMPLE", "NaN"),
        ("LOG_REDACT", ","),
        ("LOG_REDACT", "ok,***"),
        ("LOG_REDACT_KEEP", "a\tb"),
        ("LOG_REDACT_MODE", "paranoid"),
        ("LOG_TRUSTED_PROXIES", ","),
        ("LOG_COMPONENTS", ";"),
        ("LOG_COMPONENTS", "mlx"),
        ("LOG_SERVICE", "shop@"),
        ("LOG_SERVICE", "@1.0"),
        ("LOG_SERVICE", "a\nb"),
    ] {
        let want = VARIABLES.iter().find(|variable| variable.names().any(|it| it == name)).unwrap().want;
        let escaped = escaped(OsStr::new(value));
        assert_eq!(said(&[(name, value)]), format!("{name}=\"{escaped}\": want {want}"));
    }
}

#[test]
fn a_bad_part_of_a_list_is_pointed_at() {
    assert_eq!(
        said(&[("LOG_TRUSTED_PROXIES", "10.0.0.0/8,proxy\n,::1")]),
        "LOG_TRUSTED_PROXIES=\"10.0.0.0/8,proxy\\n,::1\": \
         want addresses or networks such as 10.0.0.0/8,::1, comma-separated, not \"proxy\""
    );
    for (name, value, part) in [
        ("LOG_SKIP", "/health,metrics", "metrics"),
        ("LOG_SKIP", "/health,/a?b=c", "/a?b=c"),
        ("LOG_COMPONENTS", "db=sqlx; ../x=y", "../x=y"),
        ("LOG_COMPONENTS", "db=sqlx;errors=x", "errors=x"),
        ("LOG_COMPONENTS", "db=sqlx;\"=x", "\\\"=x"),
    ] {
        let said = said(&[(name, value)]);
        assert!(said.lines().count() == 1 && said.ends_with(&format!(", not \"{part}\"")), "{said}");
    }
    for (name, value, end) in [
        ("LOG_COMPONENTS", "a=x;b=x", ", not \"b=x\": its target is there twice"),
        ("LOG_COMPONENTS", "db=sqlx;DB=hyper", ", not \"DB=hyper\": its name is there twice"),
        ("LOG_COMPONENTS", "db=sqlx,web=hyper", ", not \"db=sqlx,web=hyper\": entries are separated by ;"),
        ("LOG_COMPONENTS", "api.log=x", ", not \"api.log=x\": the file is named name.log by itself"),
        ("LOG_LEVEL", "inof", ", not \"inof\": a target is written inof=trace"),
        ("LOG_TRAIL", "inof", ", not \"inof\": a target is written inof=trace"),
        ("LOG_LEVEL", " wran,", ", not \"wran\": a target is written wran=trace"),
    ] {
        let said = said(&[(name, value)]);
        assert!(said.lines().count() == 1 && said.ends_with(end), "{said}");
    }
}

#[test]
fn everything_wrong_is_reported_at_once_in_the_tables_order() {
    let error = read(&[
        ("LOG_SLOW", "5 parsecs"),
        ("LOG_DUMP_KEEP", "0"),
        ("LOG_API_CALLS", "maybe"),
        ("LOG_FILE_MODE", "0644"),
        ("LOG_DIR", "fine"),
    ])
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "LOG_API_CALLS=\"maybe\": want true or false (also 1/0, yes/no, on/off)\n\
         LOG_FILE_MODE=\"0644\": want 0600 (the owner alone) or 0640 (its group may read)\n\
         LOG_DUMP_KEEP=\"0\": want a number from 1 up (LOG_DUMPS=false writes none)\n\
         LOG_SLOW=\"5 parsecs\": want a duration above zero such as 250ms, 5s or 1h30m"
    );
    assert_eq!(error.problems().len(), 4);
    let everything = Settings::from_lookup(|_| Some("\x1b".into())).unwrap_err();
    let directories = VARIABLES.iter().filter(|variable| matches!(variable.apply, Directory(_))).count();
    assert_eq!(everything.problems().len(), VARIABLES.len() - directories);
}

#[test]
fn rust_log_is_read_only_where_log_level_is_unset() {
    let level = |pairs: &[(&str, &str)]| read(pairs).unwrap().filter();
    assert_eq!(level(&[("LOG_LEVEL", "debug"), ("RUST_LOG", "verbose")]), "debug");
    assert_eq!(level(&[("LOG_LEVEL", ""), ("RUST_LOG", "trace")]), "trace");
    assert_eq!(level(&[("RUST_LOG", "")]), "info");
    assert_eq!(level(&[("RUST_LOG", "my_crate")]), "my_crate=trace", "what others mean by it");
    assert!(said(&[("RUST_LOG", "verbose")]).starts_with("RUST_LOG=\"verbose\": want off, error"));
}

#[test]
fn bytes_that_are_not_utf_8_are_wrong_except_in_paths() {
    let bad = || Some(OsString::from_vec(b"a\xff".to_vec()));
    for variable in VARIABLES {
        let read = Settings::from_lookup(|name| if name == variable.name { bad() } else { None });
        match (&variable.apply, read) {
            (Directory(_), read) => {
                let settings = read.unwrap();
                assert!(settings.dir.as_os_str().as_bytes() == b"a\xff" || settings.dump_dir.is_some());
            }
            (Text(_), read) => {
                let said = read.unwrap_err().to_string();
                assert_eq!(said, format!("{}=\"a\\xff\": want {}", variable.name, variable.want));
            }
        }
    }
}

/// What people write, almost.
fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        "\\PC{0,40}".prop_map(String::into_bytes),
        "[0-9]{0,22}[kKmMgGtTiIbBsdh]{0,3}".prop_map(String::into_bytes),
        "[a-z=,:\\[\\]{}/. @%0-9]{0,40}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn no_environment_makes_it_panic(values in proptest::collection::vec(proptest::option::of(value()), 32)) {
        let names: Vec<&str> = DOCUMENTED.iter().copied().chain(["RUST_LOG"]).collect();
        let read = Settings::from_lookup(|name| {
            let index = names.iter().position(|it| *it == name)?;
            values[index].clone().map(OsString::from_vec)
        });
        match read {
            Ok(settings) => prop_assert!(settings.validate().is_ok(), "{:?}", settings),
            Err(error) => {
                prop_assert_eq!(error.to_string().lines().count(), error.problems().len());
                prop_assert!(!error.to_string().contains(|c: char| c.is_control() && c != '\n'));
            }
        }
    }
}
