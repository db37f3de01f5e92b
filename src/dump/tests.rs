mod asked;
mod bounds;
mod faults;
mod hostile;
mod storm;
mod support;

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::Path,
    sync::Arc,
    time::Duration,
};

use rustix::io::Errno;
use serde_json::json;

use self::support::{Bench, files, id, named};
use super::DumpOptions;
use crate::{
    exchange::Exchange,
    export::fixtures::{failed, validated_dump},
    sink::Sink,
};

const NAME: &str = "20261120T103000.123456Z-500-0198c0de-0000-7000-8000-000000000001.json";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_failure_is_claimed_by_name_and_written_whole_for_its_owner_only() {
    let bench = Bench::new(|options| options);
    let claimed = bench.fail(&failed(&[]));
    assert_eq!(claimed.as_deref(), Some(NAME));
    assert_eq!(files(&bench.dir), [NAME]);
    let value = validated_dump(&fs::read_to_string(bench.dir.join(NAME)).unwrap());
    assert_eq!((&value["trigger"], &value["response"]["status"]), (&json!("500"), &json!(500)));
    assert_eq!(value["service"]["name"], "shop");
    assert_eq!(value["service"]["pid"], std::process::id());
    assert!(value["service"]["host"].as_str().is_some_and(|host| !host.is_empty()));
    assert_eq!(value["recorder"]["counters"]["dumps_written"], 0);
    assert_eq!((mode(&bench.dir), mode(&bench.dir.join(NAME))), (0o700, 0o600));
    assert_eq!(bench.counts(), [1, 0, 0, 0]);
}

#[test]
fn a_group_that_may_read_the_files_may_read_the_directory() {
    let bench = Bench::new(|options| DumpOptions { file_mode: 0o640, ..options });
    bench.fail(&failed(&[]));
    assert_eq!((mode(&bench.dir), mode(&bench.dir.join(NAME))), (0o750, 0o640));
}

#[test]
fn what_is_no_failure_leaves_no_trace() {
    let bench = Bench::new(|options| options);
    assert_eq!(bench.fail(&failed(&[("/response/status", json!(404))])), None);
    bench.dumps.finished(&Arc::new(failed(&[])));
    bench.dumps.store.tidy();
    assert!(!bench.dir.exists());
    assert_eq!(bench.counts(), [0; 4]);
    assert_eq!(bench.dumps.store.last_trouble(), None);
}

#[test]
fn nothing_is_overwritten_and_no_planted_link_is_followed() {
    let bench = Bench::new(|options| options);
    let outside = tempfile::tempdir().unwrap();
    let victim = outside.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    fs::create_dir_all(&bench.dir).unwrap();
    let planted = [bench.dir.join(format!(".{NAME}.tmp")), bench.dir.join(NAME)];
    for plant in [&victim, &outside.path().join("nothing")] {
        for place in &planted {
            symlink(plant, place).unwrap();
            bench.fail(&failed(&[]));
            assert!(fs::symlink_metadata(place).unwrap().is_symlink());
            fs::remove_file(place).unwrap();
        }
    }
    fs::write(bench.dir.join(NAME), "first").unwrap();
    bench.fail(&failed(&[]));
    assert_eq!(fs::read_to_string(bench.dir.join(NAME)).unwrap(), "first");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert_eq!(files(outside.path()), ["victim"]);
    assert_eq!(files(&bench.dir), [NAME]);
    assert_eq!(bench.counts(), [0, 5, 0, 0]);
}

#[test]
fn a_directory_that_is_a_link_or_a_file_or_cannot_be_made_costs_the_dump_only() {
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link");
    symlink(elsewhere.path(), &link).unwrap();
    let file = elsewhere.path().join("file");
    fs::write(&file, "").unwrap();
    for dir in
        [link.clone(), file.clone(), file.join("dumps"), "/dev/null/dumps".into(), "/proc/self/dumps".into()]
    {
        let bench = Bench::new(|options| DumpOptions { dir: dir.clone(), ..options });
        bench.fail(&failed(&[]));
        bench.dumps.store.tidy();
        assert_eq!(bench.counts(), [0, 1, 0, 0], "{}", dir.display());
        let trouble = bench.dumps.store.last_trouble().unwrap();
        assert!(trouble.starts_with(&format!("dumps in {}: cannot ", dir.display())), "{trouble}");
    }
    assert_eq!(files(elsewhere.path()), ["file", "link"]);
}

#[test]
fn a_directory_of_another_user_is_refused() {
    let bench = Bench::new(|options| options);
    fs::create_dir_all(&bench.dir).unwrap();
    if chown(&bench.dir, Some(65_534), None).is_err() {
        println!("skipped: only root can give a directory away");
        return;
    }
    bench.fail(&failed(&[]));
    assert_eq!(bench.counts(), [0, 1, 0, 0]);
    assert!(bench.dumps.store.last_trouble().unwrap().ends_with("it belongs to another user"));
    assert_eq!(files(&bench.dir), [""; 0]);
}

#[test]
fn a_directory_open_to_all_is_used_and_named() {
    let bench = Bench::new(|options| options);
    fs::create_dir_all(&bench.dir).unwrap();
    fs::set_permissions(&bench.dir, fs::Permissions::from_mode(0o777)).unwrap();
    bench.fail(&failed(&[]));
    assert_eq!(bench.counts(), [1, 0, 0, 0]);
    assert!(bench.dumps.store.last_trouble().unwrap().contains("chmod o-w"));
}

#[test]
fn a_name_that_is_not_ours_is_never_a_path() {
    let bench = Bench::new(|options| options);
    for name in ["../escaped.json", "/tmp/x.json", "x.json", ""] {
        let exchange = Exchange { dump: Some(name.into()), ..failed(&[]) };
        bench.dumps.finished(&Arc::new(exchange));
    }
    assert_eq!(bench.counts(), [0, 4, 0, 0]);
    assert!(!bench.dir.exists());
}

#[test]
fn only_so_many_are_kept_and_strangers_are_left_alone() {
    let bench = Bench::new(|options| DumpOptions { keep: 3, ..options });
    fs::create_dir_all(&bench.dir).unwrap();
    let old = |n: u64| format!("20200101T000000.000000Z-500-{}.json", id(n));
    fs::write(bench.dir.join(old(1)), "of an earlier run").unwrap();
    symlink("/etc/hostname", bench.dir.join(old(2))).unwrap();
    fs::create_dir(bench.dir.join(old(3))).unwrap();
    fs::write(bench.dir.join("notes.json"), "mine").unwrap();
    let names: Vec<_> = (0..5).map(|second| bench.fail(&named(second, &[])).unwrap()).collect();
    let mut expected =
        vec![old(2), old(3), names[0].clone(), names[3].clone(), names[4].clone(), "notes.json".into()];
    expected.sort();
    assert_eq!(files(&bench.dir), expected, "the first of them outlives its repeats");
    assert_eq!(bench.counts(), [5, 0, 3, 0]);
}

#[test]
fn only_so_many_bytes_are_kept() {
    let one = Bench::new(|options| options);
    one.fail(&named(0, &[]));
    let size = fs::metadata(one.dir.join(&files(&one.dir)[0])).unwrap().len();
    let bench = Bench::new(|options| DumpOptions { max_bytes: size * 2 + size / 2, ..options });
    let names: Vec<_> = (0..4).map(|second| bench.fail(&named(second, &[])).unwrap()).collect();
    assert_eq!(files(&bench.dir), [names[0].clone(), names[3].clone()]);

    let tiny = Bench::new(|options| DumpOptions { max_bytes: 10, ..options });
    tiny.fail(&named(0, &[]));
    assert_eq!(tiny.counts(), [0, 1, 0, 0]);
    assert!(tiny.dumps.store.last_trouble().unwrap().ends_with("also without bodies and events"));
}

#[test]
fn only_the_young_are_kept_also_where_nothing_fails_any_more() {
    let bench = Bench::new(|options| DumpOptions { max_age: Duration::from_secs(60), ..options });
    let kind = |n: u64| [("/response/status", json!(500 + n))];
    let names: Vec<_> = (0..2).map(|n| bench.fail(&named(n * 40, &kind(n))).unwrap()).collect();
    bench.clock.set(Duration::from_secs(59));
    bench.dumps.store.tidy();
    assert_eq!(files(&bench.dir), names);
    bench.clock.set(Duration::from_secs(61));
    bench.dumps.store.tidy();
    assert_eq!(files(&bench.dir), names[1..]);
    bench.clock.set(Duration::from_secs(200));
    let last = bench.fail(&named(200, &[])).unwrap();
    assert_eq!(files(&bench.dir), [last]);
    assert_eq!(bench.counts(), [3, 0, 2, 0]);
}

#[test]
fn past_the_rate_failures_are_counted_and_the_next_dump_tells() {
    let bench = Bench::new(|options| DumpOptions { per_minute: 2, ..options });
    let claims: Vec<_> = (0..5).map(|second| bench.fail(&named(second, &[])).is_some()).collect();
    assert_eq!(claims, [true, true, false, false, false]);
    assert_eq!(bench.counts(), [2, 0, 0, 3]);

    bench.clock.set(Duration::from_secs(60));
    bench.faults.fail_next(Errno::NOSPC);
    bench.fail(&named(60, &[]));
    let told = bench.fail(&named(61, &[])).unwrap();
    let value = validated_dump(&fs::read_to_string(bench.dir.join(told)).unwrap());
    assert_eq!(value["recorder"]["suppressed_since_last_dump"], 3, "also where a dump in between failed");
    assert_eq!(value["recorder"]["counters"]["dumps_suppressed"], 3);

    bench.clock.set(Duration::from_secs(120));
    let next = bench.fail(&named(120, &[])).unwrap();
    let value = validated_dump(&fs::read_to_string(bench.dir.join(next)).unwrap());
    assert_eq!(value["recorder"].get("suppressed_since_last_dump"), None);
}

#[test]
fn the_directory_is_listed_once_and_again_only_where_others_changed_it() {
    let bench = Bench::new(|options| DumpOptions { keep: 5, ..options });
    let write = |seconds: std::ops::Range<u64>| {
        for second in seconds {
            bench.fail(&named(second, &[])).unwrap();
        }
        bench.faults.calls("list")
    };
    assert_eq!(write(0..30), 1);
    fs::remove_file(bench.dir.join(&files(&bench.dir)[2])).unwrap();
    assert_eq!(write(30..50), 2);
    assert_eq!(write(50..200), 4, "and once in 64");
    assert_eq!(files(&bench.dir).len(), 5);
    fs::remove_dir_all(&bench.dir).unwrap();
    write(200..201);
    assert_eq!(files(&bench.dir).len(), 1);
}

#[test]
fn two_in_one_directory_keep_the_limits_together() {
    let first = Bench::new(|options| DumpOptions { keep: 10, ..options });
    let second = Bench::new(|options| DumpOptions { keep: 10, dir: first.dir.clone(), ..options });
    std::thread::scope(|scope| {
        for (offset, bench) in [(0, &first), (100, &second)] {
            scope.spawn(move || {
                for n in 0..100 {
                    bench.fail(&named(offset + n, &[])).unwrap();
                }
            });
        }
    });
    assert_eq!((first.counts()[..2].to_vec(), second.counts()[..2].to_vec()), (vec![100, 0], vec![100, 0]));
    first.dumps.store.tidy();
    let left = files(&first.dir);
    assert!(left.len() <= 10, "{left:?}");
    for name in left {
        validated_dump(&fs::read_to_string(first.dir.join(name)).unwrap());
    }
}

#[test]
fn a_temporary_file_is_swept_once_it_is_an_hour_old() {
    let bench = Bench::new(|options| options);
    fs::create_dir_all(&bench.dir).unwrap();
    let left_behind = format!(".20200101T000000.000000Z-500-{}.json.tmp", id(1));
    let file = fs::File::create(bench.dir.join(&left_behind)).unwrap();
    for (age, expected) in [(3600, vec![left_behind.clone()]), (3601, vec![])] {
        file.set_modified(bench.clock.system_time() - Duration::from_secs(age)).unwrap();
        bench.dumps.store.tidy();
        assert_eq!(files(&bench.dir), expected, "{age}");
    }
    assert_eq!(bench.counts(), [0; 4]);
}
