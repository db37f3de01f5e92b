use super::*;

type Change = fn(&mut Settings);

fn with(change: Change) -> Settings {
    let mut settings = Settings::default();
    change(&mut settings);
    settings
}

fn twice(components: &mut Components) {
    components.add("A".into(), "x".into());
    components.add("a".into(), "y".into());
}

#[test]
fn values_that_cannot_be_meant_are_named_by_their_setter() {
    Settings::default().validate().unwrap();
    let table: [(Change, &str); 33] = [
        (|s| s.dir = PathBuf::new(), "dir(): "),
        (|s| s.dir = PathBuf::from("a\0b"), "dir(a\\0b): "),
        (|s| s.dump_dir = Some(PathBuf::new()), "dump_dir(): "),
        (|s| s.file_mode = 0o644, "file_mode(0644): "),
        (|s| s.file_mode = 0o660, "file_mode(0660): "),
        (|s| s.file_mode = 0o400, "file_mode(0400): "),
        (|s| s.level = Some("verbose".into()), "level(verbose): "),
        (|s| s.level = Some(String::new()), "level(): "),
        (|s| s.level = Some("inof".into()), "level(inof): "),
        (|s| s.body_limit = MAX_BODY + 1, "body_limit(1073741825): "),
        (|s| s.capture_limit = usize::MAX, "capture_limit(18446744073709551615): "),
        (|s| s.backup_count = 1001, "backup_count(1001): "),
        (|s| s.dump_keep = 0, "dump_keep(0): "),
        (|s| s.dump_max_bytes = 0, "dump_max_bytes(0): "),
        (|s| s.dump_max_age = Duration::ZERO, "dump_max_age(0ns): "),
        (|s| s.dump_max_age = Duration::MAX, "dump_max_age(18446744073709551615.999999999s): "),
        (|s| s.dump_per_minute = 0, "dump_per_minute(0): "),
        (|s| s.slow = Some(Duration::ZERO), "slow(0ns): "),
        (|s| s.skip = vec!["/ok".into(), "health".into()], "skip(health): "),
        (|s| s.skip = vec!["/a?b=c".into()], "skip(/a?b=c): "),
        (|s| s.sample = 1.5, "sample(1.5): "),
        (|s| s.sample = -0.1, "sample(-0.1): "),
        (|s| s.sample = f64::NAN, "sample(NaN): "),
        (|s| s.sample = f64::INFINITY, "sample(inf): "),
        (|s| s.components.add("API".into(), "x".into()), "components(API=x): "),
        (|s| s.components.add("a/b".into(), "x".into()), "components(a/b=x): "),
        (|s| s.components.add("a".into(), String::new()), "components(a=): "),
        (|s| twice(&mut s.components), "components(a=y): "),
        (|s| s.redact = vec!["ok".into(), "--".into()], "redact(--): "),
        (|s| s.redact_keep = vec!["a\nb".into()], "redact_keep(a\\nb): "),
        (|s| s.redact = vec!["x".repeat(129)], "redact(xxxx"),
        (|s| s.service = Some(Service { name: String::new(), version: None }), "service(@): "),
        (|s| s.service = Some(Service { name: "a".into(), version: Some(" ".into()) }), "service(a@ ): "),
    ];
    for (change, said) in table {
        let error = with(change).validate().unwrap_err().to_string();
        assert!(error.starts_with(said) && error.contains(": want "), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn a_slip_is_told() {
    let table: [(Change, &str); 2] = [
        (|s| s.level = Some("inof".into()), ": a target is written inof=trace"),
        (|s| s.components.add("api.log".into(), "x".into()), ": the file is named name.log by itself"),
    ];
    for (change, why) in table {
        let error = with(change).validate().unwrap_err().to_string();
        assert!(error.ends_with(why), "{error}");
    }
}

#[test]
fn values_at_the_edge_are_allowed() {
    let table: [Change; 11] = [
        |s| s.file_mode = 0o640,
        |s| s.body_limit = 0,
        |s| s.capture_limit = MAX_BODY,
        |s| (s.capture_budget, s.capture_limit) = (0, 0),
        |s| (s.max_bytes, s.backup_count) = (0, 0),
        |s| (s.max_bytes, s.backup_count) = (u64::MAX, 1000),
        |s| (s.sample, s.skip) = (0.0, vec!["*".into()]),
        |s| s.dump_keep = 1,
        |s| s.dump_max_age = MAX_AGE,
        |s| s.slow = Some(Duration::from_nanos(1)),
        |s| s.redact = vec!["größe".into(), "x-my header".into()],
    ];
    for (row, change) in table.into_iter().enumerate() {
        assert!(with(change).validate().is_ok(), "row {row}");
    }
}

#[test]
fn what_follows_from_the_settings() {
    let defaults = Settings::default();
    assert_eq!(defaults.filter(), "info");
    assert_eq!(defaults.dumps_dir(), Path::new("./logs/dumps"));
    assert!(!defaults.service().name.is_empty());
    assert_eq!(with(|s| s.level = Some("WARNING".into())).filter(), "warn");
    assert_eq!(with(|s| s.dump_dir = Some("/d".into())).dumps_dir(), Path::new("/d"));
    assert_eq!(with(|s| s.dir = "/var/log/x".into()).dumps_dir(), Path::new("/var/log/x/dumps"));
    assert_eq!(with(|s| s.capture_limit = 100).inline_limit(), 100);
    assert_eq!(defaults.inline_limit(), 2048);
}

#[test]
fn what_is_told_at_the_start_stands_in_the_tables_order() {
    let mut settings = with(|s| s.skip = vec!["/health".into(), "GET /a*".into()]);
    settings.components.add("db".into(), "sqlx".into());
    settings.sample = 0.25;
    let told = settings.told();
    let place =
        |(name, _): &(&str, String)| VARIABLES.iter().position(|variable| variable.name == *name).unwrap();
    assert!(told.is_sorted_by_key(place), "{told:?}");
    // What the entry tells by itself, and whose names and networks are nobody's business.
    let elsewhere =
        ["LOG_CONSOLE", "LOG_DEBUG", "LOG_REDACT", "LOG_REDACT_KEEP", "LOG_TRUSTED_PROXIES", "LOG_SERVICE"];
    let untold = VARIABLES.iter().map(|variable| variable.name);
    let untold: Vec<_> = untold.filter(|name| !told.iter().any(|(known, _)| known == name)).collect();
    assert_eq!(untold, elsewhere);
    for (name, value) in [
        ("LOG_FILES", "true"),
        ("LOG_MAX_BYTES", "10485760"),
        ("LOG_BACKUP_COUNT", "5"),
        ("LOG_COMBINED", "false"),
        ("LOG_SKIP", "/health,GET /a*"),
        ("LOG_SAMPLE", "0.25"),
        ("LOG_SLOW", ""),
        ("LOG_DUMP_MAX_AGE", "604800s"),
        ("LOG_FILE_MODE", "0600"),
        ("LOG_COMPONENTS", "db=sqlx"),
    ] {
        assert!(told.contains(&(name, value.to_owned())), "{name} in {told:?}");
    }
}
