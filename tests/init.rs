//! `init()` is global: what it does to a process is tested in one of its own.

use std::time::Duration;

use tracing::dispatcher;

#[test]
fn init_hears_tracing_and_log_and_a_second_one_leaves_the_first_in_place()
-> Result<(), Box<dyn std::error::Error>> {
    let home = tempfile::tempdir()?;
    std::env::set_current_dir(&home)?;
    let flightlog = tower_flightlog::init()?;
    assert!(dispatcher::has_been_set());
    assert_eq!(log::max_level(), log::LevelFilter::Debug, "LOG_LEVEL is info, LOG_TRAIL is debug");
    let metadata = log::Metadata::builder().level(log::Level::Warn).target("some_crate").build();
    assert!(log::logger().enabled(&metadata), "records of the log crate are heard");
    log::warn!(target: "some_crate", "heard");

    flightlog.set_enabled(false);
    assert_eq!(log::max_level(), log::LevelFilter::Info, "without exchanges there are no trails");
    flightlog.set_enabled(true);
    assert_eq!(log::max_level(), log::LevelFilter::Debug);

    let second = tower_flightlog::init()?;
    second.flush(Duration::from_secs(20))?;
    flightlog.flush(Duration::from_secs(20))?;
    let api = std::fs::read_to_string(home.path().join("logs/api.log"))?;
    assert!(
        api.contains(r#""message":"heard","module":"some_crate""#),
        "without a setting there are files: {api}"
    );
    Ok(())
}

#[test]
fn records_of_the_log_crate_that_are_not_listed_end_at_its_own_level() {
    let home = tempfile::tempdir().unwrap();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "with_log_level_error"])
        .env("LOG_LEVEL", "error")
        .env("LOG_DUMPS", "false")
        .env("LOG_DIR", home.path())
        .status();
    assert!(status.unwrap().success());
}

#[test]
#[ignore = "runs in a process of its own, with LOG_LEVEL=error"]
fn with_log_level_error() {
    let _flightlog = tower_flightlog::init().unwrap();
    assert_eq!(log::max_level(), log::LevelFilter::Error);
    assert!(!tracing::info_span!("heard").is_disabled());
    assert!(tracing::debug_span!("not heard").is_disabled());
    assert!(!tracing::enabled!(tracing::Level::WARN));
}
